use super::{FIELDS, contact_profile, fields::HANDLES, full_name::full_name};
use crate::{
    chatwoot::Contact,
    email,
    field::{self, Entity},
    harmless, json,
    krayin::{Labelled, NewPerson},
    phone, placeholder,
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
    NewPerson::of(json::object(fields))
}

pub(super) fn emails(contact: &Contact) -> Vec<Labelled> {
    sendable_emails(contact).into_iter().map(Labelled::work).collect()
}

pub(super) fn numbers(contact: &Contact) -> Vec<Labelled> {
    sendable_phones(contact).into_iter().map(Labelled::work).collect()
}

/// The contact's addresses, those that have the form of one and are no code. One field may hold several.
pub fn sendable_emails(contact: &Contact) -> Vec<String> {
    let Some(raw) = contact.email.clone() else { return Vec::new() };
    contact.addresses.of(raw, |raw| {
        let mut addresses = email::addresses(raw);
        // One that stands for none is ours to give: a visitor who types it is not the person who has it.
        addresses.retain(|address| {
            email::is_email(address) && !harmless::is_code(address) && !placeholder::is_in_domain(address)
        });
        addresses
    })
}

/// The first of them.
pub fn sendable_email(contact: &Contact) -> Option<String> {
    sendable_emails(contact).into_iter().next()
}

/// The contact's numbers in E.164: one field may hold several. One that cannot be understood is as it is, where it still has
/// enough digits for one and is no code. What says no country is of the installation's, else of the contact's own.
pub fn sendable_phones(contact: &Contact) -> Vec<String> {
    let Some(raw) = contact.phone_number.clone() else { return Vec::new() };
    let country = contact.default_country.clone().or_else(|| contact.attribute(&["country_code"]));
    contact.numbers.of((raw, country), |(raw, country)| {
        if harmless::is_code(raw) { Vec::new() } else { numbers_in(raw, country.as_deref()) }
    })
}

fn numbers_in(raw: &str, country: Option<&str>) -> Vec<String> {
    let several = phone::several(raw, country);
    if !several.is_empty() {
        return several;
    }
    let as_typed = || {
        let typed: String = raw.chars().filter(|c| !text::is_invisible(*c)).collect();
        phone::pattern_in(raw, country).map(|_| text::cut_chars(&text::one_line(&typed), 64))
    };
    phone::e164(raw, country).or_else(as_typed).into_iter().collect()
}

/// The first of them.
pub fn sendable_phone(contact: &Contact) -> Option<String> {
    sendable_phones(contact).into_iter().next()
}

/// Where a network knows a contact that has neither an address nor a number.
pub(super) fn channel_handle(contact: &Contact) -> Option<String> {
    let is_known_otherwise = sendable_email(contact).is_some() || sendable_phone(contact).is_some();
    (!is_known_otherwise).then(|| contact_profile::handle(contact))?
}

pub(super) fn name(contact: &Contact) -> String {
    let name = full_name(contact).or_else(|| handle(contact));
    let name = name.or_else(|| sendable_phone(contact)).or_else(|| sendable_email(contact));
    text::cut_chars(&name.unwrap_or_else(|| format!("Contact #{}", contact.id)), WIDTH)
}

/// The name that a channel knows the contact by.
fn handle(contact: &Contact) -> Option<String> {
    let direct = [
        "username",
        "screen_name",
        "social_telegram_user_name",
        "social_instagram_user_name",
        "social_tiktok_user_name",
        "social_whatsapp_user_name",
    ];
    let profile = || {
        let known = contact.additional_attributes.get("social_profiles")?;
        HANDLES.iter().find_map(|network| known.get(*network)?.as_str().filter(|handle| !text::is_blank(handle)))
    };
    let handle = contact.attribute(&direct).or_else(|| profile().map(str::to_owned))?;
    Some(text::one_line(&handle)).filter(|handle| !text::is_blank(handle))
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
            (json!({"name": "Jane", "middle_name": "Q.", "last_name": "Doe"}), "Jane Q. Doe"),
            (json!({"name": "Jane Q Doe", "middle_name": "Q", "last_name": "Doe"}), "Jane Q Doe"),
            (json!({"name": "Jane Q. Doe", "middle_name": "Q", "last_name": "Doe"}), "Jane Q. Doe"),
            (json!({"name": "Jane Doe", "middle_name": "Q.", "last_name": "Doe"}), "Jane Q. Doe"),
            (json!({"name": "Jane Q.", "middle_name": "Q.", "last_name": "Doe"}), "Jane Q. Doe"),
            (json!({"name": "Suharto", "last_name": "Suharto"}), "Suharto"),
            (json!({"name": "Suharto", "middle_name": "Suharto", "last_name": "Suharto"}), "Suharto"),
            (json!({"name": "JANE DOE", "last_name": "Doe"}), "JANE DOE"),
            (
                json!({"name": "Anna Maria", "middle_name": "Maria", "last_name": "van der Berg"}),
                "Anna Maria van der Berg",
            ),
            (json!({"name": "Anna van der Berg", "last_name": "van der Berg"}), "Anna van der Berg"),
            (json!({"name": "Joann", "last_name": "Ann"}), "Joann Ann"),
            (json!({"name": "Doe", "middle_name": "Jane", "last_name": "Doe"}), "Doe Jane"),
            (json!({"name": "毛", "last_name": "泽东"}), "毛 泽东"),
            (json!({"name": "\u{200b}", "phone_number": "+14155550182"}), "+14155550182"),
            (json!({"name": "\u{3164}", "last_name": "\u{2800}", "phone_number": "+14155550182"}), "+14155550182"),
            (json!({"name": "\u{00ad}\u{200e}", "email": "j@example.com"}), "j@example.com"),
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
    fn two_addresses_in_one_field_are_two() {
        let person =
            map_to_person(&contact(json!({"email": "Jane <jane@example.com>; mailto:j@exam\u{200b}ple.org."})));
        let values: Vec<&str> = person.emails.iter().map(|entry| entry.value.as_str()).collect();
        assert_eq!(values, ["jane@example.com", "j@example.org"]);
    }

    #[test]
    fn two_numbers_in_one_field_are_two() {
        for (raw, expected) in [
            ("+1 415 555 0182 / +49 30 901820", &["+14155550182", "+4930901820"][..]),
            ("tel: +14155550182; mobile: 0049 30 901820", &["+14155550182", "+4930901820"]),
            ("+14155550182 or +1-415-555-0182", &["+14155550182"]),
            ("+14155550182\n+14155550183", &["+14155550182", "+14155550183"]),
            ("+14155550182, +14155550183 ext. 5", &["+14155550182"]),
            ("+49 30/901820", &["+4930901820"]),
        ] {
            let person = map_to_person(&contact(json!({"phone_number": raw})));
            let values: Vec<&str> = person.contact_numbers.iter().map(|entry| entry.value.as_str()).collect();
            assert_eq!(values, expected, "{raw}");
        }
    }

    #[test]
    fn what_is_no_number_stays_as_it_was_typed() {
        for (raw, expected) in [
            ("+3367a829916", "+3367a829916"),
            ("1-800-555-0199 ext 5", "1-800-555-0199 ext 5"),
            ("+1 415\u{200b} 555 0182", "+14155550182"),
        ] {
            let person = map_to_person(&contact(json!({"phone_number": raw})));
            assert_eq!(person.contact_numbers[0].value, expected);
        }
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
