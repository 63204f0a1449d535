//! Whom a conversation was assigned to when its contact's owner last followed that. Of a contact's several conversations one
//! that is assigned as before must not take the owner back.

use super::Context;
use crate::{
    Error,
    chatwoot::Conversation,
    records::{Kind, Stored},
    settings::OwnerPolicy,
};

/// Where `Stored::sent` of a conversation keeps it.
const ASSIGNEE: &str = "assignee";

fn address(conversation: &Conversation) -> Option<String> {
    conversation.assignee_email.as_deref().map(str::to_lowercase)
}

/// Whether it was assigned to the same colleague then.
pub(super) fn is_noted(context: &Context<'_>, conversation: &Conversation, kept: &Stored) -> bool {
    let digest = address(conversation).map(|address| context.settings.digest_key.digest(&address));
    let noted = kept.sent.get(ASSIGNEE);
    digest.zip(noted).is_some_and(|(digest, noted)| digest.is(noted))
}

/// Keeps whom it is assigned to, once the contact's owner has followed.
pub(super) async fn note(context: &Context<'_>, conversation: &Conversation, stored: &mut Stored) -> Result<(), Error> {
    if context.settings.owner_policy != OwnerPolicy::Follow {
        return Ok(());
    }
    let users = &context.settings.traits.users;
    let known = address(conversation).filter(|address| users.iter().any(|(_, known)| known.to_lowercase() == *address));
    let digest = known.map(|address| context.settings.digest_key.digest(&address).text().to_owned());
    let changed = stored.sent.get(ASSIGNEE) != digest.as_ref();
    match digest {
        Some(digest) => drop(stored.sent.insert(ASSIGNEE.to_owned(), digest)),
        None => drop(stored.sent.remove(ASSIGNEE)),
    }
    if changed { context.store(Kind::Conversation, conversation.id, stored).await } else { Ok(()) }
}
