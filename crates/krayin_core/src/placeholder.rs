//! What stands where Krayin cannot leave a value empty: made from what the contact is known by, recognised by being ours.

use crate::{digest::DigestKey, krayin::Labelled, server::NoPhone};

/// The top-level domain that is reserved for addresses which lead nowhere.
const DOMAIN: &str = "@chatwoot.invalid";

const PREFIX: &str = "chatwoot-";

/// Half of the digits tell whose it is, the other half that the installation made it.
const HALF: usize = 12;

/// The address of a person without one. `identity` is what the contact is known by instead: the same gets the same
/// address, and without the installation's secret nobody can make another's.
pub fn no_email(identity: &str, key: &DigestKey) -> Labelled {
    Labelled::work(format!("{PREFIX}{}{DOMAIN}", digits(identity, key)))
}

/// The number of a person without one, in the form that the server takes.
pub fn no_phone(identity: &str, key: &DigestKey, form: NoPhone) -> Labelled {
    match form {
        NoPhone::Blank => Labelled::work(""),
        NoPhone::Placeholder => Labelled::work(format!("{PREFIX}{}", digits(identity, key))),
    }
}

/// Whether an address is in the domain of placeholders: nobody has one there.
pub(crate) fn is_in_domain(address: &str) -> bool {
    address.to_lowercase().ends_with(DOMAIN)
}

/// Whether a value stands for none and may be replaced: it is blank, of this installation, or of version 0.1.
pub fn is_ours(value: &str, key: &DigestKey) -> bool {
    match form(value) {
        Form::Blank | Form::Before => true,
        Form::Keyed(digits) => {
            digits.split_at_checked(HALF).is_some_and(|(whose, seal)| seal == self::seal(whose, key))
        }
        Form::Other => false,
    }
}

/// Whether a value stands for none, whichever Chatwoot made it: no real address has that form, since its domain is
/// reserved.
pub fn is_placeholder(value: &str) -> bool {
    !matches!(form(value), Form::Other)
}

enum Form<'a> {
    Blank,
    Before,
    Keyed(&'a str),
    Other,
}

fn form(value: &str) -> Form<'_> {
    let value = value.trim();
    if value.is_empty() {
        return Form::Blank;
    }
    let Some(digits) = value.strip_prefix(PREFIX) else { return Form::Other };
    let digits = digits.strip_suffix(DOMAIN).unwrap_or(digits);
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
    match digits.len() {
        _ if !are_digits => Form::Other,
        HALF => Form::Before,
        length if length == 2 * HALF => Form::Keyed(digits),
        _ => Form::Other,
    }
}

fn digits(identity: &str, key: &DigestKey) -> String {
    let whose: String = key.digest(&format!("placeholder of {identity}")).text().chars().take(HALF).collect();
    let seal = seal(&whose, key);
    whose + &seal
}

fn seal(whose: &str, key: &DigestKey) -> String {
    key.digest(&format!("placeholder {whose}")).text().chars().take(HALF).collect()
}

#[cfg(test)]
mod tests {
    use super::{is_ours, is_placeholder, no_email, no_phone};
    use crate::{digest::DigestKey, server::NoPhone};

    #[test]
    fn the_same_identity_gets_the_same_and_no_other_installation_makes_it() {
        let (key, other) = (DigestKey::new(b"one"), DigestKey::new(b"two"));
        let placeholder = no_email("number:+14155550182", &key);
        assert_eq!(placeholder, no_email("number:+14155550182", &key));
        assert_ne!(placeholder, no_email("number:+14155550183", &key));
        assert_ne!(placeholder, no_email("number:+14155550182", &other));
        assert!(is_ours(&placeholder.value, &key) && !is_ours(&placeholder.value, &other));
        assert!(is_placeholder(&no_email("x", &other).value));
        let number = no_phone("email:a@example.com", &key, NoPhone::Placeholder).value;
        assert!(is_ours(&number, &key) && number.starts_with("chatwoot-"));
        assert!(is_ours(&no_phone("x", &key, NoPhone::Blank).value, &key));
    }

    #[test]
    fn is_recognised_by_being_ours_and_not_by_a_word() {
        let key = DigestKey::new(b"one");
        for before in ["chatwoot-0123456789ab@chatwoot.invalid", "chatwoot-0123456789ab", " "] {
            assert!(is_ours(before, &key) && is_placeholder(before), "{before}");
        }
        let real = no_email("x", &key).value;
        for value in [
            "chatwoot-support@agency.example",
            "chatwoot-0123456789ab@agency.example",
            "chatwoot-0123456789ab0123456789ab@chatwoot.invalid",
            "chatwoot-0123456789a@chatwoot.invalid",
            "chatwoot-0123456789zz@chatwoot.invalid",
            "chatwoot-@chatwoot.invalid",
            "chatwoot-team@chatwoot.invalid",
            "Chatwoot",
            "chatwoot-",
            "chatwoot-57",
            "jane@example.com",
            "+14155550182",
            &format!("x{real}"),
            &format!("{real}x"),
            &real.to_uppercase(),
        ] {
            assert!(!is_ours(value, &key), "{value}");
        }
        for value in ["chatwoot-support@agency.example", "chatwoot-team@chatwoot.invalid", "jane@example.com"] {
            assert!(!is_placeholder(value), "{value}");
        }
    }
}
