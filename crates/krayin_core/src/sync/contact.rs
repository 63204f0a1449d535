use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Context, FoundPerson, LeadFinder, Outcome, PersonFinder, Status,
    lead_finder::needs_stage,
    person_finder::complete,
    person_merge::{self, Merged},
    value, verify,
};
use crate::{
    Error,
    api::{ApiError, Dialect, ErrorKind, Traits},
    chatwoot::Contact,
    digest::{Digest, DigestKey, beside, is_uncertain},
    harmless::Place,
    krayin::{Address, Lead, LeadLink, NewLead, NewPerson, Organization, Person, closing_day},
    mapper,
    records::{Kind, Stored},
};

/// Why a contact is not in Krayin.
pub(super) const UNKNOWABLE: &str =
    "The contact has neither an e-mail address nor a phone number that Krayin could know it by.";

/// Why a contact that could be known is not in Krayin.
const REFUSED: &str = "The contact was not created: Krayin takes nothing of what it could be known by.";

const LEAD_FIELDS: [&str; 3] = ["title", "lead_value", "description"];
const PERSON_FIELDS: [&str; 5] = ["name", "email", "phone", "job_title", "organization"];

/// Contact → person, lead and organization.
///
/// Nothing that Krayin shows changed: no request. New: a search and one create. Changed: a read and a write for the
/// person, and the same for the lead where its own fields changed.
pub(super) async fn sync(context: &Context<'_>, contact: &Contact) -> Result<Outcome, Error> {
    let mut stored = context.load(Kind::Contact, contact.id).await?;
    let known = verify::contact(context, contact, &mut stored).await?;
    let wanted = Wanted::of(contact, context);
    if is_unknowable(&wanted.person) && stored.ids.get("person").is_none() {
        let mut outcome = Outcome::skipped(stored.ids, UNKNOWABLE);
        outcome.reasons.extend(wanted.left_out);
        return Ok(outcome);
    }
    let mut flow = Flow { context, contact, wanted, known, stored, outcome: Outcome::default() };
    let complete = flow.stored.ids.get("person").is_some() && flow.stored.ids.get("lead").is_some();
    if complete && !flow.changed_any() {
        return Ok(Outcome::skipped(flow.stored.ids, "Nothing that Krayin shows has changed."));
    }
    flow.outcome.reasons.append(&mut flow.wanted.left_out);
    flow.person().await?;
    flow.outcome.ids = flow.stored.ids;
    Ok(flow.outcome)
}

/// Whether the server names values that it does not take.
fn is_about_fields(error: &ApiError) -> bool {
    matches!(error.kind, ErrorKind::Conflict | ErrorKind::Validation)
}

/// The longest that an address may be before and after its `@`, and between the dots there.
fn is_within_limits(email: &str) -> bool {
    let (local, domain) = email.rsplit_once('@').unwrap_or_default();
    local.len() <= 64 && domain.len() <= 253 && domain.split('.').all(|label| label.len() <= 63)
}

fn is_unknowable(person: &NewPerson) -> bool {
    person.emails.is_empty() && person.contact_numbers.is_empty()
}

/// What Krayin should show of the contact, with a digest of each field.
struct Wanted {
    person: NewPerson,
    lead: NewLead,
    /// The organization's name as Chatwoot has it, where that is not how it is written.
    company: Option<String>,
    address: Option<Address>,
    /// What of the contact cannot be what it says, in sentences.
    left_out: Vec<String>,
    digests: BTreeMap<&'static str, Digest>,
}

