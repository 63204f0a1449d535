use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Kind, SettingsError};

/// Who says what a setting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SetBy {
    /// The administrator of an account, when Krayin is connected.
    Administrator,
    /// The set-up, which finds it in Krayin.
    SetUp,
    /// Whoever runs the installation, for all accounts; a hook's own value does not count.
    Installation,
}

/// A setting: everything that the form, the schema, the docs and the reader know of it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Setting {
    /// Its key among a hook's settings.
    pub key: &'static str,
    /// What its value is.
    #[serde(serialize_with = "name")]
    pub kind: Kind,
    /// What holds without it, in words.
    pub default: &'static str,
    /// Its label in the form; blank where the form does not ask for it.
    pub label: &'static str,
    /// What it means, in one sentence without a full stop.
    pub help: &'static str,
    /// Who says what it is.
    pub set_by: SetBy,
    /// Whether nothing works without it.
    pub required: bool,
    /// Whether the page of a connected Krayin shows it.
    pub shown: bool,
}

fn name<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

impl Setting {
    const fn new(key: &'static str, kind: Kind, set_by: SetBy) -> Self {
        Self { key, kind, default: "", label: "", help: "", set_by, required: false, shown: false }
    }

    const fn asked(key: &'static str, kind: Kind, label: &'static str) -> Self {
        Self { label, shown: true, ..Self::new(key, kind, SetBy::Administrator) }
    }

    const fn found(key: &'static str, kind: Kind) -> Self {
        Self::new(key, kind, SetBy::SetUp)
    }

    const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn shown(self, shown: bool) -> Self {
        Self { shown, ..self }
    }
}

/// All settings, in the order of the form.
pub const SETTINGS: &[Setting] = &[
    Setting::asked("api_url", Kind::Text, "Krayin address")
        .help("The address of your Krayin, such as https://crm.example.com")
        .required(),
    Setting::asked("api_token", Kind::Secret, "API token")
        .help("Of a Krayin user who sees all records")
        .required()
        .shown(false),
    Setting::asked("sync_conversations", Kind::Toggle, "Sync conversations")
        .help("Each conversation becomes an activity of the contact's lead")
        .default("no"),
    Setting::asked("sync_messages", Kind::Toggle, "Sync messages")
        .help("Each message becomes a note of the contact's person, at one request a message")
        .default("no"),
    Setting::asked("sync_to_organization", Kind::Toggle, "Sync companies")
        .help("The contact's company becomes an organization")
        .default("no"),
    Setting::asked("custom_attributes", Kind::Texts, "Custom attributes to show")
        .help("Their keys, separated by commas")
        .default("all but those that look private"),
    Setting::asked("field_mapping", Kind::Mapping, "Attributes to fill")
        .help("Lines such as lead.plan = plan: an attribute of Krayin's, and the contact's attribute that fills it")
        .default("none"),
    Setting::asked("on_deleted_in_krayin", Kind::OneOf(&["respect", "make_again"]), "What was deleted in Krayin")
        .help("Stays deleted (respect), or is made again by the next event (make_again)")
        .default("respect"),
    Setting::asked("on_closed", Kind::OneOf(&["note", "new_lead"]), "After a lead was won or lost")
        .help("What its contact says next is noted on it (note), or a new conversation gets a new lead (new_lead)")
        .default("note"),
    Setting::asked("on_yes_no", Kind::OneOf(&["carry", "leave_out", "write_anyway"]), "Yes/no attributes in Krayin")
        .help("Krayin sets them to no when a record is written: send them along (carry), never write such a record (leave_out), or write_anyway")
        .default("carry"),
    Setting::new("language", Kind::Text, SetBy::Installation)
        .help("The language of reasons, `en`, `pt` or `es`")
        .default("`en`"),
    Setting::asked("stage_progression_enabled", Kind::Toggle, "Move leads along")
        .help("Leads go forward to the stages below, never back")
        .default("no"),
    Setting::asked("stage_on_conversation_created", Kind::Stage, "Stage when a conversation begins")
        .help("A stage's name, code or id")
        .default("none"),
    Setting::asked("stage_on_first_response", Kind::Stage, "Stage at the first reply")
        .help("A stage's name, code or id")
        .default("none"),
    Setting::asked("stage_on_conversation_resolved", Kind::Stage, "Stage when a conversation is resolved")
        .help("A stage's name, code or id")
        .default("none"),
    Setting::asked("lead_pipeline_id", Kind::Id, "Pipeline of new leads")
        .help("Its id in Krayin")
        .default("the default one"),
    Setting::asked("lead_pipeline_stage_id", Kind::Id, "Stage of new leads")
        .help("Its id in Krayin")
        .default("the pipeline's first"),
    Setting::asked("lead_source_id", Kind::Id, "Source of new leads").help("Its id in Krayin").default("the web's"),
    Setting::asked("lead_type_id", Kind::Id, "Type of new leads").help("Its id in Krayin").default("the first"),
    Setting::new("api_dialect", Kind::Dialect, SetBy::Administrator)
        .help("Which paths serve which call, `rest_api` or `documented`")
        .default("what answers"),
    Setting::found("default_pipeline_id", Kind::Id).help("The default pipeline"),
    Setting::found("default_pipeline_name", Kind::Text).help("Its name").shown(true),
    Setting::found("default_stage_id", Kind::Id).help("Its first stage"),
    Setting::found("default_stage_name", Kind::Text).help("Its name").shown(true),
    Setting::found("default_source_id", Kind::Id).help("The source \"Website\" or \"Web\", else the first"),
    Setting::found("default_source_name", Kind::Text).help("Its name").shown(true),
    Setting::found("default_lead_type_id", Kind::Id).help("The first type"),
    Setting::found("default_lead_type_name", Kind::Text).help("Its name").shown(true),
    Setting::found("traits", Kind::ServerProfile).help("What the server is like; learned again every hour"),
    Setting::found("setup_error", Kind::Text).help("Why the set-up failed, or the token was refused").shown(true),
    Setting::new("attempt_timeout", Kind::Seconds, SetBy::Installation)
        .help("The longest that one attempt may take")
        .default("30 s"),
    Setting::new("deadline", Kind::Seconds, SetBy::Installation)
        .help("The longest that one call may take with all its attempts")
        .default("90 s"),
    Setting::new("allow_http", Kind::Toggle, SetBy::Installation)
        .help("Whether plain http may go to other machines than this one")
        .default("no"),
    Setting::new("allowed_hosts", Kind::Texts, SetBy::Installation)
        .help("Hosts that may have private addresses")
        .default("none"),
    Setting::new("default_country", Kind::Country, SetBy::Installation)
        .help("The two letters of the country that phone numbers are of which say none"),
    Setting::new("digest_key", Kind::Secret, SetBy::Installation).help("What digests of what was sent are made with"),
];

