//! The settings of one connection, as a Chatwoot hook keeps them: lenient on how a value is written, strict on what it
//! means.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

mod kind;
mod lead_source;
mod lines;
mod mapping;
mod stage_rule;
mod table;

pub use kind::Kind;
pub use lead_source::SourceRule;
pub use mapping::{Mapping, MappingError};
pub use stage_rule::{Cause, StageRule};
pub use table::{SETTINGS, SetBy, Setting, Words, find, read};

use crate::{
    DigestKey,
    chatwoot::Clock,
    json,
    language::Language,
    problem::Problem,
    server::{Connection, Destinations, Dialect, KnownStage, Network, ServerProfile},
};

pub use crate::server::SettingsError;

/// A stage as the administrator named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageRef {
    /// By id.
    Id(u64),
    /// By code or by name, without regard to case.
    Named(String),
}

impl StageRef {
    /// Whether it means the stage.
    pub(crate) fn is(&self, stage: &KnownStage) -> bool {
        match self {
            Self::Id(id) => stage.id == *id,
            Self::Named(name) => {
                [&stage.code, &stage.name].iter().any(|known| known.trim().to_lowercase() == name.trim().to_lowercase())
            }
        }
    }

    /// A number is an id; but a pipeline may have a stage that is called "1.0".
    pub(crate) fn of(text: &str) -> Self {
        match text.parse() {
            Ok(id) if id > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Self::Id(id),
            _ => Self::Named(text.to_owned()),
        }
    }
}

impl fmt::Display for StageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// What becomes of a record that a colleague deleted in Krayin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDeleted {
    /// It stays deleted.
    #[default]
    Respect,
    /// The next event makes it again.
    MakeAgain,
}

