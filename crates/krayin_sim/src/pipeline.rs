//! Pipelines with their stages, lead sources and lead types: `settings/pipelines`, `settings/sources`, `settings/types`.

use serde_json::{Value, json};

use crate::answer::{Answer, Outcome};
use crate::clock::iso;
use crate::crm::Crm;
use crate::input::leading_number;
use crate::list::{Cell, Column, ListQuery, Row, list};
use crate::table::Table;

pub(crate) const STAGE_MODEL: &str = "Webkul\\Lead\\Models\\Stage";
const PIPELINE_MODEL: &str = "Webkul\\Lead\\Models\\Pipeline";

/// A pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) is_default: bool,
    pub(crate) stages: Vec<Stage>,
    pub(crate) created_at: i64,
}

/// A stage of a pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) id: u64,
    pub(crate) code: String,
    pub(crate) name: String,
}

impl Stage {
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
            "rotten_days" => |_| Cell::Number(30),
            "created_at" | "updated_at" => |row| Cell::Number(row.created_at),
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
                stages: (1..)
                    .zip(stages)
                    .map(|(id, (code, name))| Stage { id, code: code.into(), name: name.into() })
                    .collect(),
                created_at: now,
            },
        );
        table
    }

    fn show(&self) -> Value {
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
            "rotten_days": 30,
            "stages": stages,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.created_at),
        })
    }
}

/// Defines a table of names: its struct, its columns and its seed.
macro_rules! named {
    ($(#[$docs:meta])* $name:ident, $table:literal, $seed:expr) => {
        $(#[$docs])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            pub(crate) id: u64,
            pub(crate) name: String,
            pub(crate) created_at: i64,
        }

        impl Row for $name {
            const TABLE: &'static str = $table;

            fn column(name: &str) -> Option<Column<Self>> {
                Some(match name {
                    "id" => |row| Cell::id(row.id),
                    "name" => |row| Cell::text(&row.name),
                    "created_at" | "updated_at" => |row| Cell::Number(row.created_at),
                    _ => return None,
                })
            }
        }

        impl $name {
            pub(crate) fn installed(now: i64) -> Table<Self> {
                let mut table = Table::default();
                for name in $seed {
                    let id = table.reserve();
                    table.put(id, Self { id, name: name.into(), created_at: now });
                }
                table
            }

            fn show(&self) -> Value {
                let at = iso(self.created_at);
                json!({"id": self.id, "name": self.name, "created_at": at, "updated_at": at})
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

impl Crm {
    pub(crate) fn pipeline_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.pipelines.iter(), |id| self.pipelines.get(id), Pipeline::show)
    }

    pub(crate) fn pipeline_get(&self, id: &str) -> Outcome {
        match leading_number(id).and_then(|id| self.pipelines.get(id)) {
            Some(pipeline) => Answer::data(pipeline.show()),
            None => Err(self.missing_record(PIPELINE_MODEL, id)),
        }
    }

    pub(crate) fn source_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.sources.iter(), |id| self.sources.get(id), LeadSource::show)
    }

    pub(crate) fn type_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.types.iter(), |id| self.types.get(id), LeadType::show)
    }

    pub(crate) fn stage(&self, id: u64) -> Option<(&Pipeline, &Stage)> {
        self.pipelines.iter().find_map(|pipeline| {
            let stage = pipeline.stages.iter().find(|stage| stage.id == id)?;
            Some((pipeline, stage))
        })
    }

    pub(crate) fn default_pipeline(&self) -> Option<&Pipeline> {
        self.pipelines.iter().find(|pipeline| pipeline.is_default).or_else(|| self.pipelines.iter().next())
    }

    /// Adds a pipeline with these stages (code and name) and answers its id.
    pub(crate) fn add_pipeline(&mut self, name: &str, stages: &[(&str, &str)]) -> u64 {
        let first =
            self.pipelines.iter().flat_map(|pipeline| &pipeline.stages).map(|stage| stage.id).max().unwrap_or(0) + 1;
        let id = self.pipelines.reserve();
        let created_at = self.clock.now();
        self.pipelines.put(
            id,
            Pipeline {
                id,
                name: name.into(),
                is_default: false,
                stages: (first..)
                    .zip(stages)
                    .map(|(id, (code, name))| Stage { id, code: (*code).into(), name: (*name).into() })
                    .collect(),
                created_at,
            },
        );
        id
    }
}
