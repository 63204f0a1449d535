//! The API as the design document tells it: `/api/admin`. Honest statuses, `{"data": …}` bodies, partial updates, and
//! none of the quirks. It keeps its records in the same tables.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Errors, Failure, Outcome};
use crate::crm::Crm;
use crate::data::input::{Input, is_absent, leading_number};
use crate::model::activity::Subject;
use crate::model::person::{MODEL as PERSON, entry_values};
use crate::rules::activity::plain_additional;

const LEAD: &str = crate::model::lead::MODEL;
const ORGANIZATION: &str = crate::model::organization::MODEL;

impl Crm {
    /// Persons with this e-mail, without regard to case, or this number, with its country or without. Without either, none.
    fn persons_matching(&self, input: &Input) -> Vec<u64> {
        let email = input.text("email").map(|email| email.trim().to_lowercase()).filter(|email| !email.is_empty());
        let phone = input.text("phone").map(|phone| digits(&phone)).filter(|phone| !phone.is_empty());
        if email.is_none() && phone.is_none() {
            return Vec::new();
        }
        let found = self.persons.iter().filter(|person| {
            let emails = person.emails_json();
            let numbers = person.numbers_json();
            email.as_ref().is_some_and(|email| entry_values(&emails).any(|other| other.to_lowercase() == *email))
                || phone
                    .as_ref()
                    .is_some_and(|phone| entry_values(&numbers).any(|other| is_number(&digits(&other), phone)))
        });
        found.map(|person| person.id).collect()
    }

    pub(crate) fn plain_person_search(&self, input: &Input) -> Outcome {
        let ids = self.persons_matching(input);
        Answer::data(
            ids.into_iter().filter_map(|id| self.persons.get(id)).map(|person| self.show_person(person)).collect(),
        )
    }

    pub(crate) fn plain_lead_search(&self, input: &Input) -> Outcome {
        let persons = self.persons_matching(input);
        let of_them = self.leads.iter().filter(|lead| lead.person_id.is_some_and(|id| persons.contains(&id)));
        Answer::data(of_them.map(|lead| self.show_lead(lead)).collect())
    }

    pub(crate) fn plain_person_create(&mut self, input: &Input, user: u64) -> Outcome {
        self.check_plain_person(input, None)?;
        let id = self.persons.reserve();
        let now = self.clock.now();
        let person = crate::model::person::Person::new(id, now);
        self.write_plain_person(person, &input.0)?;
        self.log_created(Subject::Person(id), user);
        self.answer_created(self.persons.get(id).map(|person| self.show_person(person)))
    }

