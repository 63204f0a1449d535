//! Persons: `contacts/persons`.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Failure, Outcome, Written};
use crate::crm::Crm;
use crate::data::clock::iso;
use crate::data::input::{Input, as_list, is_empty, leading_number, text};
use crate::data::row::Searched;
use crate::data::text::{fold, short, stored_json};
use crate::model::activity::Subject;
use crate::model::person::{MODEL, Person, Prepared};
use crate::model::value::Values;
use crate::query::list::{ListQuery, list};
use crate::query::search::Search;
use crate::rules::trigger::Event;

impl Crm {
    pub(crate) fn show_person(&self, person: &Person) -> Value {
        let mut shown = Map::new();
        let mut put = |field: &str, value: Value| {
            shown.insert(field.to_owned(), value);
        };
        if self.server.shows_custom_attributes() {
            for attribute in self.custom_attributes("persons") {
                put(&attribute.code, person.values.show(attribute.id));
            }
        }
        put("id", json!(person.id));
        put("name", json!(person.name));
        put("emails", person.emails_json());
        put("contact_numbers", person.numbers_json());
        // Neither key is there when it is unset.
        if let Some(organization) = person.organization_id.and_then(|id| self.organizations.get(id)) {
            put("organization", organization.show());
        }
        put("job_title", json!(person.job_title));
        if let Some(owner) = person.user_id.and_then(|id| self.user(id)) {
            put("sales_owner", owner.show());
        }
        put("created_at", json!(iso(person.created_at)));
        put("updated_at", json!(iso(person.updated_at)));
        Value::Object(shown)
    }

