use icu_normalizer::DecomposingNormalizerBorrowed;

/// Whether two names may be of one person: they share a word, or an initial stands for one.
pub(super) fn agree(a: &str, b: &str) -> bool {
    let (a, b) = (words(a), words(b));
    a.iter().any(|a| b.iter().any(|b| is_same(a, b)))
}

/// Whether two names are of two people. What is no name of a person, such as a number or a lone sign, is nobody's.
pub(super) fn are_anothers(a: &str, b: &str) -> bool {
    let is_name = |name: &str| !name.contains('@') && !words(name).is_empty();
    is_name(a) && is_name(b) && !agree(a, b)
}

/// The words of letters in a name, without case and accents.
fn words(name: &str) -> Vec<String> {
    let plain = DecomposingNormalizerBorrowed::new_nfkd().normalize(name).to_lowercase();
    let is_mark = |c: char| matches!(c, '\u{300}'..='\u{36f}');
    let plain: String = plain.chars().filter(|c| !is_mark(*c)).collect();
    let words = plain.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn is_same(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let letters = short.chars().count();
    short == long || (long.starts_with(short) && (letters == 1 || letters >= 3))
}

#[cfg(test)]
mod tests {
    use super::{agree, are_anothers};

    #[test]
    fn tells_names_of_one_from_names_of_two() {
        for (a, b) in [
            ("Jane Doe", "DOE, Jane"),
            ("Jane Doe", "J. Doe"),
            ("Jane", "J."),
            ("Zoë Müller", "zoe muller"),
            ("Alex Smith", "Alexandra"),
            ("Иван Петров", "петров"),
        ] {
            assert!(agree(a, b) && !are_anothers(a, b), "{a} {b}");
        }
        for (a, b) in [("Alice", "Bob"), ("Jane Doe", "Bob Roe"), ("Иван", "Ольга")] {
            assert!(are_anothers(a, b), "{a} {b}");
        }
        for (a, b) in [("Alice", "+14155550182"), ("Alice", "👋🏽"), ("Alice", ""), ("a@example.com", "Bob")] {
            assert!(!are_anothers(a, b), "{a} {b}");
        }
    }
}
