use super::{Context, Outcome, Status, contact, value};
use crate::{
    Error,
    api::{ApiError, ErrorKind, Executed},
    chatwoot::Contact,
    krayin::{Activity, ActivityLink, NewActivity},
    records::Kind,
};

/// The person and the lead that an activity belongs to.
pub(super) struct Owner {
    pub(super) person: u64,
    pub(super) lead: u64,
    /// What it took to have them: nothing where they were known.
    pub(super) outcome: Outcome,
}

impl Owner {
    /// `None` where the contact has nothing that Krayin could know it by.
    pub(super) async fn of(context: &Context<'_>, contact: &Contact) -> Result<Option<Self>, Error> {
        let stored = context.load(Kind::Contact, contact.id).await?;
        if let (Some(person), Some(lead), false) = (stored.ids.get("person"), stored.ids.get("lead"), stored.unverified)
        {
            let outcome = Outcome { ids: stored.ids, status: Status::Skipped, ..Outcome::default() };
            return Ok(Some(Self { person, lead, outcome }));
        }
        let outcome = contact::sync(context, contact).await?;
        Ok(match (outcome.ids.get("person"), outcome.ids.get("lead")) {
            (Some(person), Some(lead)) => Some(Self { person, lead, outcome }),
            _ => None,
        })
    }

    /// The owner anew, whose lead is gone: deleted in Krayin, or merged, alone or with its person.
    pub(super) async fn heal(&mut self, context: &Context<'_>, contact: &Contact) -> Result<bool, Error> {
        let person_is_there = context.client.find_person(self.person).await?.is_some();
        self.renew(context, contact, person_is_there).await
    }

    async fn renew(&mut self, context: &Context<'_>, contact: &Contact, person_is_there: bool) -> Result<bool, Error> {
        let mut stored = context.load(Kind::Contact, contact.id).await?;
        stored.ids.forget("lead");
        if !person_is_there {
            stored.ids.forget("person");
            stored.sent.clear();
        }
        context.store(Kind::Contact, contact.id, &mut stored).await?;
        let Some(mut owner) = Box::pin(Self::of(context, contact)).await? else { return Ok(false) };
        owner
            .outcome
            .reasons
            .push("The person or lead that was known is gone from Krayin; found or created again.".into());
        *self = owner;
        Ok(true)
    }

    /// Whether a failure may be about this owner, who is gone then; found or created anew.
    pub(super) async fn healed(
        &mut self,
        context: &Context<'_>,
        contact: &Contact,
        error: &ApiError,
    ) -> Result<bool, Error> {
        let about = match error.kind {
            ErrorKind::NotFound | ErrorKind::Server => true,
            ErrorKind::Validation => error.names_field("person_id") || error.names_field("lead_id"),
            _ => false,
        };
        if !about {
            return Ok(false);
        }
        // Two requests, asked only when a call that names them has failed.
        let lead_is_there = context.client.find_lead(self.lead).await?.is_some();
        let person_is_there = context.client.find_person(self.person).await?.is_some();
        Ok(!(lead_is_there && person_is_there) && self.renew(context, contact, person_is_there).await?)
    }

    /// Creates an activity with the link that `link` makes. The flag says whether it was left by a create that failed.
    pub(super) async fn create_activity(
        &mut self,
        context: &Context<'_>,
        contact: &Contact,
        activity: &NewActivity,
        link: fn(&Self) -> ActivityLink,
    ) -> Result<(Activity, bool), Error> {
        let client = context.client;
        let linked = |owner: &Self| value(&NewActivity { link: link(owner), ..activity.clone() });
        let before = client.requests();
        let error = match client.create_activity(linked(self)).await {
            Ok(created) => {
                if client.requests() > before + 1 {
                    // Its own answer may have been lost, and with it that the owner is gone: a look found it all the same.
                    self.link_activity(context, contact, created.id, link).await?;
                }
                return Ok((created, false));
            }
            Err(error) => error,
        };
        // It may have been kept without its link, which is what a lead or person that is gone comes to.
        let kept = error.executed == Executed::Maybe && error.kind == ErrorKind::Server;
        let found = if kept { client.search_activity(&activity.title).await?.into_iter().next() } else { None };
        if !self.healed(context, contact, &error).await? {
            return Err(error.into());
        }
        match found {
            Some(found) => Ok((client.update_activity(found.id, value(&link(self))).await?, true)),
            None => Ok((client.create_activity(linked(self)).await?, false)),
        }
    }

    /// Adds a link to an activity that may lack it.
    pub(super) async fn link_activity(
        &mut self,
        context: &Context<'_>,
        contact: &Contact,
        id: u64,
        link: fn(&Self) -> ActivityLink,
    ) -> Result<(), Error> {
        if let Err(error) = context.client.update_activity(id, value(&link(self))).await {
            if !self.healed(context, contact, &error).await? {
                return Err(error.into());
            }
            context.client.update_activity(id, value(&link(self))).await?;
        }
        Ok(())
    }
}
