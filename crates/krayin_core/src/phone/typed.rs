//! What a text says of a number, before the plan of any country is asked.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::words::{EXTENSIONS, FILLERS, LABELS, OR};
use crate::text;

/// What a text says that is made of a number's characters alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed {
    /// Whether it begins with `+`: its country is in it.
    pub(super) has_plus: bool,
    pub(super) digits: String,
    /// The digits after `ext.`, `x` or the like.
    pub(super) extension: String,
    /// Where in the digits a `(0)` stood, which is not among them.
    pub(super) zero: Option<usize>,
}

/// Longer is no number, and the work on it grows with the text.
const LONGEST: usize = 256;

/// The most digits of one number: fifteen, and what is dialled before them.
const MOST: usize = 20;

/// So many digits at least has each of several numbers in one text.
const EACH: usize = 7;

impl Typed {
    /// The number in a text; `None` for what has other letters or signs in it, and for several numbers.
    pub(super) fn read(raw: &str) -> Option<Self> {
        let mut all = Self::all(raw);
        if all.len() == 1 { all.pop() } else { None }
    }

    /// The numbers in a text.
    pub(super) fn all(raw: &str) -> Vec<Self> {
        if raw.len() > LONGEST {
            return Vec::new();
        }
        let text = plain(raw);
        let several = |pieces: Vec<&str>| -> Option<Vec<Self>> {
            let pieces = || pieces.iter().filter(|piece| piece.contains(|c: char| c.is_alphanumeric()));
            let read: Vec<Self> = pieces().filter_map(|piece| Self::one(piece)).collect();
            let are_all = read.len() > 1 && read.len() == pieces().count();
            (are_all && read.iter().all(|typed| typed.digits.len() >= EACH)).then_some(read)
        };
        let one = Self::one(&text);
        // A slash or a comma is within many a number.
        let may_be_one = one.as_ref().is_some_and(Self::is_of_one_length) && !is_list(&text);
        if !may_be_one && let Some(several) = several(pieces(&text)) {
            return several;
        }
        match one {
            Some(one) => vec![one],
            None => [" - ", " "].iter().find_map(|gap| several(text.split(gap).collect())).unwrap_or_default(),
        }
    }

    /// The digits with the zero that stood alone.
    pub(super) fn with_zero(&self) -> Option<String> {
        let (head, tail) = self.digits.split_at_checked(self.zero?)?;
        Some(format!("{head}0{tail}"))
    }

    /// Whether one number may have so many digits, with what is dialled before it.
    fn is_of_one_length(&self) -> bool {
        let is_abroad = ["0", "119", "810"].iter().any(|head| self.digits.starts_with(head));
        self.digits.len() <= if is_abroad { 19 } else { 15 }
    }

    fn one(text: &str) -> Option<Self> {
        let text = without_label(text);
        let end = text.find(|c: char| c.is_alphabetic() || matches!(c, '#' | ';')).unwrap_or(text.len());
        let end = text.find(",,").map_or(end, |pause| pause.min(end));
        let (number, rest) = text.split_at_checked(end)?;
        let digits_of = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        // Where the code of who carries the call stands, Brazilians write xx.
        if let Some(area) = rest.strip_prefix("xx").filter(|_| matches!(&*digits_of(number), "" | "0" | "55" | "550")) {
            let number = number.rsplit_once('0').map_or(number, |(before, _)| before);
            return Self::one(&format!("{number}{area}"));
        }
        let mut typed = Self { has_plus: false, digits: String::new(), extension: String::new(), zero: None };
        let mut rest_of_number = number;
        while let Some(c) = rest_of_number.chars().next() {
            if let Some(after) = lone_zero(rest_of_number).filter(|_| !typed.digits.is_empty()) {
                typed.zero = Some(typed.digits.len());
                rest_of_number = after;
                continue;
            }
            rest_of_number = rest_of_number.get(c.len_utf8()..).unwrap_or_default();
            match c {
                '+' if typed.digits.is_empty() => typed.has_plus = true,
                // As it is typed from right to left.
                '+' if !rest_of_number.contains(|c: char| c == '+' || c.is_ascii_digit()) => typed.has_plus = true,
                c if c.is_ascii_digit() => typed.digits.push(c),
                '+' | '@' => return None,
                c if c.is_alphanumeric() => return None,
                _ => {}
            }
        }
        match after(rest) {
            Some(extension) => typed.extension = extension,
            None => typed.digits = spelt(&typed.digits, rest)?,
        }
        if typed.has_plus {
            // `+0049` and `+00 49`.
            let zeros = typed.digits.len() - typed.digits.trim_start_matches('0').len();
            typed.digits.drain(..zeros);
            typed.zero = typed.zero.and_then(|at| at.checked_sub(zeros));
        }
        (3..=MOST).contains(&typed.digits.len()).then_some(typed)
    }
}

