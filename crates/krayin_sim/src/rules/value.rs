//! How attribute values are saved after the row itself was written: one attribute after the other, each with its note in
//! the timeline. What breaks on the way leaves the row and the values before it.

use serde_json::{Map, Value, json};

use crate::answer::{Failure, Outcome};
use crate::crm::Crm;
use crate::data::input::{is_absent, number, text};
use crate::data::row::beginning;
use crate::model::activity::Subject;
use crate::model::attribute::Attribute;
use crate::model::person::entry_values;
use crate::model::value::{AttributeValue, ValueColumn, Values, kept};
use crate::rules::activity::unparsable_date;

impl Subject {
    /// The name under which attributes know this kind of record.
    pub(crate) fn entity(self) -> &'static str {
        match self {
            Self::Person(_) => "persons",
            Self::Lead(_) => "leads",
        }
    }
}

impl Crm {
    /// Saves the values of those attributes whose field is there, in the order of the attributes. A yes/no attribute is
    /// saved whether its field is there or not: **absent is no**. `left_out` names attributes that are not looked at.
    pub(crate) fn save_values(
        &mut self,
        subject: Subject,
        fields: &Map<String, Value>,
        left_out: &[&str],
        user: u64,
    ) -> Outcome<()> {
        let attributes: Vec<Attribute> = self
            .attributes
            .iter()
            .filter(|attribute| attribute.entity == subject.entity() && !left_out.contains(&attribute.code.as_str()))
            .filter(|attribute| attribute.kind == "boolean" || fields.contains_key(&attribute.code))
            .cloned()
            .collect();
        for attribute in attributes {
            self.save_value(subject, &attribute, fields.get(&attribute.code).unwrap_or(&Value::Null), user)?;
        }
        Ok(())
    }

    /// As [`Crm::save_values`], for the named fields alone: no yes becomes no.
    pub(crate) fn save_only(&mut self, subject: Subject, fields: &Map<String, Value>, user: u64) -> Outcome<()> {
        for (code, value) in fields {
            if let Some(attribute) = self.attribute(subject.entity(), code).cloned() {
                self.save_value(subject, &attribute, value, user)?;
            }
        }
        Ok(())
    }

    fn save_value(&mut self, subject: Subject, attribute: &Attribute, sent: &Value, user: u64) -> Outcome<()> {
        let column = ValueColumn::of(&attribute.kind);
        let written = written(attribute, sent)?;
        let Some(stored) = kept(column, &written) else {
            return Err(Failure::query(format!(
                "Array to string conversion (Connection: mysql, SQL: insert into `attribute_values` (`entity_type`, \
                 `entity_id`, `attribute_id`) values ({}, …, {}, ?))",
                attribute.entity, attribute.id
            )));
        };
        let value = AttributeValue { attribute: attribute.id, column, stored };
        let old = self.values(subject).map_or(Value::Null, |values| values.show(attribute.id));
        // What is noted is what was written, before the database made something of it.
        let new = if column == ValueColumn::Boolean { value.show() } else { written };
        self.put_value(subject, attribute, value);
        if loosely_equal(&old, &new) {
            return Ok(());
        }
        let labels = (self.label(attribute, &old)?, self.label(attribute, &new)?);
        self.log_change(subject, user, &attribute.name, (old, labels.0), (new, labels.1));
        Ok(())
    }

    /// Sends along which yes/no attributes are yes, as Krayin's own pages do.
    pub(crate) fn keep_yes(&self, fields: &mut Map<String, Value>, entity: &str, values: &Values) {
        for attribute in self.custom_attributes(entity).filter(|attribute| attribute.kind == "boolean") {
            fields.entry(attribute.code.clone()).or_insert_with(|| values.show(attribute.id));
        }
    }

    /// Keeps the paths of files that a colleague uploaded.
    pub(crate) fn keep_uploads(&mut self, subject: Subject, fields: &Map<String, Value>) {
        let is_upload = |code: &str| {
            self.attribute(subject.entity(), code).is_some_and(|known| matches!(known.kind.as_str(), "file" | "image"))
        };
        let uploads = fields.iter().filter(|(code, _)| is_upload(code));
        let uploads: Map<String, Value> = uploads.map(|(code, path)| (code.clone(), path.clone())).collect();
        self.put_values(subject, &uploads);
    }

    /// Saves values without a note, as they come.
    pub(crate) fn put_values(&mut self, subject: Subject, fields: &Map<String, Value>) {
        let attributes: Vec<Attribute> =
            self.attributes.iter().filter(|attribute| attribute.entity == subject.entity()).cloned().collect();
        for attribute in attributes {
            let column = ValueColumn::of(&attribute.kind);
            if let Some(stored) = fields.get(&attribute.code).and_then(|value| kept(column, value)) {
                self.put_value(subject, &attribute, AttributeValue { attribute: attribute.id, column, stored });
            }
        }
    }

