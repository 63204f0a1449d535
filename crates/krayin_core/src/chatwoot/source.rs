//! What an administrator can map beside a contact's attributes, by the names that people know it by.

use reqwest::Url;
use serde_json::{Map, Value, json};

use super::{Contact, Conversation, Instant};

/// Of whom, and what of it; an open one has attributes of its own below that. Those of a conversation are known where
/// something happens in one.
const OF_CONVERSATION: [(&str, &[&str]); 9] = [
    (
        "conversation",
        &[
            "id",
            "status",
            "priority",
            "subject",
            "labels",
            "url",
            "created_at",
            "last_activity_at",
            "first_reply_at",
            "first_reply_seconds",
            "resolution_seconds",
            "custom_attributes",
            "additional_attributes",
        ],
    ),
    ("assignee", &["name", "email"]),
    ("team", &["name"]),
    ("inbox", &["id", "name"]),
    ("channel", &["name"]),
    ("campaign", &["title"]),
    ("csat", &["rating", "feedback"]),
    (REFERRAL, &[]),
    (
        FIRST_TOUCH,
        &["referer", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "channel", "inbox"],
    ),
];

/// What brought a contact here: its first conversation's, and no other's.
const FIRST_TOUCH: &str = "first_touch";

/// The advertisement that it came by, as the network tells it: `headline`, `source_id`, `ctwa_clid` and others.
const REFERRAL: &str = "referral";

/// Whether a path is one of a conversation's.
pub(crate) fn is_of_conversation(path: &[String]) -> bool {
    fields_of(path).is_some()
}

/// Whether a path is one of a conversation's that Chatwoot does not have.
pub(crate) fn is_unknown(path: &[String]) -> bool {
    let [_, field, rest @ ..] = path else { return false };
    let has_own = field.ends_with("_attributes");
    let is_named = |fields: &[&str]| fields.is_empty() || fields.contains(&field.as_str());
    fields_of(path).is_some_and(|fields| !is_named(fields) || has_own == rest.is_empty())
}

/// Whether what it names is taken once.
pub(crate) fn is_first_touch(path: &[String]) -> bool {
    is_of_conversation(path) && path.first().is_some_and(|first| first == FIRST_TOUCH || first == REFERRAL)
}

fn fields_of(path: &[String]) -> Option<&'static [&'static str]> {
    // A word alone is an attribute of the contact's that is called so.
    let [of, _, ..] = path else { return None };
    OF_CONVERSATION.iter().find(|(known, _)| known == of).map(|(_, fields)| *fields)
}

impl Contact {
    /// The address of the colleague whom the conversation is assigned to that it is brought over for.
    pub(crate) fn assignee_address(&self) -> Option<String> {
        Some(self.about.get("assignee")?.get("email")?.as_str()?.trim().to_lowercase())
    }

    /// What a path names that is no attribute of the contact's own.
    pub(crate) fn source(&self, path: &[String]) -> Option<Value> {
        let [of, field, rest @ ..] = path else { return None };
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        let attribute = |keys: &[&str]| self.attribute(keys).map(Value::from);
        match (of.as_str(), field.as_str(), rest) {
            ("contact", "id", []) => Some(json!(self.id)),
            ("contact", "name", []) => text(&self.name),
            ("contact", "middle_name", []) => text(&self.middle_name),
            ("contact", "last_name", []) => text(&self.last_name),
            ("contact", "email", []) => text(&self.email),
            ("contact", "phone_number", []) => text(&self.phone_number),
            ("contact", "identifier", []) => text(&self.identifier),
            ("contact", "labels", []) => (!self.labels.is_empty()).then(|| json!(*self.labels)),
            ("company", "name", []) => attribute(&["company_name", "company", "organization"]),
            ("company", "website", []) => attribute(&["company_website", "website"]),
            ("company", "postcode", []) => attribute(&["company_zipcode", "company_postcode"]),
            ("company", "address" | "country" | "state" | "city", []) => attribute(&[&format!("company_{field}")]),
            ("location", "city" | "country" | "country_code", []) => attribute(&[field]),
            _ if is_of_conversation(path) => {
                let found = self.about.get(of)?.get(field)?;
                rest.iter().try_fold(found, |value, part| value.get(part)).filter(|value| !value.is_null()).cloned()
            }
            _ => None,
        }
    }
}

impl Conversation {
    /// The advertisement that its first message tells of that tells of any; older Chatwoots and hosts note it with the
    /// conversation.
    fn referral(&self) -> Map<String, Value> {
        let told = self.messages.iter().filter_map(|message| {
            let referral = &message.content_attributes.as_ref()?.referral;
            (!referral.is_empty()).then_some((message.id, referral))
        });
        let first = told.min_by_key(|(id, _)| *id).map(|(_, referral)| referral.clone());
        let noted = || self.additional_attributes.get(REFERRAL)?.as_object().cloned();
        first.or_else(noted).unwrap_or_default()
    }

