//! What the next run of an event has to know of creates that were given up: kept with the contact, whose events are one
//! after the other.

use std::time::SystemTime;

use super::{Context, Event, EventName};
use crate::{
    Error,
    chatwoot::Contact,
    records::{Kind, Stored},
};

/// Where `Stored::sent` notes them.
const UNFINISHED: &str = "unfinished";

/// Says whose event runs.
pub(super) fn begin(context: &Context<'_>, event: &Event) {
    let record = match event.name {
        EventName::MessageCreated | EventName::MessageUpdated => {
            event.message().map(|message| (Kind::Message, message.id))
        }
        EventName::ConversationCreated | EventName::ConversationUpdated | EventName::ConversationResolved => {
            event.conversation().map(|conversation| (Kind::Conversation, conversation.id))
        }
        _ => event.contact().map(|contact| (Kind::Contact, contact.id)),
    };
    context.client.unfinished().begin(record.ok().map(|(kind, id)| format!("{}-{id}", kind.name())));
}

/// Takes what an earlier run kept.
pub(super) fn take(context: &Context<'_>, kind: Kind, stored: &Stored) {
    if let (Kind::Contact, Some(kept)) = (kind, stored.sent.get(UNFINISHED)) {
        context.client.unfinished().read(kept);
    }
}

/// Keeps what is given up now, and what is not over yet.
pub(super) async fn keep(context: &Context<'_>, event: &Event) -> Result<(), Error> {
    let Some(contact) = contact(event).filter(|contact| contact.id != 0) else { return Ok(()) };
    let attempt = context.client.connection().attempt_timeout;
    let Some(text) = context.client.unfinished().changed(SystemTime::now(), attempt) else { return Ok(()) };
    let mut stored = context.load(Kind::Contact, contact.id).await?;
    match text.is_empty() {
        true => stored.sent.remove(UNFINISHED),
        false => stored.sent.insert(UNFINISHED.to_owned(), text),
    };
    context.store(Kind::Contact, contact.id, &mut stored).await
}

/// Whose event it is, where the contact stays.
fn contact(event: &Event) -> Option<&Contact> {
    match event.name {
        EventName::ContactCreated | EventName::ContactUpdated => event.contact().ok(),
        EventName::ConversationCreated | EventName::ConversationUpdated | EventName::ConversationResolved => {
            event.conversation().ok()?.contact.as_ref()
        }
        EventName::MessageCreated | EventName::MessageUpdated => event.message().ok()?.contact(),
        _ => None,
    }
}
