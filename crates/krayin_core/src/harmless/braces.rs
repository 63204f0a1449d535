use std::borrow::Cow;

/// Two braces of a kind get a space between them, and one at an edge where another field could make a pair of it becomes
/// a full-width one: no server trims that.
pub(super) fn break_pairs(text: &str) -> Cow<'_, str> {
    if !text.contains(['{', '}', '\0']) || !has_pairs(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    // A browser drops the null character, and what stood on both sides of it meets.
    for c in text.chars().filter(|c| *c != '\0') {
        if matches!(c, '{' | '}') && out.ends_with(c) {
            out.push(' ');
        }
        out.push(c);
    }
    if let Some(at) = first(&out).filter(|(_, c)| *c == '}').map(|(at, _)| at) {
        out.replace_range(at..=at, WIDE_CLOSING);
    }
    if let Some(at) = last(&out).filter(|(_, c)| *c == '{').map(|(at, _)| at) {
        out.replace_range(at..=at, WIDE_OPENING);
    }
    Cow::Owned(out)
}

pub(super) const WIDE_OPENING: &str = "｛";
pub(super) const WIDE_CLOSING: &str = "｝";

fn has_pairs(text: &str) -> bool {
    text.contains('\0')
        || text.contains("{{")
        || text.contains("}}")
        || first(text).is_some_and(|(_, c)| c == '}')
        || last(text).is_some_and(|(_, c)| c == '{')
}

/// The first character that a server leaves there when it trims.
fn first(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(_, c)| !is_trimmed(*c))
}

fn last(text: &str) -> Option<(usize, char)> {
    text.char_indices().rfind(|(_, c)| !is_trimmed(*c))
}

/// What a server may take away at the edges of a text: white space and what cannot be seen.
pub(super) fn is_trimmed(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::break_pairs;

    #[test]
    fn no_pair_is_left_and_none_can_come_about() {
        let table = [
            ("{{7*7}}", "{ {7*7} }"),
            ("{ {7*7} }", "{ {7*7} }"),
            ("{{{", "{ { ｛"),
            ("}}}", "｝ } }"),
            ("a {{}} b", "a { {} } b"),
            ("{{}}", "{ {} }"),
            ("}}{{", "｝ }{ ｛"),
            ("a{", "a｛"),
            ("{7*7}}", "{7*7} }"),
            ("a{ \u{feff}", "a｛ \u{feff}"),
            ("\u{200b}}b", "\u{200b}｝b"),
            ("{\0{", "{ ｛"),
            ("{", "｛"),
            ("}", "｝"),
            ("\0", ""),
            ("{}", "{}"),
        ];
        for (text, expected) in table {
            let broken = break_pairs(text);
            assert_eq!(broken, expected, "{text:?}");
            assert_eq!(break_pairs(&broken), expected, "{text:?}");
        }
        let many = "{".repeat(10_000);
        assert!(!break_pairs(&many).contains("{{"));
        // Beside each other, in either order.
        for (left, right) in [("a{", "{7*7}}"), ("{{7*7}", "}"), ("x{", "{"), ("}", "}x")] {
            let beside = format!("{}{}", break_pairs(left), break_pairs(right));
            assert!(!beside.contains("{{") && !beside.contains("}}"), "{beside}");
        }
    }
}
