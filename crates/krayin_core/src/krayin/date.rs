use crate::calendar;

/// The day that a server means by a date which comes back as an instant.
///
/// `expected_close_date` is midnight in the server's time zone, written in UTC: `2030-01-30T18:30:00.000000Z` is the 31st
/// in Kolkata. Where the offset is not known, midnight tells: noon or later is the evening before.
pub(crate) fn closing_day(instant: &str, offset_minutes: Option<i32>) -> Option<String> {
    let number = |range: std::ops::Range<usize>| instant.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let Some(minutes) = number(11..13).zip(number(14..16)).map(|(hour, minute)| hour * 60 + minute) else {
        return Some(format!("{year:04}-{month:02}-{day:02}"));
    };
    let shift = match offset_minutes {
        Some(offset) => (minutes + i64::from(offset)).div_euclid(24 * 60),
        None => i64::from(minutes >= 12 * 60),
    };
    let (year, month, day) = calendar::date(calendar::days(year, month, day) + shift);
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// The server's time zone in minutes east of UTC: what was sent by its clock minus what came back in UTC.
pub(crate) fn offset_minutes(sent: &str, returned: &str) -> Option<i32> {
    let minutes = wall_minutes(sent)? - wall_minutes(returned)?;
    // No clock is further from UTC; more is another time, not another zone.
    i32::try_from(minutes).ok().filter(|minutes| (-12 * 60..=14 * 60).contains(minutes))
}

fn wall_minutes(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let days = calendar::days(number(0..4)?, number(5..7)?, number(8..10)?);
    Some(days * 24 * 60 + number(11..13)? * 60 + number(14..16)?)
}

#[cfg(test)]
mod tests {
    use super::{closing_day, offset_minutes};

    #[test]
    fn finds_the_servers_day() {
        let table = [
            ("2030-01-30T18:30:00.000000Z", Some(330), Some("2030-01-31")),
            ("2030-01-30T18:30:00.000000Z", None, Some("2030-01-31")),
            ("2030-01-31T05:00:00.000000Z", Some(-300), Some("2030-01-31")),
            ("2030-01-31T05:00:00.000000Z", None, Some("2030-01-31")),
            ("2030-01-31T00:00:00.000000Z", Some(0), Some("2030-01-31")),
            ("2031-12-31T14:00:00Z", Some(600), Some("2032-01-01")),
            ("2028-02-28T20:00:00Z", None, Some("2028-02-29")),
            ("2030-01-31", Some(330), Some("2030-01-31")),
            ("", None, None),
            ("soon", None, None),
            ("2030-13-01", None, None),
            ("日本日本日本日本", None, None),
        ];
        for (instant, offset, expected) in table {
            assert_eq!(closing_day(instant, offset).as_deref(), expected, "{instant}");
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
