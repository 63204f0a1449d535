use serde_json::Value;

use super::{
    attribute::{custom, label},
    contact_person::name,
};
use crate::{
    chatwoot::Contact,
    krayin::{LeadLink, NewLead},
    settings::Settings,
    text,
};

/// The largest value that Krayin's column holds.
const LARGEST_VALUE: f64 = 99_999_999.999_9;

/// The size of Krayin's `TEXT` columns, in bytes.
const TEXT_BYTES: usize = 65_535;

/// A contact as a lead about `person`.
///
/// | field | from |
/// |---|---|
/// | `title` | the person's name |
/// | `lead_value` | `lead_value`, `deal_value` or `budget` among the custom or additional attributes; 0 where there is none |
/// | `description` | `additional_attributes.description`, city and country, the social profiles, the custom attributes (those of `settings.custom_attributes` where it lists any): one a line. Never IP addresses, tokens, sessions |
/// | pipeline, stage, source, type | the settings' overrides, else what the set-up found |
pub fn map_to_lead(contact: &Contact, person: Option<LeadLink>, settings: &Settings) -> NewLead {
    NewLead {
        title: name(contact),
        description: description(contact, settings),
        lead_value: value(contact),
        person,
        lead_source_id: settings.source_id,
        lead_type_id: settings.type_id,
        lead_pipeline_id: settings.pipeline_id,
        lead_pipeline_stage_id: settings.stage_id,
    }
}

fn value(contact: &Contact) -> f64 {
    let keys = ["lead_value", "deal_value", "budget"];
    let found = keys.iter().find_map(|key| {
        contact
            .custom_attributes
            .get(*key)
            .and_then(amount)
            .or_else(|| contact.additional_attributes.get(*key).and_then(amount))
    });
    let value = found.unwrap_or_default().clamp(0.0, LARGEST_VALUE);
    // Minus nothing has a sign, which no server takes.
    (value * 10_000.0).floor() / 10_000.0 + 0.0
}

/// A number, or text that people write for one: `1,000.50`, `1.000,50`, `R$ 99`.
fn amount(value: &Value) -> Option<f64> {
    let text = match value {
        Value::Number(number) => return number.as_f64().filter(|number| number.is_finite()),
        Value::String(text) => text,
        _ => return None,
    };
    let kept: String = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-')).collect();
    let last = kept.rfind(['.', ',']);
    let separator = last.and_then(|at| kept.get(at..)).and_then(|rest| rest.chars().next());
    let repeated = separator.is_some_and(|separator| kept.matches(separator).count() > 1);
    let decimals = last.map_or(0, |at| kept.len() - at - 1);
    // Three digits after a lone separator are thousands; anything else is a fraction.
    let both = kept.contains('.') && kept.contains(',');
    let is_fraction = !repeated && (both || decimals != 3);
    let mut plain = String::with_capacity(kept.len());
    for (at, c) in kept.char_indices() {
        match c {
            '.' | ',' if is_fraction && Some(at) == last => plain.push('.'),
            '.' | ',' => {}
            c => plain.push(c),
        }
    }
    plain.parse().ok().filter(|number: &f64| number.is_finite())
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
    (!lines.is_empty()).then(|| text::cut_bytes(&lines.join("\n"), TEXT_BYTES))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{amount, map_to_lead};
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
    fn reads_amounts_as_people_write_them() {
        let table = [
            (json!(10), Some(10.0)),
            (json!("1000"), Some(1000.0)),
            (json!("1,000.50"), Some(1000.5)),
            (json!("1.000,50"), Some(1000.5)),
            (json!("R$ 99,9"), Some(99.9)),
            (json!("1,000"), Some(1000.0)),
            (json!("1.234.567"), Some(1_234_567.0)),
            (json!("0.25"), Some(0.25)),
            (json!("none"), None),
            (json!(""), None),
            (json!("-.,"), None),
            (json!(true), None),
        ];
        for (value, expected) in table {
            assert_eq!(amount(&value), expected, "{value}");
        }
    }

    #[test]
    fn a_value_is_one_that_krayin_takes() {
        for (value, expected) in [
            (json!(-5), 0.0),
            (json!(1e300), 99_999_999.999_9),
            (json!(1234.56789), 1234.5678),
            (json!("9e99"), 999.0),
            (json!(null), 0.0),
        ] {
            let contact = contact(json!({"custom_attributes": {"lead_value": value}}));
            assert_eq!(map_to_lead(&contact, None, &Settings::default()).lead_value, expected, "{value}");
        }
    }

    #[test]
    fn a_long_description_is_cut_with_a_mark() {
        let contact = contact(json!({"additional_attributes": {"description": "é".repeat(70_000)}}));
        let description = map_to_lead(&contact, None, &Settings::default()).description.unwrap();
        assert!(description.len() <= 65_535 && description.ends_with('…'));
        assert_eq!(map_to_lead(&Contact::default(), None, &Settings::default()).description, None);
    }
}
