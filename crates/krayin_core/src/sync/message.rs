use serde_json::json;

use super::{
    Context, EventName, Outcome, Owner, Status,
    activity::{COMMENT, TITLE},
    comment::{self, Merged},
    lead_policy,
    owner::LINK,
    stage, verify,
};
use crate::{
    Error,
    api::ErrorKind,
    chatwoot::Message,
    krayin::{ActivityLink, ActivityType},
    mapper,
    reason::Reason,
    records::{Kind, Stored},
};

/// Message → activity of the contact's person, in one request, and the lead's stage on a colleague's first reply. One
/// that says something else by now: a read, since a colleague may have written into the activity, and one write.
pub(super) async fn sync(context: &Context<'_>, event: EventName, message: &Message) -> Result<Outcome, Error> {
    let settings = context.settings;
    if !settings.sync_messages && !settings.stage_progression_enabled {
        return Ok(Outcome::skipped(Default::default(), Reason::MessagesAndStagesOff));
    }
    if !message.is_public() {
        return Ok(Outcome::skipped(Default::default(), Reason::MessageNotPublic));
    }
    let Some(conversation) = message.conversation.as_deref().filter(|conversation| conversation.id != 0) else {
        return Ok(Outcome::skipped(Default::default(), Reason::MessageWithoutConversation));
    };
    let Some(contact) = message.contact().filter(|contact| contact.id != 0) else {
        return Ok(Outcome::skipped(Default::default(), Reason::MessageWithoutContact));
    };
    let mut stored = context.load(Kind::Message, message.id).await?;
    verify::message(context, message, &mut stored).await?;
    let mut about = context.load(Kind::Conversation, conversation.id).await?;
    let mut due = stage::due((contact, conversation), false, &about, context);
    let is_wanted = settings.sync_messages && stored.ids.get("activity").is_none() && stored.removed.is_empty();
    let link: fn(&Owner<'_>) -> ActivityLink = |owner| ActivityLink::Person(owner.person);
    let moved =
        settings.sync_messages && Owner::has_changed(context, (contact, None), conversation, &stored, link).await?;
    let mut outcome = Outcome::default();
    if event == EventName::MessageUpdated && settings.sync_messages && stored.removed.is_empty() {
        say_anew(context, message, &mut stored, &mut outcome).await?;
    }
    if !is_wanted && !moved && due.is_empty() {
        if !outcome.updated.is_empty() || !outcome.why.is_empty() {
            outcome.ids = stored.ids;
            return Ok(outcome);
        }
        let reason = if settings.sync_messages { Reason::MessageThere } else { Reason::MessagesOff };
        return Ok(Outcome::skipped(stored.ids, reason));
    }
    let mut owner = match Owner::of(context, contact, conversation).await? {
        Ok(owner) => owner,
        Err(reason) => return Ok(Outcome::skipped(Default::default(), reason)),
    };
    owner.take_own_lead(context, contact, &mut about).await?;
    if owner.lead.is_none() && !lead_policy::wants_lead(settings, contact, Some(conversation)) {
        due.clear();
    }
    let mapped = mapper::map_message_to_activity(message, ActivityLink::Person(owner.person), settings);
    if let Some(mut activity) = mapped.filter(|_| is_wanted) {
        // A message is over when it is written, but the server takes every new call and e-mail for something still to
        // do, and saying otherwise would be a second request a message: a note is done from its beginning.
        activity.kind = ActivityType::Note;
        (activity.schedule_from, activity.schedule_to, activity.additional) = (None, None, None);
        // The sender may have another name by now.
        let title = stored.sent.get(TITLE).unwrap_or(&activity.title);
        let found = match stored.pending {
            true => context.client.search_activity(title).await?.into_iter().next(),
            false => None,
        };
        let id = match found {
            Some(found) => {
                owner.link_activity(context, contact, found.id, link).await?;
                found.id
            }
            None => {
                stored.pending = true;
                // Whose it is must be known of one whose answer is lost, too: it may be deleted next.
                (stored.parent, stored.contact) = (conversation.id, contact.id);
                stored.sent.insert(TITLE.to_owned(), activity.title.clone());
                let comment = comment::digests(&activity.comment, &settings.digest_key);
                stored.sent.insert(COMMENT.to_owned(), comment);
                context.store(Kind::Message, message.id, &mut stored).await?;
                match owner.create_activity(context, contact, &activity, link).await? {
                    Some((activity, true)) => {
                        owner.link_activity(context, contact, activity.id, link).await?;
                        activity.id
                    }
                    Some((activity, false)) => {
                        outcome.created.push("activity");
                        activity.id
                    }
                    None => {
                        stored.pending = false;
                        stored.sent.clear();
                        context.store(Kind::Message, message.id, &mut stored).await?;
                        outcome.status = Status::Skipped;
                        return Ok(outcome.after(owner.outcome));
                    }
                }
            }
        };
        stored.sent.remove(TITLE);
        stored.sent.insert(LINK.into(), owner.link_digest(context, link).text().to_owned());
        stored.ids.set("activity", id);
        stored.pending = false;
        (stored.parent, stored.contact) = (conversation.id, contact.id);
        context.store(Kind::Message, message.id, &mut stored).await?;
    }
    if let Some(activity) = stored.ids.get("activity").filter(|_| moved) {
        owner.link_activity(context, contact, activity, link).await?;
        stored.sent.insert(LINK.into(), owner.link_digest(context, link).text().to_owned());
        (stored.parent, stored.contact) = (conversation.id, contact.id);
        context.store(Kind::Message, message.id, &mut stored).await?;
        outcome.updated.push("activity");
    }
    if !due.is_empty() {
        stage::progress(context, (&mut owner, contact), &due, &mut about, &mut outcome).await?;
        context.store(Kind::Conversation, conversation.id, &mut about).await?;
    }
    if owner.own_is_gone {
        lead_policy::note_gone(settings, &mut about);
        context.store(Kind::Conversation, conversation.id, &mut about).await?;
    }
    outcome.ids = stored.ids;
    Ok(outcome.after(owner.outcome))
}

/// Brings the words of an activity that is there to what the message says now, beside what a colleague wrote there.
async fn say_anew(
    context: &Context<'_>,
    message: &Message,
    stored: &mut Stored,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let (settings, client) = (context.settings, context.client);
    let mapped = mapper::map_message_to_activity(message, ActivityLink::Person(0), settings);
    let Some((id, activity)) = stored.ids.get("activity").zip(mapped) else { return Ok(()) };
    let kept = stored.sent.get(COMMENT).cloned().unwrap_or_default();
    let ours = comment::digests(&activity.comment, &settings.digest_key);
    if kept == ours {
        return Ok(());
    }
    let Some(there) = client.find_activity(id).await? else { return Ok(()) };
    let current = there.comment.as_deref().unwrap_or_default();
    match comment::merge(current, &activity.comment, &kept, &settings.digest_key) {
        Merged::Same => {}
        Merged::Theirs => outcome.why.push(Reason::CommentKept),
        Merged::Write(words) => {
            // The answer may be lost: either version is ours then.
            stored.sent.insert(COMMENT.to_owned(), comment::add_in_flight(&kept, &ours));
            context.store(Kind::Message, message.id, stored).await?;
            match client.write_activity(&there, json!({ COMMENT: words })).await {
                Ok(_) => outcome.updated.push("activity"),
                // Someone has deleted it in Krayin.
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    stored.sent.insert(COMMENT.to_owned(), ours);
    context.store(Kind::Message, message.id, stored).await
}