impl OnDeleted {
    const ALL: [(&'static str, Self); 2] = [("respect", Self::Respect), ("make_again", Self::MakeAgain)];
}

/// Who gets a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeadPolicy {
    /// Each contact, one.
    #[default]
    PerContact,
    /// Nobody: contacts are persons, with notes.
    Never,
    /// Each conversation, one of its own.
    PerConversation,
    /// A contact who bears one of the labels, or has a conversation that does.
    OnLabel,
    /// A contact who has a conversation in one of the inboxes.
    ByInbox,
}

impl LeadPolicy {
    const ALL: [(&'static str, Self); 5] = [
        ("per_contact", Self::PerContact),
        ("never", Self::Never),
        ("per_conversation", Self::PerConversation),
        ("on_label", Self::OnLabel),
        ("by_inbox", Self::ByInbox),
    ];

    /// Whether a conversation may make a lead.
    pub(crate) fn is_of_conversations(self) -> bool {
        matches!(self, Self::PerConversation | Self::OnLabel | Self::ByInbox)
    }
}

/// What becomes of a contact whose lead was won or lost. The lead itself stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnClosed {
    /// It stays the contact's lead: what is said goes to it.
    #[default]
    Note,
    /// A new conversation gets a new lead; that takes a request more to see whether the lead is closed.
    NewLead,
}

impl OnClosed {
    const ALL: [(&'static str, Self); 2] = [("note", Self::Note), ("new_lead", Self::NewLead)];
}

/// What becomes of a write of a person or lead that has yes/no attributes: Krayin sets each that is left out to no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnYesNo {
    /// They are sent along where they can be read; else nothing is written.
    #[default]
    Carry,
    /// Nothing is written to such a record once it is there.
    LeaveOut,
    /// It is written, whatever becomes of them.
    WriteAnyway,
}

impl OnYesNo {
    const ALL: [(&'static str, Self); 3] =
        [("carry", Self::Carry), ("leave_out", Self::LeaveOut), ("write_anyway", Self::WriteAnyway)];
}

/// Whether the colleague whom a conversation is assigned to owns its person and its lead in Krayin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OwnerPolicy {
    /// Owners are Krayin's alone.
    #[default]
    Never,
    /// Where there is none yet, once.
    SetIfNone,
    /// With each new assignment; an owner whom somebody chose in Krayin stays.
    Follow,
}

impl OwnerPolicy {
    const ALL: [(&'static str, Self); 3] =
        [("never", Self::Never), ("set_if_none", Self::SetIfNone), ("follow", Self::Follow)];
}

/// Whether Chatwoot's labels become Krayin's tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LabelTags {
    /// They do not.
    #[default]
    Never,
    /// Those of a contact and of its conversations become tags of its person.
    Person,
    /// And of its lead.
    PersonAndLead,
}

impl LabelTags {
    const ALL: [(&'static str, Self); 3] =
        [("never", Self::Never), ("person", Self::Person), ("person_and_lead", Self::PersonAndLead)];
}

/// On whose clock people read the times in texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeZone {
    /// UTC.
    #[default]
    Utc,
    /// That of Krayin's server; UTC until that is known.
    Krayin,
    /// That of the inbox, by which a host writes its times.
    Inbox,
}

impl TimeZone {
    const ALL: [(&'static str, Self); 3] = [("utc", Self::Utc), ("krayin", Self::Krayin), ("inbox", Self::Inbox)];
}

/// What becomes in Krayin of a contact that was deleted in Chatwoot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnContactDeleted {
    /// All of it stays.
    #[default]
    Keep,
    /// It stays, with a note that says so, and is no longer the contact's.
    UnlinkAndMark,
    /// What we put there and nobody has changed since goes, words first.
    Erase,
}

impl OnContactDeleted {
    const ALL: [(&'static str, Self); 3] =
        [("keep", Self::Keep), ("unlink_and_mark", Self::UnlinkAndMark), ("erase", Self::Erase)];
}

/// Whether a contact is brought over that has neither an e-mail address nor a number: one of Telegram, Instagram and the
/// like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithoutEmailOrPhone {
    /// Where its channel's provider vouches for who it is, and it has written or was written to.
    #[default]
    WithConversation,
    /// Not before it has one of them.
    Never,
    /// Every one, a visitor of the website too.
    Always,
}

impl WithoutEmailOrPhone {
    const ALL: [(&'static str, Self); 3] =
        [("with_conversation", Self::WithConversation), ("never", Self::Never), ("always", Self::Always)];
}

/// A hook's settings, read: the rows of [`SETTINGS`], each as its [`Kind`] takes it. A blank text or `null` is an absent
/// key, and unknown keys are passed over. Its `Debug` shows no token.
///
/// ```
/// use krayin_core::settings::Settings;
///
/// let settings = Settings::from_json(br#"{"api_url": "https://crm.example.com", "api_token": "1|secret",
///     "lead_pipeline_stage_id": "3", "sync_messages": "yes", "attempt_timeout": 10}"#)?;
/// assert_eq!((settings.stage_id, settings.sync_messages), (Some(3), true));
/// assert_eq!(settings.connection()?.url(), "https://crm.example.com/api/v1");
///
/// let refused = Settings::from_json(br#"{"lead_source_id": "Web"}"#).unwrap_err();
/// assert!(refused.to_string().contains("lead_source_id must be the number of a record in Krayin"));
/// # Ok::<(), krayin_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub(crate) api_url: Option<String>,
    api_token: Option<Token>,
    pub(crate) api_dialect: Option<Dialect>,
    /// The pipeline of new leads.
    pub pipeline_id: Option<u64>,
    /// The stage of new leads.
    pub stage_id: Option<u64>,
    /// The source of new leads.
    pub source_id: Option<u64>,
    /// The type of new leads.
    pub type_id: Option<u64>,
    /// What of these the administrator chose.
    pub(crate) chosen: ChosenIds,
    /// Whether conversations become activities.
    pub sync_conversations: bool,
    /// Whether messages become activities.
    pub sync_messages: bool,
    /// Whether a contact's company becomes an organization.
    pub sync_to_organization: bool,
    /// Whether leads move along as conversations do.
    pub stage_progression_enabled: bool,
    /// The custom attributes that may be shown in Krayin, by key. `None`: every one that does not look private.
    pub custom_attributes: Option<Vec<String>>,
    /// Whether the numbers of cards and accounts are shown whole.
    pub show_payment_numbers: bool,
    /// Where a lead goes when its contact's conversation begins.
    pub stage_on_conversation_created: Option<StageRef>,
    /// Where a lead goes when a colleague first replies.
    pub stage_on_first_response: Option<StageRef>,
    /// Where a lead goes when the conversation is resolved.
    pub stage_on_conversation_resolved: Option<StageRef>,
    /// What an administrator maps beside the built-in fields, as it was read.
    pub(crate) mappings: Vec<Mapping>,
    /// The list of rules that move a lead along.
    pub(crate) stage_rules: Vec<StageRule>,
    /// The language of sentences for people.
    pub language: Language,
    /// Who gets a lead.
    pub lead_policy: LeadPolicy,
    /// The labels that make a lead of who bears them, where [`lead_policy`](Self::lead_policy) says so.
    pub lead_labels: Vec<String>,
    /// The names or ids of inboxes whose conversations make a lead, likewise.
    pub lead_inboxes: Vec<String>,
    /// Whether assigned colleagues own persons and leads.
    pub owner_policy: OwnerPolicy,
    /// Whether labels become tags.
    pub label_tags: LabelTags,
    /// Which source a new lead has, by where its contact wrote to; the first that is about it counts.
    pub(crate) lead_sources: Vec<SourceRule>,
    /// Whether a source that these name and Krayin does not have is made.
    pub make_sources: bool,
    /// What becomes of a record that was deleted in Krayin.
    pub on_deleted_in_krayin: OnDeleted,
    /// What becomes of a contact whose lead was won or lost.
    pub on_closed: OnClosed,
    /// What becomes of a write that would set yes/no attributes to no.
    pub on_yes_no: OnYesNo,
    /// On whose clock people read the times in texts.
    pub time_zone: TimeZone,
    /// What becomes of a contact that was deleted in Chatwoot: the installation's.
    pub on_contact_deleted: OnContactDeleted,
    /// Whether a contact without e-mail address and number is brought over.
    pub contacts_without_email_or_phone: WithoutEmailOrPhone,
    /// What the set-up learned of the server.
    pub traits: ServerProfile,
    /// The longest that one attempt may take; 30 s where absent.
    pub attempt_timeout: Option<Duration>,
    /// The longest that one call may take with all its attempts; 90 s where absent.
    pub deadline: Option<Duration>,
    /// Where the token may go: the installation says so, never the administrator (`allow_http`, `allowed_hosts`,
    /// `allow_loopback`).
    pub destinations: Destinations,
    /// How it gets there: the installation's too (`proxy`, `ca_file`, `ca_path`, `client_certificate`, `client_key`).
    pub network: Network,
    /// The two-letter code of the country that phone numbers are of which say none (`default_country`): the installation's
    /// too. Without it such a number is read in the contact's own country, where that is known.
    pub default_country: Option<String>,
    /// What the digests of what was sent are made with: the installation's too (`digest_key`).
    pub digest_key: DigestKey,
}

impl Settings {
    /// What moves a lead along, in order: a setting of its own for each of three causes, then the list.
    pub fn rules(&self) -> Vec<StageRule> {
        if !self.stage_progression_enabled {
            return Vec::new();
        }
        let own = [
            (Cause::Created, &self.stage_on_conversation_created),
            (Cause::FirstReply, &self.stage_on_first_response),
            (Cause::Resolved, &self.stage_on_conversation_resolved),
        ];
        let own = own.into_iter().filter_map(|(cause, stage)| {
            Some(StageRule { cause, stage: stage.clone()?, lost_reason: None, back: false })
        });
        own.chain(self.stage_rules.iter().cloned()).collect()
    }

