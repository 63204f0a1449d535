//! Leads: `leads`.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Errors, Failure, Outcome, Written};
use crate::crm::Crm;
use crate::data::clock::iso;
use crate::data::input::{Input, is_empty, leading_number};
use crate::data::row::Searched;
use crate::data::text::{long, short};
use crate::model::activity::Subject;
use crate::model::lead::{ClosingDate, Lead, MODEL, amount, decimal};
use crate::model::pipeline::STAGE_MODEL;
use crate::model::value::{Values, date};
use crate::query::list::{ListQuery, list};
use crate::query::search::Search;
use crate::rules::activity::unparsable_date;
use crate::rules::trigger::Event;

/// What the zero date of the database is read as.
const ZERO_DATE: jiff::civil::Date = jiff::civil::Date::constant(-1, 11, 30);

impl Crm {
    pub(crate) fn show_lead(&self, lead: &Lead) -> Value {
        // A column that is null is shown as what its attribute was last saved as.
        let description = match &lead.description {
            Some(description) => json!(description),
            None => self.attribute("leads", "description").map_or(Value::Null, |own| lead.values.show(own.id)),
        };
        let mut shown = json!({
            "id": lead.id,
            "title": lead.title,
            "description": description,
            "lead_value": lead.value.map(decimal),
            "status": lead.status,
            "lost_reason": lead.lost_reason,
            "closed_at": lead.closed_at.map(iso),
            "user": lead.user_id.and_then(|id| self.user(id)).map(crate::model::user::User::show),
            "person": lead.person_id.and_then(|id| self.persons.get(id)).map(|person| self.show_person(person)),
            "lead_products": lead.products,
            "lead_source_id": lead.source_id,
            "lead_type_id": lead.type_id,
            "lead_pipeline_id": lead.pipeline_id,
            "lead_pipeline_stage_id": lead.stage_id,
            "created_at": iso(lead.created_at),
            "updated_at": iso(lead.updated_at),
            "expected_close_date": lead.closes_on.as_ref().map(|day| iso(day.midnight)),
        });
        if self.server.shows_custom_attributes() {
            for attribute in self.custom_attributes("leads") {
                shown[&attribute.code] = lead.values.show(attribute.id);
            }
        }
        shown
    }

