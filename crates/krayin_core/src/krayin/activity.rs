use serde::{Deserialize, Serialize, Serializer};
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

/// What an activity is linked to. Krayin takes one link a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ActivityLink {
    /// A person.
    #[serde(rename = "person_id")]
    Person(u64),
    /// A lead.
    #[serde(rename = "lead_id")]
    Lead(u64),
}

/// The types of activity that conversations and messages become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityType {
    /// A note; a server refuses one without comment.
    Note,
    /// A call; a server refuses one without schedule.
    Call,
    /// An e-mail; a server refuses one without schedule, and its page shows nothing of any activity beside one without
    /// `additional`.
    Email,
}

/// An activity to be created or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewActivity {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ActivityType,
    /// Its title, at most 255 characters, without a comma: one that has it cannot be searched for.
    pub title: String,
    /// Its text, HTML of at most 65,535 bytes.
    pub comment: String,
    /// When it begins, `YYYY-MM-DD HH:MM:SS` in the server's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_from: Option<String>,
    /// When it ends, likewise; never before it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_to: Option<String>,
    /// An e-mail's sender, recipients and folder: JSON as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional: Option<String>,
    /// Whether it is done. A server sets it itself on creation, and takes it in an update.
    #[serde(serialize_with = "one_or_zero")]
    pub is_done: bool,
    /// What it is linked to.
    #[serde(flatten)]
    pub link: ActivityLink,
}

impl NewActivity {
    /// Writes its JSON behind what `json` holds. What is generic is compiled as the crate that calls it, and the extension is
    /// compiled to be small: a long comment would take four times as long there.
    pub fn write_json(&self, json: &mut Vec<u8>) {
        let before = json.len();
        if serde_json::to_writer(&mut *json, self).is_err() {
            json.truncate(before);
            json.extend_from_slice(b"null");
        }
    }
}

fn one_or_zero<S: Serializer>(flag: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(u8::from(*flag))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ActivityLink, ActivityType, NewActivity};

    #[test]
    fn is_written_as_krayin_takes_it() {
        let note = NewActivity {
            kind: ActivityType::Note,
            title: "T".into(),
            comment: "C".into(),
            schedule_from: None,
            schedule_to: None,
            additional: None,
            is_done: true,
            link: ActivityLink::Person(5),
        };
        let expected = json!({"type": "note", "title": "T", "comment": "C", "is_done": 1, "person_id": 5});
        assert_eq!(serde_json::to_value(&note).unwrap(), expected);
        let email = NewActivity {
            kind: ActivityType::Email,
            schedule_from: Some("2026-01-01 10:00:00".into()),
            additional: Some("{}".into()),
            is_done: false,
            link: ActivityLink::Lead(6),
            ..note
        };
        let expected = json!({
            "type": "email", "title": "T", "comment": "C", "schedule_from": "2026-01-01 10:00:00", "additional": "{}",
            "is_done": 0, "lead_id": 6
        });
        assert_eq!(serde_json::to_value(&email).unwrap(), expected);
        let mut json = b"[".to_vec();
        email.write_json(&mut json);
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&json[1..]).unwrap(), expected);
    }
}
