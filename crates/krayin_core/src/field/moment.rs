use crate::calendar;

/// The day of a date, or of an instant by its own clock: `2024-05-01T00:00:00.000Z` is `2024-05-01`. `None` for what is
/// no day of the calendar.
pub(super) fn day(text: &str) -> Option<String> {
    let (year, month, day) = date(text.trim())?;
    let rest = text.trim().get(10..).unwrap_or_default();
    (rest.is_empty() || rest.starts_with(['T', ' '])).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// The day on a clock that is `offset` minutes ahead of UTC, where an instant is told; a date alone, or its midnight as
/// Chatwoot writes one, is that day everywhere.
pub(super) fn local_day(text: &str, offset: Option<i32>) -> Option<String> {
    let own = day(text)?;
    let rest = text.trim().get(10..).unwrap_or_default();
    let is_day = rest.bytes().all(|byte| matches!(byte, b'T' | b't' | b' ' | b'0' | b':' | b'.' | b'Z' | b'z'));
    match offset.filter(|_| !is_day) {
        Some(offset) => date_time(text, offset)?.get(..10).map(str::to_owned),
        None => Some(own),
    }
}

/// An instant as `Y-m-d H:i:s` on a clock that is `offset` minutes ahead of UTC. A time without a zone is UTC.
pub(super) fn date_time(text: &str, offset: i32) -> Option<String> {
    let text = text.trim();
    let (year, month, day) = date(text)?;
    let rest = text.get(10..)?;
    let (clock, zone) = match rest.find(['Z', 'z', '+']).or_else(|| rest.rfind('-')) {
        Some(at) => rest.split_at_checked(at)?,
        None => (rest, "Z"),
    };
    let clock = clock.trim_start_matches(['T', ' ']).split('.').next().unwrap_or_default().trim();
    let mut parts = clock.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = match clock.is_empty() {
        true => (0, 0, 0),
        false => (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?),
    };
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..=60).contains(&second) {
        return None;
    }
    let seconds = calendar::days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - zone_seconds(zone)?
        + i64::from(offset) * 60;
    let (year, month, day) = calendar::date(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    (0..10_000).contains(&year).then(|| format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
}

fn date(text: &str) -> Option<(i64, i64, i64)> {
    let number = |range: std::ops::Range<usize>| {
        let part = text.get(range)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i64>().ok())?
    };
    let separators = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let is_date = separators && (1..=12).contains(&month) && (1..=calendar::days_in(year, month)).contains(&day);
    is_date.then_some((year, month, day))
}

fn zone_seconds(zone: &str) -> Option<i64> {
    let sign = match zone.chars().next()? {
        'Z' | 'z' => return Some(0),
        '-' => -1,
        _ => 1,
    };
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i64>().ok();
    Some(sign * (number(0..2)? * 3_600 + number(2..4).unwrap_or_default() * 60))
}

#[cfg(test)]
mod tests {
    use super::{date_time, day};

    #[test]
    fn reads_days() {
        let table = [
            ("2024-05-01", Some("2024-05-01")),
            ("2024-05-01T00:00:00.000Z", Some("2024-05-01")),
            (" 2024-02-29 ", Some("2024-02-29")),
            ("2023-02-29", None),
            ("05/05/2031", None),
            ("2024-13-01", None),
            ("2024-05-011", None),
            ("+024-05-01", None),
            ("tomorrow", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(day(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn moves_instants_to_the_servers_clock() {
        let table = [
            ("2024-05-01T10:00:00Z", 330, Some("2024-05-01 15:30:00")),
            ("2024-05-01T10:00:00.123Z", 0, Some("2024-05-01 10:00:00")),
            ("2024-05-01T22:00:00-05:00", 0, Some("2024-05-02 03:00:00")),
            ("2024-05-01 10:00+0530", 0, Some("2024-05-01 04:30:00")),
            ("2024-05-01 10:00", -60, Some("2024-05-01 09:00:00")),
            ("2024-05-01", 0, Some("2024-05-01 00:00:00")),
            ("2024-05-01T25:00:00Z", 0, None),
            ("soon", 0, None),
        ];
        for (text, offset, expected) in table {
            assert_eq!(date_time(text, offset).as_deref(), expected, "{text}");
        }
    }
}
