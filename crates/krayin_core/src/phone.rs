//! Phone numbers: one form to store, to compare and to search for, however they are written.
//!
//! The numbering plans of the world are one a process, read at first use, each country's patterns when its first number
//! comes. So that a process may fork meanwhile, all use of them is counted here ([`hold`]).

use std::{
    cell::Cell,
    sync::{OnceLock, PoisonError, RwLock, RwLockWriteGuard},
};

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberUtil, Region, get_national_significant_number_owned};

use crate::text;

/// The E.164 form of `raw` (`+14155550182`), or `None` where it cannot be understood, or where an extension would be lost.
///
/// `country` is the two-letter code that a number without `+` is read in.
pub fn e164(raw: &str, country: Option<&str>) -> Option<String> {
    let typed = Typed::read(raw).filter(|typed| typed.extension.is_empty())?;
    let number = parse(&typed, country)?;
    with_plans(|plans| Some(plans.format(&number, PhoneNumberFormat::E164).into_owned()))
}

/// Whether both are the same number, however they are written. One that a colleague typed without its country is read
/// in the country of the other; two that cannot be understood are the same when their digits are.
pub fn same(a: &str, b: &str) -> bool {
    same_in(a, b, None)
}

/// The same where numbers without a country are known to be of `country`.
pub fn same_in(a: &str, b: &str, country: Option<&str>) -> bool {
    let (Some(a), Some(b)) = (Typed::read(a), Typed::read(b)) else {
        // What is no number is the same when it is the same text.
        let (a, b) = (letters(a), letters(b));
        return a.len() >= FEWEST_DIGITS && a == b;
    };
    if a.extension != b.extension {
        return false;
    }
    match (Full::of(&a, country), Full::of(&b, country)) {
        (Some(a), Some(b)) => a.is(&b),
        (Some(full), None) => full.may_be_written(&b),
        (None, Some(full)) => full.may_be_written(&a),
        (None, None) => {
            let (a, b) = (a.digits.trim_start_matches('0'), b.digits.trim_start_matches('0'));
            a.len() >= FEWEST_DIGITS && a == b
        }
    }
}

/// Whether numbers of the country with this code are known.
pub(crate) fn is_country(code: &str) -> bool {
    code.parse().is_ok_and(|region: Region| with_plans(|plans| plans.get_country_code_for_region(region)).is_some())
}

/// Whether a number says its country, or is known to be of `country`: nobody else's is written alike.
pub(crate) fn is_full(raw: &str, country: Option<&str>) -> bool {
    Typed::read(raw).is_some_and(|typed| Full::of(&typed, country).is_some())
}

/// Fewer digits than these, of a number that cannot be understood, name a short code or nothing at all, never one person.
pub const FEWEST_DIGITS: usize = 6;

/// A LIKE pattern that finds the number however a person wrote it: its digits without the country and without those that
/// not everyone writes, with anything between them. `None` where `raw` has too few digits to mean one number.
pub fn pattern(raw: &str) -> Option<String> {
    pattern_in(raw, None)
}

/// The same where numbers without a country are of `country`.
pub fn pattern_in(raw: &str, country: Option<&str>) -> Option<String> {
    let Some(typed) = Typed::read(raw) else {
        let text = letters(raw);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let begins = text.starts_with(|c: char| c.is_ascii_digit());
        return (begins && digits.len() >= FEWEST_DIGITS).then(|| apart(&digits));
    };
    let digits = match Full::of(&typed, country) {
        Some(full) => full.keys().into_iter().min_by_key(String::len)?,
        None => {
            let digits = typed.digits.trim_start_matches('0');
            if digits.len() < FEWEST_DIGITS {
                return None;
            }
            digits.to_owned()
        }
    };
    let mut pattern = apart(&digits);
    if digits.len() <= SHORT {
        // Few digits stand in many numbers, in order: here they must be the last ones of an entry.
        pattern.push('"');
    }
    (digits.len() >= 3).then_some(pattern)
}

/// Up to so many digits are within many other numbers.
const SHORT: usize = 6;

fn apart(digits: &str) -> String {
    let mut pattern = String::with_capacity(digits.len() * 2);
    for digit in digits.chars() {
        if !pattern.is_empty() {
            pattern.push('%');
        }
        pattern.push(digit);
    }
    pattern
}

/// The letters and digits of a text, in small letters.
fn letters(text: &str) -> String {
    let plain = text.chars().filter(|c| !text::is_invisible(*c)).map(|c| text::ascii_digit(c).unwrap_or(c));
    plain.filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a text says that is made of a number's characters alone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Typed {
    /// Whether it begins with `+`: its country is in it.
    has_plus: bool,
    digits: String,
    /// The digits after `ext.`, `x` or the like.
    extension: String,
}

