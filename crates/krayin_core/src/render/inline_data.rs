use std::borrow::Cow;

use crate::text::after_start;

/// What stands for a picture that is part of a text.
pub(crate) const IMAGE: &str = "[image]";
/// What stands for another file that is part of a text.
const FILE: &str = "[file]";

/// Base64 in mail is broken into lines of 76 characters; what is shorter may be the words that follow.
const SHORTEST_LINE: usize = 40;

/// An image's description or title that is longer is none.
const LONGEST_LABEL: usize = 1_000;

/// `text` with a word for each file that is written out in it: `data:` addresses, alone or as an image of markdown, and the
/// parts of a mail that `[cid:…]` names.
///
/// Each character is looked at a fixed number of times at most.
pub(crate) fn without_inline_data(text: &str) -> Cow<'_, str> {
    if !may_hold_one(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut from = 0;
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        let rest = text.get(at..).unwrap_or_default();
        let found = match byte {
            b'd' | b'D' => data(rest, text, at),
            b'c' | b'C' => cid(rest, text, at),
            _ => None,
        };
        let Some((word, length)) = found else {
            at += 1;
            continue;
        };
        let end = at + length;
        let (start, end, word) = in_markdown(text, from, at, end).map_or((at, end, Cow::Borrowed(word)), |image| {
            let label = text.get(image.label.0..image.label.1).unwrap_or_default().trim();
            (image.start, image.end, if label.is_empty() { Cow::Borrowed(word) } else { Cow::Borrowed(label) })
        });
        let (start, end) = in_brackets(text, start, end).unwrap_or((start, end));
        out.push_str(text.get(from..start).unwrap_or_default());
        out.push_str(&word);
        from = end;
        at = end;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// Whether the name of a scheme stands before a colon, of which most texts have none.
fn may_hold_one(text: &str) -> bool {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(':') {
        let before = before.as_bytes();
        let is_data = before.last_chunk::<4>().is_some_and(|end| end.eq_ignore_ascii_case(b"data"));
        let is_cid = before.last_chunk::<3>().is_some_and(|end| end.eq_ignore_ascii_case(b"cid"));
        if is_data || is_cid {
            return true;
        }
        rest = after;
    }
    false
}

fn is_word_before(text: &str, at: usize) -> bool {
    text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(|c| c.is_alphanumeric())
}

/// The word for the `data:` address that `rest` begins with, and its length.
fn data(rest: &str, text: &str, at: usize) -> Option<(&'static str, usize)> {
    let head = after_start(rest, "data:")?;
    if is_word_before(text, at) {
        return None;
    }
    let is_head =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+' | b'-' | b'.' | b';' | b'=' | b'_');
    let length = head.bytes().take(200).take_while(|byte| is_head(*byte)).count();
    let (kind, body) = head.split_at_checked(length)?;
    let body = body.strip_prefix(',')?;
    let is_image = after_start(kind, "image/").is_some();
    let lower = kind.to_ascii_lowercase();
    // `data:,x` has no type; people write `data:` before a list, too.
    if !kind.contains('/') && !lower.ends_with("base64") {
        return None;
    }
    let taken = if lower.ends_with("base64") { base64(body) } else { address(body) };
    Some((if is_image { IMAGE } else { FILE }, "data:".len() + length + 1 + taken))
}

/// The length of the base64 that `text` begins with, whatever lines it is broken into.
fn base64(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_' | b'%');
    let run = |from: usize| bytes.get(from..).unwrap_or_default().iter().take_while(|byte| is_base64(byte)).count();
    let mut end = run(0);
    loop {
        let blanks = bytes.get(end..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let next = end + blanks;
        let length = run(next);
        if blanks == 0 || blanks > 4 || length < SHORTEST_LINE {
            // The last line of what was broken is short, and ends as base64 does.
            let is_last = blanks > 0 && blanks <= 4 && length > 0 && bytes.get(next + length - 1) == Some(&b'=');
            return if is_last { next + length } else { end };
        }
        end = next + length;
    }
}

/// The length of the rest of an address.
fn address(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ')' | ']' | '>' | '<')).unwrap_or(text.len())
}

