//! Who owns a person and a lead in Krayin: the user with the address of the colleague whom a conversation is assigned to.

use super::{Entity, Field, Kind, Source, Write};
use crate::{
    language::Label,
    settings::{OwnerPolicy, Settings},
};

/// An owner's row, by its record and where an answer tells it.
const ROWS: [(&str, Entity, &str); 2] = [(PERSON, Entity::Person, "/sales_owner/id"), (LEAD, Entity::Lead, "/user/id")];
const PERSON: &str = "person.user_id";
const LEAD: &str = "lead.user_id";

/// Whose address it is.
const FROM: [&str; 2] = ["assignee", "email"];

impl Field {
    /// The rows for owners; none where the settings leave them to Krayin, or nobody is known there.
    pub(crate) fn owners(settings: &Settings) -> impl Iterator<Item = Self> + use<> {
        let write = match settings.owner_policy {
            OwnerPolicy::Never => None,
            OwnerPolicy::SetIfNone => Some(Write::FillIfBlank),
            OwnerPolicy::Follow => Some(Write::ThreeWay),
        };
        let users = settings.traits.users.clone();
        let write = write.filter(|_| !users.is_empty());
        ROWS.into_iter().filter_map(move |(key, entity, answered_at)| {
            Some(Self {
                key: key.into(),
                entity,
                attribute: "user_id".into(),
                answered_at: Some(answered_at),
                looks_up_organizations: false,
                when_new: None,
                printed_raw: false,
                required: false,
                label: Label::new("owner", "responsável", "responsable"),
                from: FROM.join(".").into(),
                source: Source::Attribute(FROM.map(str::to_owned).into()),
                kind: Kind::Lookup(users.clone()),
                write: write?,
            })
        })
    }

    /// Whether it is an owner.
    pub(crate) fn is_owner(&self) -> bool {
        matches!(&*self.key, PERSON | LEAD)
    }
}
