use super::{sendable_email, sendable_phone};
use crate::{
    chatwoot::{Channel, Contact, ContactInbox},
    digest::DigestKey,
    phone, placeholder,
    settings::{Settings, WithoutEmailOrPhone},
};

/// What a contact is known by beside its e-mail addresses: what providers vouch for, and its own record.
///
/// A visitor of a website chooses what stands in `identifier`, in the attributes and in the `source_id` of a web chat or
/// a programmed channel, so none of these says who someone is. The `source_id` of the other channels comes from the
/// network's own servers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity {
    /// `telegram:123456`, the first of the contact's inboxes first.
    pub(crate) channel_ids: Vec<String>,
    /// Numbers in E.164 that a network has delivered messages from.
    pub(crate) vouched_numbers: Vec<String>,
    number: Option<String>,
    email: Option<String>,
    record: String,
}

impl Identity {
    pub(crate) fn of(contact: &Contact) -> Self {
        let mut identity = Self {
            number: sendable_phone(contact),
            email: sendable_email(contact),
            record: format!("contact:{}/{}", contact.account_id, contact.id),
            ..Self::default()
        };
        for inbox in &contact.contact_inboxes {
            let known = match network(inbox.channel()) {
                Some(PHONE) => {
                    if let Some(number) = inbox.source_id.as_deref().and_then(number_of) {
                        push(&mut identity.vouched_numbers, number);
                        continue;
                    }
                    // A subscriber who hides the number has an id.
                    inbox.source_id.clone().filter(|id| id.contains(|c: char| c.is_ascii_alphabetic()))
                }
                Some(network) => inbox.source_id.clone().or_else(|| user_id(contact, network)),
                None => None,
            };
            let usable = |id: &String| !id.is_empty() && id.len() <= 255 && !id.starts_with("krayin:");
            if let (Some(id), Some(network)) = (known.filter(usable), network(inbox.channel())) {
                push(&mut identity.channel_ids, format!("{network}:{id}"));
            }
        }
        identity
    }

    /// Whether the settings want a contact that has neither an e-mail address nor a number.
    pub(crate) fn is_brought_over(contact: &Contact, settings: &Settings) -> bool {
        match settings.contacts_without_email_or_phone {
            WithoutEmailOrPhone::Never => false,
            WithoutEmailOrPhone::Always => true,
            WithoutEmailOrPhone::WithConversation => contact.has_conversation && is_on_network(contact),
        }
    }

    /// What the placeholder of an address is made from: what changes least of what the person is known by. A number that
    /// the person does not have is somebody else's.
    pub(crate) fn for_email(&self, has_number: bool) -> String {
        let number = self.number.as_ref().filter(|_| has_number);
        let number = number.or(self.vouched_numbers.first().filter(|_| self.number.is_none()));
        let known = self.channel_ids.first().cloned().or_else(|| number.map(|number| format!("number:{number}")));
        known.unwrap_or_else(|| self.record.clone())
    }

    /// The same of a number.
    pub(crate) fn for_number(&self, has_email: bool) -> String {
        let email = self.email.as_ref().filter(|_| has_email);
        let known = self.channel_ids.first().cloned().or_else(|| email.map(|email| format!("email:{email}")));
        known.unwrap_or_else(|| self.record.clone())
    }

    /// The addresses by which a person without a real one is known to be this contact.
    pub(crate) fn placeholders(&self, key: &DigestKey) -> Vec<String> {
        let mut known = self.channel_ids.clone();
        if known.is_empty() && self.email.is_none() && self.number.is_none() {
            known.extend(self.vouched_numbers.iter().map(|number| format!("number:{number}")));
        }
        known.iter().map(|id| placeholder::no_email(id, key).value).collect()
    }

    /// The address that it has where nothing but its record is known: an earlier run may have given it.
    pub(crate) fn own_placeholder(&self, key: &DigestKey) -> String {
        placeholder::no_email(&self.record, key).value
    }

    /// Whether nothing but its record tells the contact of a channel from others.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.channel_ids.is_empty() && self.vouched_numbers.is_empty()
    }

    /// Whether the network has said that the number is the contact's.
    pub(crate) fn is_number_vouched(&self) -> bool {
        self.number.as_ref().is_some_and(|number| self.vouched_numbers.iter().any(|known| phone::same(known, number)))
    }
}

/// Whether a network alone says who the contact is.
pub(crate) fn is_known_by_channel_alone(contact: &Contact) -> bool {
    sendable_email(contact).is_none() && sendable_phone(contact).is_none() && is_on_network(contact)
}

/// Whether the contact is on a channel whose provider vouches for it.
pub(crate) fn is_on_network(contact: &Contact) -> bool {
    contact.contact_inboxes.iter().any(|inbox| network(inbox.channel()).is_some())
}

/// Channels whose `source_id` is a number, or stands for one.
const PHONE: &str = "whatsapp";

/// The network that gave a channel's ids; `None` where whoever writes chooses them. Instagram's come through either of
/// two channels.
pub(super) fn network(channel: Channel) -> Option<&'static str> {
    match channel {
        Channel::Telegram => Some("telegram"),
        Channel::FacebookPage | Channel::Instagram => Some("meta"),
        Channel::Line => Some("line"),
        Channel::Tiktok => Some("tiktok"),
        Channel::TwitterProfile => Some("twitter"),
        Channel::Whatsapp | Channel::TwilioSms | Channel::Sms => Some(PHONE),
        Channel::WebWidget | Channel::Api | Channel::Email | Channel::Other => None,
    }
}

