use std::borrow::Cow;

use crate::text::{self, ascii_digit};

/// What stands for a digit or letter that is not shown.
pub(super) const MASK: char = '•';

/// So many characters at the end tell which card or account it is.
const SHOWN: usize = 4;

/// More blanks and signs than these stand between two numbers.
const LONGEST_GAP: usize = 3;

/// A number shorter than this is neither a card's nor an account's.
const SHORTEST: usize = 14;

/// How a card's number is grouped on the card.
const GROUPS: [&[usize]; 4] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3]];

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
    if !may_hold_one(text) {
        return Cow::Borrowed(text);
    }
    let characters: Vec<char> = text.chars().map(plain).collect();
    match hidden(&characters) {
        Some(hidden) => {
            Cow::Owned(text.chars().zip(hidden).map(|(c, is_hidden)| if is_hidden { MASK } else { c }).collect())
        }
        None => Cow::Borrowed(text),
    }
}

/// Whether there are digits enough: most texts have no number so long.
pub(super) fn may_hold_one(text: &str) -> bool {
    if text.is_ascii() {
        return text.bytes().filter(u8::is_ascii_digit).count() >= SHORTEST - 2;
    }
    text.chars().filter(|c| ascii_digit(*c).is_some()).take(SHORTEST - 2).count() == SHORTEST - 2
}

/// Letters and digits of every width as ASCII's.
pub(super) fn plain(c: char) -> char {
    match c {
        'Ａ'..='Ｚ' | 'ａ'..='ｚ' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => ascii_digit(c).unwrap_or(c),
    }
}

