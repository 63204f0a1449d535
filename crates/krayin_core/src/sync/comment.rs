//! An activity's comment follows its conversation, and a colleague may have written into it.
//!
//! No mark stands in the text: what the server keeps is what was sent, byte for byte, and a colleague edits it as it
//! is, so a mark would be theirs to break. What tells our lines is a short digest of each, kept with the activity's id.

use std::collections::HashMap;

use crate::{DigestKey, harmless, text::html_lines};

/// The most lines of ours that are told apart; of a longer text only the whole is known.
const LINES: usize = 500;
/// The most lines of a comment that are looked at.
const THEIR_LINES: usize = 8_000;
/// The most bytes of a comment that the server keeps.
const BYTES: usize = 65_535;
/// The digits of a line's digest: a comment has few lines, and two that meet cost a line at most.
const DIGITS: usize = 8;
/// How many beginnings and ends of lines are tried for one of ours.
const TRIES: usize = 10_000;
/// What stands for a line without words.
const BLANK: &str = "-";

/// What becomes of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Merged {
    /// It says already what it is to say.
    Same,
    /// Nothing in it is ours any more.
    Theirs,
    /// What is to be written.
    Write(String),
}

/// What is kept of a comment of ours as it was sent, to tell it from a colleague's words later: `kept` digests, with a
/// bar between those of versions of which it is not known which one the server has.
pub(super) fn digests(ours: &str, key: &DigestKey) -> String {
    let lines = html_lines(ours);
    let lines = if lines.len() > LINES { Vec::new() } else { lines };
    let lines: Vec<String> = lines.iter().map(|line| line_digest(line, key)).collect();
    format!("{}.{}.{}", key.digest(ours.trim()).text(), key.digest(&harmless::words(ours)).text(), lines.join(","))
}

/// Puts `ours`, the comment as it is to be now, in the place of what was ours in `current`, the comment as the server has
/// it. `kept` are the [`digests`] of what was sent.
///
/// Three-way, by lines: a line that is as we sent it follows `ours`; one that a colleague wrote, or changed, stays where
/// it was; one that they took away stays away until it says something else. Words before or after a line of ours, on
/// that line, are a line of their own.
pub(super) fn merge(current: &str, ours: &str, kept: &str, key: &DigestKey) -> Merged {
    if current.trim() == ours.trim() {
        return Merged::Same;
    }
    let versions: Vec<Version<'_>> = kept.split('|').filter_map(Version::parse).collect();
    let (all, words) = (key.digest(current.trim()), key.digest(&harmless::words(current)));
    // A firewall that takes markup for an attack gets the words alone.
    let is_plain = !current.contains('<');
    if versions.iter().any(|version| all.is(version.all) || (is_plain && words.is(version.words))) {
        return Merged::Write(ours.to_owned());
    }
    let mine: Vec<Line<'_>> = html_lines(ours).into_iter().map(|line| Line::of(line, key)).collect();
    let found = versions.iter().map(|version| Theirs::beside(current, &version.lines, key)).max_by_key(Theirs::known);
    match found.filter(|theirs| theirs.known() > 0) {
        Some(theirs) => match theirs.with(&mine) {
            Merged::Write(html) if html == current => Merged::Same,
            merged => merged,
        },
        None => Merged::Theirs,
    }
}

/// What is kept while a text of ours is on its way: the digests of what may be there, and of that text, each once.
pub(super) fn add_in_flight(kept: &str, ours: &str) -> String {
    let mut versions: Vec<&str> = kept.split('|').filter(|known| !known.is_empty() && *known != ours).collect();
    versions.push(ours);
    versions.join("|")
}

/// What is kept of a version of ours.
struct Version<'a> {
    all: &'a str,
    words: &'a str,
    lines: Vec<&'a str>,
}

impl<'a> Version<'a> {
    fn parse(kept: &'a str) -> Option<Self> {
        let mut parts = kept.splitn(3, '.');
        let (all, words, lines) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { all, words, lines: lines.split(',').filter(|line| !line.is_empty()).collect() })
    }
}

/// A line, and what it is known by.
struct Line<'a> {
    html: &'a str,
    digest: String,
}

impl<'a> Line<'a> {
    fn of(html: &'a str, key: &DigestKey) -> Self {
        Self { html, digest: line_digest(html, key) }
    }
}

