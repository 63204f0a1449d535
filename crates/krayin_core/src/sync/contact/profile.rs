//! The note that tells where a contact without e-mail address and number is found.

use super::Flow;
use crate::{
    Error,
    krayin::{ActivityLink, NewActivity},
    mapper,
    sync::value,
};

/// What `Stored::sent` knows the note by once it is there; while it is being made, with this before it.
const NOTE: &str = "profile";
const IN_FLIGHT: &str = "profile_in_flight";

impl Flow<'_> {
    /// The note, where it is to be made.
    pub(super) fn profile_note(&self) -> Option<NewActivity> {
        let person = self.stored.ids.get("person")?;
        let is_due = !self.stored.sent.contains_key(NOTE)
            && self.stored.removed.is_empty()
            && mapper::is_known_by_channel_alone(self.contact);
        is_due.then(|| mapper::map_to_profile_note(self.contact, ActivityLink::Person(person)))?
    }

    /// Makes it, once: what becomes of it in Krayin is a colleague's.
    pub(super) async fn write_profile_note(&mut self) -> Result<(), Error> {
        let Some(note) = self.profile_note() else { return Ok(()) };
        let client = self.context.client;
        let digest = self.context.settings.digest_key.digest(&note.title).text().to_owned();
        let was_begun = self.stored.sent.get(IN_FLIGHT) == Some(&digest);
        let is_there = was_begun
            && client
                .search_activity(&note.title)
                .await?
                .iter()
                .any(|found| found.comment.as_deref().is_none_or(|comment| comment == note.comment));
        if !is_there {
            self.stored.sent.insert(IN_FLIGHT.into(), digest.clone());
            self.store().await?;
            client.create_activity(value(&note)).await?;
            self.outcome.created.push("note");
        }
        self.stored.sent.remove(IN_FLIGHT);
        self.stored.sent.insert(NOTE.into(), digest);
        self.store().await
    }
}
