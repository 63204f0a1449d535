//! Dates and times as PHP reads them: ISO, with slashes or dots, with the name of a month, or as a word.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};

/// A wall clock as it is written, and the offset in seconds if one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) wall: DateTime,
    pub(crate) offset: Option<i32>,
}

/// Reads a date and time; `now` is what words such as `tomorrow` count from. None: it is none.
pub(crate) fn read(text: &str, now: DateTime) -> Option<Written> {
    let lower = text.trim().to_ascii_lowercase();
    if let Some(second) = lower.strip_prefix('@') {
        let wall =
            DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(second.parse::<i64>().ok()?.seconds()).ok()?;
        return Some(Written { wall, offset: Some(0) });
    }
    if let Some(day) = word(&lower, now) {
        return Some(Written { wall: day, offset: None });
    }
    let (day, rest) = date(&lower)?;
    let rest = rest.trim_start_matches([',', ' ']).trim_start_matches('t').trim_start();
    if rest.is_empty() {
        return Some(Written { wall: day.to_datetime(Time::midnight()), offset: None });
    }
    let (time, rest) = clock(rest)?;
    let offset = if rest.trim().is_empty() { None } else { Some(offset(rest.trim())?) };
    Some(Written { wall: day.to_datetime(time), offset })
}

fn word(text: &str, now: DateTime) -> Option<DateTime> {
    let day = |days: i64| Some(now.date().checked_add(days.days()).ok()?.to_datetime(Time::midnight()));
    match text {
        "" | "now" => Some(now),
        "today" | "midnight" => day(0),
        "tomorrow" => day(1),
        "yesterday" => day(-1),
        "noon" => Some(now.date().to_datetime(Time::constant(12, 0, 0, 0))),
        _ => {
            let (count, unit) = text.strip_prefix(['+', ' ']).unwrap_or(text).split_once(' ')?;
            let count: i64 = count.parse().ok()?;
            let span = match unit.trim().trim_end_matches('s') {
                "day" => count.days(),
                "week" => count.weeks(),
                "month" => count.months(),
                "year" => count.years(),
                "hour" => count.hours(),
                _ => return None,
            };
            now.checked_add(span).ok()
        }
    }
}

/// A day, and what follows it. One that its month does not have runs on into the next.
fn date(text: &str) -> Option<(Date, &str)> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let (first, rest) = piece(text)?;
    let sign = rest.chars().next().filter(|sign| "-/. ".contains(*sign));
    if let Some(month) = MONTHS.iter().position(|month| first.starts_with(month)) {
        let (number, rest) = piece(rest.trim_start())?;
        let (year, rest) = piece(rest.trim_start_matches([',', ' ']))?;
        return Some((day(&year, i64::try_from(month).ok()? + 1, &number)?, rest));
    }
    let (second, rest) = piece(rest.get(sign?.len_utf8()..)?.trim_start())?;
    if let Some(month) = MONTHS.iter().position(|month| second.starts_with(month)) {
        let (year, rest) = piece(rest.trim_start_matches(['-', ' ', ',', '.']))?;
        return Some((day(&year, i64::try_from(month).ok()? + 1, &first)?, rest));
    }
    let third = rest.chars().next().filter(|next| Some(*next) == sign)?;
    let (third, rest) = piece(rest.get(third.len_utf8()..)?)?;
    let month = |text: &str| text.parse::<i64>().ok().filter(|month| (1..=12).contains(month));
    let found = match sign? {
        '/' if first.len() <= 2 => day(&third, month(&first)?, &second),
        '-' | '.' if first.len() <= 2 && third.len() == 4 => day(&third, month(&second)?, &first),
        _ => day(&first, month(&second)?, &third),
    }?;
    Some((found, rest))
}

