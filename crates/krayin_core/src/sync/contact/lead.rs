use serde_json::{Value, json};

use super::{Attributes, Flow, LEAD, refusal::is_about_fields};
use crate::{
    Error,
    chatwoot::Conversation,
    field::{Entity, Field, Merged, fill, merge},
    json,
    krayin::{ClosingDay, Lead, LeadLink, NewLead},
    mapper,
    reason::Reason,
    server::Dialect,
    settings::{OnClosed, OnDeleted},
    sync::{LeadFinder, value},
};

/// How often a write is made shorter before its refusal is an error.
const TRIES: usize = 6;

impl<'a> Flow<'a> {
    fn lead_finder(&self) -> LeadFinder<'a> {
        LeadFinder { client: self.context.client, settings: self.context.settings }
    }

    pub(super) fn new_lead(&self) -> NewLead {
        let fields = self.fields(Entity::Lead).filter(|field| !self.is_left_out(field));
        let mut attributes = self.wanted.attributes(fields);
        for field in self.fields(Entity::Lead) {
            if let Some(number) = field.when_new {
                attributes.entry(&*field.attribute).or_insert_with(|| json!(number));
            }
        }
        if let (Some(mark), Some(Value::String(title))) = (&self.lead_title, attributes.get_mut("title")) {
            *title = mapper::lead_title(title, mark);
        }
        let lead = mapper::new_lead(attributes, None, self.contact, self.context.settings);
        let source = self.source.filter(|_| self.contact.given(Entity::Lead, "lead_source_id").is_none());
        NewLead { lead_source_id: source.or(lead.lead_source_id), ..lead }
    }

    /// The person's lead: written where it is known, found or created where it is not.
    pub(super) async fn lead(&mut self, person_id: u64) -> Result<(), Error> {
        if self.has_no_lead() {
            return Ok(());
        }
        let Some(id) = self.stored.ids.get("lead") else { return self.find_lead(person_id).await };
        let due = self.due(Entity::Lead);
        if due.is_empty() {
            return Ok(());
        }
        let shown = self.context.shown_leads(person_id).await?;
        let lead = match shown.into_iter().flatten().find(|lead| lead.id == id) {
            Some(lead) => Some(lead),
            None => self.context.client.find_lead(id).await?,
        };
        match lead {
            Some(lead) if lead.is_closed() => self.closed_lead(&lead, person_id, due).await,
            Some(lead) => self.write_lead(&lead, due).await,
            None => self.lead_gone(person_id).await,
        }
    }

    /// The lead is not where it was. The look for another one of the person's is the second look for this one as well.
    pub(super) async fn lead_gone(&mut self, person_id: u64) -> Result<(), Error> {
        let known = self.stored.ids.forget("lead");
        let found = self.lead_finder().find(self.contact, person_id).await?;
        if let Some(lead) = found.as_ref().filter(|lead| Some(lead.id) == known) {
            self.took_lead(lead, false);
            let due = self.due(Entity::Lead);
            return self.write_lead(lead, due).await;
        }
        self.lead_is_gone(person_id, found).await
    }

    /// As [`lead_gone`](Self::lead_gone), where nobody has looked for the lead yet. `false` where it is there.
    pub(super) async fn lead_may_be_gone(&mut self, person_id: u64, known: u64) -> Result<bool, Error> {
        let client = self.context.client;
        let looks = client.connection().dialect == Dialect::Documented;
        if looks && client.find_lead(known).await?.is_some() {
            return Ok(false);
        }
        let leads = self.lead_finder().all(self.contact, person_id).await?;
        let is_there = leads.iter().any(|lead| lead.id == known);
        let found = self.lead_finder().best(leads);
        // What is not made again is looked for twice: one answer could be a server's that has trouble.
        let respects = found.is_none() && self.context.settings.on_deleted_in_krayin == OnDeleted::Respect;
        if is_there || (!looks && respects && client.find_lead(known).await?.is_some()) {
            return Ok(false);
        }
        self.lead_is_gone(person_id, found).await?;
        Ok(true)
    }

    async fn lead_is_gone(&mut self, person_id: u64, found: Option<Lead>) -> Result<(), Error> {
        self.forget_lead();
        match (found, self.context.settings.on_deleted_in_krayin) {
            (Some(lead), _) => {
                self.outcome.why.push(Reason::LeadGone);
                self.adopt_lead(&lead).await
            }
            (None, OnDeleted::Respect) => {
                self.stored.removed = LEAD.to_owned();
                self.outcome.why.push(Reason::LeadDeleted);
                self.store().await
            }
            (None, OnDeleted::MakeAgain) if !self.wants_lead => {
                self.outcome.why.push(Reason::LeadGone);
                self.store().await
            }
            (None, OnDeleted::MakeAgain) => {
                self.outcome.why.push(Reason::LeadGone);
                self.create_lead(person_id).await
            }
        }
    }

    pub(super) async fn replace_closed_lead(&mut self, person_id: u64, lead_id: u64) -> Result<(), Error> {
        match self.context.client.find_lead(lead_id).await? {
            Some(lead) if lead.is_closed() => {}
            _ => return Ok(()),
        }
        self.forget_lead();
        self.find_lead(person_id).await
    }

    /// Nothing of what was sent to a lead is known of another one.
    fn forget_lead(&mut self) {
        self.stored.forget("lead");
        for field in self.fields(Entity::Lead) {
            self.stored.sent.remove(&*field.key);
            self.stored.left_out.remove(&*field.key);
        }
    }

    async fn find_lead(&mut self, person_id: u64) -> Result<(), Error> {
        let wants_open = self.context.settings.on_closed == OnClosed::NewLead;
        let found = match self.context.shown_leads(person_id).await? {
            Some(leads) => self.lead_finder().best(leads),
            None => self.lead_finder().find(self.contact, person_id).await?,
        };
        match found {
            Some(lead) if lead.is_closed() && wants_open => {
                self.forget_lead();
                self.create_lead(person_id).await
            }
            Some(lead) => self.adopt_lead(&lead).await,
            None => self.create_lead(person_id).await,
        }
    }

    /// A lead that was won or lost stays as it is. Where the person has an open one, that is the contact's from now on.
    async fn closed_lead(&mut self, lead: &Lead, person_id: u64, due: Vec<&'a Field>) -> Result<(), Error> {
        let other = self.lead_finder().find(self.contact, person_id).await?;
        if let Some(open) = other.filter(|other| other.id != lead.id && !other.is_closed()) {
            self.forget_lead();
            return self.adopt_lead(&open).await;
        }
        let record = value(lead);
        self.leave_all_out(due, &record, &Reason::LeadClosed);
        self.store().await
    }

    /// A lead that was found is a colleague's, or one that an earlier run created without seeing the answer.
    async fn adopt_lead(&mut self, lead: &Lead) -> Result<(), Error> {
        self.took_lead(lead, false);
        let fields: Vec<&Field> = self.fields(Entity::Lead).collect();
        let is_ours = fields.iter().any(|field| self.stored.sent.contains_key(&*field.key));
        if is_ours && !lead.is_closed() {
            let due = self.due(Entity::Lead);
            return self.write_lead(lead, due).await;
        }
        if !lead.is_closed() {
            let record = value(lead);
            let told = self.told(Entity::Lead, lead.id, &record, &fields).await?;
            let mut merged = fill(fields.iter().copied(), &told, &self.wanted.values);
            if lead.rest.get("lead_source_id") == Some(&Value::Null) {
                self.choose_source().await?;
            }
            let settings = self.context.settings;
            let source = self.source.or(settings.source_id);
            for (key, id) in [("lead_source_id", source), ("lead_type_id", settings.type_id)] {
                if let (Some(Value::Null), Some(id)) = (lead.rest.get(key), id) {
                    merged.body.insert(key.to_owned(), json!(id));
                }
            }
            self.put_lead(lead, &record, merged).await?;
        }
        self.note_all_sent(&fields);
        self.store().await
    }

    /// A lead that is one conversation's: its title says which, and finds it again.
    pub(super) async fn lead_of_conversation(
        &mut self,
        person_id: u64,
        conversation: &Conversation,
        may_be_there: bool,
    ) -> Result<(u64, bool), Error> {
        let mark = mapper::conversation_title(conversation);
        self.forget_lead();
        self.stored.removed.clear();
        if may_be_there && let Some(lead) = self.lead_finder().of_conversation(self.contact, person_id, &mark).await? {
            self.took_lead(&lead, false);
            self.note_all_sent(&self.fields(Entity::Lead).collect::<Vec<_>>());
            self.store().await?;
            return Ok((lead.id, false));
        }
        self.lead_title = Some(mark);
        self.create_lead(person_id).await?;
        Ok((self.stored.ids.get("lead").unwrap_or_default(), true))
    }

    pub(super) async fn create_lead(&mut self, person_id: u64) -> Result<(), Error> {
        let fields: Vec<&Field> = self.fields(Entity::Lead).collect();
        let mut tries = 0;
        self.choose_source().await?;
        let lead = loop {
            let lead = NewLead { person: Some(LeadLink::Id(person_id)), ..self.new_lead() };
            match self.lead_finder().create(lead).await {
                Err(Error::Api(error))
                    if is_about_fields(&error) && tries < TRIES && self.drop_rejected_values(&error) =>
                {
                    tries += 1
                }
                created => break created?,
            }
        };
        self.took_lead(&lead, true);
        self.note_all_sent(&fields);
        self.store().await
    }

    async fn write_lead(&mut self, current: &Lead, mut due: Vec<&'a Field>) -> Result<(), Error> {
        let record = value(current);
        due.extend(self.worth_another_try(Entity::Lead, &record));
        let told = self.told(Entity::Lead, current.id, &record, &due).await?;
        let merged = merge(due.iter().copied(), &told, &self.wanted.values, self.sent());
        for field in &merged.theirs {
            self.outcome.why.push(Reason::FieldKept((*field).into()));
        }
        for field in &due {
            self.stored.left_out.remove(&*field.key);
        }
        self.put_lead(current, &record, merged).await?;
        self.note_all_sent(&due);
        self.store().await
    }

    /// Writes some attributes. Stage and pipeline are never among them: the server takes the stage for a move to it, and
    /// dates the lead's end anew.
    async fn put_lead(&mut self, current: &Lead, record: &Value, mut merged: Merged<'a>) -> Result<(), Error> {
        if merged.is_empty() {
            return Ok(());
        }
        let carried = match self.carried_with_lead(current, record, &merged).await? {
            Ok(carried) => carried,
            Err(reason) => {
                self.leave_all_out(merged.written, record, &reason);
                return Ok(());
            }
        };
        let before = self.stored.sent.clone();
        for _ in 0..TRIES {
            let mut body = carried.clone();
            body.extend(merged.body.clone());
            self.note_sending(&merged.written).await?;
            match self.context.client.update_lead(current.id, Value::Object(body)).await {
                Err(error) if is_about_fields(&error) => {
                    self.stored.sent.clone_from(&before);
                    if !self.give_way_in(&error, record, &mut merged) {
                        return Err(error.into());
                    }
                    if merged.written.is_empty() {
                        return Ok(());
                    }
                }
                written => {
                    written?;
                    self.outcome.updated.push("lead");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// What a write of a lead without it would take away: its closing date and its yes/no attributes; else why the lead is
    /// not to be written.
    pub(super) async fn carried_with_lead(
        &self,
        lead: &Lead,
        record: &Value,
        merged: &Merged<'a>,
    ) -> Result<Result<Attributes, Reason>, Error> {
        let day = match lead.closing_day(self.context.settings.traits.utc_offset_minutes) {
            ClosingDay::Unknown => return Ok(Err(Reason::ZoneUnknown)),
            ClosingDay::On(day) => Some(("expected_close_date".to_owned(), json!(day))),
            ClosingDay::None => None,
        };
        let flags = self.yes_no(Entity::Lead, lead.id, record, merged).await?;
        Ok(flags.map(|flags| json::object(flags.into_iter().chain(day))))
    }

    pub(super) fn took_lead(&mut self, lead: &Lead, created: bool) {
        self.stored.ids.set("lead", lead.id);
        if created {
            self.stored.note_made("lead");
            self.outcome.created.push("lead");
        }
    }
}
