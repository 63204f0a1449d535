//! Krayin → outside: `settings/webhooks` and `settings/workflows`. What a workflow then does is in `trigger`.

use serde_json::{Value, json};

use crate::answer::{Answer, Failure, Outcome};
use crate::crm::Crm;
use crate::data::input::{Input, leading_number};
use crate::model::automation::{
    LEAD_EVENTS, WEBHOOK_FIELDS, WORKFLOW_FIELDS, Webhook, Workflow, check_address, check_webhook, overwrite, pick,
    required,
};
use crate::options::Options;
use crate::query::list::{ListQuery, list};

impl Crm {
    /// A Krayin as its installer and its administrator leave it.
    pub(crate) fn set_up(options: &Options) -> Result<Self, String> {
        let mut crm = Self::installed(options)?;
        if let Some(to) = &options.webhook {
            crm.add_webhooks(to, &LEAD_EVENTS.map(str::to_owned), None)?;
        }
        Ok(crm)
    }

    /// Sets up a webhook to an address for each event, and the workflow that triggers it.
    pub(crate) fn add_webhooks(
        &mut self,
        to: &str,
        events: &[String],
        payload: Option<&[(String, String)]>,
    ) -> Result<(), String> {
        check_address(to)?;
        let known = events.iter().map(|event| entity_of(event).map(|entity| (event, entity)));
        let known: Vec<(&String, &str)> = known.collect::<Result<_, _>>()?;
        for (event, entity) in known {
            let payload = match payload {
                Some(payload) => payload.to_vec(),
                None => usual_payload(event, entity),
            };
            let pairs: Vec<Value> = payload.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
            let webhook = json!({
                "name": event, "entity_type": entity, "description": "", "method": "post", "end_point": to,
                "query_params": [], "headers": [], "payload_type": "default", "raw_payload_type": "json",
                "payload": pairs,
            });
            let id = self.webhooks.reserve();
            let now = self.clock.now();
            let fields = webhook.as_object().cloned().unwrap_or_default();
            self.webhooks.put(id, Webhook { id, fields, created_at: now, updated_at: now });
            let workflow = json!({
                "name": event, "description": "", "entity_type": entity, "event": event, "condition_type": "and",
                "conditions": [], "actions": [{"id": "trigger_webhook", "value": id}],
            });
            let id = self.workflows.reserve();
            let fields = workflow.as_object().cloned().unwrap_or_default();
            self.workflows.put(id, Workflow { id, fields, created_at: now, updated_at: now });
        }
        Ok(())
    }

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

/// The entity that an event happens to.
fn entity_of(event: &str) -> Result<&'static str, String> {
    let happens = ["create.after", "update.after", "delete.before"];
    let entities = [("lead", "leads"), ("contacts.person", "persons"), ("activity", "activities")];
    let found = entities.into_iter().find(|(start, _)| {
        event.strip_prefix(start).and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| happens.contains(&rest))
    });
    found.map(|(_, entity)| entity).ok_or_else(|| format!("unknown event {event:?}"))
}

/// The event, what the record is called, and a lead's stage.
fn usual_payload(event: &str, entity: &str) -> Vec<(String, String)> {
    let mut payload = vec![("event".to_owned(), event.to_owned())];
    let named = if entity == "persons" { "name" } else { "title" };
    payload.push((named.to_owned(), format!("{{%{entity}.{named}%}}")));
    if entity == "leads" {
        payload.push(("stage".to_owned(), "{%leads.lead_pipeline_stage_id%}".to_owned()));
    }
    payload
}