impl Wanted {
    fn of(contact: &Contact, context: &Context<'_>) -> Self {
        let organization =
            context.settings.sync_to_organization.then(|| mapper::map_to_organization(contact)).flatten();
        let mut person = mapper::map_to_person(contact);
        person.emails.retain(|entry| is_within_limits(&entry.value));
        let mut left_out = Vec::new();
        for (what, given, taken) in [
            ("e-mail address", &contact.email, !person.emails.is_empty()),
            ("phone number", &contact.phone_number, !person.contact_numbers.is_empty()),
        ] {
            if given.is_some() && !taken {
                left_out.push(format!("The {what} is none and was left out."));
            }
        }
        let (mut address, mut company) = (None, None);
        if let Some(organization) = organization {
            company = mapper::company_name(contact).filter(|name| *name != organization.name);
            person.organization_name = Some(organization.name);
            address = organization.address;
        }
        let lead = mapper::map_to_lead(contact, None, context.settings);
        let mut digests = BTreeMap::new();
        let mut note = |field, value: Option<&str>| {
            if let Some(value) = value {
                digests.insert(field, context.settings.digest_key.digest(value));
            }
        };
        note("name", Some(&person.name));
        note("email", person.emails.first().map(|entry| entry.value.as_str()));
        note("phone", person.contact_numbers.first().map(|entry| entry.value.as_str()));
        note("job_title", person.job_title.as_deref());
        note("organization", person.organization_name.as_deref());
        note("address", address.as_ref().and_then(|address| serde_json::to_string(address).ok()).as_deref());
        note("title", Some(&lead.title));
        note("lead_value", lead.lead_value.map(|value| value.to_string()).as_deref());
        note("description", lead.description.as_deref());
        Self { person, lead, company, address, left_out, digests }
    }
}

struct Flow<'a> {
    context: &'a Context<'a>,
    contact: &'a Contact,
    wanted: Wanted,
    /// The person, where it was read just now.
    known: Option<Person>,
    stored: Stored,
    outcome: Outcome,
}

