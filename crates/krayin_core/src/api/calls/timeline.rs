use serde_json::Value;

use crate::api::{ApiError, Client, ErrorKind, Method, calls::answer::records};
use crate::krayin::Entity;

impl Client {
    /// What was written of a person's or lead's attributes, the latest first: `attribute` by the name that people see, and
    /// `old` and `new` with `value` and `label`. The server notes each change of its own accord; one without timelines tells
    /// nothing.
    pub(crate) async fn changes(&self, entity: Entity, id: u64) -> Result<Vec<Value>, ApiError> {
        let of = match entity {
            Entity::Person => self.connection().dialect.persons(),
            Entity::Lead => "leads",
            Entity::Organization => return Ok(Vec::new()),
        };
        let path = format!("{of}/{id}/activities");
        let body = match self.get(&path, &[]).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            body => body?,
        };
        let mut noted: Vec<Value> = records((Method::Get, &path), body)?;
        noted.retain(|activity| activity.get("type").and_then(Value::as_str) == Some("system"));
        noted.sort_by_key(|activity| std::cmp::Reverse(activity.get("id").and_then(Value::as_u64)));
        Ok(noted.iter_mut().filter_map(|activity| activity.get_mut("additional").map(Value::take)).collect())
    }
}
