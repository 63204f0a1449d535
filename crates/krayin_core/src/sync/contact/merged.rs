//! Two contacts that became one in Chatwoot.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Flow, person::keep_owner, sync, taken, wanted::Wanted};
use crate::{
    Error,
    chatwoot::Contact,
    field::{Entity, Field, Merged, Sent, merge},
    json,
    krayin::Person,
    reason::Reason,
    records::{Kind, State, Stored},
    sync::{Context, Outcome, Status, value, verify},
};

/// Where `Stored::sent` notes that the other person is giving up what it had, with what it had of others: nobody says that
/// any more once it is gone there.
const MERGING: &str = "merging";

/// `merged` was merged into `contact` and is gone: what Krayin has of it is the contact's from now on.
///
/// Where both have a person, the contact's gets the addresses and numbers of the other one, which is marked. The other one
/// stays as it is where a colleague made or edited it; both are told then. Nothing is deleted. What was said follows with
/// the conversations' own events.
pub(in crate::sync) async fn sync_merged(
    context: &Context<'_>,
    contact: &Contact,
    merged: &Contact,
) -> Result<Outcome, Error> {
    let mut other = context.load(Kind::Contact, merged.id).await?;
    verify::contact(context, merged, &mut other).await?;
    let mut flow = Flow::of(context, contact, None).await?;
    flow.known = verify::contact(context, contact, &mut flow.stored).await?;
    let mut earlier = Outcome { status: Status::Skipped, ..Outcome::default() };
    match (flow.stored.ids.get("person"), other.ids.get("person")) {
        (_, None) => {}
        (None, Some(person)) => {
            flow.take_over(&other).await?;
            give_away(context, merged.id, &mut other, person).await?;
        }
        (Some(ours), Some(theirs)) if ours == theirs => give_away(context, merged.id, &mut other, ours).await?,
        (Some(ours), Some(theirs)) => match context.client.find_person(theirs).await? {
            None => give_away(context, merged.id, &mut other, ours).await?,
            Some(person) => {
                let others = Others { contact: merged, wanted: Wanted::of(merged, context), person, stored: other };
                if let Some(doubtful) = flow.bring_together(ours, others).await? {
                    return Ok(doubtful);
                }
                earlier = Outcome { status: Status::Synced, ..flow.outcome };
            }
        },
    }
    Ok(sync(context, contact, None).await?.after(earlier))
}

/// The contact that was merged away, with its person.
struct Others<'a> {
    contact: &'a Contact,
    wanted: Wanted,
    person: Person,
    stored: Stored,
}

/// Nothing in Krayin is the merged contact's any more.
async fn give_away(context: &Context<'_>, id: u64, other: &mut Stored, into: u64) -> Result<(), Error> {
    other.let_go(Reason::Merged { into }.kept());
    context.store(Kind::Contact, id, other).await
}

impl<'a> Flow<'a> {
    /// The contact was not in Krayin: it goes on with the other one's person and lead.
    async fn take_over(&mut self, other: &Stored) -> Result<(), Error> {
        let before = std::mem::take(&mut self.stored);
        self.stored = Stored { revision: before.revision, others: before.others, ..other.clone() };
        let fields: Vec<&Field> = self.identifying().collect();
        for field in fields {
            let key = &self.context.settings.digest_key;
            taken::note_sent(&mut self.stored, field, self.wanted.value(field), key);
        }
        self.context.store(Kind::Contact, self.contact.id, &mut self.stored).await
    }

    /// Brings the other person's addresses and numbers to ours. An outcome where only a person can tell.
    async fn bring_together(&mut self, ours: u64, mut other: Others<'_>) -> Result<Option<Outcome>, Error> {
        let record = value(&other.person);
        let began = other.stored.sent.get(MERGING).map(|kept| json::read(kept.as_bytes()).unwrap_or_default());
        let flags = match began.is_some() || self.is_untouched(&record, &other) {
            true => self.yes_no(Entity::Person, other.person.id, &record, &Merged::default()).await?,
            false => Err(Reason::ColleaguesStays { entity: Entity::Person }),
        };
        let Ok(flags) = flags else { return self.leave_apart(ours, other).await.map(Some) };
        // From here on the other person differs from what was sent, because of us.
        let more: Value = began.unwrap_or_else(|| self.taken_by(&record, &other));
        other.stored.sent.insert(MERGING.to_owned(), more.to_string());
        self.context.store(Kind::Contact, other.contact.id, &mut other.stored).await?;
        let mut body = self.marked(ours, &other.person);
        body.extend(flags);
        self.context.client.write_person(&other.person, Value::Object(body)).await?;
        self.outcome.updated.push("person");
        self.mark_lead(&other).await?;
        self.take_identity(ours, &other.wanted, &more).await?;
        give_away(self.context, other.contact.id, &mut other.stored, ours).await?;
        Ok(None)
    }

