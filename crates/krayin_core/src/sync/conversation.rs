use serde_json::{Map, Value, json};

use super::{
    Context, EventName, Outcome, Owner, Status,
    activity::{COMMENT, DONE, TITLE},
    assignee,
    comment::{self, Merged},
    contact, lead_policy,
    owner::{LINK, Lost},
    stage, value, verify,
};
use crate::{
    Error,
    api::ErrorKind,
    chatwoot::{Contact, Conversation},
    digest::Digest,
    field::{Sent, ValueDigest},
    krayin::{Activity, ActivityLink, NewActivity, offset_minutes},
    mapper,
    reason::Reason,
    records::{Kind, Stored},
    server::Dialect,
    settings::{LeadPolicy, OnClosed, OnDeleted},
};

/// Conversation → activity of the contact's lead and person, and the lead's stage.
///
/// New: one create and one write, which adds the second link and what the server forces on a create. Changed: a read,
/// since a colleague may have written into the comment, and one write. Nothing that Krayin shows changed: none.
pub(super) async fn sync(
    context: &Context<'_>,
    event: EventName,
    conversation: &Conversation,
) -> Result<Outcome, Error> {
    let settings = context.settings;
    let policy = settings.lead_policy;
    let maps = settings.maps_conversations();
    if !settings.sync_conversations && !settings.stage_progression_enabled && !policy.is_of_conversations() && !maps {
        return match &conversation.contact {
            // With it the contact has what it was waiting for.
            Some(contact) if contact.id != 0 && mapper::is_known_by_channel_alone(contact) => {
                contact::sync(context, contact, Some(conversation)).await
            }
            _ => Ok(Outcome::skipped(Default::default(), Reason::ConversationsOff)),
        };
    }
    let Some(contact) = conversation.contact.as_ref().filter(|contact| contact.id != 0) else {
        return Ok(Outcome::skipped(Default::default(), Reason::ConversationWithoutContact));
    };
    // What is mapped of a conversation is written with its contact's person and lead.
    let about = if maps { contact::sync(context, contact, Some(conversation)).await? } else { Outcome::default() };
    let is_mapped = maps && about.status == Status::Synced;
    let mut stored = context.load(Kind::Conversation, conversation.id).await?;
    let is_new = event == EventName::ConversationCreated;
    verify::conversation(context, conversation, &mut stored).await?;
    let own_is_gone = lead_policy::look_at_doubted(context, conversation.id, &mut stored).await?;
    let seen = stage::seen((contact, conversation), &stored, context);
    if !seen.is_empty() {
        stored.stages.extend(seen);
        stored.parent = contact.id;
        context.store(Kind::Conversation, conversation.id, &mut stored).await?;
    }
    let mut due = stage::due((contact, conversation), is_new, &stored, context);
    let wanted = settings.sync_conversations.then(|| Wanted::of(conversation, context));
    let own_lead = lead_policy::has_own_lead(settings, &stored).then(|| stored.ids.get("lead"));
    let moved = wanted.is_some()
        && stored.removed != ACTIVITY
        && Owner::has_changed(context, (contact, own_lead), conversation, &stored, first_link(context)).await?;
    let shown = wanted.as_ref().is_none_or(|wanted| wanted.is_shown(&stored));
    if shown && !moved && due.is_empty() && !lead_policy::is_due(context, contact, conversation, &stored).await? {
        assignee::note(context, conversation, &mut stored).await?;
        let why = if own_is_gone { Reason::LeadDeleted } else { Reason::Unchanged };
        return Ok(if is_mapped { about } else { Outcome::skipped(stored.ids, why) });
    }
    let follows_closed = settings.on_closed == OnClosed::NewLead && policy != LeadPolicy::PerConversation;
    if is_new && follows_closed && stored.ids.get("activity").is_none() {
        contact::replace_closed_lead(context, contact, conversation).await?;
    }
    let mut owner = match Owner::of(context, contact, conversation).await? {
        Ok(owner) => owner,
        Err(reason) => return Ok(Outcome::skipped(Default::default(), reason)),
    };
    if is_mapped {
        owner.outcome = std::mem::take(&mut owner.outcome).after(about);
    }
    if owner.outcome.status == Status::Synced {
        // That took a while, in which a host without a lock may have run another event of the conversation.
        stored = context.load(Kind::Conversation, conversation.id).await?;
        due = stage::due((contact, conversation), is_new, &stored, context);
    }
    stored.parent = contact.id;
    owner.take_own_lead(context, contact, &mut stored).await?;
    if owner.lead.is_none() && !lead_policy::wants_lead(settings, contact, Some(conversation)) {
        // A rule waits for the lead that it moves.
        due.clear();
    }
    let mut flow = Flow { context, conversation, contact, owner, outcome: Outcome::default() };
    if let Some(wanted) = wanted.filter(|wanted| moved || !wanted.is_shown(&stored)) {
        flow.activity(wanted, &mut stored).await?;
    }
    if !due.is_empty() {
        stage::progress(context, (&mut flow.owner, contact), &due, &mut stored, &mut flow.outcome).await?;
        context.store(Kind::Conversation, conversation.id, &mut stored).await?;
    }
    if flow.owner.own_is_gone {
        lead_policy::note_gone(settings, &mut stored);
        context.store(Kind::Conversation, conversation.id, &mut stored).await?;
    }
    assignee::note(context, conversation, &mut stored).await?;
    flow.outcome.ids = stored.ids;
    Ok(flow.outcome.after(flow.owner.outcome))
}

