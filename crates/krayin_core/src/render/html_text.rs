use std::borrow::Cow;

use htmlize::{unescape, unescape_attribute};

use super::{
    html::{Html, has_right_to_left, is_link},
    inline_data::{IMAGE, without_inline_data},
    quoted::{self, FORWARDED, QUOTED, begins_answered},
};
use crate::text::after_start;

/// What an element is to its text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Breaks a line.
    Break,
    /// Begins and ends a paragraph.
    Paragraph,
    /// A paragraph whose lines are kept.
    Preformatted,
    /// Begins and ends a line.
    Line,
    /// A line of a list.
    Item,
    /// Is apart from what stands beside it.
    Cell,
    Link,
    Image,
    /// Its content is not text.
    Hidden,
    /// Nothing.
    Inline,
}

impl Kind {
    fn of(name: &str) -> Self {
        let mut lower = [0; 10];
        let Some(lower) = lower.get_mut(..name.len()) else { return Self::Inline };
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        match &*lower {
            b"br" => Self::Break,
            b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"ul" | b"ol" | b"table" | b"blockquote" | b"hr" => {
                Self::Paragraph
            }
            b"pre" => Self::Preformatted,
            b"li" => Self::Item,
            b"div" | b"tr" | b"dt" | b"dd" | b"dl" | b"section" | b"article" | b"header" | b"footer" | b"address"
            | b"caption" | b"figure" | b"form" | b"main" | b"nav" | b"aside" | b"body" => Self::Line,
            b"td" | b"th" => Self::Cell,
            b"a" => Self::Link,
            b"img" => Self::Image,
            b"script" | b"style" | b"title" | b"template" | b"svg" | b"math" | b"noscript" | b"textarea"
            | b"iframe" | b"noembed" | b"noframes" | b"xmp" | b"object" | b"video" | b"audio" | b"select"
            | b"datalist" => Self::Hidden,
            _ => Self::Inline,
        }
    }
}

/// Elements that only occur in text written as HTML.
const TELLING: [&str; 20] = [
    "html",
    "body",
    "head",
    "meta",
    "div",
    "p",
    "br",
    "span",
    "table",
    "td",
    "tr",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "blockquote",
    "font",
    "img",
];

/// Whether `text` is HTML. In an e-mail one element that ends or breaks a line tells; elsewhere, where people write about
/// HTML, the whole text has to begin and end as HTML does.
pub(crate) fn is_html(text: &str, is_email: bool) -> bool {
    let text = text.trim();
    if !text.contains('>') {
        false
    } else if is_doctype(text) || telling(text).is_some() {
        is_email || text.ends_with('>')
    } else {
        let ends = |(name, is_end, _): (&str, bool, &str)| is_end || name.eq_ignore_ascii_case("br");
        is_email && text.match_indices('<').any(|(at, _)| text.get(at..).and_then(telling).is_some_and(ends))
    }
}