    pub(crate) fn person_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.persons.iter(), |id| self.persons.get(id), |person| self.show_person(person))
    }

    pub(crate) fn person_search(&self, pairs: &[(String, String)], user: u64) -> Outcome {
        self.check_view_permission(user)?;
        let search = Search::parse(pairs, Person::FIELDS, self.server.blank_becomes_null())?;
        let found = match search.of_contacts("") {
            Some(matches) => {
                let ids = self.person_indexes.contacts.scan(matches);
                ids.filter_map(|id| self.persons.get(id)).take(search.limit()).collect()
            }
            None => search.run(self.persons.iter(), self)?,
        };
        Answer::data(found.into_iter().map(|person| self.show_person(person)).collect())
    }

    /// The persons whose e-mails and numbers match.
    pub(crate) fn persons_with_contacts(&self, matches: impl Fn(&str, &str) -> bool) -> HashSet<u64> {
        self.person_indexes.contacts.scan(matches).collect()
    }

    pub(crate) fn person_get(&self, id: &str) -> Outcome {
        match leading_number(id).and_then(|id| self.persons.get(id)) {
            Some(person) => Answer::data(self.show_person(person)),
            None => Err(self.missing_record(MODEL, id)),
        }
    }

    pub(crate) fn person_activities(&self, id: &str) -> Outcome {
        // Of one that is not there too: only the links are asked for.
        let person = leading_number(id).and_then(|id| self.persons.get(id));
        self.linked_activities(person.map_or(&[], |person| &person.activities))
    }

    pub(crate) fn person_create(&mut self, input: &Input, user: u64) -> Outcome {
        let errors = self.check_attributes("persons", &input.0, "", None);
        if !errors.is_empty() {
            return Err(Failure::Invalid(errors));
        }
        let numbers = self.sanitize_numbers(&input.0, false)?;
        let id = self.insert_person(&input.0, numbers, user)?;
        self.fire(Event::PersonCreated(id))?;
        self.answer_person(id, &input.0, None)
    }

    /// The answer to a write shows the texts as they were sent, though what is stored is cut. Organization and custom
    /// attributes of an update were read before it, and are shown as they were.
    fn answer_person(&self, id: u64, fields: &Map<String, Value>, before: Option<&Person>) -> Outcome {
        let Some(person) = self.persons.get(id) else {
            return Err(Failure::missing(MODEL, id));
        };
        let mut seen = person.clone();
        if let Some(before) = before {
            seen.organization_id = before.organization_id;
            seen.values = before.values.clone();
        }
        let mut shown = self.show_person(&seen);
        for field in ["name", "job_title"] {
            match fields.get(field) {
                Some(sent) => shown[field] = json!(text(sent)),
                None if before.is_none() => shown[field] = Value::Null,
                None => {}
            }
        }
        let written = if before.is_some() { Written::Updated } else { Written::Created };
        Answer::data_and_message(shown, &written.message("Person"))
    }

    /// `person` inside a lead: an id links and changes nothing, everything else makes a new person. No event is fired.
    pub(crate) fn nested_person(&mut self, fields: &Map<String, Value>, user: u64) -> Outcome<u64> {
        if !is_empty(fields.get("id")) {
            let id = fields.get("id").and_then(crate::data::input::number).unwrap_or(0);
            return match self.persons.get(id) {
                Some(_) => Ok(id),
                None => Err(Failure::missing(MODEL, id)),
            };
        }
        let numbers = self.sanitize_numbers(fields, true)?;
        self.insert_person(fields, numbers, user)
    }

    /// The numbers of a request, without those whose value is null. `contact_numbers[0]` is then read unasked, so a
    /// request without a number breaks; only a nested person may leave the key out. The lenient package also drops what
    /// is no entry.
    fn sanitize_numbers(&self, fields: &Map<String, Value>, nested: bool) -> Outcome<Option<Value>> {
        let lenient = !nested && !self.server.needs_contact_numbers();
        let entries: Vec<(String, &Value)> = match fields.get("contact_numbers") {
            None if nested || lenient => return Ok(None),
            None => return Err(Failure::undefined_key("contact_numbers")),
            Some(Value::Null) if nested => return Ok(None),
            Some(Value::Array(entries)) => (0..).zip(entries).map(|(at, entry)| (at.to_string(), entry)).collect(),
            Some(Value::Object(entries)) => entries.iter().map(|(key, entry)| (key.clone(), entry)).collect(),
            Some(Value::Null) => Vec::new(),
            Some(_) => return Err(Failure::type_error("Cannot access offset of type string on string")),
        };
        let mut kept = Map::new();
        for (key, entry) in entries {
            match entry.as_object().map(|entry| entry.get("value")) {
                Some(Some(value)) if !value.is_null() => {
                    kept.insert(key, entry.clone());
                }
                Some(Some(_)) => {}
                _ if lenient => {}
                Some(None) => return Err(Failure::undefined_key("value")),
                None => return Err(Failure::type_error("Cannot access offset of type string on string")),
            }
        }
        // The keys of the list stay, so a first entry without a value leaves no entry 0.
        if kept.contains_key("0") || lenient && !kept.is_empty() {
            Ok(Some(as_list(Value::Object(kept))))
        } else if lenient {
            Ok(None)
        } else {
            Err(Failure::php("Undefined array key 0"))
        }
    }

    fn prepare(&self, fields: &Map<String, Value>, numbers: Option<Value>) -> Prepared {
        let part = |value: Option<&Value>| value.filter(|value| !is_empty(Some(value))).and_then(text);
        let email = fields.get("emails").and_then(|emails| emails.get(0)?.get("value"));
        let parts: Vec<String> = [part(fields.get("user_id")), part(fields.get("organization_id")), part(email)]
            .into_iter()
            .flatten()
            .collect();
        let mut unique_id = parts.join("|");
        if let Some(numbers) = &numbers {
            unique_id.push('|');
            let first = numbers.get(0).or_else(|| numbers.get("0"));
            let first = first.and_then(|number| number.get("value")).and_then(text);
            unique_id.push_str(&first.unwrap_or_default());
        }
        Prepared { numbers, unique_id }
    }

    fn insert_person(&mut self, fields: &Map<String, Value>, numbers: Option<Value>, user: u64) -> Outcome<u64> {
        let Prepared { numbers, unique_id } = self.prepare(fields, numbers);
        let mut organization_id = id_field(fields, "organization_id");
        if !is_empty(fields.get("organization_name")) {
            let name = fields.get("organization_name").and_then(text).unwrap_or_default();
            organization_id = Some(self.find_or_create_organization(&name)?);
        }
        // The column takes only JSON: without e-mails the insert is refused, and no id is used up.
        let Some(emails) = fields.get("emails").filter(|emails| !emails.is_null()) else {
            return Err(Failure::query(
                "SQLSTATE[23000]: Integrity constraint violation: 4025 CONSTRAINT `persons.emails` failed for \
                 `krayin`.`persons`",
            ));
        };
        let id = self.persons.reserve();
        let user_id = id_field(fields, "user_id");
        self.check_unique_id(&unique_id, id)?;
        self.check_person_references(user_id, organization_id)?;
        let now = self.clock.now();
        let person = Person {
            id,
            name: Some(cut(fields.get("name")).unwrap_or_default()),
            emails: stored_json(emails),
            numbers: numbers.as_ref().map(stored_json),
            job_title: cut(fields.get("job_title")),
            user_id,
            organization_id,
            values: Values::default(),
            tags: Vec::new(),
            activities: Vec::new(),
            unique_id: Some(unique_id),
            created_at: now,
            updated_at: now,
        };
        let saved = saved_fields(fields, numbers, &person);
        self.index_person(&person);
        self.persons.put(id, person);
        self.log_created(Subject::Person(id), user);
        self.save_values(Subject::Person(id), &saved, &[], user)?;
        Ok(id)
    }

    pub(crate) fn person_update(&mut self, id: &str, input: &Input, user: u64) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        let fields = &input.0;
        let errors = self.check_attributes("persons", fields, "", Some(key));
        if !errors.is_empty() {
            return Err(Failure::Invalid(errors));
        }
        let numbers = self.sanitize_numbers(fields, false)?;
        let Prepared { numbers, unique_id } = self.prepare(fields, numbers);
        let Some(old) = self.persons.get(key).cloned() else {
            return Err(Failure::missing(MODEL, id));
        };
        let mut person = old.clone();
        // Who is not named as owner is owner no longer.
        person.user_id = id_field(fields, "user_id");
        if fields.contains_key("organization_id") {
            person.organization_id = id_field(fields, "organization_id");
        }
        if !is_empty(fields.get("organization_name")) {
            let name = fields.get("organization_name").and_then(text).unwrap_or_default();
            person.organization_id = Some(self.find_or_create_organization(&name)?);
        }
        let writes = |field| input.writes_text(field, self.server.null_keeps_text());
        if writes("name") {
            person.name = Some(cut(fields.get("name")).unwrap_or_default());
        }
        if let Some(emails) = fields.get("emails").filter(|emails| !emails.is_null()) {
            person.emails = stored_json(emails);
        }
        if let Some(numbers) = &numbers {
            person.numbers = Some(stored_json(numbers));
        }
        if writes("job_title") {
            person.job_title = cut(fields.get("job_title"));
        }
        person.unique_id = Some(unique_id);
        let mut saved = saved_fields(fields, numbers, &person);
        saved.insert("user_id".into(), json!(person.user_id));
        if !writes("job_title") {
            saved.remove("job_title");
        }
        self.replace_person(person, &old, &saved, user)?;
        self.answer_person(key, fields, Some(&old))
    }

    /// Puts a changed person in the place of the old one.
    fn replace_person(
        &mut self,
        mut person: Person,
        old: &Person,
        saved: &Map<String, Value>,
        user: u64,
    ) -> Outcome<()> {
        let key = person.id;
        self.check_unique_id(person.unique_id.as_deref().unwrap_or_default(), key)?;
        self.check_person_references(person.user_id, person.organization_id)?;
        person.updated_at = self.clock.now();
        self.forget_person(old);
        self.index_person(&person);
        self.persons.put(key, person);
        self.save_values(Subject::Person(key), saved, &[], user)?;
        self.fire(Event::PersonUpdated(key))
    }

    /// Writes the fields that are there and leaves all others as they are, as a colleague does.
    pub(crate) fn edit_person(&mut self, id: u64, fields: &Map<String, Value>, user: u64) -> Outcome<()> {
        let errors = self.check_attributes("persons", fields, "", Some(id));
        if !errors.is_empty() {
            return Err(Failure::Invalid(errors));
        }
        let Some(old) = self.persons.get(id).cloned() else {
            return Err(Failure::missing(MODEL, id));
        };
        let mut person = old.clone();
        if fields.contains_key("name") {
            person.name = Some(cut(fields.get("name")).unwrap_or_default());
        }
        if fields.contains_key("job_title") {
            person.job_title = cut(fields.get("job_title"));
        }
        if fields.contains_key("user_id") {
            person.user_id = id_field(fields, "user_id");
        }
        if fields.contains_key("organization_id") {
            person.organization_id = id_field(fields, "organization_id");
        }
        if !is_empty(fields.get("organization_name")) {
            let name = fields.get("organization_name").and_then(text).unwrap_or_default();
            person.organization_id = Some(self.find_or_create_organization(&name)?);
        }
        if let Some(emails) = fields.get("emails") {
            person.emails = stored_json(emails);
        }
        if let Some(numbers) = fields.get("contact_numbers") {
            person.numbers = Some(stored_json(numbers));
        }
        let columns = json!({
            "user_id": person.user_id, "organization_id": person.organization_id, "emails": person.emails_json(),
        });
        let numbers = Some(person.numbers_json()).filter(|numbers| !numbers.is_null());
        person.unique_id = columns.as_object().map(|columns| self.prepare(columns, numbers).unique_id);
        let mut saved = saved_fields(fields, fields.get("contact_numbers").cloned(), &person);
        self.keep_yes(&mut saved, "persons", &old.values);
        self.replace_person(person, &old, &saved, user)?;
        self.keep_uploads(Subject::Person(id), fields);
        Ok(())
    }

    /// A person with leads cannot be deleted: the leads point at it. By then its activities and all its attribute values
    /// are gone.
    pub(crate) fn person_delete(&mut self, id: &str) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        if self.persons.get(key).is_none() {
            if self.server.breaks_on_missing_delete() {
                return Err(Failure::Broken {
                    exception: "Error",
                    message: "__clone method called on non-object".into(),
                });
            }
            return Err(Failure::missing(MODEL, id));
        }
        self.fire(Event::PersonDeleting(key))?;
        self.delete_activities(Subject::Person(key));
        self.drop_person_values(key);
        if self.leads.iter().any(|lead| lead.person_id == Some(key)) {
            // The official package says the words of success, with the status of failure.
            let message = if self.server.wraps_delete_message() {
                "Person delete failed."
            } else {
                "Person deleted successfully."
            };
            return Answer::failed(500, message);
        }
        if let Some(person) = self.persons.remove(key) {
            self.forget_person(&person);
        }
        Answer::deleted(self.server, "Person deleted successfully.")
    }

    /// The unique index ignores case, so a twin in another case is refused here where the validation let it through.
    fn check_unique_id(&self, unique_id: &str, own: u64) -> Outcome<()> {
        match self.person_indexes.unique_ids.get(fold(unique_id).as_ref()) {
            Some(other) if *other != own => Err(Failure::Broken {
                exception: "Illuminate\\Database\\UniqueConstraintViolationException",
                message: format!(
                    "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry '{unique_id}' for key \
                     'persons_unique_id_unique'"
                ),
            }),
            _ => Ok(()),
        }
    }

    fn check_person_references(&self, user_id: Option<u64>, organization_id: Option<u64>) -> Outcome<()> {
        if user_id.is_some_and(|id| self.user(id).is_none()) {
            return Err(Failure::foreign_key("persons", "user_id", "users"));
        }
        if organization_id.is_some_and(|id| self.organizations.get(id).is_none()) {
            return Err(Failure::foreign_key("persons", "organization_id", "organizations"));
        }
        Ok(())
    }

    fn index_person(&mut self, person: &Person) {
        self.person_indexes.contacts.put(person.id, &person.emails, person.numbers.as_deref());
        if let Some(unique_id) = &person.unique_id {
            self.person_indexes.unique_ids.insert(fold(unique_id).into_owned(), person.id);
        }
    }

    fn forget_person(&mut self, person: &Person) {
        self.person_indexes.contacts.remove(person.id);
        if let Some(unique_id) = &person.unique_id {
            self.person_indexes.unique_ids.remove(fold(unique_id).as_ref());
        }
    }

    /// Writes the fields that are there and leaves the others as they are: how the design document's server does it.
    pub(crate) fn write_plain_person(&mut self, mut person: Person, fields: &Map<String, Value>) -> Outcome<()> {
        let old = self.persons.get(person.id).cloned();
        if let Some(name) = fields.get("name") {
            person.name = cut(Some(name));
        }
        if let Some(emails) = fields.get("emails") {
            person.emails = stored_json(&entries(emails));
        }
        if let Some(numbers) = fields.get("contact_numbers") {
            person.numbers = Some(stored_json(&entries(numbers)));
        }
        if fields.contains_key("job_title") {
            person.job_title = cut(fields.get("job_title"));
        }
        if fields.contains_key("organization_id") {
            person.organization_id = id_field(fields, "organization_id");
        }
        if fields.contains_key("user_id") {
            person.user_id = id_field(fields, "user_id");
        }
        self.check_person_references(person.user_id, person.organization_id)?;
        person.updated_at = self.clock.now();
        if let Some(old) = old {
            self.forget_person(&old);
        }
        self.index_person(&person);
        let id = person.id;
        let mut saved = fields.clone();
        for (field, value) in [("emails", person.emails_json()), ("contact_numbers", person.numbers_json())] {
            saved.insert(field.into(), value);
        }
        self.persons.put(id, person);
        self.put_values(Subject::Person(id), &saved);
        Ok(())
    }

    pub(crate) fn person_records(&self) -> Vec<Value> {
        self.persons
            .iter()
            .map(|person| {
                let mut shown = self.show_person(person);
                shown["organization_id"] = json!(person.organization_id);
                shown["user_id"] = json!(person.user_id);
                shown["tag_ids"] = json!(person.tags);
                for attribute in self.custom_attributes("persons") {
                    shown[&attribute.code] = person.values.show(attribute.id);
                }
                shown
            })
            .collect()
    }
}

/// The fields whose attribute values are saved, as the package has made them.
fn saved_fields(fields: &Map<String, Value>, numbers: Option<Value>, person: &Person) -> Map<String, Value> {
    let mut saved = fields.clone();
    saved.remove("contact_numbers");
    saved.extend(numbers.map(|numbers| ("contact_numbers".to_owned(), numbers)));
    if fields.contains_key("organization_id") || !is_empty(fields.get("organization_name")) {
        saved.insert("organization_id".into(), json!(person.organization_id));
    }
    saved
}

fn id_field(fields: &Map<String, Value>, name: &str) -> Option<u64> {
    let value = fields.get(name)?;
    if is_empty(Some(value)) {
        return None;
    }
    // What is no number cannot point anywhere.
    Some(crate::data::input::number(value).unwrap_or(u64::MAX))
}

fn cut(value: Option<&Value>) -> Option<String> {
    value.and_then(text).map(|text| short(&text).to_owned())
}

/// Entries of a list, or of a single text.
fn entries(value: &Value) -> Value {
    match value {
        Value::Array(_) => value.clone(),
        other => text(other).map_or_else(|| json!([]), |value| json!([{"value": value, "label": "work"}])),
    }
}