/// By what a reader sees of it, and where its links go: bold or not is no other line.
fn line_digest(html: &str, key: &DigestKey) -> String {
    let said = said(html);
    if said.is_empty() {
        return BLANK.to_owned();
    }
    key.digest(&said).text().chars().take(DIGITS).collect()
}

fn said(html: &str) -> String {
    let mut said = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, from)) = rest.split_once('<') {
        said.push_str(before);
        let Some((tag, after)) = from.split_once('>') else {
            said.push('<');
            rest = from;
            break;
        };
        if let Some((url, _)) = tag.split_once("href=\"").and_then(|(_, url)| url.split_once('"')) {
            said.push_str(url);
        }
        rest = after;
    }
    said.push_str(rest);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A comment of the server's beside a version of ours.
struct Theirs<'a> {
    lines: Vec<Line<'a>>,
    /// Which line of ours each one is.
    ours: Vec<Option<usize>>,
    base: Vec<&'a str>,
}

impl<'a> Theirs<'a> {
    fn beside(current: &'a str, base: &[&'a str], key: &DigestKey) -> Self {
        let mut lines: Vec<Line<'a>> = Vec::new();
        let mut tries = TRIES;
        for line in html_lines(current).into_iter().map(|line| Line::of(line, key)) {
            if base.contains(&line.digest.as_str()) {
                lines.push(line);
            } else {
                lines.extend(apart(line, base, key, &mut tries));
            }
        }
        if lines.len() > THEIR_LINES {
            lines.clear();
        }
        let digests: Vec<&str> = lines.iter().map(|line| line.digest.as_str()).collect();
        let ours = common(&digests, base);
        Self { lines, ours, base: base.to_vec() }
    }

    /// How many lines are ours and say something.
    fn known(&self) -> usize {
        self.lines.iter().zip(&self.ours).filter(|(line, ours)| ours.is_some() && line.digest != BLANK).count()
    }

    fn with(&self, mine: &[Line<'_>]) -> Merged {
        let digests: Vec<&str> = mine.iter().map(|line| line.digest.as_str()).collect();
        let known = common(&digests, &self.base);
        let (theirs, new) = (slots(&self.ours), slots(&known));
        let mut pieces: Vec<Piece<'_>> = Vec::new();
        for slot in 0..=self.base.len() {
            let own = theirs.get(&slot).into_iter().flatten();
            pieces.extend(
                own.filter_map(|at| Some(Piece { html: self.lines.get(*at)?.html, theirs: Some(*at), mine: None })),
            );
            let new = new.get(&slot).into_iter().flatten();
            pieces
                .extend(new.filter_map(|at| Some(Piece { html: mine.get(*at)?.html, theirs: None, mine: Some(*at) })));
            let both = (place(&self.ours, slot), place(&known, slot));
            if let (Some(theirs), Some(mine)) = both {
                let html = self.lines.get(theirs).map_or("", |line| line.html);
                pieces.push(Piece { html, theirs: Some(theirs), mine: Some(mine) });
            }
        }
        loop {
            let merged = join(&pieces);
            if merged.len() <= BYTES {
                return Merged::Write(merged);
            }
            match pieces.iter().rposition(|piece| piece.theirs.is_none()) {
                Some(last) => drop(pieces.remove(last)),
                None => return Merged::Theirs,
            }
        }
    }
}

/// A line of the merged comment.
struct Piece<'a> {
    html: &'a str,
    theirs: Option<usize>,
    mine: Option<usize>,
}

