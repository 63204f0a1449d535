use super::html::{Html, has_right_to_left, is_link};
use crate::text::after_start;

/// Writes a message's markdown as HTML: bold, italic, links, code, lists and line breaks, which is what Chatwoot's editor
/// makes. Everything else shows as the text that it is, and an image as a link to it.
///
/// Each character is looked at a fixed number of times at most, whatever the text: what was not found once is not looked
/// for again.
pub(crate) fn write_markdown(html: &mut Html, text: &str) {
    let runs_left = has_right_to_left(text);
    let mut fence = None;
    let mut is_first = true;
    let mut is_after_blank = false;
    for line in text.split('\n') {
        if html.is_full() {
            return;
        }
        let line = line.trim_end();
        if line.is_empty() {
            is_after_blank = true;
            continue;
        }
        let mark = fence_mark(line);
        match fence {
            Some(open) if mark == fence && line.trim_start().trim_start_matches(open).is_empty() => {
                fence = None;
                continue;
            }
            None if mark.is_some() => {
                fence = mark;
                continue;
            }
            _ => {}
        }
        if !is_first {
            html.line_break();
            if is_after_blank {
                html.line_break();
            }
        }
        (is_first, is_after_blank) = (false, false);
        if runs_left {
            html.start_isolate();
        }
        if fence.is_some() {
            write_code(html, line)
        } else {
            write_line(html, line)
        }
        if runs_left {
            html.end_isolate();
        }
    }
}

/// The character that a line which begins or ends a block of code consists of.
fn fence_mark(line: &str) -> Option<char> {
    let line = line.trim_start();
    ['`', '~'].into_iter().find(|mark| {
        let info = line.trim_start_matches(*mark);
        line.len() - info.len() >= 3 && !info.contains(*mark)
    })
}

fn write_code(html: &mut Html, line: &str) {
    let code = line.trim_start();
    indent(html, line.len() - code.len());
    html.text(code);
}

/// HTML would swallow blanks.
fn indent(html: &mut Html, width: usize) {
    for _ in 0..width.min(24) {
        html.text("\u{a0}");
    }
}

fn write_line(html: &mut Html, line: &str) {
    let text = line.trim_start();
    let item = ["- ", "* ", "+ "].iter().find_map(|bullet| text.strip_prefix(bullet));
    let is_numbered = || {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < text.len() && (rest.starts_with(". ") || rest.starts_with(") "))
    };
    if item.is_some() || is_numbered() {
        indent(html, line.len() - text.len());
    }
    if item.is_some() {
        html.text("- ");
    }
    // A backslash at the end is the editor's line break.
    let text = item.unwrap_or(text);
    Inline::new(text.strip_suffix('\\').filter(|before| !before.ends_with('\\')).unwrap_or(text)).write(html);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Strong(u8),
    Emphasis(u8),
    Link,
}

/// An open span: where what closes it begins and how long that is.
#[derive(Debug, Clone, Copy)]
struct Open {
    span: Span,
    end: usize,
    length: usize,
}

/// One line in the making.
struct Inline<'a> {
    text: &'a str,
    at: usize,
    /// Where the text begins that is not written yet.
    from: usize,
    open: Vec<Open>,
    /// Up to where it is known that nothing closes `**`, `__`, `*`, `_`, one and two backticks.
    unclosed: [usize; 6],
    /// From where on it is known that no `*` and no `_` closes.
    no_emphasis: [usize; 2],
    /// Up to where it is known that no link's address ends.
    no_address: usize,
    /// Up to where it is known that no link's title ends.
    no_title: usize,
}

