use serde::Deserialize;

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
    #[serde(deserialize_with = "lenient::text")]
    pub message_type: Option<String>,
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
    pub content_attributes: Option<ContentAttributes>,
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
        !self.private && !is_deleted && self.direction() != Direction::Internal
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
}

/// Who wrote a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Sender {
    /// The name that people see.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// `Contact`, `User`, `AgentBot` or `Captain::Assistant`.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub kind: Option<String>,
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
            (r#"{}"#, false),
            ("junk", false),
        ];
        for (json, expected) in table {
            assert_eq!(Message::from_json(json.as_bytes()).is_public(), expected, "{json}");
        }
        assert_eq!(Message::from_json(br#"{"message_type": 1}"#).direction(), Direction::Outgoing);
    }
}
