//! The contract: every recorded request is sent to the simulator again, and a client must see the same answer.
//!
//! `tests/contract/` holds what live servers answered. Each test replays one server's recordings into an empty
//! simulator, in the order in which they were made, with the simulator's own ids in the place of the recorded ones.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use krayin_sim::{Options, Server, Sim};
use serde_json::{Value, json};

#[path = "sim_client.rs"]
mod sim_client;
#[path = "contract/view.rs"]
mod view;

use sim_client::{encode, raw};
use view::{differences, slim, view};

/// The scenarios in the order in which they were recorded: later ones see what earlier ones left.
const SCENARIOS: [&str; 20] = [
    "auth",
    "settings",
    "design-document-paths",
    "person-create",
    "person-unique",
    "person-search",
    "person-read-and-update",
    "organization",
    "lead-create",
    "lead-update",
    "activity",
    "custom-attribute",
    "search-patterns",
    "truncation",
    "activity-find",
    "clock",
    "automation",
    "tags",
    "lead-nested",
    "throttle",
];

/// How many steps a server's recordings have.
const STEPS: usize = 241;

/// The simulator's ids by entity and recorded id.
#[derive(Default)]
struct Ids(HashMap<(&'static str, u64), u64>);

impl Ids {
    fn learn(&mut self, entity: &'static str, recorded: &Value, actual: &Value) {
        if let (Some(recorded), Some(actual)) = (recorded.as_u64(), actual.as_u64()) {
            self.0.insert((entity, recorded), actual);
        }
    }

    /// The simulator's id; one that was never made, such as 99999999, stays.
    fn of(&self, entity: &'static str, recorded: u64) -> u64 {
        self.0.get(&(entity, recorded)).copied().unwrap_or(recorded)
    }

    /// Learns what an answer to a POST made.
    fn learn_answer(&mut self, path: &str, recorded: &Value, actual: &Value) {
        let (recorded, actual) = (&recorded["data"], &actual["data"]);
        if let Some(entity) = collection(path) {
            self.learn(entity, &recorded["id"], &actual["id"]);
        }
        self.learn("person", &recorded["person"]["id"], &actual["person"]["id"]);
        self.learn("organization", &recorded["organization"]["id"], &actual["organization"]["id"]);
    }

    fn path(&self, path: &str) -> String {
        let mut segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        let entity = [
            ("/contacts/persons/", "person"),
            ("/contacts/organizations/", "organization"),
            ("/leads/", "lead"),
            ("/activities/", "activity"),
            ("/settings/webhooks/", "webhook"),
            ("/settings/workflows/", "workflow"),
        ]
        .into_iter()
        .find(|(start, _)| path.starts_with(start))
        .map(|(_, entity)| entity);
        if let Some(entity) = entity {
            for segment in &mut segments {
                if let Ok(id) = segment.parse() {
                    *segment = self.of(entity, id).to_string();
                }
            }
        }
        segments.join("/")
    }

    fn body(&self, body: &Value) -> Value {
        let mut body = body.clone();
        for (field, entity) in
            [("person_id", "person"), ("lead_id", "lead"), ("organization_id", "organization"), ("tag_id", "tag")]
        {
            if let Some(id) = body.get(field).and_then(Value::as_u64) {
                body[field] = json!(self.of(entity, id));
            }
        }
        if let Some(id) = body.pointer("/person/id").and_then(Value::as_u64) {
            body["person"]["id"] = json!(self.of("person", id));
        }
        if let Some(id) = body.pointer("/actions/0/value").and_then(Value::as_u64) {
            body["actions"][0]["value"] = json!(self.of("webhook", id));
        }
        body
    }

    fn query(&self, path: &str, query: &Value) -> String {
        let pairs = query.as_object().into_iter().flatten().map(|(field, value)| {
            let mut text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let entity = if field == "id" { collection(path) } else { None };
            if field == "person_id" || entity.is_some() {
                let id = text.parse().unwrap();
                text = self.of(entity.unwrap_or("person"), id).to_string();
            } else if let Some(id) = text.strip_prefix("person_id:").and_then(|id| id.parse().ok()) {
                text = format!("person_id:{}", self.of("person", id));
            }
            format!("{}={}", encode(field), encode(&text))
        });
        let pairs: Vec<String> = pairs.collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

/// The entity that a collection holds.
fn collection(path: &str) -> Option<&'static str> {
    Some(match path {
        "/contacts/persons" => "person",
        "/contacts/organizations" => "organization",
        "/leads" => "lead",
        "/activities" => "activity",
        "/settings/tags" => "tag",
        "/settings/webhooks" => "webhook",
        "/settings/workflows" => "workflow",
        _ => return None,
    })
}

/// Sends a recorded request. The answer is in the recordings' form, its body whole.
fn replay(sim: &Sim, token: usize, request: &Value, ids: &Ids) -> Value {
    let path = request["path"].as_str().unwrap();
    let target = format!("/api/v1{}{}", ids.path(path), ids.query(path, &request["query"]));
    let good = format!("Bearer {}", sim.token(token));
    let headers: Vec<(&str, &str)> = request["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let value = match value.as_str().unwrap() {
                "Bearer <token>" => &good,
                "Bearer <bad>" => "Bearer 1|nope",
                other => other,
            };
            (name.as_str(), value)
        })
        .collect();
    let body = match &request["body"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        fields => Some(ids.body(fields).to_string()),
    };
    let method = request["method"].as_str().unwrap();
    let reply = raw(sim, method, &target, &headers, body.as_deref().map(str::as_bytes)).unwrap();
    let headers: serde_json::Map<String, Value> =
        reply.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({"status": reply.status, "headers": headers, "body": reply.json()})
}

/// Measures an answer as a recorded step was measured.
fn measure(recorded: &Value, data: &Value) -> Value {
    let Some(recorded) = recorded.as_object() else {
        return Value::Null;
    };
    let text = |field: &str| data[field].as_str().unwrap_or_default();
    let measured = recorded.keys().map(|name| {
        let value = match name.as_str() {
            "title_chars" => json!(text("title").chars().count()),
            "comment_chars" => json!(text("comment").chars().count()),
            "comment_bytes" => json!(text("comment").len()),
            "description_chars" => json!(text("description").chars().count()),
            "lead_value" => data["lead_value"].clone(),
            other => panic!("nobody knows how to measure {other}"),
        };
        (name.clone(), value)
    });
    Value::Object(measured.collect())
}

/// Replays a folder of recordings and fails with every step whose answer a client would see differently.
fn check(folder: &str, server: Server, production: bool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract").join(folder);
    let tokens = (1..=SCENARIOS.len()).map(|number| format!("{number}|a-token-of-the-contract")).collect();
    let sim = Sim::start(Options { server, production, tokens, ..Options::default() }).unwrap();
    let mut ids = Ids::default();
    let (mut steps, mut wrong) = (0, Vec::new());
    for (token, scenario) in SCENARIOS.iter().enumerate() {
        let text = fs::read_to_string(folder.join(format!("{scenario}.json"))).unwrap();
        let recording: Value = serde_json::from_str(&text).unwrap();
        let mut sent = 0;
        for (at, step) in recording["steps"].as_array().unwrap().iter().enumerate() {
            let request = &step["request"];
            let note = step["note"].as_str().unwrap_or_default();
            // Of the throttle's 64 equal requests only some were kept; the others are sent all the same.
            if let Some(number) = note.strip_prefix("request ").and_then(|number| number.parse::<u32>().ok()) {
                while sent + 1 < number {
                    replay(&sim, token, request, &ids);
                    sent += 1;
                }
                sent = number;
            }
            let mut response = replay(&sim, token, request, &ids);
            if request["method"] == "POST" {
                ids.learn_answer(request["path"].as_str().unwrap(), &step["response"]["body"], &response["body"]);
            }
            let measured = measure(&step["measured"], &response["body"]["data"]);
            response["body"] = slim(&response["body"]);
            let mut as_sent = request.clone();
            as_sent["body"] = ids.body(&request["body"]);
            let real = view(request, &step["response"], &step["measured"]);
            let found = differences(&real, &view(&as_sent, &response, &measured), "");
            steps += 1;
            if !found.is_empty() {
                wrong.push(format!(
                    "{scenario} step {} {} {} ({note})\n    real | simulated: {}",
                    at + 1,
                    request["method"].as_str().unwrap_or_default(),
                    request["path"].as_str().unwrap_or_default(),
                    found.join("\n    ")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {steps} steps agree\n{}", steps - wrong.len(), wrong.join("\n"));
    assert_eq!(steps, STEPS, "steps in {}", folder.display());
}

#[test]
fn krayin_210_debug() {
    check("krayin-2.1.0-debug", Server::Krayin210, false);
}

#[test]
fn krayin_210_production() {
    check("krayin-2.1.0-production", Server::Krayin210, true);
}

#[test]
fn krayin_223_official_debug() {
    check("krayin-2.2.3-official-debug", Server::Krayin223Official, false);
}

#[test]
fn krayin_223_official_production() {
    check("krayin-2.2.3-official-production", Server::Krayin223Official, true);
}

#[test]
fn krayin_223_community_production() {
    check("krayin-2.2.3-community-production", Server::Krayin223Community, true);
}
