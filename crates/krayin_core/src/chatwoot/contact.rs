use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{Channel, Conversation, lenient};
use crate::{krayin::Entity, memo::Memo};

/// A contact of Chatwoot, `db/schema.rb`'s `contacts`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Its id in Chatwoot; 0 where there is none.
    #[serde(deserialize_with = "lenient::id")]
    pub id: u64,
    /// The account that it belongs to.
    #[serde(deserialize_with = "lenient::id")]
    pub account_id: u64,
    /// The whole name, or the first one.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// The middle name.
    #[serde(deserialize_with = "lenient::text")]
    pub middle_name: Option<String>,
    /// The last name.
    #[serde(deserialize_with = "lenient::text")]
    pub last_name: Option<String>,
    /// The e-mail address, which Chatwoot writes in small letters.
    #[serde(deserialize_with = "lenient::text")]
    pub email: Option<String>,
    /// The phone number, E.164 where Chatwoot checked it.
    #[serde(deserialize_with = "lenient::text")]
    pub phone_number: Option<String>,
    /// The id that the installation's own system gave.
    #[serde(deserialize_with = "lenient::text")]
    pub identifier: Option<String>,
    /// What channels and agents noted: company, city, country, social profiles, but also IP addresses.
    #[serde(deserialize_with = "lenient::object")]
    pub additional_attributes: Map<String, Value>,
    /// The fields that the administrator defined.
    #[serde(deserialize_with = "lenient::object")]
    pub custom_attributes: Map<String, Value>,
    /// Its labels, where the settings ask for them.
    #[serde(deserialize_with = "known_labels")]
    pub labels: Labels,
    /// The colours of labels, `{"vip": "#ff0000"}`, likewise.
    #[serde(deserialize_with = "lenient::object")]
    pub label_colors: Map<String, Value>,
    /// The inboxes that it has written to, or was written to from.
    #[serde(deserialize_with = "lenient::list")]
    pub contact_inboxes: Vec<ContactInbox>,
    /// Whether nobody but colleagues, and what they run, can have written its custom attributes and its identifier: it has
    /// no inbox whose visitors write them. Not where that is not told.
    #[serde(deserialize_with = "lenient::unless_no")]
    pub is_written_by_colleagues: bool,
    /// What a host gives in the place of what is mapped, by entity and attribute: `{"lead": {"title": "…"}}`. See
    /// [`mapper::with_payload`](crate::mapper::with_payload).
    #[serde(deserialize_with = "lenient::object")]
    pub mapped: Map<String, Value>,
    /// The inbox that it first wrote to, or was written to from, where the settings ask for it.
    #[serde(deserialize_with = "lenient::nested")]
    pub first_inbox: Option<Inbox>,
    /// Whether it has a conversation.
    #[serde(deserialize_with = "lenient::unless_no")]
    pub has_conversation: bool,
    /// What can be mapped of the conversation that it is brought over for, where the settings map any of that.
    #[serde(skip)]
    pub(crate) about: Map<String, Value>,
    /// The two-letter code of the country that its number is of where it says none; not Chatwoot's, the installation's.
    #[serde(skip)]
    pub(crate) default_country: Option<String>,
    /// The addresses in its address, and the numbers in its number in a country: an event asks again and again.
    #[serde(skip)]
    pub(crate) addresses: Memo<String, Vec<String>>,
    #[serde(skip)]
    pub(crate) numbers: Memo<(String, Option<String>), Vec<String>>,
}

/// An inbox, as far as a lead's source depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Inbox {
    /// Its id in Chatwoot; 0 where there is none.
    #[serde(deserialize_with = "lenient::id")]
    pub id: u64,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// The channel's class, `Channel::WebWidget`.
    #[serde(deserialize_with = "lenient::text")]
    pub channel_type: Option<String>,
    /// What the channel carries where it carries several: Twilio's `sms` or `whatsapp`.
    #[serde(deserialize_with = "lenient::text")]
    pub channel_medium: Option<String>,
}

