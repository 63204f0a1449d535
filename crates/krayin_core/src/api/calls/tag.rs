use serde_json::{Value, json};

use crate::api::{
    ApiError, Client, ErrorKind, Method,
    calls::answer::{record, records},
    client::{Call, Repeat},
    recovery::{create_recovery::Creates, failure::wrong_shape},
};
use crate::{
    body::Body,
    harmless::Place,
    krayin::{Entity, Named},
};

const PATH: &str = "settings/tags";

impl Client {
    /// The tag of that name, without regard to case.
    pub async fn find_tag(&self, name: &str) -> Result<Option<Named>, ApiError> {
        self.find_named(PATH, &Place::Line.harmless(name.trim())).await
    }

    /// The record of a list that has the name, without regard to case.
    pub(super) async fn find_named(&self, path: &str, wanted: &str) -> Result<Option<Named>, ApiError> {
        if wanted.is_empty() {
            return Ok(None);
        }
        // A comma in a filter makes two values of it; then all are read.
        let body = if wanted.contains(',') {
            self.get(path, &[("pagination", "0".to_owned())]).await?
        } else {
            self.get(path, &[("name", wanted.to_owned())]).await?
        };
        let found: Vec<Named> = records((Method::Get, path), body)?;
        let wanted = wanted.to_lowercase();
        Ok(found.into_iter().find(|row| row.name.as_ref().is_some_and(|name| name.trim().to_lowercase() == wanted)))
    }

    /// Creates a tag, exactly one: where the answer is lost, it is looked for by its name.
    pub async fn create_tag(&self, name: &str) -> Result<Named, ApiError> {
        self.create_coloured_tag(name, None).await
    }

    /// The same in a colour, `#1f93ff`.
    pub async fn create_coloured_tag(&self, name: &str, colour: Option<&str>) -> Result<Named, ApiError> {
        let tag = match colour.map(str::trim).filter(|colour| is_colour(colour)) {
            Some(colour) => json!({"name": name, "color": colour}),
            None => json!({"name": name}),
        };
        record((Method::Post, PATH), self.create(Creates::Tag, PATH, tag).await?)
    }

    /// Puts a tag on a lead; one that is there stays.
    pub async fn tag_lead(&self, lead_id: u64, tag_id: u64) -> Result<(), ApiError> {
        self.attach(&format!("leads/{lead_id}/tags"), tag_id).await
    }

    /// Puts a tag on a person; one that is there stays.
    pub async fn tag_person(&self, person_id: u64, tag_id: u64) -> Result<(), ApiError> {
        self.attach(&format!("{}/{person_id}/tags", self.connection().dialect.persons()), tag_id).await
    }

    /// Puts a tag on a person or a lead; one that is there stays.
    pub(crate) async fn tag(&self, entity: Entity, id: u64, tag_id: u64) -> Result<(), ApiError> {
        match entity {
            Entity::Lead => self.tag_lead(id, tag_id).await,
            _ => self.tag_person(id, tag_id).await,
        }
    }

    /// Takes a tag off a person or a lead. One that is not there is a failure to some servers.
    pub(crate) async fn untag(&self, entity: Entity, id: u64, tag_id: u64) -> Result<(), ApiError> {
        let of = match entity {
            Entity::Lead => "leads",
            _ => self.connection().dialect.persons(),
        };
        // In the query: without the id all tags go, and what is between may drop the body of a DELETE.
        let path = format!("{of}/{id}/tags");
        said((Method::Delete, &path), &self.delete(&path, &[("tag_id", tag_id.to_string())]).await?)
    }

    /// Whether a person or a lead has a tag; `None` where the server does not tell. It lists no record's tags, but searches
    /// by them.
    pub(crate) async fn is_tagged(&self, entity: Entity, id: u64, tag_id: u64) -> Result<Option<bool>, ApiError> {
        let path = match entity {
            Entity::Lead => "leads/search",
            _ => self.connection().dialect.persons_search(),
        };
        let query = [
            ("search", format!("id:{id};tags.id:{tag_id}")),
            ("searchFields", "id:=;tags.id:=".to_owned()),
            ("searchJoin", "and".to_owned()),
        ];
        match self.get(path, &query).await {
            Err(error) if matches!(error.kind, ErrorKind::Server | ErrorKind::NotFound | ErrorKind::Validation) => {
                Ok(None)
            }
            found => {
                let found: Vec<Named> = records((Method::Get, path), found?)?;
                Ok(Some(found.iter().any(|record| record.id == id)))
            }
        }
    }

    async fn attach(&self, path: &str, tag_id: u64) -> Result<(), ApiError> {
        let body = Some(Body::of(path, json!({"tag_id": tag_id})));
        let call = Call { method: Method::Post, path, query: Vec::new(), body, repeat: Repeat::Harmless };
        said((Method::Post, path), &self.call(call).await?)
    }
}

/// An answer has a message and nothing else: what has none comes from elsewhere.
fn said((method, path): (Method, &str), answer: &Value) -> Result<(), ApiError> {
    let message = ["/message", "/data/message"].iter().find_map(|at| answer.pointer(at)?.as_str());
    message.map(|_| ()).ok_or_else(|| wrong_shape(method, path))
}

/// `#1f93ff` and the like: a page puts it into a style.
fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
