use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::{
    masked::masked,
    private::{is_address, is_private_key},
};
pub(crate) use crate::text::label;
use crate::{chatwoot::Instant, language::Label, settings::Settings, text};

static YES: Label = Label::new("yes", "sim", "sí");
static NO: Label = Label::new("no", "não", "no");

/// The custom attributes for people, each with its name and value: those that the settings list, whatever they are called,
/// else all that look harmless.
pub(crate) fn custom<'a>(
    attributes: &'a Map<String, Value>,
    settings: &'a Settings,
) -> impl Iterator<Item = (String, String)> + 'a {
    let listed = settings.custom_attributes.as_ref();
    attributes
        .iter()
        .filter(move |(key, _)| listed.map_or_else(|| !is_private_key(key), |keys| keys.contains(key)))
        .filter_map(move |(key, value)| {
            let text = shown(value, settings)?;
            if listed.is_some() {
                return Some((label(key), text));
            }
            (!is_address(key, &text)).then(|| (label(key), masked_unless_shown(&text, settings).into_owned()))
        })
}

/// `text` without the numbers of cards and accounts, unless the settings show them.
pub(crate) fn masked_unless_shown<'a>(text: &'a str, settings: &Settings) -> Cow<'a, str> {
    if settings.show_payment_numbers { Cow::Borrowed(text) } else { masked(text) }
}

/// A value as a person writes it; `None` where there is nothing to see.
fn shown(value: &Value, settings: &Settings) -> Option<String> {
    let text = match value {
        Value::String(text) => day_or_time(text, settings).unwrap_or_else(|| text::one_line(text)),
        Value::Number(number) => whole(number).unwrap_or_else(|| number.to_string()),
        Value::Bool(flag) => if *flag { &YES } else { &NO }.in_language(settings.language).to_owned(),
        Value::Array(list) => {
            let shown = list.iter().filter(|entry| !entry.is_array()).filter_map(|entry| shown(entry, settings));
            shown.collect::<Vec<_>>().join(", ")
        }
        Value::Null | Value::Object(_) => return None,
    };
    (!text::is_blank(&text)).then_some(text)
}

/// A day, which Chatwoot keeps as its midnight in UTC, or a time on the server's clock.
fn day_or_time(text: &str, settings: &Settings) -> Option<String> {
    let text = text.trim();
    let (day, time) = text.split_at_checked(10)?;
    let is_day = day
        .bytes()
        .enumerate()
        .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    let clock = time.strip_prefix(['T', ' ']).filter(|_| is_day)?;
    let zone = clock.trim_start_matches(['0', ':', '.']);
    if clock.starts_with("00:00") && matches!(zone.trim(), "" | "Z" | "UTC" | "+00:00") {
        return Some(day.to_owned());
    }
    Some(Instant::parse(text)?.shown(settings.clock()))
}

/// A whole number without the fraction that JSON columns give it.
fn whole(number: &Number) -> Option<String> {
    let float = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15)?;
    Some(format!("{float:.0}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::custom;
    use crate::settings::Settings;

    fn shown(attributes: &Value, settings: &Value) -> Vec<String> {
        let settings = Settings::from_object(settings.as_object().unwrap()).unwrap();
        custom(attributes.as_object().unwrap(), &settings).map(|(name, value)| format!("{name}: {value}")).collect()
    }

    #[test]
    fn writes_values_as_people_do() {
        let table = [
            ("plan", json!(" gold\nplus "), "Plan: gold plus"),
            ("seats", json!(12), "Seats: 12"),
            ("seats", json!(12.0), "Seats: 12"),
            ("rate", json!(0.25), "Rate: 0.25"),
            ("trial", json!(false), "Trial: no"),
            ("interests", json!(["billing", 5, 2.0, true, null, "", "api"]), "Interests: billing, 5, 2, yes, api"),
            ("renewal", json!("2024-05-01T00:00:00.000Z"), "Renewal: 2024-05-01"),
            ("renewal", json!("2024-05-01 00:00:00 UTC"), "Renewal: 2024-05-01"),
            ("renewal", json!("2024-05-01"), "Renewal: 2024-05-01"),
            (
                "renewals",
                json!(["2024-05-01T00:00:00.000Z", "2025-05-01T00:00:00.000Z"]),
                "Renewals: 2024-05-01, 2025-05-01",
            ),
            ("seen", json!("2024-05-01T08:30:00Z"), "Seen: 2024-05-01 08:30 UTC"),
            ("code", json!("2024-05-01Tango"), "Code: 2024-05-01Tango"),
            ("shipping", json!("tomorrow"), "Shipping: tomorrow"),
            ("version", json!("4.12.0.1"), "Version: 4.12.0.1"),
            ("author_name", json!("Jo"), "Author name: Jo"),
            ("card", json!("4111 1111 1111 1111"), "Card: •••• •••• •••• 1111"),
        ];
        for (key, value, expected) in table {
            assert_eq!(shown(&json!({key: value}), &json!({})), [expected]);
        }
        for (key, value) in [
            ("plan", json!("  ")),
            ("plan", json!("\u{200b}")),
            ("plan", json!([])),
            ("nested", json!({"a": 1})),
            ("seen_from", json!("203.0.113.9:80")),
            ("seen_from", json!(["203.0.113.9", "203.0.113.10"])),
            ("last-ip", json!("home")),
            ("Auth_Token", json!("abc")),
            ("session", json!("abc")),
            ("x", Value::Null),
        ] {
            assert!(shown(&json!({key: value}), &json!({})).is_empty(), "{key}");
        }
    }

    #[test]
    fn writes_yes_and_no_in_the_installations_language() {
        for (language, expected) in [("en", "Vip: yes"), ("pt_BR", "Vip: sim"), ("es", "Vip: sí"), ("fr", "Vip: yes")]
        {
            assert_eq!(shown(&json!({"vip": true}), &json!({"language": language})), [expected]);
        }
    }

    #[test]
    fn shows_what_is_listed_whatever_it_is_called() {
        let attributes = json!({"auth_token": "a", "plan_name": "gold", "seats": 12, "iban": "DE89 3704 0044 0532 0130 00", "seen_from": "203.0.113.9"});
        let table = [
            (json!({}), vec!["Plan name: gold", "Seats: 12"]),
            (json!({"custom_attributes": ["seats", "auth_token"]}), vec!["Auth token: a", "Seats: 12"]),
            (
                json!({"custom_attributes": "iban, seen_from"}),
                vec!["Iban: DE89 3704 0044 0532 0130 00", "Seen from: 203.0.113.9"],
            ),
            (json!({"custom_attributes": []}), vec![]),
            (json!({"custom_attributes": ""}), vec![]),
            (json!({"custom_attributes": " , "}), vec![]),
            (json!({"custom_attributes": null}), vec!["Plan name: gold", "Seats: 12"]),
        ];
        for (settings, expected) in table {
            assert_eq!(shown(&attributes, &settings), expected, "{settings}");
        }
        let card = json!({"card": "4111111111111111"});
        assert_eq!(shown(&card, &json!({"show_payment_numbers": true})), ["Card: 4111111111111111"]);
    }
}
