use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lenient;

/// A stage of a pipeline.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Stage {
    /// Its id.
    pub id: u64,
    /// Its code; `won` and `lost` end a lead.
    #[serde(default, deserialize_with = "lenient")]
    pub code: Option<String>,
    /// The name that people see.
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
    /// Everything else that the server sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A pipeline with its stages in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Pipeline {
    /// Its id.
    pub id: u64,
    /// The name that people see.
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
    /// 1 for the one that new leads go to.
    #[serde(default, deserialize_with = "lenient")]
    pub is_default: Value,
    /// Its stages, in order.
    #[serde(default, deserialize_with = "lenient")]
    pub stages: Vec<Stage>,
    /// Everything else that the server sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Pipeline {
    /// Whether new leads go to it.
    pub fn is_default(&self) -> bool {
        self.is_default == Value::Bool(true) || self.is_default.as_u64() == Some(1)
    }
}

/// A source, a type, an attribute or a workflow: something with an id and a name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Named {
    /// Its id.
    pub id: u64,
    /// The name that people see.
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
    /// Everything else that the server sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Named {
    /// What it says of itself by 0 and 1; `None` where it says neither.
    pub(crate) fn says(&self, key: &str) -> Option<bool> {
        let said = self.rest.get(key)?;
        said.as_bool().or_else(|| match said.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        })
    }
}

/// A colleague in Krayin.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub id: u64,
    /// The name that people see.
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
    /// `global`, `group` or `individual`: only with the first do searches work.
    #[serde(default, deserialize_with = "lenient")]
    pub view_permission: Option<String>,
    /// Everything else that the server sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
