use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::{
    masked::masked,
    masked_html::masked_html,
    private::{is_address, is_private_key},
};
pub(crate) use crate::text::label;
use crate::{chatwoot::Instant, json, language::Label, settings::Settings, text};

/// What stands there of the lead itself, as Krayin has it: written back it would tell Krayin what it knows.
const OF_THE_LEAD: [&str; 7] = [
    "krayin_stage",
    "krayin_value",
    "krayin_owner",
    "krayin_pipeline",
    "krayin_link",
    "krayin_closing_date",
    "krayin_lost_reason",
];

/// Deeper is what no salesperson reads.
const DEEPEST: usize = 4;

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
        .filter(|(key, _)| !OF_THE_LEAD.contains(&key.as_str()))
        .filter(move |(key, _)| listed.map_or_else(|| !is_private_key(key), |keys| keys.contains(key)))
        .filter_map(move |(key, value)| {
            let text = Writer { settings, is_listed: listed.is_some() }.write(key, value, 0)?;
            let text = if listed.is_some() {
                masked_unless_asked_for(key, text, settings)
            } else {
                masked_text(text, settings)
            };
            Some((label(key), text))
        })
}

/// The attribute that an administrator mapped, as a person writes it; `None` where there is nothing to see.
pub(crate) fn mapped(path: &[String], value: &Value, settings: &Settings) -> Option<String> {
    let path = path.join(".");
    let text = Writer { settings, is_listed: true }.write(&path, value, 0)?;
    Some(masked_unless_asked_for(&path, text, settings))
}

/// A value that is no attribute, as a person writes it; `None` where there is nothing to see.
pub(super) fn plain(value: &Value, settings: &Settings) -> Option<String> {
    Writer { settings, is_listed: true }.write("", value, 0)
}

/// Who has an attribute shown that is called by what it holds, wants to see it; under other names it stands by mistake.
fn masked_unless_asked_for(key: &str, text: String, settings: &Settings) -> String {
    if is_private_key(key) { text } else { masked_text(text, settings) }
}

fn masked_text(text: String, settings: &Settings) -> String {
    match masked_unless_shown(&text, settings) {
        Cow::Borrowed(_) => text,
        Cow::Owned(masked) => masked,
    }
}

/// `text` without the numbers of cards and accounts, unless the settings show them.
pub(crate) fn masked_unless_shown<'a>(text: &'a str, settings: &Settings) -> Cow<'a, str> {
    if settings.show_payment_numbers { Cow::Borrowed(text) } else { masked(text) }
}

/// The same of HTML, and of what may be.
pub(super) fn masked_as_shown<'a>(text: &'a str, settings: &Settings) -> Cow<'a, str> {
    if settings.show_payment_numbers { Cow::Borrowed(text) } else { masked_html(text) }
}

/// Writes values as people do: `City: Berlin; Street: Main St 5`, lists with commas, and in parentheses what is part of a
/// part. What is private is left out at each depth, by its own name and by that with what it is part of.
struct Writer<'a> {
    settings: &'a Settings,
    /// Whether the administrator has named the attribute, so that its own value is shown whatever it is. What has a name
    /// within it is not named by that, unless by its path.
    is_listed: bool,
}

impl Writer<'_> {
    /// `None` where there is nothing to see.
    fn write(&self, path: &str, value: &Value, depth: usize) -> Option<String> {
        let key = || path.rsplit('.').next().unwrap_or_default();
        let text = match value {
            Value::String(text) => match structure(text) {
                Some(value) => return self.write(path, &value, depth),
                None => {
                    let text = day_or_time(text, self.settings).unwrap_or_else(|| text::one_line(text));
                    if !self.is_listed && is_address(key(), &text) {
                        return None;
                    }
                    text
                }
            },
            Value::Number(number) => whole(number).unwrap_or_else(|| number.to_string()),
            Value::Bool(flag) => if *flag { &YES } else { &NO }.in_language(self.settings.language).to_owned(),
            Value::Array(_) | Value::Object(_) if depth == DEEPEST => text::CUT_MARK.to_owned(),
            Value::Array(list) => {
                let entries = list.iter().filter_map(|entry| self.part(path, entry, depth, entry.is_array()));
                entries.collect::<Vec<_>>().join(", ")
            }
            Value::Object(parts) if names_what_is_private(parts) => return None,
            Value::Object(parts) => {
                let parts = parts.iter().filter_map(|(name, part)| {
                    let path_of_part = format!("{path}.{name}");
                    let is_private = is_private_key(name) || is_private_key(&format!("{} {name}", key()));
                    if is_private && !self.names(&path_of_part) {
                        return None;
                    }
                    let text = self.part(&path_of_part, part, depth, part.is_object())?;
                    let label = label(name);
                    Some(if label.is_empty() { text } else { format!("{label}: {text}") })
                });
                parts.collect::<Vec<_>>().join("; ")
            }
            Value::Null => return None,
        };
        (!text::is_blank(&text)).then_some(text)
    }

    fn part(&self, path: &str, value: &Value, depth: usize, is_of_its_kind: bool) -> Option<String> {
        let text = self.write(path, value, depth + 1)?;
        Some(if is_of_its_kind || value.is_object() { format!("({text})") } else { text })
    }

    fn names(&self, path: &str) -> bool {
        self.settings.custom_attributes.as_ref().is_some_and(|keys| keys.iter().any(|key| key == path))
    }
}