    /// What the mapped attributes, owners, tags and leads' sources come from, and what rules look at beside that, each once, as
    /// `conversation.priority`.
    pub fn sources(&self) -> Vec<String> {
        let mapped = self.mappings.iter().map(|mapping| mapping.from.join("."));
        let needed = self.rules().into_iter().filter_map(|rule| rule.cause.needs().map(str::to_owned));
        let owner = (self.owner_policy != OwnerPolicy::Never).then(|| "assignee.email".to_owned());
        let labels: &[&str] = match self.label_tags {
            LabelTags::Never => &[],
            _ => &["contact.labels", "conversation.labels", "label.color"],
        };
        let labels = labels.iter().map(|source| (*source).to_owned());
        let inbox = (!self.lead_sources.is_empty()).then(|| "contact.first_inbox".to_owned());
        let mut sources: Vec<String> = mapped.chain(needed).chain(owner).chain(labels).chain(inbox).collect();
        sources.sort();
        sources.dedup();
        sources
    }

    /// Whether any of what is written of a contact is known in a conversation alone.
    pub fn maps_conversations(&self) -> bool {
        self.owner_policy != OwnerPolicy::Never
            || self.label_tags != LabelTags::Never
            || self.mappings.iter().any(Mapping::is_of_conversation)
    }