fn telling(text: &str) -> Option<(&str, bool, &str)> {
    name(text).filter(|(name, ..)| TELLING.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

fn is_doctype(text: &str) -> bool {
    after_start(text, "<!doctype").is_some()
}

/// Writes the text of an HTML document: its paragraphs as lines, its links as links, a mark for what a mail quotes, nothing
/// else of its markup.
///
/// Each character is looked at a fixed number of times at most.
pub(crate) fn write_html(html: &mut Html, document: &str, is_email: bool) {
    let mut writer = Writer {
        html,
        breaks: 0,
        is_after_blank: false,
        is_after_bullet: false,
        is_after_quote: false,
        has_begun: false,
        is_preformatted: false,
        is_link: false,
        runs_left: has_right_to_left(document),
    };
    let mut rest = document;
    let mut ends = Ends::default();
    let mut is_one_open = false;
    let mut looks = 0;
    // Mostly a few bytes on, for which a search for a character takes long to set up.
    while let Some(at) = rest.bytes().position(|byte| byte == b'<') {
        if writer.html.is_full() {
            break;
        }
        let (text, markup) = rest.split_at_checked(at).unwrap_or((rest, ""));
        writer.text(text);
        if markup.starts_with("<!") || markup.starts_with("<?") {
            rest = after_comment(markup);
            continue;
        }
        let Some(tag) = Tag::parse(markup, &mut ends) else {
            writer.text("<");
            rest = markup.get(1..).unwrap_or_default();
            continue;
        };
        rest = tag.rest;
        let quote = if is_email && !tag.is_end && writer.has_begun { Quote::of(&tag) } else { None };
        if let Some(quote) = quote {
            rest = if quote == Quote::Rest { "" } else { after_element(rest, tag.name).unwrap_or_default() };
            if quote != Quote::Introduction {
                writer.quote();
            }
            continue;
        }
        let begins_line = matches!(tag.kind, Kind::Break | Kind::Paragraph | Kind::Line | Kind::Preformatted);
        if is_email && begins_line && writer.has_begun && looks < LOOKS {
            looks += 1;
            let lines = upcoming(rest);
            if lines.first().is_some_and(|line| quoted::passes_on(line)) {
                looks = LOOKS;
            }
            if looks < LOOKS && begins_answered(&lines.iter().map(String::as_str).collect::<Vec<_>>()) {
                writer.quote();
                rest = "";
                continue;
            }
        }
        if !tag.is_end && tag.kind == Kind::Hidden {
            // What is of another language ends itself.
            let ends_itself =
                tag.ends_itself() && ["svg", "math"].iter().any(|name| tag.name.eq_ignore_ascii_case(name));
            rest = if ends_itself { rest } else { after_end(rest, tag.name) };
        } else if !tag.is_end && !is_one_open && tag.is_not_displayed() {
            // Where one does not end the others are not looked for, so as not to read to the end for each.
            is_one_open = after_undisplayed(&tag).map(|after| rest = after).is_none();
        } else {
            writer.tag(&tag);
        }
    }
    if !writer.html.is_full() {
        writer.text(rest);
    }
    writer.end_link();
    if writer.runs_left && writer.has_begun {
        writer.html.end_isolate();
    }
}

/// The begins of so many lines are looked at for a mail that is answered: a reply stands before it, and is not longer.
const LOOKS: usize = 500;

/// So much of a document is read for the lines that come next.
const AHEAD: usize = 1_500;

/// The next lines of a document as they are shown.
fn upcoming(document: &str) -> Vec<String> {
    let end = (0..=document.len().min(AHEAD)).rev().find(|end| document.is_char_boundary(*end)).unwrap_or_default();
    let mut rest = document.get(..end).unwrap_or_default();
    let mut lines = vec![String::new()];
    let mut ends = Ends::default();
    while !rest.is_empty() && lines.len() < 8 {
        let (text, markup) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        if let Some(line) = lines.last_mut() {
            line.push_str(&unescape(text).replace(['\n', '\r', '\t', '\u{a0}'], " "));
        }
        let Some(tag) = Tag::parse(markup, &mut ends) else {
            rest = markup.get(1..).unwrap_or_default();
            continue;
        };
        rest = tag.rest;
        let is_line = !matches!(tag.kind, Kind::Inline | Kind::Link | Kind::Cell | Kind::Image | Kind::Hidden);
        if is_line && lines.last().is_some_and(|line| !line.trim().is_empty()) {
            lines.push(String::new());
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    lines
}

/// What comes after the comment or instruction that `markup` begins with.
pub(super) fn after_comment(markup: &str) -> &str {
    if !markup.starts_with("<!--") {
        return markup.split_once('>').map(|(_, after)| after).unwrap_or_default();
    }
    // `<!-->` is a whole one.
    let inner = markup.get(2..).unwrap_or_default();
    let ends = |(at, _): (usize, &str)| {
        let after = inner.get(at + 2..)?;
        after.strip_prefix('>').or_else(|| after.strip_prefix("!>").filter(|_| at > 0))
    };
    // Each hyphen may begin an end: `--->`.
    let hyphens =
        inner.match_indices('-').filter(|(at, _)| inner.get(*at..).is_some_and(|rest| rest.starts_with("--")));
    hyphens.map(ends).find_map(|end| end).unwrap_or_default()
}

/// What comes after an element that is not displayed, `None` where it does not end: then it is but a tag.
fn after_undisplayed<'a>(tag: &Tag<'a>) -> Option<&'a str> {
    const VOID: [&str; 9] = ["img", "br", "hr", "input", "meta", "link", "wbr", "col", "source"];
    let is_void = VOID.iter().any(|name| tag.name.eq_ignore_ascii_case(name));
    if is_void { Some(tag.rest) } else { after_element(tag.rest, tag.name) }
}

/// What comes after the end of the element `name`; nothing where it does not end.
pub(super) fn after_end<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("</") {
        if let Some(after) = after_start(after, name) {
            return after.split_once('>').map(|(_, after)| after).unwrap_or_default();
        }
        rest = after;
    }
    ""
}

/// What a mail program marks as not written by the sender of a mail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    /// An element with the mail that is answered.
    Element,
    /// Everything from here on.
    Rest,
    /// The sentence that names whom the quote after it is of.
    Introduction,
}

