//! The server's clock: real time plus what a test advanced it by, and the server's time zone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::data::moment::Written;

/// Time as the server sees it. Seconds are Unix seconds.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    zone: TimeZone,
    ahead: Duration,
}

impl Clock {
    pub(crate) fn new(zone: &str) -> Result<Self, String> {
        let zone = TimeZone::get(zone).map_err(|error| format!("time zone {zone:?}: {error}"))?;
        Ok(Self { zone, ahead: Duration::ZERO })
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.ahead = self.ahead.saturating_add(by);
    }

    pub(crate) fn now(&self) -> i64 {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(real.saturating_add(self.ahead).as_secs()).unwrap_or(i64::MAX)
    }

    /// Today's date in the server's zone, days counted as `YYYY-MM-DD`.
    pub(crate) fn today(&self) -> Date {
        timestamp(self.now()).to_zoned(self.zone.clone()).date()
    }

    /// The day of a second in the server's zone, as placeholders show it: `Thu Jul 31, 2031`.
    pub(crate) fn show_date(&self, second: i64) -> String {
        timestamp(second).to_zoned(self.zone.clone()).strftime("%a %b %d, %Y").to_string()
    }

    /// A second as the database keeps it, in the server's zone: `2031-07-31 10:00:00`.
    pub(crate) fn show_moment(&self, second: i64) -> String {
        timestamp(second).to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Yesterday's date: what the closing date's rule compares with.
    pub(crate) fn yesterday(&self) -> Date {
        self.today().saturating_sub(1.day())
    }

    /// A date and time as a client writes it, in Unix seconds. The wall clock counts and **any offset written is
    /// dropped**: the server stores what it reads without a zone, and reads it back in its own.
    pub(crate) fn parse_wall_clock(&self, text: &str) -> Option<i64> {
        self.read(text).map(|written| self.second(written.wall))
    }

    /// A date and time as a client writes it, in Unix seconds, with the offset that is written.
    pub(crate) fn parse_moment(&self, text: &str) -> Option<i64> {
        let Written { wall, offset } = self.read(text)?;
        Some(match offset {
            Some(offset) => civil_second(wall) - i64::from(offset),
            None => self.second(wall),
        })
    }

    /// The day of a date as a client writes it, whatever offset is written.
    pub(crate) fn parse_day(&self, text: &str) -> Option<Date> {
        self.read(text).map(|written| written.wall.date())
    }

    /// The midnight that a day begins with in the server's zone: the offset is that of the day, not of today.
    pub(crate) fn midnight(&self, day: Date) -> i64 {
        self.second(day.to_datetime(jiff::civil::Time::midnight()))
    }

    fn read(&self, text: &str) -> Option<Written> {
        crate::data::moment::read(text, timestamp(self.now()).to_zoned(self.zone.clone()).datetime())
    }

    fn second(&self, wall: DateTime) -> i64 {
        // The library knows no moment of the very last hours, and the rules of zones repeat with the calendar.
        let known = if wall.year() > 9990 { wall.saturating_sub(400.years()) } else { wall };
        match known.to_zoned(self.zone.clone()) {
            Ok(zoned) => civil_second(wall) + zoned.timestamp().as_second() - civil_second(known),
            Err(_) => civil_second(wall),
        }
    }
}

fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The Unix second of a wall clock in Greenwich.
fn civil_second(wall: DateTime) -> i64 {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0).duration_until(wall).as_secs()
}

/// A Unix second as the API writes it: `2026-11-24T04:30:00.000000Z`.
pub(crate) fn iso(second: i64) -> String {
    let span = jiff::SignedDuration::from_secs(second);
    let civil = DateTime::constant(1970, 1, 1, 0, 0, 0, 0).saturating_add(span);
    format!("{civil}.000000Z")
}

/// The HTTP date this many seconds from now: `Tue, 24 Nov 2026 04:30:00 GMT`.
pub(crate) fn http_date(ahead: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let second = i64::try_from(now.saturating_add(ahead)).unwrap_or(i64::MAX);
    timestamp(second).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_dropped_and_the_zone_applied() {
        let clock = Clock::new("Asia/Kolkata").unwrap();
        for text in [
            "2026-11-24 10:00:00",
            "2026-11-24T10:00:00Z",
            "2026-11-24T10:00:00+00:00",
            "2026-11-24T10:00:00-05:00",
            "2026-11-24T10:00:00.123456Z",
            "2026-11-24 10:00",
        ] {
            let second = clock.parse_wall_clock(text).unwrap();
            assert_eq!(iso(second), "2026-11-24T04:30:00.000000Z", "{text}");
        }
        assert_eq!(iso(clock.parse_wall_clock("2026-11-24").unwrap()), "2026-11-23T18:30:00.000000Z");
        assert_eq!(clock.parse_wall_clock("not a date"), None);
    }

    #[test]
    fn an_unknown_zone_is_refused() {
        assert!(Clock::new("Mars/Olympus").is_err());
    }
}
