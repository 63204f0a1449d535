use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::DigestKey;

use super::{Entity, Field, Sent, Write, kind::Merge};

/// What is to be written of a record, and what is not.
#[derive(Debug, Default)]
pub(crate) struct Merged<'a> {
    /// The attributes that change, and no others.
    pub(crate) body: Map<String, Value>,
    /// The fields that these are.
    pub(crate) written: Vec<&'a Field>,
    /// The fields that a colleague changed since they were last sent.
    pub(crate) theirs: Vec<&'a Field>,
}

/// Puts the contact's values beside the record that Krayin has, so that nothing is lost that people there entered.
///
/// `wanted` are the contact's values by field, `sent` the digests of what was last sent, made with `key`.
pub(crate) fn merge<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
    current: &Value,
    wanted: &BTreeMap<String, Value>,
    (key, sent): (&DigestKey, &BTreeMap<String, String>),
) -> Merged<'a> {
    let mut merged = Merged::default();
    for field in fields {
        let answered = field.read(current);
        let (wanted, sent) = (wanted.get(&*field.key), Sent::of(key, sent.get(&*field.key)));
        let outcome = match (field.write, wanted) {
            // Nobody has said a value, on either side.
            (Write::ThreeWay, Some(wanted)) if !sent.is_any() && field.kind.is_unset(answered) => {
                if field.kind.same(wanted, answered.unwrap_or(&Value::Null), field.place()) {
                    Merge::Same
                } else {
                    Merge::Write(wanted.clone())
                }
            }
            (Write::ThreeWay, wanted) => field.kind.merge(answered, wanted, field.place(), sent),
            (Write::OnOurChange, Some(wanted)) if answered.is_none() => Merge::Write(wanted.clone()),
            (Write::OnOurChange, wanted) => field.kind.merge(answered, wanted, field.place(), sent),
            (Write::FillIfBlank, Some(wanted)) if field.kind.is_blank(answered) => Merge::Write(wanted.clone()),
            (Write::FillIfBlank | Write::AsLine | Write::ReadOnly, _) => Merge::Same,
        };
        take(&mut merged, field, outcome);
    }
    merged
}

/// Fills in what nobody has entered, and leaves all else alone.
pub(crate) fn fill<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
    current: &Value,
    wanted: &BTreeMap<String, Value>,
) -> Merged<'a> {
    let mut merged = Merged::default();
    for field in fields.into_iter().filter(|field| field.is_own()) {
        let answered = field.read(current);
        // What the server does not tell may be anything.
        let tells = answered.is_some() || field.write != Write::OnOurChange;
        if let Some(wanted) = wanted.get(&*field.key)
            && tells
            && field.kind.is_unset(answered)
            && !field.kind.is_unset(Some(wanted))
        {
            take(&mut merged, field, Merge::Write(wanted.clone()));
        }
    }
    merged
}

fn take<'a>(merged: &mut Merged<'a>, field: &'a Field, outcome: Merge) {
    match outcome {
        Merge::Same => {}
        Merge::Theirs => merged.theirs.push(field),
        Merge::Write(value) => {
            merged.body.insert(field.attribute.clone().into_owned(), value);
            merged.written.push(field);
        }
    }
}

impl Merged<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.body.is_empty()
    }
}

/// The fields of `entity` among `rows` that are written for themselves.
pub(crate) fn own(rows: &[Field], entity: Entity) -> impl Iterator<Item = &Field> {
    rows.iter().filter(move |field| field.entity == entity && field.is_own())
}
