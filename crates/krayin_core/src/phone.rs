//! Phone numbers: one form to store, to compare and to search for.
//!
//! The numbering plans of the world are one a process, read at first use, each country's patterns when its first number
//! comes. So that a process may fork meanwhile, all use of them is counted here ([`hold`]).

use std::{
    cell::Cell,
    sync::{OnceLock, PoisonError, RwLock, RwLockWriteGuard},
};

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberUtil, Region};

/// The E.164 form of `raw` (`+14155550182`), or `None` where it cannot be understood.
///
/// `country` is the two-letter code that a number without `+` is read in.
pub fn e164(raw: &str, country: Option<&str>) -> Option<String> {
    write(&parse(raw, country)?, PhoneNumberFormat::E164)
}

/// Whether both are the same number, however they are written. One that a colleague typed without its country is read
/// in the country of the other; two that cannot be understood are the same when their digits are.
pub fn same(a: &str, b: &str) -> bool {
    match (parse(a, None), parse(b, None)) {
        (Some(a), Some(b)) => equal(&a, &b),
        (Some(full), None) => same_in_its_country(&full, b),
        (None, Some(full)) => same_in_its_country(&full, a),
        (None, None) => {
            let (a, b) = (digits(a), digits(b));
            a.len() >= FEWEST_DIGITS && a == b
        }
    }
}

/// Fewer digits than these name a short code or nothing at all, never one person.
pub const FEWEST_DIGITS: usize = 6;

/// The digit groups of a number joined by `%`, without its country code: a LIKE pattern that finds the number however
/// a person wrote it. `None` where `raw` has too few digits to mean one number.
pub fn pattern(raw: &str) -> Option<String> {
    let Some(international) = parse(raw, None).and_then(|number| write(&number, PhoneNumberFormat::International))
    else {
        let digits = digits(raw);
        return (digits.len() >= FEWEST_DIGITS).then_some(digits);
    };
    let mut groups = international.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
    groups.next();
    let groups: Vec<&str> = groups.collect();
    (groups.iter().map(|group| group.len()).sum::<usize>() >= FEWEST_DIGITS).then(|| groups.join("%"))
}

fn parse(raw: &str, country: Option<&str>) -> Option<PhoneNumber> {
    parse_in(raw, country.and_then(|code| code.to_ascii_uppercase().parse().ok()))
}

fn parse_in(raw: &str, country: Option<Region>) -> Option<PhoneNumber> {
    // Longer is no number, and the parser's work grows with the text.
    if raw.len() > 64 {
        return None;
    }
    with_plans(|plans| plans.parse(raw, country).ok().filter(|number| plans.is_valid_number(number)))
}

fn write(number: &PhoneNumber, form: PhoneNumberFormat) -> Option<String> {
    with_plans(|plans| Some(plans.format(number, form).into_owned()))
}

fn same_in_its_country(full: &PhoneNumber, other: &str) -> bool {
    let Some(country) = with_plans(|plans| plans.get_region_for_number(full)) else { return false };
    parse_in(other, Some(country)).is_some_and(|other| equal(full, &other))
}

fn equal(a: &PhoneNumber, b: &PhoneNumber) -> bool {
    a.country_code == b.country_code
        && a.national_number == b.national_number
        && a.italian_leading_zero() == b.italian_leading_zero()
        && a.number_of_leading_zeros() == b.number_of_leading_zeros()
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

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::{e164, hold, pattern, release, same};

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
            ("(415) 555-0182", Some("US"), Some("+14155550182")),
            ("11 98765-4321", Some("br"), Some("+5511987654321")),
            ("+5511987654321", None, Some("+5511987654321")),
            ("(415) 555-0182", None, None),
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
    fn searches_for_the_groups_without_the_country() {
        assert_eq!(pattern("+14155550182").as_deref(), Some("415%555%0182"));
        assert_eq!(pattern("+493012345678").as_deref(), Some("30%12345678"));
        assert_eq!(pattern("0815 4711 99").as_deref(), Some("0815471199"));
        assert_eq!(pattern("12345"), None);
        assert_eq!(pattern(""), None);
    }

    #[test]
    fn compares_numbers_and_not_their_spelling() {
        assert!(same("+14155550182", "+1 (415) 555-0182"));
        assert!(same("+14155550182", "415-555-0182"));
        assert!(same("+493012345678", "030 12345678"));
        assert!(!same("+14155550182", "+14155550183"));
        assert!(!same("+14155550182", ""));
        assert!(!same("", ""));
        assert!(!same("123", "123"));
        assert!(same("0815 4711 99", "0815471199"));
    }
}
