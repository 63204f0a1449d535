//! Contact → person, lead and organization.

mod doubted;
mod erased;
mod lead;
mod lookup;
mod merged;
mod organization;
mod person;
mod profile;
mod refusal;
mod source;
mod tags;
mod taken;
mod told;
mod unique;
mod wanted;
mod yes_no;

use std::collections::BTreeMap;

pub(super) use erased::{erase, sync_deleted};
pub(super) use merged::sync_merged;
use serde_json::{Map, Value};
use wanted::Wanted;

use super::{
    Context, Doubt, Outcome, Status, assignee,
    lead_policy::{self, wants_lead},
    verify,
};
use crate::{
    DigestKey, Error,
    chatwoot::{Contact, Conversation},
    digest::is_uncertain,
    field::{Entity, Field, ValueDigest},
    krayin::Person,
    mapper::is_on_network,
    reason::Reason,
    records::{Kind, LeftOut, State, Stored},
    settings::{LabelTags, LeadPolicy, OnDeleted, OwnerPolicy, SourceRule, WithoutEmailOrPhone},
};

/// Nothing that Krayin shows changed: no request. New: a search and one create. Changed: a read and a write for the
/// person, and the same for the lead where its own fields changed.
///
/// `about` is the conversation that the contact is synced for, where there is one: it may make a lead of the contact.
pub(super) async fn sync(
    context: &Context<'_>,
    contact: &Contact,
    about: Option<&Conversation>,
) -> Result<Outcome, Error> {
    let mut flow = Flow::of(context, contact, about).await?;
    let was_doubted = flow.look_at_doubted().await?;
    if !was_doubted {
        flow.known = verify::contact(context, contact, &mut flow.stored).await?;
    }
    if let Some(reason) = flow.stays_away() {
        return Ok(Outcome::skipped(flow.stored.ids, reason).and(flow.wanted.wrong));
    }
    let tells_owner = flow.note_unknown_owner();
    let is_idle = flow.is_complete()
        && !flow.is_anything_due()
        && flow.profile_note().is_none()
        && !tells_owner
        && !flow.is_lookup_due()
        && !was_doubted;
    if is_idle && !flow.are_labels_due(about) {
        return Ok(Outcome::skipped(flow.stored.ids, Reason::Unchanged));
    }
    flow.outcome.why.append(&mut flow.wanted.wrong);
    if tells_owner {
        flow.outcome.why.push(Reason::OwnerUnknown);
        flow.store().await?;
    }
    flow.look_up(false).await?;
    flow.person().await?;
    if flow.look_up(true).await? {
        flow.person().await?;
    }
    flow.sync_tags(about).await?;
    flow.write_profile_note().await?;
    Ok(flow.end())
}

/// As [`sync`], where a call that named the contact's person or lead has failed. `None` where both are there, and the
/// failure was about something else. `is_lead_missed` says that the lead was looked for already.
pub(super) async fn sync_lost(
    context: &Context<'_>,
    contact: &Contact,
    about: Option<&Conversation>,
    is_lead_missed: bool,
) -> Result<Option<Outcome>, Error> {
    let mut flow = Flow::of(context, contact, about).await?;
    if !flow.owner_gone(is_lead_missed).await? {
        return Ok(None);
    }
    flow.outcome.why.insert(0, Reason::OwnerGone);
    Ok(Some(flow.end()))
}

/// Before a new conversation, where the settings say so: a contact whose lead was won or lost gets a new one.
pub(super) async fn replace_closed_lead(
    context: &Context<'_>,
    contact: &Contact,
    conversation: &Conversation,
) -> Result<(), Error> {
    let mut flow = Flow::of(context, contact, Some(conversation)).await?;
    if !flow.wants_lead {
        return Ok(());
    }
    let ids = (flow.stored.ids.get("person"), flow.stored.ids.get("lead"));
    let (Some(person), Some(lead)) = ids else { return Ok(()) };
    flow.replace_closed_lead(person, lead).await
}

