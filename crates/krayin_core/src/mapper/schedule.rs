use crate::chatwoot::Instant;

/// An entry of a calendar needs a length to be seen in it.
const SHORTEST: i64 = 60;

/// From when to when an activity was, as Krayin takes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    pub(super) from: String,
    pub(super) to: String,
}

/// From `begin` to `end`, at least a minute; `None` where it never began.
pub(super) fn schedule(begin: Option<Instant>, end: Option<Instant>, offset: Option<i32>) -> Option<Schedule> {
    let begin = begin?;
    let shortest = begin.plus_seconds(SHORTEST);
    let end = end.map_or(shortest, |end| end.max(shortest));
    Some(Schedule { from: begin.wall_clock(offset), to: end.wall_clock(offset) })
}

#[cfg(test)]
mod tests {
    use super::schedule;
    use crate::chatwoot::Instant;

    #[test]
    fn never_ends_before_it_begins() {
        let table = [
            (Some("100"), Some("7200"), Some(("1970-01-01 00:01:40", "1970-01-01 02:00:00"))),
            (Some("100"), Some("100"), Some(("1970-01-01 00:01:40", "1970-01-01 00:02:40"))),
            (Some("100"), Some("5"), Some(("1970-01-01 00:01:40", "1970-01-01 00:02:40"))),
            (Some("100"), None, Some(("1970-01-01 00:01:40", "1970-01-01 00:02:40"))),
            (None, Some("7200"), None),
        ];
        let parse = |text: Option<&str>| text.and_then(Instant::parse);
        for (begin, end, expected) in table {
            let schedule = schedule(parse(begin), parse(end), None);
            let found = schedule.as_ref().map(|schedule| (schedule.from.as_str(), schedule.to.as_str()));
            assert_eq!(found, expected, "{begin:?} {end:?}");
        }
    }
}
