use serde_json::Value;

use crate::{
    Error,
    api::Client,
    chatwoot::Contact,
    krayin::{Lead, LeadLink, NewLead},
    mapper,
    problem::Problem,
    server::Dialect,
    settings::{Settings, SettingsError},
};

/// Finds a person's lead in Krayin.
#[derive(Debug, Clone, Copy)]
pub struct LeadFinder<'a> {
    /// The client to ask with.
    pub client: &'a Client,
    /// Where new leads go.
    pub settings: &'a Settings,
}

/// A lead and where it comes from.
#[derive(Debug, Clone)]
pub struct FoundLead {
    /// The lead.
    pub lead: Lead,
    /// Whether it was created just now.
    pub created: bool,
}

impl LeadFinder<'_> {
    /// The person's lead: an open one before a closed one, one in the settings' pipeline before others, the oldest of
    /// several. One request.
    pub async fn find(&self, contact: &Contact, person_id: u64) -> Result<Option<Lead>, Error> {
        Ok(self.best(self.all(contact, person_id).await?))
    }

    /// The one of a person's leads that is the contact's.
    pub(crate) fn best(&self, leads: Vec<Lead>) -> Option<Lead> {
        let elsewhere =
            |lead: &Lead| self.settings.pipeline_id.is_some() && lead.lead_pipeline_id != self.settings.pipeline_id;
        leads.into_iter().min_by_key(|lead| (lead.closed_at.is_some(), elsewhere(lead), lead.id))
    }

    /// All of a person's leads.
    pub(crate) async fn all(&self, contact: &Contact, person_id: u64) -> Result<Vec<Lead>, Error> {
        Ok(match self.client.connection().dialect {
            Dialect::RestApi => self.client.leads_of_person(person_id).await?,
            // The document lists no leads by person, it searches them by the contact's address and number.
            Dialect::Documented => {
                let phone = mapper::sendable_phone(contact);
                let mut found = Vec::new();
                for email in self.addresses(contact) {
                    found = self.client.search_lead(Some(&email), phone.as_deref()).await?;
                    found.retain(|lead: &Lead| lead.person.as_ref().is_some_and(|person| person.id == person_id));
                    if !found.is_empty() {
                        break;
                    }
                }
                found
            }
        })
    }

    /// The person's lead whose title names one conversation, the oldest of several. One request.
    pub(crate) async fn of_conversation(
        &self,
        contact: &Contact,
        person_id: u64,
        mark: &str,
    ) -> Result<Option<Lead>, Error> {
        let names_it = |lead: &Lead| lead.title.as_deref().is_some_and(|title| title.trim().ends_with(mark));
        let leads = self.all(contact, person_id).await?;
        Ok(leads.into_iter().filter(names_it).min_by_key(|lead| lead.id))
    }

    /// The contact's address, or those that a person has who has none.
    fn addresses(&self, contact: &Contact) -> Vec<String> {
        if let Some(email) = mapper::sendable_email(contact) {
            return vec![email];
        }
        let (identity, key) = (mapper::Identity::of(contact), &self.client.connection().digest_key);
        let mut addresses = vec![mapper::no_email(&identity.for_email(true), key).value, identity.own_placeholder(key)];
        addresses.dedup();
        addresses
    }

    /// The lead whose id is kept, where it is the person's still: one request, and no search.
    ///
    /// # Errors
    /// As every call.
    pub async fn find_by_id(&self, person_id: u64, id: u64) -> Result<Option<Lead>, Error> {
        let lead = self.client.find_lead(id).await?;
        Ok(lead.filter(|lead| lead.person.as_ref().is_some_and(|person| person.id == person_id)))
    }

    /// The lead found, else one created from the contact.
    pub async fn find_or_create(&self, contact: &Contact, person_id: u64) -> Result<FoundLead, Error> {
        if let Some(lead) = self.find(contact, person_id).await? {
            return Ok(FoundLead { lead, created: false });
        }
        let lead = self.create(mapper::map_to_lead(contact, Some(LeadLink::Id(person_id)), self.settings)).await?;
        Ok(FoundLead { lead, created: true })
    }

    /// Creates a lead.
    pub(crate) async fn create(&self, lead: NewLead) -> Result<Lead, Error> {
        needs_stage(&lead)?;
        Ok(self.client.create_lead(serde_json::to_value(lead).unwrap_or(Value::Null)).await?)
    }
}

/// Without a stage every server but one fails, so nothing is created without.
pub(crate) fn needs_stage(lead: &NewLead) -> Result<(), SettingsError> {
    match lead.lead_pipeline_stage_id {
        Some(_) => Ok(()),
        None => Err(SettingsError::one(Problem::DefaultStageMissing)),
    }
}
