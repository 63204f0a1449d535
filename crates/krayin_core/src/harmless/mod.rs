//! Text that is nothing but text on Krayin's pages, whoever wrote it.
//!
//! Krayin fills its pages in on the server and then has Vue compile the whole of them, so `{{ … }}` in any field is an
//! expression that runs in the colleague's browser, or blanks the page where it does not parse. Some fields are printed
//! unescaped besides, and an organization's name stands between the quotes of a script.
//!
//! `body::Body` is the only body that a request takes, and cannot be made without this step: what a mapper, a processor or a
//! caller of the client forgot is mended there. The mappers and the comparisons use the same functions, so that what was
//! made harmless is known again.
//!
//! | [`Place`] | fields | what changes |
//! |---|---|---|
//! | `Text` | a lead's description, an activity's `additional`, calls of no record | `{{` and `}}` get a space between them |
//! | `Line` | names, titles, addresses and numbers with their labels, attributes of one's own | the same, and the `<` of a tag becomes `‹` |
//! | `Raw` | job title, each part of an address | the same, and every `<`, `>` becomes `‹`, `›`, the `&` of a character reference `＆` |
//! | `Company` | an organization's name | the same, and `'` becomes `’`, `\` becomes `＼`, a line break a space |
//! | `Comment` | an activity's comment, which is HTML | every tag but those that the mappers write is escaped, braces as above |
//!
//! Everywhere a text that ends with `{` or begins with `}` gets a full-width one there: two fields that are printed
//! beside each other must not make a pair. Each function leaves a text without such things as it is, byte for byte, and
//! leaves what it made itself.

mod braces;
mod comment;
mod words;

use std::borrow::Cow;

use braces::break_pairs;
pub(crate) use comment::{comment, comment_beside};
pub(crate) use words::words;

use crate::text::cut_chars;

/// How Krayin's pages print a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Escaped, on a page that is compiled.
    Text,
    /// The same, on one line among others: nothing there is a tag.
    Line,
    /// Not escaped.
    Raw,
    /// Not escaped, and between the single quotes of a script.
    Company,
    /// Sanitised HTML.
    Comment,
}

impl Place {
    /// `text`, harmless there.
    pub fn harmless(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Text => break_pairs(text),
            Self::Line => then(break_pairs(text), no_tags),
            Self::Raw => then(break_pairs(text), no_markup),
            Self::Company => then(then(break_pairs(text), no_markup), no_quotes),
            Self::Comment => comment(text, ""),
        }
    }

    /// The same in at most `most` characters, cut with a mark.
    pub(crate) fn fitted(self, text: &str, most: usize) -> String {
        cut_chars(&self.harmless(text), most)
    }
}

/// The next step, without a copy where nothing changes.
fn then<'a>(text: Cow<'a, str>, step: impl for<'b> Fn(&'b str) -> Cow<'b, str>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => step(text),
        Cow::Owned(text) => match step(&text) {
            Cow::Borrowed(_) => Cow::Owned(text),
            Cow::Owned(changed) => Cow::Owned(changed),
        },
    }
}

/// Whether a browser takes what follows a `<` for a tag, a comment or an instruction.
fn begins_a_tag(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
}

fn no_tags(text: &str) -> Cow<'_, str> {
    let is_tag = |at: usize| text.get(at + 1..).is_some_and(begins_a_tag);
    if !text.match_indices('<').any(|(at, _)| is_tag(at)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.char_indices().map(|(at, c)| if c == '<' && is_tag(at) { '‹' } else { c }).collect())
}

fn no_markup(text: &str) -> Cow<'_, str> {
    let is_reference = |at: usize| text.get(at..).is_some_and(|rest| comment::reference(rest).is_some());
    let changes = |at: usize, c: char| matches!(c, '<' | '>') || (c == '&' && is_reference(at));
    if !text.char_indices().any(|(at, c)| changes(at, c)) {
        return Cow::Borrowed(text);
    }
    let shown = |(at, c): (usize, char)| match c {
        '<' => '‹',
        '>' => '›',
        '&' if is_reference(at) => '＆',
        c => c,
    };
    Cow::Owned(text.char_indices().map(shown).collect())
}

