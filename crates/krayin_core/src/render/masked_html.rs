use std::borrow::Cow;

use htmlize::unescape;

use super::{
    html_text::{Ends, Kind, Tag, after_comment, after_end},
    masked::{MASK, hidden, masked, may_hold_one, plain},
};

/// No entity is longer.
const LONGEST_ENTITY: usize = 40;

/// HTML with the numbers hidden that [`masked`] hides, also those that tags and entities stand in: as a page shows them.
pub(super) fn masked_html(document: &str) -> Cow<'_, str> {
    if !may_hold_one(document) {
        return Cow::Borrowed(document);
    }
    let plainly = masked(document);
    if !plainly.contains(['<', '&']) {
        return plainly;
    }
    match masked_as_shown(&plainly) {
        Some(shown) => Cow::Owned(shown),
        None => plainly,
    }
}

fn masked_as_shown(document: &str) -> Option<String> {
    let shown = Shown::of(document);
    let hidden = hidden(&shown.characters)?;
    let mut out = String::with_capacity(document.len());
    let mut from = 0;
    for ((start, end), _) in shown.places.iter().zip(&hidden).filter(|(_, is_hidden)| **is_hidden) {
        out.push_str(document.get(from..*start).unwrap_or_default());
        out.push(MASK);
        from = *end;
    }
    out.push_str(document.get(from..).unwrap_or_default());
    Some(out)
}

/// The characters that a page shows of a document, each with where it is written.
#[derive(Default)]
struct Shown {
    characters: Vec<char>,
    places: Vec<(usize, usize)>,
}

impl Shown {
    fn of(document: &str) -> Self {
        let mut shown = Self::default();
        let mut ends = Ends::default();
        let mut is_preformatted = false;
        let mut at = 0;
        while let Some(rest) = document.get(at..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with("<!") || rest.starts_with("<?") {
                at = document.len() - after_comment(rest).len();
                continue;
            }
            if let Some(tag) = Tag::parse(rest, &mut ends) {
                let begins = !tag.is_end;
                at = document.len() - tag.rest.len();
                match tag.kind {
                    Kind::Hidden if begins => at = document.len() - after_end(tag.rest, tag.name).len(),
                    Kind::Inline | Kind::Hidden | Kind::Link => {}
                    Kind::Cell => shown.push(' ', at, at),
                    Kind::Preformatted => {
                        is_preformatted = begins;
                        shown.push('\n', at, at);
                    }
                    _ => shown.push('\n', at, at),
                }
                continue;
            }
            at += shown.text(rest, at, is_preformatted);
        }
        shown
    }

    /// The character or entity that `rest` begins with, and how long it is.
    fn text(&mut self, rest: &str, at: usize, is_preformatted: bool) -> usize {
        let Some(c) = rest.chars().next() else { return 0 };
        if c == '&' {
            let length = entity(rest);
            let written = rest.get(..length).unwrap_or_default();
            let meant = unescape(written);
            if meant != written {
                let end = at + length;
                for (count, c) in meant.chars().enumerate() {
                    self.push(c, if count == 0 { at } else { end }, end);
                }
                return length;
            }
        }
        let is_blank = c.is_ascii_whitespace() && !is_preformatted;
        // Blanks that follow each other are shown as one.
        if !is_blank || self.characters.last() != Some(&' ') {
            self.push(if is_blank { ' ' } else { c }, at, at + c.len_utf8());
        }
        c.len_utf8()
    }

    fn push(&mut self, c: char, start: usize, end: usize) {
        self.characters.push(plain(c));
        self.places.push((start, end));
    }
}

/// The length of what may be an entity: `&nbsp;`, `&#52;`, `&#x34`.
fn entity(rest: &str) -> usize {
    let name = rest.get(1..).unwrap_or_default();
    let is_part: fn(u8) -> bool = if name.starts_with("#x") || name.starts_with("#X") {
        |byte| byte.is_ascii_hexdigit()
    } else if name.starts_with('#') {
        |byte| byte.is_ascii_digit()
    } else {
        |byte| byte.is_ascii_alphabetic()
    };
    let start = name.bytes().take(2).take_while(|byte| matches!(byte, b'#' | b'x' | b'X')).count();
    let start = if name.starts_with('#') { start } else { 0 };
    let body = name.bytes().skip(start).take(LONGEST_ENTITY).take_while(|byte| is_part(*byte)).count();
    let length = 1 + start + body;
    length + usize::from(rest.get(length..).is_some_and(|after| after.starts_with(';')))
}