impl Quote {
    fn of(tag: &Tag<'_>) -> Option<Self> {
        const RESTS: [&str; 7] = [
            "divrplyfwdmsg",
            "appendonsend",
            "olk_src_body_section",
            "mail-editor-reference-message-container",
            "isreplycontent",
            "stopspelling",
            "zwchr",
        ];
        let is_block = ["div", "hr"].iter().any(|name| tag.name.eq_ignore_ascii_case(name));
        let is_quote = tag.name.eq_ignore_ascii_case("blockquote");
        if !is_block && !is_quote {
            return None;
        }
        // Outlook puts `x_` before what came from elsewhere.
        let value = |name: &str| tag.attribute(name).unwrap_or_default().to_ascii_lowercase().replace("x_", "");
        let (class, id) = (value("class"), value("id"));
        if matches!(value("name").as_str(), "quote" | "messagereplysection") {
            return Some(Self::Element).filter(|_| !passes_on(tag.rest));
        }
        let quotes = |word: &str| word.ends_with("_quote") || word.contains("_quoted") || word == "zmail_extra";
        let is_marked = class.split_whitespace().chain([id.as_str()]).any(quotes);
        if is_quote {
            return (is_marked || value("type") == "cite").then_some(Self::Element).filter(|_| !passes_on(tag.rest));
        }
        let style: String = value("style").split_whitespace().collect();
        let is_rule = style.contains("border:none") && style.contains("border-top:solid");
        if class.split_whitespace().any(|word| word == "moz-cite-prefix") {
            Some(Self::Introduction)
        } else if is_marked {
            Some(Self::Element).filter(|_| !passes_on(tag.rest))
        } else {
            (is_rule || RESTS.contains(&id.as_str())).then_some(Self::Rest)
        }
    }
}

/// Whether a mail begins with what a program puts before one that is passed on.
fn passes_on(text: &str) -> bool {
    let start: String = text.chars().take(400).collect::<String>().to_lowercase();
    FORWARDED.iter().any(|known| start.contains(known))
}

/// What comes after the end of the element `name` that has begun, those in it counted; `None` where it does not end.
fn after_element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut depth = 1_usize;
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        let (is_end, inner) = after.strip_prefix('/').map_or((false, after), |inner| (true, inner));
        let found = after_start(inner, name)
            .filter(|more| more.starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')));
        if let Some(more) = found {
            depth = if is_end { depth - 1 } else { depth + 1 };
            if depth == 0 {
                return Some(more.split_once('>').map(|(_, after)| after).unwrap_or_default());
            }
        }
        rest = after;
    }
    None
}

struct Writer<'a> {
    html: &'a mut Html,
    /// The line breaks due before the next text, two at most.
    breaks: u8,
    is_after_blank: bool,
    /// A list's bullet keeps its text on its line, whatever element the text begins with.
    is_after_bullet: bool,
    is_after_quote: bool,
    has_begun: bool,
    is_preformatted: bool,
    is_link: bool,
    runs_left: bool,
}

