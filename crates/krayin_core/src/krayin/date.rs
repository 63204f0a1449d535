use crate::calendar;

/// The day that a server means by a date which comes back as an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClosingDay {
    /// There is none.
    None,
    /// `YYYY-MM-DD`.
    On(String),
    /// The instant could be midnight at either end of the world.
    Unknown,
}

impl ClosingDay {
    /// `expected_close_date` is midnight in the server's time zone, written in UTC: `2030-01-30T18:30:00.000000Z` is the
    /// 31st in Kolkata.
    ///
    /// The offset may be that of the other half of the year, so the nearest midnight is meant. Where it is not known the
    /// time of day tells, save for what is Hawaii's midnight and Auckland's.
    pub(crate) fn of(instant: &str, offset_minutes: Option<i32>) -> Self {
        let number = |range: std::ops::Range<usize>| instant.get(range)?.parse::<i64>().ok();
        let date = || Some((number(0..4)?, number(5..7)?, number(8..10)?));
        let Some((year, month, day)) = date() else { return Self::None };
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Self::None;
        }
        let minutes = number(11..13).zip(number(14..16)).map(|(hour, minute)| hour * 60 + minute);
        let shift = match (minutes, offset_minutes) {
            (None, _) => 0,
            (Some(minutes), Some(offset)) => (minutes + i64::from(offset) + 12 * 60).div_euclid(24 * 60),
            (Some(minutes), None) if (10 * 60..=12 * 60).contains(&minutes) => return Self::Unknown,
            (Some(minutes), None) => i64::from(minutes > 12 * 60),
        };
        let (year, month, day) = calendar::date(calendar::days(year, month, day) + shift);
        Self::On(format!("{year:04}-{month:02}-{day:02}"))
    }
}

/// The server's time zone in minutes east of UTC: what was sent by its clock minus what came back in UTC.
pub(crate) fn offset_minutes(sent: &str, returned: &str) -> Option<i32> {
    let minutes = wall_minutes(sent)? - wall_minutes(returned)?;
    // No clock is further from UTC; more is another time, not another zone.
    i32::try_from(minutes).ok().filter(|minutes| (-12 * 60..=14 * 60).contains(minutes))
}

/// The same, told by a date that comes back as its midnight in UTC. What could be midnight at either end of the world tells
/// nothing.
pub(crate) fn midnight_offset(instant: &str) -> Option<i32> {
    let minutes = wall_minutes(instant)?.rem_euclid(24 * 60);
    let offset = match minutes {
        0..600 => -minutes,
        721.. => 24 * 60 - minutes,
        _ => return None,
    };
    i32::try_from(offset).ok()
}

fn wall_minutes(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let days = calendar::days(number(0..4)?, number(5..7)?, number(8..10)?);
    Some(days * 24 * 60 + number(11..13)? * 60 + number(14..16)?)
}

#[cfg(test)]
mod tests {
    use super::{ClosingDay, midnight_offset, offset_minutes};

    #[test]
    fn a_date_tells_the_zone() {
        let table = [
            ("2030-01-30T18:30:00.000000Z", Some(330)),
            ("2030-01-31T05:00:00.000000Z", Some(-300)),
            ("2030-01-31T00:00:00.000000Z", Some(0)),
            ("2030-01-30T10:00:00.000000Z", None),
            ("2030-01-30T11:00:00.000000Z", None),
            ("2030-01-31", None),
            ("", None),
        ];
        for (instant, expected) in table {
            assert_eq!(midnight_offset(instant), expected, "{instant}");
        }
    }

    #[test]
    fn finds_the_servers_day() {
        let on = |day: &str| ClosingDay::On(day.to_owned());
        let table = [
            ("2030-01-30T18:30:00.000000Z", Some(330), on("2030-01-31")),
            ("2030-01-30T18:30:00.000000Z", None, on("2030-01-31")),
            ("2030-01-31T05:00:00.000000Z", Some(-300), on("2030-01-31")),
            ("2030-01-31T05:00:00.000000Z", None, on("2030-01-31")),
            ("2030-01-31T00:00:00.000000Z", Some(0), on("2030-01-31")),
            ("2030-01-31T00:00:00.000000Z", None, on("2030-01-31")),
            // Midnight of the other half of the year: New York, London, Berlin, Auckland, Chatham.
            ("2031-07-31T04:00:00.000000Z", Some(-300), on("2031-07-31")),
            ("2031-01-15T05:00:00.000000Z", Some(-240), on("2031-01-15")),
            ("2031-07-30T23:00:00.000000Z", Some(0), on("2031-07-31")),
            ("2031-07-30T22:00:00.000000Z", Some(60), on("2031-07-31")),
            ("2031-01-30T11:00:00.000000Z", Some(720), on("2031-01-31")),
            ("2031-07-30T12:00:00.000000Z", Some(780), on("2031-07-31")),
            ("2031-01-30T10:15:00.000000Z", Some(765), on("2031-01-31")),
            ("2031-12-31T14:00:00Z", Some(600), on("2032-01-01")),
            ("2028-02-28T20:00:00Z", None, on("2028-02-29")),
            ("2031-01-31T10:00:00Z", Some(-600), on("2031-01-31")),
            ("2031-01-31T10:00:00Z", None, ClosingDay::Unknown),
            ("2031-01-31T11:00:00Z", None, ClosingDay::Unknown),
            ("2031-01-31T12:00:00Z", None, ClosingDay::Unknown),
            ("2031-01-31T09:30:00Z", None, on("2031-01-31")),
            ("2031-01-31T13:00:00Z", None, on("2031-02-01")),
            ("2030-01-31", Some(330), on("2030-01-31")),
            ("", None, ClosingDay::None),
            ("soon", None, ClosingDay::None),
            ("2030-13-01", None, ClosingDay::None),
            ("日本日本日本日本", None, ClosingDay::None),
        ];
        for (instant, offset, expected) in table {
            assert_eq!(ClosingDay::of(instant, offset), expected, "{instant} {offset:?}");
        }
    }

    #[test]
    fn learns_the_servers_time_zone() {
        let table = [
            ("2026-11-24 10:00:00", "2026-11-24T04:30:00.000000Z", Some(330)),
            ("2026-11-24 22:00:00", "2026-11-25T03:00:00.000000Z", Some(-300)),
            ("2026-11-24 10:00:00", "2026-11-24T10:00:00Z", Some(0)),
            ("2026-11-24 10:00:00", "2026-11-23T10:00:00Z", None),
            ("2026-11-24 10:00:00", "", None),
            ("soon", "2026-11-24T10:00:00Z", None),
        ];
        for (sent, returned, expected) in table {
            assert_eq!(offset_minutes(sent, returned), expected, "{sent} {returned}");
        }
    }
}
