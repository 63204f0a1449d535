//! Organizations that a mapped lookup is told by name: each is looked for once, and again when the name is another.

use serde_json::json;

use super::Flow;
use crate::{
    Error,
    digest::is_uncertain,
    field::{Entity, Field},
    mapper,
    reason::Reason,
};

/// Behind what is kept of a name that no organization had.
const NOBODYS: &str = "-";

/// Where it is kept under which name a field's organization was looked for.
fn told_by(field: &Field) -> String {
    format!("{}:name", field.key)
}

impl<'a> Flow<'a> {
    fn named(&self) -> impl Iterator<Item = (&'a Field, &str)> {
        let fields = Entity::ALL.into_iter().flat_map(|entity| self.fields(entity));
        let waits = |field: &Field| field.entity == Entity::Lead && (self.has_no_lead() || self.lead_is_anothers);
        fields
            .filter(move |field| !waits(field))
            .filter_map(|field| Some((field, self.wanted.organizations.get(&*field.key)?.as_str())))
    }

    fn digest_of_name(&self, name: &str) -> String {
        self.context.settings.digest_key.digest(&name.to_lowercase()).text().to_owned()
    }

    /// Whether the field's organization was looked for under this name, and whether it was found.
    fn looked_up(&self, field: &Field, name: &str) -> Option<bool> {
        let kept = self.stored.sent.get(&told_by(field))?;
        let digest = self.digest_of_name(name);
        let is_there = || self.stored.sent.get(&*field.key).is_some_and(|kept| !is_uncertain(kept));
        let is_found = *kept == digest && (is_there() || self.stored.left_out.contains_key(&*field.key));
        (is_found || kept.strip_suffix(NOBODYS) == Some(digest.as_str())).then_some(is_found)
    }

    /// Whether there is a name that nobody has looked for.
    pub(super) fn is_lookup_due(&self) -> bool {
        self.named().any(|(field, name)| self.looked_up(field, name).is_none())
    }

    /// Finds the organizations that are told by name: before the records are written those that are not the contact's own,
    /// and after that its own, which the server may have made just now. What was missing is looked for again whenever
    /// something else is written. Whether any was found.
    pub(super) async fn look_up(&mut self, own: bool) -> Result<bool, Error> {
        let company = mapper::company_name(self.contact).map(|name| name.to_lowercase());
        let due: Vec<(&Field, String)> = self
            .named()
            .filter(|(field, name)| self.looked_up(field, name) != Some(true))
            .filter(|_| !own || self.stored.ids.get("person").is_some())
            .filter(|(_, name)| (company.as_deref() == Some(name.to_lowercase().as_str())) == own)
            .map(|(field, name)| (field, name.to_owned()))
            .collect();
        let mut is_any = false;
        for (field, name) in due {
            let found = match self.stored.ids.get("organization").filter(|_| own) {
                Some(id) => Some(id),
                None => self.context.client.search_organization(&name).await?.first().map(|found| found.id),
            };
            let mut kept = self.digest_of_name(&name);
            match found {
                Some(id) => self.wanted.set(field, json!(id), &self.context.settings.digest_key),
                None => {
                    kept.push_str(NOBODYS);
                    self.outcome.why.push(Reason::FieldWrong(field.into()));
                }
            }
            is_any |= found.is_some();
            self.stored.sent.insert(told_by(field), kept);
        }
        Ok(is_any)
    }
}
