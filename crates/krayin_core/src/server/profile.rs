use serde::{Deserialize, Serialize};

use super::KnownAttribute;
use crate::krayin::{Entity, Pipeline, Stage};

/// What "this person has no phone" must look like, so that the server takes it and its lead page still opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoPhone {
    /// A text that no other person has, such as `chatwoot-57`: every server takes it.
    #[default]
    Placeholder,
    /// A blank entry: 2.1 keeps it and shows nothing; 2.2 turns blanks to null and fails.
    Blank,
}

/// What the set-up learned of a server, kept with the connection. The defaults are safe everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerProfile {
    /// Whether answers carry `X-RateLimit-…`, where that is known.
    pub rate_headers: Option<bool>,
    /// What a person without phone is sent with.
    pub no_phone: NoPhone,
    /// Whether a person must have an e-mail address.
    pub email_required: bool,
    /// Whether a workflow waits for new persons: it would not see one that comes nested in a lead.
    pub person_workflow: bool,
    /// The server's time zone, minutes east of UTC, once a schedule that came back has told.
    pub utc_offset_minutes: Option<i32>,
    /// Which Krayin it is, by whatever address: `krayin-` and a digest of when it was installed. Blank where it did not
    /// tell.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub instance: String,
    /// When it was installed, seconds since 1970 by its own clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installed: Option<i64>,
    /// When all of this was learned, seconds since 1970: it changes with the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned_at: Option<u64>,
    /// When the stages were read, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stages_at: Option<u64>,
    /// The stages of each pipeline, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pipelines: Vec<KnownPipeline>,
    /// The attributes that somebody added to persons, leads and organizations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<KnownAttribute>,
    /// The rows of the mapping whose attribute was there once, as `lead.plan`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// The users who may own a record, id and address, where the settings need them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<(u64, String)>,
    /// The tags, id and name, where the settings need them and the server has any such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<(u64, String)>>,
    /// The sources of leads, id and name, where the settings need them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<(u64, String)>,
}

impl ServerProfile {
    /// Whether the stages are those that the server had within so many seconds.
    pub(crate) fn knows_stages_since(&self, seconds: u64) -> bool {
        let now = now();
        self.stages_at.zip(now).is_some_and(|(at, now)| now.saturating_sub(at) <= seconds)
            && self.pipelines.iter().any(|pipeline| !pipeline.stages.is_empty())
    }

    /// The yes/no attributes that somebody added to an entity.
    pub(crate) fn yes_no(&self, entity: Entity) -> impl Iterator<Item = &KnownAttribute> {
        self.attributes.iter().filter(move |known| known.is_yes_no() && known.entity() == Some(entity))
    }

    /// The source of that name, without regard to case.
    pub(crate) fn source(&self, name: &str) -> Option<u64> {
        let wanted = name.trim().to_lowercase();
        self.sources.iter().find(|(_, known)| known.trim().to_lowercase() == wanted).map(|(id, _)| *id)
    }

    /// Takes over the stages that the server has now.
    pub(crate) fn learn_stages(&mut self, pipelines: Vec<KnownPipeline>) {
        for pipeline in pipelines {
            match self.pipelines.iter_mut().find(|known| known.id == pipeline.id) {
                Some(known) if pipeline.name.is_empty() => known.stages = pipeline.stages,
                Some(known) => *known = pipeline,
                None => self.pipelines.push(pipeline),
            }
        }
        self.stages_at = now();
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> Option<u64> {
    std::time::SystemTime::UNIX_EPOCH.elapsed().ok().map(|since| since.as_secs())
}

/// A pipeline as the set-up saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownPipeline {
    /// Its id.
    pub id: u64,
    /// The name that people see.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its stages, in order.
    pub stages: Vec<KnownStage>,
}

/// A stage as the set-up saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownStage {
    /// Its id.
    pub id: u64,
    /// Its code; `won` and `lost` end a lead.
    pub code: String,
    /// The name that people see.
    pub name: String,
}

impl From<&Pipeline> for KnownPipeline {
    fn from(pipeline: &Pipeline) -> Self {
        Self {
            id: pipeline.id,
            name: pipeline.name.clone().unwrap_or_default(),
            stages: pipeline.stages.iter().map(KnownStage::from).collect(),
        }
    }
}

impl From<&Stage> for KnownStage {
    fn from(stage: &Stage) -> Self {
        Self {
            id: stage.id,
            code: stage.code.clone().unwrap_or_default(),
            name: stage.name.clone().unwrap_or_default(),
        }
    }
}

impl Default for ServerProfile {
    fn default() -> Self {
        Self {
            rate_headers: None,
            no_phone: NoPhone::Placeholder,
            email_required: true,
            person_workflow: false,
            utc_offset_minutes: None,
            instance: String::new(),
            installed: None,
            learned_at: None,
            stages_at: None,
            pipelines: Vec::new(),
            attributes: Vec::new(),
            gone: Vec::new(),
            users: Vec::new(),
            tags: None,
            sources: Vec::new(),
        }
    }
}