fn join(pieces: &[Piece<'_>]) -> String {
    let mut joined = String::new();
    let mut before: Option<&Piece<'_>> = None;
    for piece in pieces {
        let follows = |of: fn(&Piece<'_>) -> Option<usize>| {
            before.and_then(of).zip(of(piece)).is_some_and(|(before, here)| before + 1 == here)
        };
        let stood_there = follows(|piece| piece.theirs) || follows(|piece| piece.mine);
        if before.is_some_and(|before| !ends_a_line(before.html)) && !stood_there {
            joined.push_str("<br>");
        }
        joined.push_str(piece.html);
        before = Some(piece);
    }
    joined
}

fn ends_a_line(html: &str) -> bool {
    // Whatever is put behind it begins another line then.
    html_lines(&format!("{html}x")).len() > 1
}

/// The lines that are not of the base, by the line of the base that they stand before.
fn slots(of_base: &[Option<usize>]) -> HashMap<usize, Vec<usize>> {
    let mut slots: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut slot = 0;
    for (at, base) in of_base.iter().enumerate() {
        match base {
            Some(base) => slot = base + 1,
            None => slots.entry(slot).or_default().push(at),
        }
    }
    slots
}

fn place(of_base: &[Option<usize>], base: usize) -> Option<usize> {
    of_base.iter().position(|of| *of == Some(base))
}

/// A line in two, where its beginning or its end is one of ours.
fn apart<'a>(line: Line<'a>, base: &[&str], key: &DigestKey, tries: &mut usize) -> Vec<Line<'a>> {
    let html = line.html;
    let cuts: Vec<usize> = html
        .char_indices()
        .filter(|(at, c)| *at > 0 && (c.is_whitespace() || *c == '<') || *c == '>')
        .map(|(at, c)| if c == '<' { at } else { at + c.len_utf8() })
        .collect();
    let is_ours = |piece: &str, tries: &mut usize| {
        *tries = tries.saturating_sub(1);
        let digest = line_digest(piece, key);
        *tries > 0 && digest != BLANK && base.contains(&digest.as_str())
    };
    let halves = |at: usize| html.split_at_checked(at).unwrap_or((html, ""));
    let begins = cuts.iter().rev().copied().find(|at| is_ours(halves(*at).0, tries));
    let found = begins.or_else(|| cuts.iter().copied().find(|at| is_ours(halves(*at).1, tries)));
    match found.map(halves) {
        Some((one, two)) if !one.is_empty() && !two.is_empty() => vec![Line::of(one, key), Line::of(two, key)],
        _ => vec![line],
    }
}

/// Which line of `base` each of `lines` is: a longest common subsequence.
fn common(lines: &[&str], base: &[&str]) -> Vec<Option<usize>> {
    let begin = lines.iter().zip(base).take_while(|(one, other)| one == other).count();
    let (lines_left, base_left) = (lines.get(begin..).unwrap_or_default(), base.get(begin..).unwrap_or_default());
    let end = lines_left.iter().rev().zip(base_left.iter().rev()).take_while(|(one, other)| one == other).count();
    let inner = |all: &'_ [&str]| all.len().saturating_sub(end);
    let (rows, columns) = (inner(lines_left), inner(base_left));
    let width = columns + 1;
    // How many lines are common from here on.
    let mut longest = vec![0_u16; (rows + 1) * width];
    let at =
        |longest: &[u16], row: usize, column: usize| longest.get(row * width + column).copied().unwrap_or_default();
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let best = match lines_left.get(row) == base_left.get(column) {
                true => at(&longest, row + 1, column + 1).saturating_add(1),
                false => at(&longest, row + 1, column).max(at(&longest, row, column + 1)),
            };
            if let Some(cell) = longest.get_mut(row * width + column) {
                *cell = best;
            }
        }
    }
    let mut found: Vec<Option<usize>> = (0..begin).map(Some).collect();
    let (mut row, mut column) = (0, 0);
    while row < rows {
        if column < columns && lines_left.get(row) == base_left.get(column) {
            found.push(Some(begin + column));
            (row, column) = (row + 1, column + 1);
        } else if column < columns && at(&longest, row, column + 1) > at(&longest, row + 1, column) {
            column += 1;
        } else {
            found.push(None);
            row += 1;
        }
    }
    found.extend((0..end).map(|at| Some(base.len() - end + at)));
    found
}

#[cfg(test)]
mod tests {
    use super::{Merged, add_in_flight, digests, merge};
    use crate::DigestKey;

    const BEFORE: &str = "<b>Website · Open</b><br>Inbox: Support<br>Last activity: 10:05<br><br><b>Jane</b> 10:00<br>\
                          Hello<br><br><a href=\"https://chat.example.com/1\" target=\"_blank\"><u>Open in Chatwoot</u></a>";

    fn after() -> String {
        let more = "Hello<br><br><b>Ann</b> 10:07<br>Good morning<br><br>";
        BEFORE.replace("Open</b>", "Resolved</b>").replace("10:05", "10:07").replacen("Hello<br><br>", more, 1)
    }