impl Writer<'_> {
    fn tag(&mut self, tag: &Tag<'_>) {
        match tag.kind {
            Kind::Break => self.breaks = (self.breaks + 1).min(2),
            Kind::Paragraph | Kind::Preformatted => {
                self.breaks = 2;
                self.is_preformatted = tag.kind == Kind::Preformatted && !tag.is_end;
            }
            Kind::Line => self.breaks = self.breaks.max(1),
            Kind::Item if tag.is_end => self.breaks = self.breaks.max(1),
            Kind::Item => {
                self.breaks = 1;
                self.put("-");
                self.is_after_bullet = true;
            }
            Kind::Cell => self.is_after_blank = true,
            Kind::Link => {
                self.end_link();
                let url = tag.attribute("href").map(unescape_attribute).filter(|url| !tag.is_end && is_link(url));
                if let Some(url) = url {
                    self.begin();
                    self.html.open_link(&url);
                    self.is_link = true;
                }
            }
            Kind::Image => {
                let alt = tag.attribute("alt").filter(|alt| !alt.trim().is_empty());
                let is_inline = |source| ["data:", "cid:"].iter().any(|scheme| after_start(source, scheme).is_some());
                if let Some(text) = alt {
                    self.text(text);
                } else if tag.attribute("src").is_some_and(|source| is_inline(source.trim_start())) {
                    self.text(IMAGE);
                }
            }
            Kind::Hidden | Kind::Inline => {}
        }
    }

    fn end_link(&mut self) {
        if self.is_link {
            self.html.close();
            self.is_link = false;
        }
    }

    /// One mark for quotes that follow each other.
    fn quote(&mut self) {
        if !self.is_after_quote {
            self.breaks = self.breaks.max(1);
            self.put(QUOTED);
            self.breaks = 1;
            self.is_after_quote = true;
        }
    }

    fn text(&mut self, text: &str) {
        // Most hold neither, and a search in what is a few bytes long takes longer to set up than to look.
        let is_plain = !text.bytes().any(|byte| matches!(byte, b':' | b'&'));
        let text = if is_plain { Cow::Borrowed(text) } else { without_inline_data(text) };
        let mut rest = &*text;
        loop {
            let blanks = rest.bytes().take_while(u8::is_ascii_whitespace).count();
            let Some((blank, words)) = rest.split_at_checked(blanks) else { return };
            if blanks > 0 {
                self.is_after_blank = true;
                if self.is_preformatted {
                    let lines = blank.bytes().filter(|byte| *byte == b'\n').take(2).count();
                    self.breaks = (self.breaks + if lines > 1 { 2 } else { lines as u8 }).min(2);
                }
            }
            let Some((words, after)) = words.split_at_checked(together(words)) else { return };
            if words.is_empty() || self.html.is_full() {
                return;
            }
            self.put(&if is_plain { Cow::Borrowed(words) } else { unescape(words) });
            rest = after;
        }
    }

    fn put(&mut self, text: &str) {
        self.begin();
        self.is_after_quote = false;
        self.html.text(text);
    }

    /// Writes the breaks or the blank that are due.
    fn begin(&mut self) {
        let breaks = if self.is_after_bullet { 0 } else { self.breaks };
        let is_after_blank = self.is_after_blank || self.is_after_bullet;
        (self.breaks, self.is_after_blank, self.is_after_bullet) = (0, false, false);
        if self.has_begun && breaks > 0 {
            if self.runs_left {
                self.html.end_isolate();
            }
            for _ in 0..breaks {
                self.html.line_break();
            }
        } else if self.has_begun && is_after_blank {
            self.html.text(" ");
        }
        if self.runs_left && (!self.has_begun || breaks > 0) {
            self.html.start_isolate();
        }
        self.has_begun = true;
    }
}

/// The length of the words that `text` begins with, of which each is one blank from the next.
fn together(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        let ends = byte.is_ascii_whitespace()
            && (byte != b' ' || bytes.peek().is_none_or(|(_, next)| next.is_ascii_whitespace()));
        if ends {
            return at;
        }
    }
    text.len()
}

/// A tag of an element.
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    pub(super) is_end: bool,
    attributes: &'a str,
    pub(super) rest: &'a str,
}

impl<'a> Tag<'a> {
    pub(super) fn parse(text: &'a str, ends: &mut Ends) -> Option<Self> {
        let (name, is_end, after) = name(text)?;
        let end = ends.find(after)?;
        Some(Self { name, kind: Kind::of(name), is_end, attributes: after.get(..end)?, rest: after.get(end + 1..)? })
    }

    fn ends_itself(&self) -> bool {
        self.attributes.trim_end().ends_with('/')
    }