/// The document links an activity to its person alone.
fn first_link(context: &Context<'_>) -> fn(&Owner) -> ActivityLink {
    match context.client.connection().dialect {
        Dialect::RestApi => |owner| owner.lead.map_or(ActivityLink::Person(owner.person), ActivityLink::Lead),
        Dialect::Documented => |owner| ActivityLink::Person(owner.person),
    }
}

/// What `Stored::removed` says of a conversation whose activity was deleted in Krayin.
const ACTIVITY: &str = "activity";

struct Wanted {
    activity: NewActivity,
    digest: Digest,
}

impl Wanted {
    fn of(conversation: &Conversation, context: &Context<'_>) -> Self {
        // The digest is of what people see, so it must not change when the server's time zone is learned.
        let mut blank = context.settings.clone();
        blank.traits.utc_offset_minutes = None;
        let shown = mapper::map_to_activity(conversation, ActivityLink::Person(0), &blank);
        let digest = context.settings.digest_key.digest(&serde_json::to_string(&shown).unwrap_or_default());
        let activity = mapper::map_to_activity(conversation, ActivityLink::Person(0), context.settings);
        Self { activity, digest }
    }

    /// Whether there is nothing to write, or nothing is to be written: a colleague deleted it.
    fn is_shown(&self, stored: &Stored) -> bool {
        if stored.removed == ACTIVITY {
            return true;
        }
        stored.ids.get("activity").is_some() && stored.sent.get("activity").is_some_and(|kept| self.digest.is(kept))
    }
}

struct Flow<'a> {
    context: &'a Context<'a>,
    conversation: &'a Conversation,
    contact: &'a Contact,
    owner: Owner<'a>,
    outcome: Outcome,
}

