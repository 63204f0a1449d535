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

/// How a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Krayin shows it.
    Synced,
    /// Something is still to be done, and will be tried.
    Waiting,
    /// It is not to be in Krayin; the reason says why.
    Skipped,
    /// Krayin does not take it; only a person can mend that.
    Refused,
    /// Krayin has several that it could be; only a person can tell.
    Doubtful,
}

/// Why a record stands as it does: a stable code with its parameters, which hold no personal data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptReason {
    /// The code, such as `no_identity`.
    pub code: String,
    /// Its parameters.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub params: serde_json::Map<String, serde_json::Value>,
}

/// Which server ids belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// Tells it from every other, by whatever address it is reached; a fingerprint of the address where the set-up could
    /// not tell.
    pub instance: String,
    /// A fingerprint of the address that it is reached by now.
    pub address: String,
}

/// What the instances of servers begin with that are known by more than their address.
pub(crate) const INSTANCE: &str = "krayin-";

/// What is kept for one record: of one server, and beside it what others gave.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stored {
    /// The ids that Krayin gave.
    pub ids: ExternalIds,
    /// The [instance](Server::instance) that gave them: ids of another one name other people's records.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub server: String,
    /// The [address](Server::address) that it had then.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Whether nobody has seen yet that the ids are this record's: one read tells, the first time that they are used.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unverified: bool,
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
    /// What was left out of a write, by field: it is tried again when either side changes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, LeftOut>,
    /// The types of [`ids`](Self::ids) that were made for this record. What was found may be a colleague's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<String>,
    /// The record that this one belongs to: a conversation's contact, a message's conversation; 0 where nobody knows.
    #[serde(skip_serializing_if = "is_zero")]
    pub parent: u64,
    /// `person`, `lead` or `activity`, where a colleague deleted that in Krayin and it is not to be made again.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub removed: String,
    /// How it stands, where that is not said by `pending`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<KeptReason>,
    /// How often it was stored. A store that finds another number has met another writer.
    #[serde(skip_serializing_if = "is_zero")]
    pub revision: u64,
    /// What other servers gave for the same record, each without others of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Stored>,
}

/// A value that was left out of a write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeftOut {
    /// Its digest.
    pub digest: String,
    /// The digest of what Krayin had instead.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub theirs: String,
    /// Why: a reason's code.
    pub code: String,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Stored {
    /// Nothing, for a server.
    fn of(server: &Server) -> Self {
        Self { server: server.instance.clone(), address: server.address.clone(), ..Self::default() }
    }

    /// What it holds for `server`, the rest beside it.
    ///
    /// Ids that came by another address, from a server that nobody had recognised, may be the same server's: they are
    /// taken to be looked at first, and stay beside until they were.
    pub(crate) fn for_server(mut self, server: &Server) -> Self {
        let mut all = std::mem::take(&mut self.others);
        all.insert(0, self);
        all.retain(|stored| *stored != Self::default());
        let here = |stored: &Self| stored.address.is_empty() || stored.address == server.address;
        let find = |wanted: &dyn Fn(&Self) -> bool| all.iter().position(wanted);
        let exact = find(&|stored| stored.server == server.instance && here(stored))
            .or_else(|| find(&|stored| stored.is_of_address() && stored.server == server.address));
        if let Some(at) = exact {
            let ours = all.remove(at);
            return Self { server: server.instance.clone(), address: server.address.clone(), others: all, ..ours };
        }
        let moved = find(&|stored| stored.server == server.instance);
        if let Some(ours) = moved.map(|at| all.remove(at)) {
            all.push(Self { server: ours.address.clone(), ..ours.clone() });
            return Self::unverified_at(ours, server, all);
        }
        match all.iter().find(|stored| stored.is_of_address() && !stored.ids.is_empty()).cloned() {
            Some(maybe) => Self::unverified_at(maybe, server, all),
            None => Self { others: all, ..Self::of(server) },
        }
    }

    fn unverified_at(self, server: &Server, others: Vec<Self>) -> Self {
        Self {
            unverified: !self.ids.is_empty(),
            server: server.instance.clone(),
            address: server.address.clone(),
            others,
            ..self
        }
    }

    /// The ids were seen to be this record's.
    pub(crate) fn confirm(&mut self) {
        self.unverified = false;
        self.sent.remove(IDENTITY);
        let ids = self.ids.clone();
        self.others.retain(|other| !(other.is_of_address() && other.ids == ids));
    }

    /// The ids are another record's, or of another server: nothing is known of this one.
    pub(crate) fn disown(&mut self) {
        *self = Self {
            server: std::mem::take(&mut self.server),
            address: std::mem::take(&mut self.address),
            stages: std::mem::take(&mut self.stages),
            revision: self.revision,
            others: std::mem::take(&mut self.others),
            ..Self::default()
        };
    }

    /// What is to be kept where `kept` is: this, and where another writer came between since it was loaded, what that
    /// one added.
    pub fn after(mut self, kept: &Self) -> Self {
        if self.revision != kept.revision && self.server == kept.server {
            let mut ids = kept.ids.clone();
            ids.merge(&self.ids);
            self.ids = ids;
            for (field, digest) in &kept.sent {
                self.sent.entry(field.clone()).or_insert_with(|| digest.clone());
            }
            for rule in &kept.stages {
                if !self.stages.contains(rule) {
                    self.stages.push(rule.clone());
                }
            }
        }
        self.revision = kept.revision + 1;
        self
    }

    /// The id of that type was made for this record.
    pub(crate) fn note_made(&mut self, what: &str) {
        if !self.is_made(what) {
            self.made.push(what.to_owned());
        }
    }

    /// Whether the id of that type was made for this record.
    pub(crate) fn is_made(&self, what: &str) -> bool {
        self.made.iter().any(|made| made == what)
    }

    /// Forgets an id, and that it was made.
    pub(crate) fn forget(&mut self, what: &str) -> Option<u64> {
        self.made.retain(|made| made != what);
        self.ids.forget(what)
    }

    fn is_of_address(&self) -> bool {
        !self.server.starts_with(INSTANCE)
    }
}

