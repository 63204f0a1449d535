//! The server's clock: real time plus what a test advanced it by, and the server's time zone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

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
    pub(crate) fn today(&self) -> jiff::civil::Date {
        timestamp(self.now()).to_zoned(self.zone.clone()).date()
    }

    /// The day of a second in the server's zone, as placeholders show it: `Thu Jul 31, 2031`.
    pub(crate) fn show_date(&self, second: i64) -> String {
        timestamp(second).to_zoned(self.zone.clone()).strftime("%a %b %d, %Y").to_string()
    }

    /// Yesterday's date: what the closing date's rule compares with.
    pub(crate) fn yesterday(&self) -> jiff::civil::Date {
        self.today().saturating_sub(1.day())
    }

    /// A date and time as a client writes it, in Unix seconds. The wall clock counts and **any offset written is
    /// dropped**: the server stores what it reads without a zone, and reads it back in its own.
    pub(crate) fn parse_wall_clock(&self, text: &str) -> Option<i64> {
        let wall = wall_clock(text.trim())?;
        Some(wall.to_zoned(self.zone.clone()).ok()?.timestamp().as_second())
    }
}

fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn wall_clock(text: &str) -> Option<DateTime> {
    const FORMS: [&str; 4] = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    if let Ok(date) = jiff::civil::Date::strptime("%Y-%m-%d", text) {
        return Some(date.to_datetime(jiff::civil::Time::midnight()));
    }
    let bare = without_offset(text);
    FORMS.iter().find_map(|form| DateTime::strptime(form, bare).ok())
}

/// Cuts a fraction of a second and an offset (`Z`, `+05:30`) off.
fn without_offset(text: &str) -> &str {
    let time = text.find([' ', 'T']).map_or(0, |at| at + 1);
    let end =
        text.get(time..).and_then(|clock| clock.find(['Z', 'z', '+', '-', '.'])).map_or(text.len(), |at| time + at);
    text.get(..end).unwrap_or(text).trim_end()
}

/// A Unix second as the API writes it: `2026-11-24T04:30:00.000000Z`.
pub(crate) fn iso(second: i64) -> String {
    let mut text = timestamp(second).to_string();
    text.pop();
    text.push_str(".000000Z");
    text
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