#[cfg(test)]
mod tests {
    use super::masked_html;

    #[test]
    fn hides_what_tags_and_entities_stand_in() {
        let table = [
            ("4111&nbsp;1111&nbsp;1111&nbsp;1111", "••••&nbsp;••••&nbsp;••••&nbsp;1111"),
            ("4111&#160;1111&#xa0;1111&#XA0;1111", "••••&#160;••••&#xa0;••••&#XA0;1111"),
            ("4111&nbsp1111&nbsp1111&nbsp1111", "••••&nbsp••••&nbsp••••&nbsp1111"),
            ("4111&shy;1111&shy;1111&shy;1111", "••••&shy;••••&shy;••••&shy;1111"),
            ("4111&ensp;1111&emsp;1111&thinsp;1111", "••••&ensp;••••&emsp;••••&thinsp;1111"),
            ("4111&ndash;1111&mdash;1111&#8722;1111", "••••&ndash;••••&mdash;••••&#8722;1111"),
            ("<b>4111</b> 1111 1111 1111", "<b>••••</b> •••• •••• 1111"),
            (
                "<span>4111</span><span>1111</span><span>1111</span><span>1111</span>",
                "<span>••••</span><span>••••</span><span>••••</span><span>1111</span>",
            ),
            ("4111<wbr>1111<wbr>1111<wbr>1111", "••••<wbr>••••<wbr>••••<wbr>1111"),
            ("4111<!-- x -->1111 1111 1111", "••••<!-- x -->•••• •••• 1111"),
            (
                "<td>4111</td><td>1111</td>\n<td>1111</td><td>1111</td>",
                "<td>••••</td><td>••••</td>\n<td>••••</td><td>1111</td>",
            ),
            ("<p>4111 1111\n    1111 1111", "<p>•••• ••••\n    •••• 1111"),
            ("4111<br>1111<br>1111<br>1111", "••••<br>••••<br>••••<br>1111"),
            ("&#52;&#49;11 1111 1111 1111", "•••• •••• •••• 1111"),
            (
                "<a href=\"https://a.example/4111111111111111\">x</a>",
                "<a href=\"https://a.example/••••••••••••1111\">x</a>",
            ),
            (
                "DE89&nbsp;3704&nbsp;<i>0044</i>&nbsp;0532&nbsp;0130&nbsp;00",
                "DE••&nbsp;••••&nbsp;<i>••••</i>&nbsp;••••&nbsp;••30&nbsp;00",
            ),
            ("４１１１&nbsp;1111 1111 1111", "••••&nbsp;•••• •••• 1111"),
            ("4111<script>1</script>1111 1111 1111", "••••<script>1</script>•••• •••• 1111"),
        ];
        for (document, expected) in table {
            assert_eq!(masked_html(document), expected, "{document}");
        }
    }

    #[test]
    fn shows_other_numbers() {
        for document in [
            "<p style=\"width:4111px\">4111</p><p>1111</p><p>1111 1112</p>",
            "4111&nbsp;1111&nbsp;1111&nbsp;1112",
            "<td>4111</td><td>250</td><td>1111</td><td>99</td><td>1111</td>",
            "+49&nbsp;151&nbsp;1234&nbsp;5678&nbsp;90 &amp; 1 < 2 &unknown; &#xffffffff;",
            "&#4111111111111112;&",
            "<b>1Z999AA10123456784</b> 9400&nbsp;1118&nbsp;9956&nbsp;1234&nbsp;5678&nbsp;90",
        ] {
            assert_eq!(masked_html(document), document);
        }
    }

    #[test]
    fn takes_no_longer_for_documents_made_to_take_long() {
        for pattern in [
            "&#4",
            "4&nbsp;",
            "<b>4",
            "<",
            "&aaaaaaaa",
            "4&shy;",
            "<script>4",
            "<!--4",
            "4111<br>",
            "4\n",
            "4 \u{200b}",
        ] {
            masked_html(&pattern.repeat(150_000 / pattern.len()));
        }
    }
}
