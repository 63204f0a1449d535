use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Contact, Conversation, lenient};

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the contact.
    Incoming,
    /// From a colleague or a bot.
    Outgoing,
    /// Not a message of anyone's: a change that Chatwoot noted (`activity`), a greeting or survey (`template`).
    Internal,
}

/// A message of Chatwoot.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Message {
    /// Its id in Chatwoot; 0 where there is none.
    #[serde(deserialize_with = "lenient::id")]
    pub id: u64,
    /// `incoming`, `outgoing`, `activity` or `template`.
    #[serde(deserialize_with = "lenient::word")]
    pub message_type: Option<Cow<'static, str>>,
    /// Whether it is a note among colleagues.
    #[serde(deserialize_with = "lenient::unless_no")]
    pub private: bool,
    /// Whether its text was taken back.
    #[serde(deserialize_with = "lenient::unless_no")]
    pub deleted: bool,
    /// `text`, `incoming_email` and others.
    #[serde(deserialize_with = "lenient::text")]
    pub content_type: Option<String>,
    /// What else the channel noted; among it whether the text was taken back.
    #[serde(deserialize_with = "lenient::nested")]
    pub content_attributes: Option<Box<ContentAttributes>>,
    /// What Chatwoot noted about how it was sent: the template of WhatsApp's.
    #[serde(deserialize_with = "lenient::object")]
    pub additional_attributes: Map<String, Value>,
    /// Its text: markdown, HTML or plain, up to 150,000 characters.
    #[serde(deserialize_with = "lenient::text")]
    pub content: Option<String>,
    /// When it was written, RFC 3339 in UTC.
    #[serde(deserialize_with = "lenient::text")]
    pub created_at: Option<String>,
    /// Who wrote it.
    #[serde(deserialize_with = "lenient::nested")]
    pub sender: Option<Sender>,
    /// What is attached to it.
    #[serde(deserialize_with = "lenient::list")]
    pub attachments: Vec<Attachment>,
    /// What a host gives in the place of what is mapped, by attribute of the activity.
    #[serde(deserialize_with = "lenient::object")]
    pub mapped: Map<String, Value>,
    /// The conversation that it belongs to, with its contact.
    #[serde(deserialize_with = "lenient::nested")]
    pub conversation: Option<Box<Conversation>>,
}

impl Message {
    /// Reads a snapshot; total.
    pub fn from_json(json: &[u8]) -> Self {
        lenient::record(json)
    }

    /// Which way it went.
    pub fn direction(&self) -> Direction {
        match self.message_type.as_deref() {
            Some("incoming" | "0") => Direction::Incoming,
            Some("outgoing" | "1") => Direction::Outgoing,
            _ => Direction::Internal,
        }
    }

    /// Whether it may leave Chatwoot: said by or to the contact, and not a note among colleagues.
    pub fn is_public(&self) -> bool {
        let is_deleted = self.deleted || self.content_attributes.as_ref().is_some_and(|noted| noted.deleted);
        // What Chatwoot asks of itself is said by nobody, until the contact answers.
        let is_answered = self.content_attributes.as_deref().is_some_and(ContentAttributes::is_answered);
        let is_template = matches!(self.message_type.as_deref(), Some("template" | "3"));
        !self.private && !is_deleted && (self.direction() != Direction::Internal || (is_template && is_answered))
    }

    /// The contact of its conversation.
    pub fn contact(&self) -> Option<&Contact> {
        self.conversation.as_ref()?.contact.as_ref()
    }
}

/// What the channel noted about a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ContentAttributes {
    /// Whether the message's text was taken back.
    #[serde(deserialize_with = "lenient::unless_no")]
    pub deleted: bool,
    /// What a message offers or asks: options, cards, articles, the fields of a form.
    pub items: Value,
    /// What was answered: a list of `{name, title, value}`, or a survey's `{csat_survey_response: {rating, feedback_message}}`.
    pub submitted_values: Value,
    /// The address that was left where one was asked for.
    #[serde(deserialize_with = "lenient::text")]
    pub submitted_email: Option<String>,
    /// A mail's subject, `cc` and `bcc`.
    #[serde(deserialize_with = "lenient::object")]
    pub email: Map<String, Value>,
    /// Whom a reply by mail went to: a list, or a text.
    pub to_emails: Value,
    /// Whom it went to as well.
    pub cc_emails: Value,
    /// Whom it went to without the others' knowing.
    pub bcc_emails: Value,
    /// What a picture is to a message: `ig_story_reply`, `story_mention`.
    #[serde(deserialize_with = "lenient::text")]
    pub image_type: Option<String>,
    /// The advertisement that brought the contact here, as its network tells it.
    #[serde(deserialize_with = "lenient::object")]
    pub referral: Map<String, Value>,
    /// Whether it is of a kind that Chatwoot does not know.
    #[serde(deserialize_with = "lenient::unless_no")]
    pub is_unsupported: bool,
}