/// Digits or letters at the beginning, and the rest.
fn piece(text: &str) -> Option<(String, &str)> {
    let is_digit = text.starts_with(|first: char| first.is_ascii_digit());
    let same = |other: char| if is_digit { other.is_ascii_digit() } else { other.is_ascii_alphabetic() };
    let end = text.find(|other: char| !same(other)).unwrap_or(text.len());
    (end > 0).then_some((text.get(..end)?.to_owned(), text.get(end..)?))
}

fn day(year: &str, month: i64, day: &str) -> Option<Date> {
    if day.len() > 2 || ![2, 4].contains(&year.len()) {
        return None;
    }
    let (year, day): (i16, i64) = (year.parse().ok()?, day.parse().ok()?);
    if !(1..=31).contains(&day) {
        return None;
    }
    let year = if year < 70 {
        year + 2000
    } else if year < 100 {
        year + 1900
    } else {
        year
    };
    Date::new(year, i8::try_from(month).ok()?, 1).ok()?.checked_add((day - 1).days()).ok()
}

/// A time of day, and what follows it.
fn clock(text: &str) -> Option<(Time, &str)> {
    let mut rest = text;
    let mut parts = [0_i8; 3];
    for (at, part) in parts.iter_mut().enumerate() {
        if at > 0 {
            match rest.strip_prefix(':') {
                Some(after) => rest = after,
                None => break,
            }
        }
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        *part = rest.get(..end).filter(|digits| (1..=2).contains(&digits.len()))?.parse().ok()?;
        rest = rest.get(end..)?;
    }
    if rest.len() + 2 >= text.len() && !rest.trim_start().starts_with(['a', 'p']) {
        return None;
    }
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        rest = fraction.trim_start_matches(|character: char| character.is_ascii_digit());
    }
    let [mut hour, minute, second] = parts;
    for (half, add) in [("am", 0), ("pm", 12)] {
        if let Some(after) = rest.trim_start().strip_prefix(half) {
            hour = hour % 12 + add;
            rest = after;
        }
    }
    Some((Time::new(hour, minute, second, 0).ok()?, rest))
}

/// `Z`, `UTC`, `+05:30`, `-0500`, `+2`: seconds ahead of Greenwich.
fn offset(text: &str) -> Option<i32> {
    if ["z", "utc", "gmt"].contains(&text) {
        return Some(0);
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits: String = text.get(1..)?.chars().filter(|character| *character != ':').collect();
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    let (hours, minutes) = if digits.len() > 2 { (number / 100, number % 100) } else { (number, 0) };
    Some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_php_reads_them() {
        let now = DateTime::constant(2026, 11, 25, 11, 14, 47, 0);
        let shown = |text: &str| read(text, now).map(|written| (written.wall.to_string(), written.offset));
        for (text, wall, offset) in [
            ("2031-05-05", "2031-05-05T00:00:00", None),
            ("2031-05-05 10:00:00", "2031-05-05T10:00:00", None),
            ("2031-05-05T10:00:00Z", "2031-05-05T10:00:00", Some(0)),
            ("2031-05-05T10:00:00.123456-05:00", "2031-05-05T10:00:00", Some(-18_000)),
            ("2031-05-05 10:00", "2031-05-05T10:00:00", None),
            ("05/06/2031", "2031-05-06T00:00:00", None),
            ("06.05.2031", "2031-05-06T00:00:00", None),
            ("6 May 2031", "2031-05-06T00:00:00", None),
            ("May 6, 2031 3:30 pm", "2031-05-06T15:30:00", None),
            ("2031-02-30", "2031-03-02T00:00:00", None),
            ("tomorrow", "2026-11-26T00:00:00", None),
            ("+1 week", "2026-12-02T11:14:47", None),
            ("@86400", "1970-01-02T00:00:00", Some(0)),
            ("9999-12-31", "9999-12-31T00:00:00", None),
        ] {
            assert_eq!(shown(text), Some((wall.to_owned(), offset)), "{text}");
        }
        for text in ["nonsense", "not a date", "2031-13-01", "13/13/2031", "2031-05", "12", "2031-05-05 25:00"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
