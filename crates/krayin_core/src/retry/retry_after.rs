use std::time::{Duration, SystemTime};

/// No server keeps a client out for longer, and no sum of times may overflow.
const MOST: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest wait that is kept without a look whether it has ended before.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// How long to wait before that look.
const LOOK: Duration = Duration::from_secs(5 * 60);

/// How long to wait where a server asks for `wait`: as long, up to a quarter of an hour. Beyond it, five minutes: then one
/// request looks, since such a time is mostly a guess and its end never told.
pub fn look_after(wait: Duration) -> Duration {
    if wait > LONGEST { LOOK } else { wait }
}

/// Reads a `Retry-After`: seconds, or an HTTP date. A date is compared with the answer's own `Date`, so that a server
/// whose clock is wrong is still understood. Where that makes no wait, or one that is not kept, it is compared with `now`: a
/// cache may have written the `Date`.
pub fn retry_after(header: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    // What came twice says the same twice.
    let number = header.split(',').next().unwrap_or_default().trim_end();
    if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(number.parse().map_or(MOST, Duration::from_secs).min(MOST));
    }
    let until = httpdate::parse_http_date(header).ok()?;
    // A time that is past says nothing of when to come back.
    let wait = |since| until.duration_since(since).ok().map(|wait| wait.min(MOST));
    let told = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).and_then(wait);
    let ours = wait(now);
    told.filter(|wait| *wait <= LONGEST).or(ours.filter(|wait| *wait <= LONGEST)).or(told).or(ours)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{LONGEST, LOOK, MOST, look_after, retry_after};

    #[test]
    fn a_long_wait_is_looked_into() {
        let seconds = Duration::from_secs;
        for (asked, kept) in [(0, seconds(0)), (60, seconds(60)), (900, seconds(900)), (901, LOOK), (86_400, LOOK)] {
            assert_eq!(look_after(seconds(asked)), kept, "{asked}");
        }
    }

    #[test]
    fn reads_seconds_and_dates() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let table = [
            ("7", None, seconds(7)),
            (" 120 ", None, seconds(120)),
            ("0", None, seconds(0)),
            ("99999999999999999999999", None, Some(MOST)),
            ("Sun, 06 Nov 1994 08:49:57 GMT", None, seconds(20)),
            ("Sunday, 06-Nov-94 08:49:57 GMT", None, seconds(20)),
            ("Sun Nov  6 08:49:57 1994", None, seconds(20)),
            ("Sun, 06 Nov 1994 08:49:57 GMT", Some("Sun, 06 Nov 1994 08:49:55 GMT"), seconds(2)),
            ("Sun, 06 Nov 1994 08:49:57 GMT", Some("nonsense"), seconds(20)),
            ("Sun, 06 Nov 1994 08:49:57 GMT", Some("Thu, 01 Jan 1970 00:00:00 GMT"), seconds(20)),
            ("Sun, 06 Nov 1994 08:49:57 GMT", Some("Fri, 31 Dec 9999 23:59:59 GMT"), seconds(20)),
            ("Sun, 06 Nov 1994 10:49:57 GMT", Some("Sun, 06 Nov 1994 10:49:37 GMT"), seconds(20)),
            ("Sun, 06 Nov 1994 06:49:57 GMT", Some("Sun, 06 Nov 1994 06:49:37 GMT"), seconds(20)),
            ("Sun, 06 Nov 1994 09:49:37 GMT", Some("Sun, 06 Nov 1994 08:49:37 GMT"), seconds(3600)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", None, None),
            ("30, 30", None, seconds(30)),
            ("30,", None, seconds(30)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", None, Some(MOST)),
            ("", None, None),
            ("-1", None, None),
            ("1.5", None, None),
            ("soon", None, None),
        ];
        for (header, date, expected) in table {
            assert_eq!(retry_after(header, date, now), expected, "{header} {date:?}");
        }
    }

    /// A clock of either side may stand anywhere.
    #[test]
    fn no_clock_and_no_text_makes_a_wait_that_nobody_can_keep() {
        let dates = [
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "",
            "?",
        ];
        let texts =
            ["-1", "+5", "0x10", "1e9", "\u{ff15}", "5 s", "5,5", "4294967296", "18446744073709551616", "NaN", "\0"];
        let moments = [0, 1, 784_111_777, 4_102_444_800, 253_402_300_799].map(Duration::from_secs);
        for now in moments.map(|since| SystemTime::UNIX_EPOCH + since) {
            for header in dates.iter().chain(&texts) {
                for date in dates.iter().map(|date| Some(*date)).chain([None]) {
                    let read = retry_after(header, date, now);
                    assert!(read.is_none_or(|wait| wait <= MOST && look_after(wait) <= LONGEST), "{header} {date:?}");
                }
            }
        }
    }
}
