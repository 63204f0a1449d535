use serde_json::Value;

use crate::text;

/// A custom attribute's value for people. What names an address, a secret or a session of someone's is not theirs to
/// see, whoever defined it.
pub(super) fn shown(key: &str, value: &Value) -> Option<String> {
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
    if PRIVATE.iter().any(|word| lower.contains(word)) || words().any(|word| matches!(word, "ip" | "ipv4" | "ipv6")) {
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

/// `plan_name` as `Plan name`.
pub(super) fn label(key: &str) -> String {
    let words = text::one_line(&key.replace(['_', '-'], " "));
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{label, shown};

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
    fn names_a_key_for_people() {
        assert_eq!(label("plan_name"), "Plan name");
        assert_eq!(label("élan-vital"), "Élan vital");
        assert_eq!(label(""), "");
    }
}