/// A lead for one conversation alone, which is the contact's from now on; and whether it was created just now.
pub(super) async fn lead_of_conversation(
    context: &Context<'_>,
    (contact, person): (&Contact, u64),
    conversation: &Conversation,
    may_be_there: bool,
) -> Result<(u64, bool), Error> {
    let mut flow = Flow::of(context, contact, Some(conversation)).await?;
    flow.lead_of_conversation(person, conversation, may_be_there).await
}

struct Flow<'a> {
    context: &'a Context<'a>,
    contact: &'a Contact,
    /// Whether a lead is to be made where there is none.
    wants_lead: bool,
    /// What the title of a lead says of its conversation, where it is one's own.
    lead_title: Option<String>,
    wanted: Wanted,
    /// Whether the lead is another conversation's than the one that the contact is synced for.
    lead_is_anothers: bool,
    /// Whether the owner has followed that conversation's assignment already.
    owner_has_followed: bool,
    /// Which source a new lead has, by where the contact wrote to; and its id, once it is known.
    source_rule: Option<&'a SourceRule>,
    source: Option<u64>,
    /// The person, where it was read just now.
    known: Option<Person>,
    stored: Stored,
    /// Whether only a person can tell whom the contact is.
    is_doubtful: bool,
    /// Whether another person has the placeholder that the contact's number makes.
    placeholder_is_anothers: bool,
    outcome: Outcome,
}

/// What `Stored::left_out` knows a colleague by who has no user in Krayin.
const OWNER: &str = "owner";

/// What `Stored::removed` says of a contact whose person was deleted in Krayin.
pub(super) const PERSON: &str = "person";
/// Likewise of its lead.
pub(super) const LEAD: &str = "lead";
/// What `Stored::doubted` says of its organization.
const ORGANIZATION: &str = "organization";

impl<'a> Flow<'a> {
    async fn of(context: &'a Context<'a>, contact: &'a Contact, about: Option<&Conversation>) -> Result<Self, Error> {
        let mut stored = context.load(Kind::Contact, contact.id).await?;
        if context.settings.on_deleted_in_krayin == OnDeleted::MakeAgain {
            stored.removed.clear();
        }
        let wanted = Wanted::of(contact, context);
        let wants_lead = wants_lead(context.settings, contact, about);
        let mut flow = Self {
            context,
            contact,
            wants_lead,
            lead_title: None,
            wanted,
            lead_is_anothers: false,
            owner_has_followed: false,
            source_rule: source::rule_of(context.settings, contact, about),
            source: None,
            known: None,
            stored,
            is_doubtful: false,
            placeholder_is_anothers: false,
            outcome: Outcome::default(),
        };
        flow.look_at_conversation(about).await?;
        Ok(flow)
    }

    /// What of the conversation's is not this lead's, or was done before. It is read only where that makes a difference.
    async fn look_at_conversation(&mut self, about: Option<&Conversation>) -> Result<(), Error> {
        let context = self.context;
        let Some(conversation) = about.filter(|conversation| conversation.id != 0) else { return Ok(()) };
        let lead = self.stored.ids.get("lead");
        let is_apart = context.settings.lead_policy == LeadPolicy::PerConversation
            && lead.is_some()
            && (context.settings.label_tags == LabelTags::PersonAndLead
                || self.fields(Entity::Lead).any(Field::is_of_conversation));
        let is_newly_assigned = context.settings.owner_policy == OwnerPolicy::Follow
            && Entity::ALL
                .into_iter()
                .flat_map(|entity| self.fields(entity))
                .any(|field| field.is_owner() && self.stored.sent.contains_key(&*field.key) && self.is_due(field));
        if is_apart || is_newly_assigned {
            let kept = context.load(Kind::Conversation, conversation.id).await?;
            let has_own = lead_policy::lacks_own_lead(context.settings, &kept)
                || lead_policy::has_own_lead(context.settings, &kept);
            self.lead_is_anothers = is_apart && has_own && kept.ids.get("lead") != lead;
            self.owner_has_followed = assignee::is_noted(context, conversation, &kept);
        }
        Ok(())
    }

