//! Krayin → outside: `settings/webhooks` and `settings/workflows`. What a workflow then does is in `trigger`.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Errors, Failure, Outcome};
use crate::clock::iso;
use crate::crm::Crm;
use crate::input::{Input, is_absent, leading_number};
use crate::list::{Cell, Column, ListQuery, Row, list};
use crate::table::Table;

/// A webhook: what is called.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    id: u64,
    pub(crate) fields: Map<String, Value>,
    created_at: i64,
    updated_at: i64,
}

/// A workflow: when something is called.
#[derive(Clone, Debug)]
pub(crate) struct Workflow {
    id: u64,
    pub(crate) fields: Map<String, Value>,
    created_at: i64,
    updated_at: i64,
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
            "created_at" => |row| Cell::Number(row.created_at),
            "updated_at" => |row| Cell::Number(row.updated_at),
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
            "created_at" => |row| Cell::Number(row.created_at),
            "updated_at" => |row| Cell::Number(row.updated_at),
            _ => return None,
        })
    }
}

fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Cell<'a> {
    Cell::text_or_null(fields.get(name).and_then(Value::as_str))
}

pub(crate) fn text_field<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn show(id: u64, fields: &Map<String, Value>, created_at: i64, updated_at: i64) -> Map<String, Value> {
    let mut shown = fields.clone();
    shown.insert("id".into(), json!(id));
    shown.insert("created_at".into(), json!(iso(created_at)));
    shown.insert("updated_at".into(), json!(iso(updated_at)));
    shown
}

impl Webhook {
    fn show(&self) -> Value {
        Value::Object(show(self.id, &self.fields, self.created_at, self.updated_at))
    }
}

impl Workflow {
    /// The resource shows the entity's type where the event belongs.
    fn show(&self) -> Value {
        let mut shown = show(self.id, &self.fields, self.created_at, self.updated_at);
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
            let fields = fields.as_object().cloned().unwrap_or_default();
            table.put(id, Self { id, fields, created_at: now, updated_at: now });
        }
        table
    }
}

fn missing(input: &Input, fields: &[&str]) -> Errors {
    let absent = fields.iter().filter(|field| is_absent(input.0.get(**field)));
    absent.map(|field| ((*field).to_owned(), format!("The {} field is required.", field.replace('_', " ")))).collect()
}

fn required(input: &Input, fields: &[&str]) -> Outcome<()> {
    let errors = missing(input, fields);
    if errors.is_empty() { Ok(()) } else { Err(Failure::Invalid(errors)) }
}

/// What a webhook must have, and the few words that two of its fields may be.
fn check_webhook(input: &Input) -> Outcome<()> {
    let mut errors = missing(input, &["name", "entity_type", "method", "end_point", "payload_type"]);
    let choices: [(&str, &[&str]); 2] =
        [("payload_type", &["default", "x-www-form-urlencoded", "raw"]), ("raw_payload_type", &["json", "text"])];
    for (field, words) in choices {
        let chosen = input.text(field).filter(|chosen| !chosen.is_empty());
        if chosen.is_some_and(|chosen| !words.contains(&chosen.as_str())) {
            errors.push((field.to_owned(), format!("The selected {} is invalid.", field.replace('_', " "))));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Failure::Invalid(errors)) }
}

/// Overwrites the fields that are there.
fn overwrite(stored: &mut Map<String, Value>, input: &Input, fields: &[&str]) {
    for field in fields {
        if let Some(value) = input.0.get(*field) {
            stored.insert((*field).to_owned(), value.clone());
        }
    }
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
        check_webhook(input)?;
        let now = self.clock.now();
        let webhook = Webhook {
            id: self.webhooks.reserve(),
            fields: pick(input, &WEBHOOK_FIELDS),
            created_at: now,
            updated_at: now,
        };
        let shown = webhook.show();
        self.webhooks.put(webhook.id, webhook);
        Answer::data_and_message(shown, "Webhook created successfully.")
    }

    pub(crate) fn webhook_update(&mut self, id: &str, input: &Input) -> Outcome {
        check_webhook(input)?;
        let now = self.clock.now();
        let Some(webhook) = self.webhooks.get_mut(leading_number(id).unwrap_or(0)) else {
            return Err(Failure::missing("Webkul\\Automation\\Models\\Webhook", id));
        };
        overwrite(&mut webhook.fields, input, &WEBHOOK_FIELDS);
        webhook.updated_at = now;
        Answer::data_and_message(webhook.show(), "Webhook updated successfully.")
    }

    pub(crate) fn workflow_create(&mut self, input: &Input) -> Outcome {
        required(input, &["name"])?;
        let now = self.clock.now();
        let workflow = Workflow {
            id: self.workflows.reserve(),
            fields: pick(input, &WORKFLOW_FIELDS),
            created_at: now,
            updated_at: now,
        };
        let shown = workflow.show();
        self.workflows.put(workflow.id, workflow);
        Answer::data_and_message(shown, "Workflow created successfully.")
    }

    pub(crate) fn workflow_update(&mut self, id: &str, input: &Input) -> Outcome {
        required(input, &["name"])?;
        let now = self.clock.now();
        let Some(workflow) = self.workflows.get_mut(leading_number(id).unwrap_or(0)) else {
            return Err(Failure::missing("Webkul\\Automation\\Models\\Workflow", id));
        };
        overwrite(&mut workflow.fields, input, &WORKFLOW_FIELDS);
        workflow.updated_at = now;
        Answer::data_and_message(workflow.show(), "Workflow updated successfully.")
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
}