impl<'a> Inline<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            from: 0,
            open: Vec::new(),
            unclosed: [0; 6],
            no_emphasis: [usize::MAX; 2],
            no_address: 0,
            no_title: 0,
        }
    }

    fn write(mut self, html: &mut Html) {
        while let Some(byte) = self.byte(self.at) {
            if html.is_full() {
                break;
            }
            if let Some(open) = self.open.last().copied().filter(|open| open.end == self.at) {
                self.flush(html);
                html.close();
                self.open.pop();
                self.skip_to(self.at + open.length);
                continue;
            }
            match byte {
                b'\\' if self.byte(self.at + 1).is_some_and(|next| next.is_ascii_punctuation()) => {
                    self.flush(html);
                    self.from = self.at + 1;
                    self.at += 2;
                }
                b'*' | b'_' => self.emphasis(html, byte),
                b'`' => self.code(html),
                b'[' => self.link(html, 1),
                b'!' if self.byte(self.at + 1) == Some(b'[') => self.link(html, 2),
                b'<' => self.address_in_brackets(html),
                b'h' | b'H' if matches!(self.byte(self.at + 1), Some(b't' | b'T')) => self.bare_address(html),
                _ => self.skip_plain(),
            }
        }
        self.flush(html);
        while self.open.pop().is_some() {
            html.close();
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// Where the innermost open span ends.
    fn limit(&self) -> usize {
        self.open.last().map_or(self.text.len(), |open| open.end)
    }

    fn is_open(&self, span: Span) -> bool {
        self.open.iter().any(|open| open.span == span)
    }

    fn flush(&mut self, html: &mut Html) {
        html.text(self.slice(self.from, self.at));
        self.from = self.at;
    }

    /// Goes on to the next character that may mean something.
    fn skip_plain(&mut self) {
        let rest = self.text.as_bytes().get(self.at + 1..self.limit()).unwrap_or_default();
        let means = |byte: &u8| matches!(byte, b'\\' | b'*' | b'_' | b'`' | b'[' | b'!' | b'<' | b'h' | b'H');
        self.at += 1 + rest.iter().position(means).unwrap_or(rest.len());
    }

    fn skip_to(&mut self, at: usize) {
        self.at = at;
        self.from = at;
    }

    /// How often `byte` stands from `at` on.
    fn run(&self, at: usize, limit: usize, byte: u8) -> usize {
        let bytes = self.text.as_bytes().get(at..limit).unwrap_or_default();
        bytes.iter().take_while(|other| **other == byte).count()
    }

    fn is_word(c: Option<char>) -> bool {
        c.is_some_and(char::is_alphanumeric)
    }

    fn before(&self, at: usize) -> Option<char> {
        self.slice(0, at).chars().next_back()
    }

    fn after(&self, at: usize) -> Option<char> {
        self.text.get(at..).and_then(|rest| rest.chars().next())
    }

    fn emphasis(&mut self, html: &mut Html, mark: u8) {
        let limit = self.limit();
        let run = self.run(self.at, limit, mark);
        let start = self.at + run;
        let is_single = run == 1 || run == 3 && self.is_emphasis_outside(mark, start, limit);
        let (span, length) = if is_single { (Span::Emphasis(mark), 1) } else { (Span::Strong(mark), 2) };
        let slot = usize::from(mark == b'_') + if length == 2 { 0 } else { 2 };
        // Two asterisks may stand within a word, the rest would hit snake_case and sums.
        let may_be_inside_word = span == Span::Strong(b'*');
        let can_open = run <= 3
            && start < limit
            && self.after(start).is_some_and(|c| !c.is_whitespace())
            && (may_be_inside_word || !Self::is_word(self.before(self.at)))
            && !self.is_open(span)
            && self.unclosed.get(slot).is_some_and(|known| *known < limit);
        let end = if can_open { self.closer(mark, length, start, limit) } else { None };
        match end {
            Some(end) => {
                self.flush(html);
                if length == 2 {
                    html.open_bold()
                } else {
                    html.open_italic()
                }
                self.open.push(Open { span, end, length });
                self.skip_to(self.at + length);
            }
            None => {
                if can_open && let Some(known) = self.unclosed.get_mut(slot) {
                    *known = limit;
                }
                self.at = start.max(self.at + 1);
            }
        }
    }

    /// Of the two spans that three marks open: whether it is the emphasis that ends last, in another place.
    fn is_emphasis_outside(&mut self, mark: u8, start: usize, limit: usize) -> bool {
        let is_underscore = usize::from(mark == b'_');
        if self.unclosed.get(is_underscore).is_none_or(|known| *known >= limit) {
            return false;
        }
        let Some(strong) = self.closer(mark, 2, start, limit) else { return false };
        let closes = |known: &usize| strong < *known && self.closer(mark, 1, strong + 2, limit).is_some();
        let is_outside = self.no_emphasis.get(is_underscore).is_some_and(closes);
        if !is_outside && let Some(known) = self.no_emphasis.get_mut(is_underscore) {
            *known = strong.min(*known);
        }
        is_outside
    }

    fn closer(&self, mark: u8, length: usize, start: usize, limit: usize) -> Option<usize> {
        let mut at = start;
        while at < limit {
            let byte = self.byte(at)?;
            if byte == b'\\' {
                at += 2;
                continue;
            }
            if byte != mark {
                at += 1;
                continue;
            }
            let run = self.run(at, limit, mark);
            let fits = if length == 2 { run >= 2 } else { run == 1 || run == 3 };
            let is_after_text = at > 0 && !self.byte(at - 1)?.is_ascii_whitespace();
            let may_be_inside_word = mark == b'*' && length == 2;
            if fits && is_after_text && (may_be_inside_word || !Self::is_word(self.after(at + run))) {
                // Of three marks the outer span takes the last ones.
                return Some(at + run - length);
            }
            at += run;
        }
        None
    }

    /// Code shows as it is.
    fn code(&mut self, html: &mut Html) {
        let limit = self.limit();
        let run = self.run(self.at, limit, b'`');
        let start = self.at + run;
        let slot = run + 3;
        if self.unclosed.get(slot).is_none_or(|known| *known >= limit) {
            self.at = start.max(self.at + 1);
            return;
        }
        let mut at = start;
        while at < limit {
            if self.byte(at) != Some(b'`') {
                at += 1;
                continue;
            }
            let end = self.run(at, limit, b'`');
            if end == run {
                self.flush(html);
                html.text(self.slice(start, at).trim());
                self.skip_to(at + end);
                return;
            }
            at += end;
        }
        if let Some(known) = self.unclosed.get_mut(slot) {
            *known = limit;
        }
        self.at = start;
    }

    /// `[label](address)`, or the same of an image.
    fn link(&mut self, html: &mut Html, opening: usize) {
        let limit = self.limit();
        let label = self.at + opening;
        let found = if self.is_open(Span::Link) { None } else { self.label_end(label, limit) };
        let Some((url, after)) = found.and_then(|end| self.address(end + 2, limit)) else {
            self.at += 1;
            return;
        };
        self.flush(html);
        html.open_link(url);
        let end = found.unwrap_or(label);
        if self.slice(label, end).trim().is_empty() {
            html.text(url);
        }
        self.open.push(Open { span: Span::Link, end, length: after - end });
        self.skip_to(label);
    }

    /// Where the `](` of a label stands. A label has no brackets of its own.
    fn label_end(&self, start: usize, limit: usize) -> Option<usize> {
        let mut at = start;
        while at < limit {
            match self.byte(at)? {
                b'\\' => at += 2,
                b'[' => return None,
                b']' => return (at + 1 < limit && self.byte(at + 1)? == b'(').then_some(at),
                _ => at += 1,
            }
        }
        None
    }

    /// The address that begins at `start` and may be followed, and where its closing parenthesis ends.
    fn address(&mut self, start: usize, limit: usize) -> Option<(&'a str, usize)> {
        let is_bracketed = self.byte(start) == Some(b'<');
        if start < self.no_address || !is_scheme(self.slice(start + usize::from(is_bracketed), limit)) {
            return None;
        }
        let mut depth = 0_usize;
        let mut at = start;
        while at < limit {
            match self.byte(at)? {
                b'(' => depth += 1,
                b')' if depth == 0 => break,
                b')' => depth -= 1,
                b' ' | b'\t' => break,
                _ => {}
            }
            at += 1;
        }
        let whole = self.slice(start, at);
        let url = whole.strip_prefix('<').and_then(|url| url.strip_suffix('>')).unwrap_or(whole);
        let end = if is_link(url) { self.address_end(at, limit) } else { None };
        if end.is_none() {
            self.no_address = at;
        }
        Some((url, end?))
    }

    /// Where the parenthesis ends that closes an address; a title may come before it and is not shown.
    fn address_end(&mut self, at: usize, limit: usize) -> Option<usize> {
        if self.byte(at).filter(|_| at < limit)? == b')' {
            return Some(at + 1);
        }
        let title = self.slice(at, limit).trim_start();
        if !title.starts_with(['"', '\'']) || at < self.no_title {
            return None;
        }
        let Some(length) = title.find(')') else {
            self.no_title = limit;
            return None;
        };
        Some(limit - title.len() + length + 1)
    }

    /// `<https://example.com>`
    fn address_in_brackets(&mut self, html: &mut Html) {
        let rest = self.slice(self.at + 1, self.limit());
        if is_scheme(rest) && !self.is_open(Span::Link) {
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>')).unwrap_or(rest.len());
            let url = rest.get(..end).unwrap_or_default();
            if is_link(url) && rest.get(end..).is_some_and(|rest| rest.starts_with('>')) {
                self.flush(html);
                write_address(html, url);
                self.skip_to(self.at + end + 2);
                return;
            }
        }
        self.at += 1;
    }

    fn bare_address(&mut self, html: &mut Html) {
        let rest = self.slice(self.at, self.limit());
        if !is_scheme(rest) || Self::is_word(self.before(self.at)) || self.is_open(Span::Link) {
            self.at += 1;
            return;
        }
        let is_end = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '\\');
        let whole = rest.get(..rest.find(is_end).unwrap_or(rest.len())).unwrap_or_default();
        let closes = |c: char| matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | ']' | '}');
        let trimmed = whole.trim_end_matches(closes);
        let url = if trimmed.contains('(') { trimmed } else { trimmed.trim_end_matches(|c| c == ')' || closes(c)) };
        if is_link(url) {
            self.flush(html);
            write_address(html, url);
            self.skip_to(self.at + url.len());
        } else {
            self.at += whole.len().max(1);
        }
    }
}

