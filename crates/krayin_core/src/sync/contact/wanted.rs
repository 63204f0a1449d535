use std::collections::BTreeMap;

use serde_json::Value;

use super::Attributes;
use crate::{
    DigestKey,
    chatwoot::Contact,
    field::{Entity, Field, ValueDigest},
    json,
    krayin::NewPerson,
    mapper::Identity,
    reason::Reason,
    sync::Context,
};

/// What Krayin should show of a contact, by field.
pub(super) struct Wanted {
    pub(super) values: BTreeMap<String, Value>,
    /// What of the contact is none that its field can hold.
    pub(super) wrong: Vec<Reason>,
    /// The address of the colleague who would be the owner and is no user of Krayin's.
    pub(super) unknown_owner: Option<String>,
    /// The organizations that are told by name, by the field that takes one.
    pub(super) organizations: BTreeMap<String, String>,
    digests: BTreeMap<String, ValueDigest>,
    is_known: bool,
}

impl Wanted {
    pub(super) fn of(contact: &Contact, context: &Context<'_>) -> Self {
        let settings = context.settings;
        let mut wanted = Self {
            values: BTreeMap::new(),
            wrong: Vec::new(),
            unknown_owner: None,
            organizations: BTreeMap::new(),
            digests: BTreeMap::new(),
            is_known: false,
        };
        for field in Entity::ALL.into_iter().flat_map(|entity| context.fields.own(entity)) {
            match field.value(contact, settings) {
                Ok(Some(value)) => {
                    wanted.is_known |= field.identifies();
                    wanted.set(field, value, &settings.digest_key);
                }
                Ok(None) => {}
                Err(_) if field.looks_up_organizations => {
                    let name = field.organization(contact, settings);
                    match name {
                        Some(name) => drop(wanted.organizations.insert(field.key.clone().into_owned(), name)),
                        None => wanted.wrong.push(Reason::FieldWrong(field.into())),
                    }
                }
                Err(_) if field.is_owner() => wanted.unknown_owner = contact.assignee_address(),
                Err(_) => wanted.wrong.push(Reason::FieldWrong(field.into())),
            }
        }
        wanted.is_known |= Identity::is_brought_over(contact, settings);
        wanted
    }

    pub(super) fn set(&mut self, field: &Field, value: Value, key: &DigestKey) {
        self.digests.insert(field.key.clone().into_owned(), field.digest(key, &value));
        self.values.insert(field.key.clone().into_owned(), value);
    }

    /// Whether there is an e-mail address, a number, or a channel's word that the settings let count.
    pub(super) fn is_known_by_something(&self) -> bool {
        self.is_known
    }

    pub(super) fn digest(&self, field: &Field) -> Option<&ValueDigest> {
        self.digests.get(&*field.key)
    }

    pub(super) fn value(&self, field: &Field) -> Option<&Value> {
        self.values.get(&*field.key)
    }

    /// The values of some fields, by attribute.
    pub(super) fn attributes<'a>(&self, fields: impl Iterator<Item = &'a Field>) -> Attributes {
        json::object(
            fields.filter_map(|field| Some((field.attribute.clone().into_owned(), self.value(field)?.clone()))),
        )
    }

    /// The person to be created, with what may be sent of it.
    pub(super) fn person<'a>(&self, fields: impl Iterator<Item = &'a Field>) -> NewPerson {
        NewPerson::of(self.attributes(fields))
    }

    pub(super) fn note_in_flight(&self, field: &Field, sent: &mut BTreeMap<String, String>) {
        if let Some(digest) = self.digests.get(&*field.key) {
            let kept = sent.entry(field.key.clone().into_owned()).or_default();
            *kept = digest.add_in_flight(kept);
        }
    }
}
