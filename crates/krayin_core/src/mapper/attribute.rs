use serde_json::{Map, Value};

use crate::{settings::Settings, text};

/// The custom attributes for people, each with its name and value: those that the settings list, else all of them.
pub(super) fn custom<'a>(
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

/// `plan_name` as `Plan name`.
pub(super) fn label(key: &str) -> String {
    let mut label = String::with_capacity(key.len());
    for word in key.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '_' | '-')) {
        if word.is_empty() {
            continue;
        }
        if label.is_empty() {
            let mut letters = word.chars();
            label.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            label.push_str(letters.as_str());
        } else {
            label.push(' ');
            label.push_str(word);
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{custom, label, shown};
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

    #[test]
    fn names_a_key_for_people() {
        assert_eq!(label("plan_name"), "Plan name");
        assert_eq!(label("élan-vital"), "Élan vital");
        assert_eq!(label(" __a--b\n c_"), "A b c");
        assert_eq!(label(""), "");
    }
}
