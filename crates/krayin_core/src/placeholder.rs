use crate::{digest::short, krayin::Labelled, server::NoPhone};

/// The top-level domain that is reserved for addresses which lead nowhere.
const DOMAIN: &str = "@chatwoot.invalid";

const PREFIX: &str = "chatwoot-";

/// The address of a person without one, made from the phone number: the same person gets the same address, and two
/// Chatwoots that fill one Krayin do not meet in it.
pub fn no_email(phone: &str) -> Labelled {
    Labelled::work(format!("{PREFIX}{}{DOMAIN}", short(phone)))
}

/// The number of a person without one, in the form that the server takes.
pub fn no_phone(email: &str, form: NoPhone) -> Labelled {
    match form {
        NoPhone::Blank => Labelled::work(""),
        NoPhone::Placeholder => Labelled::work(format!("{PREFIX}{}", short(email))),
    }
}

/// Whether a value stands for none.
pub fn is_placeholder(value: &str) -> bool {
    value.trim().is_empty() || value.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::{is_placeholder, no_email, no_phone};
    use crate::server::NoPhone;

    #[test]
    fn is_recognised_and_stable() {
        assert_eq!(no_email("+14155550182"), no_email("+14155550182"));
        assert_ne!(no_email("+14155550182"), no_email("+14155550183"));
        assert!(is_placeholder(&no_email("+14155550182").value));
        assert!(is_placeholder(&no_phone("a@example.com", NoPhone::Placeholder).value));
        assert!(is_placeholder(&no_phone("a@example.com", NoPhone::Blank).value));
        assert!(!is_placeholder("jane@example.com") && !is_placeholder("+14155550182"));
    }
}