impl Flow<'_> {
    /// Whether a field differs from what was last sent. A value that the contact no longer has changes nothing: Krayin
    /// keeps what it knows.
    fn changed(&self, field: &str) -> bool {
        let kept = self.stored.sent.get(field);
        self.wanted.digests.get(field).is_some_and(|digest| kept.is_none_or(|kept| !digest.is(kept)))
    }

    fn changed_any(&self) -> bool {
        self.wanted.digests.keys().any(|field| self.changed(field))
    }

    async fn person(&mut self) -> Result<(), Error> {
        if let Some(id) = self.stored.ids.get("person") {
            let fields: Vec<&str> = PERSON_FIELDS.into_iter().filter(|field| self.changed(field)).collect();
            if fields.is_empty() {
                return self.lead(id).await;
            }
            let known = match self.known.take() {
                Some(known) => Some(known),
                None => self.context.client.find_person(id).await?,
            };
            if let Some(person) = known {
                self.write_person(&person, &fields).await?;
                return self.lead(id).await;
            }
            // Deleted or merged in Krayin, and its leads with it.
            self.stored.ids.forget("person");
            self.stored.ids.forget("lead");
            self.stored.sent.clear();
            self.outcome.reasons.push("The person that was known is gone from Krayin; found or created again.".into());
        }
        self.resolve().await
    }

    /// Finds the person and its lead, or creates what is missing.
    async fn resolve(&mut self) -> Result<(), Error> {
        if is_unknowable(&self.wanted.person) {
            return self.give_up(UNKNOWABLE).await;
        }
        let finder = PersonFinder { client: self.context.client };
        if let Some(found) = finder.find(self.contact).await? {
            return self.adopt(found).await;
        }
        loop {
            let error = match self.create().await {
                Err(Error::Api(error)) if is_about_fields(&error) => error,
                done => return done,
            };
            // Someone created it since the search, or has the value in a form that the search does not find.
            let found = if error.kind == ErrorKind::Conflict { finder.find(self.contact).await? } else { None };
            if let Some(found) = found {
                return self.adopt(found).await;
            }
            if let Some(found) = self.our_own(&error).await? {
                return self.adopt(found).await;
            }
            if !self.give_way(&error) {
                return Err(Error::Api(error));
            }
            if is_unknowable(&self.wanted.person) {
                return self.give_up(REFUSED).await;
            }
        }
    }

    /// The person that still has the placeholder of this contact, though its number was changed in Krayin.
    async fn our_own(&self, error: &ApiError) -> Result<Option<FoundPerson>, Error> {
        if error.kind != ErrorKind::Conflict || !error.names_field("emails") || !self.wanted.person.emails.is_empty() {
            return Ok(None);
        }
        let sent = complete(self.wanted.person.clone(), &self.context.settings.traits);
        let placeholder = sent.emails.first().map(|entry| entry.value.as_str());
        let person = self.context.client.search_person(placeholder, None).await?.into_iter().next();
        Ok(person.map(|person| FoundPerson { person, reasons: Vec::new(), phone_is_anothers: false }))
    }

    async fn give_up(&mut self, reason: &str) -> Result<(), Error> {
        self.outcome.status = Status::Skipped;
        self.outcome.reasons.push(reason.to_owned());
        self.store().await
    }

    /// Leaves out the values that another record has or that the server does not take; `false` where that changes nothing.
    fn give_way(&mut self, error: &ApiError) -> bool {
        let person = &mut self.wanted.person;
        let mut changed = false;
        for (field, what, entries) in [
            ("emails", "e-mail address", &mut person.emails),
            ("contact_numbers", "phone number", &mut person.contact_numbers),
        ] {
            if error.names_field(field) && !entries.is_empty() {
                entries.clear();
                changed = true;
                let why = match error.kind {
                    ErrorKind::Conflict => "belongs to another person in Krayin",
                    _ => "is none that Krayin takes",
                };
                let reason = format!("The {what} {why} and was left out.");
                self.outcome.reasons.push(reason);
            }
        }
        changed
    }

    async fn adopt(&mut self, found: FoundPerson) -> Result<(), Error> {
        self.outcome.reasons.extend(found.reasons);
        if found.phone_is_anothers {
            self.wanted.person.contact_numbers.clear();
        }
        let id = found.person.id;
        self.stored.ids.set("person", id);
        self.store().await?;
        self.write_person(&found.person, &PERSON_FIELDS).await?;
        self.lead(id).await
    }

    async fn create(&mut self) -> Result<(), Error> {
        needs_stage(&self.wanted.lead)?;
        // The answer may be lost: a later run must tell our own values from a colleague's.
        self.sent_all();
        self.store().await?;
        let traits = &self.context.settings.traits;
        let nested = !traits.person_workflow && self.context.client.connection().dialect == Dialect::RestApi;
        let person = self.with_organization_id(complete(self.wanted.person.clone(), traits)).await?;
        if !nested {
            let person = self.context.client.create_person(value(&person)).await?;
            self.took_person(&person, true);
            self.store().await?;
            self.address(person.organization.as_ref()).await?;
            return self.create_lead(person.id).await;
        }
        let lead = NewLead { person: Some(LeadLink::New(Box::new(person))), ..self.wanted.lead.clone() };
        let lead = LeadFinder { client: self.context.client, settings: self.context.settings }.create(lead).await?;
        if let Some(person) = &lead.person {
            self.took_person(person, true);
        }
        self.took_lead(&lead, true);
        self.sent_all();
        self.store().await?;
        self.address(lead.person.as_ref().and_then(|person| person.organization.as_ref())).await
    }

    /// Links to the organization that a colleague wrote in another spelling than ours; the server would make a second one.
    async fn with_their_organization(&mut self, mut person: NewPerson) -> Result<NewPerson, Error> {
        let (Some(_), Some(company)) = (&person.organization_name, &self.wanted.company) else { return Ok(person) };
        if let Some(found) = self.context.client.search_organization(company).await?.into_iter().next() {
            self.stored.ids.set("organization", found.id);
            person.organization_name = None;
            person.organization_id = Some(found.id);
        }
        Ok(person)
    }

    /// The documented dialect takes an organization by id only.
    async fn with_organization_id(&mut self, mut person: NewPerson) -> Result<NewPerson, Error> {
        let client = self.context.client;
        if client.connection().dialect == Dialect::RestApi {
            return self.with_their_organization(person).await;
        }
        let Some(name) = person.organization_name.take() else { return Ok(person) };
        let written = self.wanted.company.as_ref().unwrap_or(&name);
        let find = || async { Ok::<_, Error>(client.search_organization(written).await?.into_iter().next()) };
        let organization = match find().await? {
            Some(found) => found,
            None => match client.create_organization(json!({"name": name})).await {
                // Someone created it since the search, or the search does not find such a name.
                Err(error) if error.kind == ErrorKind::Conflict => match find().await? {
                    Some(found) => found,
                    None => {
                        let reason = "The organization is in Krayin but cannot be found by its name; it was left out.";
                        self.outcome.reasons.push(reason.into());
                        return Ok(person);
                    }
                },
                created => {
                    self.outcome.created.push("organization");
                    created?
                }
            },
        };
        self.stored.ids.set("organization", organization.id);
        person.organization_id = Some(organization.id);
        Ok(person)
    }

    /// An organization that an earlier version named as Chatwoot has it, in a spelling that blanks Krayin's pages.
    async fn mend_organization(&mut self, current: &Person) -> Result<(), Error> {
        let Some(organization) = &current.organization else { return Ok(()) };
        let name = organization.name.as_deref().map(str::trim).unwrap_or_default();
        let harmless = Place::Company.harmless(name);
        if harmless == name || !self.context.settings.digest_key.was_sent(self.stored.sent.get("organization"), name) {
            return Ok(());
        }
        let body = json!({"name": harmless});
        match self.context.client.update_organization(organization.id, body).await {
            // Another one has that name already.
            Err(error) if is_about_fields(&error) => Ok(()),
            written => Ok(written.map(drop)?),
        }
    }

    /// Puts the changed fields into a person who is there.
    async fn write_person(&mut self, current: &Person, fields: &[&'static str]) -> Result<(), Error> {
        let mut fields = fields.to_vec();
        if self.organization_is_gone(current, &fields).await? {
            fields.push("organization");
            self.outcome
                .reasons
                .push("The organization that was known is gone from Krayin; found or created again.".into());
        }
        let fields = fields.as_slice();
        let Merged { person, differs, kept } =
            person_merge::merge(current, &self.wanted.person, fields, &self.stored.sent, self.known_by());
        for field in kept {
            self.outcome.reasons.push(format!("{} was edited in Krayin and is left alone.", readable(field)));
        }
        if fields.contains(&"organization") {
            self.mend_organization(current).await?;
        }
        if differs {
            self.note_sending(fields).await?;
            self.put_person(current, person, fields).await?;
        } else {
            self.took_person(current, false);
        }
        for field in fields {
            self.note_sent(field);
        }
        self.store().await
    }

    /// Whether the person has lost its organization because that was deleted, not because someone took it away.
    async fn organization_is_gone(&self, current: &Person, fields: &[&str]) -> Result<bool, Error> {
        let known = self.stored.ids.get("organization").is_some() && self.stored.sent.contains_key("organization");
        match &self.wanted.person.organization_name {
            Some(name) if known && current.organization.is_none() && !fields.contains(&"organization") => {
                Ok(self.context.client.search_organization(name).await?.is_empty())
            }
            _ => Ok(false),
        }
    }

    async fn put_person(&mut self, current: &Person, person: NewPerson, fields: &[&str]) -> Result<(), Error> {
        let client = self.context.client;
        let mut sent = self.with_organization_id(person).await?;
        let mut written = match client.write_person(current, value(&sent)).await {
            Err(error) if is_about_fields(&error) => {
                if !self.give_way(&error) {
                    return Err(error.into());
                }
                let again =
                    person_merge::merge(current, &self.wanted.person, fields, &self.stored.sent, self.known_by());
                if !again.differs {
                    self.took_person(current, false);
                    return Ok(());
                }
                sent = self.with_organization_id(again.person).await?;
                client.write_person(current, value(&sent)).await?
            }
            written => written?,
        };
        written.organization = self.organization_after(&sent, written.organization).await?;
        self.took_person(&written, false);
        self.outcome.updated.push("person");
        self.address(written.organization.as_ref()).await
    }

    /// The organization that an update has left. Krayin answers with the one that was before it, so another one is looked
    /// for where something depends on it now; else the next event reads it with the person.
    async fn organization_after(
        &mut self,
        sent: &NewPerson,
        shown: Option<Organization>,
    ) -> Result<Option<Organization>, Error> {
        let name = |organization: &Organization| organization.name.as_deref().map(str::to_lowercase);
        match (&sent.organization_name, sent.organization_id) {
            (Some(wanted), _) if shown.as_ref().and_then(name) != Some(wanted.to_lowercase()) => {
                let was_gone = shown.is_none() && self.stored.ids.get("organization").is_some();
                self.stored.ids.forget("organization");
                if !was_gone && (self.wanted.address.is_none() || !self.changed("address")) {
                    return Ok(None);
                }
                Ok(self.context.client.search_organization(wanted).await?.into_iter().next())
            }
            (None, Some(id)) if shown.as_ref().is_none_or(|organization| organization.id != id) => Ok(None),
            _ => Ok(shown),
        }
    }

    /// Gives a company its address where Krayin has none: an organization made by name comes without.
    async fn address(&mut self, organization: Option<&Organization>) -> Result<(), Error> {
        let (Some(organization), Some(address)) = (organization, &self.wanted.address) else { return Ok(()) };
        if organization.address.as_ref().is_some_and(|known| *known != Address::default()) || !self.changed("address") {
            return Ok(());
        }
        let body = json!({"name": organization.name, "address": address});
        self.context.client.write_organization(organization, body).await?;
        self.note_sent("address");
        self.store().await
    }

    /// The person's lead: written where it is known, found or created where it is not.
    async fn lead(&mut self, person_id: u64) -> Result<(), Error> {
        let finder = LeadFinder { client: self.context.client, settings: self.context.settings };
        if let Some(id) = self.stored.ids.get("lead") {
            if !LEAD_FIELDS.iter().any(|field| self.changed(field)) {
                return Ok(());
            }
            if let Some(lead) = self.context.client.find_lead(id).await? {
                return self.write_lead(&lead).await;
            }
            self.stored.ids.forget("lead");
            self.outcome.reasons.push("The lead that was known is gone from Krayin; found or created again.".into());
        }
        match finder.find(self.contact, person_id).await? {
            Some(lead) => {
                self.took_lead(&lead, false);
                // Created by an earlier run whose answer was lost.
                if self.stored.sent.contains_key("title") && LEAD_FIELDS.iter().any(|field| self.changed(field)) {
                    return self.write_lead(&lead).await;
                }
            }
            None => return self.create_lead(person_id).await,
        }
        self.sent_all();
        self.store().await
    }

    async fn create_lead(&mut self, person_id: u64) -> Result<(), Error> {
        let lead = NewLead { person: Some(LeadLink::Id(person_id)), ..self.wanted.lead.clone() };
        let lead = LeadFinder { client: self.context.client, settings: self.context.settings }.create(lead).await?;
        self.took_lead(&lead, true);
        self.sent_all();
        self.store().await
    }

    async fn write_lead(&mut self, current: &Lead) -> Result<(), Error> {
        let mut body = Map::new();
        let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).unwrap_or_default();
        let wanted = &self.wanted.lead;
        let fields = [
            ("title", current.title.clone(), Some(wanted.title.clone()), json!(wanted.title)),
            ("description", current.description.clone(), wanted.description.clone(), json!(wanted.description)),
            (
                "lead_value",
                Some(format!("{:.4}", number(&current.lead_value))),
                wanted.lead_value.map(|value| value.to_string()),
                json!(wanted.lead_value),
            ),
        ];
        for (field, current, wanted, json) in fields {
            let current = current.filter(|value| !value.trim().is_empty());
            let (Some(wanted), true) = (wanted, self.changed(field)) else { continue };
            let (key, sent) = (&self.context.settings.digest_key, self.stored.sent.get(field));
            // A new lead is worth nothing until someone says otherwise.
            let is_unsaid = |current: &String| field == "lead_value" && sent.is_none() && current == "0.0000";
            let ours = current.as_ref().is_none_or(|current| is_unsaid(current) || key.was_sent(sent, current));
            if current.as_ref() == Some(&wanted) {
                continue;
            } else if ours {
                body.insert(field.to_owned(), json);
            } else if current.is_none_or(|current| Self::place(field).harmless(&current) != wanted) {
                self.outcome.reasons.push(format!("{} was edited in Krayin and is left alone.", readable(field)));
            }
        }
        if !body.is_empty() {
            let fields: Vec<&str> = LEAD_FIELDS.into_iter().filter(|field| body.contains_key(*field)).collect();
            self.note_sending(&fields).await?;
            // The endpoint clears the closing date where it is absent.
            let offset = self.context.settings.traits.utc_offset_minutes;
            if let Some(day) = current.expected_close_date.as_deref().and_then(|date| closing_day(date, offset)) {
                body.insert("expected_close_date".into(), json!(day));
            }
            body.insert("lead_pipeline_id".into(), json!(current.lead_pipeline_id));
            body.insert("lead_pipeline_stage_id".into(), json!(current.lead_pipeline_stage_id));
            self.context.client.update_lead(current.id, Value::Object(body)).await?;
            self.outcome.updated.push("lead");
        }
        self.sent_all();
        self.store().await
    }

    /// How Krayin prints a lead's field.
    fn place(field: &str) -> Place {
        if field == "description" { Place::Text } else { Place::Line }
    }

    fn took_person(&mut self, person: &Person, created: bool) {
        self.stored.ids.set("person", person.id);
        if let Some(organization) = &person.organization {
            self.stored.ids.set("organization", organization.id);
        }
        if created {
            self.outcome.created.push("person");
        }
    }

    fn took_lead(&mut self, lead: &Lead, created: bool) {
        self.stored.ids.set("lead", lead.id);
        if created {
            self.outcome.created.push("lead");
        }
    }

    /// Before a write: its answer may be lost, and the contact may be another one when it is tried again.
    async fn note_sending(&mut self, fields: &[&str]) -> Result<(), Error> {
        for &field in fields {
            if let Some(digest) = self.wanted.digests.get(field) {
                let kept = self.stored.sent.entry(field.to_owned()).or_default();
                *kept = beside(kept, digest);
            }
        }
        self.store().await
    }

    fn known_by(&self) -> (&DigestKey, &Traits) {
        (&self.context.settings.digest_key, &self.context.settings.traits)
    }

    fn note_sent(&mut self, field: &str) {
        if let Some(digest) = self.wanted.digests.get(field) {
            self.stored.sent.insert(field.to_owned(), digest.text().to_owned());
        }
    }

    fn sent_all(&mut self) {
        for (field, digest) in &self.wanted.digests {
            if *field != "address" {
                self.stored.sent.insert((*field).to_owned(), digest.text().to_owned());
            }
        }
    }

    /// Keeps what is known, and whether something is still to be done.
    async fn store(&mut self) -> Result<(), Error> {
        self.stored.pending = !is_unknowable(&self.wanted.person)
            && (self.stored.ids.get("lead").is_none()
                || LEAD_FIELDS.iter().any(|field| self.changed(field))
                || self.stored.sent.values().any(|kept| is_uncertain(kept)));
        self.context.store(Kind::Contact, self.contact.id, &mut self.stored).await
    }
}

fn readable(field: &str) -> &'static str {
    match field {
        "name" => "The person's name",
        "job_title" => "The person's job title",
        "organization" => "The person's organization",
        "title" => "The lead's title",
        "lead_value" => "The lead's value",
        "description" => "The lead's description",
        _ => "A field",
    }
}
