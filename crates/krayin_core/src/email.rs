//! E-mail addresses as people write and paste them: what is sent, and how two are compared.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use reqwest::Url;

use crate::text;

/// Longer is no address, and its domain's work grows with the text.
const LONGEST: usize = 2_048;

/// The addresses in a text, in their order and each once: without what cannot be seen, `mailto:`, names, brackets and what
/// ends a sentence. Letters stay as they are.
pub(crate) fn addresses(text: &str) -> Vec<String> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let visible: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !text::is_invisible(*c) && !c.is_control())
        .map(half_width)
        .collect();
    let is_between = |c: char| {
        matches!(
            c,
            ' ' | ','
                | ';'
                | '<'
                | '>'
                | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '"'
                | '|'
                | '‹'
                | '›'
                | '«'
                | '»'
                | '、'
                | '•'
        )
    };
    let mut found: Vec<String> = Vec::new();
    let text = unquoted(&uncommented(&visible));
    // A sign between blanks is typed as it is spoken.
    for word in text.replace(" @ ", "@").split(is_between) {
        // What a link asks for beside the address.
        let asked = word.find('@').and_then(|at| Some(at + word.get(at..)?.find('?')?));
        let word = asked.and_then(|at| word.get(..at)).unwrap_or(word);
        // A domain has no slash: what follows is another address.
        let words: Vec<&str> =
            if word.matches('@').count() > 1 { word.split(['/', '&']).collect() } else { vec![word] };
        for word in words {
            let word = bare(word);
            if word.contains('@') && !found.iter().any(|known| is_same(known, &word)) {
                found.push(word);
            }
        }
    }
    found
}

/// An address without the scheme or word before it and without what ends a sentence.
fn bare(word: &str) -> String {
    let is_end = |c: char| {
        matches!(
            c,
            '.' | '\''
                | ':'
                | '!'
                | '?'
                | '`'
                | '*'
                | '“'
                | '”'
                | '„'
                | '‘'
                | '’'
                | '…'
                | '/'
                | '\\'
                | '،'
                | '؛'
                | '·'
        )
    };
    let word = word.trim_matches(is_end);
    let word = match text::after_start(word, "mailto:") {
        Some(rest) => rest.replace("%40", "@"),
        None => word.to_owned(),
    };
    let after_label = word.rsplit_once('@').and_then(|(local, _)| Some(local.rfind(':')? + 1)).unwrap_or_default();
    word.get(after_label..).unwrap_or_default().trim_matches(is_end).to_owned()
}

/// The text without the comments that an address may have within: `jane(work)@example.com`.
fn uncommented(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('(') {
        let Some((comment, behind)) = after.split_once(')') else { break };
        told.push_str(before);
        let is_within = behind.starts_with('@') || before.ends_with('@');
        if !is_within || comment.contains('@') {
            told.push('(');
            told.push_str(comment);
            told.push(')');
        }
        rest = behind;
    }
    told + rest
}

/// The text without the quotes of a part before the sign that needs none: `"jane.doe"@example.com`.
fn unquoted(text: &str) -> String {
    let Some((quoted, domain)) = text.split_once("\"@") else { return text.to_owned() };
    match quoted.rsplit_once('"') {
        Some((before, local)) if !local.contains([' ', ',', ';']) => format!("{before}{local}@{}", unquoted(domain)),
        _ => text.to_owned(),
    }
}

/// Whether both are one address, whatever the case and form of their letters.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
}

/// Whether one text has an address of the other, however it is written there.
pub(crate) fn are_same(a: &str, b: &str) -> bool {
    is_same(a, b) || addresses(a).iter().any(|a| addresses(b).iter().any(|b| is_same(a, b)))
}

/// The form in which addresses are compared.
pub(crate) fn fold(address: &str) -> String {
    let address = address.trim();
    if address.is_ascii() {
        return address.to_ascii_lowercase();
    }
    let normal = ComposingNormalizerBorrowed::new_nfkc();
    let small = normal.normalize(address).to_lowercase();
    // A Turkish capital leaves its dot behind.
    let small = normal.normalize(&small.replace("i\u{307}", "i")).into_owned();
    let Some((local, domain)) = small.rsplit_once('@').filter(|(_, domain)| !domain.is_ascii()) else { return small };
    // The form in which a domain is looked up.
    let known = Url::parse(&format!("http://{domain}")).ok();
    let domain = known.as_ref().and_then(Url::host_str).unwrap_or(domain);
    format!("{local}@{domain}")
}

/// The address with each letter and its marks as one character, where there is one.
pub(crate) fn composed(address: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(address)
}

