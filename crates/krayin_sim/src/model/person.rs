//! Persons as rows, and the indexes over them.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use crate::data::contacts::Contacts;
use crate::data::input::text;
use crate::data::row::{Cell, Column, Row, Searched, Visit};
use crate::model::value::{ValueColumn, Values};

pub(crate) const MODEL: &str = "Webkul\\Contact\\Models\\Person";

/// A person. E-mails and numbers are kept as the JSON text that the database holds, since searches look at that.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
    pub(crate) emails: String,
    pub(crate) numbers: Option<String>,
    pub(crate) job_title: Option<String>,
    pub(crate) user_id: Option<u64>,
    pub(crate) organization_id: Option<u64>,
    pub(crate) values: Values,
    pub(crate) tags: Vec<u64>,
    pub(crate) activities: Vec<u64>,
    pub(crate) unique_id: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// Who has which e-mail and number, and the unique index.
#[derive(Debug, Default)]
pub(crate) struct PersonIndexes {
    /// By the value as it is written.
    pub(crate) emails: HashMap<String, Vec<u64>>,
    pub(crate) numbers: HashMap<String, Vec<u64>>,
    /// Both columns for searches.
    pub(crate) contacts: Contacts,
    /// By owner, organization, first e-mail and first number joined; without regard to case.
    pub(crate) unique_ids: HashMap<String, u64>,
}

impl PersonIndexes {
    /// Who has what, for an attribute whose values may not be there twice.
    pub(crate) fn guards(&mut self, code: &str) -> Option<&mut HashMap<String, Vec<u64>>> {
        match code {
            "emails" => Some(&mut self.emails),
            "contact_numbers" => Some(&mut self.numbers),
            _ => None,
        }
    }
}

impl Row for Person {
    const TABLE: &'static str = "persons";

    fn column(name: &str) -> Option<Column<Self>> {
        Some(match name {
            "id" => |row| Cell::id(row.id),
            "name" => |row| Cell::text_or_null(row.name.as_deref()),
            "emails" => |row| Cell::json_or_null(Some(&row.emails)),
            "contact_numbers" => |row| Cell::json_or_null(row.numbers.as_deref()),
            "job_title" => |row| Cell::text_or_null(row.job_title.as_deref()),
            "user_id" => |row| Cell::id_or_null(row.user_id),
            "organization_id" => |row| Cell::id_or_null(row.organization_id),
            "unique_id" => |row| Cell::text_or_null(row.unique_id.as_deref()),
            "created_at" => |row| Cell::Number(row.created_at),
            "updated_at" => |row| Cell::Number(row.updated_at),
            _ => return None,
        })
    }
}

impl Searched for Person {
    const FIELDS: &'static [&'static str] = &[
        "name",
        "emails",
        "contact_numbers",
        "organization_id",
        "job_title",
        "organization.name",
        "user_id",
        "user.name",
    ];

    fn related(field: &str) -> Option<Visit<Self>> {
        Some(match field {
            "organization.name" => |row, reach, found| found(reach.organization(row.organization_id, "name")),
            "user.name" => |row, reach, found| found(reach.user(row.user_id, "name")),
            "tags.id" => |row, _, found| row.tags.iter().any(|tag| found(Cell::id(*tag))),
            "attribute_values.text_value" => |row, _, found| row.values.any(ValueColumn::Text, found),
            "attribute_values.boolean_value" => |row, _, found| row.values.any(ValueColumn::Boolean, found),
            "attribute_values.integer_value" => |row, _, found| row.values.any(ValueColumn::Integer, found),
            "attribute_values.float_value" => |row, _, found| row.values.any(ValueColumn::Float, found),
            "attribute_values.datetime_value" => |row, _, found| row.values.any(ValueColumn::DateTime, found),
            "attribute_values.date_value" => |row, _, found| row.values.any(ValueColumn::Date, found),
            "attribute_values.json_value" => |row, _, found| row.values.any(ValueColumn::Json, found),
            _ => return None,
        })
    }
}

impl Person {
    /// A person without anything.
    pub(crate) fn new(id: u64, now: i64) -> Self {
        Self {
            id,
            name: None,
            emails: "[]".into(),
            numbers: None,
            job_title: None,
            user_id: None,
            organization_id: None,
            values: Values::default(),
            tags: Vec::new(),
            activities: Vec::new(),
            unique_id: None,
            created_at: now,
            updated_at: now,
        }
    }

    pub(crate) fn emails_json(&self) -> Value {
        parse(&self.emails)
    }

    pub(crate) fn numbers_json(&self) -> Value {
        self.numbers.as_deref().map_or(Value::Null, parse)
    }
}

pub(crate) fn parse(stored: &str) -> Value {
    serde_json::from_str(stored).unwrap_or(Value::Null)
}

/// The values of a list of `{value, label}`.
pub(crate) fn entry_values(entries: &Value) -> impl Iterator<Item = Cow<'_, str>> {
    entries
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| match entry.get("value")? {
            Value::String(value) => Some(Cow::Borrowed(value.as_str())),
            other => text(other).map(Cow::Owned),
        })
        .filter(|value| !value.is_empty())
}

/// The fields of a person after the package has looked at them.
pub(crate) struct Prepared {
    /// None: the key is absent and the column stays as it is, or null on a new person.
    pub(crate) numbers: Option<Value>,
    pub(crate) unique_id: String,
}