impl ContentAttributes {
    /// Whether somebody has answered what was asked.
    fn is_answered(&self) -> bool {
        let is_given = match &self.submitted_values {
            Value::Array(answers) => !answers.is_empty(),
            Value::Object(answers) => !answers.is_empty(),
            _ => false,
        };
        is_given || self.submitted_email.is_some()
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Sender {
    /// The name that people see.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// `Contact`, `User`, `AgentBot` or `Captain::Assistant`.
    #[serde(rename = "type", deserialize_with = "lenient::word")]
    pub kind: Option<Cow<'static, str>>,
}

/// Something attached to a message. Its content never leaves Chatwoot.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// `image`, `audio`, `video`, `file`, `location`, `contact` and others.
    #[serde(deserialize_with = "lenient::text")]
    pub file_type: Option<String>,
    /// The file's name.
    #[serde(deserialize_with = "lenient::text")]
    pub file_name: Option<String>,
    /// The name of what is no file, a place's for instance.
    #[serde(deserialize_with = "lenient::text")]
    pub fallback_title: Option<String>,
    /// The file's media type.
    #[serde(deserialize_with = "lenient::text")]
    pub content_type: Option<String>,
    /// The file's size in bytes; 0 where unknown.
    #[serde(deserialize_with = "lenient::id")]
    pub byte_size: u64,
    /// Where what is no file is to be seen.
    #[serde(deserialize_with = "lenient::text")]
    pub external_url: Option<String>,
    /// A place's latitude; 0 where there is none.
    #[serde(deserialize_with = "lenient::number")]
    pub coordinates_lat: f64,
    /// A place's longitude; 0 where there is none.
    #[serde(deserialize_with = "lenient::number")]
    pub coordinates_long: f64,
    /// What else is known: a person's name, what was said in a recording.
    #[serde(deserialize_with = "lenient::object")]
    pub meta: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::{Direction, Message};

    #[test]
    fn only_what_contact_and_colleagues_said_to_each_other_is_public() {
        let table = [
            (r#"{"message_type": "incoming"}"#, true),
            (r#"{"message_type": "outgoing"}"#, true),
            (r#"{"message_type": 0}"#, true),
            (r#"{"message_type": "outgoing", "private": true}"#, false),
            (r#"{"message_type": "outgoing", "private": "1"}"#, false),
            (r#"{"message_type": "outgoing", "private": "f"}"#, false),
            (r#"{"message_type": "outgoing", "private": {}}"#, false),
            (r#"{"message_type": "outgoing", "private": "false", "deleted": null}"#, true),
            (r#"{"message_type": "incoming", "deleted": true}"#, false),
            (r#"{"message_type": "incoming", "content_attributes": {"deleted": true}}"#, false),
            (r#"{"message_type": "incoming", "content_attributes": {"email": {}}}"#, true),
            (r#"{"message_type": "activity"}"#, false),
            (r#"{"message_type": "template"}"#, false),
            (
                r#"{"message_type": "template", "content_attributes": {"submitted_values": [], "submitted_email": " "}}"#,
                false,
            ),
            (r#"{"message_type": "template", "content_attributes": {"submitted_email": "j@example.com"}}"#, true),
            (
                r#"{"message_type": 3, "content_attributes": "{\"submitted_values\": {\"csat_survey_response\": {}}}"}"#,
                true,
            ),
            (
                r#"{"message_type": "template", "private": true, "content_attributes": {"submitted_email": "j@x"}}"#,
                false,
            ),
            (r#"{"message_type": "activity", "content_attributes": {"submitted_email": "j@x"}}"#, false),
            (r#"{"message_type": 1, "content_attributes": "{\"deleted\": true}"}"#, false),
            (r#"{"message_type": 1, "content_attributes": " {\"deleted\": \"true\", \"x\": \"\\ud83d\"}"}"#, false),
            (r#"{"message_type": 1, "content_attributes": "\"{\\\"deleted\\\": true}\""}"#, false),
            (r#"{"message_type": 1, "content_attributes": "{\"deleted\": false}"}"#, true),
            (r#"{"message_type": 1, "content_attributes": "not json"}"#, true),
            (r#"{"message_type": 1, "content_attributes": null}"#, true),
            (r#"{"message_type": 1, "content_attributes": []}"#, true),
            (r#"{"message_type": 1, "content_attributes": "null"}"#, true),
            (r#"{}"#, false),
            ("junk", false),
        ];
        for (json, expected) in table {
            assert_eq!(Message::from_json(json.as_bytes()).is_public(), expected, "{json}");
        }
        assert_eq!(Message::from_json(br#"{"message_type": 1}"#).direction(), Direction::Outgoing);
    }
}
