//! A contact that was deleted in Chatwoot, or whose data must go.

use serde_json::{Value, json};

use super::{Attributes, Flow, PERSON, person::keep_owner, taken};
use crate::{
    Error,
    chatwoot::Contact,
    field::{Entity, Field, Kind as FieldKind, Merged, Sent, without_ours},
    krayin::{ActivityLink, ActivityType, NewActivity, Person},
    reason::Reason,
    records::Kind,
    settings::OnContactDeleted,
    sync::{Context, Outcome, Status, value},
};

/// What stands where a name stood.
const NOBODY: &str = "Deleted contact";

/// As the settings say of deleted contacts.
pub(in crate::sync) async fn sync_deleted(context: &Context<'_>, contact: &Contact) -> Result<Outcome, Error> {
    match context.settings.on_contact_deleted {
        OnContactDeleted::Keep => {
            let stored = context.load(Kind::Contact, contact.id).await?;
            Ok(Outcome::skipped(stored.ids, Reason::ContactKept))
        }
        OnContactDeleted::UnlinkAndMark => unlink_and_mark(context, contact).await,
        OnContactDeleted::Erase => erase(context, contact).await,
    }
}

/// A note on the person says it, and Krayin's records are nobody's in Chatwoot from then on.
async fn unlink_and_mark(context: &Context<'_>, contact: &Contact) -> Result<Outcome, Error> {
    let mut flow = Flow::of(context, contact, None).await?;
    let Some(person) = flow.stored.ids.get("person").filter(|_| !flow.stored.unverified) else {
        return Ok(Outcome::skipped(flow.stored.ids, Reason::NotInKrayin));
    };
    if context.client.find_person(person).await?.is_some() {
        let title = format!("Contact deleted in Chatwoot (contact {})", contact.id);
        let note = NewActivity {
            kind: ActivityType::Note,
            comment: "<i>This contact was deleted in Chatwoot.</i>".to_owned(),
            schedule_from: None,
            schedule_to: None,
            additional: None,
            is_done: true,
            link: ActivityLink::Person(person),
            title,
        };
        if context.client.search_activity(&note.title).await?.is_empty() {
            context.client.create_activity(value(&note)).await?;
            flow.outcome.created.push("activity");
        }
    }
    flow.forget(Reason::DeletedInChatwoot).await?;
    Ok(flow.end())
}

/// Takes out of the contact's person and lead what we put there and nobody has changed since, where they were made for the
/// contact. What is a colleague's stays, and the outcome says so.
pub(in crate::sync) async fn erase(context: &Context<'_>, contact: &Contact) -> Result<Outcome, Error> {
    let mut flow = Flow::of(context, contact, None).await?;
    if flow.stored.unverified || flow.stored.ids.get("person").is_none() {
        return Ok(Outcome::skipped(flow.stored.ids, Reason::NotInKrayin));
    }
    flow.erase_person().await?;
    flow.erase_lead().await?;
    let ids = flow.stored.ids.clone();
    flow.forget(Reason::DeletedInChatwoot).await?;
    if flow.outcome.updated.is_empty() {
        flow.outcome.status = Status::Skipped;
    }
    Ok(Outcome { ids, ..flow.outcome })
}

impl<'a> Flow<'a> {
    /// Nothing in Krayin is the contact's any more, and no event brings it back.
    async fn forget(&mut self, reason: Reason) -> Result<(), Error> {
        self.stored.let_go(reason.kept());
        self.stored.removed = PERSON.to_owned();
        self.context.store(Kind::Contact, self.contact.id, &mut self.stored).await
    }

    /// The fields that hold what we sent, with what is to stand there instead; the others are told of.
    fn blanked(&mut self, entity: Entity, record: &Value) -> Attributes {
        let mut body = Attributes::new();
        let fields: Vec<&Field> = self.fields(entity).collect();
        for field in fields {
            let sent = Sent::of(&self.context.settings.digest_key, self.stored.sent.get(&*field.key));
            let Some(there) = field.read(record) else { continue };
            let texts = field.kind.canonical(there, field.place());
            if field.is_list() || texts.is_empty() || matches!(field.kind, FieldKind::OrganizationName) {
                continue;
            }
            if !texts.iter().all(|text| sent.has(text)) {
                self.outcome.why.push(Reason::FieldKept(field.into()));
                continue;
            }
            let blank = match (&*field.attribute, &field.kind) {
                ("name" | "title", _) => json!(NOBODY),
                (_, FieldKind::Amount) => json!(0),
                _ => Value::Null,
            };
            body.insert(field.attribute.clone().into_owned(), blank);
        }
        body
    }

    async fn erase_person(&mut self) -> Result<(), Error> {
        let Some(id) = self.stored.ids.get("person") else { return Ok(()) };
        let Some(person) = self.context.client.find_person(id).await? else { return Ok(()) };
        if !self.stored.is_made("person") {
            self.outcome.why.push(Reason::ColleaguesStays { entity: Entity::Person });
            return Ok(());
        }
        let record = value(&person);
        let mut body = self.blanked(Entity::Person, &record);
        self.without_identity(&person, &record, &mut body);
        match self.yes_no(Entity::Person, id, &record, &Merged::default()).await? {
            Ok(flags) => body.extend(flags),
            Err(reason) => {
                self.outcome.why.push(reason);
                return Ok(());
            }
        }
        keep_owner(&mut body, &person);
        self.context.client.write_person(&person, Value::Object(body)).await?;
        self.outcome.updated.push("person");
        Ok(())
    }

    /// A colleague's addresses and numbers stay.
    fn without_identity(&self, person: &Person, record: &Value, body: &mut Attributes) {
        let nobody = format!("deleted {}", person.id);
        let fields: Vec<&Field> = self.fields(Entity::Person).filter(|field| field.identifies()).collect();
        for field in fields {
            let ours = taken::with_sent(&self.stored, field);
            let sent = Sent::of(&self.context.settings.digest_key, ours.as_ref());
            let mut kept = without_ours(field.read(record).unwrap_or(&Value::Null), sent);
            kept.retain(|entry| {
                entry
                    .get("value")
                    .and_then(Value::as_str)
                    .is_none_or(|text| !field.kind.is_placeholder(text, &self.context.settings.digest_key))
            });
            if kept.is_empty() {
                kept.push(self.nobodys(field, &nobody));
            }
            body.insert(field.attribute.clone().into_owned(), kept.into());
        }
    }

    async fn erase_lead(&mut self) -> Result<(), Error> {
        let Some(id) = self.stored.ids.get("lead") else { return Ok(()) };
        let Some(lead) = self.context.client.find_lead(id).await? else { return Ok(()) };
        if !self.stored.is_made("lead") {
            self.outcome.why.push(Reason::ColleaguesStays { entity: Entity::Lead });
            return Ok(());
        }
        let record = value(&lead);
        let mut body = self.blanked(Entity::Lead, &record);
        match self.carried_with_lead(&lead, &record, &Merged::default()).await? {
            Ok(carried) => body.extend(carried),
            Err(reason) => {
                self.outcome.why.push(reason);
                return Ok(());
            }
        }
        if !body.is_empty() {
            self.context.client.update_lead(id, Value::Object(body)).await?;
            self.outcome.updated.push("lead");
        }
        Ok(())
    }
}