impl Flow<'_> {
    async fn activity(&mut self, wanted: Wanted, stored: &mut Stored) -> Result<(), Error> {
        if let Some(id) = stored.ids.get("activity") {
            let client = self.context.client;
            let there = match client.find_activity(id).await? {
                // The answer alone could be a server's that has trouble.
                None => client.find_activity(id).await?,
                there => there,
            };
            if let Some(there) = &there
                && (self.follow(there, &wanted, stored).await? || client.find_activity(id).await?.is_some())
            {
                return Ok(());
            }
            stored.ids.forget("activity");
            if self.context.settings.on_deleted_in_krayin == OnDeleted::Respect {
                stored.removed = ACTIVITY.to_owned();
                stored.pending = false;
                self.outcome.why.push(Reason::ActivityDeleted);
                return self.context.store(Kind::Conversation, self.conversation.id, stored).await;
            }
            stored.sent.clear();
            stored.pending = false;
            self.outcome.why.push(Reason::ActivityGone);
        }
        if stored.pending
            && let Some(found) = self.left_by_an_earlier_run(&wanted.activity, stored).await?
        {
            stored.ids.set("activity", found.id);
            stored.sent.remove(TITLE);
            self.owner.link_activity(self.context, self.contact, found.id, self.first_link()).await?;
            self.follow(&found, &wanted, stored).await?;
            self.outcome.updated.retain(|what| *what != "activity");
            return Ok(());
        }
        stored.pending = true;
        // By which it is found where it is deleted before anybody has seen the answer.
        stored.sent.insert(TITLE.to_owned(), wanted.activity.title.clone());
        self.note_sending(&wanted, stored);
        self.context.store(Kind::Conversation, self.conversation.id, stored).await?;
        let link = self.first_link();
        let made = self.owner.create_activity(self.context, self.contact, &wanted.activity, link).await?;
        let Some((activity, found)) = made else {
            stored.sent.clear();
            stored.pending = false;
            self.outcome.status = Status::Skipped;
            return self.context.store(Kind::Conversation, self.conversation.id, stored).await;
        };
        if found && matches!(link(&self.owner), ActivityLink::Lead(_)) {
            // The write that follows links it to its person.
            self.owner.link_activity(self.context, self.contact, activity.id, link).await?;
        }
        stored.ids.set("activity", activity.id);
        stored.pending = false;
        stored.sent.remove(TITLE);
        self.context.store(Kind::Conversation, self.conversation.id, stored).await?;
        if !found {
            self.outcome.created.push("activity");
        }
        let offset = self.learn(&wanted.activity, &activity);
        if self.context.client.connection().dialect == Dialect::RestApi || found {
            self.write(&activity, self.missing(&wanted, &activity, offset), true).await?;
            self.outcome.updated.retain(|what| *what != "activity");
        }
        self.store(stored, &wanted).await
    }

    /// Brings an activity that is there to what the conversation is now, where it is still ours. `false` where it went
    /// since it was read.
    async fn follow(&mut self, there: &Activity, wanted: &Wanted, stored: &mut Stored) -> Result<bool, Error> {
        let linked = stored.sent.get(LINK).is_some_and(|kept| self.links().is(kept));
        if !linked && stored.sent.contains_key(LINK) {
            // Its owner is another one by now.
            self.owner.link_activity(self.context, self.contact, there.id, self.first_link()).await?;
        }
        let body = self.changes(there, wanted, stored);
        if !body.is_empty() || !linked {
            // The answer may be lost: it would not be known then what is shown.
            stored.sent.remove("activity");
            self.note_sending(wanted, stored);
            stored.pending = true;
            self.context.store(Kind::Conversation, self.conversation.id, stored).await?;
            if !self.write(there, body, !linked).await? {
                return Ok(false);
            }
        }
        self.store(stored, wanted).await?;
        Ok(true)
    }

    async fn store(&self, stored: &mut Stored, wanted: &Wanted) -> Result<(), Error> {
        stored.pending = false;
        stored.sent.insert("activity".into(), wanted.digest.text().to_owned());
        stored.sent.insert(COMMENT.into(), self.comment_digests(wanted));
        stored.sent.insert(DONE.into(), self.done_digest(wanted).text());
        stored.sent.insert(LINK.into(), self.links().text().to_owned());
        self.context.store(Kind::Conversation, self.conversation.id, stored).await
    }

    /// What is on its way is known beside what was sent.
    fn note_sending(&self, wanted: &Wanted, stored: &mut Stored) {
        let comment = self.comment_digests(wanted);
        let kept = stored.sent.entry(COMMENT.to_owned()).or_default();
        *kept = comment::add_in_flight(kept, &comment);
        let kept = stored.sent.entry(DONE.to_owned()).or_default();
        *kept = self.done_digest(wanted).add_in_flight(kept);
    }

    fn comment_digests(&self, wanted: &Wanted) -> String {
        comment::digests(&wanted.activity.comment, &self.context.settings.digest_key)
    }

    fn done_digest(&self, wanted: &Wanted) -> ValueDigest {
        let done = u8::from(wanted.activity.is_done).to_string();
        ValueDigest::of(&self.context.settings.digest_key, &[done])
    }

    /// The activity that an earlier run created without seeing the answer. One whose title does not say which Chatwoot
    /// it is of may be another's.
    async fn left_by_an_earlier_run(&self, wanted: &NewActivity, stored: &Stored) -> Result<Option<Activity>, Error> {
        let key = &self.context.settings.digest_key;
        let kept = stored.sent.get(COMMENT).map(String::as_str).unwrap_or_default();
        let is_ours = |found: &Activity| {
            let current = found.comment.as_deref().unwrap_or_default();
            let comment = || comment::merge(current, &wanted.comment, kept, key);
            mapper::says_where(&wanted.title) || comment() != Merged::Theirs
        };
        let found = self.context.client.search_activity(&wanted.title).await?;
        Ok(found.into_iter().find(is_ours))
    }

    /// The parts that changed since they were last sent, where nobody else changed them.
    fn changes(&mut self, there: &Activity, wanted: &Wanted, stored: &Stored) -> Map<String, Value> {
        let key = &self.context.settings.digest_key;
        let kept = |part: &str| stored.sent.get(part).map(String::as_str).unwrap_or_default();
        let mut body = Map::new();
        let current = there.comment.as_deref().unwrap_or_default();
        if kept(COMMENT) != self.comment_digests(wanted) {
            match comment::merge(current, &wanted.activity.comment, kept(COMMENT), key) {
                Merged::Same => {}
                Merged::Theirs => self.outcome.why.push(Reason::CommentKept),
                Merged::Write(html) => drop(body.insert(COMMENT.to_owned(), json!(html))),
            }
        }
        let done = there.is_done.as_bool().unwrap_or_else(|| there.is_done.as_u64() == Some(1));
        let was_sent = Sent::of(key, stored.sent.get(DONE)).has(&u8::from(done).to_string());
        if done != wanted.activity.is_done && was_sent && !self.done_digest(wanted).is(kept(DONE)) {
            body.insert(DONE.to_owned(), json!(u8::from(wanted.activity.is_done)));
        }
        body
    }

    /// What the server forced on an activity that was made just now, and what its own clock says otherwise.
    fn missing(&self, wanted: &Wanted, made: &Activity, offset: Option<i32>) -> Map<String, Value> {
        let mut body = Map::new();
        let done = u8::from(wanted.activity.is_done);
        if made.is_done != json!(done) {
            body.insert(DONE.into(), json!(done));
        }
        if wanted.activity.schedule_from.is_some() && offset.is_some() {
            let mut settings = self.context.settings.clone();
            settings.traits.utc_offset_minutes = offset;
            let moved = mapper::map_to_activity(self.conversation, ActivityLink::Person(0), &settings);
            let sent = (&wanted.activity.schedule_from, &wanted.activity.schedule_to);
            // Not knowing the server's clock, the schedule that it has is the better one.
            if (&moved.schedule_from, &moved.schedule_to) != sent {
                body.insert("schedule_from".into(), json!(moved.schedule_from));
                body.insert("schedule_to".into(), json!(moved.schedule_to));
            }
        }
        body
    }

    /// Writes some parts and, on the first time, the second link. `false` where the activity is gone.
    async fn write(&mut self, there: &Activity, mut body: Map<String, Value>, link: bool) -> Result<bool, Error> {
        if link {
            body.insert("person_id".into(), json!(self.owner.person));
        }
        if body.is_empty() {
            return Ok(true);
        }
        let client = self.context.client;
        match client.write_activity(there, Value::Object(body.clone())).await {
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(false),
            Err(error) if link => {
                match self.owner.lost_by(self.context, self.contact, &error).await? {
                    Lost::Nothing => return Err(error.into()),
                    Lost::Replaced => {}
                    Lost::Everything => return Ok(true),
                }
                let first = self.first_link();
                client.update_activity(there.id, value(&first(&self.owner))).await?;
                body.insert("person_id".into(), json!(self.owner.person));
                client.write_activity(there, Value::Object(body)).await?;
            }
            Err(error) => return Err(error.into()),
        }
        self.outcome.updated.push("activity");
        Ok(true)
    }

    fn first_link(&self) -> fn(&Owner<'_>) -> ActivityLink {
        first_link(self.context)
    }

    fn links(&self) -> Digest {
        self.owner.link_digest(self.context, self.first_link())
    }

    /// The server's offset at the time of this activity: what was sent minus what came back.
    fn learn(&mut self, sent: &NewActivity, returned: &Activity) -> Option<i32> {
        let known = self.context.settings.traits.utc_offset_minutes;
        let told = sent.schedule_from.as_deref().zip(returned.schedule_from.as_deref());
        let learned = told.and_then(|(sent, returned)| offset_minutes(sent, returned));
        if known.is_none() {
            self.outcome.utc_offset_minutes = learned;
        }
        learned.or(known)
    }
}
