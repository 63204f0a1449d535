//! Search terms that find what is meant, and the check that they did.
//!
//! The server's search is `LIKE '%term%'` over JSON columns, case-sensitive, and answers arbitrary rows for a blank term
//! or one with a separator in it. So a term is built here or not at all, and every row is checked here.

use crate::{email, krayin::Person, phone};

/// A LIKE pattern for a whole e-mail address in either case: the first letter of each word is left open. `None` for what
/// is no address.
pub(crate) fn email_pattern(email: &str) -> Option<String> {
    if !email::is_email(email) {
        return None;
    }
    // The JSON's own quotes: nothing may stand before it or after it.
    let mut pattern = String::with_capacity(email.len() + 2);
    pattern.push('"');
    let mut inside_word = false;
    // Of two forms of a letter the one that is one character: the other is found by its `%` as well.
    for c in email::composed(email).to_lowercase().chars() {
        match c {
            'a'..='z' if !inside_word => pattern.push('_'),
            // JSON columns hold other letters escaped, in as many characters as the server likes.
            c if !c.is_ascii() => pattern.push('%'),
            c => pattern.push(c),
        }
        inside_word = c.is_alphanumeric();
    }
    pattern.push('"');
    Some(pattern)
}

/// So many rows an answer has at most. An address that ends as many others do is among them.
pub(in crate::api) const LIMIT: usize = 500;

/// Whom a search is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) email: Option<&'a str>,
    pub(crate) phone: Option<&'a str>,
    /// The country of numbers that say none.
    pub(crate) country: Option<&'a str>,
}

impl Wanted<'_> {
    /// What is looked for, each with its column.
    fn terms(&self, prefix: &str) -> Vec<(&'static str, String)> {
        let email = self.email.and_then(email_pattern).map(|pattern| ("emails", pattern));
        let phone = self.phone.and_then(|phone| phone::pattern_in(phone, self.country));
        // A column of a person's alone: its first address and its first number, as text without regard to case and to
        // the script of digits. One value a column is all that the server looks for.
        let first = match (self.email, &phone) {
            _ if !prefix.is_empty() => None,
            (Some(email), _) if email::is_email(email) => Some(email.to_lowercase()),
            (_, Some(pattern)) => Some(pattern.clone()),
            _ => None,
        };
        let first = first.map(|value| ("unique_id", value));
        email.into_iter().chain(phone.map(|pattern| ("contact_numbers", pattern))).chain(first).collect()
    }

    /// The query of one search, or `None` where nothing can be searched for. `prefix` is `person.` for leads by their
    /// person.
    pub(in crate::api) fn query(&self, prefix: &str) -> Option<Query> {
        of_terms(&self.terms(prefix), prefix)
    }

    /// Narrower ones, for where the first had more rows than it could bring.
    pub(in crate::api) fn narrower(&self, prefix: &str) -> Vec<Query> {
        let terms = self.terms(prefix);
        terms
            .chunks(1)
            .filter(|term| term.iter().all(|(column, _)| *column != "unique_id"))
            .flat_map(|term| [of_terms(term, prefix), at_the_end(term, prefix)])
            .flatten()
            .collect()
    }

    /// Whether a person has the address or the number.
    pub(in crate::api) fn is_of(&self, person: &Person) -> bool {
        self.email.is_some_and(|email| has_email(person, email))
            || self.phone.is_some_and(|phone| has_phone(person, phone, self.country))
    }
}

