use icu_normalizer::ComposingNormalizerBorrowed;

use crate::{chatwoot::Contact, text};

/// How many characters of a part are looked at: one more than Krayin keeps of a name. Each word is held against each of the
/// others, which a text of any length would make slow.
const CONSIDERED: usize = 256;

/// The name with its parts, each once and in the order that Chatwoot has them in; `None` where nothing of it can be seen.
///
/// Older contacts have the whole name in the first field and its parts in the others as well, in any order: a part is not
/// said again where the name has it already.
pub(crate) fn full_name(contact: &Contact) -> Option<String> {
    let (name, middle, last) = (line(&contact.name), line(&contact.middle_name), line(&contact.last_name));
    let mut words = visible(&name);
    let (middle, last) = (visible(&middle), visible(&last));
    let place = place(&words, &last);
    let has_middle = {
        let others = |at: usize| at < place.0 || at >= place.1;
        let rest: Vec<&str> = words.iter().enumerate().filter(|(at, _)| others(*at)).map(|(_, word)| *word).collect();
        // Without a first name of its own the middle one would be it.
        has(&rest, &middle) || (is_same(&middle, &last) && has(&words, &last))
    };
    let (begin, end) = place;
    if !has_middle {
        // Before the last name, but a name that begins with that one goes on with the others.
        let at = if begin > 0 { begin } else { words.len() };
        words.splice(at..at, middle);
    }
    if begin == end {
        let common = (1..=words.len().min(last.len())).rev().find(|count| {
            is_same(words.get(words.len() - count..).unwrap_or_default(), last.get(..*count).unwrap_or_default())
        });
        words.extend(last.into_iter().skip(common.unwrap_or(0)));
    }
    Some(words.join(" ")).filter(|name| !name.is_empty())
}

/// One line of a part, without what turns the direction of the text after it or is there to be overlooked.
fn line(part: &Option<String>) -> String {
    let is_kept = |c: &char| !matches!(c, '\u{ad}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let plain: String = part.as_deref().unwrap_or_default().chars().filter(is_kept).collect();
    text::one_line(&plain)
}

fn visible(line: &str) -> Vec<&str> {
    // What tells the direction says nothing at the end of a word.
    let words = line.split(' ').map(|word| word.trim_matches(['\u{200e}', '\u{200f}', '\u{61c}']));
    let mut left = CONSIDERED;
    let considered = words.filter(|word| !text::is_blank(word)).map_while(|word| {
        let word = word.get(..word.char_indices().nth(left).map_or(word.len(), |(at, _)| at))?;
        left -= word.chars().count();
        Some(word).filter(|word| !word.is_empty())
    });
    considered.collect()
}

/// Where `words` have the last name: the last place of it; an empty one at their end where they do not.
fn place(words: &[&str], last: &[&str]) -> (usize, usize) {
    let none = (words.len(), words.len());
    if last.is_empty() {
        return none;
    }
    let found = words.windows(last.len()).rposition(|window| is_same(window, last));
    let within = || words.iter().rposition(|word| holds(word, last)).map(|at| (at, at + 1));
    found.map(|at| (at, at + last.len())).or_else(within).unwrap_or(none)
}

fn has(words: &[&str], part: &[&str]) -> bool {
    part.is_empty()
        || words.windows(part.len()).any(|window| is_same(window, part))
        || words.iter().any(|word| holds(word, part))
        || words.iter().skip(1).any(|word| matches!(part, [part] if is_initial(word, part) || is_initial(part, word)))
        || matches!(part, [part] if words.iter().any(|word| has_initial(word, part)))
}

/// Whether one of a name's words has a part in it: `Anne-Marie` has `Marie`, `J.R.R.` has `R.R.`; scripts that are written
/// without blanks have it at an end.
fn holds(word: &str, part: &[&str]) -> bool {
    let pieces = |word: &str| -> Vec<String> {
        let between = |c: char| {
            matches!(c, '-' | '\u{2010}' | '\u{2011}' | '.' | ',' | '\'' | '\u{2019}' | '\u{30fb}' | '\u{b7}')
        };
        word.split(between).filter(|piece| !piece.is_empty()).map(plain).collect()
    };
    let (within, wanted) = (pieces(word), part.iter().flat_map(|part| pieces(part)).collect::<Vec<_>>());
    let is_piece =
        within.len() > 1 && !wanted.is_empty() && within.windows(wanted.len()).any(|window| window == wanted);
    let is_end = || {
        let [part] = part else { return false };
        part.chars().all(is_written_without_blanks) && (word.starts_with(part) || word.ends_with(part))
    };
    is_piece || is_end()
}

fn is_written_without_blanks(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// Whether a word is initials that are written together, `part` among them and not the first: `JK`.
fn has_initial(word: &str, part: &str) -> bool {
    let part = plain(part);
    let is_initials = (2..=3).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_uppercase());
    is_initials && part.len() == 1 && plain(word).get(1..).is_some_and(|rest| rest.contains(&part))
}

/// Whether `short` is the first letter of `long`.
fn is_initial(short: &str, long: &str) -> bool {
    let (short, long) = (plain(short), plain(long));
    short.chars().count() == 1 && long.starts_with(&short)
}

fn is_same(a: &[&str], b: &[&str]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| plain(a) == plain(b))
}