    /// Whether nobody in Krayin has the address of the colleague whom the conversation is assigned to, and that was not
    /// told yet.
    fn note_unknown_owner(&mut self) -> bool {
        let Some(unknown) = &self.wanted.unknown_owner else {
            if self.fields(Entity::Person).any(|field| field.is_owner() && self.wanted.value(field).is_some()) {
                self.stored.left_out.remove(OWNER);
            }
            return false;
        };
        let left = LeftOut {
            digest: self.context.settings.digest_key.digest(unknown).text().to_owned(),
            theirs: String::new(),
            code: Reason::OwnerUnknown.code(),
        };
        let told = self.stored.left_out.get(OWNER) == Some(&left);
        self.stored.left_out.insert(OWNER.to_owned(), left);
        !told
    }

    /// Why the contact is not to be in Krayin.
    fn stays_away(&self) -> Option<Reason> {
        if self.stored.removed == PERSON {
            return Some(Reason::PersonDeleted);
        }
        let is_unknown = !self.wanted.is_known_by_something() && self.stored.ids.get("person").is_none();
        is_unknown.then(|| self.no_identity())
    }

    fn no_identity(&self) -> Reason {
        let waits = self.context.settings.contacts_without_email_or_phone == WithoutEmailOrPhone::WithConversation;
        if waits && !self.contact.has_conversation && is_on_network(self.contact) {
            Reason::NoConversation
        } else {
            Reason::NoIdentity
        }
    }

    fn is_complete(&self) -> bool {
        self.stored.ids.get("person").is_some() && (self.stored.ids.get("lead").is_some() || self.has_no_lead())
    }

    /// Whether there is no lead, and none is to be.
    fn has_no_lead(&self) -> bool {
        self.stored.ids.get("lead").is_none() && (!self.wants_lead || self.stored.removed == LEAD)
    }

    fn is_anything_due(&self) -> bool {
        Entity::ALL.into_iter().any(|entity| {
            let waits = entity == Entity::Lead && self.has_no_lead();
            !waits && self.fields(entity).any(|field| self.is_due(field))
        })
    }

    fn fields(&self, entity: Entity) -> impl Iterator<Item = &'a Field> + use<'a> {
        self.context.fields.own(entity)
    }

