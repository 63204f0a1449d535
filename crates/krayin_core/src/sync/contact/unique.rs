//! The person whom a value of an attribute tells that Krayin lets nobody else have: a customer's number, an id of a shop's.

use serde_json::Value;

use super::Flow;
use crate::{
    Error,
    api::{ApiError, ErrorKind},
    field::{Entity, Field, Kind},
    krayin::Person,
    mapper::full_name,
    records::Decision,
    sync::{Doubt, FoundPerson, names},
};

impl Flow<'_> {
    /// After a create that was refused since somebody has the value of a mapped attribute, and neither address nor number has
    /// told who: the one who has it. Only values count that no visitor can have written. It is nobody where it cannot be told
    /// who has it, or a person has said that it is another.
    ///
    /// # Errors
    /// [`Error::Doubtful`] where it is called otherwise or is another contact's, and as every call.
    pub(super) async fn by_unique_value(&mut self, error: &ApiError) -> Result<Option<FoundPerson>, Error> {
        if error.kind != ErrorKind::Conflict {
            return Ok(None);
        }
        let telling = |field: &&Field| {
            field.kind == Kind::Line && error.names(field) && self.may_send(field) && field.is_colleagues(self.contact)
        };
        let Some(field) = self.fields(Entity::Person).find(telling) else { return Ok(None) };
        let Some(Value::String(value)) = self.wanted.value(field) else { return Ok(None) };
        let hits = self.context.client.search_by_attribute(value).await?;
        let Some(person) = holder(hits, field, value) else { return Ok(None) };
        if matches!(&self.stored.decision, Some(Decision::Another(others)) if others.contains(&person.id)) {
            return Ok(None);
        }
        let name = full_name(self.contact);
        let names = name.as_deref().zip(person.name.as_deref());
        if names.is_some_and(|(ours, theirs)| names::are_anothers(ours, theirs))
            || !self.others_of(&person).await?.is_empty()
        {
            let doubt = Doubt { contact: self.contact.id, persons: vec![person.id], has_changed_hands: false };
            return Err(self.leave_doubtful(doubt).await);
        }
        let numbers = self.fields(Entity::Person).find(|field| field.attribute == "contact_numbers");
        let phone_is_anothers = numbers.is_some_and(|numbers| self.is_left_out(numbers));
        Ok(Some(FoundPerson { phone_is_anothers, ..FoundPerson::alone(person) }))
    }
}

/// Who of them has the value in this attribute, where that can be no other: the server has said that somebody has it.
fn holder(mut hits: Vec<Person>, field: &Field, value: &str) -> Option<Person> {
    let is = |text: &Value| text.as_str().is_some_and(|text| text.trim().to_lowercase() == value.to_lowercase());
    let may_have = |person: &Person| person.rest.get(&*field.attribute).is_none_or(is);
    hits.retain(may_have);
    if hits.len() > 1 {
        // The search looks at names and job titles too.
        let is_called_so = |person: &Person| person.name.as_deref().is_some_and(|name| is(&name.into()));
        let is_elsewhere = |person: &Person| {
            is_called_so(person) || person.rest.iter().any(|(key, text)| *key != *field.attribute && is(text))
        };
        hits.retain(|person| !is_elsewhere(person));
    }
    let only = hits.len() == 1;
    hits.pop().filter(|_| only)
}
