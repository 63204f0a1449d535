//! What a workflow does when its event comes: which conditions hold, what stands for a placeholder, and the call that a
//! webhook makes.

use serde_json::{Map, Value, json};

use crate::answer::{Failure, Outcome};
use crate::crm::Crm;
use crate::data::input::{encode, number, text};
use crate::data::text::stored_json;
use crate::model::automation::{OutgoingCall, Webhook, text_field};
use crate::model::lead::{amount, price};
use crate::model::value::Values;

/// Something that workflows wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    PersonCreated(u64),
    PersonUpdated(u64),
    PersonDeleting(u64),
    LeadCreated(u64),
    LeadUpdated(u64),
    LeadDeleting(u64),
    ActivityCreated(u64),
    ActivityUpdated(u64),
    ActivityDeleting(u64),
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::PersonCreated(_) => "contacts.person.create.after",
            Self::PersonUpdated(_) => "contacts.person.update.after",
            Self::PersonDeleting(_) => "contacts.person.delete.before",
            Self::LeadCreated(_) => "lead.create.after",
            Self::LeadUpdated(_) => "lead.update.after",
            Self::LeadDeleting(_) => "lead.delete.before",
            Self::ActivityCreated(_) => "activity.create.after",
            Self::ActivityUpdated(_) => "activity.update.after",
            Self::ActivityDeleting(_) => "activity.delete.before",
        }
    }

    fn entity(self) -> &'static str {
        match self {
            Self::PersonCreated(_) | Self::PersonUpdated(_) | Self::PersonDeleting(_) => "persons",
            Self::LeadCreated(_) | Self::LeadUpdated(_) | Self::LeadDeleting(_) => "leads",
            Self::ActivityCreated(_) | Self::ActivityUpdated(_) | Self::ActivityDeleting(_) => "activities",
        }
    }
}

impl Crm {
    /// Runs the workflows that wait for an event: their calls go out before the request is answered. A call that breaks
    /// the code breaks the request.
    pub(crate) fn fire(&mut self, event: Event) -> Outcome<()> {
        if self.webhooks.len() == 0 {
            return Ok(());
        }
        let mut calls = Vec::new();
        let outcome = self.run_workflows(event, &mut calls);
        self.outgoing.append(&mut calls);
        outcome
    }

