use std::borrow::Cow;

use super::{
    begins_a_tag,
    braces::{WIDE_CLOSING, WIDE_OPENING, is_trimmed},
};
use crate::text::{after_start, html_lines};

/// Tags without attributes that a comment may hold: those that the mappers write, and others that only give text a form.
const TAGS: [&str; 20] = [
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "div",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "u",
    "ul",
];

/// HTML whose every tag is one that only gives text a form, a link to a page, or one that `known`, the comment as it
/// stands in Krayin, has already. What else would be a tag is shown as text.
pub(crate) fn comment<'a>(html: &'a str, known: &str) -> Cow<'a, str> {
    if html.contains('\0') {
        // What stood on both sides of a null character meets when that is dropped.
        return Cow::Owned(comment(&html.replace('\0', ""), known).into_owned());
    }
    if !html.contains(['{', '}', '<', '&']) {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len() + 16);
    // The brace that the text before ended with; tags between two do not part them where a page takes them away.
    let mut open: Option<char> = None;
    let mut edge = Edge::default();
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        let (taken, shown) = match c {
            '<' => match tag(rest, known) {
                Some(tag) => {
                    copy_tag(tag, &mut out);
                    rest = rest.get(tag.len()..).unwrap_or_default();
                    continue;
                }
                None => (1, c),
            },
            '&' => reference(rest).map_or((1, c), |(length, c)| (length, c.unwrap_or('&'))),
            c => (c.len_utf8(), c),
        };
        let (written, tail) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        rest = tail;
        let is_brace = matches!(shown, '{' | '}');
        if is_brace && open == Some(shown) {
            out.push(' ');
        }
        if shown == '}' && !edge.begun {
            out.push_str(WIDE_CLOSING);
        } else {
            edge.see(shown, out.len(), written.len());
            match written {
                "<" if begins_a_tag(rest) => out.push_str("&lt;"),
                written => out.push_str(written),
            }
        }
        edge.begun |= !is_trimmed(shown);
        open = is_brace.then_some(shown);
    }
    if let Some((at, length)) = edge.opening {
        out.replace_range(at..at + length, WIDE_OPENING);
    }
    if out == html { Cow::Borrowed(html) } else { Cow::Owned(out) }
}

/// The same for a comment that is there as `known`: its lines stay as they are, whoever wrote them.
pub(crate) fn comment_beside<'a>(html: &'a str, known: &str) -> Cow<'a, str> {
    if known.is_empty() {
        return comment(html, known);
    }
    let shown = |line| match comment(line, known) {
        Cow::Owned(_) if known.contains(line) => Cow::Borrowed(line),
        shown => shown,
    };
    Cow::Owned(html_lines(html).into_iter().map(shown).collect())
}

/// What stands at the two ends of the text.
#[derive(Default)]
struct Edge {
    /// Whether a character that is not trimmed has come.
    begun: bool,
    /// Where an opening brace stands that may be the last character.
    opening: Option<(usize, usize)>,
}

impl Edge {
    fn see(&mut self, shown: char, at: usize, length: usize) {
        if shown == '{' {
            self.opening = Some((at, length));
        } else if !is_trimmed(shown) {
            self.opening = None;
        }
    }
}

/// The tag that `rest` begins with, where it may stay.
fn tag<'a>(rest: &'a str, known: &str) -> Option<&'a str> {
    let end = rest.find('>')? + 1;
    let tag = rest.get(..end)?;
    let inner = tag.get(1..end - 1)?;
    let name = inner.trim_start_matches('/').trim_end_matches(['/', ' ']).to_ascii_lowercase();
    let is_form = inner.matches('/').count() < 2 && TAGS.contains(&name.as_str());
    let is_link = || {
        let (url, attributes) = inner.strip_prefix("a href=\"")?.split_once('"')?;
        let is_page = ["http://", "https://", "mailto:"].iter().any(|scheme| after_start(url, scheme).is_some());
        let is_plain = !url.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '\''));
        let attributes = attributes.trim();
        let is_known = ["", "target=\"_blank\"", "target=\"_blank\" rel=\"noopener\""].contains(&attributes);
        (is_page && is_plain && is_known).then_some(())
    };
    let is_theirs = || begins_a_tag(inner) && known.contains(tag);
    (is_form || is_link().is_some() || is_theirs()).then_some(tag)
}

