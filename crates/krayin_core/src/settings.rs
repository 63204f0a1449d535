//! The settings of one connection, as a Chatwoot hook keeps them: lenient on how a value is written, strict on what it
//! means.

use std::{fmt, time::Duration};

use serde_json::{Map, Value};

use crate::{
    DigestKey,
    api::{Connection, Destinations, Dialect, Traits},
};

/// What is wrong with the settings. Names keys, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The Krayin settings cannot be used: {}.", problems.join("; "))]
pub struct SettingsError {
    /// One clause a problem, each beginning with its key.
    pub problems: Vec<String>,
}

impl SettingsError {
    /// One problem.
    pub fn one(problem: impl Into<String>) -> Self {
        Self { problems: vec![problem.into()] }
    }
}

/// A stage as the administrator named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageRef {
    /// By id.
    Id(u64),
    /// By code or by name, without regard to case.
    Named(String),
}

/// All keys of a hook's settings.
///
/// Ids are whole numbers or text that holds one; toggles are booleans or `"true"`, `"1"`, `"on"`, `"yes"` and their
/// opposites; a blank text or `null` is an absent key. Unknown keys are passed over. Its `Debug` shows no token.
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
    /// Where a lead goes when its contact's conversation begins.
    pub stage_on_conversation_created: Option<StageRef>,
    /// Where a lead goes when a colleague first replies.
    pub stage_on_first_response: Option<StageRef>,
    /// Where a lead goes when the conversation is resolved.
    pub stage_on_conversation_resolved: Option<StageRef>,
    /// What the set-up learned of the server.
    pub traits: Traits,
    /// The longest that one attempt may take; 30 s where absent.
    pub attempt_timeout: Option<Duration>,
    /// The longest that one call may take with all its attempts; 90 s where absent.
    pub deadline: Option<Duration>,
    /// Where the token may go: the installation says so, never the administrator (`allow_http`, `allowed_hosts`).
    pub destinations: Destinations,
    /// What the digests of what was sent are made with: the installation's too (`digest_key`).
    pub digest_key: DigestKey,
}

impl Settings {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// As [`from_object`](Self::from_object), and for what is no JSON object.
    pub fn from_json(json: &[u8]) -> Result<Self, SettingsError> {
        match serde_json::from_slice(json) {
            Ok(Value::Object(object)) => Self::from_object(&object),
            Ok(_) => Err(SettingsError::one("they must be an object of keys and values")),
            Err(_) => Err(SettingsError::one("they are not JSON")),
        }
    }

    /// Reads the keys of `object`.
    ///
    /// # Errors
    /// Names every key that has a value of the wrong kind.
    pub fn from_object(object: &Map<String, Value>) -> Result<Self, SettingsError> {
        let mut keys = Keys { object, problems: Vec::new() };
        let chosen = ChosenIds {
            pipeline: keys.id("lead_pipeline_id"),
            stage: keys.id("lead_pipeline_stage_id"),
            source: keys.id("lead_source_id"),
            kind: keys.id("lead_type_id"),
        };
        let settings = Self {
            api_url: keys.text("api_url"),
            api_token: keys.text("api_token").map(Token),
            api_dialect: keys.dialect("api_dialect"),
            pipeline_id: chosen.pipeline.or(keys.id("default_pipeline_id")),
            stage_id: chosen.stage.or(keys.id("default_stage_id")),
            source_id: chosen.source.or(keys.id("default_source_id")),
            type_id: chosen.kind.or(keys.id("default_lead_type_id")),
            chosen,
            sync_conversations: keys.flag("sync_conversations"),
            sync_messages: keys.flag("sync_messages"),
            sync_to_organization: keys.flag("sync_to_organization"),
            stage_progression_enabled: keys.flag("stage_progression_enabled"),
            custom_attributes: keys.words("custom_attributes"),
            stage_on_conversation_created: keys.stage("stage_on_conversation_created"),
            stage_on_first_response: keys.stage("stage_on_first_response"),
            stage_on_conversation_resolved: keys.stage("stage_on_conversation_resolved"),
            traits: keys.traits("traits"),
            attempt_timeout: keys.seconds("attempt_timeout"),
            deadline: keys.seconds("deadline"),
            destinations: Destinations {
                allow_http: keys.flag("allow_http"),
                allowed_hosts: keys.texts("allowed_hosts"),
            },
            digest_key: keys.text("digest_key").map(|key| DigestKey::new(key.as_bytes())).unwrap_or_default(),
        };
        for name in ["default_pipeline_name", "default_stage_name", "default_source_name", "default_lead_type_name"] {
            keys.text(name);
        }
        if keys.problems.is_empty() { Ok(settings) } else { Err(SettingsError { problems: keys.problems }) }
    }

