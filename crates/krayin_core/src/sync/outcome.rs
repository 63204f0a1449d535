use std::fmt;

use serde::{Serialize, Serializer};

use super::Doubt;
use crate::{external_id::ExternalIds, language::Language, reason::Reason, server::KnownPipeline};

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
    /// What a person should know, in sentences without personal data, in the settings' language.
    pub reasons: Vec<String>,
    /// The same as codes with their parameters.
    #[serde(rename = "codes", skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Reason>,
    /// The persons in Krayin of whom one may be the contact, where only a person can tell: nothing was written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubtful: Vec<u64>,
    /// Of several tokens, by their place from 1 on, whether each works, as far as answers have told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<(usize, bool)>,
    /// The server's time zone in minutes east of UTC, where this event told it and the settings' traits did not know it:
    /// keep it there as `utc_offset_minutes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utc_offset_minutes: Option<i32>,
    /// The stages of the server's pipelines, where this event read them anew: keep them in the settings' traits, as
    /// `pipelines`, and when that was as `stages_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipelines: Option<Vec<KnownPipeline>>,
}

fn as_map<S: Serializer>(ids: &ExternalIds, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(ids.iter())
}

impl Outcome {
    /// Nothing to do.
    pub(crate) fn skipped(ids: ExternalIds, reason: Reason) -> Self {
        Self { status: Status::Skipped, ids, why: vec![reason], ..Self::default() }
    }

    /// With more reasons.
    pub(crate) fn and(mut self, reasons: Vec<Reason>) -> Self {
        self.why.extend(reasons);
        self
    }

    /// Says its reasons in a language.
    pub(crate) fn in_language(mut self, language: Language) -> Self {
        self.reasons = self.why.iter().map(|reason| reason.sentence(language)).collect();
        self
    }

    /// Nothing may be done yet.
    pub(crate) fn doubtful(doubt: Doubt) -> Self {
        Self { status: Status::Skipped, why: vec![doubt.reason()], doubtful: doubt.persons, ..Self::default() }
    }

    /// Takes in what came before it within the same event.
    pub(crate) fn after(mut self, earlier: Self) -> Self {
        let mut ids = earlier.ids;
        ids.merge(&self.ids);
        self.ids = ids;
        self.created.splice(0..0, earlier.created);
        self.updated.splice(0..0, earlier.updated);
        self.why.splice(0..0, earlier.why);
        if earlier.status == Status::Synced {
            self.status = Status::Synced;
        }
        self
    }
}