    /// The fields of the entity that are to be looked at.
    fn due(&self, entity: Entity) -> Vec<&'a Field> {
        self.fields(entity).filter(|field| self.is_due(field)).collect()
    }

    /// Whether a field differs from what was last sent. A value that the contact no longer has changes nothing, save that
    /// an address or number of ours goes where another one is left to know the contact by.
    fn is_due(&self, field: &Field) -> bool {
        let kept = self.stored.sent.get(&*field.key);
        let wanted = self.wanted.digest(field);
        if field.key == "title" && self.context.settings.lead_policy == LeadPolicy::PerConversation {
            // It names the conversation that the lead is of.
            return false;
        }
        if field.entity == Entity::Lead && self.lead_is_anothers && field.is_of_conversation() {
            return false;
        }
        if field.is_owner() && kept.is_some() && self.owner_has_followed {
            return false;
        }
        let differs = match wanted {
            Some(_) if field.is_filled_once() => kept.is_none(),
            Some(digest) => kept.is_none_or(|kept| !digest.is(kept)),
            None => field.identifies() && kept.is_some() && self.wanted.is_known_by_something(),
        };
        differs && !self.is_left_out(field)
    }

    /// Whether this very value was left out before, and nothing on this side tells that it would be taken now.
    fn is_left_out(&self, field: &Field) -> bool {
        let Some(left) = self.stored.left_out.get(&*field.key) else { return false };
        let is_same = match self.wanted.digest(field) {
            Some(digest) => digest.is(&left.digest),
            None => left.digest.is_empty(),
        };
        is_same && !refusal::may_be_written_now(left, field.entity, self.context.settings)
    }

    fn leave_out(&mut self, field: &Field, theirs: Option<&Value>, reason: Reason) {
        let left = LeftOut {
            digest: self.wanted.digest(field).map(ValueDigest::text).unwrap_or_default(),
            theirs: theirs.map(|value| self.digest_of(field, value)).unwrap_or_default(),
            code: reason.code(),
        };
        self.stored.left_out.insert(field.key.clone().into_owned(), left);
        if !self.outcome.why.contains(&reason) {
            self.outcome.why.push(reason);
        }
    }

    /// Leaves out all of these, which `record` has as it has them.
    fn leave_all_out(&mut self, fields: impl IntoIterator<Item = &'a Field>, record: &Value, reason: &Reason) {
        for field in fields {
            self.leave_out(field, field.read(record), reason.clone());
        }
    }

    /// Before a write: its answer may be lost, and the contact may be another one when it is tried again.
    async fn note_sending(&mut self, fields: &[&Field]) -> Result<(), Error> {
        for field in fields {
            self.wanted.note_in_flight(field, &mut self.stored.sent);
        }
        self.store().await
    }

    fn note_sent(&mut self, field: &Field) {
        self.stored.left_out.remove(&*field.key);
        match self.wanted.digest(field) {
            Some(digest) => self.stored.sent.insert(field.key.clone().into_owned(), digest.text()),
            None => self.stored.sent.remove(&*field.key),
        };
    }

    /// All of them but those that were left out.
    fn note_all_sent(&mut self, fields: &[&Field]) {
        for field in fields {
            if !self.is_left_out(field) {
                self.note_sent(field);
            }
        }
    }

    /// Keeps what is known, and whether something is still to be done.
    async fn store(&mut self) -> Result<(), Error> {
        let unfinished = || {
            !self.is_complete()
                || (!self.has_no_lead() && self.fields(Entity::Lead).any(|field| self.is_due(field)))
                || self.stored.sent.values().any(|kept| is_uncertain(kept))
                || self.profile_note().is_some()
        };
        let stays_away = self.stays_away().is_some();
        self.stored.pending = !stays_away && !self.is_doubtful && self.wanted.is_known_by_something() && unfinished();
        if !self.is_left_apart() {
            self.stored.state = Some(self.state(stays_away));
            self.stored.reason = self.outcome.why.last().map(Reason::kept);
        }
        self.context.store(Kind::Contact, self.contact.id, &mut self.stored).await
    }

    /// Whether a merge left two persons apart, of whom the other still has what this contact goes by: that stays to be
    /// told until a colleague has settled it.
    fn is_left_apart(&self) -> bool {
        let told = self.stored.reason.as_ref().map(|reason| reason.code.as_str());
        let is_theirs = |field: &Field| {
            let kept = self.stored.sent.get(&*field.key);
            self.wanted.digest(field).is_some_and(|digest| !kept.is_some_and(|kept| digest.is(kept)))
        };
        self.stored.state == Some(State::Doubtful)
            && told == Some("merged_apart")
            && self.fields(Entity::Person).any(|field| field.identifies() && is_theirs(field))
    }

    fn state(&self, stays_away: bool) -> State {
        if self.is_doubtful {
            State::Doubtful
        } else if stays_away || !self.stored.removed.is_empty() {
            State::Skipped
        } else if self.stored.pending {
            State::Waiting
        } else if self.stored.left_out.values().any(refusal::needs_a_person) {
            State::Refused
        } else {
            State::Synced
        }
    }

    /// What was last sent, and the key of its digests.
    fn sent(&self) -> (&DigestKey, &BTreeMap<String, String>) {
        (&self.context.settings.digest_key, &self.stored.sent)
    }

    fn digest_of(&self, field: &Field, value: &Value) -> String {
        field.digest(&self.context.settings.digest_key, value).text()
    }

    /// Nothing is written of a contact that could be someone else: a person decides.
    async fn leave_doubtful(&mut self, doubt: Doubt) -> Error {
        self.is_doubtful = true;
        self.outcome.why.push(doubt.reason());
        match self.store().await {
            Ok(()) => doubt.into(),
            Err(error) => error,
        }
    }

    async fn give_up(&mut self, reason: Reason) -> Result<(), Error> {
        self.outcome.status = Status::Skipped;
        self.outcome.why.push(reason);
        self.store().await
    }

    fn end(mut self) -> Outcome {
        self.outcome.ids = self.stored.ids;
        self.outcome
    }
}

/// The record's own attributes, by their codes.
type Attributes = Map<String, Value>;
