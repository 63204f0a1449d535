use crate::chatwoot::{Contact, Conversation, EventData, Message};

/// The events of Chatwoot that the sync takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventName {
    /// A contact is new.
    ContactCreated,
    /// A contact changed.
    ContactUpdated,
    /// A conversation began.
    ConversationCreated,
    /// A conversation changed.
    ConversationUpdated,
    /// A conversation was resolved.
    ConversationResolved,
    /// A message was written.
    MessageCreated,
    /// What a message says was changed.
    MessageUpdated,
    /// A contact was merged into another one, and is gone.
    ContactMerged,
    /// A contact was deleted.
    ContactDeleted,
    /// A contact is to be erased from Krayin, whatever the settings say of deleted ones.
    ContactErased,
    /// A conversation was deleted.
    ConversationDeleted,
    /// A message was deleted.
    MessageDeleted,
}

impl EventName {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::ContactCreated,
        Self::ContactUpdated,
        Self::ConversationCreated,
        Self::ConversationUpdated,
        Self::ConversationResolved,
        Self::MessageCreated,
        Self::MessageUpdated,
        Self::ContactMerged,
        Self::ContactDeleted,
        Self::ContactErased,
        Self::ConversationDeleted,
        Self::MessageDeleted,
    ];

    /// The name as Chatwoot's dispatcher writes it, `contact.created`.
    pub fn dotted(self) -> &'static str {
        match self {
            Self::ContactCreated => "contact.created",
            Self::ContactUpdated => "contact.updated",
            Self::ConversationCreated => "conversation.created",
            Self::ConversationUpdated => "conversation.updated",
            Self::ConversationResolved => "conversation.resolved",
            Self::MessageCreated => "message.created",
            Self::MessageUpdated => "message.updated",
            Self::ContactMerged => "contact.merged",
            Self::ContactDeleted => "contact.deleted",
            Self::ContactErased => "contact.erased",
            Self::ConversationDeleted => "conversation.deleted",
            Self::MessageDeleted => "message.deleted",
        }
    }

    /// Whether its record is mapped: of what is gone only the id is known.
    pub(crate) fn has_payload(self) -> bool {
        !matches!(self, Self::ContactDeleted | Self::ContactErased | Self::ConversationDeleted | Self::MessageDeleted)
    }

    /// Reads `contact.created` and `contact_created` alike.
    pub fn parse(name: &str) -> Result<Self, EventError> {
        let wanted = name.trim().replacen('_', ".", 1);
        Self::ALL.into_iter().find(|known| known.dotted() == wanted).ok_or(EventError::Unknown)
    }
}

/// Why an event cannot be run. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Its name is none of the known ones.
    #[error(
        "Unknown event name. Known are contact.created, contact.updated, contact.merged, contact.deleted, contact.erased, \
         conversation.created, conversation.updated, conversation.resolved, conversation.deleted, message.created, \
         message.updated and message.deleted, with a dot or an underscore."
    )]
    Unknown,
    /// Its data cannot be read.
    #[error("The event's data is not a JSON object.")]
    NotJson,
    /// It lacks the record that its name speaks of, or that record has no id.
    #[error("The event has no {0} with an id. Pass the saved record under the key {0}.")]
    NoRecord(&'static str),
}

/// One event with its data.
#[derive(Debug, Clone)]
pub struct Event {
    /// What happened.
    pub name: EventName,
    contact: Contact,
    merged: Contact,
    conversation: Conversation,
    message: Message,
}

impl Event {
    /// Reads a name and the event's data: an object with the record under `contact`, `conversation` or `message`, and
    /// under `merged` the contact that was merged into `contact`. Of the record's own fields none is an error.
    ///
    /// # Errors
    /// [`EventError::Unknown`] and [`EventError::NotJson`].
    pub fn from_json(name: &str, data: &[u8]) -> Result<Self, EventError> {
        let name = EventName::parse(name)?;
        let EventData { contact, merged, conversation, message } =
            EventData::from_json(data).ok_or(EventError::NotJson)?;
        let mut event = Self { name, contact, merged, conversation, message };
        for conversation in [Some(&mut event.conversation), event.message.conversation.as_deref_mut()] {
            let Some(conversation) = conversation else { continue };
            if let Some(contact) = &mut conversation.contact {
                contact.in_conversation(conversation.channel_type.as_deref(), conversation.source_id.as_deref());
            }
        }
        Ok(event)
    }

    /// The same with the country of numbers that say none.
    pub(crate) fn in_country(mut self, country: Option<&str>) -> Self {
        let of_message = self.message.conversation.as_mut().and_then(|conversation| conversation.contact.as_mut());
        for contact in [Some(&mut self.contact), Some(&mut self.merged), self.conversation.contact.as_mut(), of_message]
            .into_iter()
            .flatten()
        {
            contact.default_country = country.map(str::to_owned);
        }
        self
    }

    /// The same with what can be mapped of its conversation.
    pub(crate) fn with_sources(mut self) -> Self {
        for conversation in
            [Some(&mut self.conversation), self.message.conversation.as_deref_mut()].into_iter().flatten()
        {
            let sources = conversation.sources();
            if let Some(contact) = &mut conversation.contact {
                contact.about = sources;
            }
        }
        self
    }