    /// What can be mapped of it.
    pub(crate) fn sources(&self) -> Map<String, Value> {
        let instant = |text: &Option<String>| text.as_deref().and_then(Instant::parse);
        let since_begun = |end: &Option<String>| Some(instant(&self.created_at)?.seconds_until(instant(end)?));
        let additional = |key: &str| self.additional_attributes.get(key).and_then(Value::as_str);
        let number =
            |text: &Option<String>| text.as_deref().and_then(|text| text.trim().parse::<f64>().ok()).map(whole);
        let referer = additional("referer");
        let mut first = Map::new();
        for (name, value) in
            [("referer", referer), ("channel", Some(&*self.channel_name())), ("inbox", self.inbox_name.as_deref())]
        {
            first.extend(value.map(|value| (name.to_owned(), Value::from(value))));
        }
        let marks = referer.map(query).unwrap_or_default().into_iter().filter(|(name, _)| name.starts_with("utm_"));
        first.extend(marks.map(|(name, value)| (name, Value::from(value))));
        let sources = json!({
            "conversation": {
                "id": self.display_id, "status": self.status, "priority": self.priority,
                "subject": additional("mail_subject"), "labels": self.labels, "url": self.url,
                "created_at": self.created_at, "last_activity_at": self.last_activity_at,
                "first_reply_at": self.first_reply_created_at,
                "first_reply_seconds": since_begun(&self.first_reply_created_at),
                "resolution_seconds": number(&self.resolution_seconds),
                "custom_attributes": self.custom_attributes, "additional_attributes": self.additional_attributes
            },
            "assignee": {"name": self.assignee_name, "email": self.assignee_email},
            "team": {"name": self.team_name},
            "inbox": {"id": self.inbox_id, "name": self.inbox_name},
            "channel": {"name": self.channel_name()},
            "campaign": {"title": self.campaign_title},
            "csat": {"rating": number(&self.csat_rating), "feedback": self.csat_feedback},
            FIRST_TOUCH: first,
            REFERRAL: self.referral()
        });
        match sources {
            Value::Object(sources) => sources,
            _ => Map::new(),
        }
    }
}

/// Seconds and ratings are told as numbers with a point behind them.
fn whole(number: f64) -> i64 {
    // A number that is too large for one is the largest there is.
    number.round() as i64
}

/// The pairs of an address's query that have a value, whatever the rest of the address is.
fn query(address: &str) -> Vec<(String, String)> {
    let query = address.split_once('?').map(|(_, query)| query.split('#').next().unwrap_or_default());
    let Ok(mut url) = Url::parse("http://localhost") else { return Vec::new() };
    url.set_query(query);
    let pairs = url.query_pairs().filter(|(name, value)| !name.is_empty() && !value.trim().is_empty());
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{is_first_touch, is_of_conversation, is_unknown};
    use crate::chatwoot::{Contact, Conversation};

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn finds_what_is_named() {
        let talk = json!({
            "id": 5, "display_id": 42, "status": "open", "priority": "high", "inbox_id": 3, "inbox_name": "Web",
            "channel_type": "Channel::WebWidget", "labels": ["vip"], "assignee_name": "Ann", "assignee_email": "ann@x.example",
            "team_name": "Sales", "created_at": "2026-01-01T00:00:00Z", "first_reply_created_at": "2026-01-01T00:02:05Z",
            "custom_attributes": {"order": {"total": 5}}, "campaign_title": "Spring", "csat_rating": 4,
            "additional_attributes": {"referer": "https://x.example/?utm_source=Google%20Ads&utm_term=a+b&q=1#utm_source=no"}
        });
        let talk = Conversation::from_json(talk.to_string().as_bytes());
        let contact = json!({"id": 7, "name": "Jane", "labels": ["a", "b"],
                             "additional_attributes": {"company": {"name": "Acme"}, "city": "Lisbon"}});
        let mut contact = Contact::from_json(contact.to_string().as_bytes());
        contact.about = talk.sources();
        for (of, expected) in [
            ("contact.name", json!("Jane")),
            ("contact.labels", json!(["a", "b"])),
            ("contact.email", Value::Null),
            ("company.name", json!("Acme")),
            ("location.city", json!("Lisbon")),
            ("conversation.id", json!(42)),
            ("conversation.priority", json!("high")),
            ("conversation.labels", json!(["vip"])),
            ("conversation.first_reply_seconds", json!(125)),
            ("conversation.resolution_seconds", Value::Null),
            ("conversation.custom_attributes.order.total", json!(5)),
            ("assignee.email", json!("ann@x.example")),
            ("team.name", json!("Sales")),
            ("inbox.name", json!("Web")),
            ("campaign.title", json!("Spring")),
            ("csat.rating", json!(4)),
            ("first_touch.utm_source", json!("Google Ads")),
            ("first_touch.utm_term", json!("a b")),
            ("first_touch.utm_medium", Value::Null),
            ("plan", Value::Null),
        ] {
            assert_eq!(contact.source(&path(of)).unwrap_or_default(), expected, "{of}");
        }
    }

    #[test]
    fn knows_what_there_is() {
        for known in
            ["conversation.status", "conversation.custom_attributes.order", "csat.rating", "first_touch.referer"]
        {
            assert!(is_of_conversation(&path(known)) && !is_unknown(&path(known)), "{known}");
        }
        for unknown in ["conversation.mood", "conversation.custom_attributes", "team.lead", "assignee.name.first"] {
            assert!(is_unknown(&path(unknown)), "{unknown}");
        }
        for own in ["conversation", "plan", "company.name", "custom_attributes.team"] {
            assert!(!is_of_conversation(&path(own)) && !is_unknown(&path(own)), "{own}");
        }
        assert!(is_first_touch(&path("first_touch.referer")) && !is_first_touch(&path("team.name")));
    }
}
