//! How a colleague's changes are carried out: through the same code as the API's, in the administrator's name, and with
//! everything sent along that an update of the API would wipe.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Outcome};
use crate::change::{Change, Record};
use crate::crm::Crm;
use crate::data::input::Input;
use crate::data::table::Table;
use crate::model::pipeline::Stage;

/// The administrator that the installer makes.
const ADMINISTRATOR: u64 = 1;

impl Crm {
    /// Makes a change.
    ///
    /// # Errors
    /// Why the server refused it, in words; it may have been carried out in part, as the server's own calls are.
    pub(crate) fn change(&mut self, change: &Change) -> Result<(), String> {
        self.version += 1;
        match change {
            Change::EditPerson { person, fields } => {
                let id = find(&self.persons, *person, "person")?;
                done(self.edit_person(id, &object(fields), ADMINISTRATOR))
            }
            Change::AddEmail { person, value, label } => self.add_entry(*person, "emails", value, label),
            Change::RemoveEmail { person, value } => self.remove_entry(*person, "emails", value),
            Change::AddNumber { person, value, label } => self.add_entry(*person, "contact_numbers", value, label),
            Change::RemoveNumber { person, value } => self.remove_entry(*person, "contact_numbers", value),
            Change::DeletePerson { person } => {
                let id = find(&self.persons, *person, "person")?;
                answered(self.person_delete(&id.to_string()))
            }
            Change::EditLead { lead, fields } => {
                let id = find(&self.leads, *lead, "lead")?;
                done(self.edit_lead(id, &Input(object(fields)), ADMINISTRATOR))
            }
            Change::MoveLead { lead, stage } => self.move_lead(*lead, None, |other| other.is(stage)),
            Change::WinLead { lead } => self.move_lead(*lead, None, |stage| stage.code == "won"),
            Change::LoseLead { lead, reason } => self.move_lead(*lead, reason.as_deref(), |stage| stage.code == "lost"),
            Change::ReopenLead { lead } => self.move_lead(*lead, None, |stage| !stage.ends_lead()),
            Change::SetProducts { lead, products } => {
                let id = find(&self.leads, *lead, "lead")?;
                self.set_products(id, products.clone());
                Ok(())
            }
            Change::DeleteLead { lead } => {
                let id = find(&self.leads, *lead, "lead")?;
                done(self.lead_delete(&id.to_string()))
            }
            Change::AddActivity { fields, person, lead } => {
                let mut fields = object(fields);
                if let Some(person) = person {
                    fields.insert("person_id".into(), json!(find(&self.persons, *person, "person")?));
                }
                if let Some(lead) = lead {
                    fields.insert("lead_id".into(), json!(find(&self.leads, *lead, "lead")?));
                }
                done(self.activity_create(&Input(fields), ADMINISTRATOR))
            }
            Change::EditActivity { activity, fields } => {
                let id = self.find_activity(*activity)?;
                done(self.activity_update(&id.to_string(), &Input(object(fields))))
            }
            Change::DeleteActivity { activity } => {
                let id = self.find_activity(*activity)?;
                done(self.activity_delete(&id.to_string()))
            }
            Change::EditOrganization { organization, fields } => {
                let id = find(&self.organizations, *organization, "organization")?;
                done(self.organization_update(&id.to_string(), &Input(object(fields))))
            }
            Change::DeleteOrganization { organization } => {
                let id = find(&self.organizations, *organization, "organization")?;
                done(self.organization_delete(&id.to_string()))
            }
            Change::AddStage { pipeline, fields } => {
                let id = find(&self.pipelines, *pipeline, "pipeline")?;
                done(self.write_stage(id, None, fields, None))
            }
            Change::EditStage { stage, fields } => {
                let (pipeline, id) = self.find_stage(stage)?;
                done(self.write_stage(pipeline, Some(id), fields, None))
            }
            Change::DeleteStage { stage } => {
                let (pipeline, id) = self.find_stage(stage)?;
                self.remove_stages(pipeline, &[id]);
                Ok(())
            }
            Change::AddAttribute { fields } => done(self.attribute_create(&Input(object(fields)))),
            Change::RevokeToken { token } => self.tokens.remove(token).map(drop).ok_or("no such token".into()),
        }
    }

