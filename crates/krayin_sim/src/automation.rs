//! Krayin → outside: `settings/webhooks`, `settings/workflows`, and the call that a workflow makes.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Errors, Failure, Outcome};
use crate::clock::iso;
use crate::crm::Crm;
use crate::input::{Input, encode, is_absent, leading_number, text};
use crate::lead::price;
use crate::list::{Cell, Column, ListQuery, Row, list};
use crate::search::Reach;
use crate::table::Table;

/// Something that workflows wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    PersonCreated(u64),
    PersonUpdated(u64),
    LeadCreated(u64),
    LeadUpdated(u64),
    ActivityCreated(u64),
    ActivityUpdated(u64),
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::PersonCreated(_) => "contacts.person.create.after",
            Self::PersonUpdated(_) => "contacts.person.update.after",
            Self::LeadCreated(_) => "lead.create.after",
            Self::LeadUpdated(_) => "lead.update.after",
            Self::ActivityCreated(_) => "activity.create.after",
            Self::ActivityUpdated(_) => "activity.update.after",
        }
    }

    fn entity(self) -> &'static str {
        match self {
            Self::PersonCreated(_) | Self::PersonUpdated(_) => "persons",
            Self::LeadCreated(_) | Self::LeadUpdated(_) => "leads",
            Self::ActivityCreated(_) | Self::ActivityUpdated(_) => "activities",
        }
    }
}

/// One HTTP call to the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutgoingCall {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A webhook: what is called.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    id: u64,
    fields: Map<String, Value>,
    created_at: i64,
}

/// A workflow: when something is called.
#[derive(Clone, Debug)]
pub(crate) struct Workflow {
    id: u64,
    fields: Map<String, Value>,
    created_at: i64,
}

const WEBHOOK_FIELDS: [&str; 10] = [
    "name",
    "entity_type",
    "description",
    "method",
    "end_point",
    "query_params",
    "headers",
    "payload_type",
    "raw_payload_type",
    "payload",
];
const WORKFLOW_FIELDS: [&str; 7] =
    ["name", "description", "entity_type", "event", "condition_type", "conditions", "actions"];

impl Row for Webhook {
    const TABLE: &'static str = "webhooks";

    fn column(name: &str) -> Option<Column<Self>> {
        Some(match name {
            "id" => |row| Cell::id(row.id),
            "name" => |row| field(&row.fields, "name"),
            "entity_type" => |row| field(&row.fields, "entity_type"),
            "method" => |row| field(&row.fields, "method"),
            "end_point" => |row| field(&row.fields, "end_point"),
            "created_at" | "updated_at" => |row| Cell::Number(row.created_at),
            _ => return None,
        })
    }
}

impl Row for Workflow {
    const TABLE: &'static str = "workflows";

    fn column(name: &str) -> Option<Column<Self>> {
        Some(match name {
            "id" => |row| Cell::id(row.id),
            "name" => |row| field(&row.fields, "name"),
            "entity_type" => |row| field(&row.fields, "entity_type"),
            "event" => |row| field(&row.fields, "event"),
            "created_at" | "updated_at" => |row| Cell::Number(row.created_at),
            _ => return None,
        })
    }
}

fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Cell<'a> {
    Cell::text_or_null(fields.get(name).and_then(Value::as_str))
}

fn text_field<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn show(id: u64, fields: &Map<String, Value>, created_at: i64) -> Map<String, Value> {
    let mut shown = fields.clone();
    shown.insert("id".into(), json!(id));
    shown.insert("created_at".into(), json!(iso(created_at)));
    shown.insert("updated_at".into(), json!(iso(created_at)));
    shown
}

impl Webhook {
    fn show(&self) -> Value {
        Value::Object(show(self.id, &self.fields, self.created_at))
    }
}

impl Workflow {
    /// The resource shows the entity's type where the event belongs.
    fn show(&self) -> Value {
        let mut shown = show(self.id, &self.fields, self.created_at);
        shown.insert("event".into(), json!(text_field(&self.fields, "entity_type")));
        Value::Object(shown)
    }

