//! What of an answer a client can see, and where two answers differ in it.
//!
//! Compared: the status; which rate headers are there; JSON or not; the body's shape (keys and types of values; of
//! lists how many and the first one's shape); validation errors word for word; what a step measured; whether small
//! values that were sent come back. Not compared: ids, dates, tokens, texts of exceptions, addresses.

use serde_json::{Map, Value, json};

/// Keys whose texts are not looked into.
const LOOSE: [&str; 14] = [
    "message",
    "exception",
    "file",
    "line",
    "trace",
    "url",
    "path",
    "first",
    "last",
    "next",
    "prev",
    "label",
    "links",
    "meta",
];

/// Drops what is bulk and not contract, as the recordings did.
pub fn slim(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| {
                let slimmed = match (key.as_str(), value) {
                    ("trace", _) => json!("<trace>"),
                    ("file", Value::String(text)) if text.contains('/') => json!("<file>"),
                    ("permissions", Value::Array(items)) if items.len() > 3 => json!("<permissions>"),
                    _ => slim(value),
                };
                (key.clone(), slimmed)
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().take(30).map(slim).collect(),
        Value::String(text) if text.chars().count() > 1500 => {
            json!(text.chars().take(1500).chain("<cut>".chars()).collect::<String>())
        }
        other => other.clone(),
    }
}

/// A scenario's own mark: eight hexadecimal digits.
pub fn is_tag(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// A scenario's own mark at the end of a key stands for any other.
fn plain(key: &str) -> String {
    match key.len().checked_sub(8).and_then(|at| key.split_at_checked(at)) {
        Some((start, tag)) if is_tag(tag) => format!("{start}<tag>"),
        _ => key.to_owned(),
    }
}

/// The same for marks anywhere in a text.
fn untagged(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < characters.len() {
        let tag: String = characters.iter().skip(at).take(8).collect();
        if is_tag(&tag) {
            out.push_str("<tag>");
            at += 8;
        } else {
            out.push(characters[at]);
            at += 1;
        }
    }
    out
}

/// JSON with everything beyond ASCII escaped, so that a mark is looked for in the same text as the recordings' own
/// comparison looks in.
fn ascii(value: &Value) -> String {
    let mut out = String::new();
    for character in value.to_string().chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

fn is_date(text: &str) -> bool {
    let form = b"0000-00-00T00:00:00";
    text.len() >= form.len()
        && text
            .bytes()
            .zip(form)
            .all(|(byte, wanted)| if *wanted == b'0' { byte.is_ascii_digit() } else { byte == *wanted })
}

/// By key, so that of two keys that differ in their mark alone the same one is looked at.
fn sorted(fields: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_unstable_by_key(|(key, _)| key.as_str());
    fields.into_iter()
}

/// Equal as the recordings' own comparison has it: a yes is 1, and 1 is 1.0.
fn equal(one: &Value, two: &Value) -> bool {
    let number = |value: &Value| value.as_f64().or(value.as_bool().map(|yes| f64::from(u8::from(yes))));
    one == two || number(one).is_some_and(|one| number(two) == Some(one))
}

/// Keys and types.
fn shape(value: &Value, key: &str) -> Value {
    match value {
        Value::Object(_) if key == "meta" || key == "links" => json!(key),
        Value::Object(fields) => sorted(fields)
            .map(|(key, value)| {
                let is_loose = LOOSE.contains(&key.as_str()) && value.is_string();
                (plain(key), if is_loose { json!("text") } else { shape(value, key) })
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => json!([items.len(), items.first().map(|first| shape(first, ""))]),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(text) if is_date(text) => json!("date"),
        Value::String(_) => json!("string"),
        Value::Null => json!("null"),
    }
}

/// What a client can see of a step: its request and a response in the recordings' form.
pub fn view(request: &Value, response: &Value, measured: &Value) -> Value {
    let body = &response["body"];
    let status = response["status"].as_u64().unwrap_or_default();
    let mut rate: Vec<&str> = response["headers"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .filter(|name| name.starts_with("x-ratelimit") || *name == "retry-after")
        .collect();
    rate.sort_unstable();
    let mut seen = json!({"status": status, "rate": rate, "json": !body.is_null(), "measured": measured});
    if body.is_object() && status == 422 {
        seen["message"] = json!(untagged(body["message"].as_str().unwrap_or_default()));
        let errors = untagged(&ascii(&body["errors"]));
        seen["errors"] = serde_json::from_str(&errors).unwrap_or_default();
    } else if !body.is_null() {
        seen["shape"] = shape(body, "");
        if let (Some(sent), Some(data), 200) = (request["body"].as_object(), body["data"].as_object(), status) {
            let echo = sorted(sent).filter(|(key, value)| {
                (value.is_string() || value.is_i64() || value.is_u64() || value.is_boolean()) && data.contains_key(*key)
            });
            seen["echo"] = echo
                .map(|(key, value)| (plain(key), json!(data.get(key).is_some_and(|there| equal(there, value)))))
                .collect::<Map<_, _>>()
                .into();
        }
    }
    seen
}

/// Where two views differ, a line each.
pub fn differences(real: &Value, other: &Value, path: &str) -> Vec<String> {
    match (real, other) {
        (Value::Object(one), Value::Object(two)) => {
            let mut keys: Vec<&String> = one.keys().chain(two.keys()).collect();
            keys.sort();
            keys.dedup();
            keys.into_iter()
                .flat_map(|key| {
                    let path = format!("{path}.{key}");
                    match (one.get(key), two.get(key)) {
                        (Some(one), Some(two)) => differences(one, two, &path),
                        (Some(one), None) => vec![format!("{path}: {} | absent", short(one))],
                        (None, Some(two)) => vec![format!("{path}: absent | {}", short(two))],
                        (None, None) => Vec::new(),
                    }
                })
                .collect()
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => one
            .iter()
            .zip(two)
            .enumerate()
            .flat_map(|(at, (one, two))| differences(one, two, &format!("{path}[{at}]")))
            .collect(),
        (one, two) if one == two => Vec::new(),
        (one, two) => vec![format!("{path}: {} | {}", short(one), short(two))],
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() < 90 { text } else { text.chars().take(87).chain("...".chars()).collect() }
}