    fn add_entry(&mut self, person: Record, field: &str, value: &str, label: &str) -> Result<(), String> {
        let id = find(&self.persons, person, "person")?;
        let mut entries = self.entries(id, field);
        entries.push(json!({"value": value, "label": label}));
        done(self.edit_person(id, &object(&json!({ field: entries })), ADMINISTRATOR))
    }

    fn remove_entry(&mut self, person: Record, field: &str, value: &str) -> Result<(), String> {
        let id = find(&self.persons, person, "person")?;
        let mut entries = self.entries(id, field);
        let before = entries.len();
        entries.retain(|entry| entry.get("value").and_then(crate::data::input::text).as_deref() != Some(value));
        if entries.len() == before {
            return Err(format!("person {id} has no such entry in {field}"));
        }
        done(self.edit_person(id, &object(&json!({ field: entries })), ADMINISTRATOR))
    }

    fn entries(&self, person: u64, field: &str) -> Vec<Value> {
        let person = self.persons.get(person);
        let list = person.map(|person| if field == "emails" { person.emails_json() } else { person.numbers_json() });
        list.and_then(|list| list.as_array().cloned()).unwrap_or_default()
    }

    /// Moves a lead to the first stage of its pipeline that is wanted.
    fn move_lead(&mut self, lead: Record, reason: Option<&str>, wanted: impl Fn(&Stage) -> bool) -> Result<(), String> {
        let id = find(&self.leads, lead, "lead")?;
        let pipeline = self.leads.get(id).and_then(|lead| lead.pipeline_id).unwrap_or(0);
        let stages = self.pipelines.get(pipeline).into_iter().flat_map(|pipeline| &pipeline.stages);
        let stage = stages.filter(|stage| wanted(stage)).map(|stage| stage.id).next();
        let stage = stage.ok_or_else(|| format!("pipeline {pipeline} has no such stage"))?;
        let mut input = Input(object(&json!({"lead_pipeline_stage_id": stage})));
        if let Some(reason) = reason {
            input.0.insert("lost_reason".into(), json!(reason));
        }
        done(self.lead_edit_stage(&id.to_string(), &input, ADMINISTRATOR))
    }

    /// Pipeline and id of a stage that is named by id or code.
    fn find_stage(&self, wanted: &Value) -> Result<(u64, u64), String> {
        let stages =
            self.pipelines.iter().flat_map(|pipeline| pipeline.stages.iter().map(move |stage| (pipeline, stage)));
        let mut named = stages.filter(|(_, stage)| stage.is(wanted));
        named.next().map(|(pipeline, stage)| (pipeline.id, stage.id)).ok_or_else(|| format!("no stage {wanted}"))
    }

    /// The notes that the server writes itself are not meant by first and last.
    fn find_activity(&self, activity: Record) -> Result<u64, String> {
        let mut made = self.activities.table.iter().filter(|activity| activity.is_made()).map(|activity| activity.id);
        let found = match activity {
            Record::Id(id) => self.activity(id).map(|activity| activity.id),
            Record::First => made.next(),
            Record::Last => made.next_back(),
        };
        found.ok_or_else(|| missing(activity, "activity"))
    }
}

/// The id of a record that is there.
fn find<T>(table: &Table<T>, record: Record, kind: &str) -> Result<u64, String> {
    let found = match record {
        Record::Id(id) => table.get(id).map(|_| id),
        Record::First => table.ids().next(),
        Record::Last => table.ids().next_back(),
    };
    found.ok_or_else(|| missing(record, kind))
}

fn missing(record: Record, kind: &str) -> String {
    match record {
        Record::Id(id) => format!("no {kind} {id}"),
        Record::First | Record::Last => format!("no {kind}"),
    }
}

fn done<T>(outcome: Outcome<T>) -> Result<(), String> {
    outcome.map(drop).map_err(|failure| failure.words())
}

/// As [`done`], where a refusal is an answer in words.
fn answered(outcome: Outcome) -> Result<(), String> {
    match outcome {
        Ok(Answer { status, body }) if status >= 400 => Err(body["message"].as_str().unwrap_or_default().to_owned()),
        other => done(other),
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
