//! Attributes: which fields an entity has, which of them are required and unique: `settings/attributes`. An
//! administrator may add some and change the others.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Errors, Failure, Outcome};
use crate::crm::Crm;
use crate::data::input::{Input, is_absent, leading_number, text};
use crate::model::attribute::{Attribute, AttributeOption};
use crate::query::list::{ListQuery, list_unfiltered};
use crate::query::search::Search;

const MODEL: &str = "Webkul\\Attribute\\Models\\Attribute";

impl Crm {
    /// Every filter is ignored, `entity_type` too: all attributes of all entities.
    pub(crate) fn attribute_list(&self, query: &ListQuery<'_>) -> Outcome {
        list_unfiltered(query, self.attributes.iter(), Attribute::show)
    }

    pub(crate) fn attribute_create(&mut self, input: &Input) -> Outcome {
        let mut errors: Errors = Vec::new();
        for field in ["code", "name", "type"] {
            if is_absent(input.0.get(field)) {
                errors.push((field.into(), format!("The {field} field is required.")));
            }
        }
        let field = |name: &str| input.text(name).unwrap_or_default();
        let (code, entity) = (field("code"), field("entity_type"));
        if self.attribute(&entity, &code).is_some() {
            errors.push(("code".into(), "The code has already been taken.".into()));
        }
        if !errors.is_empty() {
            return Err(Failure::Invalid(errors));
        }
        let flag = |name: &str| !crate::data::input::is_empty(input.0.get(name));
        let attribute = Attribute {
            id: self.attributes.iter().map(|attribute| attribute.id).max().unwrap_or(0) + 1,
            code,
            name: field("name"),
            kind: field("type"),
            lookup: input.text("lookup_type"),
            entity,
            sort_order: input.id("sort_order"),
            validation: input.text("validation"),
            required: flag("is_required"),
            unique: flag("is_unique"),
            custom: true,
            options: self.new_options(input),
            created_at: self.clock.now(),
        };
        let mut shown = attribute.show();
        // The answer shows the model as it was made, before the database filled its defaults in.
        shown["is_user_defined"] = Value::Null;
        self.attributes.push(attribute);
        Answer::data_and_message(shown, "Attribute created successfully.")
    }

    pub(crate) fn attribute_get(&self, id: &str) -> Outcome {
        match self.find_attribute(id) {
            Some(attribute) => Answer::data(attribute.show()),
            None => Err(self.missing_record(MODEL, id)),
        }
    }

    /// What an administrator changes of an attribute: its name, and whether it is required and unique.
    pub(crate) fn attribute_update(&mut self, id: &str, input: &Input) -> Outcome {
        let errors: Errors = ["name", "type"]
            .into_iter()
            .filter(|field| is_absent(input.0.get(*field)))
            .map(|field| (field.to_owned(), format!("The {field} field is required.")))
            .collect();
        if !errors.is_empty() {
            return Err(Failure::Invalid(errors));
        }
        let Some(key) = self.find_attribute(id).map(|attribute| attribute.id) else {
            return Err(Failure::missing(MODEL, id));
        };
        let Some(attribute) = self.attributes.iter_mut().find(|attribute| attribute.id == key) else {
            return Err(Failure::missing(MODEL, id));
        };
        attribute.name = input.text("name").unwrap_or_default();
        for (field, flag) in [("is_required", &mut attribute.required), ("is_unique", &mut attribute.unique)] {
            if input.has(field) {
                *flag = !crate::data::input::is_empty(input.0.get(field));
            }
        }
        Answer::data_and_message(attribute.show(), "Attribute updated successfully.")
    }

    /// An attribute takes its values along. Krayin's own cannot go.
    pub(crate) fn attribute_delete(&mut self, id: &str) -> Outcome {
        let Some(attribute) = self.find_attribute(id) else {
            return Err(Failure::missing(MODEL, id));
        };
        if !attribute.custom {
            return Answer::failed(400, "System attributes cannot be deleted.");
        }
        let key = attribute.id;
        self.attributes.retain(|attribute| attribute.id != key);
        self.persons.iter_mut().for_each(|person| person.values.remove(key));
        self.leads.iter_mut().for_each(|lead| lead.values.remove(key));
        Answer::wrapped_message("Attribute deleted successfully.")
    }

