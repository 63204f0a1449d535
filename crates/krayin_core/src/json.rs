//! JSON as programs write it, also where it is not quite JSON: what cannot be read costs itself and nothing beside it.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Deeper is no value that a page shows, and no reader goes much deeper.
const DEEPEST: usize = 100;

/// What stands for a character that is none.
const NO_CHARACTER: &str = "\\ufffd";

/// The fields as an object; of two with one name the later one. One by one: `collect` sorts them first, by code that is made
/// anew for each place that collects, and takes as much room as all else that such a place does.
pub(crate) fn object(fields: impl IntoIterator<Item = (String, Value)>) -> Map<String, Value> {
    let mut object = Map::new();
    object.extend(fields);
    object
}

/// Reads what is JSON in every respect. All JSON is read as text: a reader of bytes beside it would be as much code again.
pub(crate) fn strict<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_str(std::str::from_utf8(json).ok()?).ok()
}

/// Reads a record. Half a pair of surrogates, an escape that is none and a byte that is no text become a mark; control
/// characters in a text, numbers beyond any and what is nested too deep are read past.
///
/// # Errors
/// Where it is no JSON all the same, or none of the form that is wanted.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    // Checked once as a whole, not at each text.
    let as_it_is = std::str::from_utf8(json).map(serde_json::from_str);
    match as_it_is {
        Ok(Ok(record)) => Ok(record),
        Ok(Err(error)) if error.is_data() => Err(error),
        _ => serde_json::from_str(&mended(&String::from_utf8_lossy(json))),
    }
}

fn mended(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut depth = 0_usize;
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => rest = text(rest, &mut out),
            '{' | '[' if depth == DEEPEST => {
                rest = after_value(rest);
                out.push_str("null");
            }
            '-' | '0'..='9' => rest = number(rest, &mut out),
            _ => {
                match c {
                    '{' | '[' => depth += 1,
                    '}' | ']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                out.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}

/// Copies the text in quotes that `json` begins with, and returns what comes after it.
fn text<'a>(json: &'a str, out: &mut String) -> &'a str {
    out.push('"');
    let mut rest = json.get(1..).unwrap_or_default();
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => {
                out.push(c);
                return rest.get(1..).unwrap_or_default();
            }
            '\\' => escape(rest, out),
            c if c < ' ' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
                c.len_utf8()
            }
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    rest
}

/// Copies the escape that `rest` begins with, and returns how long it is.
fn escape(rest: &str, out: &mut String) -> usize {
    let unit = |from: usize| {
        let digits = rest.get(from..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let (mended, length) = match unit(0) {
        Some(0xd800..=0xdbff) if matches!(unit(6), Some(0xdc00..=0xdfff)) => (rest.get(..12).unwrap_or_default(), 12),
        Some(0xd800..=0xdfff) => (NO_CHARACTER, 6),
        Some(_) => (rest.get(..6).unwrap_or_default(), 6),
        None if rest.get(1..).is_some_and(|next| next.starts_with(['"', '\\', '/', 'b', 'f', 'n', 'r', 't'])) => {
            (rest.get(..2).unwrap_or_default(), 2)
        }
        None => ("\\\\", 1),
    };
    out.push_str(mended);
    length
}

/// Copies the number that `json` begins with, as a text where none is so large, and returns what comes after it.
fn number<'a>(json: &'a str, out: &mut String) -> &'a str {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    let (number, rest) = json.split_at(json.find(|c| !is_part(c)).unwrap_or(json.len()));
    if number.parse::<f64>().is_ok_and(f64::is_infinite) {
        out.push_str(&format!("\"{number}\""));
    } else {
        out.push_str(number);
    }
    rest
}

/// What comes after the object or list that `json` begins with.
fn after_value(json: &str) -> &str {
    let mut depth = 0_usize;
    let mut is_text = false;
    let mut is_escaped = false;
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' | b'[' if !is_text => depth += 1,
            b'}' | b']' if !is_text => {
                depth -= 1;
                if depth == 0 {
                    return json.get(at + 1..).unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::read;

    fn value(json: &str) -> Option<Value> {
        read(json.as_bytes()).ok()
    }

    #[test]
    fn half_a_pair_costs_one_character() {
        let table = [
            (r#"{"a": "x\ud83dy", "b": 1}"#, json!({"a": "x\u{fffd}y", "b": 1})),
            (r#"{"a": "x\udc4b", "b": 1}"#, json!({"a": "x\u{fffd}", "b": 1})),
            (r#"{"a": "\uD83D\uD83D\uDC4B\uDC4B"}"#, json!({"a": "\u{fffd}👋\u{fffd}"})),
            (r#"{"a": "\ud83d\ud83d"}"#, json!({"a": "\u{fffd}\u{fffd}"})),
            (r#"{"a": "\ud83d\\udc4b"}"#, json!({"a": "\u{fffd}\\udc4b"})),
            (r#"{"a": "\ud83d\n\"x"}"#, json!({"a": "\u{fffd}\n\"x"})),
            (
                r#"{"\ud83d": {"b\udc4b": ["\ud83d", {"c": "\udfff"}]}}"#,
                json!({"\u{fffd}": {"b\u{fffd}": ["\u{fffd}", {"c": "\u{fffd}"}]}}),
            ),
            (r#"{"a": "\\ud83d", "b": "\ud83d"}"#, json!({"a": "\\ud83d", "b": "\u{fffd}"})),
            (r#"{"a": "\u00e9\u0000", "b": "\ud83d"}"#, json!({"a": "é\0", "b": "\u{fffd}"})),
        ];
        for (json, expected) in table {
            assert_eq!(value(json), Some(expected), "{json}");
        }
    }

    #[test]
    fn what_cannot_be_read_costs_itself() {
        let table = [
            ("{\"a\": \"x\u{1}\ny\", \"b\": 1}", json!({"a": "x\u{1}\ny", "b": 1})),
            (r#"{"a": "\x\u12\u+123", "b": 1}"#, json!({"a": "\\x\\u12\\u+123", "b": 1})),
            (r#"{"a": 1e999, "b": [-1e400, 2]}"#, json!({"a": "1e999", "b": ["-1e400", 2]})),
            ("\u{feff}{\"a\": 1}", json!({"a": 1})),
        ];
        for (json, expected) in table {
            assert_eq!(value(json), Some(expected), "{json}");
        }
        assert_eq!(read::<Value>(b"{\"a\": \"Jos\xe9\", \"b\": 1}").unwrap(), json!({"a": "Jos\u{fffd}", "b": 1}));
        for (open, close) in [("[", "]"), ("{\"x\": ", "}")] {
            let deep = format!("{{\"a\": {}\"]}}\\\"\"{}, \"b\": 1}}", open.repeat(5_000), close.repeat(5_000));
            assert_eq!(value(&deep).unwrap()["b"], 1);
        }
    }

    #[test]
    fn what_is_no_json_is_none() {
        for json in
            ["", "{", "{\"a\": \"", "{\"a\": \"\\", "{\"a\": \"\\u", "[[[", "x", "{\"a\" 1}", "\\ud83d", "{\"a\": 1}}"]
        {
            assert_eq!(value(json), None, "{json}");
        }
        assert_eq!(value(&"[".repeat(100_000)), None);
        assert_eq!(value(&"{\"\\ud83d\":".repeat(100_000)), None);
    }
}
