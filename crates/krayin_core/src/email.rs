//! E-mail addresses as people write and paste them: what is sent, and how two are compared.

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
        .map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c })
        .filter(|c| !text::is_invisible(*c))
        .map(half_width)
        .collect();
    let is_between = |c: char| matches!(c, ' ' | ',' | ';' | '<' | '>' | '(' | ')' | '[' | ']' | '"' | '|');
    let mut found: Vec<String> = Vec::new();
    for word in visible.split(is_between) {
        let word = word.trim_matches(|c: char| matches!(c, '.' | '\'' | ':' | '!' | '?' | '`' | '*' | '“' | '”' | '„'));
        let word = match word.split_at_checked(7) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto:") => {
                rest.split('?').next().unwrap_or_default()
            }
            _ => word,
        };
        let word = word.trim_matches('.');
        if word.contains('@') && !found.iter().any(|known| is_same(known, word)) {
            found.push(word.to_owned());
        }
    }
    found
}

/// Whether both are one address, whatever the case and form of their letters.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
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

/// Letters and signs of double width, as East Asian keyboards write them, as ASCII's.
fn half_width(c: char) -> char {
    match c {
        '。' | '｡' => '.',
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
        let table: [(&str, &[&str]); 20] = [
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