/// Whether `text` begins with a scheme that a link may have.
fn is_scheme(text: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| after_start(text, scheme).is_some())
}

fn write_address(html: &mut Html, url: &str) {
    html.open_link(url);
    html.text(after_start(url, "mailto:").unwrap_or(url));
    html.close();
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{super::html::Html, write_markdown};

    fn html(markdown: &str) -> String {
        let mut html = Html::new(65_535);
        write_markdown(&mut html, markdown);
        html.finish()
    }

    #[test]
    fn writes_what_the_editor_makes() {
        let link = |url: &str, label: &str| format!("<a href=\"{url}\" target=\"_blank\"><u>{label}</u></a>");
        let a = link("https://a.example", "x");
        let table = [
            // Bold and italic.
            (
                "**bold** and *italic* and __bold__ and _italic_",
                "<b>bold</b> and <i>italic</i> and <b>bold</b> and <i>italic</i>",
            ),
            ("***both***", "<b><i>both</i></b>"),
            ("***both** italic* ***both* bold**", "<i><b>both</b> italic</i> <b><i>both</i> bold</b>"),
            ("___both__ italic_ ***a** b ***c**", "<i><b>both</b> italic</i> <b>*a</b> b <b>*c</b>"),
            ("**bold *italic* bold**", "<b>bold <i>italic</i> bold</b>"),
            ("*italic **both***", "<i>italic <b>both</b></i>"),
            ("**bold *both***", "<b>bold <i>both</i></b>"),
            ("un**bel**ievable", "un<b>bel</b>ievable"),
            ("snake_case_name and 2*3*4 and 5 * 3 * 2", "snake_case_name and 2*3*4 and 5 * 3 * 2"),
            ("**open", "**open"),
            ("a** b **", "a** b **"),
            ("****", "****"),
            ("**a *b** c*", "<b>a *b</b> c*"),
            ("\\*no\\* \\\\ C:\\dir 1\\. a\\_b", "*no* \\ C:\\dir 1. a_b"),
            ("**a\\**b**", "<b>a**b</b>"),
            // Links.
            ("[x](https://a.example)", &a),
            ("[x](https://a.example \"the title\") (y)", &format!("{a} (y)")),
            ("[x](<https://a.example>)", &a),
            ("**[x](https://a.example)**", &format!("<b>{a}</b>")),
            ("[**x**](https://a.example)", &a.replace(">x<", "><b>x</b><")),
            ("[1] see [x](https://a.example)", &format!("[1] see {a}")),
            (
                "[a](https://b c) then [x](https://a.example)",
                &format!("[a]({} c) then {a}", link("https://b", "https://b")),
            ),
            ("[](https://a.example)", &link("https://a.example", "https://a.example")),
            ("[x](https://a.example/w_(y)_z)", &link("https://a.example/w_(y)_z", "x")),
            ("![x](https://a.example)", &a),
            ("[x](mailto:a@b.example)", &link("mailto:a@b.example", "x")),
            ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
            ("[x](data:text/html,y) [x](/path)", "[x](data:text/html,y) [x](/path)"),
            ("[x](https://a.example/\"onclick=\"y)", &link("https://a.example/&quot;onclick=&quot;y", "x")),
            (
                "see https://a.example/a_b_c?x=1&y=2.",
                &format!("see {}.", link("https://a.example/a_b_c?x=1&amp;y=2", "https://a.example/a_b_c?x=1&amp;y=2")),
            ),
            ("(https://a.example)", &format!("({})", link("https://a.example", "https://a.example"))),
            ("**https://a.example**", &format!("<b>{}</b>", link("https://a.example", "https://a.example"))),
            (
                "<https://a.example> <mailto:a@b.example> <x@y>",
                &format!(
                    "{} {} &lt;x@y&gt;",
                    link("https://a.example", "https://a.example"),
                    link("mailto:a@b.example", "a@b.example")
                ),
            ),
            ("[https://a.example](https://a.example)", &link("https://a.example", "https://a.example")),
            ("xhttps://a.example https:// http", "xhttps://a.example https:// http"),
            // Code.
            ("`a*b*c` ``d`e``", "a*b*c d`e"),
            ("`open", "`open"),
            ("```ruby\nif a\n  *b* <c>\nend\n```\nafter", "if a<br>\u{a0}\u{a0}*b* &lt;c&gt;<br>end<br>after"),
            ("~~~\nopen **x**", "open **x**"),
            // Lists and lines.
            ("* a\n+ b\n- c\n  - d\n1. e\n2) f", "- a<br>- b<br>- c<br>\u{a0}\u{a0}- d<br>1. e<br>2) f"),
            ("a\r\nb  \nc\\\nd\n\n\n\ne\n", "a<br>b<br>c<br>d<br><br>e"),
            ("\n \n a", "a"),
            ("# Title\n> quote\n| a | b |\n---", "# Title<br>&gt; quote<br>| a | b |<br>---"),
            // Text that only looks like HTML.
            (
                "<b>x</b> <img src=x onerror=alert(1)> &amp; '\"",
                "&lt;b&gt;x&lt;/b&gt; &lt;img src=x onerror=alert(1)&gt; &amp;amp; &#39;&quot;",
            ),
            ("Olá 👋🏽 **日本** _Ωmega_", "Olá 👋🏽 <b>日本</b> <i>Ωmega</i>"),
            ("مرحبا **سارة**!\nok", "\u{2068}مرحبا <b>سارة</b>!\u{2069}<br>\u{2068}ok\u{2069}"),
            ("", ""),
        ];
        for (markdown, expected) in table {
            assert_eq!(html(markdown), expected, "{markdown}");
        }
    }

    #[test]
    fn is_cut_with_a_mark_and_closed() {
        let mut html = Html::new(40);
        write_markdown(&mut html, &format!("**{}** and more\nand more", "é".repeat(100)));
        assert_eq!(html.finish(), format!("<b>{}…</b>", "é".repeat(15)));
    }

    #[test]
    fn takes_no_longer_for_texts_made_to_take_long() {
        let patterns = [
            "*",
            "**a ",
            "*a ",
            "_a ",
            "__a_ ",
            "`",
            "` ``",
            "[",
            "[a](",
            "[a]([",
            "![",
            "[a](https://b",
            "[a](https://b \"",
            "[a](https://[",
            "<https://",
            "https://",
            "https://(",
            "\\",
            "\\*",
            "***a** *b* ",
            "**a _b `c [d](",
            "h",
            "[a](https://b\u{a0}",
            ")",
        ];
        for pattern in patterns {
            let text = format!("{}{}", pattern.repeat(400_000 / pattern.len()), ")".repeat(10_000));
            let mut html = Html::new(usize::MAX / 2);
            let start = Instant::now();
            write_markdown(&mut html, &text);
            // Linear work takes less than a second unoptimised, quadratic work minutes.
            assert!(start.elapsed() < Duration::from_secs(5), "{pattern}: {:?}", start.elapsed());
        }
    }
}
