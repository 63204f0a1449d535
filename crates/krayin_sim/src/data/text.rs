//! How the database keeps and compares texts.

use std::borrow::Cow;

/// The most characters of a short text column. The rest is cut without a word.
pub(crate) const SHORT: usize = 255;
/// The most bytes of a long text column. The rest is cut without a word, at a character's end.
pub(crate) const LONG: usize = 65_535;

/// The first 255 characters.
pub(crate) fn short(text: &str) -> &str {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

/// The first 65,535 bytes, whole characters only.
pub(crate) fn long(text: &str) -> &str {
    let end = (0..=LONG.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// What two texts of a case-insensitive column have in common when they are equal.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    let text = text.trim_end_matches(' ');
    if text.bytes().any(|byte| byte >= 128 || byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// JSON as PHP's `json_encode` stores it in a JSON column: no spaces, `/` and everything beyond ASCII escaped. A search
/// by LIKE sees this very text.
pub(crate) fn stored_json(value: &serde_json::Value) -> String {
    let plain = value.to_string();
    if plain.bytes().all(|byte| byte.is_ascii() && byte != b'/') {
        return plain;
    }
    let mut stored = String::with_capacity(plain.len() + 16);
    for character in plain.chars() {
        match character {
            '/' => stored.push_str("\\/"),
            ascii if ascii.is_ascii() => stored.push(ascii),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    stored.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    stored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_keep_whole_characters() {
        assert_eq!(short(&"é".repeat(300)).chars().count(), 255);
        assert_eq!(long(&"é".repeat(40_000)).len(), 65_534);
        assert_eq!(short("ok"), "ok");
    }

    #[test]
    fn json_is_stored_as_php_writes_it() {
        let value = serde_json::json!([{"value": "é/👋"}]);
        assert_eq!(stored_json(&value), r#"[{"value":"\u00e9\/\ud83d\udc4b"}]"#);
    }
}
