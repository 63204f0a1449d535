//! Activities: `activities`, their links to persons and leads, and the notes of changes that the server writes itself.

use serde_json::{Value, json};

use crate::answer::{Answer, Errors, Failure, Outcome, Written};
use crate::crm::Crm;
use crate::data::clock::iso;
use crate::data::input::{Input, is_absent, is_empty, leading_number, number};
use crate::data::text::{fold, long, short};
use crate::model::activity::{Activities, Activity, Kind, MODEL, Made, Participant, Subject};
use crate::query::list::{ListQuery, list};
use crate::rules::trigger::Event;

impl Crm {
    pub(crate) fn show_activity(&self, activity: &Activity) -> Value {
        let made = activity.made();
        let additional = match &activity.kind {
            Kind::Created => None,
            Kind::Changed(change) => Some(&**change),
            Kind::Made(made) => made.additional.as_deref(),
        };
        json!({
            "id": activity.id,
            "parent_id": null,
            "title": activity.title(),
            "type": activity.type_name(),
            "comment": made.and_then(|made| made.comment.as_deref()),
            "additional": additional.and_then(|text| serde_json::from_str::<Value>(text).ok()),
            "schedule_from": made.and_then(|made| made.schedule_from).map(iso),
            "schedule_to": made.and_then(|made| made.schedule_to).map(iso),
            "is_done": i32::from(activity.is_done()),
            "user": self.user(activity.user_id).map(crate::model::user::User::show_in_activity),
            "files": [],
            "participants": made.map_or_else(Vec::new, |made| show_participants(activity.id, &made.participants)),
            "location": made.and_then(|made| made.location.as_deref()),
            "created_at": iso(activity.created_at),
            "updated_at": iso(activity.updated_at),
        })
    }

    pub(crate) fn activity_list(&self, query: &ListQuery<'_>) -> Outcome {
        let table = &self.activities.table;
        let get = |id| table.get(id);
        let show = |activity: &Activity| self.show_activity(activity);
        let title = query.pairs.iter().find(|(field, _)| field == "title");
        if let Some(ids) = title.and_then(|(_, title)| self.activities.titled(title)) {
            return list(query, ids.iter().filter_map(|id| table.get(*id)), get, show);
        }
        list(query, table.iter(), get, show)
    }

    pub(crate) fn activity_get(&self, id: &str) -> Outcome {
        match leading_number(id).and_then(|id| self.activity(id)) {
            Some(activity) => Answer::data(self.show_activity(activity)),
            None => Err(Failure::missing(MODEL, id)),
        }
    }

    /// All activities of a record, newest first, in one answer.
    pub(crate) fn linked_activities(&self, ids: &[u64]) -> Outcome {
        let mut ids = ids.to_vec();
        ids.sort_unstable_by(|one, two| two.cmp(one));
        Answer::data(
            ids.into_iter().filter_map(|id| self.activity(id)).map(|activity| self.show_activity(activity)).collect(),
        )
    }

    pub(crate) fn activity_create(&mut self, input: &Input, user: u64) -> Outcome {
        check(input)?;
        let kind = input.text("type").unwrap_or_default();
        let made = Made {
            title: input.text("title").map(|title| short(&title).to_owned()),
            comment: input.text("comment").map(|comment| long(&comment).to_owned()),
            additional: additional(input)?,
            schedule_from: self.schedule(input, "schedule_from")?,
            schedule_to: self.schedule(input, "schedule_to")?,
            // Not asked: a note is done, everything else is not.
            is_done: kind == "note",
            location: input.text("location").map(|location| short(&location).to_owned()),
            kind: short(&kind).to_owned(),
            leads: Vec::new(),
            persons: Vec::new(),
            participants: participants(input).unwrap_or_default(),
        };
        self.check_overlap(&made)?;
        let id = self.insert_activity(made, user);
        // The row is there already when a link turns out to lead nowhere.
        self.link(id, input)?;
        self.fire(Event::ActivityCreated(id))?;
        self.answer_activity(id, input, Written::Created)
    }

    fn answer_activity(&self, id: u64, input: &Input, written: Written) -> Outcome {
        let Some(activity) = self.activity(id) else {
            return Err(Failure::missing(MODEL, id));
        };
        let mut shown = self.show_activity(activity);
        if !self.server.rereads_new_activity() {
            for field in ["title", "comment", "location"] {
                if input.has(field) {
                    shown[field] = json!(input.text(field));
                }
            }
        }
        Answer::data_and_message(shown, &written.message("Activity"))
    }