/// The object or list that a text holds, as programs keep it where only text has room.
fn structure(text: &str) -> Option<Value> {
    let text = text.trim();
    let is_structure = (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'));
    if is_structure { json::read(text.as_bytes()).ok() } else { None }
}

/// `{"name": "password", "value": …}`
fn names_what_is_private(parts: &Map<String, Value>) -> bool {
    let names = ["name", "key", "label", "title", "field", "id"].iter().filter_map(|word| parts.get(*word)?.as_str());
    parts.contains_key("value") && names.into_iter().any(is_private_key)
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
    use serde_json::{Map, Value, json};

    use super::{OF_THE_LEAD, custom};
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
            ("home", json!({"street": "Main St 5", "city": "Berlin"}), "Home: City: Berlin; Street: Main St 5"),
            (
                "items",
                json!([{"name": "Shirt", "size": "M"}, {"name": "Cap", "tags": ["a", "b"]}, "loose"]),
                "Items: (Name: Shirt; Size: M), (Name: Cap; Tags: a, b), loose",
            ),
            ("grid", json!([[1, 2], [3.0, "x"], []]), "Grid: (1, 2), (3, x)"),
            (
                "order",
                json!({"id": 7, "by": {"first_name": "Jo", "vip": true}, "none": null, "empty": {}}),
                "Order: By: (First name: Jo; Vip: yes); Id: 7",
            ),
            (
                "order",
                json!({"placed": "2024-05-01T00:00:00.000Z", "ids": [1, 2]}),
                "Order: Ids: 1, 2; Placed: 2024-05-01",
            ),
            ("deep", json!({"a": {"b": {"c": {"d": {"e": 1}}}}}), "Deep: A: (B: (C: (D: (…))))"),
            ("deep", json!([[[[[[1]]]]]]), "Deep: ((((…))))"),
            (
                "login",
                json!({"user": "jo", "password": "x", "api": {"key": "y", "region": "eu"}}),
                "Login: Api: (Region: eu); User: jo",
            ),
            ("bank", json!({"account": "x", "name": "ING"}), "Bank: Name: ING"),
            ("card", json!({"number": "x", "type": "Visa"}), "Card: Type: Visa"),
            (
                "fields",
                json!([{"name": "password", "value": "x"}, {"name": "size", "value": "M"}]),
                "Fields: (Name: size; Value: M)",
            ),
            ("seen", json!({"where": "203.0.113.9:80", "when": "today"}), "Seen: When: today"),
            ("paid", json!({"with": "4111 1111 1111 1111"}), "Paid: With: •••• •••• •••• 1111"),
            ("raw", json!("{\"city\": \"Berlin\", \"access_token\": \"x\"}"), "Raw: City: Berlin"),
            ("raw", json!("[1, \"a\"]"), "Raw: 1, a"),
            ("raw", json!("{not json}"), "Raw: {not json}"),
            ("", json!({"": 5}), ": 5"),
        ];
        for (key, value, expected) in table {
            assert_eq!(shown(&json!({key: value}), &json!({})), [expected]);
        }
        for (key, value) in [
            ("plan", json!("  ")),
            ("plan", json!("\u{200b}")),
            ("plan", json!([])),
            ("nested", json!({"a": null, "b": [], "c": {}, "d": [[], {}]})),
            ("nested", json!({"password": "x", "tokens": {"a": "b"}})),
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
    fn tells_krayin_nothing_of_its_own_lead() {
        let own: Map<String, Value> = OF_THE_LEAD.iter().map(|key| ((*key).to_owned(), json!("x"))).collect();
        for settings in [json!({}), json!({"custom_attributes": OF_THE_LEAD})] {
            assert_eq!(shown(&Value::Object(own.clone()), &settings), [""; 0], "{settings}");
        }
        assert_eq!(shown(&json!({"krayin_plan": "gold"}), &json!({})), ["Krayin plan: gold"]);
    }

    #[test]
    fn shows_what_is_listed_whatever_it_is_called() {
        let attributes = json!({"auth_token": "a", "plan_name": "gold", "seats": 12, "iban": "DE89 3704 0044 0532 0130 00", "seen_from": "203.0.113.9",
            "notes": "paid by 4111 1111 1111 1111"});
        let table = [
            (json!({}), vec!["Notes: paid by •••• •••• •••• 1111", "Plan name: gold", "Seats: 12"]),
            (json!({"custom_attributes": ["seats", "auth_token"]}), vec!["Auth token: a", "Seats: 12"]),
            (
                json!({"custom_attributes": "iban, seen_from, notes"}),
                vec![
                    "Iban: DE89 3704 0044 0532 0130 00",
                    "Notes: paid by •••• •••• •••• 1111",
                    "Seen from: 203.0.113.9",
                ],
            ),
            (json!({"custom_attributes": []}), vec![]),
            (json!({"custom_attributes": ""}), vec![]),
            (json!({"custom_attributes": " , "}), vec![]),
            (
                json!({"custom_attributes": null}),
                vec!["Notes: paid by •••• •••• •••• 1111", "Plan name: gold", "Seats: 12"],
            ),
        ];
        for (settings, expected) in table {
            assert_eq!(shown(&attributes, &settings), expected, "{settings}");
        }
        let nested = json!({"login": {"user": "jo", "password": "x"}, "keys": {"api": {"key": "y"}}});
        for (listed, expected) in [
            ("login", vec!["Login: User: jo"]),
            ("login, login.password", vec!["Login: Password: x; User: jo"]),
            ("keys, keys.api.key", vec!["Keys: Api: (Key: y)"]),
        ] {
            assert_eq!(shown(&nested, &json!({"custom_attributes": listed})), expected);
        }
        let card = json!({"card": "4111111111111111"});
        assert_eq!(shown(&card, &json!({"show_payment_numbers": true})), ["Card: 4111111111111111"]);
    }
}
