use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lenient;

/// An activity as Krayin shows it. It does not say what it is linked to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Activity {
    /// Its id.
    pub id: u64,
    /// Its title.
    #[serde(default, deserialize_with = "lenient")]
    pub title: Option<String>,
    /// `note`, `call`, `email`, `meeting`, `lunch`, `file` or any other text.
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub kind: Option<String>,
    /// Its text, HTML.
    #[serde(default, deserialize_with = "lenient")]
    pub comment: Option<String>,
    /// When it begins, UTC.
    #[serde(default, deserialize_with = "lenient")]
    pub schedule_from: Option<String>,
    /// When it ends, UTC.
    #[serde(default, deserialize_with = "lenient")]
    pub schedule_to: Option<String>,
    /// Whether it is done.
    #[serde(default, deserialize_with = "lenient")]
    pub is_done: Value,
    /// Everything else that the server sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
