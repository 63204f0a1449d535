use serde_json::Value;

use crate::api::{ApiError, Client, Method, calls::answer::records};
use crate::krayin::Entity;

impl Client {
    /// Whether any yes/no attribute of the person or lead is a yes. The package does not answer with them, but searches
    /// by them.
    pub(crate) async fn has_yes(&self, entity: Entity, id: u64) -> Result<bool, ApiError> {
        let path = match entity {
            Entity::Person => self.connection().dialect.persons_search(),
            Entity::Lead | Entity::Organization => "leads/search",
        };
        let query = [
            ("search", format!("id:{id};attribute_values.boolean_value:1")),
            ("searchFields", "id:=;attribute_values.boolean_value:=".to_owned()),
            ("searchJoin", "and".to_owned()),
        ];
        let found: Vec<Value> = records((Method::Get, path), self.get(path, &query).await?)?;
        Ok(found.iter().any(|record| record.get("id").and_then(Value::as_u64) == Some(id)))
    }
}
