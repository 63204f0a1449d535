use super::FIELDS;
use crate::{
    api,
    chatwoot::Contact,
    field::{self, Entity},
    harmless,
    krayin::{Labelled, NewPerson},
    phone,
    settings::Settings,
    text,
};

/// The width of Krayin's `varchar` columns.
const WIDTH: usize = 255;

/// A contact as a person: its [`FIELDS`].
///
/// The organization is not part of it: [`map_to_organization`](super::map_to_organization) has its name.
pub fn map_to_person(contact: &Contact) -> NewPerson {
    let settings = Settings::default();
    let fields = field::own(FIELDS, Entity::Person)
        .filter_map(|field| Some((field.attribute.clone().into_owned(), field.value(contact, &settings).ok()??)));
    NewPerson::of(fields.collect())
}

pub(super) fn emails(contact: &Contact) -> Vec<Labelled> {
    sendable_email(contact).map(Labelled::work).into_iter().collect()
}

pub(super) fn numbers(contact: &Contact) -> Vec<Labelled> {
    sendable_phone(contact).map(Labelled::work).into_iter().collect()
}

/// The contact's address, where it has the form of one and is no code.
pub fn sendable_email(contact: &Contact) -> Option<String> {
    contact.email.clone().filter(|email| api::is_email(email) && !harmless::is_code(email))
}

/// The contact's number in E.164, or as it is where it cannot be understood, still has enough digits for one and is no
/// code.
pub fn sendable_phone(contact: &Contact) -> Option<String> {
    let raw = contact.phone_number.as_deref().filter(|raw| !harmless::is_code(raw))?;
    let country = contact.attribute(&["country_code"]);
    phone::e164(raw, country.as_deref())
        .or_else(|| phone::pattern(raw).map(|_| text::cut_chars(&text::one_line(raw), 64)))
}

pub(super) fn name(contact: &Contact) -> String {
    let parts = [&contact.name, &contact.middle_name, &contact.last_name];
    let mut words: Vec<&str> = Vec::new();
    for part in parts.into_iter().flatten() {
        // Older contacts have the whole name in the first field and its parts in the others as well.
        if words.last().is_none_or(|before| !before.ends_with(&format!(" {part}"))) {
            words.push(part);
        }
    }
    let full = text::one_line(&words.join(" "));
    let name = if full.is_empty() { handle(contact) } else { Some(full) };
    let name = name.or_else(|| sendable_phone(contact)).or_else(|| sendable_email(contact));
    text::cut_chars(&name.unwrap_or_else(|| format!("Contact #{}", contact.id)), WIDTH)
}

/// The name that a channel knows the contact by.
fn handle(contact: &Contact) -> Option<String> {
    let direct = ["username", "screen_name", "social_telegram_user_name", "social_instagram_user_name"];
    let profiles = ["instagram", "telegram", "twitter", "facebook", "linkedin", "github"];
    let profile = || {
        let known = contact.additional_attributes.get("social_profiles")?;
        profiles.iter().find_map(|network| known.get(*network)?.as_str().filter(|handle| !handle.trim().is_empty()))
    };
    let handle = contact.attribute(&direct).or_else(|| profile().map(str::to_owned))?;
    Some(text::one_line(&handle)).filter(|handle| !handle.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::map_to_person;
    use crate::chatwoot::Contact;

    fn contact(value: serde_json::Value) -> Contact {
        Contact::from_json(value.to_string().as_bytes())
    }

    #[test]
    fn maps_a_whole_contact() {
        let person = map_to_person(&contact(json!({
            "id": 7, "name": "Jane", "middle_name": "Q.", "last_name": "Doe", "email": "jane@example.com",
            "phone_number": "+1 415 555 0182", "additional_attributes": {"job_title": " Head of\nSales "}
        })));
        let expected = json!({
            "name": "Jane Q. Doe", "emails": [{"value": "jane@example.com", "label": "work"}],
            "contact_numbers": [{"value": "+14155550182", "label": "work"}], "job_title": "Head of Sales"
        });
        assert_eq!(serde_json::to_value(person).unwrap(), expected);
    }

    #[test]
    fn finds_a_name() {
        let table = [
            (json!({"name": "Jane Doe", "last_name": "Doe"}), "Jane Doe"),
            (json!({"last_name": "Doe"}), "Doe"),
            (json!({"name": " ", "additional_attributes": {"social_profiles": {"instagram": "jane.d"}}}), "jane.d"),
            (json!({"additional_attributes": {"username": "jd"}, "phone_number": "+14155550182"}), "jd"),
            (json!({"phone_number": "+1 415 555 0182", "email": "j@example.com"}), "+14155550182"),
            (json!({"email": "j@example.com"}), "j@example.com"),
            (json!({"id": 7}), "Contact #7"),
            (json!({"name": "Zoë Łukasz 日本 👋🏽"}), "Zoë Łukasz 日本 👋🏽"),
            (json!({"name": "\u{0}\u{7}", "id": 3}), "Contact #3"),
        ];
        for (value, expected) in table {
            assert_eq!(map_to_person(&contact(value)).name, expected);
        }
        assert_eq!(map_to_person(&contact(json!({"name": "n".repeat(400)}))).name.chars().count(), 255);
    }

    #[test]
    fn leaves_out_what_krayin_would_refuse() {
        let person = map_to_person(&contact(json!({"email": "not-an-email", "phone_number": "123"})));
        assert!(person.emails.is_empty() && person.contact_numbers.is_empty());
        let national = map_to_person(&contact(json!({
            "phone_number": "(415) 555-0182", "additional_attributes": {"country_code": "US"}
        })));
        assert_eq!(national.contact_numbers[0].value, "+14155550182");
        let odd = map_to_person(&contact(json!({"phone_number": "0815 4711 99"})));
        assert_eq!(odd.contact_numbers[0].value, "0815 4711 99");
    }
}
