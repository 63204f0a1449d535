//! A request's fields, read as loosely as PHP reads them.

use serde_json::{Map, Value};

/// The fields of a body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input(pub(crate) Map<String, Value>);

impl Input {
    /// Reads a body. One that cannot be parsed is as good as none: the server goes on without fields.
    pub(crate) fn read(content_type: &str, body: &[u8], blank_becomes_null: bool) -> Self {
        let mut value = if content_type.contains("json") {
            serde_json::from_slice(body).unwrap_or(Value::Null)
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            form(&String::from_utf8_lossy(body))
        } else {
            Value::Null
        };
        trim_texts(&mut value);
        if blank_becomes_null {
            nullify_blanks(&mut value);
        }
        match value {
            // PHP makes a list of one of it.
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                Self([("0".to_owned(), value)].into_iter().collect())
            }
            Value::Object(fields) => Self(fields.into_iter().map(|(field, value)| (field, listed(value))).collect()),
            Value::Array(items) => {
                Self(items.into_iter().enumerate().map(|(at, item)| (at.to_string(), listed(item))).collect())
            }
            Value::Null => Self::default(),
        }
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Whether an update writes this text: the key is there, and `null_keeps` does not make null mean nothing.
    pub(crate) fn writes_text(&self, field: &str, null_keeps: bool) -> bool {
        self.0.get(field).is_some_and(|value| !(null_keeps && value.is_null()))
    }

    /// The field's value, unless it is absent or null.
    pub(crate) fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    /// The value as the database would store it in a text column.
    pub(crate) fn text(&self, field: &str) -> Option<String> {
        self.get(field).and_then(text)
    }

    /// The value as an id. Zero and blank are none.
    pub(crate) fn id(&self, field: &str) -> Option<u64> {
        self.get(field).and_then(number).filter(|id| *id != 0)
    }
}

/// PHP knows no difference between a list and an object with the keys 0, 1, 2, …
pub(crate) fn as_list(value: Value) -> Value {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let mut numbered: Vec<(usize, &Value)> =
                fields.iter().filter_map(|(key, value)| Some((canonical(key)?, value))).collect();
            numbered.sort_by_key(|(at, _)| *at);
            let in_order = numbered.iter().enumerate().all(|(at, (key, _))| at == *key);
            if numbered.len() == fields.len() && in_order {
                Value::Array(numbered.into_iter().map(|(_, value)| value.clone()).collect())
            } else {
                Value::Object(fields)
            }
        }
        other => other,
    }
}

/// The number that a key is, if it is written as PHP writes one.
fn canonical(key: &str) -> Option<usize> {
    key.parse().ok().filter(|number: &usize| number.to_string() == key)
}

fn listed(value: Value) -> Value {
    as_list(match value {
        Value::Array(items) => Value::Array(items.into_iter().map(listed).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, value)| (key, listed(value))).collect()),
        other => other,
    })
}

/// A scalar as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(true) => Some("1".into()),
        Value::Bool(false) => Some("0".into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A scalar as a whole number: what digits a text begins with.
pub(crate) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => leading_number(text),
        Value::Bool(flag) => Some(u64::from(*flag)),
        _ => None,
    }
}

pub(crate) fn leading_number(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// What PHP's `empty()` says: null, blank, zero, an empty list.
pub(crate) fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::String(text)) => text.is_empty() || text == "0",
        Some(Value::Number(number)) => number.as_f64() == Some(0.0),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(Value::Bool(true)) => false,
    }
}

/// What Laravel's `required` refuses: null, a blank text, an empty list.
pub(crate) fn is_absent(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(_) => false,
    }
}

/// Every text of a request is trimmed.
fn trim_texts(value: &mut Value) {
    match value {
        Value::String(text) => {
            let trimmed = trim(text);
            if trimmed.len() < text.len() {
                *text = trimmed.to_owned();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(trim_texts),
        Value::Object(fields) => fields.values_mut().for_each(trim_texts),
        _ => {}
    }
}

/// Cuts what Laravel takes for blank off both ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| {
        matches!(character, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{feff}' | '\u{200b}' | '\u{200e}')
    })
}

fn nullify_blanks(value: &mut Value) {
    match value {
        Value::String(text) if text.is_empty() => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(nullify_blanks),
        Value::Object(fields) => fields.values_mut().for_each(nullify_blanks),
        _ => {}
    }
}

fn form(body: &str) -> Value {
    Value::Object(pairs(body).into_iter().map(|(field, value)| (field, Value::String(value))).collect())
}

/// Splits `a=1&b=2`, decoded.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (field, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(field), decode(value))
        })
        .collect()
}

/// Undoes percent encoding and `+`.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => match after {
                [high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    bytes.push(hex(*high) * 16 + hex(*low));
                    rest = tail;
                }
                _ => bytes.push(b'%'),
            },
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned())
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.saturating_sub(b'A') + 10,
    }
}

/// Percent encoding as PHP's `http_build_query` writes it.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded() {
        assert_eq!(
            pairs("search=emails%3Aa%2Bb&x=1+2&y=%zz&é=%C3%A9"),
            [("search", "emails:a+b"), ("x", "1 2"), ("y", "%zz"), ("é", "é")]
                .map(|(field, value)| (field.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn a_malformed_body_is_no_body() {
        assert!(Input::read("application/json", b"{not json", false).0.is_empty());
        assert!(Input::read("application/json", b"null", false).0.is_empty());
        assert!(Input::read("application/json", b"7", false).has("0"));
        assert!(!Input::read("application/json", b"[1]", false).has("1"));
    }

    #[test]
    fn blanks_become_null_at_any_depth() {
        let input = Input::read("application/json", br#"{"a":[{"value":""}],"b":" ","c":"0"}"#, true);
        assert_eq!(input.0["a"][0]["value"], Value::Null);
        assert_eq!((input.text("b"), input.text("c").as_deref()), (None, Some("0")));
    }

    #[test]
    fn texts_are_trimmed_at_any_depth() {
        let input =
            Input::read("application/json", "{\"a\":[{\"value\":\" x y\\n\"}],\"b\":\"\u{feff} \"}".as_bytes(), false);
        assert_eq!((&input.0["a"][0]["value"], &input.0["b"]), (&Value::from("x y"), &Value::from("")));
    }
}
