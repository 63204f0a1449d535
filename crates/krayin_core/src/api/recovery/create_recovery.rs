//! Looking before repeating: whether a POST whose answer was lost left the record that it should.
//!
//! What is looked for comes from the body itself, so that every create is safe, whoever calls it.

use serde_json::Value;

use crate::api::{ApiError, Client, ErrorKind, has_email, has_phone};
use crate::server::Dialect;
use crate::{
    BoxFuture,
    email::is_email,
    krayin::{Activity, Lead, Person},
    phone,
};

/// Which record a POST creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Creates {
    Person,
    Lead,
    Organization,
    Activity,
    /// One whose caller sees to its link.
    UnlinkedActivity,
    Tag,
    Source,
}

/// What a look found.
pub(in crate::api) enum CreateRecovery {
    /// The record, as if its creation had answered.
    Created(Value),
    /// Half of it: the POST must go on with this body.
    Partial(Value),
    /// Nothing.
    NotCreated,
    /// An activity that is not whole, and that a repetition would double.
    Inconsistent(Box<Activity>),
}

impl Creates {
    /// Whether a look can tell.
    pub(in crate::api) fn can_look(self, body: &Value, dialect: Dialect) -> bool {
        match self {
            Self::Person => Identity::of(body).is_some(),
            Self::Lead => text(body, "title").is_some() && (id(body, "person_id").is_some() || nested(body).is_some()),
            Self::Organization | Self::Tag | Self::Source => text(body, "name").is_some(),
            // A comma in a filter makes two values of it; the other dialect knows no filter.
            Self::Activity | Self::UnlinkedActivity => {
                dialect == Dialect::RestApi && text(body, "title").is_some_and(|title| !title.contains(','))
            }
        }
    }

    /// Whether the server refuses a second record of the same identity.
    pub(in crate::api) fn is_guarded(self, body: &Value) -> bool {
        match self {
            Self::Person | Self::Organization | Self::Tag | Self::Source => true,
            Self::Lead => nested(body).is_some(),
            Self::Activity | Self::UnlinkedActivity => false,
        }
    }
}

/// By what a person is known: its first e-mail address and its first number, both of them where it has both. One that
/// has only the number is somebody else with the same phone.
struct Identity<'a> {
    email: Option<&'a str>,
    phone: Option<&'a str>,
}

impl<'a> Identity<'a> {
    fn of(person: &'a Value) -> Option<Self> {
        let email = values(person, "emails").find(|email| is_email(email));
        let phone = values(person, "contact_numbers").find(|number| phone::pattern(number).is_some());
        (email.is_some() || phone.is_some()).then_some(Self { email, phone })
    }

    fn is_of(&self, person: &Person) -> bool {
        self.email.is_none_or(|email| has_email(person, email))
            && self.phone.is_none_or(|phone| has_phone(person, phone, None))
    }
}

impl Client {
    /// Looks for what a POST of `body` should have left, after a failure of `kind`.
    pub(in crate::api) fn recover_create<'a>(
        &'a self,
        creates: Creates,
        body: &'a Value,
        kind: ErrorKind,
    ) -> BoxFuture<'a, Result<CreateRecovery, ApiError>> {
        Box::pin(async move {
            Ok(match creates {
                Creates::Person => seen(self.newest_person(body).await?),
                Creates::Organization => {
                    let name = text(body, "name").unwrap_or_default();
                    seen(self.search_organization(name).await?.pop())
                }
                Creates::Tag => seen(self.find_tag(text(body, "name").unwrap_or_default()).await?),
                Creates::Source => seen(self.find_source(text(body, "name").unwrap_or_default()).await?),
                Creates::Lead => self.look_for_lead(body).await?,
                Creates::Activity | Creates::UnlinkedActivity => self.look_for_activity(creates, body, kind).await?,
            })
        })
    }

    async fn newest_person(&self, body: &Value) -> Result<Option<Person>, ApiError> {
        let Some(identity) = Identity::of(body) else { return Ok(None) };
        let found = self.search_person(identity.email, identity.phone).await?;
        Ok(found.into_iter().rfind(|person| identity.is_of(person)))
    }

    async fn look_for_lead(&self, body: &Value) -> Result<CreateRecovery, ApiError> {
        let person = match (id(body, "person_id"), nested(body)) {
            (Some(id), _) => Some(id),
            (None, Some(person)) => self.newest_person(person).await?.map(|person| person.id),
            (None, None) => None,
        };
        let Some(person) = person else { return Ok(CreateRecovery::NotCreated) };
        let title = text(body, "title");
        let same = |lead: &Lead| lead.title.as_deref().map(str::trim) == title;
        if let Some(lead) = self.leads_of_person(person).await?.into_iter().rfind(same) {
            return Ok(seen(Some(lead)));
        }
        let mut rest = body.clone();
        if let Some(fields) = rest.as_object_mut()
            && fields.remove("person").is_some()
        {
            fields.insert("person_id".into(), person.into());
            return Ok(CreateRecovery::Partial(rest));
        }
        Ok(CreateRecovery::NotCreated)
    }

    async fn look_for_activity(
        &self,
        creates: Creates,
        body: &Value,
        kind: ErrorKind,
    ) -> Result<CreateRecovery, ApiError> {
        let same =
            |activity: &Activity| text(body, "type").is_none_or(|wanted| activity.kind.as_deref() == Some(wanted));
        let found = self.search_activity(text(body, "title").unwrap_or_default()).await?;
        let Some(activity) = found.into_iter().rfind(same) else { return Ok(CreateRecovery::NotCreated) };
        // A server that breaks while it links an activity leaves it behind without its link.
        if kind == ErrorKind::Server {
            if creates == Creates::UnlinkedActivity {
                return Ok(CreateRecovery::Inconsistent(Box::new(activity)));
            }
            let linked = match (id(body, "lead_id"), id(body, "person_id")) {
                (Some(lead), _) => self.lead_activities(lead).await,
                (None, Some(person)) => self.person_activities(person).await,
                (None, None) => return Ok(seen(Some(activity))),
            };
            if !linked.is_ok_and(|linked| linked.iter().any(|linked| linked.id == activity.id)) {
                return Ok(CreateRecovery::Inconsistent(Box::new(activity)));
            }
        }
        Ok(seen(Some(activity)))
    }
}