    fn run_workflows(&self, event: Event, calls: &mut Vec<OutgoingCall>) -> Outcome<()> {
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
                let id = action.get("value").and_then(number).unwrap_or(0);
                if let Some(webhook) = self.webhooks.get(id) {
                    calls.push(self.call(webhook, event)?);
                }
            }
        }
        Ok(())
    }

    /// A condition without an attribute or a value is none.
    fn conditions_hold(&self, workflow: &Map<String, Value>, event: Event) -> bool {
        let said = |condition: &&Value| {
            let has = |field| condition.get(field).is_some_and(|value| !value.is_null() && value != "");
            has("attribute") && has("value")
        };
        let conditions = workflow.get("conditions").and_then(Value::as_array);
        let conditions: Vec<&Value> = conditions.into_iter().flatten().filter(said).collect();
        if conditions.is_empty() {
            return true;
        }
        let record = self.record(event);
        let holds = |condition: &&Value| {
            let attribute = condition.get("attribute").and_then(Value::as_str).unwrap_or_default();
            meets(condition, record.get(attribute).unwrap_or(&Value::Null))
        };
        if text_field(workflow, "condition_type") == "and" {
            conditions.iter().all(holds)
        } else {
            conditions.iter().any(holds)
        }
    }

    /// The event's record with its columns.
    fn record(&self, event: Event) -> Value {
        match event {
            Event::PersonCreated(id) | Event::PersonUpdated(id) | Event::PersonDeleting(id) => {
                self.persons.get(id).map(|person| {
                    json!({
                        "name": person.name, "job_title": person.job_title, "user_id": person.user_id,
                        "organization_id": person.organization_id, "emails": person.emails_json(),
                        "contact_numbers": person.numbers_json(),
                    })
                })
            }
            Event::LeadCreated(id) | Event::LeadUpdated(id) | Event::LeadDeleting(id) => {
                self.leads.get(id).map(|lead| {
                    json!({
                        "title": lead.title, "description": lead.description, "lead_source_id": lead.source_id,
                        "lead_type_id": lead.type_id, "user_id": lead.user_id, "lead_pipeline_id": lead.pipeline_id,
                        "lead_pipeline_stage_id": lead.stage_id, "person_id": lead.person_id,
                        "lead_value": lead.value.map(crate::model::lead::decimal),
                    })
                })
            }
            Event::ActivityCreated(id) | Event::ActivityUpdated(id) | Event::ActivityDeleting(id) => {
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
            Event::LeadCreated(id) | Event::LeadUpdated(id) | Event::LeadDeleting(id) => {
                let lead = self.leads.get(id)?;
                Some(match code {
                    "title" => lead.title.clone(),
                    "description" => lead.description.clone().unwrap_or_default(),
                    "lead_value" => price(lead.value),
                    "lead_source_id" => name(lead.source_id, |id| Some(self.sources.get(id)?.name.as_str())),
                    "lead_type_id" => name(lead.type_id, |id| Some(self.types.get(id)?.name.as_str())),
                    "user_id" => name(lead.user_id, |id| Some(self.user(id)?.name.as_str())),
                    "lead_pipeline_id" => name(lead.pipeline_id, |id| Some(self.pipelines.get(id)?.name.as_str())),
                    "lead_pipeline_stage_id" => name(lead.stage_id, |id| Some(self.stage(id)?.1.name.as_str())),
                    "expected_close_date" => match lead.closes_on.as_ref().map(|day| day.midnight) {
                        Some(second) => self.clock.show_date(second),
                        None => "N/A".into(),
                    },
                    code => return self.custom_placeholder(entity, code, &lead.values),
                })
            }
            Event::PersonCreated(id) | Event::PersonUpdated(id) | Event::PersonDeleting(id) => {
                let person = self.persons.get(id)?;
                Some(match code {
                    "name" => person.name.clone().unwrap_or_default(),
                    "job_title" => person.job_title.clone().unwrap_or_default(),
                    "emails" => entries(&person.emails_json()),
                    "contact_numbers" => entries(&person.numbers_json()),
                    "user_id" => name(person.user_id, |id| Some(self.user(id)?.name.as_str())),
                    "organization_id" => name(person.organization_id, |id| self.organizations.get(id)?.name.as_deref()),
                    code => return self.custom_placeholder(entity, code, &person.values),
                })
            }
            Event::ActivityCreated(_) | Event::ActivityUpdated(_) | Event::ActivityDeleting(_) => {
                let shown = self.record(event);
                let known = ["title", "type", "comment", "location"].contains(&code);
                known.then(|| shown.get(code).and_then(text).unwrap_or_default())
            }
        }
    }

    /// What stands for a custom attribute, by its type: names of options and records, yes or no, moments as they are kept.
    fn custom_placeholder(&self, entity: &str, code: &str, values: &Values) -> Option<String> {
        let attribute = self.custom_attributes(entity).find(|attribute| attribute.code == code)?;
        let value = values.show(attribute.id);
        let option = |id| Some(attribute.options.iter().find(|option| option.id == id)?.name.as_str());
        let written = text(&value).unwrap_or_default();
        Some(match attribute.kind.as_str() {
            "boolean" if number(&value).is_none_or(|flag| flag == 0) => "No".into(),
            "boolean" => "Yes".into(),
            "price" => price(amount(Some(&value))),
            "select" => name(number(&value), option),
            "multiselect" | "checkbox" => {
                let names: Vec<&str> = written.split(',').filter_map(|id| option(id.trim().parse().ok()?)).collect();
                names.join(", ")
            }
            "lookup" => name(number(&value), |id| match attribute.lookup.as_deref() {
                Some("persons") => self.persons.get(id)?.name.as_deref(),
                Some("organizations") => self.organizations.get(id)?.name.as_deref(),
                Some("users") => Some(self.user(id)?.name.as_str()),
                _ => None,
            }),
            "email" | "phone" => entries(&value),
            "date" | "datetime" if value.is_null() => "N/A".into(),
            "date" => format!("{written} 00:00:00"),
            _ => written,
        })
    }

    /// Fills the placeholders of a text: `{%leads.title%}`, or with one space inside at both ends.
    fn fill(&self, template: &str, event: Event) -> String {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{%") {
            let Some((inside, tail)) = after.split_once("%}") else {
                break;
            };
            filled.push_str(before);
            let bare = inside.strip_prefix(' ').and_then(|inside| inside.strip_suffix(' ')).unwrap_or(inside);
            match bare.split_once('.').and_then(|(entity, code)| self.placeholder(event, entity, code)) {
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

    /// The call that a webhook makes. Values are placed into the JSON text of its payload and headers. On 2.1.0 that text
    /// is parsed again, so that a quote or line break in a value **loses the whole call**, and in a header breaks the
    /// request itself; 2.2.3 sends the text, broken or not.
    fn call(&self, webhook: &Webhook, event: Event) -> Outcome<OutgoingCall> {
        let stored = |field: &str| stored_json(webhook.fields.get(field).unwrap_or(&Value::Null));
        let filled = |field: &str| self.fill(&stored(field), event);
        let parsed = |field: &str| serde_json::from_str::<Value>(&filled(field)).ok().as_ref().and_then(listed);
        let sends_json = self.server.webhook_sends_json();
        let own_headers = match parsed("headers") {
            Some(headers) => headers,
            None if sends_json => Vec::new(),
            None => {
                return Err(Failure::type_error(
                    "Webkul\\Automation\\Services\\WebhookService::formatHeaders(): Argument #1 ($headers) must be of \
                     type array, null given",
                ));
            }
        };
        let mut headers = vec![("User-Agent".to_owned(), "GuzzleHttp/7".to_owned())];
        let mut call = OutgoingCall {
            method: text_field(&webhook.fields, "method").to_uppercase(),
            url: self.fill(text_field(&webhook.fields, "end_point"), event),
            headers: Vec::new(),
            body: String::new(),
            lost: false,
        };
        if sends_json {
            let body = filled("payload");
            match serde_json::from_str::<Value>(&body) {
                Ok(payload) => {
                    headers.push(("Content-Type".into(), "application/json".into()));
                    call.body = stored_json(&payload);
                }
                Err(_) => call.body = body,
            }
            call.add_query(&parsed("query_params").unwrap_or_default());
        } else {
            headers.push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
            match parsed("payload") {
                Some(payload) => call.body = form(&payload),
                None => call.lost = true,
            }
        }
        headers.extend(own_headers);
        call.headers = headers;
        Ok(call)
    }
}

impl OutgoingCall {
    fn add_query(&mut self, pairs: &[(String, String)]) {
        if !pairs.is_empty() {
            self.url.push(if self.url.contains('?') { '&' } else { '?' });
            self.url.push_str(&form(pairs));
        }
    }
}

/// Whether a condition holds of a record's value.
fn meets(condition: &Value, value: &Value) -> bool {
    let wanted = condition.get("value").unwrap_or(&Value::Null);
    let kind = condition.get("attribute_type").and_then(Value::as_str).unwrap_or_default();
    // A value of several words is kept as one text.
    let values: Option<Vec<String>> = match value {
        Value::Array(_) => Some(Vec::new()),
        _ if kind == "multiselect" || kind == "checkbox" => Some(
            text(value).unwrap_or_default().split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
        ),
        _ => None,
    };
    let several: Option<Vec<String>> = wanted.as_array().map(|items| items.iter().filter_map(text).collect());
    let same = |one: &str, two: &str| {
        one == two || one.parse::<f64>().ok().zip(two.parse::<f64>().ok()).is_some_and(|(one, two)| one == two)
    };
    let one = text(value).unwrap_or_default();
    let other = text(wanted).unwrap_or_default();
    let at_most = || match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one <= other,
        _ => one <= other,
    };
    let contains = || match (&values, &several) {
        (None, Some(several)) => several.iter().any(|part| one.to_lowercase().contains(&part.to_lowercase())),
        (Some(values), Some(several)) => values.iter().any(|value| several.contains(value)),
        (Some(values), None) => values.contains(&other) || nested(value, &other),
        (None, None) => one.contains(&other),
    };
    match condition.get("operator").and_then(Value::as_str) {
        Some(operator @ ("==" | "!=")) => {
            let equal = match (&values, &several) {
                (Some(values), Some(several)) => values.iter().any(|value| several.contains(value)),
                (None, Some(_)) => return false,
                (Some(values), None) => matches!(values.as_slice(), [only] if same(only, &other)),
                (None, None) => same(&one, &other),
            };
            equal == (operator == "==")
        }
        Some(operator @ ("<=" | ">")) => text(value).is_some() && at_most() == (operator == "<="),
        Some(operator @ (">=" | "<")) => {
            let at_least = || same(&one, &other) || !at_most();
            text(value).is_some() && at_least() == (operator == ">=")
        }
        Some(operator @ ("{}" | "!{}")) => contains() == (operator == "{}"),
        _ => false,
    }
}

/// Whether a text is anywhere in a list of entries.
fn nested(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| nested(item, wanted)),
        Value::Object(fields) => fields.values().any(|item| nested(item, wanted)),
        other => other.as_str() == Some(wanted),
    }
}