    /// Partial, and nothing is checked.
    pub(crate) fn activity_update(&mut self, id: &str, input: &Input) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        let Some(activity) = self.activity(key) else {
            return Err(Failure::missing(MODEL, id));
        };
        let mut made = activity.made().cloned().unwrap_or_else(|| Made {
            title: activity.title().map(std::borrow::Cow::into_owned),
            kind: activity.type_name().to_owned(),
            is_done: true,
            ..Made::default()
        });
        let writes = |field| input.writes_text(field, self.server.null_keeps_text());
        let old_title = made.title.clone();
        let is_made = activity.made().is_some();
        if writes("title") {
            made.title = input.text("title").map(|title| short(&title).to_owned());
        }
        if writes("comment") {
            made.comment = input.text("comment").map(|comment| long(&comment).to_owned());
        }
        if input.has("type") {
            made.kind = input.text("type").unwrap_or_default();
        }
        if writes("location") {
            made.location = input.text("location");
        }
        if input.has("additional") {
            made.additional = additional(input)?;
        }
        if input.has("is_done") {
            made.is_done = !is_empty(input.0.get("is_done"));
        }
        if input.has("schedule_from") {
            made.schedule_from = self.schedule(input, "schedule_from")?;
        }
        if input.has("schedule_to") {
            made.schedule_to = self.schedule(input, "schedule_to")?;
        }
        if let Some(participants) = participants(input) {
            made.participants = participants;
        }
        let now = self.clock.now();
        let new_title = made.title.clone();
        if let Some(activity) = self.activities.table.get_mut(key) {
            activity.kind = Kind::Made(Box::new(made));
            activity.updated_at = now;
        }
        if is_made {
            self.activities.forget_title(key, old_title.as_deref());
        }
        self.activities.remember_title(key, new_title.as_deref());
        self.link(key, input)?;
        self.fire(Event::ActivityUpdated(key))?;
        self.answer_activity(key, input, Written::Updated)
    }

    pub(crate) fn activity_delete(&mut self, id: &str) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        if self.activity(key).is_some() {
            self.fire(Event::ActivityDeleting(key))?;
        }
        let Some(activity) = self.activities.table.remove(key) else {
            return Err(Failure::missing(MODEL, id));
        };
        if let Some(made) = activity.made() {
            self.activities.forget_title(key, made.title.as_deref());
        }
        let linked = |ids: &mut Vec<u64>| ids.retain(|other| *other != key);
        match activity.made() {
            Some(made) => {
                for person in &made.persons {
                    if let Some(person) = self.persons.get_mut(*person) {
                        linked(&mut person.activities);
                    }
                }
                for lead in &made.leads {
                    if let Some(lead) = self.leads.get_mut(*lead) {
                        linked(&mut lead.activities);
                    }
                }
            }
            None => {
                self.persons.iter_mut().for_each(|person| linked(&mut person.activities));
                self.leads.iter_mut().for_each(|lead| linked(&mut lead.activities));
            }
        }
        Answer::deleted(self.server, "Activity deleted successfully.")
    }

    /// A new activity of the design document's server: done when it is said to be.
    pub(crate) fn new_plain_activity(&mut self, input: &Input, user: u64) -> Outcome<u64> {
        let fields = input.0.iter();
        let input = &Input(fields.map(|(field, value)| (field.clone(), plain_additional(field, value))).collect());
        let made = Made {
            title: input.text("title").map(|title| short(&title).to_owned()),
            kind: input.text("type").map(|kind| short(&kind).to_owned()).unwrap_or_default(),
            comment: input.text("comment").map(|comment| long(&comment).to_owned()),
            additional: additional(input)?,
            schedule_from: self.schedule(input, "schedule_from")?,
            schedule_to: self.schedule(input, "schedule_to")?,
            is_done: !is_empty(input.0.get("is_done")),
            location: input.text("location"),
            leads: Vec::new(),
            persons: Vec::new(),
            participants: participants(input).unwrap_or_default(),
        };
        Ok(self.insert_activity(made, user))
    }

    fn insert_activity(&mut self, made: Made, user: u64) -> u64 {
        let title = made.title.clone();
        let id = self.put_activity(Kind::Made(Box::new(made)), user);
        self.activities.remember_title(id, title.as_deref());
        id
    }

    fn put_activity(&mut self, kind: Kind, user_id: u64) -> u64 {
        let now = self.clock.now();
        let id = self.activities.table.reserve();
        self.activities.table.put(id, Activity { id, user_id, created_at: now, updated_at: now, kind });
        id
    }

    /// **One link a request**: a lead, else a person.
    fn link(&mut self, id: u64, input: &Input) -> Outcome<()> {
        if !is_empty(input.0.get("lead_id")) {
            self.link_to(id, Subject::Lead(input.id("lead_id").unwrap_or(0)))
        } else if !is_empty(input.0.get("person_id")) {
            self.link_to(id, Subject::Person(input.id("person_id").unwrap_or(0)))
        } else {
            Ok(())
        }
    }

    pub(crate) fn link_to(&mut self, id: u64, subject: Subject) -> Outcome<()> {
        let ids = match subject {
            Subject::Lead(lead) => self.leads.get_mut(lead).map(|lead| &mut lead.activities),
            Subject::Person(person) => self.persons.get_mut(person).map(|person| &mut person.activities),
        };
        let Some(ids) = ids else {
            return Err(Failure::php("Attempt to read property \"activities\" on null"));
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
        if let Some(Activity { kind: Kind::Made(made), .. }) = self.activities.table.get_mut(id) {
            let (links, to) = match subject {
                Subject::Lead(lead) => (&mut made.leads, lead),
                Subject::Person(person) => (&mut made.persons, person),
            };
            if !links.contains(&to) {
                links.push(to);
            }
        }
        Ok(())
    }

    /// Deletes the activities of a record that goes, those that it shares with another too.
    pub(crate) fn delete_activities(&mut self, subject: Subject) {
        let ids = match subject {
            Subject::Lead(id) => self.leads.get_mut(id).map(|lead| std::mem::take(&mut lead.activities)),
            Subject::Person(id) => self.persons.get_mut(id).map(|person| std::mem::take(&mut person.activities)),
        };
        for id in ids.unwrap_or_default() {
            let Some(made) = self.activities.table.remove(id).and_then(Activity::into_made) else {
                continue;
            };
            self.activities.forget_title(id, made.title.as_deref());
            for person in made.persons {
                if let Some(person) = self.persons.get_mut(person) {
                    person.activities.retain(|other| *other != id);
                }
            }
            for lead in made.leads {
                if let Some(lead) = self.leads.get_mut(lead) {
                    lead.activities.retain(|other| *other != id);
                }
            }
        }
    }

    fn schedule(&self, input: &Input, field: &str) -> Outcome<Option<i64>> {
        let Some(written) = input.text(field).filter(|written| !written.is_empty()) else {
            return Ok(None);
        };
        match self.clock.parse_wall_clock(&written) {
            Some(second) => Ok(Some(second)),
            None => Err(unparsable_date(&written)),
        }
    }

    /// A meeting may not overlap any other.
    fn check_overlap(&self, made: &Made) -> Outcome<()> {
        let (Some(from), Some(to)) = (made.schedule_from, made.schedule_to) else {
            return Ok(());
        };
        let overlaps = made.kind == "meeting"
            && self.activities.table.iter().any(|activity| {
                activity.made().is_some_and(|other| {
                    other.kind == "meeting"
                        && other.schedule_from.is_some_and(|start| start <= to)
                        && other.schedule_to.is_some_and(|end| end >= from)
                })
            });
        if overlaps {
            return Err(Failure::Invalid(vec![(
                "schedule_from".into(),
                "Participants are already in another meeting at this time.".into(),
            )]));
        }
        Ok(())
    }

    pub(crate) fn log_created(&mut self, subject: Subject, user: u64) {
        let id = self.put_activity(Kind::Created, user);
        self.log_to(id, subject);
    }

    /// Notes that a field has changed, old and new as value and label.
    pub(crate) fn log_change(
        &mut self,
        subject: Subject,
        user: u64,
        attribute: &str,
        old: (Value, Value),
        new: (Value, Value),
    ) {
        let change = json!({
            "attribute": attribute,
            "new": {"value": new.0, "label": new.1},
            "old": {"value": old.0, "label": old.1},
        });
        let id = self.put_activity(Kind::Changed(change.to_string().into()), user);
        self.log_to(id, subject);
    }

    fn log_to(&mut self, id: u64, subject: Subject) {
        match subject {
            Subject::Person(person) => {
                if let Some(person) = self.persons.get_mut(person) {
                    person.activities.push(id);
                }
            }
            Subject::Lead(lead) => {
                if let Some(lead) = self.leads.get_mut(lead) {
                    lead.activities.push(id);
                }
            }
        }
    }

    /// E-mails without `additional`: Krayin shows the timelines that they are in empty.
    pub(crate) fn blanked_timelines(&self) -> Vec<String> {
        let mut blanked = Vec::new();
        for activity in self.activities.table.iter() {
            let Some(made) = activity.made().filter(|made| made.kind == "email" && made.additional.is_none()) else {
                continue;
            };
            let records = made.leads.iter().map(|id| format!("lead {id}"));
            for record in records.chain(made.persons.iter().map(|id| format!("person {id}"))) {
                blanked.push(format!(
                    "{record}: activity {} of type email has no additional, the timeline is empty",
                    activity.id
                ));
            }
        }
        blanked
    }

    /// The activities that API clients made, with what they are linked to.
    pub(crate) fn activity_records(&self) -> Vec<Value> {
        self.activities
            .table
            .iter()
            .filter_map(|activity| {
                let made = activity.made()?;
                let mut shown = self.show_activity(activity);
                shown["lead_ids"] = json!(made.leads);
                shown["person_ids"] = json!(made.persons);
                shown["user_id"] = json!(activity.user_id);
                Some(shown)
            })
            .collect()
    }
}

