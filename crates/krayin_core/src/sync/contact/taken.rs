//! What a person has of the contacts that were merged into its own. It is ours, as what was sent is, but nothing that the
//! contact says: it stays when the contact changes, and goes where the contact's data goes.

use serde_json::Value;

use crate::{
    DigestKey,
    field::{Field, Sent},
    records::Stored,
};

/// Before a field's key in `Stored::sent`.
const TAKEN: &str = "taken:";

fn name(field: &Field) -> String {
    format!("{TAKEN}{}", field.key)
}

/// What is kept of all that stands in a field because of us.
pub(super) fn with_sent(stored: &Stored, field: &Field) -> Option<String> {
    let kept = [stored.sent.get(&*field.key), stored.sent.get(&name(field))];
    let kept: Vec<&str> = kept.into_iter().flatten().map(String::as_str).collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

/// The entries of a record's field that were taken over.
pub(super) fn entries(stored: &Stored, field: &Field, record: &Value, key: &DigestKey) -> Vec<Value> {
    let taken = Sent::of(key, stored.sent.get(&name(field)));
    let is_taken = |entry: &&Value| {
        let texts = field.kind.canonical(&Value::from(vec![(*entry).clone()]), field.place());
        !texts.is_empty() && texts.iter().all(|text| taken.has(text))
    };
    let all = field.read(record).and_then(Value::as_array);
    all.into_iter().flatten().filter(is_taken).cloned().collect()
}

/// Notes entries that the person gets from another one.
pub(super) fn note(stored: &mut Stored, field: &Field, entries: Vec<Value>, key: &DigestKey) {
    add(stored, field, &field.digest(key, &Value::from(entries)).text());
}

/// What was sent for another contact is taken over as it stands, where this one says something else.
pub(super) fn note_sent(stored: &mut Stored, field: &Field, wanted: Option<&Value>, key: &DigestKey) {
    let says_it = |kept: &String| wanted.is_some_and(|wanted| field.digest(key, wanted).is(kept));
    if stored.sent.get(&*field.key).is_some_and(says_it) {
        return;
    }
    if let Some(sent) = stored.sent.remove(&*field.key) {
        // Also what may not have arrived.
        add(stored, field, &sent.replace('|', ","));
    }
}

fn add(stored: &mut Stored, field: &Field, digests: &str) {
    let kept = stored.sent.get(&name(field)).cloned().unwrap_or_default();
    let mut all: Vec<&str> = Vec::new();
    for digest in kept.split(',').chain(digests.split(',')) {
        if !digest.is_empty() && !all.contains(&digest) {
            all.push(digest);
        }
    }
    if !all.is_empty() {
        stored.sent.insert(name(field), all.join(","));
    }
}