    /// Whether a mail has it for programs alone, such as the words that a list of mails shows.
    fn is_not_displayed(&self) -> bool {
        if self.attributes.is_empty() || ["html", "body"].iter().any(|name| self.name.eq_ignore_ascii_case(name)) {
            return false;
        }
        let is_hidden = || {
            let words = self.attributes.split(|c: char| c.is_ascii_whitespace() || c == '/');
            let mut outside = words.take_while(|word| !word.contains(['"', '\'']));
            outside.any(|word| word.eq_ignore_ascii_case("hidden"))
        };
        let style = || {
            let style = self.attribute("style").unwrap_or_default();
            let style: String = style.split_ascii_whitespace().collect::<String>().to_ascii_lowercase();
            style.split(';').any(|rule| matches!(rule, "display:none" | "display:none!important"))
        };
        is_hidden() || style()
    }

    /// The value of the attribute `name`, as it is written.
    fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=')?;
            let (key, after) = rest.split_at_checked(end)?;
            let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
                rest = after;
                continue;
            };
            let (value, after) = match value.chars().next()? {
                quote @ ('"' | '\'') => value.get(1..)?.split_once(quote)?,
                _ => value.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((value, "")),
            };
            if key.eq_ignore_ascii_case(name) {
                return Some(value);
            }
            rest = after;
        }
    }
}

/// The name of the tag that `text` begins with, whether the tag ends its element, and what comes after the name.
fn name(text: &str) -> Option<(&str, bool, &str)> {
    let inner = text.strip_prefix('<')?;
    let (is_end, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    // No name is longer.
    let length = inner.bytes().take(24).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b':').count();
    let (name, after) = inner.split_at_checked(length)?;
    let is_whole = after.starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'));
    (is_whole && !name.ends_with(':')).then_some((name, is_end, after))
}

/// Finds the ends of tags, and remembers what it did not find so as not to look for it again.
#[derive(Default)]
pub(super) struct Ends {
    has_open_quote: bool,
    has_no_more: bool,
}

