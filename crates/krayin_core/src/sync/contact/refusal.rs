//! What Krayin does not take is left out, the rest is written, and it is tried again when either side changes.

use serde_json::Value;

use super::{Attributes, Flow};
use crate::{
    api::{ApiError, ErrorKind},
    field::{Entity, Field, Merged, Sent, without_ours},
    reason::Reason,
    records::LeftOut,
    settings::{OnYesNo, Settings},
};

/// Whether the server names values that it does not take.
pub(super) fn is_about_fields(error: &ApiError) -> bool {
    matches!(error.kind, ErrorKind::Conflict | ErrorKind::Validation)
}

/// Whether what held it back is no more.
pub(super) fn may_be_written_now(left: &LeftOut, entity: Entity, settings: &Settings) -> bool {
    let is = |reason: Reason| left.code == reason.code();
    let has_none = || settings.traits.yes_no(entity).next().is_none();
    if is(Reason::ZoneUnknown) {
        settings.traits.utc_offset_minutes.is_some()
    } else if is(Reason::YesNoUnknown { entity }) {
        settings.on_yes_no == OnYesNo::WriteAnyway || has_none()
    } else if is(Reason::YesNoLeftOut { entity }) {
        settings.on_yes_no != OnYesNo::LeaveOut || has_none()
    } else {
        false
    }
}

/// Whether only a person can mend it, in Krayin or in Chatwoot.
pub(super) fn needs_a_person(left: &LeftOut) -> bool {
    matches!(left.code.as_str(), "field_anothers" | "field_refused" | "write_refused")
}

fn why(error: &ApiError, field: &Field) -> Reason {
    match error.kind {
        ErrorKind::Conflict => Reason::FieldAnothers(field.into()),
        _ => Reason::FieldRefused(field.into()),
    }
}

impl ApiError {
    /// Whether the refusal of a create is about this field: a lead's names what is of the person within as `person.plan`.
    pub(super) fn names(&self, field: &Field) -> bool {
        let is_of_lead = self.path.starts_with("leads");
        let attribute = |key: &str| match (field.entity, key.strip_prefix("person.")) {
            (Entity::Lead, None) if is_of_lead => key.split('.').any(|part| part == field.attribute),
            (Entity::Person, Some(key)) if is_of_lead => key.split('.').any(|part| part == field.attribute),
            (Entity::Person, _) if !is_of_lead => key.split('.').any(|part| part == field.attribute),
            _ => false,
        };
        self.fields.keys().any(|key| attribute(key))
    }
}

impl<'a> Flow<'a> {
    /// Leaves out of a create what another record has or what the server does not take; `false` where that changes
    /// nothing.
    pub(super) fn drop_rejected_values(&mut self, error: &ApiError) -> bool {
        let refused: Vec<&Field> = [Entity::Person, Entity::Lead]
            .into_iter()
            .flat_map(|entity| self.fields(entity))
            .filter(|field| field.can_be_left_out() && error.names(field))
            .filter(|field| self.wanted.value(field).is_some() && !self.is_left_out(field))
            .collect();
        for field in &refused {
            self.leave_out(field, None, why(error, field));
        }
        !refused.is_empty()
    }

    /// Leaves out of a write of a record that is there what the server refused; `false` where that changes nothing.
    pub(super) fn give_way_in(&mut self, error: &ApiError, record: &Value, merged: &mut Merged<'a>) -> bool {
        let entity = merged.written.first().map_or(Entity::Person, |field| field.entity);
        let refused: Vec<&Field> = self.fields(entity).filter(|field| error.names_field(&field.attribute)).collect();
        let mut changed = false;
        for field in refused {
            if let Some(at) = merged.written.iter().position(|written| written.key == field.key) {
                if !field.can_be_left_out() {
                    continue;
                }
                merged.written.remove(at);
                merged.body.remove(&*field.attribute);
                self.leave_out(field, field.read(record), why(error, field));
                changed = true;
            } else if field.is_list() {
                // It is sent along because a write without it takes it away, or fails.
                changed |= self.give_way_in_carried(error, field, record, merged);
            }
        }
        changed
    }

    fn give_way_in_carried(
        &mut self,
        error: &ApiError,
        field: &'a Field,
        record: &Value,
        merged: &mut Merged<'a>,
    ) -> bool {
        let theirs = field.read(record).cloned().unwrap_or_default();
        let left =
            without_ours(&theirs, Sent::of(&self.context.settings.digest_key, self.stored.sent.get(&*field.key)));
        if left.len() < theirs.as_array().map_or(0, Vec::len) {
            merged.body.insert(field.attribute.clone().into_owned(), left.into());
            self.leave_out(field, Some(&theirs), why(error, field));
            self.stored.sent.remove(&*field.key);
            return true;
        }
        let written = std::mem::take(&mut merged.written);
        self.leave_all_out(written, record, &Reason::WriteRefused { entity: field.entity });
        merged.body = Attributes::new();
        true
    }

    /// Fields that were left out and that may be taken now, since a write is on its way: the record has other values than it
    /// had then, or it was another record's, which the record itself does not tell.
    pub(super) fn worth_another_try(&self, entity: Entity, record: &Value) -> Vec<&'a Field> {
        self.fields(entity)
            .filter(|field| {
                let Some(left) = self.stored.left_out.get(&*field.key) else { return false };
                let theirs = || field.read(record).map(|value| self.digest_of(field, value)).unwrap_or_default();
                let was_anothers = left.code == Reason::FieldAnothers((*field).into()).code();
                self.is_left_out(field) && (was_anothers || left.theirs != theirs())
            })
            .collect()
    }
}
