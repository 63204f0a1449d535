use std::borrow::Cow;

use crate::text::{self, ascii_digit};

/// What stands for a digit or letter that is not shown.
const MASK: char = '•';

/// So many characters at the end tell which card or account it is.
const SHOWN: usize = 4;

/// More blanks and signs than these stand between two numbers.
const LONGEST_GAP: usize = 3;

/// A number shorter than this is neither a card's nor an account's.
const SHORTEST: usize = 14;

/// How long an IBAN is in each country that has them, by the registry.
const IBANS: [(&str, usize); 88] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
];

/// `text` with all but the last four digits hidden of each number that its check digits tell for a card's or an account's
/// (IBAN), however it is spaced. Its words, other numbers and blanks stay.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    // Most texts have no number so long.
    if text.chars().filter(|c| ascii_digit(*c).is_some()).take(SHORTEST - 2).count() < SHORTEST - 2 {
        return Cow::Borrowed(text);
    }
    let characters: Vec<(usize, char)> = text.char_indices().collect();
    let mut hidden = vec![false; characters.len()];
    let mut at = 0;
    while at < characters.len() {
        let begins = at == 0 || !is_part(&characters, at - 1);
        let number = if begins && is_part(&characters, at) {
            iban(&characters, at).or_else(|| card(&characters, at))
        } else {
            None
        };
        let Some(places) = number else {
            at += 1;
            continue;
        };
        for place in places.iter().take(places.len() - SHOWN) {
            if let Some(hide) = hidden.get_mut(*place) {
                *hide = true;
            }
        }
        at = places.last().map_or(at, |last| *last) + 1;
    }
    if !hidden.contains(&true) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(characters.iter().zip(hidden).map(|((_, c), hide)| if hide { MASK } else { *c }).collect())
}

fn at(characters: &[(usize, char)], place: usize) -> Option<char> {
    characters.get(place).map(|(_, c)| *c)
}

fn is_part(characters: &[(usize, char)], place: usize) -> bool {
    at(characters, place).is_some_and(|c| c.is_alphanumeric() || c == '_')
}

fn is_separator(c: char) -> bool {
    text::is_invisible(c)
        || matches!(
            c,
            ' ' | '-' | '.' | '\t' | '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{2010}'..='\u{2013}' | '\u{202f}'
        )
}

/// The places of a card's digits that begin at `start`.
fn card(characters: &[(usize, char)], start: usize) -> Option<Vec<usize>> {
    let before = start.checked_sub(1).and_then(|before| at(characters, before));
    if before == Some('+') {
        return None;
    }
    let mut places = Vec::new();
    let mut digits = Vec::new();
    let mut found = None;
    let mut place = start;
    let mut group = 0;
    let mut has_short_group = false;
    let is_first = (0..start)
        .rev()
        .take(LONGEST_GAP + 1)
        .find_map(|place| at(characters, place).filter(|c| !is_separator(*c)))
        .is_none_or(|c| ascii_digit(c).is_none());
    while digits.len() <= 19 {
        let digit = at(characters, place).and_then(ascii_digit).and_then(|digit| digit.to_digit(10));
        if let Some(digit) = digit {
            digits.push(digit);
            places.push(place);
            group += 1;
            place += 1;
            continue;
        }
        if group == 0 || is_part(characters, place) {
            break;
        }
        has_short_group |= group < 3;
        let next = (place..).take(LONGEST_GAP + 1).find(|next| !at(characters, *next).is_some_and(is_separator));
        let goes_on = next.filter(|next| *next > place && at(characters, *next).and_then(ascii_digit).is_some());
        // Numbers that follow each other are read to each one's end; digits alone or in pairs are a card's where nothing
        // comes before and after them.
        if (!has_short_group || (is_first && goes_on.is_none())) && is_card(&digits) {
            found = Some(places.clone());
        }
        let Some(next) = goes_on else { break };
        group = 0;
        place = next;
    }
    found
}

/// Whether an issuer gives cards of such a number: by its first digits, its length and its check digit.
fn is_card(digits: &[u32]) -> bool {
    let start = |count: usize| digits.iter().take(count).fold(0, |number, digit| number * 10 + digit);
    let is_issued = match digits.len() {
        14 => matches!(start(3), 300..=305 | 309) || matches!(start(2), 36 | 38 | 39),
        15 => matches!(start(2), 34 | 37),
        16 => {
            start(1) == 4
                || matches!(start(2), 35 | 50..=69)
                || matches!(start(4), 2200..=2204 | 2221..=2720)
                || matches!(start(3), 300..=305)
                || matches!(start(2), 36 | 38 | 39 | 81 | 82)
        }
        17 | 18 => matches!(start(2), 35 | 50 | 56..=69),
        19 => start(1) == 4 || matches!(start(2), 35 | 50 | 56..=69),
        _ => false,
    };
    is_issued && luhn(digits)
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    sum.is_multiple_of(10)
}