    pub(crate) fn plain_person_update(&mut self, id: &str, input: &Input) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        let Some(person) = self.persons.get(key).cloned() else {
            return Err(Failure::missing(PERSON, id));
        };
        self.check_plain_person(input, Some(key))?;
        self.write_plain_person(person, &input.0)?;
        self.person_get(id)
    }

    fn check_plain_person(&self, input: &Input, own: Option<u64>) -> Outcome<()> {
        let mut errors: Errors = self.check_attributes("persons", &input.0, "", own);
        // An honest server takes a person without e-mail.
        errors.retain(|(field, _)| field != "emails");
        if own.is_none() && is_absent(input.0.get("name")) {
            errors.push(("name".into(), "The name field is required.".into()));
        }
        let organization = input.id("organization_id");
        if organization.is_some_and(|id| self.organizations.get(id).is_none()) {
            errors.push(("organization_id".into(), "The selected organization id is invalid.".into()));
        }
        invalid(errors)
    }

    pub(crate) fn plain_lead_create(&mut self, input: &Input, user: u64) -> Outcome {
        let mut errors: Errors = self.check_plain_lead(input);
        if is_absent(input.0.get("title")) && !input.has("title") {
            errors.push(("title".into(), "The title field is required.".into()));
        }
        invalid(errors)?;
        let mut fields = input.clone();
        let first = self.default_pipeline().and_then(|pipeline| Some(pipeline.stages.first()?.id));
        if is_absent(fields.0.get("lead_pipeline_stage_id")) {
            fields.0.insert("lead_pipeline_stage_id".into(), json!(first));
        }
        let id = self.new_plain_lead(&fields)?;
        self.log_created(Subject::Lead(id), user);
        self.answer_created(self.leads.get(id).map(|lead| self.show_lead(lead)))
    }

    pub(crate) fn plain_lead_update(&mut self, id: &str, input: &Input) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        if self.leads.get(key).is_none() {
            return Err(Failure::missing(LEAD, id));
        }
        invalid(self.check_plain_lead(input))?;
        self.write_plain_lead(key, input)?;
        self.lead_get(id)
    }

    fn check_plain_lead(&self, input: &Input) -> Errors {
        let mut errors = self.check_attributes("leads", &input.0, "", None);
        let mut check = |field: &str, there: bool| {
            if !is_absent(input.0.get(field)) && !there {
                errors.push((field.into(), format!("The selected {} is invalid.", field.replace('_', " "))));
            }
        };
        let id = |field: &str| input.id(field).unwrap_or(0);
        check("person_id", self.persons.get(id("person_id")).is_some());
        check("lead_source_id", self.sources.get(id("lead_source_id")).is_some());
        check("lead_type_id", self.types.get(id("lead_type_id")).is_some());
        check("lead_pipeline_id", self.pipelines.get(id("lead_pipeline_id")).is_some());
        check("lead_pipeline_stage_id", self.stage(id("lead_pipeline_stage_id")).is_some());
        errors
    }

    pub(crate) fn plain_organization_create(&mut self, input: &Input) -> Outcome {
        if is_absent(input.0.get("name")) {
            return Err(Failure::Invalid(vec![("name".into(), "The name field is required.".into())]));
        }
        let Answer { body, .. } = self.organization_create(input)?;
        let id = body.get("data").and_then(|data| data.get("id")).and_then(Value::as_u64);
        let created = id.and_then(|id| self.organizations.get(id)).map(crate::model::organization::Organization::show);
        self.answer_created(created)
    }

    pub(crate) fn plain_activity_create(&mut self, input: &Input, user: u64) -> Outcome {
        let mut errors: Errors = Vec::new();
        for field in ["type", "title"] {
            if is_absent(input.0.get(field)) {
                errors.push((field.into(), format!("The {field} field is required.")));
            }
        }
        errors.extend(self.check_links(input));
        invalid(errors)?;
        let id = self.new_plain_activity(input, user)?;
        self.link_all(id, input)?;
        self.answer_created(self.activity(id).map(|activity| self.show_activity(activity)))
    }

    pub(crate) fn plain_activity_update(&mut self, id: &str, input: &Input) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        if self.activity(key).is_some() {
            invalid(self.check_links(input))?;
        }
        let answer = self.activity_update(id, &without_links(input))?;
        self.link_all(key, input)?;
        Ok(answer)
    }

    fn check_links(&self, input: &Input) -> Errors {
        let mut errors = Vec::new();
        let id = |field: &str| input.id(field).unwrap_or(0);
        if !is_absent(input.0.get("person_id")) && self.persons.get(id("person_id")).is_none() {
            errors.push(("person_id".into(), "The selected person id is invalid.".into()));
        }
        if !is_absent(input.0.get("lead_id")) && self.leads.get(id("lead_id")).is_none() {
            errors.push(("lead_id".into(), "The selected lead id is invalid.".into()));
        }
        errors
    }

    /// Both links at once.
    fn link_all(&mut self, id: u64, input: &Input) -> Outcome<()> {
        if let Some(lead) = input.id("lead_id") {
            self.link_to(id, Subject::Lead(lead))?;
        }
        if let Some(person) = input.id("person_id") {
            self.link_to(id, Subject::Person(person))?;
        }
        Ok(())
    }

    pub(crate) fn plain_stages(&self, pairs: &[(String, String)]) -> Outcome {
        let wanted = pairs.iter().find(|(field, _)| field == "pipeline_id").and_then(|(_, id)| leading_number(id));
        let of_pipeline = self.pipelines.iter().filter(|pipeline| wanted.is_none_or(|id| pipeline.id == id));
        let stages = of_pipeline.flat_map(|pipeline| {
            pipeline.stages.iter().map(|stage| {
                json!({"id": stage.id, "code": stage.code, "name": stage.name, "lead_pipeline_id": pipeline.id})
            })
        });
        Answer::data(stages.collect())
    }

    fn answer_created(&self, shown: Option<Value>) -> Outcome {
        match shown {
            Some(data) => Ok(Answer { status: 201, body: json!({ "data": data }) }),
            None => Err(Failure::missing(ORGANIZATION, "")),
        }
    }
}

fn without_links(input: &Input) -> Input {
    let kept: Map<String, Value> = input
        .0
        .iter()
        .filter(|(field, _)| !["lead_id", "person_id"].contains(&field.as_str()))
        .map(|(field, value)| (field.clone(), plain_additional(field, value)))
        .collect();
    Input(kept)
}

fn invalid(errors: Errors) -> Outcome<()> {
    if errors.is_empty() { Ok(()) } else { Err(Failure::Invalid(errors)) }
}

/// Whether one is the other, perhaps without the country or with zeros before it: the last digits tell.
fn is_number(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a == b || (a.len().min(b.len()) >= 5 && (a.ends_with(b) || b.ends_with(a)))
}

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}
