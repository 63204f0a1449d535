use crate::calendar::{date, days, days_in};

/// A second in time, as Chatwoot writes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant {
    /// Seconds since 1970.
    seconds: i64,
    /// The minutes ahead of UTC that it was written with.
    offset: i32,
}

/// On whose clock people read a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// One that is so many minutes ahead of UTC.
    Ahead(i32),
    /// That which it was written by.
    Own,
}

/// From 1970 on, and so that every time zone's date still has four digits.
const RANGE: std::ops::Range<i64> = 0..253_370_764_800;

const DAY: i64 = 24 * 60 * 60;

impl Instant {
    /// Reads RFC 3339, the same with a blank for the `T` or `UTC` for the `Z`, and seconds since 1970. A time without a
    /// zone is UTC.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (seconds, offset) = match text.split_once('.').map_or(text, |(whole, _)| whole).parse::<i64>() {
            Ok(seconds) => (seconds, 0),
            Err(_) => parse_date_time(text)?,
        };
        let offset = i32::try_from(offset).unwrap_or_default();
        RANGE.contains(&seconds).then_some(Self { seconds, offset })
    }

    /// How many there are until a later one.
    pub(crate) fn seconds_until(self, later: Self) -> i64 {
        (later.seconds - self.seconds).max(0)
    }

    /// Later by so many.
    pub(crate) fn plus_seconds(self, seconds: i64) -> Self {
        Self { seconds: self.seconds.saturating_add(seconds).min(RANGE.end), ..self }
    }

    /// `2026-11-24 08:10:58` on a clock that is `offset` minutes ahead of UTC: what Krayin takes.
    pub(crate) fn wall_clock(self, offset: Option<i32>) -> String {
        let [year, month, day, hour, minute, second] = self.fields(clamp(offset));
        written(&[(year, 4, "-"), (month, 2, "-"), (day, 2, " "), (hour, 2, ":"), (minute, 2, ":"), (second, 2, "")])
    }

    /// `2026-11-24 08:10 UTC`, or the same with the offset: what people read.
    pub(crate) fn shown(self, clock: Clock) -> String {
        let offset = match clock {
            Clock::Ahead(minutes) => clamp(Some(minutes)),
            Clock::Own => clamp(Some(self.offset)),
        };
        let [year, month, day, hour, minute, _] = self.fields(offset);
        let mut shown = written(&[(year, 4, "-"), (month, 2, "-"), (day, 2, " "), (hour, 2, ":"), (minute, 2, " UTC")]);
        if offset != 0 {
            shown.push(if offset < 0 { '-' } else { '+' });
            let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
            shown.push_str(&written(&[(hours, 2, ":"), (minutes, 2, "")]));
        }
        shown
    }

    fn fields(self, offset: i64) -> [i64; 6] {
        let local = (self.seconds + offset * 60).max(0);
        let (year, month, day) = date(local.div_euclid(DAY));
        let second = local.rem_euclid(DAY);
        [year, month, day, second / 3600, second / 60 % 60, second % 60]
    }
}

/// Numbers of two or four digits with leading zeros, each followed by a text. A comment has many times, and `format!` takes longer than all else
/// about them.
fn written(parts: &[(i64, u32, &str)]) -> String {
    let mut out = String::with_capacity(32);
    for (number, digits, after) in parts {
        if *digits == 4 {
            two_digits(&mut out, number / 100);
        }
        two_digits(&mut out, *number);
        out.push_str(after);
    }
    out
}

fn two_digits(out: &mut String, number: i64) {
    for digit in [number / 10 % 10, number % 10] {
        out.push(char::from(b'0' + digit as u8));
    }
}

/// No place is further from UTC than a day.
fn clamp(offset: Option<i32>) -> i64 {
    i64::from(offset.unwrap_or_default()).clamp(-24 * 60, 24 * 60)
}

