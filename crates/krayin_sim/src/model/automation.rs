//! Webhooks, workflows and the calls that they cause.

use serde_json::{Map, Value, json};

use crate::answer::{Errors, Failure, Outcome};
use crate::data::clock::iso;
use crate::data::input::{Input, is_absent};
use crate::data::row::{Cell, Column, Row};
use crate::data::table::Table;

/// A webhook: what is called.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) id: u64,
    pub(crate) fields: Map<String, Value>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// A workflow: when something is called.
#[derive(Clone, Debug)]
pub(crate) struct Workflow {
    pub(crate) id: u64,
    pub(crate) fields: Map<String, Value>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

pub(crate) const WEBHOOK_FIELDS: [&str; 10] = [
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
pub(crate) const WORKFLOW_FIELDS: [&str; 7] =
    ["name", "description", "entity_type", "event", "condition_type", "conditions", "actions"];

/// What happens to a lead.
pub(crate) const LEAD_EVENTS: [&str; 3] = ["lead.create.after", "lead.update.after", "lead.delete.before"];

/// Webhooks are sent over plain HTTP alone.
pub(crate) fn check_address(to: &str) -> Result<(), String> {
    if to.strip_prefix("http://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) {
        return Ok(());
    }
    Err(format!("{to:?} is no address of a webhook: http://HOST:PORT/PATH"))
}

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

pub(crate) fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Cell<'a> {
    Cell::text_or_null(fields.get(name).and_then(Value::as_str))
}

pub(crate) fn text_field<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn show(id: u64, fields: &Map<String, Value>, created_at: i64, updated_at: i64) -> Map<String, Value> {
    let mut shown = fields.clone();
    shown.insert("id".into(), json!(id));
    shown.insert("created_at".into(), json!(iso(created_at)));
    shown.insert("updated_at".into(), json!(iso(updated_at)));
    shown
}

impl Webhook {
    pub(crate) fn show(&self) -> Value {
        Value::Object(show(self.id, &self.fields, self.created_at, self.updated_at))
    }
}

impl Workflow {
    /// The resource shows the entity's type where the event belongs.
    pub(crate) fn show(&self) -> Value {
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

pub(crate) fn missing(input: &Input, fields: &[&str]) -> Errors {
    let absent = fields.iter().filter(|field| is_absent(input.0.get(**field)));
    absent.map(|field| ((*field).to_owned(), format!("The {} field is required.", field.replace('_', " ")))).collect()
}

pub(crate) fn required(input: &Input, fields: &[&str]) -> Outcome<()> {
    let errors = missing(input, fields);
    if errors.is_empty() { Ok(()) } else { Err(Failure::Invalid(errors)) }
}

/// What a webhook must have, and the few words that two of its fields may be.
pub(crate) fn check_webhook(input: &Input) -> Outcome<()> {
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
pub(crate) fn overwrite(stored: &mut Map<String, Value>, input: &Input, fields: &[&str]) {
    for field in fields {
        if let Some(value) = input.0.get(*field) {
            stored.insert((*field).to_owned(), value.clone());
        }
    }
}

pub(crate) fn pick(input: &Input, fields: &[&str]) -> Map<String, Value> {
    fields
        .iter()
        .map(|field| {
            let value = input.0.get(*field).cloned().unwrap_or(Value::Null);
            ((*field).to_owned(), value)
        })
        .collect()
}

/// One HTTP call to the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutgoingCall {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// A value that was placed into the call broke it: it is not sent.
    pub(crate) lost: bool,
}

impl OutgoingCall {
    pub(crate) fn show(&self) -> Value {
        let headers: Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({"method": self.method, "url": self.url, "headers": headers, "body": self.body, "lost": self.lost})
    }
}