    /// The address and the token, checked: everything that a client needs before its first request.
    ///
    /// # Errors
    /// Where one is missing or has not its form, or where the token may not go there: plain http, a private address.
    pub fn connection(&self) -> Result<Connection, SettingsError> {
        let url = self.api_url.as_deref().ok_or_else(|| SettingsError::one("api_url is missing"))?;
        let token = self.api_token.as_ref().ok_or_else(|| SettingsError::one("api_token is missing"))?;
        let mut connection = Connection::new(url, &token.0, self.api_dialect, &self.destinations)?;
        connection.attempt_timeout = self.attempt_timeout.unwrap_or(connection.attempt_timeout);
        connection.deadline = self.deadline.unwrap_or(connection.deadline);
        Ok(connection)
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

/// An API token, which is shown nowhere.
#[derive(Clone)]
struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

struct Keys<'a> {
    object: &'a Map<String, Value>,
    problems: Vec<String>,
}

impl Keys<'_> {
    fn value(&self, key: &str) -> Option<&Value> {
        self.object
            .get(key)
            .filter(|value| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty()))
    }

    fn refuse<T>(&mut self, key: &str, wanted: &str) -> Option<T> {
        self.problems.push(format!("{key} must be {wanted}"));
        None
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) => Some(text.trim().to_owned()),
            _ => self.refuse(key, "text"),
        }
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        match self.value(key) {
            None => Vec::new(),
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
                list.iter().filter_map(Value::as_str).map(|text| text.trim().to_owned()).collect()
            }
            Some(_) => self.refuse(key, "a list of texts").unwrap_or_default(),
        }
    }

    /// A list of texts, or a text that has commas between them.
    fn words(&mut self, key: &str) -> Option<Vec<String>> {
        match self.value(key)? {
            Value::String(text) => Some(text.split(',').map(|word| word.trim().to_owned()).collect()),
            Value::Array(_) => Some(self.texts(key)),
            _ => self.refuse(key, "a list of texts"),
        }
    }

    fn id(&mut self, key: &str) -> Option<u64> {
        let id = match self.value(key)? {
            Value::Number(number) => whole(number),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match id {
            Some(id) if id > 0 => Some(id),
            _ => self.refuse(key, "the number of a record in Krayin"),
        }
    }

    fn flag(&mut self, key: &str) -> bool {
        let flag = match self.value(key) {
            None => Some(false),
            Some(Value::Bool(flag)) => Some(*flag),
            Some(Value::Number(number)) => match number.as_u64() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
            Some(Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "on" | "yes" => Some(true),
                "false" | "0" | "off" | "no" => Some(false),
                _ => None,
            },
            Some(_) => None,
        };
        flag.or_else(|| self.refuse(key, "true or false")).unwrap_or_default()
    }

    fn stage(&mut self, key: &str) -> Option<StageRef> {
        match self.value(key)? {
            Value::String(text) if text.trim().parse::<f64>().is_err() => Some(StageRef::Named(text.trim().to_owned())),
            Value::Number(_) | Value::String(_) => self.id(key).map(StageRef::Id),
            _ => self.refuse(key, "a stage's id, code or name"),
        }
    }

    fn dialect(&mut self, key: &str) -> Option<Dialect> {
        let text = self.text(key)?;
        Dialect::parse(&text).or_else(|| self.refuse(key, "rest_api or documented"))
    }

    fn seconds(&mut self, key: &str) -> Option<Duration> {
        let seconds = match self.value(key)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match seconds {
            Some(seconds) if seconds > 0.0 && seconds <= 3600.0 => Some(Duration::from_secs_f64(seconds)),
            _ => self.refuse(key, "a number of seconds, at most 3600"),
        }
    }

    fn traits(&mut self, key: &str) -> Traits {
        let Some(value) = self.value(key).cloned() else { return Traits::default() };
        serde_json::from_value(value).ok().or_else(|| self.refuse(key, "what the set-up stored")).unwrap_or_default()
    }
}

fn whole(number: &serde_json::Number) -> Option<u64> {
    // FormKit and JSON columns hand whole numbers on as 3.0 now and then.
    number.as_u64().or_else(|| {
        number.as_f64().filter(|float| float.fract() == 0.0 && *float > 0.0 && *float < 9e15).map(|float| float as u64)
    })
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
            (json!({"sync_messages": "maybe"}), "sync_messages must be true or false"),
            (json!({"sync_messages": 2}), "sync_messages must be true or false"),
            (json!({"stage_on_first_response": true}), "stage_on_first_response must be a stage's id, code or name"),
            (
                json!({"stage_on_first_response": -4}),
                "stage_on_first_response must be the number of a record in Krayin",
            ),
            (json!({"custom_attributes": [1]}), "custom_attributes must be a list of texts"),
            (json!({"custom_attributes": true}), "custom_attributes must be a list of texts"),
            (json!({"api_dialect": "soap"}), "api_dialect must be rest_api or documented"),
            (json!({"deadline": 0}), "deadline must be a number of seconds, at most 3600"),
            (json!({"traits": 1}), "traits must be what the set-up stored"),
            (json!([]), "they must be an object of keys and values"),
        ];
        for (value, expected) in table {
            let error = read(value).unwrap_err();
            assert_eq!(error.problems, [expected]);
            assert!(!error.to_string().contains("secret"));
        }
        let both = read(json!({"lead_type_id": "x", "sync_messages": []})).unwrap_err();
        assert_eq!(both.problems.len(), 2);
        assert!(Settings::from_json(b"{").unwrap_err().to_string().contains("not JSON"));
    }
}
