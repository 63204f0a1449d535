//! Phone numbers: one form to store, to compare and to search for.

use phonenumber::{Mode, PhoneNumber};

/// The E.164 form of `raw` (`+14155550182`), or `None` where it cannot be understood.
///
/// `country` is the two-letter code that a number without `+` is read in.
pub fn e164(raw: &str, country: Option<&str>) -> Option<String> {
    parse(raw, country).map(|number| number.format().mode(Mode::E164).to_string())
}

/// Whether both are the same number, however they are written. One that a colleague typed without its country is read
/// in the country of the other; two that cannot be understood are the same when their digits are.
pub fn same(a: &str, b: &str) -> bool {
    match (parse(a, None), parse(b, None)) {
        (Some(a), Some(b)) => equal(&a, &b),
        (Some(full), None) => same_in_its_country(&full, b),
        (None, Some(full)) => same_in_its_country(&full, a),
        (None, None) => {
            let (a, b) = (digits(a), digits(b));
            a.len() >= FEWEST_DIGITS && a == b
        }
    }
}

/// Fewer digits than these name a short code or nothing at all, never one person.
pub const FEWEST_DIGITS: usize = 6;

/// The digit groups of a number joined by `%`, without its country code: a LIKE pattern that finds the number however
/// a person wrote it. `None` where `raw` has too few digits to mean one number.
pub fn pattern(raw: &str) -> Option<String> {
    let Some(number) = parse(raw, None) else {
        let digits = digits(raw);
        return (digits.len() >= FEWEST_DIGITS).then_some(digits);
    };
    let international = number.format().mode(Mode::International).to_string();
    let mut groups = international.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
    groups.next();
    let groups: Vec<&str> = groups.collect();
    (groups.iter().map(|group| group.len()).sum::<usize>() >= FEWEST_DIGITS).then(|| groups.join("%"))
}

fn parse(raw: &str, country: Option<&str>) -> Option<PhoneNumber> {
    // Longer is no number, and the parser's work grows with the text.
    if raw.len() > 64 {
        return None;
    }
    let country = country.and_then(|code| code.to_ascii_uppercase().parse().ok());
    let number = phonenumber::parse(country, raw).ok()?;
    number.is_valid().then_some(number)
}

fn same_in_its_country(full: &PhoneNumber, other: &str) -> bool {
    let Some(country) = full.country().id() else { return false };
    parse(other, Some(country.as_ref())).is_some_and(|other| equal(full, &other))
}

fn equal(a: &PhoneNumber, b: &PhoneNumber) -> bool {
    a.code().value() == b.code().value() && a.national() == b.national()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::{e164, pattern, same};

    #[test]
    fn reads_numbers_as_people_write_them() {
        let table = [
            ("+14155550182", None, Some("+14155550182")),
            ("+1 (415) 555-0182", None, Some("+14155550182")),
            ("(415) 555-0182", Some("US"), Some("+14155550182")),
            ("11 98765-4321", Some("br"), Some("+5511987654321")),
            ("+5511987654321", None, Some("+5511987654321")),
            ("(415) 555-0182", None, None),
            ("+1", None, None),
            ("", None, None),
            ("call me", Some("US"), None),
            ("+999999999999999", None, None),
        ];
        for (raw, country, expected) in table {
            assert_eq!(e164(raw, country).as_deref(), expected, "{raw:?}");
        }
        assert_eq!(e164(&"1".repeat(100_000), None), None);
    }

    #[test]
    fn searches_for_the_groups_without_the_country() {
        assert_eq!(pattern("+14155550182").as_deref(), Some("415%555%0182"));
        assert_eq!(pattern("+493012345678").as_deref(), Some("30%12345678"));
        assert_eq!(pattern("0815 4711 99").as_deref(), Some("0815471199"));
        assert_eq!(pattern("12345"), None);
        assert_eq!(pattern(""), None);
    }

    #[test]
    fn compares_numbers_and_not_their_spelling() {
        assert!(same("+14155550182", "+1 (415) 555-0182"));
        assert!(same("+14155550182", "415-555-0182"));
        assert!(same("+493012345678", "030 12345678"));
        assert!(!same("+14155550182", "+14155550183"));
        assert!(!same("+14155550182", ""));
        assert!(!same("", ""));
        assert!(!same("123", "123"));
        assert!(same("0815 4711 99", "0815471199"));
    }
}