/// The text in small letters, ASCII's digits and single signs, without what cannot be seen.
fn plain(raw: &str) -> String {
    let visible: String = raw
        .chars()
        .map(|c| match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' => '|',
            '\u{2795}' => '+',
            // A letter to Unicode, and Japan's dash.
            'ー' | 'ｰ' => '-',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        // What makes a key of a digit stands behind it.
        .filter(|c| !text::is_invisible(*c) && !c.is_control() && *c != '\u{20e3}')
        .collect();
    let normal = ComposingNormalizerBorrowed::new_nfkc().normalize(&visible).to_lowercase();
    let plain: String = normal.chars().map(|c| text::ascii_digit(c).unwrap_or(c)).collect();
    of_address(plain.trim_matches([' ', '|', ';', ',', '/']))
}

/// The number in an address of a page or a program that calls it.
fn of_address(text: &str) -> String {
    let text = if text.contains('%') { text.replace("%2b", "+").replace("%20", " ") } else { text.to_owned() };
    let linked = ["wa.me/", "?phone=", "&phone="].iter().find_map(|start| Some(text.split_once(start)?.1));
    if let Some(number) = linked {
        let number = number.split(['&', '?', '/']).next().unwrap_or_default();
        return format!("+{}", number.trim_start_matches('+'));
    }
    let mut parts = text.split(';');
    let mut number = parts.next().unwrap_or_default().to_owned();
    let mut country = None;
    for part in parts {
        match part.trim_start().split_once('=') {
            Some(("phone-context", context)) => country = Some(context.to_owned()).filter(|it| it.starts_with('+')),
            Some(("ext", extension)) => number = format!("{number} ext {extension}"),
            Some((key, _)) if key.chars().all(|c| c.is_alphabetic() || c == '-') => {}
            _ => number = format!("{number};{part}"),
        }
    }
    match country {
        Some(country) if !number.contains('+') => format!("{country} {}", without_label(&number)),
        _ => number,
    }
}

/// The parts of a text that may be numbers of their own.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces: Vec<&str> = text.split([';', '|', '/', ',', '&', '、']).collect();
    for word in OR {
        pieces = pieces.into_iter().flat_map(|piece| piece.split(word)).collect();
    }
    let mut all = Vec::new();
    for piece in pieces {
        let mut rest = piece;
        while let Some(at) = rest.rfind('+').filter(|at| rest.get(..*at).is_some_and(has_digits)) {
            let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            all.push(after);
            rest = before;
        }
        all.push(rest);
    }
    // From right to left a sign stands alone at the end.
    all.retain(|piece| piece.trim() != "+");
    all
}

/// Whether a text says that it is of several parts.
fn is_list(text: &str) -> bool {
    text.contains([';', '|', '&', '、']) || OR.iter().any(|word| text.contains(word))
}

fn has_digits(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// What comes after a zero that stands alone in brackets.
fn lone_zero(text: &str) -> Option<&str> {
    let is_gap = |c: char| !c.is_alphanumeric() && !matches!(c, ')' | ']' | '}' | '>');
    let inner = text.strip_prefix(['(', '[', '{', '<'])?.trim_start_matches(is_gap);
    inner.strip_prefix('0')?.trim_start_matches(is_gap).strip_prefix([')', ']', '}', '>'])
}

/// What comes after the words and signs that a number is announced with.
fn without_label(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '+' | '(' | '[' | '{' | '<'));
        let inner = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '+');
        let end = inner.find(|c: char| !c.is_alphabetic()).unwrap_or(inner.len());
        match inner.split_at_checked(end) {
            Some((label, after)) if LABELS.contains(&label) => rest = after,
            _ => return rest,
        }
    }
}

/// The digits of an extension after a number, none for what only names it; `None` for anything else.
fn after(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    if digits.is_empty() {
        return words.iter().all(|word| LABELS.contains(word)).then_some(digits);
    }
    let is_last = text.find(|c: char| c.is_ascii_digit()) > text.rfind(char::is_alphabetic);
    let is_one = words.iter().all(|word| EXTENSIONS.contains(word) || FILLERS.contains(word))
        && !text.contains(['+', '@'])
        && !text.trim_matches(|c: char| !c.is_ascii_digit()).contains('#');
    (is_one && is_last && digits.len() <= 8).then_some(digits)
}

/// The digits of a number whose end is a word for the keys that it stands on, as companies choose: `1-800-FLOWERS`.
fn spelt(digits: &str, word: &str) -> Option<String> {
    let significant = digits.trim_start_matches(['0', '1']);
    let is_free = ["8", "9", "3"].iter().any(|start| significant.starts_with(start)) && digits.len() >= 3;
    let mut spelt = digits.to_owned();
    let mut letters = 0;
    for c in word.chars() {
        match c {
            'a'..='z' => {
                letters += 1;
                spelt.push(key(c));
            }
            '0'..='9' => spelt.push(c),
            '-' | ' ' | '.' | '(' | ')' => {}
            _ => return None,
        }
    }
    let is_whole = matches!(spelt.len() - digits.len(), 6 | 7) && (10..=11).contains(&spelt.len());
    (is_free && letters >= 3 && is_whole).then_some(spelt)
}

fn key(letter: char) -> char {
    match letter {
        'a'..='c' => '2',
        'd'..='f' => '3',
        'g'..='i' => '4',
        'j'..='l' => '5',
        'm'..='o' => '6',
        'p'..='s' => '7',
        't'..='v' => '8',
        _ => '9',
    }
}
