//! What a record becomes, before it is fitted, as a host may change it.

use serde_json::{Map, Value, json};

use super::{Fields, map_message_to_activity, map_to_activity, new_lead};
use crate::{
    chatwoot::{Contact, Conversation, Message},
    field::Entity,
    harmless::Place,
    json,
    krayin::{ActivityLink, ActivityType, NewActivity},
    settings::Settings,
    text::{cut_bytes, one_line},
};

/// Whose payload it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mapped {
    /// Person, lead and organization of a contact.
    Contact,
    /// A conversation's activity.
    Conversation,
    /// A message's activity.
    Message,
}

/// Why a payload cannot be used. Names keys, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It has not the form of one.
    #[error("what it gives is no payload: an object of attributes")]
    Form,
    /// Krayin has no such attribute, or it cannot be given.
    #[error(
        "it gives {0}, which cannot be filled: create the attribute in Krayin under Settings, Attributes, then connect again"
    )]
    Unknown(String),
    /// It is none that the attribute can hold.
    #[error("it gives {0} a value that it cannot hold")]
    Wrong(String),
}

impl Mapped {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Conversation, Self::Message];

    /// `contact`, `conversation` or `message`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Conversation => "conversation",
            Self::Message => "message",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Where an event's data has such records.
    pub(crate) fn places(self) -> &'static [&'static str] {
        match self {
            Self::Contact => &["/contact", "/conversation/contact", "/message/conversation/contact"],
            Self::Conversation => &["/conversation"],
            Self::Message => &["/message"],
        }
    }
}

/// What is chosen when a lead is made, beside its own attributes.
const PLACES: [&str; 4] = ["lead_source_id", "lead_type_id", "lead_pipeline_id", "lead_pipeline_stage_id"];

/// Under which the snapshot of a record has what a host gives.
const GIVEN: &str = "mapped";

/// What a record becomes: of a contact `{"person": {…}, "lead": {…}, "organization": {…}}` by the attributes of Krayin's,
/// of the others the activity's `type`, `title`, `comment` and `is_done`. `null` for a message that must not leave Chatwoot.
pub fn payload(kind: Mapped, record: &Value, settings: &Settings) -> Value {
    let json = record.to_string();
    match kind {
        Mapped::Contact => of_contact(&Contact::from_json(json.as_bytes()), settings),
        Mapped::Conversation => {
            let conversation = Conversation::from_json(json.as_bytes());
            of_activity(&map_to_activity(&conversation, ActivityLink::Person(0), settings))
        }
        Mapped::Message => {
            let message = Message::from_json(json.as_bytes());
            let activity = map_message_to_activity(&message, ActivityLink::Person(0), settings);
            activity.map(|activity| of_activity(&activity)).unwrap_or_default()
        }
    }
}

/// The record's snapshot with what a changed payload says: it is fitted and made harmless as what Chatwoot says is.
///
/// # Errors
/// Where the payload gives what Krayin cannot hold.
pub fn with_payload(
    kind: Mapped,
    mut record: Value,
    payload: &Value,
    settings: &Settings,
) -> Result<Value, PayloadError> {
    let before = self::payload(kind, &record, settings);
    let Value::Object(after) = payload else { return Err(PayloadError::Form) };
    let fields = record.as_object_mut().ok_or(PayloadError::Form)?;
    match kind {
        Mapped::Contact => take_contact(fields, &before, after, settings)?,
        Mapped::Conversation | Mapped::Message => {
            let changed = changes(&before, after);
            for (attribute, value) in &changed {
                check_activity(kind, attribute, value)?;
            }
            let mut given = taken(fields, GIVEN);
            given.extend(changed);
            fields.insert(GIVEN.to_owned(), given.into());
        }
    }
    Ok(record)
}

