//! Tags as rows.

use crate::data::row::{Cell, Column, Row, Searched, Visit};

/// A tag.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) color: Option<String>,
    pub(crate) user_id: u64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl Row for Tag {
    const TABLE: &'static str = "tags";

    fn column(name: &str) -> Option<Column<Self>> {
        Some(match name {
            "id" => |row| Cell::id(row.id),
            "name" => |row| Cell::text(&row.name),
            "color" => |row| Cell::text_or_null(row.color.as_deref()),
            "user_id" => |row| Cell::id(row.user_id),
            "created_at" => |row| Cell::Number(row.created_at),
            "updated_at" => |row| Cell::Number(row.updated_at),
            _ => return None,
        })
    }
}

impl Searched for Tag {
    const FIELDS: &'static [&'static str] = &["name", "color", "user_id"];

    fn related(_: &str) -> Option<Visit<Self>> {
        None
    }
}
