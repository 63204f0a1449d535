//! The port behind which ids and digests are kept.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::{BoxFuture, external_id::ExternalIds, json};

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
    /// Of a message the contact that it was said by or to: nothing need be kept of its conversation. 0 where nobody knows.
    #[serde(skip_serializing_if = "is_zero")]
    pub contact: u64,
    /// `person`, `lead` or `activity`, where a colleague deleted that in Krayin and it is not to be made again.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub removed: String,
    /// `person`, `lead` or `organization`, where a reading of all that Krayin has did not find it, or as somebody else's:
    /// it is looked at before the ids are used. But for an organization's they are [`unverified`](Self::unverified)
    /// meanwhile.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub doubted: String,
    /// How it stands, where that is not said by `pending`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<KeptReason>,
    /// What a person has said of a contact that was doubtful.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// How often it was stored. A store that finds another number has met another writer.
    #[serde(skip_serializing_if = "is_zero")]
    pub revision: u64,
    /// What other servers gave for the same record, each without others of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Stored>,
}

/// What a person says of a doubtful contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is this person: the next event takes that one.
    Same(u64),
    /// It is none of these: the next event makes another, and the number stays with whom has it.
    Another(Vec<u64>),
    /// Nobody has said yet.
    Later,
}

/// What a person may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The contact is the person.
    Same,
    /// The contact is somebody else.
    Another,
    /// That is for later.
    Later,
}

impl Verdict {
    /// Reads `same`, `another` and `later`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "same" => Some(Self::Same),
            "another" => Some(Self::Another),
            "later" => Some(Self::Later),
            _ => None,
        }
    }
}

/// What is to be kept instead of `stored`, the JSON of a [`Stored`], once a person has said `verdict` of it.
///
/// # Errors
/// [`DecisionError`].
pub fn decide(stored: &[u8], verdict: &str, person: Option<u64>) -> Result<Vec<u8>, DecisionError> {
    let mut stored: Stored = json::strict(stored).unwrap_or_default();
    stored.decide(Verdict::parse(verdict).ok_or(DecisionError::UnknownVerdict)?, person)?;
    Ok(serde_json::to_vec(&stored).unwrap_or_default())
}

/// Why a decision cannot be taken; nothing was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    /// There is no such verdict.
    #[error("A verdict is same, another or later.")]
    UnknownVerdict,
    /// The contact is not doubtful.
    #[error("Nothing is to be decided about this contact: it is not doubtful, or no longer.")]
    NotDoubtful,
    /// It may be several persons.
    #[error("The contact may be one of several persons: say which, {}.", listed(.0))]
    WhichPerson(Vec<u64>),
    /// The person is none of those that it may be.
    #[error("The contact was not mistaken for that person: it may be {}.", listed(.0))]
    OtherPerson(Vec<u64>),
}