    /// Whether the person was made for the merged contact and has nothing that was not sent for it.
    fn is_untouched(&self, record: &Value, other: &Others<'_>) -> bool {
        let key = &self.context.settings.digest_key;
        let as_sent = |field: &Field| {
            let kept = taken::with_sent(&other.stored, field);
            let sent = Sent::of(key, kept.as_ref());
            let there = field.read(record).map(|there| field.kind.canonical(there, field.place())).unwrap_or_default();
            there
                .iter()
                .all(|text| field.kind.is_placeholder(text, &self.context.settings.digest_key) || sent.has(text))
        };
        other.stored.is_made("person") && self.fields(Entity::Person).all(as_sent)
    }

    fn identifying(&self) -> impl Iterator<Item = &'a Field> + use<'a> {
        self.fields(Entity::Person).filter(|field| field.identifies())
    }

    /// What the other person has of those who were merged into its contact before.
    fn taken_by(&self, record: &Value, other: &Others<'_>) -> Value {
        let key = &self.context.settings.digest_key;
        let of = |field: &Field| taken::entries(&other.stored, field, record, key);
        Value::Object(json::object(self.identifying().map(|field| (field.key.clone().into_owned(), of(field).into()))))
    }

    async fn leave_apart(&mut self, ours: u64, mut other: Others<'_>) -> Result<Outcome, Error> {
        let reason = Reason::MergedApart { person: ours, other: other.person.id };
        for (id, stored) in [(self.contact.id, &mut self.stored), (other.contact.id, &mut other.stored)] {
            stored.state = Some(State::Doubtful);
            stored.reason = Some(reason.kept());
            self.context.store(Kind::Contact, id, stored).await?;
        }
        let doubtful = vec![ours, other.person.id];
        Ok(Outcome { doubtful, ..Outcome::skipped(self.stored.ids.clone(), reason) })
    }

    /// Without what it was known by, which the server takes from nobody twice.
    fn marked(&self, into: u64, person: &Person) -> super::Attributes {
        let name = person.name.as_deref().unwrap_or_default();
        let mark = format!(" (merged into #{into})");
        let name = if name.ends_with(&mark) { name.to_owned() } else { format!("{name}{mark}") };
        let nobody = format!("merged {}", person.id);
        let mut body = json::object([("name".to_owned(), json!(name))]);
        for field in self.identifying() {
            body.insert(field.attribute.clone().into_owned(), json!([self.nobodys(field, &nobody)]));
        }
        keep_owner(&mut body, person);
        body
    }

    /// The other one's lead says where its contact's business goes on, where that is still ours to say.
    async fn mark_lead(&mut self, other: &Others<'_>) -> Result<(), Error> {
        let kept = self.stored.ids.get("lead");
        let (Some(id), Some(kept)) = (other.stored.ids.get("lead").filter(|_| other.stored.is_made("lead")), kept)
        else {
            return Ok(());
        };
        let Some(lead) = self.context.client.find_lead(id).await?.filter(|lead| !lead.is_closed() && id != kept) else {
            return Ok(());
        };
        let record = value(&lead);
        let title = self.fields(Entity::Lead).find(|field| field.attribute == "title");
        let Some((title, there)) = title.and_then(|title| Some((title, title.read(&record)?.as_str()?.to_owned())))
        else {
            return Ok(());
        };
        let sent = Sent::of(&self.context.settings.digest_key, other.stored.sent.get(&*title.key));
        let is_ours = title.kind.canonical(&json!(there), title.place()).iter().all(|text| sent.has(text));
        if !is_ours {
            return Ok(());
        }
        let Ok(mut body) = self.carried_with_lead(&lead, &record, &Merged::default()).await? else { return Ok(()) };
        body.insert("title".into(), json!(format!("{there} (merged into #{kept})")));
        self.context.client.update_lead(id, Value::Object(body)).await?;
        self.outcome.updated.push("lead");
        Ok(())
    }

    /// The addresses and numbers of the merged contact beside those of this one, and what its person had of others.
    async fn take_identity(&mut self, ours: u64, others: &Wanted, more: &Value) -> Result<(), Error> {
        let Some(person) = self.context.client.find_person(ours).await? else { return Ok(()) };
        let record = value(&person);
        let fields: Vec<&Field> = self.identifying().collect();
        let mut both: BTreeMap<String, Value> = BTreeMap::new();
        for field in &fields {
            // It was another person's until now.
            self.stored.left_out.remove(&*field.key);
            let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
            let mut entries = list(self.wanted.value(field));
            let mut taken = list(others.value(field));
            taken.extend(list(more.get(&*field.key)));
            taken.retain(|entry| !entries.contains(entry));
            for entry in &taken {
                if !entries.contains(entry) {
                    entries.push(entry.clone());
                }
            }
            taken::note(&mut self.stored, field, taken, &self.context.settings.digest_key);
            if !entries.is_empty() {
                both.insert(field.key.clone().into_owned(), entries.into());
            }
        }
        let merged = merge(fields.iter().copied(), &record, &both, self.sent());
        if !merged.is_empty() {
            self.put_person(&person, &record, merged).await?;
        }
        self.note_all_sent(&fields);
        self.store().await
    }
}
