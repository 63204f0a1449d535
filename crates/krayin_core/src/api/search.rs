//! Search terms that find what is meant, and the check that they did.
//!
//! The server's search is `LIKE '%term%'` over JSON columns, case-sensitive, and answers arbitrary rows for a blank term
//! or one with a separator in it. So a term is built here or not at all, and every row is checked here.

use crate::{krayin::Person, phone};

/// A LIKE pattern for an e-mail address in either case: the first letter of each word is left open. `None` for a term
/// that could mean anything.
pub(crate) fn email_pattern(email: &str) -> Option<String> {
    if !is_email(email) {
        return None;
    }
    let mut pattern = String::with_capacity(email.len());
    let mut inside_word = false;
    for c in email.to_lowercase().chars() {
        match c {
            'a'..='z' if !inside_word => pattern.push('_'),
            // JSON columns hold other letters escaped, in as many characters as the server likes.
            c if !c.is_ascii() => pattern.push('%'),
            c => pattern.push(c),
        }
        inside_word = c.is_alphanumeric();
    }
    let literal = pattern.chars().filter(char::is_ascii_alphanumeric).count();
    (literal >= 3).then_some(pattern)
}

/// Whether an address has the form that Krayin takes and that can be searched for.
pub(crate) fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let odd = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, ':' | ';' | ',' | '"' | '\\' | '(' | ')' | '<' | '>' | '[' | ']')
    };
    let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    !local.is_empty()
        && email.len() <= 254
        && !local.contains('@')
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && !email.contains(odd)
        && domain.split('.').all(label)
        && !domain.contains(['/', '_', '%', '*'])
}

/// The query of one search for an e-mail address or a phone number, or `None` where neither can be searched for.
/// `prefix` is `person.` for leads by their person.
pub(crate) fn query(email: Option<&str>, phone: Option<&str>, prefix: &str) -> Option<Vec<(String, String)>> {
    let terms = [("emails", email.and_then(email_pattern)), ("contact_numbers", phone.and_then(phone::pattern))];
    let mut search = Vec::new();
    let mut fields = Vec::new();
    for (column, pattern) in terms {
        if let Some(pattern) = pattern {
            search.push(format!("{prefix}{column}:{pattern}"));
            fields.push(format!("{prefix}{column}:like"));
        }
    }
    (!search.is_empty()).then(|| {
        vec![
            ("search".to_owned(), search.join(";")),
            ("searchFields".to_owned(), fields.join(";")),
            ("limit".to_owned(), "50".to_owned()),
        ]
    })
}

/// Whether a person has the address, whatever its case.
pub(crate) fn has_email(person: &Person, email: &str) -> bool {
    let email = email.to_lowercase();
    person.emails.iter().any(|known| known.value.trim().to_lowercase() == email)
}

/// Whether a person has the number, however it is written.
pub(crate) fn has_phone(person: &Person, number: &str) -> bool {
    person.contact_numbers.iter().any(|known| phone::same(&known.value, number))
}

#[cfg(test)]
mod tests {
    use super::{email_pattern, has_email, has_phone, is_email, query};
    use crate::krayin::{Labelled, Person};

    #[test]
    fn leaves_the_first_letter_of_each_word_open() {
        let table = [
            ("jane.doe@example.com", Some("_ane._oe@_xample._om")),
            ("Jane.Doe@Example.com", Some("_ane._oe@_xample._om")),
            ("a+b@example.com", Some("_+_@_xample._om")),
            ("j_d@example.com", Some("___@_xample._om")),
            ("zoë@example.com", Some("_o%@_xample._om")),
            ("7up@example.com", Some("7up@_xample._om")),
            ("a@b.c", None),
        ];
        for (email, expected) in table {
            assert_eq!(email_pattern(email).as_deref(), expected, "{email}");
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
    fn asks_for_both_in_one_request() {
        let query = query(Some("jane@example.com"), Some("+14155550182"), "person.").unwrap();
        assert_eq!(query[0].1, "person.emails:_ane@_xample._om;person.contact_numbers:415%555%0182");
        assert_eq!(query[1].1, "person.emails:like;person.contact_numbers:like");
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
        assert!(has_phone(&person, "+14155550182"));
        assert!(!has_phone(&person, "+14155550183"));
    }
}