impl Inbox {
    /// What its channel is called: by us, by its class, and a web chat as Chatwoot's pages call it.
    pub(crate) fn channel_names(&self) -> Vec<String> {
        let Some(class) = self.channel_type.as_deref() else { return Vec::new() };
        let talk = Conversation {
            channel_type: self.channel_type.clone(),
            channel_medium: self.channel_medium.clone(),
            ..Conversation::default()
        };
        let mut names = vec![talk.channel_name().into_owned()];
        names.push(class.strip_prefix("Channel::").unwrap_or(class).to_owned());
        if talk.channel() == Channel::WebWidget {
            names.push("Website".to_owned());
        }
        names
    }
}

/// Labels, where they are told: none is another thing than not to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Option<Vec<String>>);

impl Labels {
    /// Whether they are told.
    pub fn is_known(&self) -> bool {
        self.0.is_some()
    }
}

impl std::ops::Deref for Labels {
    type Target = [String];

    fn deref(&self) -> &[String] {
        self.0.as_deref().unwrap_or_default()
    }
}

fn known_labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
    Ok(Labels(Some(lenient::texts(deserializer)?)))
}

/// How an inbox's channel reaches a contact, `db/schema.rb`'s `contact_inboxes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, from = "Row")]
pub struct ContactInbox {
    /// The channel's class, `Channel::Telegram`.
    pub channel_type: Option<String>,
    /// The contact's id with the channel's provider, or its address there.
    pub source_id: Option<String>,
}

/// As Chatwoot's own API tells it, the channel is the inbox's.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Row {
    #[serde(deserialize_with = "lenient::text")]
    channel_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    source_id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    inbox: Map<String, Value>,
}

impl From<Row> for ContactInbox {
    fn from(row: Row) -> Self {
        let of_inbox = || lenient::as_text(row.inbox.get("channel_type")?);
        Self { channel_type: row.channel_type.or_else(of_inbox), source_id: row.source_id }
    }
}

impl Contact {
    /// Reads a snapshot; total.
    pub fn from_json(json: &[u8]) -> Self {
        lenient::record(json)
    }

    /// The same as it is known in a conversation over a channel, `source_id` being how that reaches it.
    pub(crate) fn in_conversation(&mut self, channel_type: Option<&str>, source_id: Option<&str>) {
        self.has_conversation = true;
        let Some(channel_type) = channel_type else { return };
        let is_known = |inbox: &ContactInbox| {
            inbox.channel_type.as_deref() == Some(channel_type)
                && (source_id.is_none() || inbox.source_id.as_deref() == source_id)
        };
        if !self.contact_inboxes.iter().any(is_known) {
            let source_id = source_id.map(str::to_owned);
            self.contact_inboxes.push(ContactInbox { channel_type: Some(channel_type.to_owned()), source_id });
        }
    }

    /// What a host gives for an attribute of Krayin's; null where the contact is to say nothing of it.
    pub(crate) fn given(&self, entity: Entity, attribute: &str) -> Option<&Value> {
        self.mapped.get(entity.name())?.get(attribute)
    }

    /// The first of `keys` among the additional attributes that holds text. `{"name": …}` counts as its name.
    pub(crate) fn attribute(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| {
            let value = self.additional_attributes.get(*key)?;
            lenient::as_text(value.get("name").unwrap_or(value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Contact;

    #[test]
    fn reads_any_shape() {
        let contact = Contact::from_json(
            br#"{"id": "7", "name": 5, "email": ["x"], "phone_number": " ", "additional_attributes": "none", "later": {}}"#,
        );
        assert_eq!((contact.id, contact.name.as_deref()), (7, Some("5")));
        assert_eq!((contact.email, contact.phone_number), (None, None));
        let contact = Contact::from_json(
            br#"{"contact_inboxes": [{"channel_type": "Channel::Line", "source_id": 5}, 7, {"inbox": {"channel_type": "x"}},
                {"source_id": {}, "inbox": []}], "has_conversation": "t"}"#,
        );
        let told: Vec<_> =
            contact.contact_inboxes.iter().map(|inbox| (&inbox.channel_type, &inbox.source_id)).collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(told, [(&text("Channel::Line"), &text("5")), (&text("x"), &None), (&None, &None)]);
        assert!(contact.has_conversation);
        for junk in ["", "[]", "null", "{", "1", r#"{"id": -1}"#, r#"{"id": {}}"#] {
            assert_eq!(Contact::from_json(junk.as_bytes()).id, 0, "{junk}");
        }
    }
}
