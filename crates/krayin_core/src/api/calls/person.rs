use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::api::{
    ApiError, Client, Method,
    calls::answer::{in_order, record, records},
    calls::{organization::ORGANIZATIONS, search},
    client::{Call, Repeat},
    recovery::create_recovery::Creates,
};
use crate::server::Dialect;
use crate::{
    body::Body,
    krayin::{Activity, Entity, Person},
};

impl Client {
    /// The persons who have this e-mail address or this phone number, each checked, the lowest id first. One request;
    /// none where neither can be searched for.
    pub async fn search_person(&self, email: Option<&str>, phone: Option<&str>) -> Result<Vec<Person>, ApiError> {
        self.search_persons(email.as_slice(), phone.as_slice()).await
    }

    /// The persons who have one of these e-mail addresses or phone numbers, as [`search_person`](Self::search_person).
    /// One request; on a server of [`Dialect::Documented`] one for each pair of an address and a number.
    pub async fn search_persons(&self, emails: &[&str], phones: &[&str]) -> Result<Vec<Person>, ApiError> {
        let path = self.connection().dialect.persons_search();
        let mut found: Vec<Person> = self.search_identity(path, "", emails, phones).await?;
        let wanted = self.wanted(emails, phones);
        found.retain(|person| wanted.is_of(person));
        let mut found = in_order(found, |person| person.id);
        found.dedup_by_key(|person| person.id);
        Ok(found)
    }

    /// The persons who have the value in one of their attributes of a line of text, whichever that is, unchecked: nobody where it
    /// cannot be searched for. One request.
    pub(crate) async fn search_by_attribute(&self, value: &str) -> Result<Vec<Person>, ApiError> {
        let is_told = !value.trim().is_empty() && !value.contains([':', ';']);
        if !is_told || self.connection().dialect == Dialect::Documented {
            return Ok(Vec::new());
        }
        let path = self.connection().dialect.persons_search();
        let query = [
            ("search", format!("attribute_values.text_value:{value}")),
            ("searchFields", "attribute_values.text_value:=".to_owned()),
            ("limit", search::LIMIT.to_string()),
        ];
        records((Method::Get, path), self.get(path, &query).await?)
    }

    /// What `path` finds by e-mail addresses or phone numbers, unchecked. `prefix` as in [`calls::search`].
    pub(in crate::api) async fn search_identity<T: DeserializeOwned>(
        &self,
        path: &str,
        prefix: &str,
        emails: &[&str],
        phones: &[&str],
    ) -> Result<Vec<T>, ApiError> {
        let wanted = self.wanted(emails, phones);
        let queries = wanted.queries(prefix);
        let mut found: Vec<T> = Vec::new();
        if self.connection().dialect == Dialect::Documented && !queries.is_empty() {
            for turn in 0..emails.len().max(phones.len()) {
                let call = documented_search(path, emails.get(turn).copied(), phones.get(turn).copied());
                found.extend(records::<T>((call.method, path), self.call(call).await?)?);
            }
            return Ok(found);
        }
        let ask = |query| Call { method: Method::Get, path, query, body: None, repeat: Repeat::ByMethod };
        let mut is_cut = false;
        for query in queries {
            let hits = records::<T>((Method::Get, path), self.call(ask(query)).await?)?;
            is_cut |= hits.len() >= search::LIMIT;
            found.extend(hits);
        }
        if is_cut {
            for query in wanted.narrower(prefix) {
                found.extend(records::<T>((Method::Get, path), self.call(ask(query)).await?)?);
            }
        }
        Ok(found)
    }