impl Activities {
    /// The ids that can have one of these titles. None: the server's own notes could be meant, look at all rows.
    fn titled(&self, titles: &str) -> Option<Vec<u64>> {
        let mut ids = Vec::new();
        for title in titles.split(',') {
            let title = fold(title.trim());
            if title == "created" || title.starts_with("updated ") {
                return None;
            }
            ids.extend(self.titles.get(title.as_ref()).into_iter().flatten());
        }
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }

    fn remember_title(&mut self, id: u64, title: Option<&str>) {
        if let Some(title) = title {
            self.titles.entry(fold(title).into_owned()).or_default().push(id);
        }
    }

    fn forget_title(&mut self, id: u64, title: Option<&str>) {
        if let Some(ids) = title.and_then(|title| self.titles.get_mut(fold(title).as_ref())) {
            ids.retain(|other| *other != id);
        }
    }
}

/// Who is to take part, `{"users": [1], "persons": [7]}`: in the place of those who did. None: it stays as it is.
fn participants(input: &Input) -> Option<Vec<Participant>> {
    let named = input.get("participants")?.as_object()?;
    let ids = |key: &str| named.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(number);
    Some(ids("users").map(Participant::User).chain(ids("persons").map(Participant::Person)).collect())
}

fn show_participants(activity: u64, participants: &[Participant]) -> Vec<Value> {
    let show = |(at, participant): (usize, &Participant)| {
        let (user, person) = match participant {
            Participant::User(user) => (Some(user), None),
            Participant::Person(person) => (None, Some(person)),
        };
        json!({"id": at + 1, "activity_id": activity, "user_id": user, "person_id": person})
    };
    participants.iter().enumerate().map(show).collect()
}