/// Which of the characters are not to be shown; `None` where all are.
pub(super) fn hidden(characters: &[char]) -> Option<Vec<bool>> {
    let mut hidden = vec![false; characters.len()];
    let mut at = 0;
    while at < characters.len() {
        let begins = at == 0 || !is_part(characters, at - 1) || is_named(characters, at);
        let number = if begins && is_part(characters, at) {
            iban(characters, at).or_else(|| card(characters, at))
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
    hidden.contains(&true).then_some(hidden)
}

fn at(characters: &[char], place: usize) -> Option<char> {
    characters.get(place).copied()
}

/// Whether a number that stands beside it goes on there. Scripts that are written without blanks put their words there.
fn is_part(characters: &[char], place: usize) -> bool {
    at(characters, place).is_some_and(|c| c.is_ascii_alphanumeric())
}

/// `IBANDE89…`
fn is_named(characters: &[char], place: usize) -> bool {
    let before = place.checked_sub(4).and_then(|from| characters.get(from..place));
    before.is_some_and(|word| word.iter().zip("iban".chars()).all(|(c, known)| c.eq_ignore_ascii_case(&known)))
}

/// What is written within a number, or takes no room or gives it a form only.
fn is_separator(c: char) -> bool {
    (c.is_whitespace() && !is_line_end(c))
        || is_overlooked(c)
        || matches!(
            c,
            '-' | '.' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' | '．'
        )
}

/// Invisible, a mark of markdown, or a frame around the character before.
fn is_overlooked(c: char) -> bool {
    text::is_invisible(c) || matches!(c, '*' | '`' | '~' | '\\' | '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20f0}')
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What stands between numbers of a list as well.
fn may_separate(c: char) -> bool {
    is_line_end(c) || matches!(c, '/' | '|' | ',' | ':' | ';' | '·')
}

/// The end of the gap that begins at `place`, where a number can go on after it.
fn after_gap(characters: &[char], place: usize, is_gap: impl Fn(char) -> bool) -> Option<usize> {
    let mut width = 0;
    let mut next = place;
    while let Some(c) = at(characters, next).filter(|c| is_gap(*c)) {
        width += usize::from(!is_overlooked(c));
        next += 1;
        if width > LONGEST_GAP || next - place > 10 * LONGEST_GAP {
            return None;
        }
    }
    (next > place && is_part(characters, next)).then_some(next)
}

/// The places of a card's digits that begin at `start`.
fn card(characters: &[char], start: usize) -> Option<Vec<usize>> {
    let before = start.checked_sub(1).and_then(|before| at(characters, before));
    if before == Some('+') {
        return None;
    }
    let mut places = Vec::new();
    let mut digits = Vec::new();
    let mut found = None;
    let mut place = start;
    let mut group = 0;
    let mut groups = Vec::new();
    let mut gaps: Vec<&[char]> = Vec::new();
    let mut has_short_group = false;
    let is_first = (0..start)
        .rev()
        .take(LONGEST_GAP + 1)
        .find_map(|place| at(characters, place).filter(|c| !is_separator(*c)))
        .is_none_or(|c| !c.is_ascii_digit());
    while digits.len() <= 19 {
        if let Some(digit) = at(characters, place).and_then(|c| c.to_digit(10)) {
            digits.push(digit);
            places.push(place);
            group += 1;
            place += 1;
            continue;
        }
        if group == 0 || is_part(characters, place) {
            break;
        }
        groups.push(group);
        has_short_group |= group < 3;
        let next = after_gap(characters, place, |c| is_separator(c) || may_separate(c));
        let goes_on = next.filter(|next| at(characters, *next).is_some_and(|c| c.is_ascii_digit()));
        let is_gap_within = goes_on
            .is_some_and(|next| characters.get(place..next).is_some_and(|gap| gap.iter().all(|c| is_separator(*c))));
        // Numbers that follow each other are read to each one's end; digits alone or in pairs are a card's where nothing
        // comes before and after them.
        let is_whole = !has_short_group || (is_first && !is_gap_within && are_alike(&groups));
        if is_whole && are_of_one(&groups, &gaps) && is_card(&digits) {
            found = Some(places.clone());
        }
        let Some(next) = goes_on else { break };
        gaps.push(characters.get(place..next).unwrap_or_default());
        group = 0;
        place = next;
    }
    found
}

/// Whether digits are grouped by one measure: numbers that count up are not.
fn are_alike(groups: &[usize]) -> bool {
    let (first, rest) = groups.split_first().map_or((0, groups), |(first, rest)| (*first, rest));
    let is_uniform =
        rest.iter().rev().skip(1).all(|group| *group == first) && rest.last().is_none_or(|last| *last <= first);
    is_uniform || groups.iter().filter(|group| **group == 4).count() * 2 > groups.len()
}

/// Whether groups of digits belong together for what stands between them. What separates the numbers of a list as well
/// does so only where all are grouped as on a card and all gaps are alike, or one of them is the end of a line.
fn are_of_one(groups: &[usize], gaps: &[&[char]]) -> bool {
    let is_doubtful = |gap: &&&[char]| !gap.iter().all(|c| is_separator(*c));
    let doubtful: Vec<&&[char]> = gaps.iter().filter(is_doubtful).collect();
    let Some(first) = doubtful.first() else { return true };
    let are_alike = doubtful.len() == gaps.len() && gaps.iter().all(|gap| *gap == **first);
    let is_listed = first.iter().any(|c| matches!(c, ',' | ';')) && first.len() > 1;
    let is_one_line_end = doubtful.len() == 1 && first.iter().all(|c| is_separator(*c) || is_line_end(*c));
    GROUPS.contains(&groups) && ((are_alike && !is_listed) || is_one_line_end)
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

fn letter(characters: &[char], place: usize) -> Option<u8> {
    at(characters, place).filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase() as u8)
}

/// The places of an IBAN's letters and digits that begin at `start`.
fn iban(characters: &[char], start: usize) -> Option<Vec<usize>> {
    let country = [letter(characters, start)?, letter(characters, start + 1)?];
    // Most words end here: check digits come next.
    let mut after = characters.iter().skip(start + 2).copied().skip_while(|c| is_separator(*c));
    after.next().filter(char::is_ascii_digit)?;
    let (_, length) = IBANS.iter().find(|(known, _)| known.as_bytes() == country)?;
    let mut places = Vec::with_capacity(*length);
    let mut place = start;
    while places.len() < *length {
        if is_part(characters, place) {
            places.push(place);
            place += 1;
        } else {
            place = after_gap(characters, place, |c| is_separator(c) || may_separate(c))?;
        }
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
            ("**4111** 1111 1111 _1111_", "**••••** •••• •••• _1111_"),
            ("_4111_1111_1111_1111_", "_••••_••••_••••_1111_"),
            ("4111\u{2003}1111\u{3000}1111\u{205f}1111", "••••\u{2003}••••\u{3000}••••\u{205f}1111"),
            ("4111—1111−1111‐1111", "••••—••••−••••‐1111"),
            ("4111\u{ad}1111\u{ad}1111\u{ad}1111", "••••\u{ad}••••\u{ad}••••\u{ad}1111"),
            ("4111/1111/1111/1111", "••••/••••/••••/1111"),
            ("4111,1111,1111,1111", "••••,••••,••••,1111"),
            ("4111\n1111\n1111\n1111\nthanks", "••••\n••••\n••••\n1111\nthanks"),
            ("4111 1111\n1111 1111", "•••• ••••\n•••• 1111"),
            ("我的卡号是4111111111111111谢谢", "我的卡号是••••••••••••1111谢谢"),
            ("بطاقتي٤١١١١١١١١١١١١١١١", "بطاقتي••••••••••••١١١١"),
            ("𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏", "•••• •••• •••• 𝟏𝟏𝟏𝟏"),
            ("4\u{fe0f}\u{20e3}111 1111 1111 1111", "•\u{fe0f}\u{20e3}••• •••• •••• 1111"),
            ("ＤＥ８９ 3704 0044 0532 0130 00", "ＤＥ•• •••• •••• •••• ••30 00"),
            ("IBANDE89370400440532013000.", "IBANDE••••••••••••••••3000."),
            ("DE89-3704-0044-0532-0130-00", "DE••-••••-••••-••••-••30-00"),
            ("DE89  3704 – 0044\n0532/0130 00", "DE••  •••• – ••••\n••••/••30 00"),
            ("4111 11 1111 1111 11", "•••• •• •••• ••11 11"),
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
            "50 60 70 80 90 100 110",
            "DHL 00340434161094042557",
            "IMEI 356938035643809",
            "0049 151 1234 5678 90 or 4915112345678",
            "12.345.678,90 12.345.678,90",
            "4111, 1111, 1111, 1111",
            "4111/11/11 1111 1111 1",
            "4111\n1111\n1111 1111",
            "4512\n3345\n7789\n1123\n4000",
            "call 4155550182, 4155550183 or 4155550184",
            "9400 1118 9956 1234 5678 90",
            "IMEI 490154203237518",
            "00000000000004242424242424242",
            "invoice 2026-0042-4242-4242",
            "US89 3704 0044 0532 0130 00",
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