    fn find_attribute(&self, id: &str) -> Option<&Attribute> {
        let id = leading_number(id)?;
        self.attributes.iter().find(|attribute| attribute.id == id)
    }

    /// The options of a new attribute, for the types that have some, with ids that no other has.
    fn new_options(&self, input: &Input) -> Vec<AttributeOption> {
        let kind = input.text("type").unwrap_or_default();
        if !["select", "multiselect", "checkbox"].contains(&kind.as_str()) {
            return Vec::new();
        }
        let sent: Vec<&Value> = match input.get("options") {
            Some(Value::Array(options)) => options.iter().collect(),
            Some(Value::Object(options)) => options.values().collect(),
            _ => Vec::new(),
        };
        let used = self.attributes.iter().flat_map(|attribute| &attribute.options).map(|option| option.id).max();
        (used.unwrap_or(0) + 1..)
            .zip(1..)
            .zip(sent)
            .map(|((id, at), option)| AttributeOption {
                id,
                name: option.get("name").and_then(text).unwrap_or_default(),
                sort_order: option.get("sort_order").and_then(crate::data::input::number).unwrap_or(at),
            })
            .collect()
    }

    /// `settings/attributes/lookup/{entity}?query=`: names that contain the query, in the form of attributes.
    pub(crate) fn attribute_lookup(&self, entity: &str, pairs: &[(String, String)]) -> Outcome {
        let wanted = pairs.iter().rev().find(|(field, _)| field == "query").map_or("", |(_, value)| value.as_str());
        let search = |fields: &'static str| {
            let query = [
                ("search".to_owned(), format!("{fields}:{wanted}")),
                ("searchFields".to_owned(), format!("{fields}:like")),
            ];
            Search::parse(&query, &[], false)
        };
        let mut names: Vec<(u64, Cow<'_, str>)> = match entity {
            "organizations" => {
                let pattern = wanted.to_lowercase();
                self.organizations
                    .iter()
                    .filter_map(|row| Some((row.id, Cow::Borrowed(row.name.as_deref()?))))
                    .filter(|(_, name)| name.to_lowercase().contains(&pattern))
                    .collect()
            }
            "persons" => search("name")?
                .run(self.persons.iter(), self)?
                .into_iter()
                .map(|row| (row.id, Cow::Owned(row.name.clone().unwrap_or_default())))
                .collect(),
            "leads" => search("title")?
                .run(self.leads.iter(), self)?
                .into_iter()
                .map(|row| (row.id, Cow::Owned(row.title.clone())))
                .collect(),
            "users" => self
                .users
                .iter()
                .filter(|user| user.name.to_lowercase().contains(&wanted.to_lowercase()))
                .map(|user| (user.id, Cow::Borrowed(user.name.as_str())))
                .collect(),
            _ => return Err(Failure::undefined_key(entity)),
        };
        names.sort_by_cached_key(|(_, name)| name.to_lowercase());
        let rows = names.into_iter().map(|(id, name)| {
            let mut row: Map<String, Value> = [
                "code",
                "type",
                "lookup_type",
                "entity_type",
                "sort_order",
                "validation",
                "is_required",
                "is_unique",
                "quick_add",
                "is_user_defined",
                "options",
                "created_at",
                "updated_at",
            ]
            .into_iter()
            .map(|key| (key.to_owned(), Value::Null))
            .collect();
            row.insert("id".into(), json!(id));
            row.insert("name".into(), json!(name));
            Value::Object(row)
        });
        Answer::data(rows.collect())
    }

    pub(crate) fn attribute(&self, entity: &str, code: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.entity == entity && attribute.code == code)
    }

    /// The attributes that an administrator added to an entity.
    pub(crate) fn custom_attributes(&self, entity: &str) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(move |attribute| attribute.custom && attribute.entity == entity)
    }

    /// Checks the fields that are there against an entity's attributes, in the order of the index by code. A field that
    /// is absent is not looked at, required or not, unless the body is a list: the database is then asked for the codes
    /// that equal 0, every word does, and no index helps. `prefix` goes before the field's name in the errors.
    pub(crate) fn check_attributes(
        &self,
        entity: &str,
        fields: &Map<String, Value>,
        prefix: &str,
        own: Option<u64>,
    ) -> Errors {
        let mut errors = Vec::new();
        let absent = fields.contains_key("0").then_some(&Value::Null);
        let mut attributes: Vec<&Attribute> =
            self.attributes.iter().filter(|attribute| attribute.entity == entity).collect();
        if absent.is_none() {
            attributes.sort_by(|one, other| one.code.cmp(&other.code));
        }
        for attribute in attributes {
            let Some(value) = fields.get(&attribute.code).or(absent) else {
                continue;
            };
            let field = format!("{prefix}{}", attribute.code);
            if attribute.required && is_absent(Some(value)) {
                errors.push((field.clone(), format!("The {} field is required.", field.replace('_', " "))));
                continue;
            }
            match attribute.kind.as_str() {
                "email" | "phone" => self.check_entries(attribute, value, &field, own, &mut errors),
                "price" if !is_absent(Some(value)) && !text(value).is_some_and(|value| is_decimal(&value)) => {
                    errors.push((field.clone(), format!("The {field} must be a decimal.")));
                }
                _ if attribute.custom && attribute.unique && self.is_taken(attribute, value, own) => {
                    errors.push((field, TAKEN.into()));
                }
                _ => {}
            }
        }
        errors
    }

    fn is_taken(&self, attribute: &Attribute, value: &Value, own: Option<u64>) -> bool {
        let value = text(value).filter(|value| !value.trim().is_empty());
        value.is_some_and(|value| self.value_taken(attribute, &value, own))
    }

    /// E-mails and numbers are lists of `{value, label}`.
    fn check_entries(&self, attribute: &Attribute, value: &Value, field: &str, own: Option<u64>, errors: &mut Errors) {
        let is_email = attribute.kind == "email";
        for (at, entry) in value.as_array().into_iter().flatten().enumerate() {
            let name = format!("{field}.{at}.value");
            let entered = entry.get("value");
            if is_absent(entered) {
                // A number may be blank, an e-mail may not.
                if is_email {
                    errors.push((name.clone(), format!("The {name} field is required.")));
                }
            } else {
                let entered = entered.and_then(text).unwrap_or_default();
                if is_email && !is_email_address(&entered) {
                    errors.push((name.clone(), format!("The {name} must be a valid email address.")));
                }
                if attribute.unique && self.value_taken(attribute, &entered, own) {
                    errors.push((name, TAKEN.into()));
                }
            }
            // Only e-mails are asked for their label. A number without one passes here and breaks later.
            if is_email && is_absent(entry.get("label")) {
                let name = format!("{field}.{at}.label");
                let message = format!("The {name} field is required.");
                errors.push((name, message));
            }
        }
    }
}

