//! What a Krayin's persons are found by, read page by page: who has nothing of it is nobody there, and needs no search.
//!
//! A key says less than what it is made of: many numbers have one. So whoever has a key of somebody's is looked for, and
//! a number counts however it is written.

use serde::Serialize;

use crate::{
    DigestKey,
    api::{ApiError, Client},
    email,
    krayin::Person,
    phone,
};

/// Digits of a number that a key has, from its end on: area codes and countries are often left out.
const DIGITS: usize = 8;
/// Likewise of a number that has hardly more.
const FEW: usize = 5;

/// A page of persons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PersonPage {
    /// By what they are found, unreadable, and whom by it.
    pub keys: Vec<(String, u64)>,
    /// How many they are.
    pub persons: usize,
    /// How many there are in all, where the server says so.
    pub total: Option<u64>,
    /// When the first of them was written last, by the server's clock.
    pub first_updated_at: Option<String>,
    /// When the last of them was.
    pub last_updated_at: Option<String>,
}

/// A page of all persons, from 1 on, of as many as `limit` (a thousand at most): by their ids, or those first that were
/// written last. One request.
///
/// # Errors
/// As every call.
pub async fn person_page(client: &Client, page: u64, limit: u64, newest: bool) -> Result<PersonPage, ApiError> {
    let connection = client.connection();
    let (persons, rows, total) = client.persons_page(page, limit, newest).await?;
    let mut keys = Vec::new();
    for person in &persons {
        let mut of = Vec::new();
        keys_of(person, &connection.digest_key, connection.default_country.as_deref(), &mut of);
        keys.extend(of.into_iter().map(|key| (key, person.id)));
    }
    let updated_at = |person: Option<&Person>| Some(person?.rest.get("updated_at")?.as_str()?.to_owned());
    Ok(PersonPage {
        keys,
        persons: rows,
        total,
        first_updated_at: updated_at(persons.first()),
        last_updated_at: updated_at(persons.last()),
    })
}

fn keys_of(person: &Person, digest: &DigestKey, country: Option<&str>, keys: &mut Vec<String>) {
    for entry in &person.emails {
        keys.push(address_key(digest, &entry.value));
        keys.extend(email::addresses(&entry.value).iter().map(|address| address_key(digest, address)));
    }
    for entry in &person.contact_numbers {
        // Without an extension, and as digits of another script are read.
        let before_extension = entry.value.split(|sign: char| sign.is_alphabetic() || ";#,".contains(sign)).next();
        let full = phone::e164(&entry.value, country);
        for number in [Some(entry.value.as_str()), before_extension, full.as_deref()].into_iter().flatten() {
            keys.extend(number_key(digest, number));
        }
    }
    keys.dedup();
}

/// The keys of all that a search for these looks for; `numbers` are in full.
pub(super) fn wanted(digest: &DigestKey, addresses: &[&str], numbers: &[&str]) -> Vec<String> {
    let mut keys: Vec<String> = addresses.iter().map(|address| address_key(digest, address)).collect();
    for number in numbers {
        let digits = digits(number);
        keys.push(key(digest, 'n', last(&digits, DIGITS)));
        keys.push(key(digest, 's', last(&digits, FEW)));
    }
    keys
}

fn address_key(digest: &DigestKey, address: &str) -> String {
    key(digest, 'a', &email::fold(address))
}

/// Of a number as somebody wrote it; `None` where it has no digit.
fn number_key(digest: &DigestKey, number: &str) -> Option<String> {
    let digits = digits(number);
    let significant = digits.trim_start_matches('0');
    match significant.len() {
        0 => None,
        // One that has no area code.
        few if few <= DIGITS => Some(key(digest, 's', last(significant, FEW))),
        _ => Some(key(digest, 'n', last(&digits, DIGITS))),
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

fn last(digits: &str, count: usize) -> &str {
    digits.get(digits.len().saturating_sub(count)..).unwrap_or(digits)
}

/// What stands for a value of a person's or an organization's, by the letter of what it is.
pub(super) fn key(digest: &DigestKey, kind: char, value: &str) -> String {
    let mut key = digest.digest(&format!("{kind}{value}")).text().to_owned();
    // 64 bits, as a column holds them: of a million no two meet, and two that do cost a search.
    key.truncate(16);
    key
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_found(emails: &[&str], numbers: &[&str], wants: (&[&str], &[&str]), country: Option<&str>) -> bool {
        let entries = |values: &[&str]| values.iter().map(|value| json!({"value": value})).collect::<Vec<_>>();
        let person: Person =
            serde_json::from_value(json!({"id": 1, "emails": entries(emails), "contact_numbers": entries(numbers)}))
                .unwrap();
        let mut keys = Vec::new();
        keys_of(&person, &DigestKey::default(), country, &mut keys);
        wanted(&DigestKey::default(), wants.0, wants.1).iter().any(|key| keys.contains(key))
    }

    #[test]
    fn an_address_is_found_however_it_is_written() {
        for (theirs, ours) in [
            ("joe@shop.example", "joe@shop.example"),
            (" Joe@Shop.Example ", "joe@shop.example"),
            ("Joe <joe@shop.example>", "joe@shop.example"),
            ("joe@shop.example, ann@shop.example", "ann@shop.example"),
            ("joe@b\u{fc}cher.example", "joe@xn--bcher-kva.example"),
        ] {
            assert!(is_found(&[theirs], &[], (&[ours], &[]), None), "{theirs}");
        }
        assert!(!is_found(&["joe@shop.example"], &[], (&["jo@shop.example"], &[]), None));
    }

    #[test]
    fn a_number_is_found_however_it_is_written() {
        for (theirs, ours, country) in [
            ("+49 30 9000001", "+49309000001", None),
            ("030 / 9000001", "+49309000001", None),
            ("0049 (0)30 9000001", "+49309000001", None),
            ("(415) 555-0100", "+14155550100", None),
            ("+1 415 555 0100 ext. 12", "+14155550100", None),
            ("555 1234", "+3545551234", None),
            ("05551234", "+3545551234", Some("IS")),
            ("12 34 56 78", "+4512345678", None),
            ("+55 11 8765-4321", "+5511987654321", None),
            ("+52 1 55 1234 5678", "+525512345678", None),
            (
                "\u{ff0b}\u{ff11}\u{ff14}\u{ff11}\u{ff15}\u{ff15}\u{ff15}\u{ff15}\u{ff10}\u{ff11}\u{ff10}\u{ff10}",
                "+14155550100",
                None,
            ),
        ] {
            assert!(is_found(&[], &[theirs], (&[], &[ours]), country), "{theirs}");
        }
        assert!(!is_found(&[], &["+14155550100"], (&[], &["+14155550101"]), None));
        assert!(!is_found(&[], &["-"], (&[], &["+14155550100"]), None));
    }
}
