use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Contact, Inbox, Message, lenient};
use crate::text;

/// A conversation of Chatwoot with what its activity shows of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Conversation {
    /// Its id in Chatwoot; 0 where there is none.
    #[serde(deserialize_with = "lenient::id")]
    pub id: u64,
    /// The number that people see, unique in its account.
    #[serde(deserialize_with = "lenient::id")]
    pub display_id: u64,
    /// The account that it belongs to.
    #[serde(deserialize_with = "lenient::id")]
    pub account_id: u64,
    /// `open`, `resolved`, `pending` or `snoozed`.
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// `low`, `medium`, `high` or `urgent`.
    #[serde(deserialize_with = "lenient::text")]
    pub priority: Option<String>,
    /// The channel's class, `Channel::WebWidget`.
    #[serde(deserialize_with = "lenient::text")]
    pub channel_type: Option<String>,
    /// The inbox's id; 0 where it is not known.
    #[serde(deserialize_with = "lenient::id")]
    pub inbox_id: u64,
    /// What the channel carries where it carries several: Twilio's `sms` or `whatsapp`.
    #[serde(deserialize_with = "lenient::text")]
    pub channel_medium: Option<String>,
    /// The inbox's name.
    #[serde(deserialize_with = "lenient::text")]
    pub inbox_name: Option<String>,
    /// The inbox's own address, where its channel is e-mail.
    #[serde(deserialize_with = "lenient::text")]
    pub inbox_email: Option<String>,
    /// The name of the colleague it is assigned to.
    #[serde(deserialize_with = "lenient::text")]
    pub assignee_name: Option<String>,
    /// That colleague's address.
    #[serde(deserialize_with = "lenient::text")]
    pub assignee_email: Option<String>,
    /// The name of the team it is assigned to.
    #[serde(deserialize_with = "lenient::text")]
    pub team_name: Option<String>,
    /// Its labels.
    #[serde(deserialize_with = "lenient::texts")]
    pub labels: Vec<String>,
    /// Their colours, `{"vip": "#ff0000"}`, where the settings ask for them.
    #[serde(deserialize_with = "lenient::object")]
    pub label_colors: Map<String, Value>,
    /// What the channel noted: an e-mail's subject, but also addresses and devices.
    #[serde(deserialize_with = "lenient::object")]
    pub additional_attributes: Map<String, Value>,
    /// The fields that the administrator defined.
    #[serde(deserialize_with = "lenient::object")]
    pub custom_attributes: Map<String, Value>,
    /// When it began, RFC 3339 in UTC.
    #[serde(deserialize_with = "lenient::text")]
    pub created_at: Option<String>,
    /// When something last happened in it, RFC 3339 in UTC.
    #[serde(deserialize_with = "lenient::text")]
    pub last_activity_at: Option<String>,
    /// When a colleague first replied, RFC 3339 in UTC.
    #[serde(deserialize_with = "lenient::text")]
    pub first_reply_created_at: Option<String>,
    /// How long it took until it was resolved, where the settings ask for it.
    #[serde(deserialize_with = "lenient::text")]
    pub resolution_seconds: Option<String>,
    /// The title of the campaign that it began with, likewise.
    #[serde(deserialize_with = "lenient::text")]
    pub campaign_title: Option<String>,
    /// What its contact said of it, 1 to 5, likewise.
    #[serde(deserialize_with = "lenient::text")]
    pub csat_rating: Option<String>,
    /// In words.
    #[serde(deserialize_with = "lenient::text")]
    pub csat_feedback: Option<String>,
    /// Its page in Chatwoot.
    #[serde(deserialize_with = "lenient::text")]
    pub url: Option<String>,
    /// How its channel reaches the contact: the contact's id with the provider.
    #[serde(deserialize_with = "lenient::text")]
    pub source_id: Option<String>,
    /// The contact that it is with.
    #[serde(deserialize_with = "lenient::nested")]
    pub contact: Option<Contact>,
    /// What a host gives in the place of what is mapped, by attribute of the activity.
    #[serde(deserialize_with = "lenient::object")]
    pub mapped: Map<String, Value>,
    /// Its latest messages, in any order.
    #[serde(deserialize_with = "lenient::list")]
    pub messages: Vec<Message>,
}

impl Conversation {
    /// The inbox that it is in.
    pub(crate) fn inbox(&self) -> Inbox {
        Inbox {
            id: self.inbox_id,
            name: self.inbox_name.clone(),
            channel_type: self.channel_type.clone(),
            channel_medium: self.channel_medium.clone(),
        }
    }

    /// Reads a snapshot; total.
    pub fn from_json(json: &[u8]) -> Self {
        lenient::record(json)
    }

    /// What people call the channel that it runs over; a channel that is not known by its class.
    pub fn channel_name(&self) -> Cow<'_, str> {
        let class = self.channel_type.as_deref().unwrap_or_default();
        match self.channel() {
            Channel::Other => {
                let name = class.strip_prefix("Channel::").unwrap_or(class);
                let mut words = String::with_capacity(name.len() + 4);
                for (at, c) in name.chars().enumerate() {
                    if at > 0 && c.is_uppercase() {
                        words.push(' ');
                    }
                    words.extend(if at > 0 { c.to_lowercase().collect::<Vec<_>>() } else { vec![c] });
                }
                let words = text::one_line(&words);
                if words.is_empty() {
                    Cow::Borrowed(Channel::Other.name())
                } else {
                    Cow::Owned(text::cut_chars(&words, 50))
                }
            }
            channel => Cow::Borrowed(channel.name()),
        }
    }

    /// The channel that it runs over.
    pub fn channel(&self) -> Channel {
        match (Channel::of(self.channel_type.as_deref().unwrap_or_default()), self.channel_medium.as_deref()) {
            (Channel::TwilioSms, Some("whatsapp" | "1")) => Channel::Whatsapp,
            // Instagram by way of the Facebook page that it belongs to.
            (Channel::FacebookPage, _)
                if self.additional_attributes.get("type").and_then(Value::as_str)
                    == Some("instagram_direct_message") =>
            {
                Channel::Instagram
            }
            (channel, _) => channel,
        }
    }
}