fn no_quotes(text: &str) -> Cow<'_, str> {
    let breaks = |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    if !text.contains(|c: char| matches!(c, '\'' | '\\') || breaks(c)) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match c {
        '\'' => '’',
        '\\' => '＼',
        c if breaks(c) => ' ',
        c => c,
    };
    Cow::Owned(text.replace("\r\n", "\n").chars().map(shown).collect())
}

/// Whether a text holds what no e-mail address and no number has: it is none, whatever its form.
pub fn is_code(text: &str) -> bool {
    text.contains(['{', '}', '<', '>', '`', '\\', '\0'])
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Place, is_code};

    const ALL: [Place; 5] = [Place::Text, Place::Line, Place::Raw, Place::Company, Place::Comment];

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            "",
            "Jane Doe",
            "5 < 6",
            "A & B",
            "AT&T",
            "<3",
            "a {one} brace",
            "{name}",
            "Zoë 日本 👋🏽",
            "\"quoted\"",
            "`tick`",
            "｛｛wide｝｝",
            "v-html",
            "$ {x}",
            "a\tb",
            "R&D; done",
        ] {
            for place in [Place::Text, Place::Line, Place::Comment] {
                assert!(matches!(place.harmless(text), Cow::Borrowed(kept) if kept == text), "{place:?} {text}");
            }
        }
        for text in ["Head of R&D", "a {b} c", "O’Reilly", "AT&T", "Müller & Söhne", "{name}"] {
            for place in ALL {
                assert!(matches!(place.harmless(text), Cow::Borrowed(kept) if kept == text), "{place:?} {text}");
            }
        }
    }

    #[test]
    fn each_place_has_its_rules() {
        // text, line, raw, company
        let table = [
            ("{{7*7}}", "{ {7*7} }", "{ {7*7} }", "{ {7*7} }", "{ {7*7} }"),
            ("<img src=x>", "<img src=x>", "‹img src=x>", "‹img src=x›", "‹img src=x›"),
            ("a < b > c", "a < b > c", "a < b > c", "a ‹ b › c", "a ‹ b › c"),
            ("</script><!--", "</script><!--", "‹/script>‹!--", "‹/script›‹!--", "‹/script›‹!--"),
            ("&#123;&#x7B;7", "&#123;&#x7B;7", "&#123;&#x7B;7", "＆#123;＆#x7B;7", "＆#123;＆#x7B;7"),
            (
                "&lbrace;&lcub;&amp;",
                "&lbrace;&lcub;&amp;",
                "&lbrace;&lcub;&amp;",
                "＆lbrace;＆lcub;&amp;",
                "＆lbrace;＆lcub;&amp;",
            ),
            ("L'Oréal", "L'Oréal", "L'Oréal", "L'Oréal", "L’Oréal"),
            ("a\r\nb\u{2028}c\\", "a\r\nb\u{2028}c\\", "a\r\nb\u{2028}c\\", "a\r\nb\u{2028}c\\", "a b c＼"),
            ("\\u007b\\u007b", "\\u007b\\u007b", "\\u007b\\u007b", "\\u007b\\u007b", "＼u007b＼u007b"),
        ];
        for (written, text, line, raw, company) in table {
            let places = [Place::Text, Place::Line, Place::Raw, Place::Company];
            for (place, expected) in places.into_iter().zip([text, line, raw, company]) {
                let shown = place.harmless(written);
                assert_eq!(shown, expected, "{place:?} {written}");
                assert_eq!(place.harmless(&shown), shown, "{place:?} {written}");
            }
        }
    }

    #[test]
    fn tells_code_from_addresses_and_numbers() {
        for text in ["{{7*7}}@example.com", "<img src=x>@x", "{{1}} 415 555 0182", "a`b@example.com"] {
            assert!(is_code(text), "{text}");
        }
        for text in ["o'brien+tag@example.com", "+1 (415) 555-0182 ext. 5", "ÖZGÜR@example.com"] {
            assert!(!is_code(text), "{text}");
        }
    }
}