    pub(in crate::api) fn wanted<'a>(&'a self, emails: &'a [&'a str], phones: &'a [&'a str]) -> search::Wanted<'a> {
        search::Wanted { emails, phones, country: self.connection().default_country.as_deref() }
    }

    /// A page of all persons, from 1 on, of as many as `limit` (a thousand at most): by their ids, or those first that were
    /// written last. With it how many rows it has, and how many persons there are where the server says so.
    pub async fn persons_page(
        &self,
        page: u64,
        limit: u64,
        newest: bool,
    ) -> Result<(Vec<Person>, usize, Option<u64>), ApiError> {
        let path = self.connection().dialect.persons();
        let (sort, order) = if newest { ("updated_at", "desc") } else { ("id", "asc") };
        let params = [("sort", sort), ("order", order), ("limit", &limit.to_string()), ("page", &page.to_string())];
        let body = self.get(path, &params.map(|(name, value)| (name, value.to_owned()))).await?;
        let rows = body.get("data").and_then(Value::as_array).map_or(0, Vec::len);
        let total = body.pointer("/meta/total").and_then(Value::as_u64);
        Ok((records((Method::Get, path), body)?, rows, total))
    }

    /// Those of these persons who are there, as the server shows them. One request.
    pub(crate) async fn persons_of(&self, ids: &[u64]) -> Result<Vec<Value>, ApiError> {
        let path = self.connection().dialect.persons();
        let params = [("id", listed(ids)), ("limit", ids.len().max(1).to_string())];
        let mut found: Vec<Value> = records((Method::Get, path), self.get(path, &params).await?)?;
        found.retain(|row| row.get("id").and_then(Value::as_u64).is_some_and(|id| ids.contains(&id)));
        Ok(found)
    }

    /// A page of all records of one kind, from 1 on, a thousand by their ids, as the server gives them; and how many there
    /// are where it says so.
    pub(crate) async fn inventory(&self, entity: Entity, page: u64) -> Result<(Vec<Value>, Option<u64>), ApiError> {
        let path = match entity {
            Entity::Person => self.connection().dialect.persons(),
            Entity::Lead => "leads",
            Entity::Organization => ORGANIZATIONS,
        };
        let params = [("sort", "id"), ("order", "asc"), ("limit", "1000"), ("page", &page.to_string())];
        let body = self.get(path, &params.map(|(name, value)| (name, value.to_owned()))).await?;
        let total = body.pointer("/meta/total").and_then(Value::as_u64);
        Ok((records((Method::Get, path), body)?, total))
    }

    /// The person, or `None` where it is gone: the package's own `GET …/{id}` answers 500 then.
    pub async fn find_person(&self, id: u64) -> Result<Option<Person>, ApiError> {
        self.find_by_id(self.connection().dialect.persons(), id).await
    }

    /// The person.
    pub async fn get_person(&self, id: u64) -> Result<Person, ApiError> {
        let path = format!("{}/{id}", self.connection().dialect.persons());
        record((Method::Get, &path), self.get(&path, &[]).await?)
    }

    /// Creates a person, exactly one: where the answer is lost, it is looked for by its e-mail address and number.
    pub async fn create_person(&self, person: Value) -> Result<Person, ApiError> {
        let path = self.connection().dialect.persons();
        record((Method::Post, path), self.create(Creates::Person, path, person).await?)
    }

    /// Writes a person. `emails` and `contact_numbers` replace what is there, and an absent `user_id` clears the owner.
    pub async fn update_person(&self, id: u64, person: Value) -> Result<Person, ApiError> {
        let path = format!("{}/{id}", self.connection().dialect.persons());
        record((Method::Put, &path), self.put(&path, person, &[]).await?)
    }

    /// Writes a person who is there as `current`; what it holds already is sent back as it is.
    pub(crate) async fn write_person(&self, current: &Person, person: Value) -> Result<Person, ApiError> {
        let path = format!("{}/{}", self.connection().dialect.persons(), current.id);
        let known = serde_json::to_value(current).unwrap_or_default();
        record((Method::Put, &path), self.write(&path, person, &known).await?)
    }

    /// The activities of a person.
    pub async fn person_activities(&self, id: u64) -> Result<Vec<Activity>, ApiError> {
        let path = format!("{}/{id}/activities", self.connection().dialect.persons());
        records((Method::Get, &path), self.get(&path, &[]).await?)
    }

    /// A record by its id out of a list, so that a missing one is an empty list on every server.
    pub(crate) async fn find_by_id<T: serde::de::DeserializeOwned + HasId>(
        &self,
        collection: &str,
        id: u64,
    ) -> Result<Option<T>, ApiError> {
        if self.connection().dialect == Dialect::Documented {
            let path = format!("{collection}/{id}");
            return match self.get(&path, &[]).await {
                Ok(body) => record((Method::Get, &path), body).map(Some),
                Err(error) if error.kind == crate::api::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            };
        }
        let found: Vec<T> = records((Method::Get, collection), self.get(collection, &[("id", id.to_string())]).await?)?;
        Ok(found.into_iter().find(|found| found.id() == id))
    }
}

/// Ids as a filter takes several.
pub(in crate::api) fn listed(ids: &[u64]) -> String {
    ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

fn documented_search<'a>(path: &'a str, email: Option<&str>, phone: Option<&str>) -> Call<'a> {
    Call {
        method: Method::Post,
        path,
        query: Vec::new(),
        body: Some(Body::of(path, json!({"email": email, "phone": phone}))),
        repeat: Repeat::Harmless,
    }
}

pub(crate) trait HasId {
    fn id(&self) -> u64;
}

impl HasId for Person {
    fn id(&self) -> u64 {
        self.id
    }
}