fn listed(persons: &[u64]) -> String {
    persons.iter().map(u64::to_string).collect::<Vec<_>>().join(" or ")
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

    /// Nothing of it in Krayin is the record's any more, for a reason.
    pub(crate) fn let_go(&mut self, reason: KeptReason) {
        self.ids = Default::default();
        self.made.clear();
        self.sent.clear();
        self.left_out.clear();
        self.pending = false;
        self.state = Some(State::Skipped);
        self.reason = Some(reason);
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
            if self.decision.is_none() {
                self.decision.clone_from(&kept.decision);
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

    /// Keeps what a person says of a doubtful contact; the next event acts accordingly. `person` says which of several.
    ///
    /// # Errors
    /// Where nothing is doubtful, and where `person` is missing or none of those that were named.
    pub fn decide(&mut self, verdict: Verdict, person: Option<u64>) -> Result<(), DecisionError> {
        if self.state != Some(State::Doubtful) {
            let other = self.others.iter_mut().find(|other| other.state == Some(State::Doubtful));
            return other.ok_or(DecisionError::NotDoubtful)?.decide(verdict, person);
        }
        let persons = self.persons();
        if persons.is_empty() {
            return Err(DecisionError::NotDoubtful);
        }
        let decision = match (verdict, person) {
            (_, Some(person)) if !persons.contains(&person) => return Err(DecisionError::OtherPerson(persons)),
            (Verdict::Same, Some(person)) => Decision::Same(person),
            (Verdict::Same, None) => match persons.as_slice() {
                [person] => Decision::Same(*person),
                _ => return Err(DecisionError::WhichPerson(persons)),
            },
            (Verdict::Another, _) => Decision::Another(persons),
            (Verdict::Later, _) => Decision::Later,
        };
        if decision != Decision::Later {
            self.state = Some(State::Waiting);
            self.pending = true;
        }
        self.decision = Some(decision);
        Ok(())
    }

    /// The persons whom a doubtful contact may be.
    fn persons(&self) -> Vec<u64> {
        let named = self.reason.as_ref().and_then(|reason| reason.params.get("persons")?.as_array());
        named.into_iter().flatten().filter_map(serde_json::Value::as_u64).collect()
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

/// What is asked for of what was [shown](Records::shown).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The persons who may have one of these [keys](crate::sync::PersonPage::keys): who is not among them has none. Nobody
    /// only where all persons are known.
    PersonsWith,
    /// The person of this id.
    Person,
    /// The leads of the person of this id.
    LeadsOf,
}

impl Shown {
    /// Its name for hosts.
    pub fn name(self) -> &'static str {
        match self {
            Self::PersonsWith => "persons_with",
            Self::Person => "person",
            Self::LeadsOf => "leads_of",
        }
    }
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

    /// The contacts whose person this is in one Krayin, by its [`instance`](Server::instance); some are enough. None where
    /// they cannot be looked up so: what tells that a number has moved from one contact to another is missed then.
    fn contacts_of<'a>(&'a self, instance: &'a str, person: u64) -> BoxFuture<'a, Result<Vec<u64>, RecordsError>> {
        let _ = (instance, person);
        Box::pin(async { Ok(Vec::new()) })
    }

    /// What the server has shown a moment ago to who reads of many at once, all of it and as it was shown. `None` where
    /// the server is to be asked.
    fn shown<'a>(
        &'a self,
        what: Shown,
        keys: &'a [String],
    ) -> BoxFuture<'a, Result<Option<Vec<serde_json::Value>>, RecordsError>> {
        let _ = (what, keys);
        Box::pin(async { Ok(None) })
    }
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

    fn contacts_of<'a>(&'a self, instance: &'a str, person: u64) -> BoxFuture<'a, Result<Vec<u64>, RecordsError>> {
        Box::pin(async move {
            let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let is_its = |(kind, _): &(Kind, u64), stored: &Stored| {
                *kind == Kind::Contact && stored.server == instance && stored.ids.get("person") == Some(person)
            };
            Ok(all.iter().filter(|(key, stored)| is_its(key, stored)).map(|((_, id), _)| *id).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, DecisionError, Kind, Memory, Records, Server, State, Stored, Verdict};

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
    fn a_person_decides_what_is_doubtful_and_nothing_else() {
        let doubtful = |persons: &str| -> Stored {
            let json = format!(
                r#"{{"ids": "", "state": "doubtful", "reason": {{"code": "doubtful", "params": {{"persons": {persons}}}}}}}"#
            );
            serde_json::from_str(&json).unwrap()
        };
        let decided = |persons: &str, verdict, person| {
            let mut stored = doubtful(persons);
            stored.decide(verdict, person).map(|()| (stored.decision.unwrap(), stored.pending))
        };
        assert_eq!(decided("[5]", Verdict::Same, None), Ok((Decision::Same(5), true)));
        assert_eq!(decided("[5, 6]", Verdict::Same, Some(6)), Ok((Decision::Same(6), true)));
        assert_eq!(decided("[5, 6]", Verdict::Same, None), Err(DecisionError::WhichPerson(vec![5, 6])));
        assert_eq!(decided("[5, 6]", Verdict::Same, Some(7)), Err(DecisionError::OtherPerson(vec![5, 6])));
        assert_eq!(decided("[5, 6]", Verdict::Another, None), Ok((Decision::Another(vec![5, 6]), true)));
        assert_eq!(decided("[5]", Verdict::Later, None), Ok((Decision::Later, false)));
        assert_eq!(Stored::default().decide(Verdict::Same, Some(5)), Err(DecisionError::NotDoubtful));
        // Of another server's than the one that was stored last.
        let mut stored = Stored { others: vec![doubtful("[5]")], ..Stored::default() };
        stored.decide(Verdict::Same, None).unwrap();
        assert_eq!((stored.decision, &stored.others[0].decision), (None, &Some(Decision::Same(5))));
        for (decision, json) in [
            (Decision::Same(5), r#"{"same":5}"#),
            (Decision::Another(vec![5]), r#"{"another":[5]}"#),
            (Decision::Later, r#""later""#),
        ] {
            assert_eq!(serde_json::to_string(&decision).unwrap(), json);
        }
        assert_eq!(
            DecisionError::WhichPerson(vec![5, 6]).to_string(),
            "The contact may be one of several persons: say which, 5 or 6."
        );
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
