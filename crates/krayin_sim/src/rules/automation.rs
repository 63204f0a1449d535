//! Krayin → outside: `settings/webhooks` and `settings/workflows`. What a workflow then does is in `trigger`.

use crate::answer::{Answer, Failure, Outcome};
use crate::crm::Crm;
use crate::data::input::{Input, leading_number};
use crate::model::automation::{
    WEBHOOK_FIELDS, WORKFLOW_FIELDS, Webhook, Workflow, check_webhook, overwrite, pick, required,
};
use crate::query::list::{ListQuery, list};

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
