use serde::{Deserialize, Serialize};

/// A kind of record in Krayin that fields belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// A person.
    Person,
    /// A lead.
    Lead,
    /// An organization.
    Organization,
}

impl Entity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Person, Self::Lead, Self::Organization];

    /// `person`, `lead` or `organization`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Lead => "lead",
            Self::Organization => "organization",
        }
    }

    /// Krayin's `entity_type`: `persons`, `leads` or `organizations`.
    pub fn entity_type(self) -> &'static str {
        match self {
            Self::Person => "persons",
            Self::Lead => "leads",
            Self::Organization => "organizations",
        }
    }

    /// Reads `lead`, `leads` and the like.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase();
        Self::ALL.into_iter().find(|entity| entity.name() == name || entity.entity_type() == name)
    }
}
