//! What a request carries, by what its fields are.

use serde_json::{Map, Value};

use crate::{
    field::{Entity, Kind},
    harmless::{Place, comment_beside, words},
    json,
    mapper::FIELDS,
    text::{cut_bytes, cut_chars},
};

/// What a request carries, as JSON: harmless to the pages that show it, and cut with a mark where the server would cut it
/// without. There is no other way to make one.
#[derive(Clone, PartialEq)]
pub(crate) struct Body(Value);

impl Body {
    /// The body of a call to `path`, which tells what its fields are.
    pub(crate) fn of(path: &str, fields: Value) -> Self {
        Self::beside(path, fields, &Value::Null)
    }

    /// The same for a record that is there: what it holds already is sent back as it is, since a colleague may have
    /// written it.
    pub(crate) fn beside(path: &str, fields: Value, current: &Value) -> Self {
        Self(Record::at(path).clean(fields, current))
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    /// The same with its long text in words alone, for a firewall that takes markup or code for an attack; `None` where
    /// that changes nothing.
    pub(crate) fn plainer(&self) -> Option<Self> {
        let mut plain = self.0.clone();
        for (key, value) in plain.as_object_mut().into_iter().flatten() {
            if let (Limit::Bytes(_), Value::String(text)) = (limit(key), value) {
                *text = words(text);
            }
        }
        (plain != self.0).then_some(Self(plain))
    }
}

/// How much of a text its column keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    None,
    Characters(usize),
    Bytes(usize),
}

/// The one field that the table of fields does not have: an activity's text.
const COMMENT: &str = "comment";

/// By the attribute alone: one of the same name is as wide on every record.
fn limit(attribute: &str) -> Limit {
    if attribute == COMMENT {
        return Limit::Bytes(Kind::TEXT);
    }
    let field = FIELDS.iter().find(|field| field.is_own() && field.attribute == attribute);
    match field.map(|field| &field.kind) {
        Some(Kind::Line | Kind::OrganizationName) => Limit::Characters(Kind::LINE),
        Some(Kind::Text) => Limit::Bytes(Kind::TEXT),
        _ => Limit::None,
    }
}

/// Which of Krayin's records a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Record {
    Person,
    Organization,
    Lead,
    Activity,
    Tag,
    Other,
}

impl Record {
    fn at(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        path.split('/').find_map(Self::named).unwrap_or(Self::Other)
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "person" | "persons" => Self::Person,
            "organization" | "organizations" => Self::Organization,
            "lead" | "leads" => Self::Lead,
            "activity" | "activities" => Self::Activity,
            "tag" | "tags" => Self::Tag,
            _ => return None,
        })
    }

    fn entity(self) -> Option<Entity> {
        match self {
            Self::Person => Some(Entity::Person),
            Self::Organization => Some(Entity::Organization),
            Self::Lead => Some(Entity::Lead),
            Self::Activity | Self::Tag | Self::Other => None,
        }
    }

    /// As the table of fields says; what stands in no row of it is a line among others.
    fn place(self, key: &str) -> Place {
        let is_of_it = |field: &&crate::field::Field| Some(field.entity) == self.entity() && field.attribute == key;
        match (self, key) {
            (Self::Activity, COMMENT) => Place::Comment,
            (Self::Activity, "additional") | (Self::Other, _) => Place::Text,
            // What a person's row calls organization_name.
            (Self::Organization, "name") => Kind::OrganizationName.place(),
            _ => FIELDS
                .iter()
                .filter(|field| field.is_own())
                .find(is_of_it)
                .map_or(Place::Line, crate::field::Field::place),
        }
    }

    fn clean(self, fields: Value, current: &Value) -> Value {
        match fields {
            Value::Object(fields) => Value::Object(self.clean_fields(fields, current)),
            fields => self.clean_value("", fields, current),
        }
    }

    fn clean_fields(self, fields: Map<String, Value>, current: &Value) -> Map<String, Value> {
        let known = |key: &str| current.get(key).unwrap_or(&Value::Null);
        let clean = |(key, value): (String, Value)| {
            let value = match (Self::named(&key), value) {
                (Some(record), value @ Value::Object(_)) => record.clean(value, known(&key)),
                (_, value) => self.clean_value(&key, value, known(&key)),
            };
            (key, value)
        };
        json::object(fields.into_iter().map(clean))
    }

    /// A field's value; what stands inside of it is of the same field.
    fn clean_value(self, key: &str, value: Value, current: &Value) -> Value {
        match value {
            Value::String(text) if current.as_str() == Some(&text) => Value::String(text),
            Value::String(text) => {
                let harmless = match self.place(key) {
                    Place::Comment => comment_beside(&text, current.as_str().unwrap_or_default()),
                    place => place.harmless(&text),
                };
                Value::String(match limit(key) {
                    Limit::Characters(most) => cut_chars(&harmless, most),
                    Limit::Bytes(most) => cut_bytes(&harmless, most),
                    Limit::None => harmless.into_owned(),
                })
            }
            Value::Array(entries) => {
                let known = current.as_array().map(Vec::as_slice).unwrap_or_default();
                let clean = |entry: Value| {
                    let same = |other: &&Value| **other == entry || is_same_entry(other, &entry);
                    let current = known.iter().find(same).cloned().unwrap_or_default();
                    self.clean_value(key, entry, &current)
                };
                Value::Array(entries.into_iter().map(clean).collect())
            }
            Value::Object(fields) => {
                let clean = |(inner, value): (String, Value)| {
                    let known = current.get(&inner).unwrap_or(&Value::Null);
                    (inner, self.clean_value(key, value, known))
                };
                Value::Object(json::object(fields.into_iter().map(clean)))
            }
            other => other,
        }
    }
}