    /// The contacts that it may bring over.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = &Contact> {
        let of_message = self.message.conversation.as_ref().and_then(|conversation| conversation.contact.as_ref());
        [Some(&self.contact), self.conversation.contact.as_ref(), of_message].into_iter().flatten()
    }

    /// The contact.
    pub fn contact(&self) -> Result<&Contact, EventError> {
        if self.contact.id == 0 { Err(EventError::NoRecord("contact")) } else { Ok(&self.contact) }
    }

    /// The contact that was merged into [`contact`](Self::contact).
    pub fn merged(&self) -> Result<&Contact, EventError> {
        if self.merged.id == 0 { Err(EventError::NoRecord("merged")) } else { Ok(&self.merged) }
    }

    /// The conversation.
    pub fn conversation(&self) -> Result<&Conversation, EventError> {
        if self.conversation.id == 0 { Err(EventError::NoRecord("conversation")) } else { Ok(&self.conversation) }
    }

    /// The message.
    pub fn message(&self) -> Result<&Message, EventError> {
        if self.message.id == 0 { Err(EventError::NoRecord("message")) } else { Ok(&self.message) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, EventError, EventName};

    #[test]
    fn takes_both_spellings_and_no_other() {
        for name in EventName::ALL {
            assert_eq!(EventName::parse(name.dotted()), Ok(name));
            assert_eq!(EventName::parse(&name.dotted().replace('.', "_")), Ok(name));
        }
        for name in ["", "contact", "contact..created", "contact_lost", "Contact.Created", "contact.created.x"] {
            assert_eq!(EventName::parse(name), Err(EventError::Unknown), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_read_of_a_record_costs_nothing_beside_it() {
        let contact = r#"{"id": 7, "name": "Jane \ud83d", "email": "jane@example.com",
            "custom_attributes": {"a\udc4b": ["\ud83d", {"b": "\udfff x"}], "size": 1e999, "plan": "gold"},
            "additional_attributes": "{\"city\": \"Lisbon \\ud83d\", \"company_name\": \"Acme\"}"}"#;
        let conversation = format!(
            r#"{{"id": 5, "contact": {contact}, "messages": [{{"id": 1, "message_type": 0, "content": "Hi \udc4b there",
                "content_attributes": "{{\"x\": \"\\ud83d\", \"cc_emails\": [\"a@example.com\"]}}"}}]}}"#
        );
        let message = format!(r#"{{"id": 9, "message_type": 0, "content": "\ud83d", "conversation": {conversation}}}"#);
        let data =
            format!(r#"{{"contact": {contact}, "conversation": {conversation}, "message": {message}, "\ud83d": 1}}"#);
        let event = Event::from_json("message.created", data.as_bytes()).unwrap();
        let about = event.message().unwrap().conversation.clone().unwrap();
        for contact in [event.contact().unwrap(), &about.contact.unwrap()] {
            assert_eq!((contact.id, contact.name.as_deref()), (7, Some("Jane \u{fffd}")));
            assert_eq!(contact.email.as_deref(), Some("jane@example.com"));
            assert_eq!((contact.custom_attributes.len(), &contact.custom_attributes["plan"]), (3, &"gold".into()));
            assert_eq!(contact.additional_attributes["company_name"], "Acme");
        }
        let said = &event.conversation().unwrap().messages[0];
        assert_eq!(said.content.as_deref(), Some("Hi \u{fffd} there"));
        assert_eq!(said.content_attributes.as_ref().unwrap().cc_emails[0], "a@example.com");
        assert_eq!(event.message().unwrap().content.as_deref(), Some("\u{fffd}"));
    }

    #[test]
    fn says_what_is_missing() {
        let read = |data: &str| Event::from_json("contact.created", data.as_bytes());
        assert_eq!(read("[]").unwrap_err(), EventError::NotJson);
        assert_eq!(read("").unwrap_err(), EventError::NotJson);
        for data in ["[{\"contact\": {\"id\": 7}}]", " [[]]", "7", "\"{}\"", "null", "{", "{\"contact\": {\"id\": 7}"] {
            assert_eq!(read(data).unwrap_err(), EventError::NotJson, "{data}");
        }
        for data in [
            r#"{"contact": {"id": 3}, "contact": {"id": 7, "id": 7}}"#,
            "\u{feff} {\"contact\": {\"id\": \"7\"}, \"other\": [1e999]}",
            r#"{"contact": {"id": 7}, "merged": [], "conversation": null, "message": "x"}"#,
        ] {
            assert_eq!(read(data).unwrap().contact().unwrap().id, 7, "{data}");
        }
        for data in ["{}", r#"{"contact": {}}"#, r#"{"contact": 5}"#, r#"{"contact": {"id": "x"}}"#] {
            assert_eq!(read(data).unwrap().contact().unwrap_err(), EventError::NoRecord("contact"), "{data}");
        }
        assert_eq!(read(r#"{"contact": {"id": 7}}"#).unwrap().contact().unwrap().id, 7);
    }
}
