//! Fields: what is carried over from Chatwoot into Krayin, one row a field.
//!
//! A [`Field`] says where a value comes from, which attribute of Krayin's it belongs to, what [`Kind`] it is and how it is
//! [written](Write). Reading, comparing, merging, writing and the digests of what was last sent follow from the row, so a
//! field stands in one place: [`FIELDS`](crate::mapper::FIELDS) for those that everybody has, the hook's `field_mapping`
//! for those that an administrator adds.

mod decimal;
mod entries;
mod kind;
mod mapping;
mod merge;
mod moment;
mod owner;
mod sent;

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    DigestKey,
    chatwoot::{Contact, is_first_touch, is_of_conversation},
    harmless::Place,
    language::Label,
    render::attribute,
    settings::Settings,
};

pub use crate::krayin::Entity;
pub(crate) use entries::without_ours;
pub use kind::{Kind, WrongValue};
pub(crate) use merge::{Merged, fill, merge, own};
pub(crate) use sent::{Sent, ValueDigest};

/// How a field is written once its record is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// Where it is blank or as we last sent it; what a colleague changed stays.
    ThreeWay,
    /// Where it is blank, once.
    FillIfBlank,
    /// Whenever it changes in Chatwoot: the server does not tell what it has. Where it does tell, as `ThreeWay`.
    OnOurChange,
    /// As a line of the text attribute that it names, after its label; the text is a field of its own.
    AsLine,
    /// Never.
    ReadOnly,
}

impl Write {
    /// As the list of fields names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ThreeWay => "three-way",
            Self::FillIfBlank => "fill if blank",
            Self::OnOurChange => "on our change",
            Self::AsLine => "a line of it",
            Self::ReadOnly => "read only",
        }
    }
}

/// Where a field's value comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A function of the contact and the settings.
    Mapped(fn(&Contact, &Settings) -> Option<Value>),
    /// An attribute of the contact that the administrator named, by its path.
    Attribute(Vec<String>),
}

/// One row.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in digests and reasons, unique among all rows.
    pub key: Cow<'static, str>,
    /// Whose it is.
    pub entity: Entity,
    /// Krayin's attribute.
    pub attribute: Cow<'static, str>,
    /// Where an answer has it, as a JSON pointer, where that is not under its attribute.
    pub answered_at: Option<&'static str>,
    /// The number that a new record gets where the contact says nothing.
    pub when_new: Option<f64>,
    /// Whether it takes an organization, of which there are too many to be known from the set-up on.
    pub looks_up_organizations: bool,
    /// Whether a page of Krayin's prints it unescaped.
    pub printed_raw: bool,
    /// Whether no record is without it.
    pub required: bool,
    /// What people call it.
    pub label: Label,
    /// Where it comes from, for people.
    pub from: Cow<'static, str>,
    /// Where it comes from.
    pub source: Source,
    /// What it is.
    pub kind: Kind,
    /// How it is written.
    pub write: Write,
}

impl Field {
    /// Told under another key than its attribute.
    pub(crate) const fn answered_at(mut self, pointer: &'static str) -> Self {
        self.answered_at = Some(pointer);
        self
    }

    /// Printed unescaped somewhere.
    pub(crate) const fn printed_raw(mut self) -> Self {
        self.printed_raw = true;
        self
    }

    /// No record is without it.
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// With a number where the contact says nothing, once its record is made.
    pub(crate) const fn when_new(mut self, number: f64) -> Self {
        self.when_new = Some(number);
        self
    }

    /// The contact's value as Krayin takes it, `None` where the contact says nothing about it.
    ///
    /// # Errors
    /// Where the contact has a value that the attribute cannot hold.
    pub fn value(&self, contact: &Contact, settings: &Settings) -> Result<Option<Value>, WrongValue> {
        match self.unfitted(contact, settings) {
            Some(value) => self.kind.fit(value, self.place(), settings.traits.utc_offset_minutes),
            None => Ok(None),
        }
    }

    /// The same as the contact has it.
    fn unfitted(&self, contact: &Contact, settings: &Settings) -> Option<Value> {
        let given = contact.given(self.entity, &self.attribute).filter(|_| self.is_own());
        match given {
            // No record is without such a one.
            Some(given) if !(self.required && self.is_nothing(given)) => Some(given.clone()),
            _ => match &self.source {
                Source::Mapped(map) => map(contact, settings),
                // Of a row that goes both ways an agent's word alone counts.
                Source::Attribute(path) if self.goes_both_ways(path) && !self.is_colleagues(contact) => None,
                Source::Attribute(path) => {
                    let value = mapping::look_up(contact, path);
                    let is_text = matches!(self.kind, Kind::Line | Kind::Text);
                    let written = |value: Value| attribute::mapped(path, &value, settings).map(Value::from);
                    if is_text { value.and_then(written) } else { value }
                }
            },
        }
    }

    /// The name of the organization that the contact has for it.
    pub(crate) fn organization(&self, contact: &Contact, settings: &Settings) -> Option<String> {
        let value = self.looks_up_organizations.then(|| self.unfitted(contact, settings))??;
        Some(value.as_str()?.trim().to_owned())
    }

    /// Whether the attribute can hold what a host gives, blank or not.
    ///
    /// # Errors
    /// Where it cannot.
    pub(crate) fn check(&self, value: &Value, settings: &Settings) -> Result<(), WrongValue> {
        self.kind.fit(value.clone(), self.place(), settings.traits.utc_offset_minutes).map(|_| ())
    }

    fn is_nothing(&self, value: &Value) -> bool {
        self.kind.fit(value.clone(), self.place(), None).is_ok_and(|fitted| fitted.is_none())
    }

    /// What a record that the server answered has, `None` where the answer does not have the key.
    pub fn read<'a>(&self, record: &'a Value) -> Option<&'a Value> {
        match self.answered_at {
            Some(pointer) => record.pointer(pointer),
            None => record.get(&*self.attribute),
        }
    }

    /// How Krayin's pages print it.
    pub(crate) fn place(&self) -> Place {
        if self.printed_raw { Place::Raw } else { self.kind.place() }
    }

    /// The digest of a value of it.
    pub(crate) fn digest(&self, key: &DigestKey, value: &Value) -> ValueDigest {
        ValueDigest::of(key, &self.kind.canonical(value, self.place()))
    }

    /// Whether Krayin knows a contact by it.
    pub(crate) fn identifies(&self) -> bool {
        self.entity == Entity::Person && self.is_list() && matches!(self.source, Source::Mapped(_))
    }

    /// Whether its value is known in a conversation alone.
    pub(crate) fn is_of_conversation(&self) -> bool {
        matches!(&self.source, Source::Attribute(path) if is_of_conversation(path))
    }

    /// Whether its value is a list of addresses or numbers.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.kind, Kind::Emails | Kind::Phones)
    }

    /// Whether an administrator has mapped it.
    pub(crate) fn is_mapped(&self) -> bool {
        matches!(self.source, Source::Attribute(_)) && self.is_own() && !self.is_owner()
    }

    /// Whether it is written once, and not again when it changes.
    pub(crate) fn is_filled_once(&self) -> bool {
        self.write == Write::FillIfBlank
    }

    fn goes_both_ways(&self, path: &[String]) -> bool {
        self.is_mapped() && self.is_filled_once() && !is_first_touch(path)
    }

    /// Whether a record can do without it.
    pub(crate) fn can_be_left_out(&self) -> bool {
        !self.required
    }

    /// Whether it has a value of its own to be compared and written.
    pub fn is_own(&self) -> bool {
        !matches!(self.write, Write::AsLine | Write::ReadOnly)
    }
}