/// Letters and signs of double width, as East Asian keyboards write them, as ASCII's.
fn half_width(c: char) -> char {
    match c {
        '。' | '｡' => '.',
        '﹫' => '@',
        '﹒' => '.',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// Whether an address has the form that Krayin takes and that can be searched for.
pub(crate) fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let odd = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, ':' | ';' | ',' | '"' | '\\' | '(' | ')' | '<' | '>' | '[' | ']')
    };
    let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    !local.is_empty()
        && email.len() <= 254
        && !local.contains('@')
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && !email.contains(odd)
        && domain.split('.').all(label)
        && !domain.contains(['/', '_', '%', '*'])
}

#[cfg(test)]
mod tests {
    use super::{addresses, is_same};

    #[test]
    fn reads_addresses_as_people_paste_them() {
        let table: [(&str, &[&str]); 38] = [
            ("E-mail:jane@example.com", &["jane@example.com"]),
            ("smtp:jane@example.com", &["jane@example.com"]),
            ("mailto://jane@example.com", &["jane@example.com"]),
            ("mailto:jane%40example.com", &["jane@example.com"]),
            ("mailto:jane@example.com,joe@example.org?cc=x@example.net", &["jane@example.com", "joe@example.org"]),
            ("jane@example.com/joe@example.org", &["jane@example.com", "joe@example.org"]),
            ("jane@example.com、joe@example.org", &["jane@example.com", "joe@example.org"]),
            ("jane@example.com，joe@example.org；", &["jane@example.com", "joe@example.org"]),
            ("jane(work)@example.com", &["jane@example.com"]),
            ("jane@(work)example.com", &["jane@example.com"]),
            ("\"jane.doe\"@example.com", &["jane.doe@example.com"]),
            ("\"Doe, Jane\" <\"jane\"@example.com>", &["jane@example.com"]),
            ("‹jane@example.com›", &["jane@example.com"]),
            ("‘jane@example.com’", &["jane@example.com"]),
            ("jane @ example.com", &["jane@example.com"]),
            ("jane+news@example.com", &["jane+news@example.com"]),
            ("ann/b@example.com", &["ann/b@example.com"]),
            ("jane@example.com…", &["jane@example.com"]),
            ("jane@example.com", &["jane@example.com"]),
            (" Jane@Example.com ", &["Jane@Example.com"]),
            ("jane@exa\u{200b}mple.com", &["jane@example.com"]),
            ("\u{feff}jane@example.com\u{202c}", &["jane@example.com"]),
            ("ja\u{2060}ne@example.com\0", &["jane@example.com"]),
            ("ja\u{ad}ne@example.com\r\n", &["jane@example.com"]),
            ("mailto:jane@example.com", &["jane@example.com"]),
            ("MAILTO:jane@example.com?subject=Hi", &["jane@example.com"]),
            ("<jane@example.com>", &["jane@example.com"]),
            ("Jane Doe <jane@example.com>", &["jane@example.com"]),
            ("\"Doe, Jane\" <jane@example.com>", &["jane@example.com"]),
            ("jane@example.com (Jane)", &["jane@example.com"]),
            ("[jane@example.com]", &["jane@example.com"]),
            ("jane@example.com.", &["jane@example.com"]),
            ("ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", &["jane@example.com"]),
            ("jane@example.com, j.doe@example.org", &["jane@example.com", "j.doe@example.org"]),
            ("jane@example.com; JANE@example.com", &["jane@example.com"]),
            ("jane@example.com / joe@example.com", &["jane@example.com", "joe@example.com"]),
            ("no address", &[]),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(addresses(text), expected, "{text:?}");
        }
        assert!(addresses(&"a@b.co ".repeat(10_000)).is_empty());
    }

    #[test]
    fn compares_addresses_whatever_their_letters() {
        for (a, b) in [
            ("JANE.DOE@Example.COM", "jane.doe@example.com"),
            ("ÖZGÜR@example.com", "özgür@example.com"),
            ("zoe\u{308}@example.com", "zoë@example.com"),
            ("İPEK@example.com", "ipek@example.com"),
            ("ИВАН@почта.рф", "иван@xn--80a1acny.xn--p1ai"),
            ("jane@MÜNCHEN.de", "jane@xn--mnchen-3ya.de"),
        ] {
            assert!(is_same(a, b), "{a} {b}");
        }
        assert!(!is_same("ozgur@example.com", "özgür@example.com"));
        assert!(!is_same("jane@example.com", "jane@example.org"));
    }
}
