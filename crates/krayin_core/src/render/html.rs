use crate::{
    harmless::Place,
    text::{CUT_MARK, after_start},
};

/// First strong isolate: what follows has a direction of its own, found by its first letter.
const ISOLATE: &str = "\u{2068}";
const END_ISOLATE: &str = "\u{2069}";

/// An address longer than this is not worth a link.
const LONGEST_URL: usize = 2_048;

#[derive(Debug, Clone, Copy)]
enum Tag {
    Bold,
    Italic,
    Link,
    /// One that did not fit.
    Omitted,
}

impl Tag {
    fn end(self) -> &'static str {
        match self {
            Self::Bold => "</b>",
            Self::Italic => "</i>",
            Self::Link => "</u></a>",
            Self::Omitted => "",
        }
    }
}

/// HTML as Krayin's timeline shows it: escaped text, bold, italic, links and line breaks, within a number of bytes.
///
/// What does not fit is cut with a mark, never inside a character, an entity or a tag; the room for what closes the open
/// tags is kept free all along.
#[derive(Debug)]
pub(crate) struct Html {
    out: String,
    limit: usize,
    open: Vec<Tag>,
    /// The bytes that closing the open tags takes.
    closing: usize,
    is_full: bool,
    /// Whether the text ends with a brace, whatever tags come after it.
    brace: Option<char>,
    has_braces: bool,
}

/// What most texts fit into; allocators hand out blocks of up to a kilobyte faster than larger ones.
const USUAL: usize = 1_000;

