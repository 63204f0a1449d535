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

/// One line without control characters and with single blanks: what a name or title may hold.
pub fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::{cut_bytes, cut_chars, one_line};

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
}
