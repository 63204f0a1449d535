//! Organizations: `contacts/organizations`.

use serde_json::{Value, json};

use crate::answer::{Answer, Failure, Outcome};
use crate::crm::Crm;
use crate::data::input::Input;
use crate::data::text::{fold, short};
use crate::model::organization::{MODEL, Organization, OrganizationNames};
use crate::query::list::{ListQuery, list};

impl Crm {
    pub(crate) fn organization_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.organizations.iter(), |id| self.organizations.get(id), Organization::show)
    }

    pub(crate) fn organization_get(&self, id: &str) -> Outcome {
        let found = crate::data::input::leading_number(id).and_then(|id| self.organizations.get(id));
        match found {
            Some(organization) => Answer::data(organization.show()),
            None => Err(self.missing_record(MODEL, id)),
        }
    }

    pub(crate) fn organization_create(&mut self, input: &Input) -> Outcome {
        self.check_organization(input, None)?;
        let name = input.text("name");
        let address = input.get("address").cloned();
        let id = self.insert_organization(name.clone(), address, input.id("user_id"))?;
        let Some(stored) = self.organizations.get(id) else {
            return Err(Failure::missing(MODEL, id));
        };
        // The answer shows what was sent; what is stored is cut.
        let mut shown = stored.show();
        shown["name"] = json!(name);
        Answer::data_and_message(shown, "Organization created successfully.")
    }

    pub(crate) fn organization_update(&mut self, id: &str, input: &Input) -> Outcome {
        let key = crate::data::input::leading_number(id).unwrap_or(0);
        self.check_organization(input, Some(key))?;
        let now = self.clock.now();
        let Some(organization) = self.organizations.get_mut(key) else {
            return Err(Failure::missing(MODEL, id));
        };
        if input.has("name") {
            let old = organization.name.take();
            organization.name = Some(short(&input.text("name").unwrap_or_default()).to_owned());
            forget_name(&mut self.organization_names, key, old.as_deref());
            remember_name(&mut self.organization_names, key, organization.name.as_deref());
        }
        if input.has("address") {
            organization.address = input.get("address").cloned();
        }
        if input.has("user_id") {
            organization.user_id = input.id("user_id");
        }
        organization.updated_at = now;
        Answer::data_and_message(organization.show(), "Organization updated successfully.")
    }

    /// The persons of a deleted organization stay, without it.
    pub(crate) fn organization_delete(&mut self, id: &str) -> Outcome {
        let key = crate::data::input::leading_number(id).unwrap_or(0);
        let Some(organization) = self.organizations.remove(key) else {
            if self.server.breaks_on_missing_delete() {
                return Answer::wrapped_message("Organization delete failed.");
            }
            return Err(Failure::missing(MODEL, id));
        };
        forget_name(&mut self.organization_names, key, organization.name.as_deref());
        for person in self.persons.iter_mut() {
            if person.organization_id == Some(key) {
                person.organization_id = None;
            }
        }
        Answer::wrapped_message("Organization deleted successfully.")
    }

    /// Only fields that are there are looked at: no name at all passes.
    fn check_organization(&self, input: &Input, own: Option<u64>) -> Outcome<()> {
        let mut errors = self.check_attributes("organizations", &input.0, "", own);
        let name = input.text("name").filter(|name| !name.trim().is_empty());
        if name.and_then(|name| self.organization_named(&name)).is_some_and(|other| Some(other) != own) {
            errors.push(("name".into(), "The value has already been taken.".into()));
        }
        if errors.is_empty() { Ok(()) } else { Err(Failure::Invalid(errors)) }
    }

    /// The first organization of this name, without regard to case.
    pub(crate) fn organization_named(&self, name: &str) -> Option<u64> {
        self.organization_names.get(fold(name).as_ref())?.first().copied()
    }

    /// The organization of this name, made when there is none.
    pub(crate) fn find_or_create_organization(&mut self, name: &str) -> Outcome<u64> {
        match self.organization_named(name) {
            Some(id) => Ok(id),
            None => self.insert_organization(Some(name.to_owned()), None, None),
        }
    }

    pub(crate) fn insert_organization(
        &mut self,
        name: Option<String>,
        address: Option<Value>,
        user_id: Option<u64>,
    ) -> Outcome<u64> {
        if user_id.is_some_and(|user| self.user(user).is_none()) {
            return Err(Failure::foreign_key("organizations", "user_id", "users"));
        }
        let now = self.clock.now();
        let id = self.organizations.reserve();
        let name = Some(short(&name.unwrap_or_default()).to_owned());
        remember_name(&mut self.organization_names, id, name.as_deref());
        self.organizations.put(id, Organization { id, name, address, user_id, created_at: now, updated_at: now });
        Ok(id)
    }

    pub(crate) fn organization_records(&self) -> Vec<Value> {
        self.organizations.iter().map(Organization::show).collect()
    }

    /// GET of a record that is not there: the official package reads a property of nothing.
    pub(crate) fn missing_record(&self, model: &'static str, id: &str) -> Failure {
        if self.server.missing_record_is_404() {
            Failure::missing(model, id)
        } else {
            Failure::php("Attempt to read property \"id\" on null")
        }
    }
}

fn remember_name(names: &mut OrganizationNames, id: u64, name: Option<&str>) {
    if let Some(name) = name {
        names.entry(fold(name).into_owned()).or_default().push(id);
    }
}

fn forget_name(names: &mut OrganizationNames, id: u64, name: Option<&str>) {
    if let Some(ids) = name.and_then(|name| names.get_mut(fold(name).as_ref())) {
        ids.retain(|other| *other != id);
    }
}