/// Where an upgrade notes, in [`Stored::sent`], by which address and number a contact was known when its ids were moved.
pub(crate) const IDENTITY: &str = "identity";

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

    /// Replaces what is kept for a record. Where its [`revision`](Stored::revision) is not the one that is kept, another
    /// writer came between: what that one added stays, and where both say something the later one counts.
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
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = all.entry((kind, id)).or_default();
            *kept = stored.clone().after(kept);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Memory, Records, Server, State, Stored};

    fn stored(server: &str, ids: &str) -> Stored {
        Stored { server: server.into(), ids: ids.parse().unwrap(), ..Stored::default() }
    }

    fn server(instance: &str, address: &str) -> Server {
        Server { instance: instance.into(), address: address.into() }
    }

    #[test]
    fn is_short_json_and_reads_what_earlier_versions_wrote() {
        let empty = Stored::default();
        assert_eq!(serde_json::to_string(&empty).unwrap(), r#"{"ids":""}"#);
        let read: Stored = serde_json::from_str(r#"{"ids": "krayin:person:1|x", "later": {}}"#).unwrap();
        assert_eq!(read.ids.get("person"), Some(1));
        let read: Stored =
            serde_json::from_str(r#"{"ids": "", "state": "doubtful", "reason": {"code": "twins"}}"#).unwrap();
        assert_eq!((read.state, read.reason.unwrap().code.as_str()), (Some(State::Doubtful), "twins"));
        assert_eq!(Kind::Message.name(), "message");
    }

    #[test]
    fn ids_belong_to_the_server_that_gave_them() {
        let ours = stored("krayin-a", "krayin:person:1");
        let read = ours.clone().for_server(&server("krayin-a", "here"));
        assert_eq!((read.ids.get("person"), read.unverified), (Some(1), false));
        // By another address it is the same server, but whoever answers there is looked at first.
        let known = Stored { address: "here".into(), ..ours };
        let read = known.clone().for_server(&server("krayin-a", "there"));
        assert_eq!((read.ids.get("person"), read.unverified), (Some(1), true));
        // Where that one is another after all, the first keeps its ids.
        let mut another = read;
        another.disown();
        let back = another.for_server(&server("krayin-a", "here"));
        assert_eq!((back.ids.get("person"), back.unverified), (Some(1), false));
        // Another server's are kept beside, and come back with it.
        let other = known.for_server(&server("krayin-b", "there"));
        assert_eq!((other.ids.is_empty(), other.others.len()), (true, 1));
        let filled = Stored { ids: "krayin:person:9".parse().unwrap(), ..other };
        let back = filled.for_server(&server("krayin-a", "here"));
        assert_eq!((back.ids.get("person"), back.others[0].ids.get("person")), (Some(1), Some(9)));
        assert_eq!(back.others.len(), 1);
    }

    #[test]
    fn ids_of_an_address_are_looked_at_before_they_are_taken_for_a_server_s() {
        let same = stored("here", "krayin:person:1").for_server(&server("krayin-a", "here"));
        assert_eq!((same.server.as_str(), same.unverified, same.others.len()), ("krayin-a", false, 0));
        let mut elsewhere = stored("there", "krayin:person:1").for_server(&server("krayin-a", "here"));
        assert!(elsewhere.unverified && elsewhere.others.len() == 1);
        let mut refused = elsewhere.clone();
        elsewhere.confirm();
        assert!(!elsewhere.unverified && elsewhere.others.is_empty());
        refused.disown();
        assert!(refused.ids.is_empty() && !refused.unverified && refused.others[0].ids.get("person") == Some(1));
    }

    #[tokio::test]
    async fn two_writers_lose_nothing_of_each_other() {
        let records = Memory::default();
        let kind = Kind::Conversation;
        let (mut a, mut b) = (stored("krayin-a", ""), stored("krayin-a", ""));
        a.ids.set("activity", 5);
        b.stages.push("created".into());
        records.store(kind, 1, &a).await.unwrap();
        records.store(kind, 1, &b).await.unwrap();
        let kept = records.load(kind, 1).await.unwrap();
        assert_eq!((kept.ids.get("activity"), kept.stages.len()), (Some(5), 1));
        // One who has seen it may take something away.
        records.store(kind, 1, &Stored { ids: Default::default(), ..kept }).await.unwrap();
        assert_eq!(records.get(kind, 1).ids.get("activity"), None);
    }
}
