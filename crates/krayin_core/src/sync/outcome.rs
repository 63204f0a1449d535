use std::fmt;

use serde::{Serialize, Serializer};

use crate::external_id::ExternalIds;

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Krayin is in the state that the event asks for.
    #[default]
    Synced,
    /// There was nothing to do; the reasons say why.
    Skipped,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Synced { "synced" } else { "skipped" })
    }
}

/// What an event came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The ids in Krayin that belong to it.
    #[serde(serialize_with = "as_map")]
    pub ids: ExternalIds,
    /// How many requests it took.
    pub requests: u32,
    /// What this event created: `person`, `lead`, `organization`, `activity`. An organization given by name is found or
    /// created by the server, which does not say which: it is among the ids only.
    pub created: Vec<&'static str>,
    /// What was written.
    pub updated: Vec<&'static str>,
    /// What a person should know, in sentences without personal data.
    pub reasons: Vec<String>,
}

fn as_map<S: Serializer>(ids: &ExternalIds, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(ids.iter())
}

impl Outcome {
    /// Nothing to do.
    pub(crate) fn skipped(ids: ExternalIds, reason: &str) -> Self {
        Self { status: Status::Skipped, ids, reasons: vec![reason.to_owned()], ..Self::default() }
    }
}