fn of_contact(contact: &Contact, settings: &Settings) -> Value {
    let fields = Fields::of(settings).and_given(contact, settings);
    let mut payload = Map::new();
    for entity in Entity::ALL {
        let values = fields
            .own(entity)
            .filter_map(|field| Some((field.attribute.clone().into_owned(), field.value(contact, settings).ok()??)));
        payload.insert(entity.name().to_owned(), Value::Object(json::object(values)));
    }
    let lead = new_lead(Map::new(), None, contact, settings);
    let places = [lead.lead_source_id, lead.lead_type_id, lead.lead_pipeline_id, lead.lead_pipeline_stage_id];
    if let Some(lead) = payload.get_mut(Entity::Lead.name()).and_then(Value::as_object_mut) {
        lead.extend(PLACES.into_iter().zip(places).filter_map(|(place, id)| Some((place.to_owned(), json!(id?)))));
    }
    // A person carries its organization's name.
    let name = payload
        .get_mut(Entity::Person.name())
        .and_then(Value::as_object_mut)
        .and_then(|person| person.remove(ORGANIZATION_NAME));
    if let (Some(name), Some(Value::Object(organization))) = (name, payload.get_mut(Entity::Organization.name())) {
        organization.insert(NAME.to_owned(), name);
    }
    Value::Object(payload)
}

/// What a person's row calls the name of its organization.
const ORGANIZATION_NAME: &str = "organization_name";
const NAME: &str = "name";

fn of_activity(activity: &NewActivity) -> Value {
    json!({"type": activity.kind, "title": activity.title, "comment": activity.comment, "is_done": activity.is_done})
}

/// Takes an object out, to be changed and put back.
fn taken(fields: &mut Map<String, Value>, key: &str) -> Map<String, Value> {
    match fields.remove(key) {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    }
}

/// What is another value after than it was before; null for what was taken away.
fn changes(before: &Value, after: &Map<String, Value>) -> Map<String, Value> {
    let blank = Map::new();
    let before = before.as_object().unwrap_or(&blank);
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = after.iter().filter(|(key, value)| before.get(*key).unwrap_or(&Value::Null) != *value);
    json::object(gone.chain(changed.map(|(key, value)| (key.clone(), value.clone()))))
}

fn take_contact(
    fields: &mut Map<String, Value>,
    before: &Value,
    after: &Map<String, Value>,
    settings: &Settings,
) -> Result<(), PayloadError> {
    if let Some(key) = after.keys().find(|key| Entity::ALL.iter().all(|entity| entity.name() != *key)) {
        return Err(PayloadError::Unknown(key.clone()));
    }
    let known = Fields::of(settings);
    for entity in Entity::ALL {
        let blank = Value::Null;
        let changed = match after.get(entity.name()) {
            Some(Value::Object(after)) => changes(before.get(entity.name()).unwrap_or(&blank), after),
            // Nothing of it is to be said.
            Some(Value::Null) => changes(before.get(entity.name()).unwrap_or(&blank), &Map::new()),
            Some(_) => return Err(PayloadError::Form),
            None => continue,
        };
        for (attribute, value) in changed {
            let key = format!("{}.{attribute}", entity.name());
            let of = match (entity, attribute.as_str()) {
                (Entity::Organization, NAME) => (Entity::Person, ORGANIZATION_NAME),
                (Entity::Person, ORGANIZATION_NAME) => return Err(PayloadError::Unknown(key)),
                (entity, attribute) => (entity, attribute),
            };
            if of.0 == Entity::Lead && PLACES.contains(&of.1) {
                if !value.is_null() && value.as_u64().is_none_or(|id| id == 0) {
                    return Err(PayloadError::Wrong(key));
                }
            } else if let Some(field) = known.own(of.0).find(|field| field.attribute == of.1) {
                if let Some(column) = field.identifies().then(|| column_of(&field.attribute)).flatten() {
                    // Whom it is about follows from them.
                    fields.insert(column.to_owned(), listed(&value).into());
                    continue;
                }
                field.check(&value, settings).map_err(|_| PayloadError::Wrong(key))?;
            } else {
                let probe = json!({GIVEN: {of.0.name(): {of.1: value}}}).to_string();
                let probe = Contact::from_json(probe.as_bytes());
                let row = Fields::default().and_given(&probe, settings);
                let field = row.added().next().ok_or_else(|| PayloadError::Unknown(key.clone()))?;
                field.check(&value, settings).map_err(|_| PayloadError::Wrong(key))?;
            }
            let mut all = taken(fields, GIVEN);
            let mut given = taken(&mut all, of.0.name());
            given.insert(of.1.to_owned(), value);
            all.insert(of.0.name().to_owned(), given.into());
            fields.insert(GIVEN.to_owned(), all.into());
        }
    }
    Ok(())
}