/// Longer is no number, and the parser's work grows with the text.
const LONGEST: usize = 96;

/// What people write before a number.
const LABELS: [&str; 22] = [
    "tel",
    "telefon",
    "telephone",
    "telefone",
    "teléfono",
    "tél",
    "phone",
    "ph",
    "mobile",
    "mobil",
    "mob",
    "cell",
    "handy",
    "whatsapp",
    "fon",
    "call",
    "callto",
    "sms",
    "office",
    "work",
    "home",
    "тел",
];

/// What people write before an extension.
const EXTENSIONS: [&str; 23] = [
    "ext",
    "extn",
    "extension",
    "extensión",
    "x",
    "xt",
    "xtn",
    "доб",
    "доп",
    "внутр",
    "durchwahl",
    "dw",
    "nst",
    "ramal",
    "int",
    "interno",
    "anexo",
    "poste",
    "app",
    "wew",
    "toestel",
    "dahili",
    "内線",
];

impl Typed {
    /// `None` for what has other letters or signs in it.
    fn read(raw: &str) -> Option<Self> {
        if raw.len() > LONGEST {
            return None;
        }
        let plain: String = raw
            .chars()
            .filter(|c| !text::is_invisible(*c) && !c.is_control())
            .map(|c| if c == '＋' { '+' } else { text::ascii_digit(c).unwrap_or(c) })
            .flat_map(char::to_lowercase)
            .collect();
        let plain = without_label(plain.trim());
        let end = plain.find(|c: char| c.is_alphabetic() || matches!(c, '#' | ';')).unwrap_or(plain.len());
        let (number, rest) = plain.split_at_checked(end)?;
        let extension = extension(rest)?;
        let mut typed = Self { has_plus: false, digits: String::new(), extension };
        for c in number.replace("(0)", "").chars() {
            match c {
                '+' if typed.digits.is_empty() => typed.has_plus = true,
                c if c.is_ascii_digit() => typed.digits.push(c),
                c if c.is_whitespace() || is_between(c) => {}
                _ => return None,
            }
        }
        if typed.has_plus {
            // `+0049` and `+00 49`.
            typed.digits = typed.digits.trim_start_matches('0').to_owned();
        }
        (3..=20).contains(&typed.digits.len()).then_some(typed)
    }
}

/// Whether a character stands between the digits of numbers.
fn is_between(c: char) -> bool {
    matches!(
        c,
        '-' | '‐'
            ..='―'
                | '−'
                | 'ー'
                | '－'
                | '.'
                | '．'
                | '·'
                | '•'
                | '/'
                | '／'
                | '\\'
                | '('
                | ')'
                | '（'
                | '）'
                | '['
                | ']'
                | '~'
                | '∼'
                | '～'
                | '\''
                | '’'
                | '_'
                | '|'
                | ','
                | ':'
                | '*'
    )
}

fn without_label(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    match text.split_at_checked(end) {
        Some((label, rest)) if LABELS.contains(&label) => rest.trim_start_matches(['.', ':', ' ', '/']),
        _ => text,
    }
}

/// The digits of an extension; `None` where the text is none.
fn extension(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    let text = text.trim_start_matches(['#', ';', ' ']);
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let is_alone = rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ':' | '=' | ' ' | ')' | '-' | '#'));
    let is_known = word.is_empty() || EXTENSIONS.contains(&word);
    (is_known && is_alone && (1..=8).contains(&digits.len())).then_some(digits)
}

fn parse(typed: &Typed, country: Option<&str>) -> Option<PhoneNumber> {
    let full = |digits: &str| parse_in(&format!("+{digits}"), None);
    if typed.has_plus {
        return full(&typed.digits);
    }
    let country: Option<Region> = country.and_then(|code| code.trim().to_ascii_uppercase().parse().ok());
    let national = country.and_then(|country| parse_in(&typed.digits, Some(country)));
    national.or_else(|| ABROAD.iter().find_map(|head| full(typed.digits.strip_prefix(head)?)))
}

fn parse_in(digits: &str, country: Option<Region>) -> Option<PhoneNumber> {
    with_plans(|plans| plans.parse(digits, country).ok().filter(|number| plans.is_valid_number(number)))
}

/// What is dialled before a country's code: most of the world, and North America.
const ABROAD: [&str; 2] = ["00", "011"];

/// The rest of what is dialled before it somewhere.
const ABROAD_ELSEWHERE: [&str; 7] = ["0011", "010", "001", "009", "810", "119", "002"];