/// What the channel noted of a contact whose inboxes nobody has told of.
fn user_id(contact: &Contact, network: &str) -> Option<String> {
    let keys: &[&str] = match network {
        "meta" => &["social_instagram_user_id", "social_facebook_user_id"],
        "telegram" => &["social_telegram_user_id"],
        "line" => &["social_line_user_id"],
        "tiktok" => &["social_tiktok_user_id"],
        _ => &["social_twitter_user_id"],
    };
    contact.attribute(keys)
}

fn number_of(source_id: &str) -> Option<String> {
    let number = source_id.strip_prefix("whatsapp:").unwrap_or(source_id).trim_start_matches('+');
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| phone::e164(&format!("+{number}"), None))?
}

fn push(list: &mut Vec<String>, value: String) {
    if !list.contains(&value) {
        list.push(value);
    }
}

impl ContactInbox {
    /// The channel of the inbox.
    pub fn channel(&self) -> Channel {
        Channel::of(self.channel_type.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Identity;
    use crate::{chatwoot::Contact, digest::DigestKey, settings::Settings};

    fn contact(value: Value) -> Contact {
        Contact::from_json(value.to_string().as_bytes())
    }

    fn on(channel: &str, source_id: Value) -> Contact {
        contact(json!({
            "id": 7, "has_conversation": true,
            "contact_inboxes": [{"channel_type": format!("Channel::{channel}"), "source_id": source_id}]
        }))
    }

    #[test]
    fn only_what_a_provider_vouches_for_identifies() {
        let table: [(&str, Value, &[&str], &[&str]); 16] = [
            ("Telegram", json!("23423423"), &["telegram:23423423"], &[]),
            ("Telegram", json!(23_423_423), &["telegram:23423423"], &[]),
            ("FacebookPage", json!("5423421"), &["meta:5423421"], &[]),
            ("Instagram", json!("5423421"), &["meta:5423421"], &[]),
            ("Line", json!("U4af4980629"), &["line:U4af4980629"], &[]),
            ("Tiktok", json!("conv-1"), &["tiktok:conv-1"], &[]),
            ("TwitterProfile", json!("1"), &["twitter:1"], &[]),
            ("Whatsapp", json!("14155550182"), &[], &["+14155550182"]),
            ("Whatsapp", json!("US.1349120865"), &["whatsapp:US.1349120865"], &[]),
            ("TwilioSms", json!("whatsapp:+14155550182"), &[], &["+14155550182"]),
            ("TwilioSms", json!("+14155550182"), &[], &["+14155550182"]),
            ("Sms", json!("+14155550182"), &[], &["+14155550182"]),
            ("WebWidget", json!("5423421"), &[], &[]),
            ("Api", json!("telegram:23423423"), &[], &[]),
            ("Email", json!("a@example.com"), &[], &[]),
            ("Voice", json!("1"), &[], &[]),
        ];
        for (channel, source_id, ids, numbers) in table {
            let identity = Identity::of(&on(channel, source_id));
            assert_eq!(identity.channel_ids, ids, "{channel}");
            assert_eq!(identity.vouched_numbers, numbers, "{channel}");
        }
        let spoofed = contact(json!({
            "id": 7, "identifier": "23423423", "has_conversation": true,
            "additional_attributes": {"social_telegram_user_id": 23_423_423},
            "contact_inboxes": [{"channel_type": "Channel::WebWidget", "source_id": "23423423"}]
        }));
        assert!(Identity::of(&spoofed).channel_ids.is_empty());
        assert!(!Identity::is_brought_over(&spoofed, &Settings::default()));
    }

    #[test]
    fn the_setting_says_who_is_brought_over() {
        let settings =
            |word: &str| Settings::from_json(json!({"contacts_without_email_or_phone": word}).to_string().as_bytes());
        let mut quiet = on("Telegram", json!("1"));
        quiet.has_conversation = false;
        let table = [
            (on("Telegram", json!("1")), [true, false, true]),
            (quiet, [false, false, true]),
            (on("Line", Value::Null), [true, false, true]),
            (on("WebWidget", json!("1")), [false, false, true]),
        ];
        for (contact, expected) in table {
            let told = ["with a conversation", "never", "always"]
                .map(|word| Identity::is_brought_over(&contact, &settings(word).unwrap()));
            assert_eq!(told, expected, "{contact:?}");
        }
    }

    #[test]
    fn what_lasts_longest_makes_the_placeholder() {
        let all = json!({
            "id": 7, "account_id": 2, "email": "a@example.com", "phone_number": "+14155550182",
            "contact_inboxes": [{"inbox": {"channel_type": "Channel::Telegram"}, "source_id": "1"}]
        });
        let without = |keys: &[&str]| {
            let mut value = all.clone();
            for key in keys {
                value.as_object_mut().unwrap().remove(*key);
            }
            let identity = Identity::of(&contact(value));
            [identity.for_email(true), identity.for_email(false), identity.for_number(true), identity.for_number(false)]
        };
        let (number, email, record) = ("number:+14155550182", "email:a@example.com", "contact:2/7");
        assert_eq!(without(&[]), ["telegram:1"; 4]);
        assert_eq!(without(&["contact_inboxes"]), [number, record, email, record]);
        assert_eq!(without(&["contact_inboxes", "phone_number"]), [record, record, email, record]);
        assert_eq!(without(&["contact_inboxes", "phone_number", "email"]), [record; 4]);
        let key = DigestKey::new(b"key");
        assert_eq!(Identity::of(&contact(all)).placeholders(&key).len(), 1);
    }
}