/// What Chatwoot has of what Krayin knows a person by.
fn column_of(attribute: &str) -> Option<&'static str> {
    match attribute {
        "emails" => Some("email"),
        "contact_numbers" => Some("phone_number"),
        _ => None,
    }
}

/// Entries with labels, or texts, as one text.
fn listed(value: &Value) -> String {
    let text = |entry: &Value| {
        let value = entry.get("value").unwrap_or(entry);
        value.as_str().map(str::to_owned).or_else(|| value.as_number().map(ToString::to_string))
    };
    match value {
        Value::Array(list) => list.iter().filter_map(text).collect::<Vec<_>>().join("; "),
        one => text(one).unwrap_or_default(),
    }
}

fn check_activity(kind: Mapped, attribute: &str, value: &Value) -> Result<(), PayloadError> {
    let key = || format!("activity.{attribute}");
    let is_right = match (kind, attribute) {
        (_, "title" | "comment") => value.as_str().is_some_and(|text| !text.trim().is_empty()),
        (Mapped::Conversation, "is_done") => value.is_boolean(),
        (Mapped::Conversation, "type") => type_of(Some(value)).is_some(),
        _ => return Err(PayloadError::Unknown(key())),
    };
    if is_right { Ok(()) } else { Err(PayloadError::Wrong(key())) }
}

/// The type that a host gives an activity.
pub(super) fn type_of(given: Option<&Value>) -> Option<ActivityType> {
    match given?.as_str()? {
        "note" => Some(ActivityType::Note),
        "call" => Some(ActivityType::Call),
        "email" => Some(ActivityType::Email),
        _ => None,
    }
}

/// What stays free for what makes the cut text harmless.
const ROOM: usize = 64;

