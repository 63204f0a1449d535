//! Activities as rows: those that API clients make, and the notes of changes that the server writes itself.

use std::collections::HashMap;

use serde_json::Value;

use crate::data::row::{Cell, Column, Row};
use crate::data::table::Table;

pub(crate) const MODEL: &str = "Webkul\\Activity\\Models\\Activity";

/// An activity.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    pub(crate) id: u64,
    pub(crate) user_id: u64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The server's note that a record was made.
    Created,
    /// The server's note that a field has changed: the JSON text of attribute, old and new value.
    Changed(Box<str>),
    /// An activity that an API client made.
    Made(Box<Made>),
}

/// What an API client writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) title: Option<String>,
    pub(crate) kind: String,
    pub(crate) comment: Option<String>,
    pub(crate) additional: Option<String>,
    pub(crate) schedule_from: Option<i64>,
    pub(crate) schedule_to: Option<i64>,
    pub(crate) is_done: bool,
    pub(crate) location: Option<String>,
    pub(crate) leads: Vec<u64>,
    pub(crate) persons: Vec<u64>,
    pub(crate) participants: Vec<Participant>,
}

/// Who takes part in an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Participant {
    User(u64),
    Person(u64),
}

/// All activities, and the ids of those that API clients made by title, since they are found again by it.
#[derive(Debug, Default)]
pub(crate) struct Activities {
    pub(crate) table: Table<Activity>,
    pub(crate) titles: HashMap<String, Vec<u64>>,
}

/// What an activity belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Person(u64),
    Lead(u64),
}

impl Activity {
    pub(crate) fn into_made(self) -> Option<Made> {
        match self.kind {
            Kind::Made(made) => Some(*made),
            _ => None,
        }
    }

    /// Whether somebody wrote it, and not the server.
    pub(crate) fn is_made(&self) -> bool {
        self.made().is_some()
    }

    pub(crate) fn made(&self) -> Option<&Made> {
        match &self.kind {
            Kind::Made(made) => Some(made),
            _ => None,
        }
    }

    pub(crate) fn title(&self) -> Option<std::borrow::Cow<'_, str>> {
        match &self.kind {
            Kind::Created => Some("Created".into()),
            Kind::Changed(change) => {
                let change: Value = serde_json::from_str(change).unwrap_or_default();
                let attribute = change.get("attribute").and_then(Value::as_str).unwrap_or_default();
                Some(format!("Updated {attribute}").into())
            }
            Kind::Made(made) => made.title.as_deref().map(Into::into),
        }
    }

    pub(crate) fn type_name(&self) -> &str {
        self.made().map_or("system", |made| &made.kind)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.made().is_none_or(|made| made.is_done)
    }
}

impl Row for Activity {
    const TABLE: &'static str = "activities";

    fn column(name: &str) -> Option<Column<Self>> {
        Some(match name {
            "id" => |row| Cell::id(row.id),
            "title" => |row| row.title().map_or(Cell::Null, Cell::Text),
            "type" => |row| Cell::text(row.type_name()),
            "comment" => |row| Cell::text_or_null(row.made().and_then(|made| made.comment.as_deref())),
            "location" => |row| Cell::text_or_null(row.made().and_then(|made| made.location.as_deref())),
            "additional" => |row| match &row.kind {
                Kind::Created => Cell::Null,
                Kind::Changed(change) => Cell::json_or_null(Some(change)),
                Kind::Made(made) => Cell::json_or_null(made.additional.as_deref()),
            },
            "is_done" => |row| Cell::Number(i64::from(row.is_done())),
            "user_id" => |row| Cell::id(row.user_id),
            "schedule_from" => |row| row.made().and_then(|made| made.schedule_from).map_or(Cell::Null, Cell::Number),
            "schedule_to" => |row| row.made().and_then(|made| made.schedule_to).map_or(Cell::Null, Cell::Number),
            "created_at" => |row| Cell::Number(row.created_at),
            "updated_at" => |row| Cell::Number(row.updated_at),
            _ => return None,
        })
    }
}
