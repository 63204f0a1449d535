use serde_json::{Value, json};

use super::{Attributes, Flow, refusal::is_about_fields};
use crate::{
    Error,
    api::ErrorKind,
    field::{Entity, Field, Kind, Merged, Sent, merge},
    json,
    krayin::{Organization, Person},
    mapper,
    reason::Reason,
    server::Dialect,
    settings::OnDeleted,
    sync::value,
};

impl<'a> Flow<'a> {
    /// The field that names a person's organization.
    fn organization_field(&self) -> Option<&'a Field> {
        self.fields(Entity::Person).find(|field| field.kind == Kind::OrganizationName)
    }

    /// The field, where the settings make again what was deleted, and what it names was in Krayin.
    pub(super) fn organization_to_make_again(&self) -> Option<&'a Field> {
        let makes_again = self.context.settings.on_deleted_in_krayin == OnDeleted::MakeAgain;
        let field = self.organization_field().filter(|_| makes_again)?;
        let was_known = self.stored.ids.get("organization").is_some() && self.stored.sent.contains_key(&*field.key);
        (was_known && self.wanted.value(field).is_some()).then_some(field)
    }

    /// As [`organization_to_make_again`](Self::organization_to_make_again), where the person has lost its organization
    /// because that was deleted, not because someone took it away.
    pub(super) async fn organization_is_gone(
        &self,
        current: &Person,
        due: &[&Field],
    ) -> Result<Option<&'a Field>, Error> {
        let Some(field) = self.organization_to_make_again() else { return Ok(None) };
        let name = self.wanted.value(field).and_then(Value::as_str);
        match name {
            Some(name) if current.organization.is_none() && !due.iter().any(|due| due.key == field.key) => {
                let is_gone = self.context.client.search_organization(name).await?.is_empty();
                Ok(is_gone.then_some(field))
            }
            _ => Ok(None),
        }
    }

    /// Links to the organization that a colleague wrote in another spelling than ours; the server would make a second one.
    /// The documented dialect takes an organization by id only.
    pub(super) async fn link_organization(&mut self, body: &mut Attributes) -> Result<(), Error> {
        let client = self.context.client;
        let Some(name) = body.get("organization_name").and_then(Value::as_str).map(str::to_owned) else {
            return Ok(());
        };
        let written = mapper::company_name(self.contact).unwrap_or_else(|| name.clone());
        let find = || async { Ok::<_, Error>(client.search_organization(&written).await?.into_iter().next()) };
        if client.connection().dialect == Dialect::RestApi {
            if written != name
                && let Some(found) = find().await?
            {
                self.stored.ids.set("organization", found.id);
                body.remove("organization_name");
                body.insert("organization_id".into(), json!(found.id));
            }
            return Ok(());
        }
        body.remove("organization_name");
        let organization = match find().await? {
            Some(found) => found,
            None => match client.create_organization(json!({"name": name})).await {
                // Someone created it since the search, or the search does not find such a name.
                Err(error) if error.kind == ErrorKind::Conflict => match find().await? {
                    Some(found) => found,
                    None => {
                        self.outcome.why.push(Reason::OrganizationNotFound);
                        return Ok(());
                    }
                },
                created => {
                    self.outcome.created.push("organization");
                    created?
                }
            },
        };
        self.stored.ids.set("organization", organization.id);
        body.insert("organization_id".into(), json!(organization.id));
        Ok(())
    }

    /// The organization that an update has left. Krayin answers with the one that was before it, so another one is looked
    /// for where something depends on it now; else the next event reads it with the person.
    pub(super) async fn organization_after(
        &mut self,
        sent: &Attributes,
        shown: Option<Organization>,
    ) -> Result<Option<Organization>, Error> {
        let name = |organization: &Organization| organization.name.as_deref().map(str::to_lowercase);
        let wanted = sent.get("organization_name").and_then(Value::as_str);
        match (wanted, sent.get("organization_id").and_then(Value::as_u64)) {
            (Some(wanted), _) if shown.as_ref().and_then(name) != Some(wanted.to_lowercase()) => {
                let was_gone = shown.is_none() && self.stored.ids.get("organization").is_some();
                self.stored.ids.forget("organization");
                if !was_gone && self.due(Entity::Organization).is_empty() {
                    return Ok(None);
                }
                Ok(self.context.client.search_organization(wanted).await?.into_iter().next())
            }
            (None, Some(id)) if shown.as_ref().is_none_or(|organization| organization.id != id) => Ok(None),
            _ => Ok(shown),
        }
    }

    /// An organization that an earlier version named as Chatwoot has it, in a spelling that blanks Krayin's pages.
    pub(super) async fn mend_organization(&mut self, current: &Person, due: &[&Field]) -> Result<(), Error> {
        let Some(field) = self.organization_field().filter(|field| due.iter().any(|due| due.key == field.key)) else {
            return Ok(());
        };
        let Some(organization) = &current.organization else { return Ok(()) };
        let name = organization.name.as_deref().map(str::trim).unwrap_or_default();
        let harmless = field.place().harmless(name);
        let sent = Sent::of(&self.context.settings.digest_key, self.stored.sent.get(&*field.key));
        if harmless == name || !sent.has(name) {
            return Ok(());
        }
        let body = json!({"name": harmless});
        match self.context.client.update_organization(organization.id, body).await {
            // Another one has that name already, or a colleague has deleted this one.
            Err(error) if is_about_fields(&error) || error.kind == ErrorKind::NotFound => Ok(()),
            written => Ok(written.map(drop)?),
        }
    }

    /// Writes what is due of the contact's company: an organization made by name comes without anything else. One that a
    /// colleague moved the person to is another company.
    pub(super) async fn write_organization(&mut self, organization: Option<&Organization>) -> Result<(), Error> {
        let due = self.due(Entity::Organization);
        let (Some(organization), Some(field)) = (organization, self.organization_field()) else { return Ok(()) };
        let name = json!(organization.name);
        let is_ours = self.wanted.value(field).is_some_and(|wanted| field.kind.same(wanted, &name, field.place()));
        if due.is_empty() || !is_ours {
            return Ok(());
        }
        let record = value(organization);
        let merged = merge(due.iter().copied(), &record, &self.wanted.values, self.sent());
        for field in &merged.theirs {
            self.outcome.why.push(Reason::FieldKept((*field).into()));
        }
        if !merged.written.is_empty() {
            self.put_organization(organization, &record, merged).await?;
        }
        self.note_all_sent(&due);
        self.store().await
    }

    async fn put_organization(
        &mut self,
        organization: &Organization,
        record: &Value,
        merged: Merged<'a>,
    ) -> Result<(), Error> {
        let flags = match self.yes_no(Entity::Organization, organization.id, record, &merged).await? {
            Ok(flags) => flags,
            Err(reason) => {
                self.leave_all_out(merged.written, record, &reason);
                return Ok(());
            }
        };
        self.note_sending(&merged.written).await?;
        let body = json::object(flags.into_iter().chain(merged.body));
        match self.context.client.write_organization(organization, Value::Object(body)).await {
            // A colleague has deleted it since it was read.
            Err(error) if error.kind == ErrorKind::NotFound => self.outcome.why.push(Reason::OrganizationDeleted),
            written => {
                written?;
                self.outcome.updated.push("organization");
            }
        }
        Ok(())
    }
}
