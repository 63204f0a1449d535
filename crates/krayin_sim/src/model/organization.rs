//! Organizations as rows.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::data::clock::iso;
use crate::data::row::{Cell, Column, Row};

pub(crate) const MODEL: &str = "Webkul\\Contact\\Models\\Organization";

/// An organization.
#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
    pub(crate) address: Option<Value>,
    pub(crate) user_id: Option<u64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// Ids by folded name, first come first.
pub(crate) type OrganizationNames = HashMap<String, Vec<u64>>;

impl Row for Organization {
    const TABLE: &'static str = "organizations";

    fn column(name: &str) -> Option<Column<Self>> {
        Some(match name {
            "id" => |row| Cell::id(row.id),
            "name" => |row| Cell::text_or_null(row.name.as_deref()),
            "address" => |row| match &row.address {
                Some(address) => Cell::Json(crate::data::text::stored_json(address).into()),
                None => Cell::Null,
            },
            "user_id" => |row| Cell::id_or_null(row.user_id),
            "created_at" => |row| Cell::Number(row.created_at),
            "updated_at" => |row| Cell::Number(row.updated_at),
            _ => return None,
        })
    }
}

impl Organization {
    pub(crate) fn show(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "address": self.address,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
        })
    }
}
