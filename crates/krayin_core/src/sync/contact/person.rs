use serde_json::{Value, json};

use super::{Attributes, Flow, PERSON, refusal::is_about_fields};
use crate::{
    Error,
    api::{ApiError, ErrorKind},
    field::{Entity, Field, Kind as FieldKind, Merged, Sent, merge},
    json,
    krayin::{LeadLink, NewLead, NewPerson, Person},
    mapper::{Identity, full_name, is_on_network, sendable_phones},
    placeholder::{no_email, no_phone},
    reason::Reason,
    records::{Decision, Kind},
    server::Dialect,
    settings::{OnDeleted, WithoutEmailOrPhone},
    sync::{
        Doubt, FoundPerson, LeadFinder, Match, PersonFinder,
        lead_finder::needs_stage,
        names,
        person_finder::{Known, PlaceholderOf, complete},
        value,
    },
};

fn is_about_placeholder(error: &ApiError, person: &NewPerson) -> bool {
    error.kind == ErrorKind::Conflict && error.names_field("emails") && person.emails.is_empty()
}

/// How often a write is made shorter before its refusal is an error.
const TRIES: usize = 6;

impl<'a> Flow<'a> {
    pub(super) async fn person(&mut self) -> Result<(), Error> {
        let Some(id) = self.stored.ids.get("person") else { return self.resolve().await };
        let due = self.due(Entity::Person);
        if due.is_empty() && self.due(Entity::Organization).is_empty() {
            return self.lead(id).await;
        }
        let person = match self.known.take() {
            Some(known) => Some(known),
            None => self.context.find_person(id).await?,
        };
        match person {
            Some(person) => {
                self.write_person(&person, due).await?;
                self.lead(id).await
            }
            None => self.person_gone(id).await,
        }
    }

    /// The person is not where it was: deleted, or merged into another by hand.
    pub(super) async fn person_gone(&mut self, id: u64) -> Result<(), Error> {
        let finder = PersonFinder { client: self.context.client };
        // The search is the second look as well: an empty list alone could be a server that has trouble.
        let found = match self.wanted.is_known_by_something() {
            true => self.find(&finder).await?,
            false => self.context.client.find_person(id).await?.map(FoundPerson::alone),
        };
        if let Some(found) = found.as_ref().filter(|found| found.person.id == id) {
            let due = self.due(Entity::Person);
            self.write_person(&found.person, due).await?;
            return self.lead(id).await;
        }
        self.stored.forget("person");
        self.stored.forget("lead");
        self.stored.sent.clear();
        self.stored.left_out.clear();
        match (found, self.context.settings.on_deleted_in_krayin) {
            (Some(found), _) => {
                self.outcome.why.push(Reason::PersonGone);
                self.adopt(found).await
            }
            (None, OnDeleted::Respect) => {
                self.stored.removed = PERSON.to_owned();
                self.give_up(Reason::PersonDeleted).await
            }
            (None, OnDeleted::MakeAgain) => {
                self.outcome.why.push(Reason::PersonGone);
                self.make(&finder).await
            }
        }
    }

    /// As [`person_gone`](Self::person_gone), where it may be the lead that is gone, perhaps with its person. `false` where
    /// both are there.
    pub(super) async fn owner_gone(&mut self, is_lead_missed: bool) -> Result<bool, Error> {
        let Some(id) = self.stored.ids.get("person") else {
            self.resolve().await?;
            return Ok(true);
        };
        match (self.context.client.find_person(id).await?, self.stored.ids.get("lead")) {
            (None, _) => self.person_gone(id).await?,
            (Some(_), None) => return Ok(false),
            (Some(_), Some(_)) if is_lead_missed => self.lead_gone(id).await?,
            (Some(_), Some(lead)) => return self.lead_may_be_gone(id, lead).await,
        }
        Ok(true)
    }

    /// Finds the person and its lead, or creates what is missing.
    async fn resolve(&mut self) -> Result<(), Error> {
        if !self.wanted.is_known_by_something() {
            return self.give_up(self.no_identity()).await;
        }
        if let Some(Decision::Same(person)) = self.stored.decision {
            self.stored.decision = None;
            if let Some(person) = self.context.client.find_person(person).await? {
                return self.adopt(FoundPerson::alone(person)).await;
            }
        }
        let finder = PersonFinder { client: self.context.client };
        match self.identify(&finder, true).await? {
            Match::Person(found) => self.adopt(*found).await,
            Match::Nobody { phone_is_anothers } => {
                let numbers = self.fields(Entity::Person).find(|field| field.attribute == "contact_numbers");
                if let Some(numbers) = numbers.filter(|_| phone_is_anothers) {
                    self.leave_out(numbers, numbers.read(&Value::Null), Reason::PhoneAnothers);
                }
                self.make(&finder).await
            }
            Match::Doubtful(doubt) => Err(self.leave_doubtful(doubt).await),
        }
    }

