//! The port behind which ids and digests are kept.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::{BoxFuture, external_id::ExternalIds};

/// Which record of Chatwoot something is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A contact: person, lead and organization.
    Contact,
    /// A conversation: its activity.
    Conversation,
    /// A message: its activity.
    Message,
}

impl Kind {
    /// `contact`, `conversation` or `message`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Conversation => "conversation",
            Self::Message => "message",
        }
    }
}

/// What is kept for one record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stored {
    /// The ids that Krayin gave.
    pub ids: ExternalIds,
    /// The server that gave them: ids of another one name other people's records.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub server: String,
    /// A digest of each field as it was last sent, by field; several, with `|` between them, where the answer to the last
    /// was not seen.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<String, String>,
    /// Set while something is to be done: before a create that cannot be found again by identity, or a write whose answer
    /// may be lost.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
    /// The stage rules that have fired for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<String>,
}

/// Why ids could not be loaded or stored. The reason comes from the host and is not repeated in the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The Krayin ids of a {kind} could not be {action}. Nothing is lost: run the event again.")]
pub struct RecordsError {
    /// The kind of record.
    pub kind: &'static str,
    /// `loaded` or `stored`.
    pub action: &'static str,
}

/// Where ids and digests live. A store must be durable when it returns: the next request depends on it.
///
/// ```
/// use krayin_core::{BoxFuture, records::{Kind, Records, RecordsError, Stored}};
///
/// /// A file a record, as JSON. (To survive a power failure, sync file and folder too.)
/// struct Folder(std::path::PathBuf);
///
/// impl Folder {
///     fn path(&self, kind: Kind, id: u64) -> std::path::PathBuf {
///         self.0.join(format!("{}-{id}.json", kind.name()))
///     }
/// }
///
/// impl Records for Folder {
///     fn load(&self, kind: Kind, id: u64) -> BoxFuture<'_, Result<Stored, RecordsError>> {
///         Box::pin(async move {
///             match std::fs::read(self.path(kind, id)) {
///                 Ok(json) => serde_json::from_slice(&json).map_err(|_| failed(kind, "loaded")),
///                 Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Stored::default()),
///                 Err(_) => Err(failed(kind, "loaded")),
///             }
///         })
///     }
///
///     fn store<'a>(&'a self, kind: Kind, id: u64, stored: &'a Stored) -> BoxFuture<'a, Result<(), RecordsError>> {
///         Box::pin(async move {
///             let json = serde_json::to_vec(stored).map_err(|_| failed(kind, "stored"))?;
///             std::fs::write(self.path(kind, id), json).map_err(|_| failed(kind, "stored"))
///         })
///     }
/// }
///
/// fn failed(kind: Kind, action: &'static str) -> RecordsError {
///     RecordsError { kind: kind.name(), action }
/// }
/// ```
pub trait Records: Send + Sync {
    /// What is kept for a record; the default where nothing is.
    fn load(&self, kind: Kind, id: u64) -> BoxFuture<'_, Result<Stored, RecordsError>>;

    /// Replaces what is kept for a record.
    fn store<'a>(&'a self, kind: Kind, id: u64, stored: &'a Stored) -> BoxFuture<'a, Result<(), RecordsError>>;
}

/// Keeps everything in memory, for tests and for use without a database.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<(Kind, u64), Stored>>);

impl Memory {
    /// What is kept for a record, without the port's future.
    pub fn get(&self, kind: Kind, id: u64) -> Stored {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(kind, id)).cloned().unwrap_or_default()
    }
}

impl Records for Memory {
    fn load(&self, kind: Kind, id: u64) -> BoxFuture<'_, Result<Stored, RecordsError>> {
        Box::pin(async move { Ok(self.get(kind, id)) })
    }

    fn store<'a>(&'a self, kind: Kind, id: u64, stored: &'a Stored) -> BoxFuture<'a, Result<(), RecordsError>> {
        Box::pin(async move {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((kind, id), stored.clone());
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Stored};

    #[test]
    fn is_short_json_and_reads_what_earlier_versions_wrote() {
        let empty = Stored::default();
        assert_eq!(serde_json::to_string(&empty).unwrap(), r#"{"ids":""}"#);
        let read: Stored = serde_json::from_str(r#"{"ids": "krayin:person:1|x", "later": {}}"#).unwrap();
        assert_eq!(read.ids.get("person"), Some(1));
        assert_eq!(Kind::Message.name(), "message");
    }
}
