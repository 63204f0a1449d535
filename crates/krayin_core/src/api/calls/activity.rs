use serde_json::Value;

use crate::api::{
    ApiError, Client, ErrorKind, Method,
    calls::answer::{in_order, record, records},
    calls::person::HasId,
    recovery::create_recovery::Creates,
};
use crate::krayin::Activity;
use crate::server::Dialect;

impl HasId for Activity {
    fn id(&self) -> u64 {
        self.id
    }
}

impl Client {
    /// The activities of exactly that title, the lowest id first. A title with a comma cannot be searched for.
    pub async fn search_activity(&self, title: &str) -> Result<Vec<Activity>, ApiError> {
        if title.trim().is_empty() || title.contains(',') || self.connection().dialect == Dialect::Documented {
            return Ok(Vec::new());
        }
        let params = [("title", title.to_owned()), ("sort", "id".to_owned()), ("order", "asc".to_owned())];
        let mut found: Vec<Activity> = records((Method::Get, "activities"), self.get("activities", &params).await?)?;
        found.retain(|activity| activity.title.as_deref() == Some(title));
        Ok(in_order(found, |activity| activity.id))
    }

    /// The activity, or `None` where it is gone.
    pub async fn find_activity(&self, id: u64) -> Result<Option<Activity>, ApiError> {
        self.find_by_id("activities", id).await
    }

    /// The activity.
    pub async fn get_activity(&self, id: u64) -> Result<Activity, ApiError> {
        let path = format!("activities/{id}");
        record((Method::Get, &path), self.get(&path, &[]).await?)
    }

    /// Creates an activity with one link: a lead's or a person's. Exactly one, where its title has no comma: if the answer
    /// is lost, it is looked for by its title.
    pub async fn create_activity(&self, activity: Value) -> Result<Activity, ApiError> {
        record((Method::Post, "activities"), self.create(Creates::Activity, "activities", activity).await?)
    }

    /// As [`create_activity`](Self::create_activity), for a caller that sees to the link of what a failure has left.
    pub(crate) async fn create_unlinked_activity(&self, activity: Value) -> Result<Activity, ApiError> {
        record((Method::Post, "activities"), self.create(Creates::UnlinkedActivity, "activities", activity).await?)
    }

    /// Deletes an activity; one that is gone is as good.
    pub(crate) async fn delete_activity(&self, id: u64) -> Result<(), ApiError> {
        match self.delete(&format!("activities/{id}"), &[]).await {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes an activity that is there as `current`; what it holds already is sent back as it is.
    pub(crate) async fn write_activity(&self, current: &Activity, activity: Value) -> Result<Activity, ApiError> {
        let path = format!("activities/{}", current.id);
        let known = serde_json::to_value(current).unwrap_or_default();
        record((Method::Put, &path), self.write(&path, activity, &known).await?)
    }

    /// Writes an activity; absent fields stay, and a `person_id` or `lead_id` adds that link.
    pub async fn update_activity(&self, id: u64, activity: Value) -> Result<Activity, ApiError> {
        let path = format!("activities/{id}");
        record((Method::Put, &path), self.put(&path, activity, &[]).await?)
    }
}