/// A number whose country is known.
struct Full {
    code: i32,
    /// The number within its country, without the trunk's zero; where the zero is its own, as in Italy, with it.
    national: String,
}

impl Full {
    fn of(typed: &Typed, country: Option<&str>) -> Option<Self> {
        if let Some(number) = parse(typed, country) {
            return Some(Self { code: number.country_code, national: get_national_significant_number_owned(&number) });
        }
        // A number that the plans do not know is compared all the same.
        (1..=3).filter(|_| typed.has_plus).find_map(|length| {
            let (code, national) = typed.digits.split_at_checked(length)?;
            let code = code.parse().ok()?;
            with_plans(|plans| plans.get_region_for_country_code(code))?;
            Some(Self { code, national: national.to_owned() })
        })
    }

    fn is(&self, other: &Self) -> bool {
        let keys = self.keys();
        self.code == other.code && other.keys().iter().any(|key| keys.contains(key))
    }

    fn keys(&self) -> Vec<String> {
        keys(self.code, &self.national)
    }

    /// Whether `typed`, which says no country, may be this number: alone, after what is dialled before it, or with the
    /// country's code.
    fn may_be_written(&self, typed: &Typed) -> bool {
        if typed.has_plus {
            return false;
        }
        let keys = self.keys();
        let is_mine = |national: &str| {
            self.trunks().iter().any(|trunk| {
                let rest = national.strip_prefix(trunk.as_str());
                rest.is_some_and(|rest| self::keys(self.code, rest).iter().any(|key| keys.contains(key)))
            })
        };
        let code = self.code.to_string();
        let abroad = ABROAD.iter().chain(&ABROAD_ELSEWHERE);
        is_mine(&typed.digits)
            || typed.digits.strip_prefix(&code).is_some_and(is_mine)
            || abroad.filter_map(|head| typed.digits.strip_prefix(head)?.strip_prefix(&code)).any(is_mine)
    }

    /// What may be dialled before the number within its country; nothing as well.
    fn trunks(&self) -> Vec<String> {
        let mut trunks = vec![String::new(), "0".to_owned()];
        match self.code {
            MEXICO => trunks.extend(["01", "044", "045"].map(str::to_owned)),
            // Zero, and the code of who carries the call.
            BRAZIL => trunks.extend((10..100).map(|carrier| format!("0{carrier}"))),
            HUNGARY => trunks.push("06".to_owned()),
            // Of the former Soviet Union's plan.
            7 | 370 | 375 | 993 | 998 => trunks.extend(["8", "80"].map(str::to_owned)),
            _ => {}
        }
        trunks
    }
}

const ARGENTINA: i32 = 54;
const BENIN: i32 = 229;
const BRAZIL: i32 = 55;
const HUNGARY: i32 = 36;
const ITALY: i32 = 39;
const MEXICO: i32 = 52;

/// A national number without what some write and some do not. More than one where it can be read in several ways.
fn keys(code: i32, national: &str) -> Vec<String> {
    let digit = |at: usize| national.as_bytes().get(at).copied().unwrap_or_default();
    let without = |from: usize, to: usize| {
        let (head, tail) = (national.get(..from).unwrap_or_default(), national.get(to..).unwrap_or_default());
        format!("{head}{tail}")
    };
    match (code, national.len()) {
        // Mobile numbers got a 9 after the area's two digits.
        (BRAZIL, 11) if digit(2) == b'9' && digit(3) >= b'6' => vec![without(2, 3)],
        // From abroad a mobile number has a 9 before its area, at home a 15 after it.
        (ARGENTINA, 11) if digit(0) == b'9' => vec![without(0, 1)],
        (ARGENTINA, 12 | 13) => {
            let rest = national.strip_prefix('9').filter(|_| national.len() == 13).unwrap_or(national);
            let areas = (2..=4).filter_map(|area| {
                let (area, local) = rest.split_at_checked(area)?;
                Some(format!("{area}{}", local.strip_prefix("15")?))
            });
            areas.collect()
        }
        (MEXICO, 11) if digit(0) == b'1' => vec![without(0, 1)],
        (BENIN, 10) if national.starts_with("01") => vec![without(0, 2)],
        // The zero is the number's own, and left out by those who do not know.
        (ITALY, _) => vec![national.trim_start_matches('0').to_owned()],
        _ => vec![national.to_owned()],
    }
}

/// Held by every thread that uses the plans, and by one that forks: alone.
static IN_USE: RwLock<()> = RwLock::new(());
static PLANS: OnceLock<Option<PhoneNumberUtil>> = OnceLock::new();
static READER: OnceLock<Reader> = OnceLock::new();