    /// The two workflows that the installer makes. They send e-mails, which go nowhere here.
    pub(crate) fn installed(now: i64) -> Table<Self> {
        let mut table = Table::default();
        for (event, name, template) in [
            ("activity.create.after", "Emails to participants after activity creation", "1"),
            ("activity.update.after", "Emails to participants after activity updation", "2"),
        ] {
            let fields = json!({
                "name": name,
                "description": name,
                "entity_type": "activities",
                "event": event,
                "condition_type": "and",
                "conditions": [{
                    "value": ["call", "meeting", "lunch"], "operator": "{}", "attribute": "type",
                    "attribute_type": "multiselect",
                }],
                "actions": [{"id": "send_email_to_participants", "value": template}],
            });
            let id = table.reserve();
            table.put(id, Self { id, fields: fields.as_object().cloned().unwrap_or_default(), created_at: now });
        }
        table
    }
}

fn required(input: &Input, fields: &[&str]) -> Outcome<()> {
    let errors: Errors = fields
        .iter()
        .filter(|field| is_absent(input.0.get(**field)))
        .map(|field| {
            let message = format!("The {} field is required.", field.replace('_', " "));
            ((*field).to_owned(), message)
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Failure::Invalid(errors)) }
}

fn pick(input: &Input, fields: &[&str]) -> Map<String, Value> {
    fields
        .iter()
        .map(|field| {
            let value = input.0.get(*field).cloned().unwrap_or(Value::Null);
            ((*field).to_owned(), value)
        })
        .collect()
}

