//! The simulator's own ids in the place of the recorded ones.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::sim_client::encode;

/// What a path's collection holds, and which fields of a body and of a query name one of it.
const ENTITIES: [(&str, &str); 7] = [
    ("/contacts/persons", "person"),
    ("/contacts/organizations", "organization"),
    ("/leads", "lead"),
    ("/activities", "activity"),
    ("/settings/tags", "tag"),
    ("/settings/webhooks", "webhook"),
    ("/settings/workflows", "workflow"),
];
const REFERENCES: [(&str, &str); 5] = [
    ("person_id", "person"),
    ("lead_id", "lead"),
    ("organization_id", "organization"),
    ("tag_id", "tag"),
    ("user_id", "user"),
];

/// The simulator's ids by entity and recorded id, of one scenario.
#[derive(Default)]
pub struct Ids {
    known: HashMap<(&'static str, u64), u64>,
    /// The first of each entity that the scenario made, as the simulator has it.
    first: HashMap<&'static str, u64>,
    /// What the value of a custom attribute is an id of, by its code.
    coded: HashMap<String, &'static str>,
}

impl Ids {
    fn learn(&mut self, entity: &'static str, recorded: &Value, actual: &Value) {
        if let (Some(recorded), Some(actual)) = (recorded.as_u64(), actual.as_u64()) {
            self.known.insert((entity, recorded), actual);
            self.first.entry(entity).or_insert(actual);
        }
    }

    /// The simulator's id; one that was never made, such as 99999999, stays.
    fn of(&self, entity: &'static str, recorded: u64) -> u64 {
        self.known.get(&(entity, recorded)).copied().unwrap_or(recorded)
    }

    /// The first person, lead, … of the scenario; `user` is the one behind its token.
    pub fn first(&self, entity: &str) -> Option<u64> {
        self.first.get(entity).copied()
    }

    /// Learns what a recorded answer and the simulator's show the same record under.
    pub fn learn_answer(&mut self, request: &Value, recorded: &Value, actual: &Value) {
        let path = request["path"].as_str().unwrap_or_default();
        let (recorded, actual) = (&recorded["data"], &actual["data"]);
        if path == "/get" {
            self.learn("user", &recorded["id"], &actual["id"]);
        }
        if request["method"] != "POST" {
            return;
        }
        if let Some(entity) = collection(path) {
            self.learn(entity, &recorded["id"], &actual["id"]);
        }
        self.learn("person", &recorded["person"]["id"], &actual["person"]["id"]);
        self.learn("organization", &recorded["organization"]["id"], &actual["organization"]["id"]);
        if path == "/settings/attributes" {
            self.learn_attribute(recorded, actual);
        }
    }

    fn learn_attribute(&mut self, recorded: &Value, actual: &Value) {
        let options = |attribute: &Value| attribute["options"].as_array().cloned().unwrap_or_default();
        for (recorded, actual) in options(recorded).iter().zip(&options(actual)) {
            self.learn("option", &recorded["id"], &actual["id"]);
        }
        let code = recorded["code"].as_str().unwrap_or_default().to_owned();
        match recorded["type"].as_str() {
            Some("select" | "multiselect" | "checkbox") => self.coded.insert(code, "option"),
            Some("lookup") => self.coded.insert(code, "person"),
            _ => None,
        };
    }

    pub fn path(&self, path: &str) -> String {
        let entity = ENTITIES.iter().find(|(start, _)| path.starts_with(&format!("{start}/")));
        let Some((_, entity)) = entity else {
            return path.to_owned();
        };
        let segments = path.split('/').map(|segment| match segment.parse() {
            Ok(id) => self.of(entity, id).to_string(),
            Err(_) => segment.to_owned(),
        });
        segments.collect::<Vec<_>>().join("/")
    }

    pub fn body(&self, body: &Value) -> Value {
        let mut body = body.clone();
        for (field, entity) in REFERENCES {
            if let Some(value) = body.get_mut(field) {
                self.replace(entity, value);
            }
        }
        for (code, entity) in &self.coded {
            if let Some(value) = body.get_mut(code) {
                self.replace(entity, value);
            }
        }
        for (pointer, entity) in [("/person/id", "person"), ("/actions/0/value", "webhook")] {
            if let Some(value) = body.pointer_mut(pointer) {
                self.replace(entity, value);
            }
        }
        body
    }

    /// A number, a list of numbers, or a text of numbers with commas between them.
    fn replace(&self, entity: &'static str, value: &mut Value) {
        match value {
            Value::Number(number) => {
                if let Some(id) = number.as_u64() {
                    *value = json!(self.of(entity, id));
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(entity, item)),
            Value::String(text) => *text = self.list(entity, text),
            _ => {}
        }
    }

    fn list(&self, entity: &'static str, text: &str) -> String {
        let parts = text.split(',').map(|part| match part.parse() {
            Ok(id) => self.of(entity, id).to_string(),
            Err(_) => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join(",")
    }

    /// A request as it is sent, but for its body, which names what its answer may tell of.
    pub fn request(&self, request: &Value) -> Value {
        let path = request["path"].as_str().unwrap_or_default();
        let mut as_sent = request.clone();
        as_sent["path"] = json!(self.path(path));
        as_sent["query"] =
            self.pairs(path, &request["query"]).into_iter().map(|(key, value)| (key, json!(value))).collect();
        as_sent
    }

    pub fn query(&self, path: &str, query: &Value) -> String {
        let pairs = self.pairs(path, query).into_iter();
        let pairs: Vec<String> = pairs.map(|(field, text)| format!("{}={}", encode(&field), encode(&text))).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    fn pairs(&self, path: &str, query: &Value) -> Vec<(String, String)> {
        let pairs = query.as_object().into_iter().flatten().map(|(field, value)| {
            let mut text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let reference = REFERENCES.iter().find(|(name, _)| name == field).map(|(_, entity)| *entity);
            let entity = if field == "id" { collection(path) } else { reference };
            if let Some(entity) = entity {
                text = self.list(entity, &text);
            } else if let Some(id) = text.strip_prefix("person_id:") {
                text = format!("person_id:{}", self.list("person", id));
            }
            (field.clone(), text)
        });
        pairs.collect()
    }
}

/// The entity that a collection holds.
fn collection(path: &str) -> Option<&'static str> {
    ENTITIES.iter().find(|(collection, _)| *collection == path).map(|(_, entity)| *entity)
}
