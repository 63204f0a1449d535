use serde_json::{Value, json};

use crate::api::{
    ApiError, Client, Method,
    calls::answer::{in_order, record, records},
    calls::person::{HasId, listed},
    recovery::create_recovery::Creates,
};
use crate::krayin::{Activity, Lead};

/// Leads of a page.
const PAGE: usize = 500;

impl HasId for Lead {
    fn id(&self) -> u64 {
        self.id
    }
}

impl Client {
    /// The leads whose person has this e-mail address or this phone number, each checked, the lowest id first.
    pub async fn search_lead(&self, email: Option<&str>, phone: Option<&str>) -> Result<Vec<Lead>, ApiError> {
        let (emails, phones) = (email.as_slice(), phone.as_slice());
        let mut found: Vec<Lead> = self.search_identity("leads/search", "person.", emails, phones).await?;
        let wanted = self.wanted(emails, phones);
        found.retain(|lead| lead.person.as_ref().is_some_and(|person| wanted.is_of(person)));
        let mut found = in_order(found, |lead| lead.id);
        found.dedup_by_key(|lead| lead.id);
        Ok(found)
    }

    /// The leads of a person, the lowest id first.
    pub async fn leads_of_person(&self, person_id: u64) -> Result<Vec<Lead>, ApiError> {
        let params = [("person_id", person_id.to_string()), ("limit", "100".to_owned())];
        let mut found: Vec<Lead> = records((Method::Get, "leads"), self.get("leads", &params).await?)?;
        // A server that does not know the filter answers with everybody's.
        found.retain(|lead| lead.person.as_ref().is_some_and(|person| person.id == person_id));
        Ok(in_order(found, |lead| lead.id))
    }

    /// All leads of these persons, as the server shows them; `None` where they are more than a page has, or where the
    /// server shows others as well and so has not looked whose they are. One request.
    pub(crate) async fn leads_of(&self, persons: &[u64]) -> Result<Option<Vec<Value>>, ApiError> {
        let params = [("person_id", listed(persons)), ("limit", PAGE.to_string())];
        let found: Vec<Value> = records((Method::Get, "leads"), self.get("leads", &params).await?)?;
        let is_theirs = |lead: &Value| {
            lead.pointer("/person/id").and_then(Value::as_u64).is_some_and(|person| persons.contains(&person))
        };
        Ok((found.len() < PAGE && found.iter().all(is_theirs)).then_some(found))
    }

    /// The newest leads, as many as a page has.
    pub(crate) async fn newest_leads(&self) -> Result<Vec<Lead>, ApiError> {
        let params = [("limit", "50".to_owned()), ("sort", "id".to_owned()), ("order", "desc".to_owned())];
        records((Method::Get, "leads"), self.get("leads", &params).await?)
    }

    /// The lead, or `None` where it is gone.
    pub async fn find_lead(&self, id: u64) -> Result<Option<Lead>, ApiError> {
        self.find_by_id("leads", id).await
    }

    /// The lead.
    pub async fn get_lead(&self, id: u64) -> Result<Lead, ApiError> {
        let path = format!("leads/{id}");
        record((Method::Get, &path), self.get(&path, &[]).await?)
    }

    /// Creates a lead, exactly one; with a nested `person` also that, and with its `organization_name` that as well.
    ///
    /// Where the answer is lost, the person's newest lead of the same title is looked for. If only the person is there,
    /// the lead is created for it.
    pub async fn create_lead(&self, lead: Value) -> Result<Lead, ApiError> {
        record((Method::Post, "leads"), self.create(Creates::Lead, "leads", lead).await?)
    }

    /// Writes a lead's own fields; products stay. An absent `expected_close_date` clears it.
    pub async fn update_lead(&self, id: u64, lead: Value) -> Result<Lead, ApiError> {
        let path = self.connection().dialect.lead_fields(id);
        record((Method::Put, &path), self.put(&path, lead, &[]).await?)
    }

    /// Moves a lead to a stage of its pipeline; all else stays, its closing date too.
    pub async fn move_lead(&self, id: u64, stage_id: u64) -> Result<Lead, ApiError> {
        self.move_lead_because(id, stage_id, None).await
    }

    /// The same to the stage of lost leads, with the reason why.
    pub async fn move_lead_because(&self, id: u64, stage_id: u64, reason: Option<&str>) -> Result<Lead, ApiError> {
        let path = self.connection().dialect.lead_stage(id);
        let body = match reason {
            Some(reason) => json!({"lead_pipeline_stage_id": stage_id, "lost_reason": reason}),
            None => json!({"lead_pipeline_stage_id": stage_id}),
        };
        record((Method::Put, &path), self.put(&path, body, &[]).await?)
    }

    /// The activities of a lead and of its person.
    pub async fn lead_activities(&self, id: u64) -> Result<Vec<Activity>, ApiError> {
        let path = format!("leads/{id}/activities");
        records((Method::Get, &path), self.get(&path, &[]).await?)
    }
}