    /// Whom the contact is, given what a person has decided and what an earlier run may have left. `by_index` where
    /// nobody need be looked for whom no index knows: the server has not said yet that there is somebody.
    async fn identify(&self, finder: &PersonFinder<'_>, by_index: bool) -> Result<Match, Error> {
        let settings = self.context.settings.contacts_without_email_or_phone;
        let had_nothing_else = settings == WithoutEmailOrPhone::Always
            || (settings == WithoutEmailOrPhone::WithConversation
                && is_on_network(self.contact)
                && Identity::of(self.contact).is_unnamed());
        let others = match &self.stored.decision {
            Some(Decision::Another(persons)) => persons.as_slice(),
            _ => &[],
        };
        let may_have_own_placeholder = self.stored.pending && (had_nothing_else || !others.is_empty());
        // What an earlier run may have left is younger than an index.
        let index = (by_index && !self.stored.pending).then_some(self.context);
        let known = Known { index, others, may_have_own_placeholder };
        let found = finder.identify_with(self.contact, &known).await?;
        match &found {
            Match::Person(person) if person.has_number_alone && self.has_number_of_another(&person.person).await? => {
                Ok(Match::Doubtful(Doubt {
                    contact: self.contact.id,
                    persons: vec![person.person.id],
                    has_changed_hands: false,
                }))
            }
            _ => Ok(found),
        }
    }