/// Puts what a host gives in the place of what was mapped. What is compared with Krayin's own is harmless already.
pub(super) fn take_given(activity: &mut NewActivity, given: &Map<String, Value>) {
    let text = |key: &str| given.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    if let Some(title) = text("title") {
        // A title with a comma cannot be searched for.
        activity.title = Place::Line.fitted(&one_line(&title.replace(',', " ")), crate::field::Kind::LINE);
    }
    if let Some(comment) = text("comment") {
        let cut = cut_bytes(&Place::Comment.harmless(comment), crate::field::Kind::TEXT - ROOM);
        activity.comment = Place::Comment.harmless(&cut).into_owned();
    }
    if let Some(done) = given.get("is_done").and_then(Value::as_bool) {
        activity.is_done = done;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Mapped, PayloadError, payload, with_payload};
    use crate::settings::Settings;

    fn settings() -> Settings {
        let typed = json!({
            "lead_source_id": 3, "sync_to_organization": true, "traits": {"attributes": [
                {"entity_type": "persons", "code": "vip", "name": "VIP", "type": "boolean"},
                {"entity_type": "leads", "code": "plan", "name": "Plan", "type": "select", "options": [[4, "Gold"]]},
                {"entity_type": "leads", "code": "scan", "name": "Scan", "type": "file"}
            ]}
        });
        Settings::from_json(typed.to_string().as_bytes()).unwrap()
    }

    fn jane() -> Value {
        json!({"id": 7, "name": "Jane", "email": "jane@example.com",
               "additional_attributes": {"company_name": "Acme", "job_title": "Head"}})
    }

    /// The payload after `change`, as the next one is told it.
    fn after(record: Value, kind: Mapped, change: impl FnOnce(&mut Value)) -> Result<Value, PayloadError> {
        let mut told = payload(kind, &record, &settings());
        change(&mut told);
        Ok(payload(kind, &with_payload(kind, record, &told, &settings())?, &settings()))
    }

    #[test]
    fn what_is_changed_is_fitted_and_made_harmless() {
        let given = after(jane(), Mapped::Contact, |told| {
            assert_eq!(told["person"]["name"], "Jane");
            assert_eq!(told["organization"], json!({"name": "Acme"}));
            assert_eq!(told["lead"]["lead_source_id"], 3);
            told["person"]["job_title"] = json!("CEO <b> {{7*7}}");
            told["person"]["vip"] = json!("yes");
            told["person"]["emails"] = json!(["jane@example.org"]);
            told["lead"]["plan"] = json!("gold");
            told["lead"]["lead_source_id"] = json!(9);
            told["lead"]["description"] = json!("By hand");
            told["organization"]["name"] = json!("Acme' Ltd");
        })
        .unwrap();
        let person = json!({
            "name": "Jane", "job_title": "CEO ‹b› { {7*7} }", "vip": 1,
            "emails": [{"value": "jane@example.org", "label": "work"}]
        });
        assert_eq!(given["person"], person);
        assert_eq!(given["lead"], json!({"title": "Jane", "plan": 4, "lead_source_id": 9, "description": "By hand"}));
        assert_eq!(given["organization"], json!({"name": "Acme’ Ltd"}));
    }

    #[test]
    fn what_is_taken_away_is_not_said_but_a_record_has_a_name() {
        let given = after(jane(), Mapped::Contact, |told| {
            told["person"] = json!({"name": " "});
            told["organization"] = Value::Null;
        })
        .unwrap();
        assert_eq!((&given["person"], &given["organization"]), (&json!({"name": "Jane"}), &json!({})));
    }

    #[test]
    fn what_krayin_cannot_hold_is_refused() {
        let table = [
            (json!({"person": {"shoe": 5}}), PayloadError::Unknown("person.shoe".into())),
            (json!({"lead": {"scan": "x"}}), PayloadError::Unknown("lead.scan".into())),
            (json!({"lead": {"person_id": 5}}), PayloadError::Unknown("lead.person_id".into())),
            (json!({"lead": {"plan": "silver"}}), PayloadError::Wrong("lead.plan".into())),
            (json!({"lead": {"lead_source_id": "Web"}}), PayloadError::Wrong("lead.lead_source_id".into())),
            (json!({"lead": {"lead_value": "a lot"}}), PayloadError::Wrong("lead.lead_value".into())),
            (json!({"person": 5}), PayloadError::Form),
            (json!({"deal": {}}), PayloadError::Unknown("deal".into())),
            (json!([]), PayloadError::Form),
        ];
        for (told, expected) in table {
            assert_eq!(with_payload(Mapped::Contact, jane(), &told, &settings()), Err(expected), "{told}");
        }
    }

    #[test]
    fn an_activity_is_harmless_too() {
        let talk = json!({"id": 5, "display_id": 5, "status": "open", "created_at": "2026-01-01T00:00:00Z"});
        let given = after(talk.clone(), Mapped::Conversation, |told| {
            told["title"] = json!("Talk, of Jane <i>");
            told["comment"] = json!("<b>x</b><script>{{y}}");
            told["type"] = json!("call");
            told["is_done"] = json!(true);
        })
        .unwrap();
        assert_eq!(
            given,
            json!({"title": "Talk of Jane ‹i>", "comment": "<b>x</b>&lt;script>{ {y} }", "type": "call", "is_done": true})
        );
        for told in [json!({"title": ""}), json!({"type": "meeting"}), json!({"lead_id": 5})] {
            assert!(with_payload(Mapped::Conversation, talk.clone(), &told, &settings()).is_err(), "{told}");
        }
        let private = json!({"id": 1, "private": true, "message_type": 0, "content": "x"});
        assert_eq!(payload(Mapped::Message, &private, &settings()), Value::Null);
    }
}