/// Few digits stand in many numbers, in order: these are the last ones of an entry.
fn at_the_end(terms: &[(&'static str, String)], prefix: &str) -> Option<Query> {
    let [("contact_numbers", pattern)] = terms else { return None };
    let is_short = pattern.len() <= FEW_DIGITS * 2;
    is_short.then(|| of_terms(&[("contact_numbers", format!("{pattern}\""))], prefix))?
}

/// So many digits with anything between them are found in one number of some thousand.
const FEW_DIGITS: usize = 6;

pub(in crate::api) type Query = Vec<(String, String)>;

fn of_terms(terms: &[(&str, String)], prefix: &str) -> Option<Query> {
    let join = |part: fn(&(&str, String)) -> String| {
        terms.iter().map(|term| format!("{prefix}{}", part(term))).collect::<Vec<_>>().join(";")
    };
    (!terms.is_empty()).then(|| {
        vec![
            ("search".to_owned(), join(|(column, pattern)| format!("{column}:{pattern}"))),
            ("searchFields".to_owned(), join(|(column, _)| format!("{column}:like"))),
            ("limit".to_owned(), LIMIT.to_string()),
        ]
    })
}

/// Whether a person has the address, whatever the case and form of its letters.
pub(crate) fn has_email(person: &Person, email: &str) -> bool {
    person.emails.iter().any(|known| email::are_same(&known.value, email))
}

/// Whether a person has the number, however it is written.
pub(crate) fn has_phone(person: &Person, number: &str, country: Option<&str>) -> bool {
    person.contact_numbers.iter().any(|known| phone::same_in(&known.value, number, country))
}

#[cfg(test)]
mod tests {
    use super::{Wanted, email_pattern, has_email, has_phone};
    use crate::email::is_email;
    use crate::krayin::{Labelled, Person};

    fn query(email: Option<&str>, phone: Option<&str>, prefix: &str) -> Option<super::Query> {
        Wanted { email, phone, country: None }.query(prefix)
    }

    #[test]
    fn leaves_the_first_letter_of_each_word_open() {
        let table = [
            ("jane.doe@example.com", "_ane._oe@_xample._om"),
            ("Jane.Doe@Example.com", "_ane._oe@_xample._om"),
            ("a+b@example.com", "_+_@_xample._om"),
            ("j_d@example.com", "___@_xample._om"),
            ("zoë@example.com", "_o%@_xample._om"),
            ("7up@example.com", "7up@_xample._om"),
            ("a@b.co", "_@_._o"),
        ];
        for (email, expected) in table {
            assert_eq!(email_pattern(email), Some(format!("\"{expected}\"")), "{email}");
        }
    }

    #[test]
    fn refuses_what_could_return_arbitrary_rows() {
        for email in [
            "",
            " ",
            "@",
            "a@",
            "@b.co",
            "a:b@example.com",
            "a;b@example.com",
            "a b@example.com",
            "a,b@example.com",
            "\"a\"@example.com",
            "a\\@example.com",
            "a@@example.com",
            ".a@example.com",
            "a..b@example.com",
            "a@-x.com",
            "a@x..com",
            "%@%.%",
            "no at sign",
            "a@b@c.de",
        ] {
            assert!(!is_email(email), "{email}");
            assert_eq!(email_pattern(email), None, "{email}");
        }
        assert_eq!(query(None, None, ""), None);
        assert_eq!(query(Some("nope"), Some("12"), ""), None);
    }

    #[test]
    fn asks_for_all_in_one_request() {
        let table = [
            (
                (Some("Jane@example.com"), Some("+14155550182")),
                "",
                "emails:\"_ane@_xample._om\";contact_numbers:4%1%5%5%5%5%0%1%8%2;unique_id:jane@example.com",
            ),
            (
                (Some("jane@example.com"), Some("+14155550182")),
                "person.",
                "person.emails:\"_ane@_xample._om\";person.contact_numbers:4%1%5%5%5%5%0%1%8%2",
            ),
            ((None, Some("+50051234")), "", "contact_numbers:5%1%2%3%4;unique_id:5%1%2%3%4"),
        ];
        for ((email, phone), prefix, expected) in table {
            let query = query(email, phone, prefix).unwrap();
            assert_eq!(query[0].1, expected);
            let fields: Vec<&str> = expected.split(';').map(|term| term.split(':').next().unwrap()).collect();
            assert_eq!(query[1].1, fields.iter().map(|field| format!("{field}:like")).collect::<Vec<_>>().join(";"));
        }
    }

    #[test]
    fn a_hit_counts_only_when_it_has_the_same_address_or_number() {
        let person = Person {
            emails: vec![Labelled::work("Jane.Doe@Example.com")],
            contact_numbers: vec![Labelled::work("+1 (415) 555-0182")],
            ..Person::default()
        };
        assert!(has_email(&person, "jane.doe@example.com"));
        assert!(!has_email(&person, "ane.doe@example.com"));
        assert!(has_phone(&person, "+14155550182", None));
        assert!(!has_phone(&person, "+14155550183", None));
    }
}
