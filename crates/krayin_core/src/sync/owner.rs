use super::{Context, Outcome, Status, contact, lead_policy, value};
use crate::{
    Error,
    api::{ApiError, ErrorKind},
    chatwoot::{Contact, Conversation},
    digest::Digest,
    krayin::{Activity, ActivityLink, NewActivity},
    reason::Reason,
    records::{Kind, Stored},
    settings::OnDeleted,
};

/// Where `Stored::sent` keeps what an activity is linked to.
pub(super) const LINK: &str = "link";

/// What of an owner is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// It is there.
    Nothing,
    /// What was gone has another in its place, or is to have none.
    Replaced,
    /// There is no person any more, and none is to be made.
    Everything,
}

/// The person and the lead that an activity belongs to.
pub(super) struct Owner<'a> {
    pub(super) person: u64,
    /// None where there is none to be: by the settings, or because a colleague deleted it.
    pub(super) lead: Option<u64>,
    conversation: &'a Conversation,
    /// Whether the lead is the conversation's own, and not its contact's.
    is_own: bool,
    /// Whether that one is gone.
    pub(super) own_is_gone: bool,
    /// What it took to have them: nothing where they were known.
    pub(super) outcome: Outcome,
}

impl<'a> Owner<'a> {
    /// The contact's, or why there is none.
    pub(super) async fn of(
        context: &Context<'_>,
        contact: &Contact,
        conversation: &'a Conversation,
    ) -> Result<Result<Self, Reason>, Error> {
        let stored = context.load(Kind::Contact, contact.id).await?;
        let settings = context.settings;
        let is_removed = stored.removed == contact::LEAD && settings.on_deleted_in_krayin == OnDeleted::Respect;
        let may_lack_lead = is_removed || !lead_policy::wants_lead(settings, contact, Some(conversation));
        if let (Some(person), lead, false) = (stored.ids.get("person"), stored.ids.get("lead"), stored.unverified)
            && (lead.is_some() || may_lack_lead)
        {
            let outcome = Outcome { ids: stored.ids, status: Status::Skipped, ..Outcome::default() };
            return Ok(Ok(Self { person, lead, conversation, is_own: false, own_is_gone: false, outcome }));
        }
        Ok(Self::from(contact::sync(context, contact, Some(conversation)).await?, conversation))
    }

    /// Whether an activity is to be given to another person or lead than it was last linked to: its contact was merged, or
    /// the conversation was given to another one. `own_lead` is the conversation's own, where it has one or had it. Nobody is
    /// asked.
    pub(super) async fn has_changed(
        context: &Context<'_>,
        (contact, own_lead): (&Contact, Option<Option<u64>>),
        conversation: &'a Conversation,
        stored: &Stored,
        link: fn(&Self) -> ActivityLink,
    ) -> Result<bool, Error> {
        let Some(kept) = stored.sent.get(LINK).filter(|_| stored.ids.get("activity").is_some()) else {
            return Ok(false);
        };
        let known = context.load(Kind::Contact, contact.id).await?;
        let Some(person) = known.ids.get("person").filter(|_| !known.unverified) else { return Ok(false) };
        let lead = own_lead.unwrap_or(known.ids.get("lead"));
        let owner = Self { person, lead, conversation, is_own: false, own_is_gone: false, outcome: Outcome::default() };
        Ok(!owner.link_digest(context, link).is(kept))
    }

    /// The digest of what an activity is linked to.
    pub(super) fn link_digest(&self, context: &Context<'_>, link: fn(&Self) -> ActivityLink) -> Digest {
        let lead = match link(self) {
            ActivityLink::Lead(lead) => lead,
            ActivityLink::Person(_) => 0,
        };
        context.settings.digest_key.digest(&format!("{}:{lead}", self.person))
    }

    fn from(outcome: Outcome, conversation: &'a Conversation) -> Result<Self, Reason> {
        match outcome.ids.get("person") {
            Some(person) => {
                let lead = outcome.ids.get("lead");
                Ok(Self { person, lead, conversation, is_own: false, own_is_gone: false, outcome })
            }
            None => Err(outcome.why.into_iter().next_back().unwrap_or(Reason::NoIdentity)),
        }
    }

    /// Takes the conversation's own lead in the place of the contact's, where the settings give it one; `stored` is what
    /// is kept of the conversation.
    pub(super) async fn take_own_lead(
        &mut self,
        context: &Context<'_>,
        contact: &Contact,
        stored: &mut Stored,
    ) -> Result<(), Error> {
        if lead_policy::lacks_own_lead(context.settings, stored) {
            let (lead, created) =
                lead_policy::create_own_lead(context, (contact, self.person), self.conversation, stored).await?;
            self.outcome.ids.set("lead", lead);
            if created {
                self.outcome.created.push("lead");
                self.outcome.status = Status::Synced;
            }
        }
        if lead_policy::has_own_lead(context.settings, stored) {
            (self.lead, self.is_own) = (stored.ids.get("lead"), true);
        }
        Ok(())
    }