fn seen<T: serde::Serialize>(record: Option<T>) -> CreateRecovery {
    record
        .and_then(|record| serde_json::to_value(record).ok())
        .map_or(CreateRecovery::NotCreated, CreateRecovery::Created)
}

fn nested(body: &Value) -> Option<&Value> {
    body.get("person").filter(|person| Identity::of(person).is_some())
}

/// A text that is not blank, without white space around it: so the server stores it.
fn text<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    body.get(field)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

fn id(body: &Value, field: &str) -> Option<u64> {
    let value = body.get(field)?;
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn values<'a>(person: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    let entries = person.get(field).and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| entry.get("value").unwrap_or(entry).as_str()).map(str::trim)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Creates, Dialect, Identity};
    use crate::krayin::{Labelled, Person};

    #[test]
    fn tells_where_a_look_can_tell() {
        let person = json!({"emails": [{"value": "jane@example.com"}]});
        let phone = json!({"emails": [], "contact_numbers": [{"value": "+14155550182"}]});
        let nobody = json!({"name": "Jane", "emails": [{"value": "x"}], "contact_numbers": [{"value": "chatwoot-57"}]});
        // entity, body, whether a look can tell, whether the server refuses a twin
        let table: [(Creates, Value, bool, bool); 15] = [
            (Creates::Person, person.clone(), true, true),
            (Creates::Person, phone, true, true),
            (Creates::Person, nobody.clone(), false, true),
            (Creates::Person, json!(null), false, true),
            (Creates::Lead, json!({"title": "T", "person_id": 5}), true, false),
            (Creates::Lead, json!({"title": "T", "person_id": "5"}), true, false),
            (Creates::Lead, json!({"title": "T", "person": person}), true, true),
            (Creates::Lead, json!({"title": "T", "person": nobody}), false, false),
            (Creates::Lead, json!({"title": " ", "person_id": 5}), false, false),
            (Creates::Lead, json!({"title": "T"}), false, false),
            (Creates::Organization, json!({"name": "Acme, Inc."}), true, true),
            (Creates::Organization, json!({"name": ""}), false, true),
            (Creates::Activity, json!({"title": "Chatwoot #1"}), true, false),
            (Creates::Activity, json!({"title": "One, two"}), false, false),
            (Creates::Activity, json!({"title": "\t"}), false, false),
        ];
        for (creates, body, can_look, guarded) in table {
            assert_eq!(creates.can_look(&body, Dialect::RestApi), can_look, "{creates:?} {body}");
            assert_eq!(creates.is_guarded(&body), guarded, "{creates:?} {body}");
        }
        assert!(!Creates::Activity.can_look(&json!({"title": "T"}), Dialect::Documented));
    }

    #[test]
    fn a_person_is_the_one_who_has_both() {
        let body = json!({
            "emails": [{"value": "Jane@Example.com"}], "contact_numbers": [{"value": "+1 415 555 0182"}]
        });
        let identity = Identity::of(&body).unwrap();
        let person = |email: &str, number: &str| Person {
            emails: vec![Labelled::work(email)],
            contact_numbers: vec![Labelled::work(number)],
            ..Person::default()
        };
        assert!(identity.is_of(&person("jane@example.com", "+14155550182")));
        assert!(!identity.is_of(&person("joe@example.com", "+14155550182")));
        assert!(!identity.is_of(&person("jane@example.com", "+14155550183")));
    }
}