/// Whether two entries of a list are of one e-mail address or number.
fn is_same_entry(a: &Value, b: &Value) -> bool {
    a.get("value").is_some_and(|value| b.get("value") == Some(value))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Body;

    fn of(path: &str, fields: Value) -> Value {
        Body::of(path, fields).value().clone()
    }

    #[test]
    fn every_field_of_every_record_is_harmless() {
        let hostile = "{{7*7}}<img src=x>&#123;'\\\n";
        let (text, line) = ("{ {7*7} }<img src=x>&#123;'\\\n", "{ {7*7} }‹img src=x>&#123;'\\\n");
        let (raw, company) = ("{ {7*7} }‹img src=x›＆#123;'\\\n", "{ {7*7} }‹img src=x›＆#123;’＼ ");
        let comment = "{ {7*7} }&lt;img src=x>&#123;'\\\n";
        // path, field, what it becomes
        let table = [
            ("contacts/persons", "name", line),
            ("contacts/persons/7", "job_title", raw),
            ("persons/7", "organization_name", company),
            ("contacts/persons", "of_their_own", line),
            ("contacts/organizations/7", "name", company),
            ("contacts/organizations", "of_their_own", line),
            ("leads", "title", line),
            ("leads/attributes/edit/7", "description", text),
            ("/leads/7", "lost_reason", line),
            ("activities", "title", line),
            ("activities/7", "comment", comment),
            ("activities", "location", line),
            ("activities", "schedule_from", line),
            ("activities", "additional", text),
            ("settings/tags", "name", line),
            ("products", "description", text),
            ("later/versions", "anything", text),
        ];
        for (path, field, expected) in table {
            assert_eq!(of(path, json!({field: hostile})), json!({field: expected}), "{path} {field}");
        }
        assert_eq!(
            of(
                "leads",
                json!({"person": {"name": hostile, "job_title": hostile, "emails": [{"value": hostile, "label": hostile}]}})
            ),
            json!({"person": {"name": line, "job_title": raw, "emails": [{"value": line, "label": line}]}})
        );
        assert_eq!(
            of("contacts/organizations", json!({"address": {"city": hostile, "later": [hostile]}})),
            json!({"address": {"city": raw, "later": [raw]}})
        );
        assert_eq!(
            of("contacts/persons", json!({"choices": [hostile, 5, null, true]})),
            json!({"choices": [line, 5, null, true]})
        );
        assert_eq!(of("x", json!(hostile)), text);
        assert_eq!(of("x", json!([hostile])), json!([text]));
        assert_eq!(of("x", Value::Null), Value::Null);
    }

    #[test]
    fn what_krayin_has_already_is_sent_back_as_it_is() {
        let current = json!({
            "name": "{{theirs}}", "job_title": "{{old}}",
            "emails": [{"value": "a@example.com", "label": "{{home}}"}, {"value": "{{odd}}", "label": null}]
        });
        let fields = json!({
            "name": "{{theirs}}", "job_title": "{{new}}",
            "emails": [{"value": "{{odd}}", "label": "work"}, {"value": "a@example.com", "label": "{{home}}"}, {"value": "{{b}}"}]
        });
        let expected = json!({
            "name": "{{theirs}}", "job_title": "{ {new} }",
            "emails": [{"value": "{{odd}}", "label": "work"}, {"value": "a@example.com", "label": "{{home}}"}, {"value": "{ {b} }"}]
        });
        assert_eq!(*Body::beside("contacts/persons/7", fields, &current).value(), expected);
    }

    #[test]
    fn cuts_with_a_mark_what_would_be_cut_without() {
        let long = "é".repeat(40_000);
        let cut = of(
            "leads",
            json!({"title": long, "description": long, "person": {"name": long, "emails": []}, "lead_value": 5}),
        );
        let line = format!("{}…", "é".repeat(254));
        assert_eq!(cut["title"], line);
        assert_eq!(cut["person"]["name"], line);
        let description = cut["description"].as_str().unwrap();
        assert!(description.len() <= 65_535 && description.len() > 65_530 && description.ends_with("é…"));
        assert_eq!(of("activities", json!({"location": long}))["location"], long.as_str());
        let braces = of("contacts/persons", json!({"name": "{".repeat(10_000)}));
        let name = braces["name"].as_str().unwrap();
        assert!(name.chars().count() == 255 && !name.contains("{{") && name.ends_with('…'));
        let short = json!({"name": "Jane", "title": null, "comment": ["x"]});
        assert_eq!(of("activities", short.clone()), short);
    }
}
