//! Creates that were given up while the server may have been at them: no look that finds nothing tells that they never
//! come to an end, neither in the same call nor in the next run of the same event.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::{api::recovery::create_recovery::Creates, digest::short};

/// How many attempts' time a server has to come to the end of one.
const ATTEMPTS: u32 = 2;

/// What was given up, by what would be created, with the moment in milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unfinished {
    since: BTreeMap<String, u64>,
    /// What is kept of it.
    kept: String,
    /// The record whose event runs.
    event: Option<String>,
}

impl Unfinished {
    /// An event begins, `message-9` say: nothing is known of its contact yet.
    pub(crate) fn begin(&mut self, event: Option<String>) {
        *self = Self { event, ..Self::default() };
    }

    /// Takes what is kept of the event's contact.
    pub(crate) fn read(&mut self, kept: &str) {
        let entry = |entry: &str| {
            let (key, since) = entry.rsplit_once('@')?;
            Some((key.to_owned(), since.parse().ok()?))
        };
        kept.clone_into(&mut self.kept);
        self.since.extend(kept.split(';').filter_map(entry));
    }

    /// What is to be kept from now on, where that is something else; nothing is blank.
    pub(crate) fn changed(&mut self, now: SystemTime, attempt: Duration) -> Option<String> {
        let now = millis(now);
        self.since.retain(|_, since| rest(*since, now, attempt).is_some());
        let text = self.since.iter().map(|(key, since)| format!("{key}@{since}")).collect::<Vec<_>>().join(";");
        (text != self.kept).then_some(text)
    }

    /// What tells a create that has no guard from others of the same contact, whatever its texts have become by now.
    pub(in crate::api) fn keys(&self, creates: Creates, body: &Value) -> Vec<String> {
        let keys = match creates {
            Creates::Lead => {
                let person = body.get("person_id").and_then(Value::as_u64).map(|id| format!("lead-{id}"));
                [person, self.event.as_ref().map(|_| "lead".to_owned())]
            }
            Creates::Activity | Creates::UnlinkedActivity => {
                let title = body.get("title").and_then(Value::as_str).unwrap_or_default();
                [Some(short(title)), self.event.clone()]
            }
            Creates::Person | Creates::Organization | Creates::Tag | Creates::Source => [None, None],
        };
        keys.into_iter().flatten().collect()
    }

    pub(in crate::api) fn note(&mut self, keys: Vec<String>, now: SystemTime) {
        self.since.extend(keys.into_iter().map(|key| (key, millis(now))));
    }

    pub(in crate::api) fn forget(&mut self, keys: &[String]) {
        self.since.retain(|key, _| !keys.contains(key));
    }

    /// How long one of these may take yet.
    pub(in crate::api) fn rest(&self, keys: &[String], now: SystemTime, attempt: Duration) -> Option<Duration> {
        keys.iter().filter_map(|key| rest(*self.since.get(key)?, millis(now), attempt)).max()
    }
}

/// How long one may take that was given up then. What is as far away as no server takes, before or after, is over: a clock
/// was set.
fn rest(since: u64, now: u64, attempt: Duration) -> Option<Duration> {
    let gone = Duration::from_millis(now.abs_diff(since));
    attempt.saturating_mul(ATTEMPTS).checked_sub(gone).filter(|rest| !rest.is_zero())
}

fn millis(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use serde_json::json;

    use super::{Creates, Unfinished};

    const ATTEMPT: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + seconds)
    }

    fn read(text: &str) -> Unfinished {
        let mut unfinished = Unfinished::default();
        unfinished.read(text);
        unfinished
    }

    #[test]
    fn one_that_was_given_up_is_waited_for_once() {
        let note = json!({"title": "Conversation #1"});
        let mut unfinished = Unfinished::default();
        unfinished.begin(Some("message-9".into()));
        let keys = unfinished.keys(Creates::Activity, &note);
        unfinished.note(keys.clone(), at(1000));
        for (now, rest) in [(1000, Some(60)), (1001, Some(59)), (1060, None), (5000, None), (990, Some(50)), (0, None)]
        {
            assert_eq!(unfinished.rest(&keys, at(now), ATTEMPT), rest.map(Duration::from_secs), "{now}");
        }
        let kept = unfinished.changed(at(1000), ATTEMPT).unwrap();
        // By its title and by its record, either of which may have changed.
        for (event, creates, title, waits) in [
            ("message-9", Creates::Activity, "Other", true),
            ("conversation-9", Creates::Activity, "Conversation #1", true),
            ("message-10", Creates::Activity, "Other", false),
            ("message-9", Creates::Lead, "Conversation #1", false),
            ("message-9", Creates::Person, "Conversation #1", false),
        ] {
            let mut later = Unfinished::default();
            later.begin(Some(event.into()));
            later.read(&kept);
            assert_eq!(later.changed(at(1000), ATTEMPT), None);
            let keys = later.keys(creates, &json!({"title": title}));
            assert_eq!(later.rest(&keys, at(1000), ATTEMPT).is_some(), waits, "{event} {creates:?} {title}");
        }
        assert_eq!(read(&kept).changed(at(1060), ATTEMPT).unwrap(), "", "it is over");
        unfinished.forget(&keys);
        assert_eq!(unfinished.changed(at(1000), ATTEMPT), None);
    }

    #[test]
    fn a_lead_is_its_persons_and_in_an_event_its_contacts() {
        let body = json!({"title": "T", "person_id": 5});
        assert_eq!(read("").keys(Creates::Lead, &body), ["lead-5"]);
        let mut of_event = Unfinished::default();
        of_event.begin(Some("contact-7".into()));
        assert_eq!(of_event.keys(Creates::Lead, &body), ["lead-5", "lead"]);
        assert_eq!(of_event.keys(Creates::Lead, &json!({"person": {"name": "x"}})), ["lead"]);
    }

    #[test]
    fn what_is_kept_may_be_anything() {
        let keys = ["lead".to_owned()];
        for text in ["", ";", "@", "lead", "lead@", "lead@x", "lead@-1", "lead@18446744073709551615", "lead@1e3"] {
            assert_eq!(read(text).rest(&keys, at(0), ATTEMPT), None, "{text}");
        }
    }
}
