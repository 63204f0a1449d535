use std::borrow::Cow;

use crate::text;

/// `text` on one line of at most `most` characters, cut with a mark; nothing in it turns the direction of what stands
/// beside it.
pub(crate) fn line(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most && is_plain(text) {
        return Cow::Borrowed(text);
    }
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: Cow<'_, str> = if text.contains(turns) { text.replace(turns, "").into() } else { text.into() };
    Cow::Owned(text::cut_chars(&text::one_line(&kept), most))
}

/// Whether it is a line already: ASCII with single blanks between words, which most are.
fn is_plain(text: &str) -> bool {
    let mut is_after_blank = true;
    for byte in text.bytes() {
        if !matches!(byte, b' '..=b'~') || (is_after_blank && byte == b' ') {
            return false;
        }
        is_after_blank = byte == b' ';
    }
    !is_after_blank || text.is_empty()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::line;

    #[test]
    fn is_one_line_that_fits() {
        let table = [
            ("Jane Doe", "Jane Doe"),
            (" Jane\n\tDoe ", "Jane Doe"),
            ("Jane  Doe", "Jane Doe"),
            ("Jane\u{7f}", "Jane"),
            ("Zoë 日本", "Zoë 日本"),
            ("\u{202e}eve\u{2066}", "eve"),
            ("0123456789", "0123456789"),
            ("0123456789x", "012345678…"),
            ("éééééééééé", "éééééééééé"),
            (" ", ""),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(line(text, 10), expected, "{text:?}");
        }
        assert!(matches!(line("Jane Doe", 10), Cow::Borrowed(_)));
    }
}