    pub(crate) fn lead_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.leads.iter(), |id| self.leads.get(id), |lead| self.show_lead(lead))
    }

    pub(crate) fn lead_search(&self, pairs: &[(String, String)], user: u64) -> Outcome {
        self.check_view_permission(user)?;
        let search = Search::parse(pairs, Lead::FIELDS, self.server.blank_becomes_null())?;
        let found = match search.of_contacts("person.") {
            Some(matches) => {
                let persons = self.persons_with_contacts(matches);
                let theirs = |lead: &&Lead| lead.person_id.is_some_and(|id| persons.contains(&id));
                self.leads.iter().filter(theirs).take(search.limit()).collect()
            }
            None => search.run(self.leads.iter(), self)?,
        };
        Answer::data(found.into_iter().map(|lead| self.show_lead(lead)).collect())
    }

    pub(crate) fn lead_get(&self, id: &str) -> Outcome {
        match self.find_lead(id) {
            Some(lead) => Answer::data(self.show_lead(lead)),
            None => Err(Failure::missing(MODEL, id)),
        }
    }

    pub(crate) fn lead_activities(&self, id: &str) -> Outcome {
        // Of one that is not there too: only the links are asked for.
        self.linked_activities(self.find_lead(id).map_or(&[], |lead| &lead.activities))
    }

    fn find_lead(&self, id: &str) -> Option<&Lead> {
        leading_number(id).and_then(|id| self.leads.get(id))
    }

    pub(crate) fn check_lead(&self, input: &Input, own: Option<u64>) -> Outcome<()> {
        let mut errors: Errors = self.check_attributes("leads", &input.0, "", own);
        if let Some(person) = input.get("person").and_then(Value::as_object) {
            let own = person.get("id").and_then(crate::data::input::number);
            errors.extend(self.check_attributes("persons", person, "person.", own));
        }
        if self.server.validates_closing_date() {
            errors.extend(self.check_closing_date(input));
        }
        errors.extend(self.check_products(input));
        if errors.is_empty() { Ok(()) } else { Err(Failure::Invalid(errors)) }
    }

    /// `Y-m-d`, and not in the past.
    fn check_closing_date(&self, input: &Input) -> Option<(String, String)> {
        let written = input.text("expected_close_date").filter(|written| !written.is_empty())?;
        let yesterday = self.clock.yesterday();
        let message = match jiff::civil::Date::strptime("%Y-%m-%d", &written) {
            Ok(date) if written.len() == 10 && date > yesterday => return None,
            Ok(_) if written.len() == 10 => {
                format!("The expected close date must be a date after {yesterday}.")
            }
            _ => "The expected close date does not match the format Y-m-d.".to_owned(),
        };
        Some(("expected_close_date".into(), message))
    }

    /// The closing date as it is stored. 2.1.0 reads the date first, 2.2.3 hands it to the database as it comes; what is
    /// none breaks either way, there after the row was written.
    fn closing_date(&self, input: &Input) -> Outcome<Option<ClosingDate>> {
        let Some(written) = input.text("expected_close_date").filter(|written| !written.is_empty()) else {
            return Ok(None);
        };
        if self.server.writes_closing_date_raw() {
            let date = date(&written);
            let midnight = self.clock.midnight(date.parse().unwrap_or(ZERO_DATE));
            return Ok(Some(ClosingDate { date: date.into(), midnight }));
        }
        match self.clock.parse_day(&written) {
            Some(day) => Ok(Some(ClosingDate { midnight: self.clock.midnight(day), date: day.to_string().into() })),
            None => Err(unparsable_date(&written)),
        }
    }

    pub(crate) fn lead_create(&mut self, input: &Input, user: u64) -> Outcome {
        self.check_lead(input, None)?;
        let (pipeline_id, stage_id, ends) = self.stage_of_new_lead(input)?;
        let closes_on = self.closing_date(input)?;
        let person_id = match input.get("person") {
            Some(Value::Object(person)) => Some(self.nested_person(person, user)?),
            _ => reference(input, "person_id"),
        };
        let now = self.clock.now();
        let lead = Lead {
            id: self.leads.reserve(),
            title: short(&input.text("title").unwrap_or_default()).to_owned(),
            description: input.text("description").map(|text| long(&text).to_owned()),
            value: amount(input.get("lead_value")),
            status: Some(1),
            lost_reason: input.text("lost_reason"),
            closed_at: ends.then_some(now),
            user_id: reference(input, "user_id"),
            person_id,
            source_id: reference(input, "lead_source_id"),
            type_id: reference(input, "lead_type_id"),
            pipeline_id: Some(pipeline_id),
            stage_id: Some(stage_id),
            closes_on,
            products: Vec::new(),
            values: Values::default(),
            tags: Vec::new(),
            activities: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        let id = self.insert_lead(lead, input, user)?;
        self.add_products(id, input)?;
        self.fire(Event::LeadCreated(id))?;
        self.answer_lead(id, input, Written::Created)
    }

    fn insert_lead(&mut self, lead: Lead, input: &Input, user: u64) -> Outcome<u64> {
        self.check_lead_references(&lead)?;
        let mut saved = input.0.clone();
        saved.insert("lead_pipeline_id".into(), json!(lead.pipeline_id));
        saved.insert("lead_pipeline_stage_id".into(), json!(lead.stage_id));
        let id = lead.id;
        self.leads.put(id, lead);
        self.log_created(Subject::Lead(id), user);
        self.save_values(Subject::Lead(id), &saved, &[], user)?;
        Ok(id)
    }

    /// Pipeline, stage and whether the stage ends the lead. The pipeline follows from the stage, whatever was sent.
    fn stage_of_new_lead(&self, input: &Input) -> Outcome<(u64, u64, bool)> {
        if !input.has("lead_pipeline_stage_id") && !self.server.defaults_stage() {
            return Err(Failure::undefined_key("lead_pipeline_stage_id"));
        }
        if is_empty(input.get("lead_pipeline_stage_id")) {
            let first = self.default_pipeline().and_then(|pipeline| Some((pipeline.id, pipeline.stages.first()?)));
            return match first {
                Some((pipeline, stage)) => Ok((pipeline, stage.id, stage.ends_lead())),
                None => Err(Failure::php("Attempt to read property \"id\" on null")),
            };
        }
        let wanted = input.id("lead_pipeline_stage_id").unwrap_or(u64::MAX);
        match self.stage(wanted) {
            Some((pipeline, stage)) => Ok((pipeline.id, stage.id, stage.ends_lead())),
            None => Err(Failure::missing(STAGE_MODEL, input.text("lead_pipeline_stage_id").unwrap_or_default())),
        }
    }

    fn check_lead_references(&self, lead: &Lead) -> Outcome<()> {
        let broken = |id: Option<u64>, there: &dyn Fn(u64) -> bool| id.is_some_and(|id| !there(id));
        let checks: [(&str, &str, bool); 6] = [
            ("lead_source_id", "lead_sources", broken(lead.source_id, &|id| self.sources.get(id).is_some())),
            ("lead_type_id", "lead_types", broken(lead.type_id, &|id| self.types.get(id).is_some())),
            ("user_id", "users", broken(lead.user_id, &|id| self.user(id).is_some())),
            ("person_id", "persons", broken(lead.person_id, &|id| self.persons.get(id).is_some())),
            ("lead_pipeline_id", "lead_pipelines", broken(lead.pipeline_id, &|id| self.pipelines.get(id).is_some())),
            ("lead_pipeline_stage_id", "lead_pipeline_stages", broken(lead.stage_id, &|id| self.stage(id).is_some())),
        ];
        match checks.into_iter().find(|(_, _, broken)| *broken) {
            Some((column, other, _)) => Err(Failure::foreign_key("leads", column, other)),
            None => Ok(()),
        }
    }

    /// The answer to a write shows texts and value as they were sent; a later GET shows what was stored. What was sent as
    /// null is shown as what its attribute was last saved as.
    fn answer_lead(&self, id: u64, input: &Input, written: Written) -> Outcome {
        let Some(lead) = self.leads.get(id) else {
            return Err(Failure::missing(MODEL, id));
        };
        let mut shown = self.show_lead(lead);
        for field in ["title", "description", "lead_value"] {
            if written == Written::Created || input.has(field) {
                shown[field] = match input.get(field) {
                    Some(sent) => sent.clone(),
                    None => self.attribute("leads", field).map_or(Value::Null, |own| lead.values.show(own.id)),
                };
            }
        }
        if self.server.writes_closing_date_raw()
            && let Some(second) = input.text("expected_close_date").and_then(|sent| self.clock.parse_moment(&sent))
        {
            shown["expected_close_date"] = lead.closes_on.as_ref().map_or(Value::Null, |_| json!(iso(second)));
        }
        Answer::data_and_message(shown, &written.message("Lead"))
    }

    /// `PUT leads/{id}`: what is not sent among products and closing date is gone.
    pub(crate) fn lead_update(&mut self, id: &str, input: &Input, user: u64) -> Outcome {
        self.check_lead(input, leading_number(id))?;
        if !input.has("lead_pipeline_stage_id") && !self.server.defaults_stage() {
            return Err(Failure::undefined_key("lead_pipeline_stage_id"));
        }
        let Some(old) = self.find_lead(id).cloned() else {
            return Err(Failure::missing(MODEL, id));
        };
        let mut lead = old.clone();
        if !is_empty(input.get("lead_pipeline_stage_id")) {
            let (pipeline, stage, ends) = self.stage_of_new_lead(input)?;
            lead.pipeline_id = Some(pipeline);
            lead.stage_id = Some(stage);
            lead.closed_at = self.closed_at(ends, input)?;
        }
        let closes_on = self.closing_date(input)?;
        if input.has("expected_close_date") || self.server.lead_put_wipes_closing_date() {
            lead.closes_on = closes_on;
        }
        lead.products = self.products_after(&old.products, input)?;
        if let Some(Value::Object(person)) = input.get("person") {
            lead.person_id = Some(self.nested_person(person, user)?);
        }
        self.apply_fields(&mut lead, input);
        let mut saved = input.0.clone();
        if !is_empty(input.get("lead_pipeline_stage_id")) {
            saved.insert("lead_pipeline_id".into(), json!(lead.pipeline_id));
        }
        if lead.closes_on.is_none() {
            saved.insert("expected_close_date".into(), Value::Null);
        }
        self.replace_lead(lead, &old, &saved, &[], user)?;
        self.answer_lead(old.id, input, Written::Updated)
    }

    /// `PUT leads/attributes/edit/{id}`: partial, nothing is checked, products stay; the closing date goes unless sent.
    /// The attribute values of title and description stay, whatever is written into the columns.
    pub(crate) fn lead_edit_attributes(&mut self, id: &str, input: &Input, user: u64) -> Outcome {
        let Some(old) = self.find_lead(id).cloned() else {
            return Err(Failure::missing(MODEL, id));
        };
        let mut lead = old.clone();
        lead.closes_on = self.closing_date(input)?;
        if input.has("lead_pipeline_id") {
            lead.pipeline_id = reference(input, "lead_pipeline_id");
        }
        if !is_empty(input.get("lead_pipeline_stage_id")) {
            let stage = reference(input, "lead_pipeline_stage_id");
            lead.stage_id = stage;
            let ends = stage.and_then(|id| self.stage(id)).is_some_and(|(_, stage)| stage.ends_lead());
            lead.closed_at = self.closed_at(ends, input)?;
        }
        self.apply_fields(&mut lead, input);
        let mut saved = input.0.clone();
        saved.entry("expected_close_date").or_insert(Value::Null);
        self.replace_lead(lead, &old, &saved, &["title", "description"], user)?;
        self.answer_lead(old.id, input, Written::Updated)
    }

    /// `PUT leads/stage/edit/{id}`: a stage of the lead's own pipeline. Nothing else is touched.
    pub(crate) fn lead_edit_stage(&mut self, id: &str, input: &Input, user: u64) -> Outcome {
        const FIELD: &str = "lead_pipeline_stage_id";
        let invalid = |message: &str| Failure::Invalid(vec![(FIELD.into(), message.into())]);
        if crate::data::input::is_absent(input.0.get(FIELD)) {
            return Err(invalid("The lead pipeline stage id field is required."));
        }
        let wanted = input.id(FIELD).unwrap_or(0);
        let Some((pipeline, stage)) = self.stage(wanted) else {
            return Err(invalid("The selected lead pipeline stage id is invalid."));
        };
        let (pipeline, ends) = (pipeline.id, stage.ends_lead());
        let Some(old) = self.find_lead(id).cloned() else {
            return Err(Failure::missing(MODEL, id));
        };
        if old.pipeline_id != Some(pipeline) {
            return Err(Failure::missing(STAGE_MODEL, wanted));
        }
        let mut lead = old.clone();
        lead.stage_id = Some(wanted);
        // A move to any other stage opens a closed lead again.
        lead.closed_at = self.closed_at(ends, input)?;
        if input.has("lost_reason") {
            lead.lost_reason = input.text("lost_reason");
        }
        self.put_lead(lead, &old, user)?;
        let stage: Map<String, Value> = [(FIELD.to_owned(), json!(wanted))].into_iter().collect();
        self.save_only(Subject::Lead(old.id), &stage, user)?;
        self.fire(Event::LeadUpdated(old.id))?;
        self.answer_lead(old.id, &Input::default(), Written::Updated)
    }

    /// When a lead was closed, after a stage was written: now, though it may have had that stage before, unless the request
    /// says when.
    fn closed_at(&self, ends: bool, input: &Input) -> Outcome<Option<i64>> {
        if !ends {
            return Ok(None);
        }
        match input.text("closed_at").filter(|written| !written.is_empty()) {
            Some(written) => self.clock.parse_wall_clock(&written).map(Some).ok_or_else(|| unparsable_date(&written)),
            None => Ok(Some(self.clock.now())),
        }
    }

    fn apply_fields(&self, lead: &mut Lead, input: &Input) {
        if input.has("title") {
            lead.title = short(&input.text("title").unwrap_or_default()).to_owned();
        }
        if input.has("description") {
            lead.description = input.text("description").map(|text| long(&text).to_owned());
        }
        if input.has("lead_value") {
            lead.value = amount(input.get("lead_value"));
        }
        if input.has("lost_reason") {
            lead.lost_reason = input.text("lost_reason");
        }
        if input.has("status") {
            lead.status = input.get("status").and_then(crate::data::input::number);
        }
        for (field, column) in [
            ("user_id", &mut lead.user_id),
            ("person_id", &mut lead.person_id),
            ("lead_source_id", &mut lead.source_id),
            ("lead_type_id", &mut lead.type_id),
        ] {
            if input.has(field) {
                *column = reference(input, field);
            }
        }
    }

    /// Puts a changed lead in the place of the old one and saves its attribute values.
    fn replace_lead(
        &mut self,
        lead: Lead,
        old: &Lead,
        saved: &Map<String, Value>,
        left_out: &[&str],
        user: u64,
    ) -> Outcome<()> {
        self.put_lead(lead, old, user)?;
        self.save_values(Subject::Lead(old.id), saved, left_out, user)?;
        self.fire(Event::LeadUpdated(old.id))
    }

    /// Writes a lead's row. When it was closed is noted, as a column that is no attribute.
    fn put_lead(&mut self, mut lead: Lead, old: &Lead, user: u64) -> Outcome<()> {
        self.check_lead_references(&lead)?;
        lead.updated_at = self.clock.now();
        let closed_at = lead.closed_at;
        self.leads.put(old.id, lead);
        if closed_at != old.closed_at {
            let shown = |second: Option<i64>| json!(second.map(|second| self.clock.show_moment(second)));
            let (before, after) = (shown(old.closed_at), shown(closed_at));
            let subject = Subject::Lead(old.id);
            self.log_change(subject, user, "closed_at", (before.clone(), before), (after.clone(), after));
        }
        Ok(())
    }

    /// A lead's activities go with it, those that it shares with a person too.
    pub(crate) fn lead_delete(&mut self, id: &str) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        if self.leads.get(key).is_none() {
            return Err(Failure::missing(MODEL, id));
        }
        self.fire(Event::LeadDeleting(key))?;
        self.delete_activities(Subject::Lead(key));
        self.leads.remove(key);
        Answer::wrapped_message("Lead deleted successfully.")
    }

    /// A new lead of the design document's server.
    pub(crate) fn new_plain_lead(&mut self, input: &Input) -> Outcome<u64> {
        let now = self.clock.now();
        let id = self.leads.reserve();
        self.leads.put(
            id,
            Lead {
                id,
                title: String::new(),
                description: None,
                value: None,
                status: Some(1),
                lost_reason: None,
                closed_at: None,
                user_id: None,
                person_id: None,
                source_id: None,
                type_id: None,
                pipeline_id: None,
                stage_id: None,
                closes_on: None,
                products: Vec::new(),
                values: Values::default(),
                tags: Vec::new(),
                activities: Vec::new(),
                created_at: now,
                updated_at: now,
            },
        );
        self.write_plain_lead(id, input)?;
        Ok(id)
    }

    /// Writes the fields that are there and leaves the others as they are: how the design document's server does it.
    pub(crate) fn write_plain_lead(&mut self, id: u64, input: &Input) -> Outcome<()> {
        let Some(mut lead) = self.leads.get(id).cloned() else {
            return Err(Failure::missing(MODEL, id));
        };
        if let Some((pipeline, stage)) = input.id("lead_pipeline_stage_id").and_then(|id| self.stage(id)) {
            lead.pipeline_id = Some(pipeline.id);
            lead.stage_id = Some(stage.id);
            lead.closed_at = stage.ends_lead().then(|| self.clock.now());
        }
        if input.has("expected_close_date") {
            lead.closes_on = self.closing_date(input)?;
        }
        self.apply_fields(&mut lead, input);
        self.check_lead_references(&lead)?;
        lead.updated_at = self.clock.now();
        self.leads.put(id, lead);
        self.put_values(Subject::Lead(id), &input.0);
        Ok(())
    }

    /// Puts these products in the place of a lead's.
    pub(crate) fn set_products(&mut self, id: u64, products: Vec<Value>) {
        let now = self.clock.now();
        if let Some(lead) = self.leads.get_mut(id) {
            lead.products = products;
            lead.updated_at = now;
        }
    }

    /// Writes the fields that are there and leaves all others as they are, as a colleague does.
    pub(crate) fn edit_lead(&mut self, id: u64, input: &Input, user: u64) -> Outcome {
        self.check_lead(input, Some(id))?;
        let Some(old) = self.leads.get(id).cloned() else {
            return Err(Failure::missing(MODEL, id));
        };
        let mut lead = old.clone();
        if input.has("expected_close_date") {
            lead.closes_on = self.closing_date(input)?;
        }
        self.apply_fields(&mut lead, input);
        let mut saved = input.0.clone();
        self.keep_yes(&mut saved, "leads", &old.values);
        self.replace_lead(lead, &old, &saved, &[], user)?;
        self.keep_uploads(Subject::Lead(id), &input.0);
        self.answer_lead(id, input, Written::Updated)
    }

    /// Puts a product on a lead, as a salesperson does.
    pub(crate) fn add_product(&mut self, lead: u64, product: Value) -> bool {
        let found = self.leads.get_mut(lead);
        found.map(|lead| lead.products.push(product)).is_some()
    }

    /// Leads whose person has no `contact_numbers` at all: Krayin shows an error where their page should be.
    pub(crate) fn leads_without_page(&self) -> Vec<String> {
        let broken = self.leads.iter().filter_map(|lead| {
            let person = self.persons.get(lead.person_id?)?;
            let id = (person.numbers.is_none()).then_some(person.id)?;
            Some(format!("lead {}: contact_numbers of person {id} is null, the page is an error", lead.id))
        });
        broken.collect()
    }

    pub(crate) fn lead_records(&self) -> Vec<Value> {
        self.leads
            .iter()
            .map(|lead| {
                let mut shown = self.show_lead(lead);
                shown["person_id"] = json!(lead.person_id);
                shown["user_id"] = json!(lead.user_id);
                shown["tag_ids"] = json!(lead.tags);
                for attribute in self.custom_attributes("leads") {
                    shown[&attribute.code] = lead.values.show(attribute.id);
                }
                shown
            })
            .collect()
    }
}

fn reference(input: &Input, field: &str) -> Option<u64> {
    let value = input.get(field)?;
    if is_empty(Some(value)) {
        return None;
    }
    // What is no number cannot point anywhere.
    Some(crate::data::input::number(value).unwrap_or(u64::MAX))
}
