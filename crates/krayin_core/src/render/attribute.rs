use serde_json::{Map, Value};

pub(crate) use crate::text::label;
use crate::{settings::Settings, text};

/// The custom attributes for people, each with its name and value: those that the settings list, else all of them.
pub(crate) fn custom<'a>(
    attributes: &'a Map<String, Value>,
    settings: &'a Settings,
) -> impl Iterator<Item = (String, String)> + 'a {
    let listed = |key: &String| settings.custom_attributes.as_ref().is_none_or(|keys| keys.contains(key));
    attributes
        .iter()
        .filter(move |(key, _)| listed(key))
        .filter_map(|(key, value)| Some((label(key), shown(key, value)?)))
}

/// A custom attribute's value for people. What names an address, a secret or a session of someone's is not theirs to
/// see, whoever defined it.
fn shown(key: &str, value: &Value) -> Option<String> {
    const PRIVATE: [&str; 11] = [
        "token",
        "secret",
        "password",
        "passwd",
        "session",
        "cookie",
        "credential",
        "auth",
        "api_key",
        "apikey",
        "jwt",
    ];
    let lower = key.to_lowercase();
    let words = || lower.split(|c: char| !c.is_alphanumeric());
    if PRIVATE.iter().any(|word| contains(&lower, word)) || words().any(|word| matches!(word, "ip" | "ipv4" | "ipv6")) {
        return None;
    }
    let text = match value {
        Value::String(text) => text::one_line(text),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::Array(list) => {
            let words: Vec<String> = list.iter().filter_map(|entry| entry.as_str().map(text::one_line)).collect();
            words.join(", ")
        }
        Value::Null | Value::Object(_) => return None,
    };
    (!text.is_empty() && text.parse::<std::net::IpAddr>().is_err()).then_some(text)
}

/// Keys are short: setting up a search takes longer than comparing at each place.
fn contains(key: &str, word: &str) -> bool {
    key.as_bytes().windows(word.len()).any(|part| part == word.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{custom, shown};
    use crate::settings::Settings;

    #[test]
    fn shows_what_people_may_see() {
        let table = [
            ("plan", json!(" gold\nplus "), Some("gold plus")),
            ("seats", json!(12), Some("12")),
            ("trial", json!(false), Some("no")),
            ("interests", json!(["billing", 5, "api"]), Some("billing, api")),
            ("shipping", json!("tomorrow"), Some("tomorrow")),
            ("plan", json!("  "), None),
            ("nested", json!({"a": 1}), None),
            ("seen_from", json!("203.0.113.9"), None),
            ("last-ip", json!("home"), None),
            ("Auth_Token", json!("abc"), None),
            ("session", json!("abc"), None),
        ];
        for (key, value, expected) in table {
            assert_eq!(shown(key, &value).as_deref(), expected, "{key}");
        }
        assert_eq!(shown("x", &Value::Null), None);
    }

    #[test]
    fn shows_those_that_are_listed_and_none_that_is_private() {
        let attributes = json!({"auth_token": "a", "plan_name": "gold", "seats": 12});
        let table = [
            (json!({}), vec!["Plan name: gold", "Seats: 12"]),
            (json!({"custom_attributes": ["seats", "auth_token"]}), vec!["Seats: 12"]),
            (json!({"custom_attributes": []}), vec![]),
        ];
        for (settings, expected) in table {
            let settings = Settings::from_object(settings.as_object().unwrap()).unwrap();
            let shown = custom(attributes.as_object().unwrap(), &settings);
            assert_eq!(shown.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>(), expected);
        }
    }
}