/// The setting of that key.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// Reads the keys of `object` that are settings, each in its kind's own form; those that are blank are left out. Whoever
/// asks for a setting, in whatever language, asks this.
///
/// # Errors
/// Names every key that has a value of the wrong kind.
pub fn read(object: &Map<String, Value>) -> Result<Map<String, Value>, SettingsError> {
    let mut read = Map::new();
    let mut problems = Vec::new();
    for setting in SETTINGS {
        let Some(value) = object.get(setting.key).filter(|value| !is_blank(value)) else { continue };
        match setting.kind.read(value) {
            Some(value) => {
                read.insert(setting.key.to_owned(), value);
            }
            None => problems.push(format!("{} must be {}", setting.key, setting.kind.wanted())),
        }
    }
    if problems.is_empty() { Ok(read) } else { Err(SettingsError { problems }) }
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::{SETTINGS, SetBy, find, read};
    use crate::settings::{Kind, Settings};

    #[test]
    fn each_is_there_once_and_says_what_it_is() {
        let keys: HashSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        assert_eq!(keys.len(), SETTINGS.len());
        for setting in SETTINGS {
            assert!(!setting.help.is_empty() && !setting.help.ends_with('.'), "{setting:?}");
            assert!(setting.kind != Kind::Secret || !setting.shown, "{setting:?}");
            assert!(setting.label.is_empty() || setting.set_by == SetBy::Administrator, "{setting:?}");
        }
        assert!(find("api_url").is_some_and(|setting| setting.required) && find("other").is_none());
    }

    #[test]
    fn no_odd_value_of_any_gets_past_the_reader() {
        // Whatever the table takes, the settings take, and the other way round.
        let odd = [
            json!(null),
            json!(""),
            json!(" x "),
            json!("1.0"),
            json!("Infinity"),
            json!("t"),
            json!(true),
            json!(-1),
            json!(3.0),
            json!(1e300),
            json!([]),
            json!(["a"]),
            json!([1]),
            json!({}),
            json!({"pipelines": 5}),
        ];
        for setting in SETTINGS {
            for value in &odd {
                let object = json!({setting.key: value});
                let object = object.as_object().unwrap();
                assert_eq!(read(object).is_ok(), Settings::from_object(object).is_ok(), "{object:?}");
            }
        }
    }
}