/// The places of an IBAN's letters and digits that begin at `start`.
fn iban(characters: &[(usize, char)], start: usize) -> Option<Vec<usize>> {
    let country: String =
        [at(characters, start)?, at(characters, start + 1)?].iter().collect::<String>().to_ascii_uppercase();
    let (_, length) = IBANS.iter().find(|(known, _)| *known == country)?;
    let mut places = Vec::with_capacity(*length);
    let mut place = start;
    while places.len() < *length {
        let c = at(characters, place)?;
        if c.is_ascii_alphanumeric() {
            places.push(place);
        } else if !is_separator(c) || !is_part(characters, place + 1) {
            return None;
        }
        place += 1;
    }
    if is_part(characters, place) {
        return None;
    }
    let value = |place: &usize| at(characters, *place).and_then(|c| c.to_digit(36));
    let (head, tail) = places.split_at_checked(4)?;
    let mut rest = 0;
    for number in tail.iter().chain(head).map(value) {
        let number = number?;
        rest = (rest * if number > 9 { 100 } else { 10 } + number) % 97;
    }
    // The country may be seen.
    (rest == 1).then(|| places.into_iter().skip(2).collect())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::masked;

    #[test]
    fn hides_cards_and_accounts() {
        let table = [
            ("my card 4111 1111 1111 1111 12/27 cvv 123", "my card •••• •••• •••• 1111 12/27 cvv 123"),
            ("4111111111111111", "••••••••••••1111"),
            ("4111-1111-1111-1111.", "••••-••••-••••-1111."),
            ("378282246310005", "•••••••••••0005"),
            ("3782 822463 10005", "•••• •••••• •0005"),
            ("5555.5555.5555.4444", "••••.••••.••••.4444"),
            ("30569309025904", "••••••••••5904"),
            ("６０１１１１１１１１１１１１１７", "••••••••••••１１１７"),
            ("4242  4242  4242  4242", "••••  ••••  ••••  4242"),
            ("4242 - 4242 - 4242 - 4242", "•••• - •••• - •••• - 4242"),
            ("42 42 42 42 42 42 42 42", "•• •• •• •• •• •• 42 42"),
            ("4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2!", "• • • • • • • • • • • • 4 2 4 2!"),
            ("4242\u{200b}4242\u{200b}4242\u{200b}4242", "••••\u{200b}••••\u{200b}••••\u{200b}4242"),
            ("a 4012888888881881 b 5105105105105100", "a ••••••••••••1881 b ••••••••••••5100"),
            ("card=4111111111111111,", "card=••••••••••••1111,"),
            ("4111 1111 1111 1111 500", "•••• •••• •••• 1111 500"),
            ("DE89 3704 0044 0532 0130 00 please", "DE•• •••• •••• •••• ••30 00 please"),
            ("GB29NWBK60161331926819", "GB••••••••••••••••6819"),
            ("iban: fr1420041010050500013m02606", "iban: fr•••••••••••••••••••••2606"),
            ("NO93 8601 1117 947", "NO•• •••• •••7 947"),
        ];
        for (text, expected) in table {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn shows_other_numbers() {
        for text in [
            "4111 1111 1111 1112",
            "+49 151 1234 5678 90",
            "+4111111111111111",
            "order 1234567890123456",
            "tracking 1Z999AA10123456784",
            "a4111111111111111",
            "4111111111111111b",
            "DE89 3704 0044 0532 0130 01",
            "2026-11-25 10:00 2026-11-26 11:00",
            "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
            "0000 0000 0000 0000",
            "",
        ] {
            assert!(matches!(masked(text), Cow::Borrowed(same) if same == text), "{text}: {}", masked(text));
        }
    }

    #[test]
    fn takes_no_longer_for_texts_made_to_take_long() {
        for pattern in ["4", "4111 ", "DE89 ", "123-", "1."] {
            masked(&pattern.repeat(150_000 / pattern.len()));
        }
    }

    /// A number of `length` digits that begins with `start` and that its last digit makes right, plus `off`.
    fn numbered(start: &str, length: usize, seed: u64, off: u32) -> String {
        let mut state = seed;
        let mut digits: Vec<u32> = start.chars().filter_map(|c| c.to_digit(10)).collect();
        while digits.len() < length - 1 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            digits.push(u32::try_from(state >> 33).unwrap() % 10);
        }
        let sum: u32 = digits
            .iter()
            .rev()
            .enumerate()
            .map(|(at, digit)| if at % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { *digit })
            .sum();
        digits.push(((10 - sum % 10) + off) % 10);
        digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect()
    }

    #[test]
    fn hides_each_number_of_a_cards_shape_whose_check_digit_is_right_and_none_whose_is_wrong() {
        for (start, length) in
            [("4", 16), ("51", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16), ("36", 14), ("3528", 16)]
        {
            for seed in 0..300 {
                let right = numbered(start, length, seed, 0);
                for gap in ["", " ", "-", "\u{a0}"] {
                    let groups: Vec<String> =
                        right.as_bytes().chunks(4).map(|group| String::from_utf8(group.to_vec()).unwrap()).collect();
                    let written = groups.join(gap);
                    let hidden = masked(&written).matches('•').count();
                    assert_eq!(hidden, length - 4, "{written}");
                }
                let off = u32::try_from(seed % 9).unwrap() + 1;
                let wrong = numbered(start, length, seed, off);
                assert_eq!(masked(&wrong), wrong);
            }
        }
    }
}