/// The seconds since 1970, and the minutes ahead of UTC that it is written with.
fn parse_date_time(text: &str) -> Option<(i64, i64)> {
    let bytes = text.as_bytes();
    let number = |from: usize, count: usize| {
        let digits = bytes.get(from..from + count)?;
        digits.iter().try_fold(0_i64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
    };
    let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":")) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute) = (number(11, 2)?, number(14, 2)?);
    let mut at = 16;
    let mut second = 0;
    if is(at, b":") {
        second = number(17, 2)?;
        at = 19;
        if is(at, b".") {
            at += 1;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
        }
    }
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = zone(text.get(at..)?.trim_start())?;
    Some((days(year, month, day) * DAY + hour * 3600 + minute * 60 + second.min(59) - offset * 60, offset))
}

/// The minutes ahead of UTC that `Z`, `UTC`, `+05:30` or `+0530` mean.
fn zone(text: &str) -> Option<i64> {
    if matches!(text, "" | "Z" | "z" | "UTC") {
        return Some(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':').or_else(|| digits.split_at_checked(2))?;
    if hours.len() != 2 || minutes.len() != 2 || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
        return None;
    }
    Some(sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Clock, Instant};

    #[test]
    fn reads_what_chatwoot_writes() {
        let table = [
            ("2026-11-24T08:10:58Z", Some("2026-11-24 08:10:58")),
            ("2026-11-24T08:10:58.123456Z", Some("2026-11-24 08:10:58")),
            ("2026-11-24T08:10:58+05:30", Some("2026-11-24 02:40:58")),
            ("2026-11-24 08:10:58 UTC", Some("2026-11-24 08:10:58")),
            ("2026-11-24 08:10:58 -0300", Some("2026-11-24 11:10:58")),
            ("2026-11-24 08:10", Some("2026-11-24 08:10:00")),
            ("1795507858", Some("2026-11-24 08:10:58")),
            ("1795507858.25", Some("2026-11-24 08:10:58")),
            ("2024-02-29T23:59:60Z", Some("2024-02-29 23:59:59")),
            ("0", Some("1970-01-01 00:00:00")),
            ("2023-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-11-24T24:00:00Z", None),
            ("2026-11-24T08:10:58 PST", None),
            ("2026-11-24T08:10:58+5", None),
            ("2026-11-24T08:10:58+é", None),
            ("1969-12-31T23:59:59Z", None),
            ("9999-12-31T23:59:59Z", None),
            ("99999999999999999999", None),
            ("-1", None),
            ("2026-11-24", None),
            ("yesterday", None),
            ("日本日本日本日本", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(Instant::parse(text).map(|instant| instant.wall_clock(None)).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn shows_the_servers_clock() {
        let instant = Instant::parse("2026-12-31T20:10:58Z").unwrap();
        let table = [
            (None, "2026-12-31 20:10:58", "2026-12-31 20:10 UTC"),
            (Some(0), "2026-12-31 20:10:58", "2026-12-31 20:10 UTC"),
            (Some(330), "2027-01-01 01:40:58", "2027-01-01 01:40 UTC+05:30"),
            (Some(-180), "2026-12-31 17:10:58", "2026-12-31 17:10 UTC-03:00"),
            (Some(i32::MAX), "2027-01-01 20:10:58", "2027-01-01 20:10 UTC+24:00"),
        ];
        for (offset, sent, shown) in table {
            let clock = Clock::Ahead(offset.unwrap_or_default());
            assert_eq!((instant.wall_clock(offset).as_str(), instant.shown(clock).as_str()), (sent, shown));
        }
        let own = |text| Instant::parse(text).unwrap().shown(Clock::Own);
        assert_eq!(own("2026-12-31T20:10:58+05:30"), "2026-12-31 20:10 UTC+05:30");
        assert_eq!(own("2026-12-31 20:10:58 -0300"), "2026-12-31 20:10 UTC-03:00");
        assert_eq!(own("2026-12-31T20:10:58Z"), "2026-12-31 20:10 UTC");
        let first = Instant::parse("0").unwrap();
        assert_eq!(first.wall_clock(Some(-60)), "1970-01-01 00:00:00");
        let last = Instant::parse("9998-12-31T23:59:59Z").unwrap();
        assert_eq!(last.plus_seconds(i64::MAX).wall_clock(Some(i32::MAX)), "9999-01-02 00:00:00");
    }
}
