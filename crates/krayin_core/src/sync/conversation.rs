use serde_json::{Map, Value, json};

use super::{Context, EventName, Outcome, Owner, Status, contact, stage, value, verify};
use crate::{
    Error,
    api::ErrorKind,
    chatwoot::{Contact, Conversation},
    digest::Digest,
    krayin::{Activity, ActivityLink, NewActivity, offset_minutes},
    mapper,
    reason::Reason,
    records::{Kind, Stored},
    server::Dialect,
    settings::{OnClosed, OnDeleted},
};

/// Conversation → activity of the contact's lead and person, and the lead's stage.
///
/// New: one create and one write, which adds the second link and what the server forces on a create. Changed: one
/// write. Nothing that Krayin shows changed: none.
pub(super) async fn sync(
    context: &Context<'_>,
    event: EventName,
    conversation: &Conversation,
) -> Result<Outcome, Error> {
    let settings = context.settings;
    if !settings.sync_conversations && !settings.stage_progression_enabled {
        return Ok(Outcome::skipped(Default::default(), Reason::ConversationsOff));
    }
    let Some(contact) = conversation.contact.as_ref().filter(|contact| contact.id != 0) else {
        return Ok(Outcome::skipped(Default::default(), Reason::ConversationWithoutContact));
    };
    let mut stored = context.load(Kind::Conversation, conversation.id).await?;
    let is_new = event == EventName::ConversationCreated;
    verify::conversation(context, conversation, &mut stored).await?;
    let mut due = stage::due(conversation, is_new, &stored, context);
    let wanted = settings.sync_conversations.then(|| Wanted::of(conversation, context));
    let shown = wanted.as_ref().is_none_or(|wanted| wanted.is_shown(&stored));
    if shown && due.is_empty() {
        return Ok(Outcome::skipped(stored.ids, Reason::Unchanged));
    }
    if is_new && settings.on_closed == OnClosed::NewLead && stored.ids.get("activity").is_none() {
        contact::replace_closed_lead(context, contact).await?;
    }
    let owner = match Owner::of(context, contact).await? {
        Ok(owner) => owner,
        Err(reason) => return Ok(Outcome::skipped(Default::default(), reason)),
    };
    if owner.outcome.status == Status::Synced {
        // That took a while, in which a host without a lock may have run another event of the conversation.
        stored = context.load(Kind::Conversation, conversation.id).await?;
        due = stage::due(conversation, is_new, &stored, context);
    }
    let mut flow = Flow { context, conversation, contact, owner, outcome: Outcome::default() };
    if let Some(wanted) = wanted.filter(|wanted| !wanted.is_shown(&stored)) {
        flow.activity(wanted, &mut stored).await?;
    }
    if !due.is_empty() {
        stage::progress(context, (&mut flow.owner, contact), &due, &mut stored, &mut flow.outcome).await?;
        context.store(Kind::Conversation, conversation.id, &mut stored).await?;
    }
    flow.outcome.ids = stored.ids;
    Ok(flow.outcome.after(flow.owner.outcome))
}

/// What `Stored::removed` says of a conversation whose activity was deleted in Krayin.
const ACTIVITY: &str = "activity";

/// What `Stored::sent` knows the comment of an activity by that is being created.
const IN_FLIGHT: &str = "in_flight";

/// The parts of an activity that follow the conversation, each with what is kept of it. A title, a schedule and all else
/// are a colleague's once it is there.
const PARTS: [&str; 2] = ["comment", "is_done"];

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
    owner: Owner,
    outcome: Outcome,
}