const TAKEN: &str = "The value has already been taken.";

/// `^\d*(\.\d{1,4})?$`
fn is_decimal(value: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match value.split_once('.') {
        None => digits(value),
        Some((whole, part)) => digits(whole) && digits(part) && (1..=4).contains(&part.len()),
    }
}

/// Close to what the mail validator accepts: one `@`, something without spaces on both sides, no stray dots.
fn is_email_address(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return false;
    };
    let dotted = |part: &str| !part.is_empty() && part.split('.').all(|piece| !piece.is_empty());
    let plain = |character: char| {
        !character.is_whitespace() && !character.is_control() && !"@()<>,;:\\\"[]".contains(character)
    };
    dotted(local) && dotted(domain) && local.chars().all(plain) && domain.chars().all(plain) && local.len() <= 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_no_sign_no_separator_and_four_places() {
        for good in ["0", "7", "1234.5678", ".5", ""] {
            assert!(is_decimal(good), "{good}");
        }
        for bad in ["-5", "1,000", "1234.56789", "1.", "1e3", "abc"] {
            assert!(!is_decimal(bad), "{bad}");
        }
    }

    #[test]
    fn addresses_are_checked() {
        for good in ["a@b", "wa-1@chatwoot.invalid", "Jane.Doe+x@Example.com", "o'hara@x.org"] {
            assert!(is_email_address(good), "{good}");
        }
        for bad in ["nope", "a@", "@b", "a b@c", "a..b@c", "a@b..c", "a@b,c"] {
            assert!(!is_email_address(bad), "{bad}");
        }
    }
}
