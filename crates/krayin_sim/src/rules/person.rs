//! Persons: `contacts/persons`.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Failure, Outcome, Written};
use crate::crm::Crm;
use crate::data::clock::iso;
use crate::data::input::{Input, is_empty, leading_number, text};
use crate::data::row::Searched;
use crate::data::text::{fold, short, stored_json};
use crate::model::activity::Subject;
use crate::model::person::{MODEL, Person, Prepared, entry_values};
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
                put(&attribute.code, json!(person.custom_value(attribute.id)));
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
        self.answer_person(id, &input.0, Written::Created)
    }

    /// The answer to a write shows the texts as they were sent, though what is stored is cut.
    fn answer_person(&self, id: u64, fields: &Map<String, Value>, written: Written) -> Outcome {
        let Some(person) = self.persons.get(id) else {
            return Err(Failure::missing(MODEL, id));
        };
        let mut shown = self.show_person(person);
        for field in ["name", "job_title"] {
            match fields.get(field) {
                Some(sent) => shown[field] = json!(text(sent)),
                None if written == Written::Created => shown[field] = Value::Null,
                None => {}
            }
        }
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
    /// request without a number breaks; only a nested person may leave the key out.
    fn sanitize_numbers(&self, fields: &Map<String, Value>, nested: bool) -> Outcome<Option<Vec<Value>>> {
        let lenient = !nested && !self.server.needs_contact_numbers();
        let entries = match fields.get("contact_numbers") {
            None if nested || lenient => return Ok(None),
            None => return Err(Failure::undefined_key("contact_numbers")),
            Some(Value::Null) if nested => return Ok(None),
            Some(Value::Array(entries)) => entries.as_slice(),
            Some(Value::Null) => &[],
            Some(_) => return Err(Failure::php("Cannot access offset of type string on string")),
        };
        let mut kept = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let Some(entry) = entry.as_object() else {
                return Err(Failure::php("Trying to access array offset on value of type null"));
            };
            match entry.get("value") {
                None => return Err(Failure::undefined_key("value")),
                Some(Value::Null) => {}
                // The keys of the list stay, so a first entry without a value leaves no entry 0.
                Some(_) if kept.len() < at && kept.is_empty() && !lenient => {
                    return Err(Failure::php("Undefined array key 0"));
                }
                Some(_) => kept.push(Value::Object(entry.clone())),
            }
        }
        if !kept.is_empty() {
            return Ok(Some(kept));
        }
        if lenient { Ok(None) } else { Err(Failure::php("Undefined array key 0")) }
    }

    fn prepare(&self, fields: &Map<String, Value>, numbers: Option<Vec<Value>>) -> Prepared {
        let part = |value: Option<&Value>| value.filter(|value| !is_empty(Some(value))).and_then(text);
        let email = fields.get("emails").and_then(|emails| emails.get(0)?.get("value"));
        let parts: Vec<String> = [part(fields.get("user_id")), part(fields.get("organization_id")), part(email)]
            .into_iter()
            .flatten()
            .collect();
        let mut unique_id = parts.join("|");
        if let Some(numbers) = &numbers {
            unique_id.push('|');
            let first = numbers.first().and_then(|number| number.get("value")).and_then(text);
            unique_id.push_str(&first.unwrap_or_default());
        }
        Prepared { numbers, unique_id }
    }

    fn insert_person(&mut self, fields: &Map<String, Value>, numbers: Option<Vec<Value>>, user: u64) -> Outcome<u64> {
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
        let mut person = Person {
            id,
            name: Some(cut(fields.get("name")).unwrap_or_default()),
            emails: stored_json(emails),
            numbers: numbers.as_ref().map(|numbers| stored_json(&json!(numbers))),
            job_title: cut(fields.get("job_title")),
            user_id,
            organization_id,
            custom: Vec::new(),
            tags: Vec::new(),
            activities: Vec::new(),
            unique_id: Some(unique_id),
            created_at: now,
            updated_at: now,
        };
        self.store_custom(&mut person.custom, "persons", fields);
        self.index_person(&person);
        self.persons.put(id, person);
        self.log_created(Subject::Person(id), user);
        self.log_person_changes(id, None, user)?;
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
        if let Some(numbers) = numbers {
            person.numbers = Some(stored_json(&json!(numbers)));
        }
        if writes("job_title") {
            person.job_title = cut(fields.get("job_title"));
        }
        person.unique_id = Some(unique_id);
        self.replace_person(person, &old, fields, user)?;
        self.answer_person(key, fields, Written::Updated)
    }

    /// Puts a changed person in the place of the old one.
    fn replace_person(
        &mut self,
        mut person: Person,
        old: &Person,
        fields: &Map<String, Value>,
        user: u64,
    ) -> Outcome<()> {
        let key = person.id;
        self.check_unique_id(person.unique_id.as_deref().unwrap_or_default(), key)?;
        self.check_person_references(person.user_id, person.organization_id)?;
        self.store_custom(&mut person.custom, "persons", fields);
        person.updated_at = self.clock.now();
        self.forget_person(old);
        self.index_person(&person);
        self.persons.put(key, person);
        self.log_person_changes(key, Some(old), user)?;
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
        let numbers = person.numbers_json().as_array().cloned();
        person.unique_id = columns.as_object().map(|columns| self.prepare(columns, numbers).unique_id);
        self.replace_person(person, &old, fields, user)
    }

    /// A person with leads cannot be deleted: the leads point at it.
    pub(crate) fn person_delete(&mut self, id: &str) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        if self.persons.get(key).is_none() {
            return Err(Failure::missing(MODEL, id));
        }
        self.fire(Event::PersonDeleting(key))?;
        if self.leads.iter().any(|lead| lead.person_id == Some(key)) {
            return Err(Failure::query(
                "SQLSTATE[23000]: Integrity constraint violation: 1451 Cannot delete or update a parent row: a foreign \
                 key constraint fails (`krayin`.`leads`, CONSTRAINT `leads_person_id_foreign` FOREIGN KEY \
                 (`person_id`) REFERENCES `persons` (`id`))",
            ));
        }
        if let Some(person) = self.persons.remove(key) {
            self.forget_person(&person);
            self.unlink(&person.activities, Subject::Person(key));
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

    pub(crate) fn store_custom(&self, values: &mut Vec<(u64, String)>, entity: &str, fields: &Map<String, Value>) {
        for (attribute, value) in self.custom_values(entity, fields) {
            values.retain(|(id, _)| *id != attribute);
            values.extend(value.map(|value| (attribute, value)));
        }
    }

    fn index_person(&mut self, person: &Person) {
        for (index, entries) in [
            (&mut self.person_indexes.emails, person.emails_json()),
            (&mut self.person_indexes.numbers, person.numbers_json()),
        ] {
            for value in entry_values(&entries) {
                let ids = index.entry(value.into_owned()).or_default();
                if !ids.contains(&person.id) {
                    ids.push(person.id);
                }
            }
        }
        self.person_indexes.contacts.put(person.id, &person.emails, person.numbers.as_deref());
        if let Some(unique_id) = &person.unique_id {
            self.person_indexes.unique_ids.insert(fold(unique_id).into_owned(), person.id);
        }
    }

    fn forget_person(&mut self, person: &Person) {
        for (index, entries) in [
            (&mut self.person_indexes.emails, person.emails_json()),
            (&mut self.person_indexes.numbers, person.numbers_json()),
        ] {
            for value in entry_values(&entries) {
                if let Some(ids) = index.get_mut(value.as_ref()) {
                    ids.retain(|id| *id != person.id);
                    if ids.is_empty() {
                        index.remove(value.as_ref());
                    }
                }
            }
        }
        self.person_indexes.contacts.remove(person.id);
        if let Some(unique_id) = &person.unique_id {
            self.person_indexes.unique_ids.remove(fold(unique_id).as_ref());
        }
    }

    /// Notes in the person's timeline what has changed. A number without a label breaks this **after** the row was
    /// written: the request fails and the person stays.
    fn log_person_changes(&mut self, id: u64, old: Option<&Person>, user: u64) -> Outcome<()> {
        let Some(new) = self.persons.get(id).cloned() else {
            return Ok(());
        };
        let subject = Subject::Person(id);
        let plain = |text: Option<&str>| (json!(text), json!(text));
        let before = |pick: fn(&Person) -> Option<&str>| plain(old.and_then(pick));
        self.log_change(subject, user, "Name", before(|person| person.name.as_deref()), plain(new.name.as_deref()));
        let emails = |person: Option<&Person>| entries_and_label(person.map(Person::emails_json));
        let numbers = |person: Option<&Person>| entries_and_label(person.map(Person::numbers_json));
        self.log_change(subject, user, "Emails", emails(old)?, emails(Some(&new))?);
        self.log_change(subject, user, "Contact Numbers", numbers(old)?, numbers(Some(&new))?);
        self.log_change(
            subject,
            user,
            "Job Title",
            before(|person| person.job_title.as_deref()),
            plain(new.job_title.as_deref()),
        );
        let owner = |crm: &Self, person: Option<&Person>| {
            let id = person.and_then(|person| person.user_id);
            (json!(id), json!(id.and_then(|id| Some(crm.user(id)?.name.as_str()))))
        };
        let organization = |crm: &Self, person: Option<&Person>| {
            let id = person.and_then(|person| person.organization_id);
            (json!(id), json!(id.and_then(|id| crm.organizations.get(id)?.name.as_deref())))
        };
        self.log_change(subject, user, "Sales Owner", owner(self, old), owner(self, Some(&new)));
        self.log_change(subject, user, "Organization", organization(self, old), organization(self, Some(&new)));
        let custom: Vec<(u64, String)> =
            self.custom_attributes("persons").map(|attribute| (attribute.id, attribute.name.clone())).collect();
        for (attribute, name) in custom {
            let before = old.and_then(|person| person.custom_value(attribute));
            self.log_change(subject, user, &name, plain(before), plain(new.custom_value(attribute)));
        }
        Ok(())
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
        self.persons.put(person.id, person);
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
                    shown[&attribute.code] = json!(person.custom_value(attribute.id));
                }
                shown
            })
            .collect()
    }
}

/// A list of entries as a change shows it: the list, and a label made of each value and label.
fn entries_and_label(entries: Option<Value>) -> Outcome<(Value, Value)> {
    let entries = entries.unwrap_or(Value::Null);
    let Some(list) = entries.as_array() else {
        return Ok((Value::Null, Value::Null));
    };
    let mut labels = Vec::with_capacity(list.len());
    for entry in list {
        let Some(label) = entry.get("label") else {
            return Err(Failure::undefined_key("label"));
        };
        let value = entry.get("value").and_then(text).unwrap_or_default();
        labels.push(format!("{value} ({})", text(label).unwrap_or_default()));
    }
    let label = labels.join(", ");
    Ok((entries, json!(label)))
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
