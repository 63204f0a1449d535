//! What the recordings measured beside an answer's shape, measured again on the simulator's answer.

use serde_json::{Map, Value, json};

use super::ids::Ids;
use super::view::is_tag;

/// What one scenario has measured so far.
#[derive(Default)]
pub struct Measure {
    /// The scenario's own mark.
    tag: String,
    /// `closed_at` of the lead as it was first read.
    first_closed_at: Option<Value>,
}

impl Measure {
    pub fn new(steps: &[Value]) -> Self {
        Self { tag: tag(steps).unwrap_or_default(), first_closed_at: None }
    }

    /// Measures `body`, the simulator's whole answer to a call of `path`, by the names that the recorded step has.
    pub fn step(&mut self, path: &str, recorded: &Value, body: &Value, ids: &Ids) -> Value {
        let Some(recorded) = recorded.as_object() else {
            return Value::Null;
        };
        let data = &body["data"];
        if recorded.contains_key("closed") && self.first_closed_at.is_none() {
            self.first_closed_at = Some(data["closed_at"].clone());
        }
        let of_what = if path.contains("persons") { "person" } else { "lead" };
        let first = ids.first(of_what);
        let owner = ids.first("user");
        let measured = recorded.iter().map(|(name, wanted)| {
            let value = match name.as_str() {
                // Whether it is the one behind the token, or whose id it is.
                "owner" if wanted.is_boolean() => json!(data["user"]["id"].as_u64() == owner),
                name => self.value(name, data, first),
            };
            (name.clone(), value)
        });
        measured.collect::<Map<_, _>>().into()
    }

    /// `first` is the id of the first record of this kind that the scenario made.
    fn value(&self, name: &str, data: &Value, first: Option<u64>) -> Value {
        let text = |field: &str| data[field].as_str().unwrap_or_default();
        let rows = data.as_array();
        match name {
            "title_chars" => json!(text("title").chars().count()),
            "comment_chars" => json!(text("comment").chars().count()),
            "comment_bytes" => json!(text("comment").len()),
            "description_chars" => json!(text("description").chars().count()),
            "lead_value" | "value" => data["lead_value"].clone(),
            "stage" => data["lead_pipeline_stage_id"].clone(),
            "closed" => json!(!data["closed_at"].is_null()),
            "close_date" => data["expected_close_date"].clone(),
            "title" => data["title"].as_str().map_or(Value::Null, |title| json!(title.replace(&self.tag, ""))),
            "same_closed_at" => json!(self.first_closed_at.as_ref() == Some(&data["closed_at"])),
            "owner" => data["user"]["id"].clone(),
            "found" | "hit" => json!(rows.is_some_and(|rows| rows.iter().any(|row| row["id"].as_u64() == first))),
            "hits" | "there" | "leads" | "users" => rows.map_or(Value::Null, |rows| json!(rows.len())),
            "several" => json!(rows.is_some_and(|rows| rows.len() > 1)),
            "organization" => {
                let record = rows.map_or(data, |rows| rows.first().unwrap_or(&Value::Null));
                json!(record["organization"].as_object().is_some_and(|organization| !organization.is_empty()))
            }
            "numbers" => {
                data["contact_numbers"].as_array().into_iter().flatten().map(|entry| self.number(entry)).collect()
            }
            other => panic!("nobody knows how to measure {other}"),
        }
    }

    /// A number without the part that is the scenario's own, its type and its label.
    fn number(&self, entry: &Value) -> Value {
        let own = u64::from_str_radix(&self.tag, 16).unwrap_or_default() % 900_000 + 100_000;
        let (text, kind) = match &entry["value"] {
            Value::String(text) => (text.clone(), "str"),
            Value::Bool(true) => ("True".to_owned(), "bool"),
            Value::Bool(false) => ("False".to_owned(), "bool"),
            Value::Null => ("None".to_owned(), "NoneType"),
            other => (other.to_string(), "int"),
        };
        json!([text.replace(&own.to_string(), ""), kind, entry.get("label").cloned().unwrap_or(json!("absent"))])
    }
}

/// The mark in the name or title of the first record that the scenario made.
fn tag(steps: &[Value]) -> Option<String> {
    steps.iter().find_map(|step| {
        let body = &step["request"]["body"];
        let name = body["name"].as_str().or(body["title"].as_str())?;
        name.split(' ').find(|word| is_tag(word)).map(str::to_owned)
    })
}
