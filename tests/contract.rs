//! The contract: every recorded request is sent to the simulator again, and a client must see the same answer.
//!
//! `tests/contract/` holds what live servers answered. Each server's recordings are replayed into an empty simulator
//! that was started as that server was, in the order in which they were made, with the simulator's own ids in the place
//! of the recorded ones.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use krayin_sim::{Options, Server, Sim};
use serde_json::{Value, json};

#[path = "contract/ids.rs"]
mod ids;
#[path = "contract/measure.rs"]
mod measure;
#[path = "../crates/krayin_sim/tests/support/mod.rs"]
mod sim_client;
#[path = "contract/view.rs"]
mod view;

use ids::Ids;
use measure::Measure;
use sim_client::raw;
use view::{differences, slim, view};

/// The scenarios in the order in which they were recorded: later ones see what earlier ones left.
const SCENARIOS: [&str; 31] = [
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
    "lead-partial",
    "close-dates",
    "yes-no-attributes",
    "removal",
    "number-shapes",
    "search-by-unique-id",
    "odd-ids-and-pages",
    "organization-blank",
    "limits-of-bodies",
    "attribute-types",
    "users",
    "throttle",
];

/// A server whose answers were recorded: its folder, how it was started, and how many steps its recordings have.
struct Recorded {
    folder: &'static str,
    server: Server,
    production: bool,
    timezone: &'static str,
    scenarios: usize,
    steps: usize,
}

const RECORDED: [Recorded; 6] = [
    Recorded { folder: "krayin-2.1.0-debug", production: false, ..OF_210 },
    Recorded { folder: "krayin-2.1.0-production", ..OF_210 },
    Recorded {
        folder: "krayin-2.1.0-production-new-york",
        timezone: "America/New_York",
        scenarios: 2,
        steps: 32,
        ..OF_210
    },
    Recorded { folder: "krayin-2.2.3-official-debug", production: false, ..OF_223 },
    Recorded { folder: "krayin-2.2.3-official-production", ..OF_223 },
    Recorded { folder: "krayin-2.2.3-community-production", server: Server::Krayin223Community, ..OF_223 },
];

const OF_210: Recorded = Recorded {
    folder: "",
    server: Server::Krayin210,
    production: true,
    timezone: "Asia/Kolkata",
    scenarios: SCENARIOS.len(),
    steps: 500,
};
const OF_223: Recorded = Recorded { server: Server::Krayin223Official, steps: 505, ..OF_210 };

/// The simulator that a set is replayed into, one token a scenario, and what was found so far.
struct Replay {
    sim: Sim,
    token: usize,
    ids: Ids,
    steps: usize,
    wrong: Vec<String>,
}

impl Replay {
    fn of(recorded: &Recorded) -> Self {
        let tokens = (1..=SCENARIOS.len()).map(|number| format!("{number}|a-token-of-the-contract")).collect();
        let sim = Sim::start(Options {
            server: recorded.server,
            production: recorded.production,
            timezone: recorded.timezone.into(),
            tokens,
            ..Options::default()
        });
        Self { sim: sim.unwrap(), token: 0, ids: Ids::default(), steps: 0, wrong: Vec::new() }
    }