    /// Reads a JSON object.
    ///
    /// # Errors
    /// As [`from_object`](Self::from_object), and for what is no JSON object.
    pub fn from_json(json: &[u8]) -> Result<Self, SettingsError> {
        Self::from_object(&object(json)?)
    }

    /// Reads a JSON object's settings, each in its kind's own form, as [`read`] does.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn read_json(json: &[u8]) -> Result<Map<String, Value>, SettingsError> {
        read(&object(json)?)
    }

    /// Reads the keys of `object`.
    ///
    /// # Errors
    /// Names every key that has a value of the wrong kind.
    pub fn from_object(object: &Map<String, Value>) -> Result<Self, SettingsError> {
        let read = Read(read(object)?);
        let chosen = ChosenIds {
            pipeline: read.id("lead_pipeline_id"),
            stage: read.id("lead_pipeline_stage_id"),
            source: read.id("lead_source_id"),
            kind: read.id("lead_type_id"),
        };
        Ok(Self {
            api_url: read.text("api_url"),
            api_token: read.text("api_token").map(Token),
            api_dialect: read.text("api_dialect").and_then(|name| Dialect::parse(&name)),
            pipeline_id: chosen.pipeline.or(read.id("default_pipeline_id")),
            stage_id: chosen.stage.or(read.id("default_stage_id")),
            source_id: chosen.source.or(read.id("default_source_id")),
            type_id: chosen.kind.or(read.id("default_lead_type_id")),
            chosen,
            sync_conversations: read.toggle("sync_conversations"),
            sync_messages: read.toggle("sync_messages"),
            sync_to_organization: read.toggle("sync_to_organization"),
            stage_progression_enabled: read.toggle("stage_progression_enabled"),
            custom_attributes: read.texts("custom_attributes"),
            show_payment_numbers: read.toggle("show_payment_numbers"),
            stage_on_conversation_created: read.stage("stage_on_conversation_created"),
            stage_on_first_response: read.stage("stage_on_first_response"),
            stage_on_conversation_resolved: read.stage("stage_on_conversation_resolved"),
            stage_rules: read.0.get("stage_rules").and_then(StageRule::parse).unwrap_or_default(),
            mappings: read.mappings(),
            language: read.text("language").map(|locale| Language::of(&locale)).unwrap_or_default(),
            lead_policy: one_of(read.text("lead_policy"), &LeadPolicy::ALL),
            lead_labels: read.texts("lead_labels").unwrap_or_default(),
            lead_inboxes: read.texts("lead_inboxes").unwrap_or_default(),
            owner_policy: one_of(read.text("owner_policy"), &OwnerPolicy::ALL),
            lead_sources: read.0.get("lead_sources").and_then(SourceRule::parse).unwrap_or_default(),
            make_sources: read.toggle("make_sources"),
            label_tags: one_of(read.text("label_tags"), &LabelTags::ALL),
            on_deleted_in_krayin: one_of(read.text("on_deleted_in_krayin"), &OnDeleted::ALL),
            on_closed: one_of(read.text("on_closed"), &OnClosed::ALL),
            on_yes_no: one_of(read.text("on_yes_no"), &OnYesNo::ALL),
            time_zone: one_of(read.text("time_zone"), &TimeZone::ALL),
            on_contact_deleted: one_of(read.text("on_contact_deleted"), &OnContactDeleted::ALL),
            contacts_without_email_or_phone: one_of(
                read.text("contacts_without_email_or_phone"),
                &WithoutEmailOrPhone::ALL,
            ),
            traits: read
                .0
                .get("traits")
                .cloned()
                .and_then(|traits| serde_json::from_value(traits).ok())
                .unwrap_or_default(),
            attempt_timeout: read.seconds("attempt_timeout"),
            deadline: read.seconds("deadline"),
            destinations: Destinations {
                allow_http: read.toggle("allow_http"),
                allowed_hosts: read.texts("allowed_hosts").unwrap_or_default(),
                no_loopback: read.0.get("allow_loopback") == Some(&Value::Bool(false)),
            },
            network: Network {
                proxy: read.text("proxy"),
                ca_file: read.text("ca_file"),
                ca_path: read.text("ca_path"),
                client_certificate: read.text("client_certificate"),
                client_key: read.text("client_key"),
            },
            default_country: read.text("default_country"),
            digest_key: read.text("digest_key").map(|key| DigestKey::new(key.as_bytes())).unwrap_or_default(),
        })
    }

