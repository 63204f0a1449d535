use serde_json::{Map, Value, json};

use super::{FIELDS, amount::amount};
use crate::{
    chatwoot::Contact,
    field::{self, Entity},
    json,
    krayin::{Amount, LeadLink, NewLead},
    render::attribute::custom,
    settings::Settings,
    text::cut_chars,
};

/// A contact as a lead about `person`: its [`FIELDS`], and where new leads go by the settings' overrides, else by what the
/// set-up found.
pub fn map_to_lead(contact: &Contact, person: Option<LeadLink>, settings: &Settings) -> NewLead {
    let fields = field::own(FIELDS, Entity::Lead).filter_map(|field| {
        let value = field.value(contact, settings).ok().flatten();
        Some((field.attribute.clone().into_owned(), value.or_else(|| field.when_new.map(|number| json!(number)))?))
    });
    new_lead(json::object(fields), person, contact, settings)
}

/// The title of a lead that is one conversation's, whose own title is `mark`: it ends with it, whatever is cut.
pub(crate) fn lead_title(title: &str, mark: &str) -> String {
    let end = format!(" - {mark}");
    format!("{}{end}", cut_chars(title, 255_usize.saturating_sub(end.chars().count())))
}

/// A lead of attributes by their codes, where the settings put new leads.
pub(crate) fn new_lead(
    fields: Map<String, Value>,
    person: Option<LeadLink>,
    contact: &Contact,
    settings: &Settings,
) -> NewLead {
    let place = |attribute, id| contact.given(Entity::Lead, attribute).and_then(Value::as_u64).or(id);
    NewLead {
        fields,
        person,
        lead_source_id: place("lead_source_id", settings.source_id),
        lead_type_id: place("lead_type_id", settings.type_id),
        lead_pipeline_id: place("lead_pipeline_id", settings.pipeline_id),
        lead_pipeline_stage_id: place("lead_pipeline_stage_id", settings.stage_id),
    }
}

/// What the deal is worth.
pub(super) fn worth(contact: &Contact, keys: &[&str]) -> Option<Amount> {
    keys.iter().find_map(|key| {
        let kinds = [&contact.custom_attributes, &contact.additional_attributes];
        kinds.into_iter().find_map(|attributes| attributes.get(*key).and_then(amount))
    })
}

/// City and country.
pub(super) fn location(contact: &Contact) -> Option<String> {
    let place: Vec<String> = ["city", "country"].iter().filter_map(|key| contact.attribute(&[key])).collect();
    (!place.is_empty()).then(|| place.join(", "))
}

/// The contact's name on a social network.
pub(super) fn profile(contact: &Contact, network: &str) -> Option<Value> {
    let known = contact.additional_attributes.get("social_profiles").and_then(|known| known.get(network)?.as_str());
    let named = || contact.attribute(&[&format!("social_{network}_user_name")]);
    known.map(str::to_owned).or_else(named).map(Value::from)
}

/// The custom attributes that Krayin may show, one a line.
pub(super) fn custom_lines(contact: &Contact, settings: &Settings) -> Option<String> {
    let lines: Vec<String> =
        custom(&contact.custom_attributes, settings).map(|(name, value)| format!("{name}: {value}")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{map_to_lead, worth};
    use crate::{chatwoot::Contact, krayin::LeadLink, settings::Settings};

    const KEYS: &[&str] = &["lead_value", "deal_value", "budget"];

    fn contact(value: Value) -> Contact {
        Contact::from_json(value.to_string().as_bytes())
    }

    #[test]
    fn maps_a_whole_contact() {
        let settings = Settings::from_json(
            br#"{"default_pipeline_id": 1, "default_stage_id": 2, "default_source_id": 3, "default_lead_type_id": 4, "lead_source_id": 9}"#,
        )
        .unwrap();
        let contact = contact(json!({
            "id": 7, "name": "Jane Doe", "email": "jane@example.com",
            "additional_attributes": {
                "description": "Asked for a demo", "city": "Lisbon", "country": "Portugal", "created_at_ip": "203.0.113.9",
                "social_profiles": {"linkedin": "jane-doe", "twitter": ""}, "browser": {"name": "Firefox"}
            },
            "custom_attributes": {
                "plan_name": "gold", "seats": 12, "trial": true, "auth_token": "abc", "last_ip": "203.0.113.9", "deal_value": "1,000.50",
                "seen_from": "2001:db8::1", "interests": ["billing", "api"], "nested": {"a": 1}
            }
        }));
        let lead = serde_json::to_value(map_to_lead(&contact, Some(LeadLink::Id(5)), &settings)).unwrap();
        let expected = json!({
            "title": "Jane Doe", "lead_value": 1000.5, "person_id": 5, "lead_pipeline_id": 1, "lead_pipeline_stage_id": 2,
            "lead_source_id": 9, "lead_type_id": 4,
            "description": "Asked for a demo\nLocation: Lisbon, Portugal\nLinkedin: jane-doe\nDeal value: 1,000.50\nInterests: billing, api\nNested: A: 1\nPlan name: gold\nSeats: 12\nTrial: yes"
        });
        assert_eq!(lead, expected);
    }

    #[test]
    fn a_value_is_one_that_was_said() {
        for (value, expected) in [
            (json!("1,000.50"), Some("1000.5000")),
            (json!("0"), Some("0.0000")),
            (json!(-5), None),
            (json!(1e300), None),
            (json!("to be told"), None),
            (json!(null), None),
        ] {
            let contact = contact(json!({"custom_attributes": {"lead_value": value}}));
            assert_eq!(worth(&contact, KEYS).map(|value| value.to_string()).as_deref(), expected, "{value}");
        }
        let second =
            contact(json!({"custom_attributes": {"lead_value": "?"}, "additional_attributes": {"budget": "5k"}}));
        assert_eq!(worth(&second, KEYS).map(|value| value.to_string()).as_deref(), Some("5000.0000"));
    }

    #[test]
    fn control_characters_are_left_out() {
        let contact = contact(json!({
            "name": "Jane\u{0}\u{1b}[31m Doe\u{9b}",
            "additional_attributes": {"description": "one\u{0}\u{8}\u{7f}\ntwo\u{90}\tthree", "city": "Lis\u{0}bon"},
            "custom_attributes": {"note\u{1}": "a\u{0}b\u{2}c", "list": ["x\u{3}", {"k\u{0}": "v\u{4}"}]}
        }));
        let lead = serde_json::to_value(map_to_lead(&contact, None, &Settings::default())).unwrap();
        let shown = format!("{}{}", lead["title"].as_str().unwrap(), lead["description"].as_str().unwrap());
        assert!(shown.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')), "{shown:?}");
        for words in ["Jane", "Doe", "one\ntwo\tthree", "bon"] {
            assert!(shown.contains(words), "{words} in {shown:?}");
        }
    }

    #[test]
    fn a_long_description_is_cut_with_a_mark() {
        let contact = contact(json!({"additional_attributes": {"description": "é".repeat(70_000)}}));
        let description =
            map_to_lead(&contact, None, &Settings::default()).fields["description"].as_str().unwrap().to_owned();
        assert!(description.len() <= 65_535 && description.ends_with('…'));
        assert_eq!(map_to_lead(&Contact::default(), None, &Settings::default()).fields.get("description"), None);
    }
}
