//! Pipelines with their stages as rows.

use serde_json::{Value, json};

use crate::data::clock::iso;
use crate::data::input::number;
use crate::data::row::{Cell, Column, Row};
use crate::data::table::Table;

pub(crate) const STAGE_MODEL: &str = "Webkul\\Lead\\Models\\Stage";
/// After how many days a lead counts as rotten, unless it is said.
pub(crate) const ROTTEN_DAYS: i64 = 30;
pub(crate) const PIPELINE_MODEL: &str = "Webkul\\Lead\\Models\\Pipeline";

/// A pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) is_default: bool,
    pub(crate) rotten_days: i64,
    /// In the order of the board.
    pub(crate) stages: Vec<Stage>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// A stage of a pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) id: u64,
    pub(crate) code: String,
    pub(crate) name: String,
    /// In per cent.
    pub(crate) probability: i64,
    pub(crate) sort_order: i64,
}

impl Stage {
    /// Whether this is the one that is named by its id or code.
    pub(crate) fn is(&self, named: &Value) -> bool {
        match named {
            Value::String(code) => self.code == *code,
            id => number(id) == Some(self.id),
        }
    }

    /// `won` and `lost` end a lead.
    pub(crate) fn ends_lead(&self) -> bool {
        self.code == "won" || self.code == "lost"
    }
}

impl Row for Pipeline {
    const TABLE: &'static str = "lead_pipelines";

    fn column(name: &str) -> Option<Column<Self>> {
        Some(match name {
            "id" => |row| Cell::id(row.id),
            "name" => |row| Cell::text(&row.name),
            "is_default" => |row| Cell::Number(i64::from(row.is_default)),
            "rotten_days" => |row| Cell::Number(row.rotten_days),
            "created_at" => |row| Cell::Number(row.created_at),
            "updated_at" => |row| Cell::Number(row.updated_at),
            _ => return None,
        })
    }
}

impl Pipeline {
    pub(crate) fn installed(now: i64) -> Table<Self> {
        let mut table = Table::default();
        let stages = [
            ("new", "New"),
            ("follow-up", "Follow Up"),
            ("prospect", "Prospect"),
            ("negotiation", "Negotiation"),
            ("won", "Won"),
            ("lost", "Lost"),
        ];
        let id = table.reserve();
        table.put(
            id,
            Self {
                id,
                name: "Default Pipeline".into(),
                is_default: true,
                rotten_days: ROTTEN_DAYS,
                stages: numbered(1, &stages),
                created_at: now,
                updated_at: now,
            },
        );
        table
    }

    pub(crate) fn show(&self) -> Value {
        let stages: Vec<Value> = self
            .stages
            .iter()
            .map(|stage| {
                json!({
                    "id": stage.id,
                    "code": stage.code,
                    "name": stage.name,
                    "lead_value": null,
                    "formatted_lead_value": "$0.00",
                    "is_user_defined": null,
                    "created_at": null,
                    "updated_at": null,
                })
            })
            .collect();
        json!({
            "id": self.id,
            "name": self.name,
            "is_default": i32::from(self.is_default),
            "rotten_days": self.rotten_days,
            "stages": stages,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
        })
    }
}

/// Stages in this order, with ids from `first` on.
pub(crate) fn numbered(first: u64, stages: &[(&str, &str)]) -> Vec<Stage> {
    (first..)
        .zip(1..)
        .zip(stages)
        .map(|((id, sort_order), (code, name))| Stage {
            id,
            code: (*code).into(),
            name: (*name).into(),
            probability: if *code == "lost" { 0 } else { 100 },
            sort_order,
        })
        .collect()
}
