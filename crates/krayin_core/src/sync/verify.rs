//! Whether ids that came from elsewhere are this record's: moved from where others could write, or kept under another
//! address of the server. One read a record, the first time that they are used.

use super::{Context, PersonFinder};
use crate::{
    DigestKey, Error,
    chatwoot::{Contact, Conversation, Message},
    krayin::{ActivityLink, Person},
    mapper, phone,
    records::{IDENTITY, Kind, Stored},
};

/// Reads the contact's person; gives it where it is the contact, and forgets the ids where it is not.
pub(super) async fn contact(
    context: &Context<'_>,
    contact: &Contact,
    stored: &mut Stored,
) -> Result<Option<Person>, Error> {
    if !stored.unverified {
        return Ok(None);
    }
    let person = match stored.ids.get("person") {
        Some(id) => context.client.find_person(id).await?,
        None => None,
    };
    let person = person.filter(|person| is_known(context, contact, person, stored));
    settle(context, (Kind::Contact, contact.id), person.is_some(), stored).await?;
    Ok(person)
}

/// Reads the conversation's activity, as [`contact`] does its person.
pub(super) async fn conversation(
    context: &Context<'_>,
    conversation: &Conversation,
    stored: &mut Stored,
) -> Result<(), Error> {
    if !stored.unverified {
        return Ok(());
    }
    let title = mapper::map_to_activity(conversation, ActivityLink::Person(0), context.settings).title;
    activity(context, (Kind::Conversation, conversation.id), &title, stored).await
}

/// Reads the message's activity, as [`contact`] does its person.
pub(super) async fn message(context: &Context<'_>, message: &Message, stored: &mut Stored) -> Result<(), Error> {
    if !stored.unverified {
        return Ok(());
    }
    let title = mapper::map_message_to_activity(message, ActivityLink::Person(0), context.settings);
    let title = title.map(|activity| activity.title).unwrap_or_default();
    activity(context, (Kind::Message, message.id), &title, stored).await
}

async fn activity(context: &Context<'_>, record: (Kind, u64), title: &str, stored: &mut Stored) -> Result<(), Error> {
    let activity = match stored.ids.get("activity") {
        Some(id) => context.client.find_activity(id).await?,
        None => None,
    };
    let is_ours = activity.is_some_and(|activity| activity.title.is_some_and(|there| place(&there) == place(title)));
    settle(context, record, is_ours, stored).await
}

/// What of a title does not change with a sender's name: `Conversation #42 (chat.example.com/1)`.
fn place(title: &str) -> &str {
    title.find("Conversation #").and_then(|at| title.get(at..)).unwrap_or(title).trim()
}

async fn settle(
    context: &Context<'_>,
    (kind, id): (Kind, u64),
    is_ours: bool,
    stored: &mut Stored,
) -> Result<(), Error> {
    if is_ours {
        stored.confirm();
    } else {
        stored.disown();
    }
    context.store(kind, id, stored).await
}

/// Whether the person has an address or a number of the contact's: one of now, or one that it had when we last knew.
pub(super) fn is_known(context: &Context<'_>, contact: &Contact, person: &Person, stored: &Stored) -> bool {
    if (PersonFinder { client: context.client }).has_something_of(contact, person) {
        return true;
    }
    let proofs = proofs(&context.settings.digest_key, person);
    ["email", "phone", IDENTITY]
        .iter()
        .filter_map(|field| stored.sent.get(*field))
        .any(|kept| kept.split(['|', ',']).any(|known| proofs.iter().any(|proof| proof == known)))
}

/// Digests of all that a person may have been sent to be known by, without those that have no key: these could be anybody's.
pub(super) fn proofs(key: &DigestKey, person: &Person) -> Vec<String> {
    let mut proofs: Vec<String> = Vec::new();
    let mut add = |value: &str| {
        let digest = key.digest(value).text().to_owned();
        if !proofs.contains(&digest) {
            proofs.push(digest);
        }
    };
    for entry in &person.emails {
        add(entry.value.trim());
        add(&entry.value.trim().to_lowercase());
    }
    for entry in &person.contact_numbers {
        add(entry.value.trim());
        if let Some(number) = phone::e164(&entry.value, None) {
            add(&number);
        }
    }
    proofs
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_sender_s_name_is_not_what_an_activity_is_known_by() {
        let (jane, joan) = (
            "Message from Jane - Conversation #42 (x/1 · message 7)",
            "Message from Joan - Conversation #42 (x/1 · message 7)",
        );
        assert_eq!(place(jane), place(joan));
        assert_ne!(place("Conversation #42 (x/1)"), place("Conversation #43 (x/1)"));
        assert_eq!(place("Call back"), "Call back");
    }
}