impl Crm {
    pub(crate) fn webhook_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.webhooks.iter(), |id| self.webhooks.get(id), Webhook::show)
    }

    pub(crate) fn workflow_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.workflows.iter(), |id| self.workflows.get(id), Workflow::show)
    }

    pub(crate) fn webhook_create(&mut self, input: &Input) -> Outcome {
        required(input, &["name", "entity_type", "method", "end_point"])?;
        let webhook =
            Webhook { id: self.webhooks.reserve(), fields: pick(input, &WEBHOOK_FIELDS), created_at: self.clock.now() };
        let shown = webhook.show();
        self.webhooks.put(webhook.id, webhook);
        Answer::data_and_message(shown, "Webhook created successfully.")
    }

    pub(crate) fn workflow_create(&mut self, input: &Input) -> Outcome {
        required(input, &["name"])?;
        let workflow = Workflow {
            id: self.workflows.reserve(),
            fields: pick(input, &WORKFLOW_FIELDS),
            created_at: self.clock.now(),
        };
        let shown = workflow.show();
        self.workflows.put(workflow.id, workflow);
        Answer::data_and_message(shown, "Workflow created successfully.")
    }

    pub(crate) fn webhook_get(&self, id: &str) -> Outcome {
        match leading_number(id).and_then(|id| self.webhooks.get(id)) {
            Some(webhook) => Answer::data(webhook.show()),
            None => Err(Failure::missing("Webkul\\Automation\\Models\\Webhook", id)),
        }
    }

    pub(crate) fn workflow_get(&self, id: &str) -> Outcome {
        match leading_number(id).and_then(|id| self.workflows.get(id)) {
            Some(workflow) => Answer::data(workflow.show()),
            None => Err(Failure::missing("Webkul\\Automation\\Models\\Workflow", id)),
        }
    }

    /// Plain on every server, other deletes are not.
    pub(crate) fn webhook_delete(&mut self, id: &str) -> Outcome {
        match self.webhooks.remove(leading_number(id).unwrap_or(0)) {
            Some(_) => Answer::message("Webhook deleted successfully."),
            None => Err(Failure::missing("Webkul\\Automation\\Models\\Webhook", id)),
        }
    }

    /// A workflow's delete answers in a form of its own.
    pub(crate) fn workflow_delete(&mut self, id: &str) -> Outcome {
        match self.workflows.remove(leading_number(id).unwrap_or(0)) {
            Some(_) => Answer::wrapped_message("Workflow deleted successfully."),
            None => Err(Failure::missing("Webkul\\Automation\\Models\\Workflow", id)),
        }
    }

    /// Runs the workflows that wait for an event: their calls go out before the request is answered.
    pub(crate) fn fire(&mut self, event: Event) {
        if self.webhooks.len() == 0 {
            return;
        }
        let mut calls = Vec::new();
        for workflow in self.workflows.iter() {
            let waits = text_field(&workflow.fields, "event") == event.name()
                && text_field(&workflow.fields, "entity_type") == event.entity();
            if !waits || !self.conditions_hold(&workflow.fields, event) {
                continue;
            }
            let actions = workflow.fields.get("actions").and_then(Value::as_array);
            for action in actions.into_iter().flatten() {
                if action.get("id").and_then(Value::as_str) != Some("trigger_webhook") {
                    continue;
                }
                let id = action.get("value").and_then(crate::input::number).unwrap_or(0);
                calls.extend(self.webhooks.get(id).and_then(|webhook| self.call(webhook, event)));
            }
        }
        self.outgoing.append(&mut calls);
    }

    fn conditions_hold(&self, workflow: &Map<String, Value>, event: Event) -> bool {
        let Some(conditions) = workflow.get("conditions").and_then(Value::as_array) else {
            return true;
        };
        if conditions.is_empty() {
            return true;
        }
        let record = self.record(event);
        let holds = |condition: &Value| {
            let attribute = condition.get("attribute").and_then(Value::as_str).unwrap_or_default();
            let value = text(record.get(attribute).unwrap_or(&Value::Null)).unwrap_or_default();
            let wanted = condition.get("value").unwrap_or(&Value::Null);
            match condition.get("operator").and_then(Value::as_str) {
                Some("==") => text(wanted).unwrap_or_default() == value,
                Some("!=") => text(wanted).unwrap_or_default() != value,
                Some("{}") => contains(wanted, &value),
                Some("!{}") => !contains(wanted, &value),
                _ => false,
            }
        };
        if text_field(workflow, "condition_type") == "or" {
            conditions.iter().any(holds)
        } else {
            conditions.iter().all(holds)
        }
    }

    /// The event's record with its columns.
    fn record(&self, event: Event) -> Value {
        match event {
            Event::PersonCreated(id) | Event::PersonUpdated(id) => self.persons.get(id).map(|person| {
                json!({
                    "name": person.name, "job_title": person.job_title, "user_id": person.user_id,
                    "organization_id": person.organization_id,
                })
            }),
            Event::LeadCreated(id) | Event::LeadUpdated(id) => self.leads.get(id).map(|lead| {
                json!({
                    "title": lead.title, "description": lead.description, "lead_source_id": lead.source_id,
                    "lead_type_id": lead.type_id, "user_id": lead.user_id, "lead_pipeline_id": lead.pipeline_id,
                    "lead_pipeline_stage_id": lead.stage_id,
                })
            }),
            Event::ActivityCreated(id) | Event::ActivityUpdated(id) => {
                self.activity(id).map(|activity| self.show_activity(activity))
            }
        }
        .unwrap_or(Value::Null)
    }

    /// The value that stands for a placeholder such as `leads.lead_pipeline_stage_id`: names, not ids. None: the
    /// placeholder stays as it is, since it names another entity, or something that is no attribute (an id, a person).
    fn placeholder(&self, event: Event, entity: &str, code: &str) -> Option<String> {
        if entity != event.entity() {
            return None;
        }
        match event {
            Event::LeadCreated(id) | Event::LeadUpdated(id) => {
                let lead = self.leads.get(id)?;
                Some(match code {
                    "title" => lead.title.clone(),
                    "description" => lead.description.clone().unwrap_or_default(),
                    "lead_value" => price(lead.value),
                    "lead_source_id" => name(lead.source_id, |id| Some(self.sources.get(id)?.name.as_str())),
                    "lead_type_id" => name(lead.type_id, |id| Some(self.types.get(id)?.name.as_str())),
                    "user_id" => name(lead.user_id, |id| self.user_name(id)),
                    "lead_pipeline_id" => name(lead.pipeline_id, |id| Some(self.pipelines.get(id)?.name.as_str())),
                    "lead_pipeline_stage_id" => name(lead.stage_id, |id| Some(self.stage(id)?.1.name.as_str())),
                    _ => return None,
                })
            }
            Event::PersonCreated(id) | Event::PersonUpdated(id) => {
                let person = self.persons.get(id)?;
                let entries = |list: Value| {
                    let shown: Vec<String> = list
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(|entry| {
                            let part = |field| entry.get(field).and_then(text).unwrap_or_default();
                            format!("{} ({})", part("value"), part("label"))
                        })
                        .collect();
                    shown.join(", ")
                };
                Some(match code {
                    "name" => person.name.clone().unwrap_or_default(),
                    "job_title" => person.job_title.clone().unwrap_or_default(),
                    "emails" => entries(person.emails_json()),
                    "contact_numbers" => entries(person.numbers_json()),
                    "user_id" => name(person.user_id, |id| self.user_name(id)),
                    "organization_id" => name(person.organization_id, |id| self.organization_name(id)),
                    _ => return None,
                })
            }
            Event::ActivityCreated(_) | Event::ActivityUpdated(_) => {
                let shown = self.record(event);
                let known = ["title", "type", "comment", "location"].contains(&code);
                known.then(|| shown.get(code).and_then(text).unwrap_or_default())
            }
        }
    }

    fn fill(&self, template: &str, event: Event) -> String {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{%") {
            let Some((inside, tail)) = after.split_once("%}") else {
                break;
            };
            filled.push_str(before);
            let value = inside.trim().split_once('.').and_then(|(entity, code)| self.placeholder(event, entity, code));
            match value {
                Some(value) => filled.push_str(&value),
                None => {
                    filled.push_str("{%");
                    filled.push_str(inside);
                    filled.push_str("%}");
                }
            }
            rest = tail;
        }
        filled.push_str(rest);
        filled
    }

    /// The call that a webhook makes. On 2.1.0 the values are placed into a JSON text that is parsed again, so that a
    /// quote or line break in one of them **loses the whole call**; 2.2.3 sends that text itself, broken or not.
    fn call(&self, webhook: &Webhook, event: Event) -> Option<OutgoingCall> {
        let pairs = |name: &str| -> Vec<(String, String)> {
            let list = webhook.fields.get(name).and_then(Value::as_array);
            list.into_iter()
                .flatten()
                .map(|pair| {
                    let part = |field| pair.get(field).and_then(text).unwrap_or_default();
                    (part("key"), self.fill(&part("value"), event))
                })
                .collect()
        };
        let payload = pairs("payload");
        let placed = |text: &str| format!("\"{text}\"");
        let mut headers = vec![("User-Agent".to_owned(), "GuzzleHttp/7".to_owned())];
        let body = if self.server.webhook_sends_json() {
            let entries: Vec<String> = payload
                .iter()
                .map(|(key, value)| format!("{{\"key\":{},\"value\":{}}}", placed(key), placed(value)))
                .collect();
            let body = format!("[{}]", entries.join(","));
            if serde_json::from_str::<Value>(&body).is_ok() {
                headers.push(("Content-Type".into(), "application/json".into()));
            }
            body
        } else {
            let mut form = Vec::with_capacity(payload.len());
            for (key, value) in &payload {
                let value: String = serde_json::from_str(&placed(value)).ok()?;
                form.push(format!("{}={}", encode(key), encode(&value)));
            }
            headers.push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
            form.join("&")
        };
        headers.extend(pairs("headers"));
        let mut url = text_field(&webhook.fields, "end_point").to_owned();
        let query: Vec<String> =
            pairs("query_params").iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        if !query.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&query.join("&"));
        }
        Some(OutgoingCall { method: text_field(&webhook.fields, "method").to_uppercase(), url, headers, body })
    }
}

fn contains(list: &Value, value: &str) -> bool {
    match list {
        Value::Array(items) => items.iter().any(|item| text(item).as_deref() == Some(value)),
        other => text(other).is_some_and(|whole| value.contains(&whole)),
    }
}

fn name<'a>(id: Option<u64>, find: impl Fn(u64) -> Option<&'a str>) -> String {
    id.and_then(find).unwrap_or_default().to_owned()
}