impl Html {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            out: String::with_capacity(USUAL),
            limit,
            open: Vec::new(),
            closing: 0,
            is_full: false,
            brace: None,
            has_braces: false,
        }
    }

    /// The text, with every tag closed.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        if !self.has_braces {
            return self.out;
        }
        Place::Comment.harmless(&self.out).into_owned()
    }

    /// Whether something was cut: nothing more fits.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// The bytes that still fit.
    pub(crate) fn room(&self) -> usize {
        if self.is_full { 0 } else { self.limit.saturating_sub(self.out.len() + self.closing + CUT_MARK.len()) }
    }

    /// Lets `write` take at most `bytes`; cutting it does not end what comes after.
    pub(crate) fn within(&mut self, bytes: usize, write: impl FnOnce(&mut Self)) {
        if self.is_full {
            return;
        }
        let whole = self.limit;
        self.limit = whole.min(self.out.len() + self.closing + bytes);
        write(self);
        self.limit = whole;
        self.is_full = false;
    }

    pub(crate) fn bold(&mut self, text: &str) {
        self.open(Tag::Bold);
        self.isolated(text);
        self.close();
    }

    pub(crate) fn italic(&mut self, text: &str) {
        self.open(Tag::Italic);
        self.isolated(text);
        self.close();
    }

    pub(crate) fn open_bold(&mut self) {
        self.open(Tag::Bold);
    }

    pub(crate) fn open_italic(&mut self) {
        self.open(Tag::Italic);
    }

    /// A link to an address that [`is_link`] has found safe.
    pub(crate) fn open_link(&mut self, url: &str) {
        self.open_as(Tag::Link, |out| {
            out.push_str("<a href=\"");
            escape(url, out);
            out.push_str("\" target=\"_blank\"><u>");
        });
    }

    fn open(&mut self, tag: Tag) {
        let start = match tag {
            Tag::Bold => "<b>",
            Tag::Italic => "<i>",
            Tag::Link | Tag::Omitted => "",
        };
        self.open_as(tag, |out| out.push_str(start));
    }

    /// What `start` writes is taken back where it and its end have no room.
    fn open_as(&mut self, tag: Tag, start: impl FnOnce(&mut String)) {
        let (room, before) = (self.room(), self.out.len());
        start(&mut self.out);
        if room < self.out.len() - before + tag.end().len() {
            self.out.truncate(before);
            self.cut();
            self.open.push(Tag::Omitted);
        } else {
            self.closing += tag.end().len();
            self.open.push(tag);
        }
    }

    /// Closes what was opened last.
    pub(crate) fn close(&mut self) {
        if let Some(tag) = self.open.pop() {
            self.out.push_str(tag.end());
            self.closing -= tag.end().len();
        }
    }

    pub(crate) fn line_break(&mut self) {
        self.markup("<br>");
    }

    /// Text that is not to mix with its surroundings where it runs from right to left.
    pub(crate) fn isolated(&mut self, text: &str) {
        let runs_left = has_right_to_left(text);
        if runs_left {
            self.start_isolate();
        }
        self.text(text);
        if runs_left {
            self.end_isolate();
        }
    }

    pub(crate) fn start_isolate(&mut self) {
        self.markup(ISOLATE);
    }

    /// The end of a line ends an isolate too, so it may be missing where the text was cut.
    pub(crate) fn end_isolate(&mut self) {
        self.markup(END_ISOLATE);
    }

    /// Text, escaped; control characters are left out.
    pub(crate) fn text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() && !self.is_full {
            let run = rest.bytes().position(|byte| SPECIAL.get(usize::from(byte)) == Some(&true)).unwrap_or(rest.len());
            let Some((plain, tail)) = rest.split_at_checked(run) else { return };
            self.plain(plain);
            let mut tail = tail.chars();
            match tail.next() {
                Some(brace @ ('{' | '}')) => self.brace(brace),
                Some(special) if special.is_ascii() => {
                    let entity = entity(special);
                    self.brace = self.brace.filter(|_| entity.is_empty());
                    self.markup(entity);
                }
                Some(other) if !other.is_control() => self.plain(other.encode_utf8(&mut [0; 4])),
                _ => {}
            }
            rest = tail.as_str();
        }
    }

    /// A page takes two of a kind for the begin or the end of an expression.
    fn brace(&mut self, brace: char) {
        if self.brace == Some(brace) {
            self.plain(" ");
        }
        self.plain(brace.encode_utf8(&mut [0; 4]));
        self.brace = Some(brace);
        self.has_braces = true;
    }

    fn plain(&mut self, text: &str) {
        if !text.is_empty() {
            self.brace = None;
        }
        let room = self.room();
        if text.len() <= room {
            self.out.push_str(text);
            return;
        }
        let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        self.out.push_str(text.get(..end).unwrap_or_default());
        self.cut();
    }

    fn markup(&mut self, markup: &str) {
        if markup.len() <= self.room() {
            self.out.push_str(markup);
        } else {
            self.cut();
        }
    }

    fn cut(&mut self) {
        // A limit below the mark's own size leaves no room for it.
        if !self.is_full && self.out.len() + self.closing + CUT_MARK.len() <= self.limit {
            self.out.push_str(CUT_MARK);
        }
        self.is_full = true;
    }
}

/// Whether a character that begins with `byte` may have to be written differently; 0xc2 begins the control characters
/// beyond ASCII, and some letters.
const fn is_special(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'' | b'{' | b'}' | 0x7f | 0xc2)
}

/// The same of every byte: each of a text is asked for.
static SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < special.len() {
        #[expect(clippy::indexing_slicing, reason = "at compile time, within its length")]
        {
            special[byte] = is_special(byte as u8);
        }
        byte += 1;
    }
    special
};

fn entity(special: char) -> &'static str {
    match special {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        '\t' | '\n' | '\r' => " ",
        // Only of an address: text has its braces parted.
        '{' => "%7B",
        '}' => "%7D",
        _ => "",
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        if c.is_ascii() && is_special(c as u8) {
            out.push_str(entity(c));
        } else {
            out.push(c);
        }
    }
}

/// Whether `url` leads to a page and nowhere else: no script, no file, no data.
pub(crate) fn is_page(url: &str) -> bool {
    is_address(url, &["http://", "https://"])
}

/// Whether `url` may be a link: a page, or an address to write to.
pub(crate) fn is_link(url: &str) -> bool {
    is_address(url, &["http://", "https://", "mailto:"])
}