/// Keys and values of a list of `{key, value}`, of one such pair, or of an object. None where it is no list.
fn listed(value: &Value) -> Option<Vec<(String, String)>> {
    let pair = |item: &Value| {
        let part = |field| item.get(field).and_then(text).unwrap_or_default();
        (part("key"), part("value"))
    };
    match value {
        Value::Array(items) => Some(items.iter().map(pair).collect()),
        Value::Object(fields) if fields.contains_key("key") && fields.contains_key("value") => Some(vec![pair(value)]),
        Value::Object(fields) => {
            Some(fields.iter().map(|(key, value)| (key.clone(), text(value).unwrap_or_default())).collect())
        }
        _ => None,
    }
}

/// Pairs as a form; of two with one key the later one counts, in the place of the first.
fn form(pairs: &[(String, String)]) -> String {
    let mut fields: Vec<(&str, &str)> = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        match fields.iter_mut().find(|(other, _)| *other == key.as_str()) {
            Some(field) => field.1 = value,
            None => fields.push((key, value)),
        }
    }
    let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    fields.join("&")
}

fn entries(list: &Value) -> String {
    let entries = list.as_array().into_iter().flatten().map(|entry| {
        let part = |field| entry.get(field).and_then(text).unwrap_or_default();
        format!("{} ({})", part("value"), part("label"))
    });
    entries.collect::<Vec<_>>().join(", ")
}

fn name<'a>(id: Option<u64>, find: impl Fn(u64) -> Option<&'a str>) -> String {
    id.and_then(find).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_compare_as_krayin_does() {
        let holds = |operator: &str, wanted: Value, value: Value| {
            meets(&json!({"operator": operator, "value": wanted}), &value)
        };
        assert!(holds("==", json!("2"), json!(2)) && holds("!=", json!("3"), json!(2)));
        assert!(holds("==", json!("10"), json!("10.0000")));
        assert!(holds(">", json!("9"), json!("10.0000")) && !holds(">", json!("10"), json!("10.0000")));
        assert!(
            holds("<=", json!(10), json!("10"))
                && holds(">=", json!(10), json!("10"))
                && holds("<", json!(3), json!(2))
        );
        assert!(holds("{}", json!("chat"), json!("from chat")) && !holds("{}", json!("Chat"), json!("from chat")));
        assert!(holds("{}", json!(["CALL"]), json!("call")) && holds("!{}", json!(["call"]), json!("note")));
        assert!(holds("{}", json!("a@b.c"), json!([{"value": "a@b.c", "label": "work"}])));
        assert!(!holds(">", json!(1), Value::Null) && !holds("~", json!(1), json!(1)));
    }
}
