//! What a mapped attribute has in Krayin, where the server's answers leave it out: the record's timeline notes each change, whoever
//! made it.

use serde_json::Value;

use super::Flow;
use crate::{
    Error,
    field::{Entity, Field, Sent},
    language::Language,
    server::Dialect,
};

impl Flow<'_> {
    /// The record with what its timeline says was last written to those of the fields that it does not show. One request,
    /// where there are any. An organization has no timeline.
    pub(super) async fn told(
        &self,
        entity: Entity,
        id: u64,
        record: &Value,
        fields: &[&Field],
    ) -> Result<Value, Error> {
        let mut told = record.clone();
        let client = self.context.client;
        let is_untold =
            |field: &Field| field.is_mapped() && field.read(record).is_none() && self.wanted.value(field).is_some();
        let has_timeline = entity != Entity::Organization && client.connection().dialect == Dialect::RestApi;
        if !has_timeline || !fields.iter().any(|field| is_untold(field)) {
            return Ok(told);
        }
        let changes = client.changes(entity, id).await?;
        for field in fields.iter().filter(|field| is_untold(field)) {
            let name = field.label.in_language(Language::En);
            // Several attributes may have one name, and the timeline tells it alone.
            let is_anothers = |value: &Value| {
                self.fields(entity).any(|other| {
                    let sent = Sent::of(&self.context.settings.digest_key, self.stored.sent.get(&*other.key));
                    let texts = other.kind.canonical(value, other.place());
                    let is_namesake =
                        other.is_mapped() && other.key != field.key && other.label.in_language(Language::En) == name;
                    is_namesake && !texts.is_empty() && texts.iter().all(|text| sent.has(text))
                })
            };
            let mut anothers = Vec::new();
            let last = changes
                .iter()
                .filter(|change| change.get("attribute").and_then(Value::as_str) == Some(name))
                .find_map(|change| {
                    let new = change.pointer("/new/value")?;
                    if is_anothers(new) || anothers.contains(&Some(new)) {
                        // What that was before is not this one's either.
                        anothers.push(change.pointer("/old/value"));
                        return None;
                    }
                    Some(new.clone())
                });
            if let (Some(value), Some(record)) = (last, told.as_object_mut()) {
                record.insert(field.attribute.clone().into_owned(), value);
            }
        }
        Ok(told)
    }
}
