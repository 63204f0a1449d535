//! Lists of e-mail addresses and of phone numbers: `[{"value": …, "label": …}]`.

use serde_json::{Value, json};

use super::Kind;
use crate::field::sent::Sent;
pub(super) use crate::krayin::entry_text as text;

/// The entries that hold something.
pub(super) fn of(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten().filter(|entry| text(entry).is_some())
}

/// The list with the contact's entries in it: each entry that is there stays as it was read and where it was. One of our
/// own that the contact no longer has gives its place to one that is new, or goes.
pub(super) fn merge(kind: &Kind, current: &Value, wanted: &Value, sent: Sent<'_>) -> Vec<Value> {
    let mut entries: Vec<Value> = of(current).map(complete).collect();
    let is_wanted = |entry: &Value| of(wanted).any(|wanted| same(kind, entry, wanted));
    let is_ours =
        |entry: &Value| text(entry).is_some_and(|text| kind.is_placeholder(&text, sent.key()) || sent.has(&text));
    for wanted in of(wanted) {
        if entries.iter().any(|entry| same(kind, entry, wanted)) {
            continue;
        }
        match entries.iter_mut().find(|entry| is_ours(entry) && !is_wanted(entry)) {
            Some(ours) => replace(ours, wanted),
            None => entries.push(wanted.clone()),
        }
    }
    entries.retain(|entry| is_wanted(entry) || !text(entry).is_some_and(|text| sent.has(&text)));
    entries
}

/// The list without what we put there ourselves.
pub(crate) fn without_ours(current: &Value, sent: Sent<'_>) -> Vec<Value> {
    of(current).filter(|entry| !text(entry).is_some_and(|text| sent.has(&text))).map(complete).collect()
}

fn same(kind: &Kind, a: &Value, b: &Value) -> bool {
    text(a).zip(text(b)).is_some_and(|(a, b)| kind.same_entry(&a, &b))
}

fn replace(entry: &mut Value, wanted: &Value) {
    match (entry.as_object_mut(), wanted.get("value")) {
        (Some(fields), Some(value)) => {
            fields.insert("value".into(), value.clone());
        }
        _ => *entry = wanted.clone(),
    }
}

/// An entry as it is sent back: as it was read, save that a server fails on one without a label.
fn complete(entry: &Value) -> Value {
    let mut entry = if entry.is_object() { entry.clone() } else { json!({"value": entry, "label": "work"}) };
    if let Some(fields) = entry.as_object_mut()
        && !fields.contains_key("label")
    {
        fields.insert("label".into(), Value::Null);
    }
    entry
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Kind, merge, without_ours};
    use crate::{DigestKey, field::Sent, placeholder::no_email};

    fn work(value: &str) -> Value {
        json!({"value": value, "label": "work"})
    }

    #[test]
    fn entries_stay_as_they_were_read_and_where_they_were() {
        let key = DigestKey::default();
        let nothing = Sent::of(&key, None);
        let odd = json!([
            {"value": 4_155_550_100_u64, "label": "home"}, {"value": "+14155550101", "label": null}, {"value": "555 0102"},
            {"value": true, "label": "work"}, {"value": "", "label": "work"}, {"value": null}
        ]);
        let kept = merge(&Kind::Phones, &odd, &json!([work("+14155550182")]), nothing);
        let expected = json!([
            {"value": 4_155_550_100_u64, "label": "home"}, {"value": "+14155550101", "label": null},
            {"value": "555 0102", "label": null}, {"value": true, "label": "work"}, work("+14155550182")
        ]);
        assert_eq!(Value::Array(kept), expected);
        let number = json!([{"value": 14_155_550_182_u64, "label": null}]);
        assert_eq!(json!(merge(&Kind::Phones, &number, &json!([work("14155550182")]), nothing)), number);
    }

    #[test]
    fn ours_gives_way_and_theirs_stays() {
        let key = DigestKey::default();
        let kept = format!("{},{}", key.digest("a@example.com").text(), key.digest("b@example.com").text());
        let sent = Sent::of(&key, Some(&kept));
        let current =
            json!([{"value": "a@example.com", "label": "home"}, work("theirs@example.com"), work("b@example.com")]);
        let table = [
            (
                json!([work("c@example.com")]),
                json!([{"value": "c@example.com", "label": "home"}, work("theirs@example.com")]),
            ),
            (
                json!([work("B@example.com"), work("c@example.com")]),
                json!([{"value": "c@example.com", "label": "home"}, work("theirs@example.com"), work("b@example.com")]),
            ),
            (json!([]), json!([work("theirs@example.com")])),
            (json!([work("theirs@example.com")]), json!([work("theirs@example.com")])),
        ];
        for (wanted, expected) in table {
            assert_eq!(json!(merge(&Kind::Emails, &current, &wanted, sent)), expected, "{wanted}");
        }
        assert_eq!(json!(without_ours(&current, sent)), json!([work("theirs@example.com")]));
    }

    #[test]
    fn a_placeholder_gives_way_and_is_not_taken_away() {
        let key = DigestKey::default();
        let nothing = Sent::of(&key, None);
        let wanted = json!([work("a@example.com")]);
        for value in ["chatwoot-0123456789ab@chatwoot.invalid", &no_email("number:+14155550182", &key).value] {
            let placeholder = json!([work(value)]);
            assert_eq!(json!(merge(&Kind::Emails, &placeholder, &wanted, nothing)), wanted, "{value}");
            assert_eq!(json!(merge(&Kind::Emails, &placeholder, &json!([]), nothing)), placeholder);
        }
        let theirs = no_email("number:+14155550182", &DigestKey::new(b"another")).value;
        for value in ["chatwoot-support@agency.example", "chatwoot-team@chatwoot.invalid", &theirs] {
            let both = json!([work(value), work("a@example.com")]);
            assert_eq!(json!(merge(&Kind::Emails, &json!([work(value)]), &wanted, nothing)), both, "{value}");
        }
    }
}