impl Ends {
    /// Where the `>` is that ends a tag; one in a quoted value does not, unless nothing closes the quote.
    fn find(&mut self, text: &str) -> Option<usize> {
        if self.has_no_more {
            return None;
        }
        if !self.has_open_quote {
            let mut quote = None;
            let mut before = b' ';
            for (at, byte) in text.bytes().enumerate() {
                match (quote, byte) {
                    (None, b'>') => return Some(at),
                    (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
                    (Some(open), byte) if open == byte => quote = None,
                    _ => {}
                }
                if !byte.is_ascii_whitespace() {
                    before = byte;
                }
            }
            self.has_open_quote = true;
        }
        let end = text.find('>');
        self.has_no_more = end.is_none();
        end
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{super::html::Html, is_html, write_html};

    fn text(document: &str) -> String {
        let mut html = Html::new(65_535);
        write_html(&mut html, document, true);
        html.finish()
    }

    #[test]
    fn tells_html_from_text() {
        let table = [
            ("<p>Hi</p>", true, true),
            ("<!DOCTYPE html><html><body>Hi</body></html>", true, true),
            (" <div class='x'>Hi</div>\n", true, true),
            ("Hi<br/>there", true, false),
            ("Hi <SPAN>there</SPAN>", true, false),
            ("<div>Hi</div> she wrote", true, false),
            ("put a <div> there", false, false),
            ("Jane <jane@example.com> wrote: <https://a.example/>", false, false),
            ("1 < 2 > 0", false, false),
            ("<script>alert(1)</script>", false, false),
            ("<b>bold</b>", false, false),
            ("<p", false, false),
            ("<", false, false),
            ("", false, false),
        ];
        for (document, email, chat) in table {
            assert_eq!((is_html(document, true), is_html(document, false)), (email, chat), "{document}");
        }
    }

    #[test]
    fn writes_the_text_of_a_document() {
        let link = |url: &str, label: &str| format!("<a href=\"{url}\" target=\"_blank\"><u>{label}</u></a>");
        let table = [
            ("<p>One</p>\n<p>Two<br>Three</p>", "One<br><br>Two<br>Three"),
            ("<div>One</div><div>Two</div><div><br></div><div>Three</div>", "One<br>Two<br><br>Three"),
            ("<html><head><title>T</title><style>p{a:b}</style></head><body>Hi</body></html>", "Hi"),
            ("a<script>if (1 < 2) alert('</b>')</script>b<STYLE>x</Style >c", "abc"),
            ("a<script>never closed", "a"),
            ("a<!-- <p>b</p> -->c<!--[if mso]>x<![endif]-->d<!-- never", "acd"),
            ("<ul><li>One</li><li><p>Two</p></li></ul>after", "- One<br>- Two<br><br>after"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b<br>c"),
            (
                "a  \n b&nbsp;&amp;&lt;p&gt; &eacute;&#233;&#xe9; &unknown; & &#xffffffff; c",
                "a b\u{a0}&amp;&lt;p&gt; ééé &amp;unknown; &amp; \u{fffd} c",
            ),
            ("<pre>a\nb</pre>c", "a<br>b<br><br>c"),
            (
                "<a href=\"https://a.example/?x=1&amp;y=2\">see</a> <A HREF='mailto:a@b.example' class=x>mail</A>",
                &format!("{} {}", link("https://a.example/?x=1&amp;y=2", "see"), link("mailto:a@b.example", "mail")),
            ),
            ("<a href=javascript:alert(1)>x</a> <a href=\"&#106;avascript:alert(1)\">y</a> <a name=x>z</a>", "x y z"),
            (
                "<a href=https://a.example>one <a href=https://b.example>two",
                &format!("{} {}", link("https://a.example", "one"), link("https://b.example", "two")),
            ),
            ("<img src=x onerror=alert(1)><img src=\"https://t.example\" alt=\"Logo > \">", "Logo &gt;"),
            ("<p title=\"a > b\">c</p> <p title=\"open>d", "c<br><br>d"),
            ("1 < 2 <jane@example.com> <o:p></o:p>x", "1 &lt; 2 &lt;jane@example.com&gt; x"),
            ("<p>שלום</p><p>ok</p>", "\u{2068}שלום\u{2069}<br><br>\u{2068}ok\u{2069}"),
            ("<p></p><br><div> </div>", ""),
            ("Voc&ecirc; &Eacute;&iexcl;&ordm; &#128;&#x96; &notin; &copy 2026", "Você É¡º €– ∉ © 2026"),
            (
                "a<img src=\"data:image/png;base64,AAAA\">b<img src='cid:x' alt=''>c<img src=cid:y alt=Logo>",
                "a[image]b[image]cLogo",
            ),
            ("<p>see data:image/png;base64,AAAA== there</p>", "see [image] there"),
            (
                "<div>Yes</div><div class=\"gmail_quote gmail_quote_container\"><div class=gmail_attr>On Mon, Jo wrote:</div><blockquote class=\"gmail_quote\"><div>x</div></blockquote></div><div>Jane</div>",
                "Yes<br>[quoted text hidden]<br>Jane",
            ),
            (
                "Yes<div class=\"moz-cite-prefix\">On Mon, Jo wrote:</div><blockquote type=cite><blockquote type=cite>a</blockquote>b</blockquote>",
                "Yes<br>[quoted text hidden]",
            ),
            (
                "<p>Yes</p><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><b>From:</b> Jo</div><div>x</div>",
                "Yes<br><br>[quoted text hidden]",
            ),
            (
                "<p>Yes</p><div style='border:none; border-top:solid #E1E1E1 1.0pt'><p><b>From:</b> Jo</p></div><p>x</p>",
                "Yes<br><br>[quoted text hidden]",
            ),
            (
                "<div>FYI</div><div class=gmail_quote><div>---------- Forwarded message ---------<br>From: Jo</div>x</div>",
                "FYI<br>---------- Forwarded message ---------<br>From: Jo<br>x",
            ),
            ("<blockquote type=cite>only a quote</blockquote>", "only a quote"),
            (
                "<p>Hi</p><p><b>From:</b> Jo &lt;jo@example.com&gt;<br><b>Sent:</b> Tuesday<br><b>To:</b> Me<br><b>Subject:</b> x</p><p>old</p>",
                "Hi<br>[quoted text hidden]",
            ),
            ("<p>Hi</p><p>-----Original Message-----<br>From: Jo</p><p>old</p>", "Hi<br>[quoted text hidden]"),
            (
                "<p>Hi</p><p>On Tue, 24 Nov 2026 at 10:00, Jo &lt;jo@example.com&gt; wrote:</p><blockquote><p>old</p></blockquote>",
                "Hi<br>[quoted text hidden]",
            ),
            (
                "<p>FYI</p><p>---------- Forwarded message ---------<br>From: Jo<br>Date: x<br>To: me</p><p>old</p>",
                "FYI<br><br>---------- Forwarded message ---------<br>From: Jo<br>Date: x<br>To: me<br><br>old",
            ),
            (
                "<p>We go</p><p>From: Berlin<br>How much?</p><p>She wrote:</p><p>no</p>",
                "We go<br><br>From: Berlin<br>How much?<br><br>She wrote:<br><br>no",
            ),
            ("a<div name=\"quote\">old</div>b", "a<br>[quoted text hidden]<br>b"),
            ("a<hr id=stopSpelling>From: Jo", "a<br>[quoted text hidden]"),
            ("a<div id=\"x_divRplyFwdMsg\">From: Jo</div>old", "a<br>[quoted text hidden]"),
            ("a<div class=\"x_gmail_quote\">old</div>", "a<br>[quoted text hidden]"),
            ("a<div class=yahoo_quoted><div>old</div></div>", "a<br>[quoted text hidden]"),
            ("a<blockquote type=\"cite\" class=\"protonmail_quote\">old</blockquote>", "a<br>[quoted text hidden]"),
            ("a<svg/>b<svg><path/>x</svg>c<svg width='1' />d", "abcd"),
            ("a<!-->b<!--->c<!-- x --!>d<!-- y -- z -->e", "abcde"),
            ("a<![CDATA[x]]>b<?php x ?>c", "abc"),
            ("<div style=\"DISPLAY: none;max-height:0\">preview <div>x</div></div><p>Hi</p>", "Hi"),
            (
                "<span hidden>x</span>a<p style='display:none!important'>y</p>b<img style=display:none src=x alt=z>c",
                "abc",
            ),
            ("<span style=\"display:none\">never closed and goes on", "never closed and goes on"),
            ("<p title=\"hidden\">a</p>", "a"),
            ("<div><span hidden>open</div>", "open"),
            ("a<iframe>x</iframe>b<object>y</object>c<select><option>z</select>d", "abcd"),
            ("&#0;&#x110000;&#xd800;&#13;x&#1;&#x1F600;&copy2026&notit;", "\u{fffd}\u{fffd}\u{fffd} x😀©2026¬it;"),
            (
                "<a href=\"java&#9;script:alert(1)\">a</a><a href=\" JAVASCRIPT:x\">b</a><a href=\"data:text/html,x\">c</a>",
                "abc",
            ),
            ("<p/>a<p>b< p>c<p<b>d", "a<br><br>b&lt; p&gt;c&lt;pd"),
            ("<p>a</p><blockquote>mine</blockquote>", "a<br><br>mine"),
        ];
        for (document, expected) in table {
            assert_eq!(text(document), expected, "{document}");
        }
    }

    #[test]
    fn takes_no_longer_for_documents_made_to_take_long() {
        let patterns = [
            "<",
            "<a ",
            "<a \"",
            "<a b=\"",
            "<a b='\" c=\"'",
            "</",
            "<!--",
            "<!",
            "<script>",
            "</script",
            "<script></scrip",
            "&",
            "&#",
            "<a href=https://a.example>",
            "<li>",
            "<p>x",
            "<br>",
            "<pre>\n",
            "<img alt=x>",
            "<!-- x -->",
            "<!-->",
            "-",
            "<!-",
            "<p hidden>",
            "<p hidden>x</p>",
            "<div style=display:none><p hidden>x</p>",
            "<svg/>",
        ];
        for pattern in patterns {
            let document = pattern.repeat(400_000 / pattern.len());
            let mut html = Html::new(usize::MAX / 2);
            let start = Instant::now();
            is_html(&document, true);
            write_html(&mut html, &document, true);
            // Linear work takes less than a second unoptimised, quadratic work minutes.
            assert!(start.elapsed() < Duration::from_secs(5), "{pattern}: {:?}", start.elapsed());
        }
    }
}