    /// Sends a recorded request. The answer is in the recordings' form, its body whole.
    fn send(&self, request: &Value) -> Value {
        let path = request["path"].as_str().unwrap();
        let target = format!("/api/v1{}{}", self.ids.path(path), self.ids.query(path, &request["query"]));
        let good = format!("Bearer {}", self.sim.token(self.token));
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
            fields => Some(whole(self.ids.body(fields)).to_string()),
        };
        let method = request["method"].as_str().unwrap();
        let reply = raw(&self.sim, method, &target, &headers, body.as_deref().map(str::as_bytes)).unwrap();
        let headers: serde_json::Map<String, Value> =
            reply.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({"status": reply.status, "headers": headers, "body": reply.json()})
    }

    /// Replays one scenario and notes every step that a client would see answered differently.
    fn scenario(&mut self, name: &str, steps: &[Value]) {
        self.ids = Ids::default();
        let mut measure = Measure::new(steps);
        let mut sent = 0;
        for (at, step) in steps.iter().enumerate() {
            let request = &step["request"];
            let note = step["note"].as_str().unwrap_or_default();
            // Of the throttle's 64 equal requests only some were kept; the others are sent all the same.
            if let Some(number) = note.strip_prefix("request ").and_then(|number| number.parse::<u32>().ok()) {
                while sent + 1 < number {
                    self.send(request);
                    sent += 1;
                }
                sent = number;
            }
            // The recordings waited where a write's second must differ from an earlier one's.
            if request["method"] == "PUT" {
                self.sim.advance(Duration::from_secs(1));
            }
            let mut response = self.send(request);
            self.ids.learn_answer(request, &step["response"]["body"], &response["body"]);
            let path = request["path"].as_str().unwrap_or_default();
            let measured = measure.step(path, &step["measured"], &response["body"], &self.ids);
            response["body"] = slim(&response["body"]);
            if let (Some(Value::Array(rows)), true) =
                (response.pointer_mut("/body/data"), measured["several"].is_boolean())
            {
                rows.truncate(1);
            }
            let mut as_sent = request.clone();
            as_sent["body"] = self.ids.body(&request["body"]);
            let real = view(request, &step["response"], &step["measured"]);
            let found = differences(&real, &view(&as_sent, &response, &measured), "");
            self.steps += 1;
            if !found.is_empty() {
                self.wrong.push(format!(
                    "{name} step {} {} {path} ({note})\n    real | simulated: {}",
                    at + 1,
                    request["method"].as_str().unwrap_or_default(),
                    found.join("\n    ")
                ));
            }
        }
        self.token += 1;
    }
}

/// Writes bulk out that the recordings only name: `<9,000,000 times y>`.
fn whole(mut body: Value) -> Value {
    for value in body.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
        let named = value.as_str().and_then(|text| text.strip_prefix('<')?.strip_suffix('>')?.split_once(" times "));
        if let Some((count, text)) = named
            && let Ok(count) = count.replace(',', "").parse()
        {
            *value = json!(text.repeat(count));
        }
    }
    body
}

/// Replays a folder of recordings.
fn replay(recorded: &Recorded) -> Replay {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract").join(recorded.folder);
    let mut replay = Replay::of(recorded);
    let mut files = fs::read_dir(&folder).unwrap().count();
    for scenario in SCENARIOS {
        let Ok(text) = fs::read_to_string(folder.join(format!("{scenario}.json"))) else {
            continue;
        };
        files -= 1;
        let recording: Value = serde_json::from_str(&text).unwrap();
        replay.scenario(scenario, recording["steps"].as_array().unwrap());
    }
    assert_eq!(files, 0, "recordings in {} that no scenario names", folder.display());
    assert_eq!(replay.token, recorded.scenarios, "scenarios in {}", folder.display());
    assert_eq!(replay.steps, recorded.steps, "steps in {}", folder.display());
    replay
}

#[test]
fn every_recorded_step_is_answered_alike() {
    let replays: Vec<Replay> = std::thread::scope(|scope| {
        let running: Vec<_> = RECORDED.iter().map(|recorded| scope.spawn(|| replay(recorded))).collect();
        running.into_iter().map(|replay| replay.join().unwrap()).collect()
    });
    // Not by `println!`, which is shown of a failed test alone.
    let mut out = std::io::stdout().lock();
    let (mut agreed, mut steps) = (0, 0);
    for (recorded, replay) in RECORDED.iter().zip(&replays) {
        let good = replay.steps - replay.wrong.len();
        writeln!(out, "{}: {good} of {} steps agree", recorded.folder, replay.steps).unwrap();
        agreed += good;
        steps += replay.steps;
    }
    writeln!(out, "{agreed} of {steps} steps agree").unwrap();
    drop(out);
    let wrong: Vec<String> = RECORDED
        .iter()
        .zip(&replays)
        .flat_map(|(recorded, replay)| replay.wrong.iter().map(|step| format!("{}: {step}", recorded.folder)))
        .collect();
    assert!(wrong.is_empty(), "{agreed} of {steps} steps agree\n{}", wrong.join("\n"));
}
