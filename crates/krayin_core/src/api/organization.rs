use serde_json::Value;

use super::{
    ApiError, Client, Dialect, Method,
    answer::{record, records},
    lengths::fit,
    look::Creates,
};
use crate::krayin::Organization;

const PATH: &str = "contacts/organizations";

impl Client {
    /// The organizations of that name, without regard to case, the lowest id first.
    pub async fn search_organization(&self, name: &str) -> Result<Vec<Organization>, ApiError> {
        let wanted = name.trim();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        // A comma in a filter makes two values of it; the lookup takes the whole text, anywhere in the name.
        let body = if wanted.contains(',') && self.connection().dialect == Dialect::RestApi {
            self.get("settings/attributes/lookup/organizations", &[("query", wanted.to_owned())]).await?
        } else {
            self.get(PATH, &[("name", wanted.to_owned())]).await?
        };
        let mut found: Vec<Organization> = records((Method::Get, PATH), body)?;
        let wanted = wanted.to_lowercase();
        found
            .retain(|organization| organization.name.as_ref().is_some_and(|name| name.trim().to_lowercase() == wanted));
        found.sort_by_key(|organization| organization.id);
        Ok(found)
    }

    /// The organization.
    pub async fn get_organization(&self, id: u64) -> Result<Organization, ApiError> {
        let path = format!("{PATH}/{id}");
        record((Method::Get, &path), self.get(&path, &[]).await?)
    }

    /// Creates an organization, exactly one: where the answer is lost, it is looked for by its name.
    pub async fn create_organization(&self, organization: Value) -> Result<Organization, ApiError> {
        record((Method::Post, PATH), self.create(Creates::Organization, PATH, fit(organization)).await?)
    }

    /// Writes an organization; absent fields stay.
    pub async fn update_organization(&self, id: u64, organization: Value) -> Result<Organization, ApiError> {
        let path = format!("{PATH}/{id}");
        record((Method::Put, &path), self.put(&path, fit(organization), &[]).await?)
    }
}