/// Runs what it is given, or leaves it.
pub type Reader = fn(fn());

thread_local! {
    static HELD: Cell<Option<RwLockWriteGuard<'static, ()>>> = const { Cell::new(None) };
}

/// Has `reader` run, once, what reads the plans, at their first use: for a caller who holds a lock that others need
/// meanwhile. Where it leaves it, the plans are read on the spot.
pub fn read_plans_by(reader: Reader) {
    // Whoever came first has it.
    let _ = READER.set(reader);
}

/// Waits until no thread is within the plans and keeps all out until [`release`]: before a fork, on the thread that forks.
/// Its child would wait for ever for a thread that it does not have.
pub fn hold() {
    HELD.set(Some(IN_USE.write().unwrap_or_else(PoisonError::into_inner)));
}

/// Ends [`hold`], on the same thread: after a fork, in the parent and in the child.
pub fn release() {
    HELD.take();
}

/// Every use of the plans, none within another.
fn with_plans<T>(work: impl FnOnce(&PhoneNumberUtil) -> Option<T>) -> Option<T> {
    if PLANS.get().is_none() {
        READER.get().map_or_else(read_plans, |reader| reader(read_plans));
    }
    let _in_use = IN_USE.read().unwrap_or_else(PoisonError::into_inner);
    plans().and_then(work)
}

fn read_plans() {
    let _in_use = IN_USE.read().unwrap_or_else(PoisonError::into_inner);
    plans();
}

