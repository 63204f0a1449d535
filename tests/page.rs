//! What Krayin's pages would take for code, told without the crate's own words for it: the oracle of what makes text
//! harmless.

use std::sync::Mutex;

use krayin_core::{
    BoxFuture,
    api::{Request, Response, Transport, TransportError},
};
use serde_json::Value;

/// How a page prints a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Printed {
    /// Escaped, then compiled.
    Escaped,
    /// Escaped, on a line where nothing is a tag.
    Line,
    /// As it is.
    Raw,
    /// As it is, and between the single quotes of a script.
    Script,
    /// Sanitised HTML.
    Html,
}

/// Fails where a field of `body`, sent to `path`, holds what a page would take for code.
pub fn check_payload(path: &str, body: &Value) {
    check_fields(record(path), body);
}

fn record(path: &str) -> &'static str {
    ["persons", "organizations", "leads", "activities", "tags"]
        .into_iter()
        .find(|name| path.split(['/', '?']).any(|part| part == *name))
        .unwrap_or_default()
}

fn check_fields(record: &str, fields: &Value) {
    for (key, value) in fields.as_object().into_iter().flatten() {
        if key == "person" && value.is_object() {
            check_fields("persons", value);
            continue;
        }
        let printed = match (record, key.as_str()) {
            ("persons", "organization_name") | ("organizations", "name") => Printed::Script,
            ("persons", "job_title") | ("organizations", "address") => Printed::Raw,
            ("activities", "comment") => Printed::Html,
            ("leads", "description") | ("activities", "additional") | ("", _) => Printed::Escaped,
            _ => Printed::Line,
        };
        for text in texts(value) {
            if let Some(why) = code(printed, text) {
                panic!("{record}.{key} {why}: {text:?}");
            }
        }
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(entries) => entries.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn code(printed: Printed, text: &str) -> Option<&'static str> {
    let whole = match printed {
        Printed::Html => {
            let (shown, foreign) = without_tags(text);
            if foreign {
                return Some("has a tag that is not ours");
            }
            shown
        }
        Printed::Raw | Printed::Script => decoded(text),
        Printed::Escaped | Printed::Line => text.to_owned(),
    };
    let whole = whole.replace('\0', "");
    let shown = whole.trim();
    if whole.contains("{{") || whole.contains("}}") {
        return Some("has a pair of braces");
    }
    if shown.ends_with('{') || shown.starts_with('}') {
        return Some("has half a pair at an edge");
    }
    let begins_a_tag = |(at, _): (usize, &str)| {
        text[at + 1..].chars().next().is_some_and(|c| c.is_ascii_alphabetic() || "/!?".contains(c))
    };
    match printed {
        Printed::Raw | Printed::Script if text.contains(['<', '>']) => Some("has markup"),
        Printed::Line if text.match_indices('<').any(begins_a_tag) => Some("has a tag"),
        Printed::Script if text.contains(['\'', '\\', '\n', '\r', '\u{2028}', '\u{2029}']) => Some("ends a quote"),
        _ => None,
    }
}

/// The text of HTML as a browser reads it, and whether it has a tag beside those that only give it a form.
///
/// No reference goes on behind a tag: what stands on either side of one is read by itself.
fn without_tags(html: &str) -> (String, bool) {
    let mut shown = String::new();
    let mut foreign = false;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        shown.push_str(&decoded(&rest[..at]));
        let tail = &rest[at + 1..];
        let is_tag = tail.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || "/!?".contains(c));
        if !is_tag {
            shown.push('<');
            rest = tail;
            continue;
        }
        let end = tail.find('>').unwrap_or(tail.len());
        let tag = &tail[..end];
        let simple = tag.trim_matches(['/', ' ']).chars().all(|c| c.is_ascii_alphanumeric());
        let named = |name: &str| tag.trim_matches(['/', ' ']).eq_ignore_ascii_case(name);
        let dangerous = ["script", "style", "svg", "math", "iframe", "template", "slot", "textarea", "title", "object"];
        let link = ["a href=\"http://", "a href=\"https://", "a href=\"mailto:"];
        let lower = tag.to_lowercase();
        let is_link = link.iter().any(|start| lower.starts_with(start)) && !lower.contains("on") || {
            let after = tag.split('"').skip(2).collect::<String>();
            link.iter().any(|start| lower.starts_with(start)) && !after.contains("on")
        };
        foreign |= tag.contains("{{") || !(is_link || (simple && !dangerous.iter().any(|name| named(name))));
        rest = tail.get(end + 1..).unwrap_or_default();
    }
    shown.push_str(&decoded(rest));
    (shown, foreign)
}

/// The text with the references to braces replaced by these, as a browser reads them.
fn decoded(text: &str) -> String {
    let mut text = text.replace("&lbrace;", "{").replace("&lcub;", "{");
    text = text.replace("&rbrace;", "}").replace("&rcub;", "}");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("&#") {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 2..];
        let hex = tail.starts_with(['x', 'X']);
        let digits: String =
            tail.chars().skip(usize::from(hex)).take_while(|c| c.is_digit(if hex { 16 } else { 10 })).collect();
        let value = u32::from_str_radix(&digits, if hex { 16 } else { 10 }).ok();
        let end = usize::from(hex) + digits.len();
        match value {
            Some(0x7b) => out.push('{'),
            Some(0x7d) => out.push('}'),
            _ => out.push_str(&rest[at..at + 2 + end]),
        }
        rest = &tail[end..];
        if matches!(value, Some(0x7b | 0x7d)) {
            rest = rest.strip_prefix(';').unwrap_or(rest);
        }
    }
    out.push_str(rest);
    out
}

/// Keeps each request's path and body, and answers as if all went well.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<(String, Value)>>);

impl Recorder {
    /// What was sent so far, in order: path and body.
    pub fn sent(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().clone()
    }
}

impl Transport for Recorder {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        let path = request.url.split("/api/v1/").nth(1).unwrap_or(&request.url).to_owned();
        if let Some(body) = &request.body {
            self.0.lock().unwrap().push((path.clone(), serde_json::from_slice(body).unwrap()));
        }
        let data = if request.body.is_some() { "{\"id\":1}" } else { "[]" };
        let body = format!("{{\"data\":{data},\"message\":\"\"}}").into_bytes();
        Box::pin(std::future::ready(Ok(Response { status: 200, headers: Vec::new(), body })))
    }
}