    /// On which clock the times in texts are shown.
    pub(crate) fn clock(&self) -> Clock {
        match self.time_zone {
            TimeZone::Utc => Clock::Ahead(0),
            TimeZone::Krayin => Clock::Ahead(self.traits.utc_offset_minutes.unwrap_or_default()),
            TimeZone::Inbox => Clock::Own,
        }
    }

    /// The address and the token, checked: everything that a client needs before its first request.
    ///
    /// # Errors
    /// Where one is missing or has not its form, or where the token may not go there: plain http, a private address.
    pub fn connection(&self) -> Result<Connection, SettingsError> {
        let url = self.api_url.as_deref().ok_or_else(|| SettingsError::one(Problem::AddressMissing))?;
        let token = self.api_token.as_ref().ok_or_else(|| SettingsError::one(Problem::TokenMissing))?;
        let mut connection =
            Connection::new(url, &token.0, self.api_dialect, &self.destinations)?.by(self.network.clone());
        connection.attempt_timeout = self.attempt_timeout.unwrap_or(connection.attempt_timeout);
        connection.deadline = self.deadline.unwrap_or(connection.deadline);
        connection.default_country.clone_from(&self.default_country);
        connection.digest_key = self.digest_key.clone();
        Ok(connection)
    }
}

fn object(json: &[u8]) -> Result<Map<String, Value>, SettingsError> {
    match json::strict(json) {
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(SettingsError::one(Problem::NotAnObject)),
        None => Err(SettingsError::one(Problem::NotJson)),
    }
}

/// The ids that stand in the settings themselves, not found by the set-up.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ChosenIds {
    pub(crate) pipeline: Option<u64>,
    pub(crate) stage: Option<u64>,
    pub(crate) source: Option<u64>,
    pub(crate) kind: Option<u64>,
}

fn one_of<T: Copy + Default>(word: Option<String>, words: &[(&'static str, T)]) -> T {
    let found = words.iter().find(|(known, _)| word.as_deref() == Some(known));
    found.map(|(_, found)| *found).unwrap_or_default()
}

/// An API token, which is shown nowhere.
#[derive(Clone)]
struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What was read: each value in its kind's own form.
struct Read(Map<String, Value>);

impl Read {
    fn text(&self, key: &str) -> Option<String> {
        Some(self.0.get(key)?.as_str()?.to_owned())
    }

    fn texts(&self, key: &str) -> Option<Vec<String>> {
        Some(self.0.get(key)?.as_array()?.iter().filter_map(|text| Some(text.as_str()?.to_owned())).collect())
    }

    fn id(&self, key: &str) -> Option<u64> {
        self.0.get(key)?.as_u64()
    }

    fn toggle(&self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    /// Where nothing of a lead is shown, all go one way.
    fn mappings(&self) -> Vec<Mapping> {
        let mut read = self.0.get("field_mapping").and_then(|lines| Mapping::parse(lines).ok()).unwrap_or_default();
        let is_shown = self.toggle("two_way");
        read.iter_mut().for_each(|mapping| mapping.both_ways &= is_shown);
        read
    }

    fn stage(&self, key: &str) -> Option<StageRef> {
        match self.0.get(key)? {
            Value::String(name) => Some(StageRef::Named(name.clone())),
            id => id.as_u64().map(StageRef::Id),
        }
    }

    fn seconds(&self, key: &str) -> Option<Duration> {
        self.0.get(key)?.as_f64().map(Duration::from_secs_f64)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Settings, StageRef};

    fn read(value: serde_json::Value) -> Result<Settings, super::SettingsError> {
        Settings::from_json(value.to_string().as_bytes())
    }

    #[test]
    fn reads_every_key_of_a_hook() {
        let settings = read(json!({
            "api_url": "https://crm.example.com/api/admin", "api_token": "1|abc",
            "default_pipeline_id": 1, "default_pipeline_name": "Default", "default_stage_id": 2, "default_stage_name": "New",
            "default_source_id": 3, "default_source_name": "Web", "default_lead_type_id": 4, "default_lead_type_name": "New",
            "lead_pipeline_id": 11, "lead_pipeline_stage_id": 12, "lead_source_id": 13, "lead_type_id": 14,
            "sync_conversations": true, "sync_messages": false, "sync_to_organization": true,
            "stage_progression_enabled": true, "stage_on_conversation_created": 2, "stage_on_first_response": "Follow Up",
            "stage_on_conversation_resolved": "won", "attempt_timeout": 5, "deadline": "20"
        }))
        .unwrap();
        assert_eq!(
            (settings.pipeline_id, settings.stage_id, settings.source_id, settings.type_id),
            (Some(11), Some(12), Some(13), Some(14))
        );
        assert!(settings.sync_conversations && !settings.sync_messages && settings.sync_to_organization);
        assert_eq!(settings.stage_on_conversation_created, Some(StageRef::Id(2)));
        assert_eq!(settings.stage_on_first_response, Some(StageRef::Named("Follow Up".into())));
        assert_eq!(settings.connection().unwrap().deadline.as_secs(), 20);
    }

    #[test]
    fn shows_no_token() {
        let settings = read(json!({"api_url": "https://crm.example.com", "api_token": "1|abc"})).unwrap();
        assert!(!format!("{settings:?}").contains("abc"));
    }

    #[test]
    fn the_overrides_are_optional() {
        let settings = read(json!({"default_stage_id": 2, "lead_pipeline_stage_id": ""})).unwrap();
        assert_eq!(settings.stage_id, Some(2));
    }

    #[test]
    fn takes_numbers_and_toggles_as_forms_send_them() {
        let settings = read(json!({
            "default_stage_id": " 7 ", "default_source_id": 3.0, "custom_attributes": "plan, seats", "sync_messages": "1", "sync_conversations": "yes",
            "sync_to_organization": "off", "stage_progression_enabled": 1, "stage_on_conversation_created": "5"
        }))
        .unwrap();
        assert_eq!((settings.stage_id, settings.source_id), (Some(7), Some(3)));
        assert_eq!(settings.custom_attributes, Some(vec!["plan".to_owned(), "seats".to_owned()]));
        assert!(settings.sync_messages && settings.sync_conversations && !settings.sync_to_organization);
        assert_eq!(settings.stage_on_conversation_created, Some(StageRef::Id(5)));
    }

    #[test]
    fn names_each_key_that_it_cannot_read_and_no_value() {
        let table = [
            (json!({"api_url": 5}), "api_url must be text"),
            (json!({"api_token": ["secret"]}), "api_token must be text"),
            (json!({"default_stage_id": "secret"}), "default_stage_id must be the number of a record in Krayin"),
            (json!({"default_stage_id": -1}), "default_stage_id must be the number of a record in Krayin"),
            (json!({"default_stage_id": 1.5}), "default_stage_id must be the number of a record in Krayin"),
            (json!({"lead_type_id": 0}), "lead_type_id must be the number of a record in Krayin"),
            (json!({"default_pipeline_name": 5}), "default_pipeline_name must be text"),
            (json!({"sync_messages": "maybe"}), "sync_messages must be true or false"),
            (json!({"sync_messages": 2}), "sync_messages must be true or false"),
            (json!({"stage_on_first_response": true}), "stage_on_first_response must be a stage's id, code or name"),
            (json!({"stage_on_first_response": -4}), "stage_on_first_response must be a stage's id, code or name"),
            (json!({"custom_attributes": [1]}), "custom_attributes must be a list of texts"),
            (json!({"custom_attributes": true}), "custom_attributes must be a list of texts"),
            (json!({"api_dialect": "soap"}), "api_dialect must be rest_api or documented"),
            (json!({"deadline": 0}), "deadline must be a number of seconds, at most 3600"),
            (json!({"traits": 1}), "traits must be what the set-up stored"),
            (json!([]), "they must be an object of keys and values"),
        ];
        for (value, expected) in table {
            let error = read(value).unwrap_err();
            assert_eq!(error.problems.len(), 1);
            assert_eq!(error.problems[0].clause(crate::language::Language::En), expected);
            assert!(!error.to_string().contains("secret"));
        }
        let both = read(json!({"lead_type_id": "x", "sync_messages": []})).unwrap_err();
        assert_eq!(both.problems.len(), 2);
        assert!(Settings::from_json(b"{").unwrap_err().to_string().contains("not JSON"));
    }
}
