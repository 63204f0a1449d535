//! Users as rows: the administrator that the installation seeds, and one behind each token.

use serde_json::{Value, json};

use crate::data::clock::iso;
use crate::data::row::{Cell, Column, Row, Searched, Visit};
use crate::options::ViewPermission;

/// A user of the CRM.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) view_permission: ViewPermission,
    pub(crate) created_at: i64,
}

impl Row for User {
    const TABLE: &'static str = "users";

    fn column(name: &str) -> Option<Column<Self>> {
        Some(match name {
            "id" => |row| Cell::id(row.id),
            "name" => |row| Cell::text(&row.name),
            "email" => |row| Cell::text(&row.email),
            "status" | "role_id" => |_| Cell::Number(1),
            "view_permission" => |row| Cell::text(row.view_permission.name()),
            "image" => |_| Cell::Null,
            "created_at" | "updated_at" => |row| Cell::Number(row.created_at),
            _ => return None,
        })
    }
}

impl Searched for User {
    const FIELDS: &'static [&'static str] = &["name", "email", "status", "view_permission", "role_id"];

    fn related(_: &str) -> Option<Visit<Self>> {
        None
    }
}

impl User {
    pub(crate) fn administrator(created_at: i64) -> Self {
        Self {
            id: 1,
            name: "Example Admin".into(),
            email: "admin@example.com".into(),
            view_permission: ViewPermission::Global,
            created_at,
        }
    }

    /// The user behind the token on line `line`, counted from 1.
    pub(crate) fn bridge(line: u64, view_permission: ViewPermission, created_at: i64) -> Self {
        Self {
            id: line + 1,
            name: format!("Bridge {line}"),
            email: format!("bridge{line}@example.com"),
            view_permission,
            created_at,
        }
    }

    pub(crate) fn show(&self) -> Value {
        let at = iso(self.created_at);
        json!({
            "id": self.id,
            "name": self.name,
            "email": self.email,
            "status": 1,
            "view_permission": self.view_permission.name(),
            "role": {
                "id": 1, "name": "Administrator", "description": "Administrator Role", "permission_type": "all",
                "permissions": null, "created_at": null, "updated_at": null,
            },
            "created_at": at,
            "updated_at": at,
            "image": null,
            "image_url": null,
        })
    }

    /// As an activity shows its user: `updated_at` holds the **name**.
    pub(crate) fn show_in_activity(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "email": self.email,
            "image": null,
            "created_at": iso(self.created_at),
            "updated_at": self.name,
        })
    }
}
