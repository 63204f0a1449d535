//! Text that fits where Krayin puts it.

/// What stands at the end of a text that was cut.
pub const CUT_MARK: &str = "…";

/// `text`, or its first characters with a mark, in at most `most` characters: a `varchar(most)` column keeps it whole.
pub fn cut_chars(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push_str(CUT_MARK);
    cut
}

/// What comes after `start` in a text that begins with it, in letters of either case of ASCII's.
pub(crate) fn after_start<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (begin, rest) = text.split_at_checked(start.len())?;
    begin.eq_ignore_ascii_case(start).then_some(rest)
}

/// `text`, or its beginning with a mark, in at most `most` bytes: a `TEXT` column keeps it whole.
pub fn cut_bytes(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most.saturating_sub(CUT_MARK.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{CUT_MARK}", text.get(..end).unwrap_or_default())
}

/// Tags that end a line where they open and where they close.
const BLOCKS: [&str; 16] =
    ["p", "div", "ul", "ol", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "details"];

/// The lines of an HTML text as a page breaks them, each with what ends it: together they are the text, byte for byte.
pub fn html_lines(html: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut begin, mut at) = (0, 0);
    let mut end_line = |begin: &mut usize, end: usize| {
        if let Some(line) = html.get(*begin..end).filter(|line| !line.is_empty()) {
            lines.push(line);
        }
        *begin = end;
    };
    while let Some(found) = html.get(at..).and_then(|rest| rest.find(['<', '\n'])) {
        let here = at + found;
        let rest = html.get(here..).unwrap_or_default();
        if rest.starts_with('\n') {
            at = here + 1;
            end_line(&mut begin, at);
            continue;
        }
        let Some(length) = rest.find('>').map(|end| end + 1) else { break };
        let inner = rest.get(1..length - 1).unwrap_or_default();
        let name: String = inner.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        at = here + length;
        if matches!(name.as_str(), "br" | "hr") || (BLOCKS.contains(&name.as_str()) && inner.starts_with('/')) {
            end_line(&mut begin, at);
        } else if BLOCKS.contains(&name.as_str()) {
            end_line(&mut begin, here);
        }
    }
    end_line(&mut begin, html.len());
    lines
}

/// One line without control characters and with single blanks: what a name or title may hold.
pub fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a character takes no room on the screen: what is pasted along with a text and cannot be seen.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether nothing of a text can be seen.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c))
}

/// The zeros of the world's decimal digits, in order; the nine others follow each.
#[rustfmt::skip]
const ZEROS: [char; 65] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}',
    '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{1090}', '\u{17e0}', '\u{1810}',
    '\u{1946}', '\u{19d0}', '\u{1a80}', '\u{1a90}', '\u{1b50}', '\u{1bb0}', '\u{1c40}', '\u{1c50}', '\u{a620}',
    '\u{a8d0}', '\u{a900}', '\u{a9d0}', '\u{a9f0}', '\u{aa50}', '\u{abf0}', '\u{ff10}', '\u{104a0}', '\u{10d30}',
    '\u{11066}', '\u{110f0}', '\u{11136}', '\u{111d0}', '\u{112f0}', '\u{11450}', '\u{114d0}', '\u{11650}',
    '\u{116c0}', '\u{11730}', '\u{118e0}', '\u{11950}', '\u{11c50}', '\u{11d50}', '\u{11da0}', '\u{16a60}',
    '\u{16ac0}', '\u{16b50}', '\u{1d7ce}', '\u{1d7d8}', '\u{1d7e2}', '\u{1d7ec}', '\u{1d7f6}', '\u{1e140}',
    '\u{1e2f0}', '\u{1e950}', '\u{1fbf0}',
];

/// A decimal digit of any script as ASCII's.
pub fn ascii_digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c).filter(char::is_ascii_digit);
    }
    let zero = ZEROS.get(ZEROS.partition_point(|zero| *zero <= c).checked_sub(1)?)?;
    char::from_digit(u32::from(c) - u32::from(*zero), 10)
}

/// `plan_name` as `Plan name`.
pub fn label(key: &str) -> String {
    let mut label = String::with_capacity(key.len());
    for word in key.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '_' | '-')) {
        if word.is_empty() {
            continue;
        }
        if label.is_empty() {
            let mut letters = word.chars();
            label.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            label.push_str(letters.as_str());
        } else {
            label.push(' ');
            label.push_str(word);
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::{ascii_digit, cut_bytes, cut_chars, is_blank, label, one_line};

    #[test]
    fn reads_digits_of_every_script() {
        let read: String = "09٣۴५৬௭๘９𝟓𝟎𝟙🯰x½²".chars().filter_map(ascii_digit).collect();
        assert_eq!(read, "0934567895010");
    }

    #[test]
    fn knows_what_cannot_be_seen() {
        for blank in ["", " ", "\u{200b}", "\u{200e}", "\u{3164}", "\u{2800}", "\u{ad}", "\u{feff} \u{2060}\n\0"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        assert!(!is_blank("\u{200b}x") && !is_blank("👋🏽") && !is_blank("."));
    }

    #[test]
    fn cuts_on_a_character_boundary_with_a_mark() {
        assert_eq!(cut_chars("abc", 3), "abc");
        assert_eq!(cut_chars("éééé", 3), "éé…");
        assert_eq!(cut_chars(&"日".repeat(300), 255).chars().count(), 255);
        assert_eq!(cut_bytes("abc", 3), "abc");
        assert_eq!(cut_bytes("日本語", 8), "日…");
        for most in 0..12 {
            assert!(cut_bytes("日本語x", most).len() <= most.max(3), "{most}");
        }
    }

    #[test]
    fn folds_white_space_and_drops_control_characters() {
        assert_eq!(one_line("  Jane\t\n\u{0}Doe \u{200a}x "), "Jane Doe x");
        assert_eq!(one_line("\u{7}\n"), "");
    }

    #[test]
    fn names_a_key_for_people() {
        assert_eq!(label("plan_name"), "Plan name");
        assert_eq!(label("élan-vital"), "Élan vital");
        assert_eq!(label(" __a--b\n c_"), "A b c");
        assert_eq!(label(""), "");
    }
}
