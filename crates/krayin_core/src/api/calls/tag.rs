use serde_json::json;

use crate::api::{
    ApiError, Client, Method,
    calls::answer::{record, records},
    client::{Call, Repeat},
    recovery::create_recovery::Creates,
};
use crate::{body::Body, harmless::Place, krayin::Named};

const PATH: &str = "settings/tags";

impl Client {
    /// The tag of that name, without regard to case.
    pub async fn find_tag(&self, name: &str) -> Result<Option<Named>, ApiError> {
        let wanted = Place::Line.harmless(name.trim());
        if wanted.is_empty() {
            return Ok(None);
        }
        // A comma in a filter makes two values of it; then all are read.
        let body = if wanted.contains(',') {
            self.get(PATH, &[("pagination", "0".to_owned())]).await?
        } else {
            self.get(PATH, &[("name", wanted.to_string())]).await?
        };
        let found: Vec<Named> = records((Method::Get, PATH), body)?;
        let wanted = wanted.to_lowercase();
        Ok(found.into_iter().find(|tag| tag.name.as_ref().is_some_and(|name| name.trim().to_lowercase() == wanted)))
    }

    /// Creates a tag, exactly one: where the answer is lost, it is looked for by its name.
    pub async fn create_tag(&self, name: &str) -> Result<Named, ApiError> {
        record((Method::Post, PATH), self.create(Creates::Tag, PATH, json!({"name": name})).await?)
    }

    /// Puts a tag on a lead; one that is there stays.
    pub async fn tag_lead(&self, lead_id: u64, tag_id: u64) -> Result<(), ApiError> {
        self.attach(&format!("leads/{lead_id}/tags"), tag_id).await
    }

    /// Puts a tag on a person; one that is there stays.
    pub async fn tag_person(&self, person_id: u64, tag_id: u64) -> Result<(), ApiError> {
        self.attach(&format!("{}/{person_id}/tags", self.connection().dialect.persons()), tag_id).await
    }

    async fn attach(&self, path: &str, tag_id: u64) -> Result<(), ApiError> {
        let body = Some(Body::of(path, json!({"tag_id": tag_id})));
        self.call(Call { method: Method::Post, path, query: Vec::new(), body, repeat: Repeat::Harmless })
            .await
            .map(|_| ())
    }
}