fn is_address(url: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|scheme| after_start(url, scheme));
    url.len() <= LONGEST_URL
        && rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
        && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Whether a letter of a script that runs from right to left is in `text`.
pub(crate) fn has_right_to_left(text: &str) -> bool {
    // The first such letter is U+0590; below it no character has a byte of 0xd6 or more.
    text.bytes().any(|byte| byte >= 0xd6)
        && text.chars().any(|c| {
            matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
                | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
        })
}

#[cfg(test)]
mod tests {
    use super::{Html, has_right_to_left, is_link, is_page};

    #[test]
    fn parts_braces_across_tags_and_what_a_browser_drops() {
        let mut html = Html::new(1_000);
        html.text("{{7*7}} {");
        html.bold("{\0{x}&}");
        html.open_link("https://a.example/{{7}}");
        html.close();
        assert_eq!(
            html.finish(),
            "{ {7*7} } {<b> { {x}&amp;}</b><a href=\"https://a.example/%7B%7B7%7D%7D\" target=\"_blank\"><u></u></a>"
        );
    }

    #[test]
    fn escapes_everything() {
        let mut html = Html::new(1_000);
        html.text("a<b>&\"'\u{0}\u{7f}\u{85}\tz°·");
        html.open_link("https://example.com/?a=1&b=\"'<>");
        html.bold("x<y");
        html.close();
        assert_eq!(
            html.finish(),
            "a&lt;b&gt;&amp;&quot;&#39; z°·<a href=\"https://example.com/?a=1&amp;b=&quot;&#39;&lt;&gt;\" target=\"_blank\"><u>\
             <b>x&lt;y</b></u></a>"
        );
    }

    #[test]
    fn cuts_at_every_length_without_breaking_anything() {
        for limit in 0..120 {
            let mut html = Html::new(limit);
            html.open_bold();
            html.text("né<");
            html.open_link("https://a.example/");
            html.text("日本&");
            html.close();
            html.line_break();
            html.text("👋🏽 end");
            let out = html.finish();
            assert!(out.len() <= limit, "{limit}: {out}");
            assert_eq!(out.matches("<b>").count(), out.matches("</b>").count(), "{out}");
            assert_eq!(out.matches("<a ").count(), out.matches("</u></a>").count(), "{out}");
            let bare = out.replace("&lt;", "").replace("&amp;", "");
            assert!(!bare.contains('&'), "{out}");
        }
    }

    #[test]
    fn a_part_is_cut_on_its_own() {
        let mut html = Html::new(100);
        html.within(10, |html| html.text("0123456789"));
        html.text("|");
        html.within(10, |html| html.text("0123456"));
        html.text("|");
        assert_eq!(html.finish(), "0123456…|0123456|");
        let mut html = Html::new(20);
        html.within(100, |html| html.text("0123456789012345678"));
        assert_eq!(html.finish(), "01234567890123456…");
    }

    #[test]
    fn knows_addresses_that_may_be_followed() {
        for url in ["http://a.example", "HTTPS://a.example/x?y#z", "https://日本.example", "https://[::1]/"] {
            assert!(is_page(url) && is_link(url), "{url}");
        }
        assert!(is_link("mailto:a@b.example") && !is_page("mailto:a@b.example"));
        for url in [
            "",
            "https://",
            "javascript:alert(1)",
            " https://a.example",
            "https://a b",
            "https:a",
            "data:text/html,x",
            "//a.example",
            "java\nscript:1",
            "mailto:",
            "é",
        ] {
            assert!(!is_link(url), "{url}");
        }
        assert!(!is_link(&format!("https://a.example/{}", "x".repeat(2_048))));
    }

    #[test]
    fn keeps_what_runs_from_right_to_left_together() {
        assert!(has_right_to_left("a שלום") && has_right_to_left("سارة"));
        assert!(!has_right_to_left("Zoë 日本 👋🏽 Ωмега"));
        let mut html = Html::new(100);
        html.bold("سارة");
        html.italic("Sara");
        assert_eq!(html.finish(), "<b>\u{2068}سارة\u{2069}</b><i>Sara</i>");
    }
}