impl Flow<'_> {
    async fn activity(&mut self, wanted: Wanted, stored: &mut Stored) -> Result<(), Error> {
        if let Some(id) = stored.ids.get("activity") {
            let linked = stored.sent.get("link").is_some_and(|kept| self.links().is(kept));
            if !linked && stored.sent.contains_key("link") && self.context.client.find_activity(id).await?.is_some() {
                // Its owner is another one by now.
                self.owner.link_activity(self.context, self.contact, id, self.first_link()).await?;
            }
            let body = self.changes(&wanted, stored);
            // The answer may be lost: it would not be known then what is shown.
            stored.sent.remove("activity");
            for part in body.keys() {
                stored.sent.remove(part);
            }
            stored.pending = true;
            self.context.store(Kind::Conversation, self.conversation.id, stored).await?;
            if self.write(id, body, !linked).await? {
                return self.store(stored, &wanted).await;
            }
            // The answer alone could be a server's that has trouble.
            if self.context.client.find_activity(id).await?.is_some() {
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
        let (activity, found) = self.find_or_create(&wanted.activity, stored).await?;
        stored.ids.set("activity", activity.id);
        stored.sent.remove(IN_FLIGHT);
        stored.pending = false;
        self.context.store(Kind::Conversation, self.conversation.id, stored).await?;
        if !found {
            self.outcome.created.push("activity");
        }
        if found {
            self.owner.link_activity(self.context, self.contact, activity.id, self.first_link()).await?;
        }
        let offset = self.learn(&wanted.activity, &activity);
        if self.context.client.connection().dialect == Dialect::RestApi || found {
            let body = self.whole(&wanted, offset);
            self.write(activity.id, body, true).await?;
            self.outcome.updated.retain(|what| *what != "activity");
        }
        self.store(stored, &wanted).await
    }

    async fn store(&self, stored: &mut Stored, wanted: &Wanted) -> Result<(), Error> {
        stored.pending = false;
        stored.sent.insert("activity".into(), wanted.digest.text().to_owned());
        for (part, digest) in self.parts(wanted) {
            stored.sent.insert(part.to_owned(), digest.text().to_owned());
        }
        stored.sent.insert("link".into(), self.links().text().to_owned());
        self.context.store(Kind::Conversation, self.conversation.id, stored).await
    }

    /// The activity, looked for by its title where an earlier run may have left it.
    async fn find_or_create(&mut self, wanted: &NewActivity, stored: &mut Stored) -> Result<(Activity, bool), Error> {
        let client = self.context.client;
        if stored.pending {
            let found = client.search_activity(&wanted.title).await?;
            if let Some(found) = found.into_iter().find(|found| self.is_ours(found, wanted, stored)) {
                return Ok((found, true));
            }
        }
        stored.pending = true;
        let comment = self.context.settings.digest_key.digest(&wanted.comment);
        stored.sent.insert(IN_FLIGHT.into(), comment.text().to_owned());
        self.context.store(Kind::Conversation, self.conversation.id, stored).await?;
        let link = self.first_link();
        self.owner.create_activity(self.context, self.contact, wanted, link).await
    }

    /// Whether an activity of that title is the one that an earlier run left. A title without the Chatwoot that the
    /// conversation is in may be another Chatwoot's.
    fn is_ours(&self, found: &Activity, wanted: &NewActivity, stored: &Stored) -> bool {
        let key = &self.context.settings.digest_key;
        let was_sent = |comment: &str| stored.sent.get(IN_FLIGHT).is_some_and(|kept| key.digest(comment).is(kept));
        let comment = found.comment.as_deref().unwrap_or_default();
        mapper::says_where(&wanted.title) || comment == wanted.comment || was_sent(comment)
    }

    fn parts(&self, wanted: &Wanted) -> Vec<(&'static str, Digest)> {
        let body = value(&wanted.activity);
        let digest =
            |part: &str| self.context.settings.digest_key.digest(&body.get(part).unwrap_or(&Value::Null).to_string());
        PARTS.map(|part| (part, digest(part))).into()
    }

    /// The parts that changed since they were last sent.
    fn changes(&self, wanted: &Wanted, stored: &Stored) -> Map<String, Value> {
        let body = value(&wanted.activity);
        let changed = |part: &str, digest: &Digest| stored.sent.get(part).is_none_or(|kept| !digest.is(kept));
        self.parts(wanted)
            .into_iter()
            .filter(|(part, digest)| changed(part, digest))
            .filter_map(|(part, _)| Some((part.to_owned(), body.get(part)?.clone())))
            .collect()
    }

    /// All of an activity that was made just now, by the server's own clock.
    fn whole(&self, wanted: &Wanted, offset: Option<i32>) -> Map<String, Value> {
        let mut body = match value(&wanted.activity) {
            Value::Object(body) => body,
            _ => Map::new(),
        };
        body.remove("person_id");
        if wanted.activity.schedule_from.is_some() {
            let mut settings = self.context.settings.clone();
            settings.traits.utc_offset_minutes = offset;
            let moved = mapper::map_to_activity(self.conversation, ActivityLink::Person(0), &settings);
            for (key, at) in [("schedule_from", moved.schedule_from), ("schedule_to", moved.schedule_to)] {
                // Not knowing the server's clock, the schedule that it has is the better one.
                match at.filter(|_| offset.is_some()) {
                    Some(at) => body.insert(key.into(), json!(at)),
                    None => body.remove(key),
                };
            }
        }
        body
    }

    /// Writes some parts and, on the first time, the second link. `false` where the activity is gone.
    async fn write(&mut self, id: u64, mut body: Map<String, Value>, link: bool) -> Result<bool, Error> {
        if link {
            body.insert("person_id".into(), json!(self.owner.person));
        }
        if body.is_empty() {
            return Ok(true);
        }
        let client = self.context.client;
        match client.update_activity(id, Value::Object(body.clone())).await {
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(false),
            Err(error) if link => {
                if !self.owner.relink_if_deleted(self.context, self.contact, &error).await? {
                    return Err(error.into());
                }
                let first = self.first_link();
                client.update_activity(id, value(&first(&self.owner))).await?;
                body.insert("person_id".into(), json!(self.owner.person));
                client.update_activity(id, Value::Object(body)).await?;
            }
            Err(error) => return Err(error.into()),
        }
        self.outcome.updated.push("activity");
        Ok(true)
    }

    /// The document links an activity to its person alone.
    fn first_link(&self) -> fn(&Owner) -> ActivityLink {
        match self.context.client.connection().dialect {
            Dialect::RestApi => |owner| owner.lead.map_or(ActivityLink::Person(owner.person), ActivityLink::Lead),
            Dialect::Documented => |owner| ActivityLink::Person(owner.person),
        }
    }

    fn links(&self) -> Digest {
        let links = format!("{}:{}", self.owner.person, self.owner.lead.unwrap_or_default());
        self.context.settings.digest_key.digest(&links)
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
