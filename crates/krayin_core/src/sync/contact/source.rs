//! The source of a new lead, by the inbox or the channel that its contact wrote to.

use super::Flow;
use crate::{
    Error,
    api::ErrorKind,
    chatwoot::{Contact, Conversation, Inbox},
    reason::Reason,
    server::Dialect,
    settings::{Settings, SourceRule},
};

/// The rule that is about where the contact wrote to: the conversation's inbox, else its first one.
pub(super) fn rule_of<'a>(
    settings: &'a Settings,
    contact: &Contact,
    about: Option<&Conversation>,
) -> Option<&'a SourceRule> {
    let of_channel = || {
        let channel_type = contact.contact_inboxes.first()?.channel_type.clone();
        Some(Inbox { channel_type, ..Inbox::default() })
    };
    let inbox =
        about.map(Conversation::inbox).or_else(|| contact.first_inbox.clone()).or_else(of_channel).unwrap_or_default();
    settings.lead_sources.iter().find(|rule| rule.is_of(&inbox))
}

impl Flow<'_> {
    /// Before a lead is created. A source that is not there is made where the settings ask for it; else the lead gets the
    /// usual one.
    pub(super) async fn choose_source(&mut self) -> Result<(), Error> {
        let Some(rule) = self.source_rule.take() else { return Ok(()) };
        let (client, settings) = (self.context.client, self.context.settings);
        self.source = settings.traits.source(&rule.source);
        if self.source.is_some() {
            return Ok(());
        }
        if !settings.make_sources || client.connection().dialect == Dialect::Documented {
            let known = settings.traits.sources.iter().map(|(_, name)| name.clone()).collect();
            let entered = rule.source.clone();
            self.outcome.why.push(Reason::PlaceUnknown { place: "source".to_owned(), entered, known });
            return Ok(());
        }
        let found = match client.find_source(&rule.source).await? {
            Some(found) => Some(found),
            None => match client.create_source(&rule.source).await {
                // Somebody made it since the look.
                Err(error) if error.kind == ErrorKind::Conflict => client.find_source(&rule.source).await?,
                made => Some(made?),
            },
        };
        self.source = found.map(|source| source.id);
        Ok(())
    }
}