    /// Whether the person is another contact's and got its number from that one: in Chatwoot the number has moved since,
    /// and that contact's own event is still to come.
    async fn has_number_of_another(&self, person: &Person) -> Result<bool, Error> {
        let (context, numbers) = (self.context, sendable_phones(self.contact));
        for contact in self.others_of(person).await? {
            let theirs = context.load(Kind::Contact, contact).await?;
            let sent = Sent::of(&context.settings.digest_key, theirs.sent.get("phone"));
            if theirs.ids.get("person") == Some(person.id) && numbers.iter().any(|number| sent.has(number)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The other contacts whose person this is.
    pub(super) async fn others_of(&self, person: &Person) -> Result<Vec<u64>, Error> {
        let instance = self.context.server().instance;
        let mut contacts = self.context.records.contacts_of(&instance, person.id).await?;
        contacts.retain(|contact| *contact != self.contact.id);
        Ok(contacts)
    }

    async fn find(&mut self, finder: &PersonFinder<'_>) -> Result<Option<FoundPerson>, Error> {
        match self.identify(finder, false).await? {
            Match::Person(found) => Ok(Some(*found)),
            Match::Nobody { .. } => Ok(None),
            Match::Doubtful(doubt) => Err(self.leave_doubtful(doubt).await),
        }
    }

    async fn make(&mut self, finder: &PersonFinder<'_>) -> Result<(), Error> {
        if !self.wanted.is_known_by_something() {
            return self.give_up(self.no_identity()).await;
        }
        let before = self.stored.sent.clone();
        loop {
            let error = match self.create().await {
                Err(Error::Api(error)) if is_about_fields(&error) => error,
                done => return done,
            };
            // Refused is not written: whoever is found has to be given all of it.
            self.stored.sent.clone_from(&before);
            // Someone created it since the search, or has the value in a form that the search does not find.
            let found = if error.kind == ErrorKind::Conflict { self.find(finder).await? } else { None };
            if let Some(found) = found {
                return self.adopt(found).await;
            }
            if let Some(found) = self.our_own(&error).await? {
                return self.adopt(found).await;
            }
            if self.takes_own_placeholder(&error) {
                continue;
            }
            if let Some(found) = self.by_unique_value(&error).await? {
                return self.adopt(found).await;
            }
            if !self.drop_rejected_values(&error) {
                return Err(Error::Api(error));
            }
            let has_identity = self.fields(Entity::Person).any(|field| field.identifies() && self.may_send(field));
            if !has_identity && !is_on_network(self.contact) {
                return self.give_up(Reason::IdentityRefused).await;
            }
        }
    }

    /// The person that has the placeholder of this contact. A number's may be a person's who had the number before.
    async fn our_own(&self, error: &ApiError) -> Result<Option<FoundPerson>, Error> {
        let person = self.new_person();
        if !is_about_placeholder(error, &person) {
            return Ok(None);
        }
        let sent = self.complete(person);
        let placeholder = sent.emails.first().map(|entry| entry.value.as_str());
        let found = self.context.client.search_person(placeholder, None).await?;
        let is_known_by_number = Identity::of(self.contact).channel_ids.is_empty() && !self.placeholder_is_anothers;
        let name = full_name(self.contact);
        let is_ours = |person: &Person| {
            let names = name.as_deref().zip(person.name.as_deref());
            !is_known_by_number || !names.is_some_and(|(ours, theirs)| names::are_anothers(ours, theirs))
        };
        let Some(person) = found.into_iter().find(is_ours) else { return Ok(None) };
        let is_anothers = is_known_by_number && !self.others_of(&person).await?.is_empty();
        Ok((!is_anothers).then(|| FoundPerson::alone(person)))
    }

    /// Whether it is worth another try with the placeholder of the contact's own record.
    fn takes_own_placeholder(&mut self, error: &ApiError) -> bool {
        is_about_placeholder(error, &self.new_person()) && !std::mem::replace(&mut self.placeholder_is_anothers, true)
    }

    pub(super) fn may_send(&self, field: &Field) -> bool {
        self.wanted.value(field).is_some() && !self.is_left_out(field)
    }

    fn new_person(&self) -> NewPerson {
        self.wanted.person(self.fields(Entity::Person).filter(|field| self.may_send(field)))
    }

    async fn adopt(&mut self, found: FoundPerson) -> Result<(), Error> {
        self.outcome.why.extend(found.reasons);
        let mut fields: Vec<&Field> = self.fields(Entity::Person).collect();
        if found.phone_is_anothers {
            let numbers = self.fields(Entity::Person).find(|field| field.attribute == "contact_numbers");
            if let Some(numbers) = numbers {
                let theirs = value(&found.person);
                self.leave_out(numbers, numbers.read(&theirs), Reason::PhoneAnothers);
                fields.retain(|field| field.key != numbers.key);
            }
        }
        let id = found.person.id;
        self.stored.ids.set("person", id);
        self.store().await?;
        self.write_person(&found.person, fields).await?;
        self.lead(id).await
    }

    async fn create(&mut self) -> Result<(), Error> {
        let lead_fields: Vec<&Field> = if self.wants_lead { self.fields(Entity::Lead).collect() } else { Vec::new() };
        let person_fields: Vec<&Field> = self.fields(Entity::Person).collect();
        let all = [person_fields.as_slice(), lead_fields.as_slice()].concat();
        if self.wants_lead {
            self.choose_source().await?;
            needs_stage(&self.new_lead())?;
        }
        let lead = self.new_lead();
        // The answer may be lost: a later run must tell our own values from a colleague's.
        self.note_all_sent(&all);
        self.store().await?;
        let traits = &self.context.settings.traits;
        let nested =
            self.wants_lead && !traits.person_workflow && self.context.client.connection().dialect == Dialect::RestApi;
        let mut person = self.complete(self.new_person());
        if let Some(name) = person.organization_name.take() {
            let mut link = json::object([("organization_name".to_owned(), json!(name))]);
            self.link_organization(&mut link).await?;
            person.rest.extend(link);
        }
        if !nested {
            let person = self.context.client.create_person(value(&person)).await?;
            self.record_person(&person, true);
            self.store().await?;
            self.write_organization(person.organization.as_ref()).await?;
            if !self.wants_lead {
                return self.store().await;
            }
            return self.create_lead(person.id).await;
        }
        let lead = NewLead { person: Some(LeadLink::New(Box::new(person))), ..lead };
        let lead = LeadFinder { client: self.context.client, settings: self.context.settings }.create(lead).await?;
        if let Some(person) = &lead.person {
            self.record_person(person, true);
        }
        self.took_lead(&lead, true);
        self.store().await?;
        self.write_organization(lead.person.as_ref().and_then(|person| person.organization.as_ref())).await
    }

    /// Puts the fields that are due into a person who is there: those that changed here, and no others.
    pub(super) async fn write_person(&mut self, current: &Person, mut due: Vec<&'a Field>) -> Result<(), Error> {
        let record = value(current);
        self.record_person(current, false);
        if let Some(organization) = self.organization_is_gone(current, &due).await? {
            due.push(organization);
            self.outcome.why.push(Reason::OrganizationGone);
        }
        due.extend(self.worth_another_try(Entity::Person, &record));
        let told = self.told(Entity::Person, current.id, &record, &due).await?;
        let merged = merge(due.iter().copied(), &told, &self.wanted.values, self.sent());
        for field in &merged.theirs {
            self.outcome.why.push(Reason::FieldKept((*field).into()));
        }
        self.mend_organization(current, &due).await?;
        for field in &due {
            self.stored.left_out.remove(&*field.key);
        }
        let mut organization = current.organization.clone();
        if !merged.is_empty()
            && let Some(written) = self.put_person(current, &record, merged).await?
        {
            organization = written.organization;
        }
        self.note_all_sent(&due);
        self.write_organization(organization.as_ref()).await?;
        self.store().await
    }

    pub(super) async fn put_person(
        &mut self,
        current: &Person,
        record: &Value,
        mut merged: Merged<'a>,
    ) -> Result<Option<Person>, Error> {
        let flags = match self.yes_no(Entity::Person, current.id, record, &merged).await? {
            Ok(flags) => flags,
            Err(reason) => {
                self.leave_all_out(merged.written, record, &reason);
                return Ok(None);
            }
        };
        let before = self.stored.sent.clone();
        for _ in 0..TRIES {
            if merged.is_empty() {
                return Ok(None);
            }
            let mut body = merged.body.clone();
            self.carry(current, &mut body);
            body.extend(flags.clone());
            self.link_organization(&mut body).await?;
            self.note_sending(&merged.written).await?;
            match self.context.client.write_person(current, Value::Object(body.clone())).await {
                Err(error) if is_about_fields(&error) => {
                    // Refused is not written: what was there before is there now.
                    self.stored.sent.clone_from(&before);
                    if !self.give_way_in(&error, record, &mut merged) {
                        return Err(error.into());
                    }
                }
                written => {
                    let mut written = written?;
                    written.organization = self.organization_after(&body, written.organization).await?;
                    self.record_person(&written, false);
                    self.outcome.updated.push("person");
                    return Ok(Some(written));
                }
            }
        }
        Ok(None)
    }

    /// What a write without it would take away: the owner, the addresses and the numbers, each as it was read.
    fn carry(&self, current: &Person, body: &mut Attributes) {
        let list = |key: &str| body.get(key).and_then(|list| serde_json::from_value(list.clone()).ok());
        let person = NewPerson {
            name: current.name.clone().unwrap_or_default(),
            emails: list("emails").unwrap_or_else(|| current.emails.clone()),
            contact_numbers: list("contact_numbers").unwrap_or_else(|| current.contact_numbers.clone()),
            ..NewPerson::default()
        };
        let person = self.complete(person);
        body.insert("emails".into(), json!(person.emails));
        body.insert("contact_numbers".into(), json!(person.contact_numbers));
        keep_owner(body, current);
    }

    fn complete(&self, person: NewPerson) -> NewPerson {
        let settings = self.context.settings;
        let by = if self.placeholder_is_anothers { PlaceholderOf::Record } else { PlaceholderOf::Identity };
        complete(person, self.contact, by, &settings.traits, &settings.digest_key)
    }

    /// What stands for an address or a number of a person who has none any more.
    pub(super) fn nobodys(&self, field: &Field, nobody: &str) -> Value {
        let (settings, key) = (self.context.settings, &self.context.settings.digest_key);
        match field.kind {
            FieldKind::Emails => json!(no_email(nobody, key)),
            _ => json!(no_phone(nobody, key, settings.traits.no_phone)),
        }
    }

    fn record_person(&mut self, person: &Person, created: bool) {
        self.stored.ids.set("person", person.id);
        self.stored.decision.take_if(|decision| *decision == Decision::Later);
        if let Some(organization) = &person.organization {
            self.stored.ids.set("organization", organization.id);
        }
        if created {
            self.stored.note_made("person");
            self.outcome.created.push("person");
        }
    }
}

/// The owner, whom the server takes from a person that is written without.
pub(super) fn keep_owner(body: &mut Attributes, person: &Person) {
    if let Some(owner) = &person.sales_owner {
        body.entry("user_id").or_insert_with(|| json!(owner.id));
    }
}
