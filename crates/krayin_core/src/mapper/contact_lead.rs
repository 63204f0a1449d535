use serde_json::Value;

use super::{
    amount::amount,
    attribute::{custom, label},
    contact_person::name,
};
use crate::{
    chatwoot::Contact,
    harmless::Place,
    krayin::{Amount, LeadLink, NewLead},
    settings::Settings,
    text,
};

/// The width of Krayin's `varchar` columns.
const LINE: usize = 255;

/// The size of Krayin's `TEXT` columns, in bytes.
const TEXT_BYTES: usize = 65_535;

/// A contact as a lead about `person`.
///
/// | field | from |
/// |---|---|
/// | `title` | the person's name |
/// | `lead_value` | `lead_value`, `deal_value` or `budget` among the custom or additional attributes, as people write money; nothing where none of them says one sum |
/// | `description` | `additional_attributes.description`, city and country, the social profiles, the custom attributes (those of `settings.custom_attributes` where it lists any): one a line. Never IP addresses, tokens, sessions |
/// | pipeline, stage, source, type | the settings' overrides, else what the set-up found |
pub fn map_to_lead(contact: &Contact, person: Option<LeadLink>, settings: &Settings) -> NewLead {
    NewLead {
        title: Place::Line.fitted(&name(contact), LINE),
        description: description(contact, settings),
        lead_value: value(contact),
        person,
        lead_source_id: settings.source_id,
        lead_type_id: settings.type_id,
        lead_pipeline_id: settings.pipeline_id,
        lead_pipeline_stage_id: settings.stage_id,
    }
}

fn value(contact: &Contact) -> Option<Amount> {
    ["lead_value", "deal_value", "budget"].iter().find_map(|key| {
        let kinds = [&contact.custom_attributes, &contact.additional_attributes];
        kinds.into_iter().find_map(|attributes| attributes.get(*key).and_then(amount))
    })
}

fn description(contact: &Contact, settings: &Settings) -> Option<String> {
    let mut lines = Vec::new();
    if let Some(about) = contact.attribute(&["description"]) {
        lines.push(about);
    }
    let place: Vec<String> = ["city", "country"].iter().filter_map(|key| contact.attribute(&[key])).collect();
    if !place.is_empty() {
        lines.push(format!("Location: {}", text::one_line(&place.join(", "))));
    }
    if let Some(Value::Object(profiles)) = contact.additional_attributes.get("social_profiles") {
        for network in ["facebook", "github", "instagram", "linkedin", "telegram", "tiktok", "twitter"] {
            if let Some(handle) =
                profiles.get(network).and_then(Value::as_str).filter(|handle| !handle.trim().is_empty())
            {
                lines.push(format!("{}: {}", label(network), text::one_line(handle)));
            }
        }
    }
    lines.extend(custom(&contact.custom_attributes, settings).map(|(name, value)| format!("{name}: {value}")));
    (!lines.is_empty()).then(|| text::cut_bytes(&Place::Text.harmless(&lines.join("\n")), TEXT_BYTES))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::map_to_lead;
    use crate::{chatwoot::Contact, krayin::LeadLink, settings::Settings};

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
            "description": "Asked for a demo\nLocation: Lisbon, Portugal\nLinkedin: jane-doe\nDeal value: 1,000.50\nInterests: billing, api\nPlan name: gold\nSeats: 12\nTrial: yes"
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
            let lead = map_to_lead(&contact, None, &Settings::default());
            assert_eq!(lead.lead_value.map(|value| value.to_string()).as_deref(), expected, "{value}");
        }
        let second =
            contact(json!({"custom_attributes": {"lead_value": "?"}, "additional_attributes": {"budget": "5k"}}));
        let lead = map_to_lead(&second, None, &Settings::default());
        assert_eq!(lead.lead_value.map(|value| value.to_string()).as_deref(), Some("5000.0000"));
    }

    #[test]
    fn a_long_description_is_cut_with_a_mark() {
        let contact = contact(json!({"additional_attributes": {"description": "é".repeat(70_000)}}));
        let description = map_to_lead(&contact, None, &Settings::default()).description.unwrap();
        assert!(description.len() <= 65_535 && description.ends_with('…'));
        assert_eq!(map_to_lead(&Contact::default(), None, &Settings::default()).description, None);
    }
}
