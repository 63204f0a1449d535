//! What the settings would do, told without a request.

use serde::Serialize;

use super::{Event, EventError, stage};
use crate::{
    chatwoot::{Contact, Conversation},
    field::Field,
    mapper::FIELDS,
    problem::Problem,
    records::Stored,
    settings::{MappingError, Settings},
};

/// A row of the mapping, for one contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappedField {
    /// `lead.plan`
    pub attribute: String,
    /// `conversation.priority`
    pub source: String,
    /// What would become of it.
    pub state: MappedState,
    /// Why it cannot be used at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What would become of a row of the mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MappedState {
    /// It has a value that Krayin takes.
    Filled,
    /// There is nothing.
    Blank,
    /// There is a value that the attribute cannot hold: it would be left out.
    Wrong,
    /// The row cannot be used.
    Unusable,
}

/// What the mapping would do with the contact of an event; nothing is sent.
///
/// # Errors
/// Where the event has no contact.
pub fn preview_mapping(event: &Event, settings: &Settings) -> Result<Vec<MappedField>, EventError> {
    let event = event.clone().with_sources();
    let contact: &Contact = event.contacts().find(|contact| contact.id != 0).ok_or(EventError::NoRecord("contact"))?;
    let row = |mapping: &crate::settings::Mapping| {
        let field = Field::mapped(mapping, FIELDS, &settings.traits.attributes);
        let state = match &field {
            Err(_) => MappedState::Unusable,
            Ok(field) => match field.value(contact, settings) {
                Ok(Some(_)) => MappedState::Filled,
                Ok(None) => MappedState::Blank,
                // It is looked for when it is written.
                Err(_) if field.organization(contact, settings).is_some() => MappedState::Filled,
                Err(_) => MappedState::Wrong,
            },
        };
        let problem = field.err().map(MappingError::problem);
        MappedField { attribute: mapping.key(), source: mapping.from.join("."), state, problem }
    };
    Ok(settings.mappings.iter().map(row).collect())
}

/// A rule for stages, for one conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedRule {
    /// As the settings have it.
    pub rule: String,
    /// What has become of it.
    pub state: RuleState,
}

/// What has become of a rule for stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleState {
    /// It has fired, and does not fire again for this conversation.
    Fired,
    /// Its cause is there, and no pipeline has its stage.
    NoSuchStage,
    /// Its cause is there: it fires with the conversation's next event, where its contact has a lead.
    Due,
    /// Its cause is not there.
    NotYet,
}

/// Which rules have fired for a conversation, and which have not and why; `stored` is what is kept of it. Nothing is sent.
pub fn explain_rules(conversation: &Conversation, stored: &Stored, settings: &Settings) -> Vec<ExplainedRule> {
    let blank = Contact::default();
    let contact = conversation.contact.as_ref().unwrap_or(&blank);
    let stages = || settings.traits.pipelines.iter().flat_map(|pipeline| &pipeline.stages);
    let explained = settings.rules().into_iter().map(|rule| {
        let state = match stage::standing((contact, conversation), &rule.cause, stored) {
            stage::Standing::Fired => RuleState::Fired,
            stage::Standing::NotYet => RuleState::NotYet,
            stage::Standing::Due if stages().next().is_some() && !stages().any(|stage| rule.stage.is(stage)) => {
                RuleState::NoSuchStage
            }
            stage::Standing::Due => RuleState::Due,
        };
        ExplainedRule { rule: rule.to_string(), state }
    });
    explained.collect()
}