/// The twelve channels of Chatwoot, and whatever comes after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The chat on a web site.
    WebWidget,
    /// A programmed channel.
    Api,
    /// E-mail.
    Email,
    /// Facebook's Messenger.
    FacebookPage,
    /// Instagram.
    Instagram,
    /// LINE.
    Line,
    /// SMS by Bandwidth.
    Sms,
    /// Telegram.
    Telegram,
    /// TikTok.
    Tiktok,
    /// SMS or WhatsApp by Twilio.
    TwilioSms,
    /// Direct messages on X, once Twitter.
    TwitterProfile,
    /// WhatsApp.
    Whatsapp,
    /// One that this version does not know.
    Other,
}

impl Channel {
    /// The channel of a class name.
    pub fn of(class: &str) -> Self {
        match class.strip_prefix("Channel::").unwrap_or(class) {
            "WebWidget" => Self::WebWidget,
            "Api" => Self::Api,
            "Email" => Self::Email,
            "FacebookPage" => Self::FacebookPage,
            "Instagram" => Self::Instagram,
            "Line" => Self::Line,
            "Sms" => Self::Sms,
            "Telegram" => Self::Telegram,
            "Tiktok" => Self::Tiktok,
            "TwilioSms" => Self::TwilioSms,
            "TwitterProfile" => Self::TwitterProfile,
            "Whatsapp" => Self::Whatsapp,
            _ => Self::Other,
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebWidget => "Web chat",
            Self::Api => "API",
            Self::Email => "E-mail",
            Self::FacebookPage => "Facebook Messenger",
            Self::Instagram => "Instagram",
            Self::Line => "LINE",
            Self::Sms | Self::TwilioSms => "SMS",
            Self::Telegram => "Telegram",
            Self::Tiktok => "TikTok",
            Self::TwitterProfile => "X",
            Self::Whatsapp => "WhatsApp",
            Self::Other => "Chat",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Channel, Conversation};

    #[test]
    fn reads_any_shape() {
        let conversation = Conversation::from_json(
            br#"{"id": "7", "display_id": 4.0, "status": 1, "labels": ["a", 5, null, " b ", {}], "contact": [],
                "custom_attributes": "none", "additional_attributes": {"mail_subject": "s", "deep": [{"a": [1, 2.5, -3, true]}]},
                "messages": [5, null, "x", [], {"id": 1, "sender": "x", "attachments": {"a": 1}}, {"id": 2, "attachments": [{}, 1]}],
                "url": ["x"], "later": {"a": []}}"#,
        );
        assert_eq!((conversation.id, conversation.display_id, conversation.status.as_deref()), (7, 0, Some("1")));
        assert_eq!(conversation.labels, ["a", "b"]);
        assert_eq!(
            (conversation.contact.is_none(), conversation.custom_attributes.len(), conversation.url),
            (true, 0, None)
        );
        assert_eq!(conversation.additional_attributes.len(), 2);
        let messages: Vec<(u64, usize)> =
            conversation.messages.iter().map(|message| (message.id, message.attachments.len())).collect();
        assert_eq!(messages, [(1, 0), (2, 1)]);
        for junk in ["", "[]", "null", "{", "1", r#"{"id": -1}"#, r#"{"messages": {"a": 1}}"#, r#"{"labels": "x"}"#] {
            let conversation = Conversation::from_json(junk.as_bytes());
            assert_eq!((conversation.id, conversation.messages.len()), (0, 0), "{junk}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_costs_nothing_else() {
        let twice = Conversation::from_json(
            br#"{"id": 1, "id": 2, "messages": [{"id": 3, "private": false, "private": true}]}"#,
        );
        assert_eq!((twice.id, twice.messages.first().map(|message| message.private)), (2, Some(true)));
    }

    #[test]
    fn knows_the_channels() {
        assert_eq!(Channel::of("Channel::Whatsapp"), Channel::Whatsapp);
        assert_eq!(Channel::of("Whatsapp").name(), "WhatsApp");
        assert_eq!(Channel::of("Channel::Later"), Channel::Other);
        assert_eq!(Conversation::default().channel(), Channel::Other);
        let name = |json: &str| Conversation::from_json(json.as_bytes()).channel_name().into_owned();
        let table = [
            (r#"{"channel_type": "Channel::TwilioSms", "channel_medium": "whatsapp"}"#, "WhatsApp"),
            (r#"{"channel_type": "Channel::TwilioSms", "channel_medium": 1}"#, "WhatsApp"),
            (r#"{"channel_type": "Channel::TwilioSms", "channel_medium": "sms"}"#, "SMS"),
            (r#"{"channel_type": "Channel::TwilioSms"}"#, "SMS"),
            (
                r#"{"channel_type": "Channel::FacebookPage", "additional_attributes": {"type": "instagram_direct_message"}}"#,
                "Instagram",
            ),
            (r#"{"channel_type": "Channel::FacebookPage"}"#, "Facebook Messenger"),
            (r#"{"channel_type": "Channel::AppleMessages"}"#, "Apple messages"),
            (r#"{"channel_type": "Channel::Voice"}"#, "Voice"),
            ("{}", "Chat"),
        ];
        for (json, expected) in table {
            assert_eq!(name(json), expected, "{json}");
        }
    }
}