    fn merged(current: &str) -> Merged {
        let key = DigestKey::new(b"key");
        merge(current, &after(), &digests(BEFORE, &key), &key)
    }

    fn written(current: &str) -> String {
        match merged(current) {
            Merged::Write(html) => html,
            other => panic!("{current}: {other:?}"),
        }
    }

    #[test]
    fn what_nobody_touched_follows() {
        assert_eq!(written(BEFORE), after());
        assert_eq!(written(&format!("{BEFORE}\n")), after());
        assert_eq!(merged(&after()), Merged::Same);
        let key = DigestKey::new(b"key");
        let words = crate::harmless::words(BEFORE);
        assert_eq!(merged(&words), Merged::Write(after()), "a firewall took the words alone");
        // Of two versions that the server may have, it has either.
        let kept = format!("{}|{}", digests(BEFORE, &key), digests(&after(), &key));
        for has in [BEFORE, &after()] {
            assert_eq!(merge(has, "<b>New</b>", &kept, &key), Merged::Write("<b>New</b>".into()));
            let added = format!("{has}<br>Call her");
            let Merged::Write(html) = merge(&added, "<b>New</b>", &kept, &key) else { panic!("{added}") };
            assert_eq!(html, "<b>New</b><br>Call her");
        }
    }

    /// However often a write fails.
    #[test]
    fn what_is_on_its_way_is_kept_once() {
        let table =
            [("", "a", "a"), ("a", "b", "a|b"), ("a|b", "b", "a|b"), ("a|b", "a", "b|a"), ("a|b|b", "b", "a|b")];
        for (kept, ours, expected) in table {
            assert_eq!(add_in_flight(kept, ours), expected, "{kept} {ours}");
        }
    }

    #[test]
    fn words_of_a_colleague_stay_where_they_were() {
        let (begin, rest) = ("<b>Website · Resolved</b><br>Inbox: Support<br>", after());
        let rest = rest.strip_prefix(begin).unwrap().to_owned();
        let table = [
            // what they did, what becomes of it
            (format!("{BEFORE}<br>Call her back"), format!("{}<br>Call her back", after())),
            (format!("{BEFORE} Call her back"), format!("{} Call her back", after())),
            (format!("{BEFORE}\r\nCall her back"), format!("{}\r\nCall her back", after())),
            (format!("VIP!<br>{BEFORE}"), format!("VIP!<br>{}", after())),
            (format!("VIP: {BEFORE}"), format!("VIP: <br>{}", after())),
            (format!("<p>VIP</p>{BEFORE}"), format!("<p>VIP</p>{}", after())),
            (BEFORE.replacen("Support<br>", "Support<br>Ask Ann<br>", 1), format!("{begin}Ask Ann<br>{rest}")),
            (
                BEFORE.replacen("Support", "Support, ask Ann", 1),
                format!("{begin}{rest}").replace("Support", "Support, ask Ann"),
            ),
            (BEFORE.replacen("Support", "<b>Support</b>", 1), after().replace("Support", "<b>Support</b>")),
            (BEFORE.replacen("Hello<br>", "", 1), after().replacen("Hello<br>", "", 1)),
            (
                BEFORE.replacen("10:05", "never", 1),
                after().replacen("Last activity", "Last activity: never<br>Last activity", 1),
            ),
        ];
        for (current, expected) in table {
            assert_eq!(written(&current), expected, "{current}");
        }
    }

    #[test]
    fn what_is_not_ours_any_more_is_left_alone() {
        for current in ["Done, see the mail", "", "<br><br>", "{{7*7}}"] {
            assert_eq!(merged(current), Merged::Theirs, "{current}");
        }
    }

    #[test]
    fn nothing_of_theirs_is_cut() {
        let key = DigestKey::new(b"key");
        let long = format!("<b>One</b><br>{}", "word ".repeat(13_200));
        let current = "<b>One</b><br>Two<br>Theirs";
        let Merged::Write(html) = merge(current, &long, &digests("<b>One</b><br>Two", &key), &key) else { panic!() };
        assert_eq!(html, "<b>One</b><br>Theirs");
        let theirs = format!("<b>One</b><br>{}", "x".repeat(65_500));
        let ours = format!("<b>One</b><br>And {}", "more ".repeat(20));
        assert_eq!(merge(&theirs, &ours, &digests("<b>One</b>", &key), &key), Merged::Same);
    }
}