/// A link's address may hold braces; a tag is no place for a pair of them.
fn copy_tag(tag: &str, out: &mut String) {
    for c in tag.chars() {
        match c {
            '{' => out.push_str("%7B"),
            '}' => out.push_str("%7D"),
            c => out.push(c),
        }
    }
}

/// The character reference that `text` begins with, where it is a numeric one or names a brace: its length and what it
/// stands for.
pub(super) fn reference(text: &str) -> Option<(usize, Option<char>)> {
    let rest = text.strip_prefix('&')?;
    for (name, c) in [("lbrace;", '{'), ("lcub;", '{'), ("rbrace;", '}'), ("rcub;", '}')] {
        if rest.starts_with(name) {
            return Some((name.len() + 1, Some(c)));
        }
    }
    let rest = rest.strip_prefix('#')?;
    let (digits, radix) = rest.strip_prefix(['x', 'X']).map_or((rest, 10), |digits| (digits, 16));
    let count = digits.chars().take_while(|c| c.is_digit(radix)).count();
    if count == 0 {
        return None;
    }
    let value = digits.get(..count).and_then(|digits| u32::from_str_radix(digits, radix).ok());
    let length = text.len() - digits.len() + count;
    let ends = usize::from(text.get(length..).is_some_and(|rest| rest.starts_with(';')));
    // A reference to nothing is shown as a mark, not dropped.
    let c = value.and_then(char::from_u32).filter(|c| *c != '\0');
    Some((length + ends, c.filter(|c| matches!(c, '{' | '}'))))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::comment;

    #[test]
    fn keeps_what_only_gives_text_a_form() {
        for html in [
            "plain",
            "<b>bold</b> <i>x</i><br>&amp; &lt;script&gt; &#39;",
            "<a href=\"https://a.example/?a=1&amp;b=2\" target=\"_blank\"><u>x</u></a>",
            "<p>one</p><ul><li>two</li></ul><br/><br />",
            "5 < 6 & 7 > 3",
            "<3",
            "a {one} brace",
        ] {
            assert!(matches!(comment(html, ""), Cow::Borrowed(kept) if kept == html), "{html}");
        }
    }

    #[test]
    fn shows_every_other_tag_as_text_and_breaks_braces() {
        let table = [
            ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
            ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"),
            ("<b onclick=x>y</b>", "&lt;b onclick=x>y</b>"),
            ("<a href=\"javascript:alert(1)\">x</a>", "&lt;a href=\"javascript:alert(1)\">x</a>"),
            ("<a href=\"https://a\" onclick=\"x\">", "&lt;a href=\"https://a\" onclick=\"x\">"),
            ("<v-button>x", "&lt;v-button>x"),
            ("<svg", "&lt;svg"),
            ("{{7*7}}", "{ {7*7} }"),
            ("{<b>{7*7}</b>}", "{<b> {7*7}</b> }"),
            ("{<script>{", "{&lt;script>｛"),
            ("&#123;&#x7b;7&rbrace;&#0125;", "&#123; &#x7b;7&rbrace; &#0125;"),
            ("&#123&#123 x", "&#123 &#123 x"),
            ("{&lcub;x", "{ &lcub;x"),
            ("<a href=\"https://a.example/{{7*7}}\">x</a>", "<a href=\"https://a.example/%7B%7B7*7%7D%7D\">x</a>"),
            ("<b>}x</b>", "<b>｝x</b>"),
            ("<b>x{</b> ", "<b>x｛</b> "),
            ("x&#123;", "x｛"),
            ("{\0{x", "{ {x"),
            ("<\0img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"),
            ("<\0/b\0><b\0>", "</b><b>"),
        ];
        for (html, expected) in table {
            let shown = comment(html, "");
            assert_eq!(shown, expected, "{html}");
            assert_eq!(comment(&shown, ""), expected, "{html}");
        }
    }

    #[test]
    fn what_a_colleague_wrote_into_the_comment_stays() {
        let theirs = "<table class=\"x\"><tr><td>their words</td></tr></table>";
        let html = format!("{theirs}<br>ours<script>");
        assert_eq!(comment(&html, theirs), format!("{theirs}<br>ours&lt;script>"));
    }
}