/// The word for the part of a mail that `[cid:…]` or `(cid:…)` names.
fn cid(rest: &str, text: &str, at: usize) -> Option<(&'static str, usize)> {
    let name = after_start(rest, "cid:")?;
    let opens = text.get(..at).and_then(|before| before.chars().next_back());
    let length = name
        .bytes()
        .take(300)
        .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'[' | b']' | b'(' | b')'))
        .count();
    let closes = name.get(length..).and_then(|after| after.chars().next());
    let is_enclosed = matches!((opens, closes), (Some('['), Some(']')) | (Some('('), Some(')')));
    (is_enclosed && length > 0).then_some((IMAGE, "cid:".len() + length))
}

/// An image of markdown.
struct Image {
    start: usize,
    end: usize,
    label: (usize, usize),
}

/// The image or link of markdown whose address stands from `at` to `end`, with its title.
fn in_markdown(text: &str, from: usize, at: usize, end: usize) -> Option<Image> {
    let before = text.get(from..at)?;
    let before = before.strip_suffix('<').unwrap_or(before);
    let label_end = from + before.strip_suffix("](")?.len();
    let label_begin = from.max(label_end.saturating_sub(LONGEST_LABEL));
    let open = text.as_bytes().get(label_begin..label_end)?.iter().rposition(|byte| *byte == b'[')?;
    let label = label_begin + open + 1;
    let opening = label - 1;
    let start = if text.get(..opening)?.ends_with('!') { opening - 1 } else { opening };
    let after = text.get(end..)?;
    let close = after.bytes().take(LONGEST_LABEL).position(|byte| byte == b')')?;
    let title = after.get(..close)?.trim_start_matches('>').trim();
    let is_title = title.is_empty() || title.starts_with(['"', '\'']);
    (is_title && start >= from).then(|| Image { start, end: end + close + 1, label: (label, label_end) })
}

/// The brackets around a word that has its own.
fn in_brackets(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let is_enclosed = text.get(..start)?.ends_with('[') && text.get(end..)?.starts_with(']');
    is_enclosed.then(|| (start - 1, end + 1))
}

#[cfg(test)]
mod tests {
    use super::without_inline_data;

    #[test]
    fn a_word_stands_for_a_file() {
        let long = "iVBORw0KGgo".repeat(30_000);
        let table = [
            (format!("Before ![](data:image/png;base64,{long}) after"), "Before [image] after"),
            (format!("Before ![a cat](data:image/png;base64,{long}) after"), "Before a cat after"),
            (format!("![x](<data:image/gif;base64,{long}> \"Title\")!"), "x!"),
            (format!("[offer](data:application/pdf;base64,{long})"), "offer"),
            (format!("Before data:image/jpeg;base64,{long} after"), "Before [image] after"),
            (format!("see DATA:Image/PNG;name=a.png;BASE64,{long}=="), "see [image]"),
            (
                "data:image/png;base64,".to_owned() + &"A".repeat(76) + "\r\n" + &"B".repeat(76) + "\r\nCCC=\r\nThanks",
                "[image]\r\nThanks",
            ),
            ("data:image/svg+xml;utf8,%3Csvg%3E end".into(), "[image] end"),
            ("data:text/html,x y".into(), "[file] y"),
            ("data:;base64,AAAA y".into(), "[file] y"),
            ("[cid:image001.png@01DA.5F] Jane".into(), "[image] Jane"),
            ("![logo](cid:logo) Jane".into(), "logo Jane"),
            ("a ![](data:image/png;base64,AA==) b ![](data:image/png;base64,BB==) c".into(), "a [image] b [image] c"),
            (
                "our data: a, b; metadata:image/png,x; cid:5; data:one,two; (data:)".into(),
                "our data: a, b; metadata:image/png,x; cid:5; data:one,two; (data:)",
            ),
            ("é data".into(), "é data"),
        ];
        for (text, expected) in table {
            assert_eq!(without_inline_data(&text), expected, "{:.60}", text);
        }
    }

    #[test]
    fn is_total() {
        for text in [
            "data:",
            "![](data:image/png;base64,",
            "data:image/png;base64",
            "](data:image/png,",
            "[cid:",
            "cid:é",
            "![](cid:",
            "data:é/,",
        ] {
            without_inline_data(text);
            without_inline_data(&text.repeat(20_000));
        }
    }
}
