use serde::{Deserialize, Serialize};

/// Which paths serve which call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// The published REST package: `/api/v1`, searches by GET, stages inside their pipelines.
    #[default]
    RestApi,
    /// The architecture document's: `/api/admin`, searches by POST, stages apart.
    Documented,
}

impl Dialect {
    /// `rest_api` or `documented`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "rest_api" => Some(Self::RestApi),
            "documented" => Some(Self::Documented),
            _ => None,
        }
    }

    /// The dialect that an address speaks when nobody says.
    pub fn of_path(path: &str) -> Self {
        if path.trim_end_matches('/').ends_with("/api/admin") { Self::Documented } else { Self::RestApi }
    }

    pub(crate) fn persons(self) -> &'static str {
        match self {
            Self::RestApi => "contacts/persons",
            Self::Documented => "persons",
        }
    }

    pub(crate) fn persons_search(self) -> &'static str {
        match self {
            Self::RestApi => "contacts/persons/search",
            Self::Documented => "persons/search",
        }
    }

    /// Where a lead's own fields are written: the package's plain PUT deletes its products and closing date.
    pub(crate) fn lead_fields(self, id: u64) -> String {
        match self {
            Self::RestApi => format!("leads/attributes/edit/{id}"),
            Self::Documented => format!("leads/{id}"),
        }
    }

    pub(crate) fn lead_stage(self, id: u64) -> String {
        match self {
            Self::RestApi => format!("leads/stage/edit/{id}"),
            Self::Documented => format!("leads/{id}"),
        }
    }
}
