//! Which Krayin it is: told by what it answers, not by its address.

use serde_json::{Map, Value};

use crate::{
    calendar,
    digest::one_way,
    krayin::{Named, Pipeline},
    records::INSTANCE,
    server::ServerProfile,
};

/// Notes in `traits` which Krayin it is. Its own attributes are made when it is installed, cannot be deleted, and every
/// token sees them; a server that shows none has its oldest pipeline.
pub(crate) fn recognise(attributes: &[Named], pipelines: &[Pipeline], traits: &mut ServerProfile) {
    let of_its_own = attributes.iter().filter(|attribute| is_of_its_own(&attribute.rest));
    let attribute = of_its_own.min_by_key(|attribute| attribute.id).and_then(|attribute| made(&attribute.rest));
    let pipeline = || pipelines.iter().min_by_key(|pipeline| pipeline.id).and_then(|pipeline| made(&pipeline.rest));
    let Some(installed) = attribute.or_else(pipeline) else {
        (traits.instance, traits.installed) = (String::new(), None);
        return;
    };
    let known = traits.installed.is_some_and(|known| is_same_moment(known, installed)) && !traits.instance.is_empty();
    if !known {
        traits.instance = format!("{INSTANCE}{}", one_way(&installed.to_string()));
    }
    traits.installed = Some(installed);
}

fn is_of_its_own(attribute: &Map<String, Value>) -> bool {
    matches!(attribute.get("is_user_defined"), Some(Value::Bool(false)))
        || attribute.get("is_user_defined").and_then(Value::as_u64) == Some(0)
}

/// `2026-11-24T07:28:44.000000Z` in seconds since 1970.
fn made(record: &Map<String, Value>) -> Option<i64> {
    let text = record.get("created_at")?.as_str()?;
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let days = calendar::days(number(0..4)?, number(5..7)?, number(8..10)?);
    Some(days * 86_400 + number(11..13)? * 3_600 + number(14..16)? * 60 + number(17..19)?)
}

/// A server whose time zone was set anew tells the same moment by another clock.
fn is_same_moment(a: i64, b: i64) -> bool {
    const QUARTER: i64 = 15 * 60;
    (a - b).abs() <= 27 * 3_600 && (a - b) % QUARTER == 0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::recognise;
    use crate::{
        krayin::{Named, Pipeline},
        server::ServerProfile,
    };

    fn attribute(id: u64, own: u8, at: &str) -> Named {
        serde_json::from_value(json!({"id": id, "code": "x", "is_user_defined": own, "created_at": at})).unwrap()
    }

    fn recognised(attributes: &[Named], pipelines: &[Pipeline], before: &ServerProfile) -> ServerProfile {
        let mut traits = before.clone();
        recognise(attributes, pipelines, &mut traits);
        traits
    }

    #[test]
    fn what_it_was_installed_with_tells_it_from_others() {
        let none = ServerProfile::default();
        let own = attribute(1, 0, "2026-11-24T07:28:44.000000Z");
        let first = recognised(&[attribute(60, 1, "2027-01-01T00:00:00Z"), own.clone()], &[], &none);
        assert!(first.instance.starts_with("krayin-") && first.instance.len() == 31, "{first:?}");
        // One that an administrator adds or takes away changes nothing.
        assert_eq!(recognised(&[own], &[], &none), first);
        let other = recognised(&[attribute(1, 0, "2026-11-24T07:28:45.000000Z")], &[], &none);
        assert_ne!(other.instance, first.instance);
    }

    #[test]
    fn stays_the_same_when_its_clock_moves_and_unknown_where_it_tells_nothing() {
        let first = recognised(&[attribute(1, 0, "2026-11-24T07:28:44.000000Z")], &[], &ServerProfile::default());
        let moved = recognised(&[attribute(1, 0, "2026-11-24T01:58:44.000000Z")], &[], &first);
        assert_eq!(moved.instance, first.instance);
        let pipeline = json!({"id": 1, "name": "Default", "created_at": "2026-11-24T07:28:44.000000Z"});
        let pipeline: Pipeline = serde_json::from_value(pipeline).unwrap();
        assert_eq!(recognised(&[], &[pipeline], &ServerProfile::default()).instance, first.instance);
        for at in ["", "soon", "2026-11-24", "日本日本日本日本日本日本日本"] {
            assert_eq!(recognised(&[attribute(1, 0, at)], &[], &ServerProfile::default()).instance, "", "{at}");
        }
    }
}