/// What a new activity must have.
fn check(input: &Input) -> Outcome<()> {
    let mut errors: Errors = Vec::new();
    let kind = input.text("type").unwrap_or_default();
    if is_absent(input.0.get("type")) {
        errors.push(("type".into(), "The type field is required.".into()));
    }
    if kind == "note" && is_absent(input.0.get("comment")) {
        errors.push(("comment".into(), "The comment field is required when type is note.".into()));
    }
    if kind != "note" && kind != "file" {
        for (field, name) in [("schedule_from", "schedule from"), ("schedule_to", "schedule to")] {
            if is_absent(input.0.get(field)) {
                errors.push((field.into(), format!("The {name} field is required unless type is in note, file.")));
            }
        }
    }
    if kind == "file" && is_absent(input.0.get("file")) {
        errors.push(("file".into(), "The file field is required when type is file.".into()));
    }
    if errors.is_empty() { Ok(()) } else { Err(Failure::Invalid(errors)) }
}

/// `additional` is written as a JSON text, and read back as JSON. What is no JSON is refused by the column.
fn additional(input: &Input) -> Outcome<Option<String>> {
    let Some(value) = input.get("additional") else {
        return Ok(None);
    };
    match value {
        Value::String(text) if serde_json::from_str::<Value>(text).is_ok() => Ok(Some(text.clone())),
        Value::String(_) => Err(Failure::query(
            "SQLSTATE[23000]: Integrity constraint violation: 4025 CONSTRAINT `activities.additional` failed for \
             `krayin`.`activities`",
        )),
        _ => Err(Failure::php("Array to string conversion")),
    }
}

pub(crate) fn unparsable_date(written: &str) -> Failure {
    let first = written.chars().next().unwrap_or(' ');
    Failure::Broken {
        exception: "Carbon\\Exceptions\\InvalidFormatException",
        message: format!(
            "Could not parse '{written}': Failed to parse time string ({written}) at position 0 ({first}): The timezone \
             could not be found in the database"
        ),
    }
}

/// An honest server takes JSON as JSON.
pub(crate) fn plain_additional(field: &str, value: &Value) -> Value {
    match value {
        Value::Array(_) | Value::Object(_) if field == "additional" => json!(value.to_string()),
        _ => value.clone(),
    }
}
