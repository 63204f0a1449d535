//! Persons and their leads, read together for who works through many contacts: two requests for all of them, where each
//! would take a search and a look.

use serde_json::{Value, json};

use super::Context;
use crate::{
    Error,
    api::{ApiError, Client},
    krayin::{Lead, Person},
    records::Shown,
};

/// What Krayin shows of these persons and of their leads: `requests`, how many it took, and `people`, a list of `id`,
/// `person` and `leads`. Who is gone is not among them, and `leads` is null where they were not all shown.
///
/// # Errors
/// As every call.
pub async fn people(client: &Client, ids: &[u64]) -> Result<Value, ApiError> {
    let persons = client.persons_of(ids).await?;
    if persons.is_empty() {
        return Ok(json!({"requests": 1, "people": []}));
    }
    let leads = client.leads_of(ids).await?;
    let people: Vec<Value> = persons
        .into_iter()
        .filter_map(|person| {
            let id = person.get("id")?.as_u64()?;
            let of = |lead: &&Value| lead.pointer("/person/id").and_then(Value::as_u64) == Some(id);
            let leads = leads.as_ref().map(|leads| leads.iter().filter(of).cloned().collect::<Vec<_>>());
            Some(json!({"id": id, "person": person, "leads": leads}))
        })
        .collect();
    Ok(json!({"requests": 2, "people": people}))
}

impl Context<'_> {
    /// Those of who was read together that may have one of these keys. `None` where the server is to be asked.
    pub(super) async fn shown_with(&self, keys: &[String]) -> Result<Option<Vec<Person>>, Error> {
        Ok(self.records.shown(Shown::PersonsWith, keys).await?.map(persons))
    }

    /// The person, shown a moment ago or now; `None` where it is gone.
    pub(super) async fn find_person(&self, id: u64) -> Result<Option<Person>, Error> {
        let shown = self.records.shown(Shown::Person, &[id.to_string()]).await?.map(persons);
        match shown.into_iter().flatten().find(|person| person.id == id) {
            Some(person) => Ok(Some(person)),
            None => Ok(self.client.find_person(id).await?),
        }
    }

    /// The leads of a person as they were shown a moment ago. `None` where the server is to be asked.
    pub(super) async fn shown_leads(&self, person: u64) -> Result<Option<Vec<Lead>>, Error> {
        let Some(rows) = self.records.shown(Shown::LeadsOf, &[person.to_string()]).await? else { return Ok(None) };
        // What cannot be read may be the one that is looked for.
        Ok(rows.into_iter().map(|row| serde_json::from_value(row).ok()).collect())
    }
}

fn persons(rows: Vec<Value>) -> Vec<Person> {
    rows.into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect()
}
