//! Phone numbers: one form to store, to compare and to search for, however they are written.

mod full;
mod plans;
mod typed;
mod words;

use full::{Full, parse};
use plans::with_plans;
pub use plans::{Reader, hold, read_plans_by, release};
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, Region};
use typed::Typed;

use crate::text;

/// The E.164 form of `raw` (`+14155550182`), or `None` where it cannot be understood, or where an extension would be lost.
///
/// `country` is the two-letter code that a number without `+` is read in.
pub fn e164(raw: &str, country: Option<&str>) -> Option<String> {
    let typed = Typed::read(raw).filter(|typed| typed.extension.is_empty())?;
    in_e164(&parse(&typed, country)?)
}

/// The two letters of the country that a number with `+` is of; `None` where it cannot be understood.
pub fn country(raw: &str) -> Option<String> {
    let number = parse(&Typed::read(raw)?, None)?;
    with_plans(|plans| plans.get_region_for_number(&number).map(|region| region.to_string()))
}

/// Every number in a text, in E.164: one field may hold several. None where there is but one.
pub(crate) fn several(raw: &str, country: Option<&str>) -> Vec<String> {
    let all = Typed::all(raw);
    let mut numbers: Vec<String> = Vec::new();
    for typed in all.iter().filter(|typed| all.len() > 1 && typed.extension.is_empty()) {
        let number = parse(typed, country).and_then(|number| in_e164(&number));
        numbers.extend(number.filter(|number| !numbers.contains(number)));
    }
    numbers
}

fn in_e164(number: &PhoneNumber) -> Option<String> {
    with_plans(|plans| Some(plans.format(number, PhoneNumberFormat::E164).into_owned()))
}

/// How else the number is written, other than with its country or without: the world has two ways for some of Argentina,
/// Benin, Brazil, Gabon, Italy and Mexico.
pub(crate) fn variants(raw: &str, country: Option<&str>) -> Vec<String> {
    let typed = Typed::read(raw).filter(|typed| typed.extension.is_empty());
    typed.and_then(|typed| Full::of(&typed, country)).map(|full| full.variants()).unwrap_or_default()
}

/// Whether both are the same number, however they are written. One that a colleague typed without its country is read
/// in the country of the other; two that cannot be understood are the same when their digits are.
pub fn same(a: &str, b: &str) -> bool {
    same_in(a, b, None)
}

/// The same where numbers without a country are known to be of `country`.
pub fn same_in(a: &str, b: &str, country: Option<&str>) -> bool {
    let (ours, theirs) = (Typed::all(a), Typed::all(b));
    if ours.is_empty() || theirs.is_empty() {
        // What is no number is the same when it is the same text.
        let (a, b) = (letters(a), letters(b));
        return a.len() >= FEWEST_DIGITS && a == b;
    }
    ours.iter().any(|a| theirs.iter().any(|b| are_same(a, b, country)))
}

fn are_same(a: &Typed, b: &Typed, country: Option<&str>) -> bool {
    if a.extension != b.extension {
        return false;
    }
    match (Full::of(a, country), Full::of(b, country)) {
        (Some(a), Some(b)) => a.is(&b),
        (Some(full), None) => full.may_be_written(b),
        (None, Some(full)) => full.may_be_written(a),
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
    Typed::all(raw).iter().any(|typed| Full::of(typed, country).is_some())
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
    (digits.len() >= 3).then(|| apart(&digits))
}

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

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::{country, e164, hold, pattern, release, same, same_in};

    #[test]
    fn tells_the_country_of_a_number_that_says_it() {
        let table = [
            ("+14155550182", Some("US")),
            ("+1 416 967 1111", Some("CA")),
            ("+44 20 7946 0018", Some("GB")),
            ("+5511987654321", Some("BR")),
            ("0049 30 901820", Some("DE")),
            ("030 901820", None),
            ("+1", None),
            ("", None),
            ("call me", None),
        ];
        for (number, expected) in table {
            assert_eq!(country(number).as_deref(), expected, "{number}");
        }
    }

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
            ("1-800-FLOWERS", Some("US"), Some("+18003569377")),
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
        assert_eq!(pattern("+50051234").as_deref(), Some("5%1%2%3%4"));
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
            ("+24106031234", "+241 (0) 6031 23 4"),
            ("+24106031234", "6031234"),
            ("+24174123456", "074123456"),
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
            ("+24106031234", "+24107031234"),
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