    /// The owner anew, whose lead was looked for and is gone: deleted in Krayin, or merged, alone or with its person.
    /// `false` where there is none any more.
    pub(super) async fn relink(&mut self, context: &Context<'_>, contact: &Contact) -> Result<bool, Error> {
        Ok(self.lost(context, contact, true).await? == Lost::Replaced)
    }

    async fn lost(&mut self, context: &Context<'_>, contact: &Contact, is_lead_missed: bool) -> Result<Lost, Error> {
        if self.is_own && context.client.find_person(self.person).await?.is_some() {
            (self.lead, self.own_is_gone) = (None, true);
            self.outcome.why.push(Reason::LeadDeleted);
            return Ok(Lost::Replaced);
        }
        let is_own = self.is_own;
        let about = Some(self.conversation);
        let Some(outcome) = contact::sync_lost(context, contact, about, is_lead_missed || is_own).await? else {
            return Ok(Lost::Nothing);
        };
        match Self::from(outcome, self.conversation) {
            Ok(owner) => {
                *self = owner;
                if is_own {
                    (self.lead, self.is_own, self.own_is_gone) = (None, true, true);
                }
                Ok(Lost::Replaced)
            }
            Err(reason) => {
                self.outcome.why.push(reason);
                self.lead = None;
                Ok(Lost::Everything)
            }
        }
    }

    /// What is gone of the owner, whom a failure may be about; found or created anew. It is asked only when a call that
    /// names them has failed.
    pub(super) async fn lost_by(
        &mut self,
        context: &Context<'_>,
        contact: &Contact,
        error: &ApiError,
    ) -> Result<Lost, Error> {
        let about = match error.kind {
            ErrorKind::NotFound | ErrorKind::Server => true,
            ErrorKind::Validation => error.names_field("person_id") || error.names_field("lead_id"),
            _ => false,
        };
        if !about {
            return Ok(Lost::Nothing);
        }
        let stored = context.load(Kind::Contact, contact.id).await?;
        let is_known = stored.ids.get("person") == Some(self.person)
            && (self.lead.is_none() || stored.ids.get("lead") == self.lead);
        if is_known && !self.is_own {
            return self.lost(context, contact, false).await;
        }
        // A lead tells of its person.
        let is_there = match self.lead {
            Some(lead) => {
                let lead = context.client.find_lead(lead).await?;
                lead.is_some_and(|lead| lead.person.is_some_and(|person| person.id == self.person))
            }
            None => context.client.find_person(self.person).await?.is_some(),
        };
        if is_there { Ok(Lost::Nothing) } else { self.lost(context, contact, true).await }
    }

    /// Creates an activity with the link that `link` makes, and says whether it is one that a create left that failed, and
    /// that may lack its link. `None` where there is no owner any more.
    pub(super) async fn create_activity(
        &mut self,
        context: &Context<'_>,
        contact: &Contact,
        activity: &NewActivity,
        link: fn(&Self) -> ActivityLink,
    ) -> Result<Option<(Activity, bool)>, Error> {
        let client = context.client;
        let linked = |owner: &Self| value(&NewActivity { link: link(owner), ..activity.clone() });
        let before = client.requests();
        let mut error = match client.create_unlinked_activity(linked(self)).await {
            Ok(created) => {
                if client.requests() > before + 1 {
                    // Its own answer may have been lost, and with it that the owner is gone: a look found it all the same.
                    self.link_activity(context, contact, created.id, link).await?;
                }
                return Ok(Some((created, false)));
            }
            Err(error) => error,
        };
        // It may have been kept without its link, which is what a lead or person that is gone comes to.
        let mut left = error.left.take();
        let lost = self.lost_by(context, contact, &error).await?;
        if left.is_none() && lost != Lost::Nothing && error.executed.may_be() {
            // The look for it has failed.
            left = client.search_activity(&activity.title).await?.into_iter().next().map(Box::new);
        }
        match (lost, left) {
            (Lost::Everything, left) => {
                if let Some(left) = left {
                    // Nobody is to see it: it is said of someone whom a colleague deleted.
                    client.delete_activity(left.id).await?;
                }
                Ok(None)
            }
            (_, Some(left)) => Ok(Some((*left, true))),
            (Lost::Replaced, None) => Ok(Some((client.create_activity(linked(self)).await?, false))),
            (Lost::Nothing, None) => Err(error.into()),
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
            match self.lost_by(context, contact, &error).await? {
                Lost::Nothing => return Err(error.into()),
                Lost::Replaced => drop(context.client.update_activity(id, value(&link(self))).await?),
                Lost::Everything => {}
            }
        }
        Ok(())
    }
}