/// A word without case, what cannot be seen, and the points and commas at its end.
fn plain(word: &str) -> String {
    let word: String = word.chars().filter(|c| !text::is_invisible(*c)).collect();
    let word = ComposingNormalizerBorrowed::new_nfkc().normalize(word.trim_end_matches(['.', ','])).to_lowercase();
    word.replace("i\u{307}", "i").replace('ß', "ss")
}

#[cfg(test)]
mod tests {
    use super::full_name;
    use crate::chatwoot::Contact;

    fn joined(name: &str, middle: &str, last: &str) -> String {
        let part = |part: &str| Some(part.to_owned()).filter(|part| !part.is_empty());
        let contact =
            Contact { name: part(name), middle_name: part(middle), last_name: part(last), ..Contact::default() };
        full_name(&contact).unwrap_or_default()
    }

    #[test]
    fn says_each_part_once_in_the_customers_order() {
        let table = [
            ("Nagy Anna", "", "Nagy", "Nagy Anna"),
            ("Doe, Jane", "", "Doe", "Doe, Jane"),
            ("Jane Doe, PhD", "", "Doe", "Jane Doe, PhD"),
            ("Jane Doe Jr.", "Q.", "Doe", "Jane Q. Doe Jr."),
            ("Dr. Jane Doe", "", "DOE", "Dr. Jane Doe"),
            ("Jane", "", "Jane Doe", "Jane Doe"),
            ("Maria Garcia", "", "Garcia Lopez", "Maria Garcia Lopez"),
            ("Jane", "Q.", "Q. Doe", "Jane Q. Doe"),
            ("Jane Quentin Doe", "Q.", "Doe", "Jane Quentin Doe"),
            ("Jane Q. Doe", "Quentin", "Doe", "Jane Q. Doe"),
            ("Quentin", "Q.", "Doe", "Quentin Q. Doe"),
            ("J.R.R. Tolkien", "R. R.", "Tolkien", "J.R.R. Tolkien"),
            ("Anne-Marie Dupont", "Marie", "Dupont", "Anne-Marie Dupont"),
            ("Ann Smith-Jones", "", "Jones", "Ann Smith-Jones"),
            ("Jean-Luc", "", "Picard", "Jean-Luc Picard"),
            ("João da Silva", "da", "Silva", "João da Silva"),
            ("João", "da", "Silva", "João da Silva"),
            ("Jose\u{301} Nun\u{303}ez", "", "Nuñez", "Jose\u{301} Nun\u{303}ez"),
            ("İREM ŞAHİN", "", "Şahin", "İREM ŞAHİN"),
            ("毛泽东", "", "毛", "毛泽东"),
            ("山田太郎", "", "太郎", "山田太郎"),
            ("金正恩", "", "李", "金正恩 李"),
            ("김민수", "", "김", "김민수"),
            ("محمد علي", "", "علي", "محمد علي"),
            ("דוד", "", "כהן", "דוד כהן"),
            ("Jane\u{200b} \u{200b} Doe\u{feff}", "\u{2060}", "Doe", "Jane Doe"),
            ("\u{202e}Jane", "", "Doe\u{202c}", "Jane Doe"),
            ("می\u{200c}خواهم", "", "", "می\u{200c}خواهم"),
            ("👩\u{200d}💻", "", "🌸", "👩\u{200d}💻 🌸"),
            ("\u{200b}", "\u{3164}", "\u{2800}", ""),
            ("", "Q.", "Doe", "Q. Doe"),
            ("", "", "Doe", "Doe"),
            ("jane@example.com", "", "", "jane@example.com"),
            ("+1 415 555 0182", "", "", "+1 415 555 0182"),
            ("O'Brien Pat", "", "O\u{2019}Brien", "O'Brien Pat"),
            ("Jane Doe", "", "Jane Doe", "Jane Doe"),
            ("Sam Sam", "", "Sam", "Sam Sam"),
            ("Joann", "", "Ann", "Joann Ann"),
            ("Prof. Dr. Hans Müller", "", "Müller", "Prof. Dr. Hans Müller"),
            ("Vincent van", "", "Gogh", "Vincent van Gogh"),
            ("Vincent", "van", "van Gogh", "Vincent van Gogh"),
            ("María de la Cruz", "de la", "Cruz", "María de la Cruz"),
            ("María", "de la", "Cruz", "María de la Cruz"),
            ("Sinéad O'Connor", "", "O’CONNOR", "Sinéad O'Connor"),
            ("Ronald Mcdonald", "", "McDonald", "Ronald Mcdonald"),
            ("Anne Marie Smith-Jones", "", "Smith Jones", "Anne Marie Smith-Jones"),
            ("J. K. Rowling", "K.", "Rowling", "J. K. Rowling"),
            ("JK Rowling", "K", "Rowling", "JK Rowling"),
            ("John F Kennedy", "Fitzgerald", "Kennedy", "John F Kennedy"),
            ("Jane Jane Doe", "Jane", "Doe", "Jane Jane Doe"),
            ("JANE DOE", "Q", "doe", "JANE Q DOE"),
            ("太郎", "", "山田", "太郎 山田"),
            ("محمد بن سلمان", "بن", "سلمان", "محمد بن سلمان"),
            ("สมชาย ใจดี", "", "ใจดี", "สมชาย ใจดี"),
            ("Jane 🌸 Doe", "", "Doe", "Jane 🌸 Doe"),
            ("Иванов Иван Иванович", "Иванович", "Иванов", "Иванов Иван Иванович"),
            ("Jürgen Weiß", "", "WEISS", "Jürgen Weiß"),
            ("Jane\u{200f} Doe", "", "\u{200f}Doe", "Jane Doe"),
            ("Ａｎｎ Ｌｅｅ", "", "Lee", "Ａｎｎ Ｌｅｅ"),
            ("John Doe III", "III", "Doe", "John Doe III"),
            ("Ann", "Ann", "Ann", "Ann"),
            ("🌸", "", "", "🌸"),
        ];
        for (name, middle, last, expected) in table {
            assert_eq!(joined(name, middle, last), expected, "{name} + {middle} + {last}");
        }
    }

