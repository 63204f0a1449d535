//! Where leads come from and of what type they are.

use serde_json::{Value, json};

use crate::data::clock::iso;
use crate::data::row::{Cell, Column, Row};
use crate::data::table::Table;

/// Defines a table of names: its struct, its columns and its seed.
macro_rules! named {
    ($(#[$docs:meta])* $name:ident, $table:literal, $seed:expr) => {
        $(#[$docs])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            pub(crate) id: u64,
            pub(crate) name: String,
            pub(crate) created_at: i64,
            pub(crate) updated_at: i64,
        }

        impl Row for $name {
            const TABLE: &'static str = $table;

            fn column(name: &str) -> Option<Column<Self>> {
                Some(match name {
                    "id" => |row| Cell::id(row.id),
                    "name" => |row| Cell::text(&row.name),
                    "created_at" => |row| Cell::Number(row.created_at),
                    "updated_at" => |row| Cell::Number(row.updated_at),
                    _ => return None,
                })
            }
        }

        impl $name {
            pub(crate) fn installed(now: i64) -> Table<Self> {
                let mut table = Table::default();
                for name in $seed {
                    let id = table.reserve();
                    table.put(id, Self { id, name: name.into(), created_at: now, updated_at: now });
                }
                table
            }

            pub(crate) fn show(&self) -> Value {
                json!({
                    "id": self.id,
                    "name": self.name,
                    "created_at": iso(self.created_at),
                    "updated_at": iso(self.updated_at),
                })
            }
        }
    };
}

named!(
    /// Where leads come from.
    LeadSource,
    "lead_sources",
    ["Email", "Web", "Web Form", "Phone", "Direct"]
);
named!(
    /// What kind of lead it is.
    LeadType,
    "lead_types",
    ["New Business", "Existing Business"]
);
