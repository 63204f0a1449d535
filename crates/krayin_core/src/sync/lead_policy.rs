//! Who gets a lead. Everyone who writes is a person with notes; what the settings call a lead is a deal besides.

use super::{Context, contact};
use crate::{
    Error,
    chatwoot::{Contact, Conversation},
    records::{Kind, Stored},
    settings::{LeadPolicy, OnDeleted, Settings},
};

/// What `Stored::sent` of a conversation with a lead of its own knows of that.
const LEAD: &str = "lead";
/// It is being created, and may be there.
const BEGUN: &str = "begun";
/// A colleague deleted it.
const REMOVED: &str = "removed";
/// Likewise, and it is to be made again.
const GONE: &str = "gone";

/// Whether the contact is to have a lead, by what is known of it and of the conversation that the event is about.
pub(super) fn wants_lead(settings: &Settings, contact: &Contact, conversation: Option<&Conversation>) -> bool {
    match settings.lead_policy {
        LeadPolicy::PerContact => true,
        LeadPolicy::Never | LeadPolicy::PerConversation => false,
        LeadPolicy::OnLabel => {
            let of_conversation = conversation.map(|conversation| conversation.labels.as_slice()).unwrap_or_default();
            contact.labels.iter().chain(of_conversation).any(|label| is_named(&settings.lead_labels, label))
        }
        LeadPolicy::ByInbox => conversation.is_some_and(|conversation| {
            let id = (conversation.inbox_id != 0).then(|| conversation.inbox_id.to_string());
            let names = [conversation.inbox_name.as_deref(), id.as_deref()];
            names.into_iter().flatten().any(|name| is_named(&settings.lead_inboxes, name))
        }),
    }
}

fn is_named(named: &[String], name: &str) -> bool {
    let name = name.trim().to_lowercase();
    named.iter().any(|named| named.trim().to_lowercase() == name)
}

/// Whether the event is to make a lead, whatever else it does: the contact's, or the conversation's own.
pub(super) async fn is_due(
    context: &Context<'_>,
    contact: &Contact,
    conversation: &Conversation,
    stored: &Stored,
) -> Result<bool, Error> {
    let settings = context.settings;
    match settings.lead_policy {
        LeadPolicy::Never | LeadPolicy::PerContact => Ok(false),
        LeadPolicy::PerConversation => Ok(lacks_own_lead(settings, stored)),
        LeadPolicy::OnLabel | LeadPolicy::ByInbox => {
            if !wants_lead(settings, contact, Some(conversation)) {
                return Ok(false);
            }
            let known = context.load(Kind::Contact, contact.id).await?;
            Ok(known.ids.get("lead").is_none() && known.removed.is_empty())
        }
    }
}

/// Whether a conversation is to have a lead of its own and has none. One that was in Krayin before the settings said so
/// stays with its contact's.
pub(super) fn lacks_own_lead(settings: &Settings, stored: &Stored) -> bool {
    settings.lead_policy == LeadPolicy::PerConversation
        && stored.ids.get("lead").is_none()
        && stored.removed.is_empty()
        && match stored.sent.get(LEAD).map(String::as_str) {
            None => stored.ids.get("activity").is_none(),
            Some(kept) => kept != REMOVED,
        }
}

/// Whether the conversation's lead is the conversation's own, also where it is gone.
pub(super) fn has_own_lead(settings: &Settings, stored: &Stored) -> bool {
    settings.lead_policy == LeadPolicy::PerConversation
        && (stored.ids.get("lead").is_some() || stored.sent.contains_key(LEAD))
}

/// Creates the conversation's own lead, once: what is about to be created is stored first, and looked for by its title
/// where that is there already. The contact's changes go to the newest.
pub(super) async fn create_own_lead(
    context: &Context<'_>,
    (contact, person): (&Contact, u64),
    conversation: &Conversation,
    stored: &mut Stored,
) -> Result<(u64, bool), Error> {
    let is_begun = stored.sent.get(LEAD).is_some_and(|kept| kept == BEGUN);
    if !is_begun {
        stored.sent.insert(LEAD.to_owned(), BEGUN.to_owned());
        stored.pending = true;
        context.store(Kind::Conversation, conversation.id, stored).await?;
    }
    let (lead, created) = contact::lead_of_conversation(context, (contact, person), conversation, is_begun).await?;
    stored.sent.remove(LEAD);
    stored.ids.set("lead", lead);
    if created {
        stored.note_made("lead");
    }
    stored.pending = false;
    context.store(Kind::Conversation, conversation.id, stored).await?;
    Ok((lead, created))
}

/// The conversation's own lead was deleted: it stays so, or is made again by the next event.
pub(super) fn note_gone(settings: &Settings, stored: &mut Stored) {
    stored.ids.forget("lead");
    match settings.on_deleted_in_krayin {
        OnDeleted::Respect => drop(stored.sent.insert(LEAD.to_owned(), REMOVED.to_owned())),
        OnDeleted::MakeAgain => drop(stored.sent.insert(LEAD.to_owned(), GONE.to_owned())),
    }
}

/// Looks at a lead of the conversation's own that a reading of all that Krayin has did not find; `true` where it is gone.
pub(super) async fn look_at_doubted(context: &Context<'_>, id: u64, stored: &mut Stored) -> Result<bool, Error> {
    if stored.doubted != contact::LEAD {
        return Ok(false);
    }
    let is_gone = match stored.ids.get("lead") {
        Some(lead) => context.client.find_lead(lead).await?.is_none(),
        None => false,
    };
    stored.doubted.clear();
    if is_gone {
        note_gone(context.settings, stored);
    }
    context.store(Kind::Conversation, id, stored).await?;
    Ok(is_gone)
}