    #[test]
    fn looks_at_no_more_than_krayin_keeps() {
        let words = |word: &str| vec![word; 30_000].join(" ");
        let whole = joined(&words("a-b"), &words("c.d"), &words("e,f"));
        assert!(whole.starts_with("a-b a-b") && (256..2048).contains(&whole.len()), "{} characters", whole.len());
        assert_eq!(joined("Jane", "", &"\u{df}".repeat(70_000)), format!("Jane {}", "\u{df}".repeat(256)));
        assert_eq!(joined(&format!("Jane{}", " ".repeat(70_000)), "", "Doe"), "Jane Doe");
    }

    #[test]
    fn no_word_of_a_part_is_lost_and_none_comes_from_elsewhere() {
        let parts = ["Jane", "Jane Doe", "Doe", "Q.", "van der Berg", "Anna Maria", "毛", "\u{200b}", "", "DOE"];
        for name in parts {
            for middle in parts {
                for last in parts {
                    let whole = joined(name, middle, last);
                    let small = whole.to_lowercase();
                    for word in [name, middle, last].iter().flat_map(|part| part.split(' ')) {
                        assert!(
                            small.contains(word.trim_matches('\u{200b}').to_lowercase().as_str()),
                            "{word} in {whole}"
                        );
                    }
                    let all = format!("{name} {middle} {last}");
                    assert!(whole.split(' ').all(|word| all.contains(word)), "{whole} of {all}");
                }
            }
        }
    }
}
