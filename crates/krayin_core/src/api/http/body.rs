//! The JSON in an answer's body, also where something stands around it.

use serde_json::{Deserializer, Value};

use crate::json;

/// Beginnings of JSON that are tried: PHP warns a few times, not more often.
const MOST: usize = 64;

/// The JSON of a body: whole, after a byte order mark, or between warnings that PHP wrote before and after it. A web page
/// is none, whatever it has inside.
pub(in crate::api) fn read(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if let Some(whole) = json::strict(body) {
        return Some(whole);
    }
    // A byte that is no text does not leave the record around it unread.
    let body = String::from_utf8_lossy(body);
    let start = body.trim_start();
    let begins_with = |word: &str| start.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    if begins_with("<!doctype") || begins_with("<html") {
        return None;
    }
    let starts = body.match_indices(['{', '[']).take(MOST);
    starts.filter_map(|(at, _)| body.get(at..)).find_map(answer)
}

/// An answer as Krayin writes them, and after it at most another warning.
fn answer(text: &str) -> Option<Value> {
    let mut values = Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next()?.ok()?;
    let rest = text.get(values.byte_offset()..)?.trim_start();
    let is_answer = ["data", "message", "errors"].iter().any(|key| value.get(key).is_some());
    (is_answer && (rest.is_empty() || rest.starts_with("<br") || rest.starts_with("\nWarning"))).then_some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn reads_what_stands_between_warnings() {
        let record = json!({"data": {"id": 5, "name": "{[\"é"}});
        let text = record.to_string();
        let warning =
            "<br />\n<b>Warning</b>:  Undefined array key [0] in <b>/var/www/{x}.php</b> on line <b>5</b><br />\n";
        for body in [
            text.clone(),
            format!("\u{feff}{text}"),
            format!("{warning}{text}"),
            format!("{warning}{warning}{text}\n"),
            format!("\nWarning: Module \"x\" is already loaded in Unknown on line 0\n{text}"),
            format!("{text}\n{warning}"),
        ] {
            assert_eq!(read(body.as_bytes()).as_ref(), Some(&record), "{body}");
        }
    }

    #[test]
    fn a_byte_that_is_no_text_is_read_as_a_mark() {
        let body = [b"{\"data\":{\"id\":5,\"name\":\"Jos".as_slice(), &[0xe9], b"\"}}"].concat();
        assert_eq!(read(&body), Some(json!({"data": {"id": 5, "name": "Jos\u{fffd}"}})));
        assert_eq!(read(b"<html>\xff{\"data\":1}"), None);
    }

    #[test]
    fn a_page_is_none() {
        for body in [
            "",
            "<html><script>var x = {\"data\": {\"id\": 5}}</script></html>",
            "<!DOCTYPE html>{\"data\": 5}",
            "<html>é日本語{\"data\": {\"id\": 5}}<br>",
            "OK {\"status\": 1}",
            "{\"data\": {\"id\": 5",
            "{\"data\": 5} and more",
        ] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
        let open = "[".repeat(100_000);
        assert_eq!(read(open.as_bytes()), None);
        assert_eq!(read(&[0xff, b'{', b'}']), None);
    }
}
