use serde_json::{Value, json};

use crate::api::{
    ApiError, Client, Method,
    calls::answer::{record, records},
    recovery::create_recovery::Creates,
};
use crate::harmless::Place;
use crate::krayin::{Named, Pipeline, Stage, User};
use crate::server::Dialect;

const SOURCES: &str = "settings/sources";

impl Client {
    /// The user behind the token: the cheapest way to see whether address and token are good.
    pub async fn current_user(&self) -> Result<User, ApiError> {
        record((Method::Get, "get"), self.get("get", &[]).await?)
    }

    /// The pipelines with their stages in order.
    pub async fn pipelines(&self) -> Result<Vec<Pipeline>, ApiError> {
        Ok(self.pipelines_and_paging().await?.0)
    }

    /// The pipelines, and whether the server pages as Krayin 2.2 does, which turns blank text to null.
    pub(crate) async fn pipelines_and_paging(&self) -> Result<(Vec<Pipeline>, bool), ApiError> {
        // Paged, though all on one page: only a page shows which release it is.
        let path = "settings/pipelines";
        let body = self.get(path, &[("limit", "1000".to_owned())]).await?;
        let first = body.pointer("/meta/links/0").and_then(Value::as_object);
        let blanks_become_null = first.is_none_or(|link| link.contains_key("page"));
        Ok((records((Method::Get, path), body)?, blanks_become_null))
    }

    /// The stages of a pipeline in order; of the default one without an id.
    pub async fn stages(&self, pipeline_id: Option<u64>) -> Result<Vec<Stage>, ApiError> {
        if self.connection().dialect == Dialect::Documented {
            let params: Vec<_> = pipeline_id.iter().map(|id| ("pipeline_id", id.to_string())).collect();
            return records((Method::Get, "settings/stages"), self.get("settings/stages", &params).await?);
        }
        let mut pipelines = self.pipelines().await?;
        let wanted = |pipeline: &Pipeline| pipeline_id.map_or(pipeline.is_default(), |id| pipeline.id == id);
        let at = pipelines.iter().position(wanted);
        Ok(at.map(|at| pipelines.swap_remove(at).stages).unwrap_or_default())
    }

    /// The sources that a lead may have.
    pub async fn sources(&self) -> Result<Vec<Named>, ApiError> {
        self.all(SOURCES).await
    }

    /// The source of that name, without regard to case.
    pub async fn find_source(&self, name: &str) -> Result<Option<Named>, ApiError> {
        self.find_named(SOURCES, &Place::Text.harmless(name.trim())).await
    }

    /// Creates a source, exactly one: where the answer is lost, it is looked for by its name.
    pub async fn create_source(&self, name: &str) -> Result<Named, ApiError> {
        record((Method::Post, SOURCES), self.create(Creates::Source, SOURCES, json!({"name": name})).await?)
    }

    /// The types that a lead may have.
    pub async fn types(&self) -> Result<Vec<Named>, ApiError> {
        self.all("settings/types").await
    }

    /// The attributes of all entities, each with `entity_type`, `code` and `is_required`.
    pub async fn attributes(&self) -> Result<Vec<Named>, ApiError> {
        self.all("settings/attributes").await
    }

    /// The users, whom leads and persons can be given to.
    pub async fn users(&self) -> Result<Vec<Named>, ApiError> {
        self.all("settings/users").await
    }

    /// The products.
    pub async fn products(&self) -> Result<Vec<Named>, ApiError> {
        self.all("products").await
    }

    /// The tags.
    pub async fn tags(&self) -> Result<Vec<Named>, ApiError> {
        self.all("settings/tags").await
    }

    /// The workflows, each with `entity_type` and `event`.
    pub async fn workflows(&self) -> Result<Vec<Named>, ApiError> {
        self.all("settings/workflows").await
    }

    async fn all<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, ApiError> {
        records((Method::Get, path), self.get(path, &[("pagination", "0".to_owned())]).await?)
    }
}