fn plans() -> Option<&'static PhoneNumberUtil> {
    PLANS.get_or_init(|| PhoneNumberUtil::new().ok()).as_ref()
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::{e164, hold, pattern, release, same, same_in};

    #[test]
    fn nobody_is_within_the_plans_while_they_are_held() {
        let (begun, begins) = mpsc::channel();
        hold();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let begun = begun.clone();
                thread::spawn(move || {
                    let _ = begun.send(());
                    e164("+14155550182", None)
                })
            })
            .collect();
        for _ in &threads {
            begins.recv().unwrap();
        }
        assert!(threads.iter().all(|thread| !thread.is_finished()));
        release();
        for thread in threads {
            assert_eq!(thread.join().unwrap().as_deref(), Some("+14155550182"));
        }
    }

    #[test]
    fn reads_numbers_as_people_write_them() {
        let table = [
            ("+14155550182", None, Some("+14155550182")),
            ("+1 (415) 555-0182", None, Some("+14155550182")),
            ("＋１ ４１５ ５５５ ０１８２", None, Some("+14155550182")),
            ("+١٤١٥٥٥٥٠١٨٢", None, Some("+14155550182")),
            ("\u{202a}+1 415\u{a0}555\u{200b}0182\u{202c}", None, Some("+14155550182")),
            ("tel:+1-415-555-0182", None, Some("+14155550182")),
            ("whatsapp:+14155550182", None, Some("+14155550182")),
            ("001 415 555 0182", None, Some("+14155550182")),
            ("011 49 30 901820", None, Some("+4930901820")),
            ("+44 (0)20 7946 0018", None, Some("+442079460018")),
            ("+0049 30 901820", None, Some("+4930901820")),
            ("(415) 555-0182", Some("US"), Some("+14155550182")),
            ("(415) 555-0182", Some(" us "), Some("+14155550182")),
            ("11 98765-4321", Some("br"), Some("+5511987654321")),
            ("+5511987654321", Some("US"), Some("+5511987654321")),
            ("020 7946 0018", Some("GB"), Some("+442079460018")),
            ("0645678901", Some("IT"), Some("+390645678901")),
            ("+500 51234", None, Some("+50051234")),
            ("+290 22722", None, Some("+29022722")),
            ("+682 71234", None, Some("+68271234")),
            ("(415) 555-0182", None, None),
            ("(415) 555-0182", Some("AQ"), None),
            ("+3367a829916", None, None),
            ("1-800-FLOWERS", Some("US"), None),
            ("+1 415 555 0182 ext 5", None, None),
            ("+1", None, None),
            ("", None, None),
            ("call me", Some("US"), None),
            ("+999999999999999", None, None),
        ];
        for (raw, country, expected) in table {
            assert_eq!(e164(raw, country).as_deref(), expected, "{raw:?}");
        }
        assert_eq!(e164(&"1".repeat(100_000), None), None);
    }

    #[test]
    fn searches_for_the_digits_without_the_country() {
        assert_eq!(pattern("+14155550182").as_deref(), Some("4%1%5%5%5%5%0%1%8%2"));
        assert_eq!(pattern("+5511987654321").as_deref(), Some("1%1%8%7%6%5%4%3%2%1"));
        assert_eq!(pattern("+390645678901").as_deref(), Some("6%4%5%6%7%8%9%0%1"));
        assert_eq!(pattern("+50051234").as_deref(), Some("5%1%2%3%4\""));
        assert_eq!(pattern("0815 4711").as_deref(), Some("8%1%5%4%7%1%1"));
        for none in ["12345", "", "chatwoot-57123456789", "call me"] {
            assert_eq!(pattern(none), None, "{none}");
        }
    }

    #[test]
    fn compares_numbers_and_not_their_spelling() {
        let one = [
            ("+14155550182", "+1 (415) 555-0182"),
            ("+14155550182", "415-555-0182"),
            ("+14155550182", "1 415 555 0182"),
            ("+14155550182", "14155550182"),
            ("+14155550182", "(415)5550182"),
            ("+16502530000", "001 650 253 0000"),
            ("+493012345678", "030 12345678"),
            ("+493012345678", "030 123 45 678"),
            ("+493012345678", "030/12345678"),
            ("+493012345678", "0049 (0) 30 12345678"),
            ("+4930901820", "030 / 90 18 20"),
            ("+4930901820", "011 49 30 901820"),
            ("+4930901820", "49 30 901820"),
            ("+4930901820", "+49 (0)30-90 18 20"),
            ("+436641234567", "0664/123 45 67"),
            ("+442079460958", "+44 2079 460958"),
            ("+442079460018", "0207 946 0018"),
            ("+213631966540", "0631 966 540"),
            ("+919876543210", "+91 987 654 3210"),
            ("+919876543210", "09876543210"),
            ("+390645678901", "0645678901"),
            ("+390645678901", "+39 6 45678901"),
            ("+390645678901", "06 4567 8901"),
            ("+5511987654321", "+551187654321"),
            ("+5511987654321", "(11) 9 8765-4321"),
            ("+5511987654321", "(11) 8765-4321"),
            ("+5511987654321", "0 15 11 98765-4321"),
            ("+5215512345678", "+525512345678"),
            ("+525512345678", "044 55 1234 5678"),
            ("+525512345678", "01 55 1234 5678"),
            ("+5491123456789", "011 15-2345-6789"),
            ("+5491123456789", "+54 11 2345 6789"),
            ("+5491123456789", "+54 9 11 2345-6789"),
            ("+5493512345678", "0351 15 234-5678"),
            ("+5493512345678", "+54 351 15 2345678"),
            ("+79161234567", "8 (916) 123-45-67"),
            ("+36201234567", "06 20 123 4567"),
            ("+50051234", "51234"),
            ("+14155550182", "＋１（４１５）５５５－０１８２"),
            ("+14155550182", "\u{202d}+1 415 555 0182\u{202c}"),
            ("+1 800 555 0199 ext. 5", "1-800-555-0199 x5"),
            ("+1 800 555 0199 ext. 5", "(800) 555 0199 #5"),
            ("tel:+18005550199;ext=5", "(800) 555 0199 extension 5"),
            ("0815 4711 99", "0815471199"),
            ("+3367a829916", "+33 67A 829916"),
        ];
        for (a, b) in one {
            assert!(same(a, b) && same(b, a), "{a} {b}");
        }
        let two = [
            ("+14155550182", "+14155550183"),
            ("+14155550182", ""),
            ("", ""),
            ("123", "123"),
            ("+3367a829916", "+33672829916"),
            ("+18005550199", "1-800-555-0199 ext 5"),
            ("+1 800 555 0199 ext. 5", "+1 800 555 0199 ext. 6"),
            ("+5511987654321", "+5521987654321"),
            ("+551134567890", "+5511934567890"),
            ("+442079460958", "+912079460958"),
            ("+14155550182", "+52 415 555 0182"),
            ("+50051234", "+68251234"),
        ];
        for (a, b) in two {
            assert!(!same(a, b) && !same(b, a), "{a} {b}");
        }
    }

    #[test]
    fn a_number_without_its_country_is_of_the_country_that_is_set() {
        assert!(same_in("+442079460958", "020 7946 0958", Some("GB")));
        assert!(!same_in("+912079460958", "020 7946 0958", Some("GB")));
        assert!(same_in("+912079460958", "020 7946 0958", Some("IN")));
        assert!(same_in("+912079460958", "0091 20 7946 0958", Some("GB")));
        assert!(same_in("020 7946 0958", "(0207) 9460958", Some("GB")));
    }
}