    fn put_value(&mut self, subject: Subject, attribute: &Attribute, value: AttributeValue) {
        if let (Subject::Person(id), false) = (subject, attribute.custom) {
            self.unguard(id, attribute);
            self.guard(id, attribute, &value.show());
        }
        let values = match subject {
            Subject::Person(id) => self.persons.get_mut(id).map(|person| &mut person.values),
            Subject::Lead(id) => self.leads.get_mut(id).map(|lead| &mut lead.values),
        };
        if let Some(values) = values {
            values.put(value);
        }
    }

    fn values(&self, subject: Subject) -> Option<&Values> {
        match subject {
            Subject::Person(id) => self.persons.get(id).map(|person| &person.values),
            Subject::Lead(id) => self.leads.get(id).map(|lead| &lead.values),
        }
    }

    /// The values of a person that goes, or that was to go: nothing of it is guarded any more.
    pub(crate) fn drop_person_values(&mut self, id: u64) {
        for code in ["emails", "contact_numbers"] {
            if let Some(attribute) = self.attribute("persons", code).cloned() {
                self.unguard(id, &attribute);
            }
        }
        if let Some(person) = self.persons.get_mut(id) {
            person.values.clear();
        }
    }

    fn guard(&mut self, id: u64, attribute: &Attribute, entries: &Value) {
        let Some(index) = self.person_indexes.guards(&attribute.code) else {
            return;
        };
        for value in entry_values(entries) {
            let ids = index.entry(value.into_owned()).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }

    fn unguard(&mut self, id: u64, attribute: &Attribute) {
        let old = self.persons.get(id).map_or(Value::Null, |person| person.values.show(attribute.id));
        let Some(index) = self.person_indexes.guards(&attribute.code) else {
            return;
        };
        for value in entry_values(&old) {
            if let Some(ids) = index.get_mut(value.as_ref()) {
                ids.retain(|other| *other != id);
                if ids.is_empty() {
                    index.remove(value.as_ref());
                }
            }
        }
    }

    /// Whether another record has this value, as the values' table compares it.
    pub(crate) fn value_taken(&self, attribute: &Attribute, wanted: &str, own: Option<u64>) -> bool {
        if !self.checks_uniqueness {
            return false;
        }
        if attribute.entity == "persons" && !attribute.custom {
            let index = match attribute.code.as_str() {
                "emails" => &self.person_indexes.emails,
                "contact_numbers" => &self.person_indexes.numbers,
                _ => return false,
            };
            return index.get(wanted).is_some_and(|persons| persons.iter().any(|person| Some(*person) != own));
        }
        let taken = |values: &Values| {
            values.get(attribute.id).is_some_and(|value| match value.column {
                ValueColumn::Json => entry_values(&value.show()).any(|other| other == wanted),
                _ => value.cell().equals(wanted),
            })
        };
        match attribute.entity.as_str() {
            "persons" => self.persons.iter().any(|person| Some(person.id) != own && taken(&person.values)),
            "leads" => self.leads.iter().any(|lead| Some(lead.id) != own && taken(&lead.values)),
            _ => false,
        }
    }

    /// How the timeline shows a value. Some shapes break here, when the value was written already.
    fn label(&self, attribute: &Attribute, value: &Value) -> Outcome<Value> {
        let named = |id: u64| self.option_name(attribute, id);
        Ok(match attribute.kind.as_str() {
            "price" => match value {
                Value::Null => json!("$0.00"),
                Value::Number(_) | Value::Bool(_) => json!(money(value.as_f64().unwrap_or(1.0))),
                Value::String(text) if is_numeric(text) => json!(money(beginning(text))),
                _ => {
                    return Err(Failure::type_error(
                        "NumberFormatter::formatCurrency(): Argument #1 ($amount) must be of type float, string given",
                    ));
                }
            },
            "boolean" => json!(if is_absent(Some(value)) || value == 0 { "No" } else { "Yes" }),
            "select" | "lookup" => json!(number(value).and_then(named)),
            "multiselect" | "checkbox" => {
                let ids = text(value).unwrap_or_default();
                let names: Vec<String> = ids.split(',').filter_map(|id| named(id.trim().parse().ok()?)).collect();
                json!(names.join(", "))
            }
            "email" | "phone" => entries_label(value)?,
            "address" => match value {
                Value::Array(_) | Value::Object(_) => {
                    let part = |field| value.get(field).and_then(text).filter(|part| !part.is_empty());
                    let parts = ["address", "city", "state", "postcode", "country"].into_iter().filter_map(part);
                    json!(parts.collect::<Vec<_>>().join("<br>"))
                }
                Value::Null => Value::Null,
                _ => {
                    return Err(Failure::type_error(
                        "array_filter(): Argument #1 ($array) must be of type array, string given",
                    ));
                }
            },
            "date" | "datetime" => match text(value).filter(|written| !written.is_empty()) {
                Some(written) if !written.starts_with("0000") => match self.clock.parse_wall_clock(&written) {
                    Some(second) => json!(self.clock.show_date(second)),
                    None => return Err(unparsable_date(&written)),
                },
                _ => Value::Null,
            },
            _ => value.clone(),
        })
    }

    /// The name of what a select or lookup points at: of an option, or of a record.
    fn option_name(&self, attribute: &Attribute, id: u64) -> Option<String> {
        match attribute.lookup.as_deref() {
            None => attribute.options.iter().find(|option| option.id == id).map(|option| option.name.clone()),
            Some("lead_sources") => self.sources.get(id).map(|source| source.name.clone()),
            Some("lead_types") => self.types.get(id).map(|kind| kind.name.clone()),
            Some("lead_pipelines") => self.pipelines.get(id).map(|pipeline| pipeline.name.clone()),
            Some("lead_pipeline_stages") => self.stage(id).map(|(_, stage)| stage.name.clone()),
            Some("users") => self.user(id).map(|user| user.name.clone()),
            Some("organizations") => self.organizations.get(id)?.name.clone(),
            Some("persons") => self.persons.get(id)?.name.clone(),
            Some("leads") => self.leads.get(id).map(|lead| lead.title.clone()),
            Some(_) => None,
        }
    }
}

/// What the code hands to the database: lists of options joined, no file where none was sent.
fn written(attribute: &Attribute, sent: &Value) -> Outcome<Value> {
    match attribute.kind.as_str() {
        "multiselect" | "checkbox" => {
            let ids = match sent {
                Value::Array(ids) => ids.iter().collect(),
                Value::Object(ids) => ids.values().collect(),
                other => {
                    let given = if other.is_null() { "null" } else { "string" };
                    return Err(Failure::type_error(format!(
                        "implode(): Argument #2 ($array) must be of type ?array, {given} given"
                    )));
                }
            };
            let joined: Vec<String> = Vec::<&Value>::into_iter(ids)
                .map(|id| text(id).or(id.is_null().then(String::new)).ok_or(()))
                .collect::<Result<_, ()>>()
                .map_err(|()| Failure::php("Array to string conversion"))?;
            Ok(json!(joined.join(",")))
        }
        "price" | "date" if sent == "" => Ok(Value::Null),
        "image" | "file" => Ok(Value::Null),
        _ => Ok(sent.clone()),
    }
}

/// A list of entries in words: each value with its label.
fn entries_label(entries: &Value) -> Outcome<Value> {
    let list: Vec<&Value> = match entries {
        Value::Array(list) => list.iter().collect(),
        Value::Object(list) => list.values().collect(),
        Value::Null => return Ok(Value::Null),
        _ => return Err(Failure::php("foreach() argument must be of type array|object, string given")),
    };
    let mut labels = Vec::with_capacity(list.len());
    for entry in list {
        let part = |field: &str| match entry.get(field) {
            Some(part) => Ok(text(part).unwrap_or_default()),
            None => Err(Failure::undefined_key(field)),
        };
        labels.push(format!("{} ({})", part("value")?, part("label")?));
    }
    Ok(json!(labels.join(", ")))
}

/// Whether PHP takes a text for a number where it wants one.
fn is_numeric(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) && text.parse::<f64>().is_ok()
}

/// `$1,234.50`.
fn money(amount: f64) -> String {
    #[allow(clippy::cast_possible_truncation, reason = "a conversion of floats stops at the ends")]
    crate::model::lead::price(Some((amount * 10_000.0).round() as i64))
}

/// PHP's `==`: null, blank and zero are the same, and a number equals the text that it is written as.
fn loosely_equal(one: &Value, other: &Value) -> bool {
    let nothing = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(items) => items.is_empty(),
        Value::Object(items) => items.is_empty(),
        Value::Bool(true) => false,
    };
    if one == other || nothing(one) && nothing(other) {
        return true;
    }
    let numeric = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if is_numeric(text) => text.trim().parse().ok(),
        _ => None,
    };
    matches!((numeric(one), numeric(other)), (Some(one), Some(other)) if (one - other).abs() < f64::EPSILON)
}
