//! A number whose country is known, and how it may be written within that country and outside.

use std::{cell::RefCell, collections::VecDeque};

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, Region, get_national_significant_number_owned};

use super::{plans::with_plans, typed::Typed};

/// The number in a country's plan. `country` is the two-letter code that one without `+` is read in.
pub(super) fn parse(typed: &Typed, country: Option<&str>) -> Option<PhoneNumber> {
    let is_asked = |known: &Known| known.typed == *typed && known.country.as_deref() == country;
    let known = LATEST.with_borrow(|latest| latest.iter().find(|known| is_asked(known)).map(|it| it.number.clone()));
    if let Some(number) = known {
        return number;
    }
    let number = parse_anew(typed, country);
    let parsed = Known { typed: typed.clone(), country: country.map(str::to_owned), number: number.clone() };
    LATEST.with_borrow_mut(|latest| {
        latest.truncate(MOST_KNOWN - 1);
        latest.push_front(parsed);
    });
    number
}

thread_local! {
    /// The last numbers of this thread: an event asks for its own again and again, and the plans take long.
    static LATEST: RefCell<VecDeque<Known>> = const { RefCell::new(VecDeque::new()) };
}

const MOST_KNOWN: usize = 4;

struct Known {
    typed: Typed,
    country: Option<String>,
    number: Option<PhoneNumber>,
}

fn parse_anew(typed: &Typed, country: Option<&str>) -> Option<PhoneNumber> {
    parse_digits(&typed.digits, typed.has_plus, country).or_else(|| {
        // Where the zero is the number's own, as in Italy, it was no trunk's.
        parse_digits(&typed.with_zero()?, typed.has_plus, country)
    })
}

fn parse_digits(digits: &str, has_plus: bool, country: Option<&str>) -> Option<PhoneNumber> {
    let full = |digits: &str| parse_in(&format!("+{digits}"), None);
    if has_plus {
        return full(digits);
    }
    let country: Option<Region> = country.and_then(|code| code.trim().to_ascii_uppercase().parse().ok());
    let national = || parse_in(digits, Some(country?));
    let abroad = || ABROAD.iter().find_map(|head| full(digits.strip_prefix(head)?));
    // What a plan no longer knows is dialled by habit.
    let by_habit = || {
        let code = with_plans(|plans| plans.get_country_code_for_region(country?))?;
        trunks(code).iter().find_map(|trunk| parse_in(digits.strip_prefix(trunk.as_str())?, country))
    };
    let elsewhere = || {
        // A short rest may be a number at home that begins so.
        ABROAD_ELSEWHERE.iter().find_map(|head| full(digits.strip_prefix(head).filter(|rest| rest.len() >= 10)?))
    };
    national().or_else(abroad).or_else(by_habit).or_else(elsewhere)
}

fn parse_in(digits: &str, country: Option<Region>) -> Option<PhoneNumber> {
    with_plans(|plans| plans.parse(digits, country).ok().filter(|number| plans.is_valid_number(number)))
}

/// What is dialled before a country's code: in Australia, whose begins as `00` and North America's code would, in most of
/// the world, and in North America.
const ABROAD: [&str; 3] = ["0011", "00", "011"];

/// The rest of what is dialled before it somewhere.
const ABROAD_ELSEWHERE: [&str; 6] = ["010", "001", "009", "810", "119", "002"];

/// A number whose country is known.
pub(super) struct Full {
    code: i32,
    /// The number within its country, without the trunk's zero; where the zero is its own, as in Italy, with it.
    national: String,
}

impl Full {
    pub(super) fn of(typed: &Typed, country: Option<&str>) -> Option<Self> {
        if let Some(number) = parse(typed, country) {
            return Some(Self::of_number(&number));
        }
        // A number that the plans do not know is compared all the same.
        (1..=3).filter(|_| typed.has_plus).find_map(|length| {
            let (code, national) = typed.digits.split_at_checked(length)?;
            let code = code.parse().ok()?;
            with_plans(|plans| plans.get_region_for_country_code(code))?;
            Some(Self { code, national: national.to_owned() })
        })
    }

    fn of_number(number: &PhoneNumber) -> Self {
        Self { code: number.country_code, national: get_national_significant_number_owned(number) }
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        let keys = self.keys();
        self.code == other.code && other.keys().iter().any(|key| keys.contains(key))
    }

    pub(super) fn keys(&self) -> Vec<String> {
        keys(self.code, &self.national)
    }

    /// Whether `typed`, which says no country, may be this number: alone, after what is dialled before it, or with the
    /// country's code.
    pub(super) fn may_be_written(&self, typed: &Typed) -> bool {
        if typed.has_plus {
            return false;
        }
        let keys = self.keys();
        let is_mine = |national: &str| {
            trunks(self.code).iter().any(|trunk| {
                let rest = national.strip_prefix(trunk.as_str());
                rest.is_some_and(|rest| self::keys(self.code, rest).iter().any(|key| keys.contains(key)))
            })
        };
        let code = self.code.to_string();
        let is_written = |digits: &str| {
            let mut abroad = ABROAD.iter().chain(&ABROAD_ELSEWHERE);
            is_mine(digits)
                || digits.strip_prefix(&code).is_some_and(is_mine)
                || abroad.any(|head| {
                    let rest = digits.strip_prefix(head).and_then(|rest| rest.strip_prefix(&code));
                    rest.is_some_and(is_mine)
                })
        };
        // A zero that stands alone may be the number's own.
        is_written(&typed.digits) || typed.with_zero().is_some_and(|digits| is_written(&digits))
    }

    /// How the number is written where that has other digits than the last ones of its E.164.
    pub(super) fn variants(&self) -> Vec<String> {
        let (code, national) = (self.code, &self.national);
        let others = others(code, national).into_iter().map(|other| format!("+{code}{other}"));
        let own = format!("{code}{national}");
        let at_home = parse_digits(&own, true, None).and_then(|number| {
            with_plans(|plans| Some(plans.format(&number, PhoneNumberFormat::National).into_owned()))
        });
        let at_home = at_home.filter(|number| {
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            !own.ends_with(digits.trim_start_matches('0'))
        });
        others.chain(at_home).collect()
    }
}

/// What may be dialled before a number within its country; nothing as well.
fn trunks(code: i32) -> Vec<String> {
    let mut trunks = vec![String::new(), "0".to_owned()];
    match code {
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

const ARGENTINA: i32 = 54;
const BENIN: i32 = 229;
const BRAZIL: i32 = 55;
const GABON: i32 = 241;
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
        // Numbers of seven digits got a zero before them.
        (GABON, 8) if digit(0) == b'0' => vec![without(0, 1)],
        // The zero is the number's own, and left out by those who do not know.
        (ITALY, _) => vec![national.trim_start_matches('0').to_owned()],
        _ => vec![national.to_owned()],
    }
}

/// The other national numbers with the same [`keys`], as the world writes them after the country's code.
fn others(code: i32, national: &str) -> Vec<String> {
    let known = keys(code, national);
    let mut others = known.clone();
    for key in &known {
        match code {
            BRAZIL => others.extend(key.split_at_checked(2).map(|(area, local)| format!("{area}9{local}"))),
            ARGENTINA => others.push(format!("9{key}")),
            MEXICO => others.push(format!("1{key}")),
            BENIN => others.push(format!("01{key}")),
            GABON | ITALY => others.push(format!("0{key}")),
            _ => {}
        }
    }
    others.retain(|other| other != national && keys(code, other).iter().any(|key| known.contains(key)));
    others
}
