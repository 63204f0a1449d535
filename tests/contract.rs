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
#[path = "contract/record.rs"]
mod record;
#[path = "../crates/krayin_sim/tests/support/mod.rs"]
mod sim_client;
#[path = "contract/view.rs"]
mod view;

use ids::Ids;
use measure::Measure;
use sim_client::{Reply, raw};
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

/// What recorded requests are sent to.
trait Asked {
    /// `target` is a path below the API's address, with its query.
    fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Reply;
    /// The token of that scenario.
    fn token(&self, scenario: usize) -> String;
    /// Until what is written next is of a later second.
    fn wait(&self);
}

impl Asked for Sim {
    fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Reply {
        raw(self, method, &format!("/api/v1{target}"), headers, body).unwrap()
    }

    fn token(&self, scenario: usize) -> String {
        Sim::token(self, scenario).to_owned()
    }

    fn wait(&self) {
        self.advance(Duration::from_secs(1));
    }
}

/// The server that a set is replayed into, one token a scenario, and what was found so far.
struct Replay<Server> {
    server: Server,
    token: usize,
    ids: Ids,
    steps: usize,
    wrong: Vec<String>,
    /// The last scenario's steps as they were sent and answered, in the recordings' form.
    kept: Vec<Value>,
}

impl Replay<Sim> {
    fn of(recorded: &Recorded) -> Self {
        let tokens = (1..=SCENARIOS.len()).map(|number| format!("{number}|a-token-of-the-contract")).collect();
        let sim = Sim::start(Options {
            server: recorded.server,
            production: recorded.production,
            timezone: recorded.timezone.into(),
            tokens,
            ..Options::default()
        });
        Self::into(sim.unwrap())
    }
}

impl<Server: Asked> Replay<Server> {
    fn into(server: Server) -> Self {
        Self { server, token: 0, ids: Ids::default(), steps: 0, wrong: Vec::new(), kept: Vec::new() }
    }

    /// Sends a recorded request. The answer is in the recordings' form, its body whole.
    fn send(&self, request: &Value) -> Value {
        let path = request["path"].as_str().unwrap();
        let target = format!("{}{}", self.ids.path(path), self.ids.query(path, &request["query"]));
        let good = format!("Bearer {}", self.server.token(self.token));
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
        let reply = self.server.ask(method, &target, &headers, body.as_deref().map(str::as_bytes));
        let headers: serde_json::Map<String, Value> =
            reply.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let json = reply.json();
        let text = json.is_null().then(|| reply.body.chars().take(600).collect::<String>());
        json!({"status": reply.status, "headers": headers, "body": json, "text": text})
    }

    /// Replays one scenario and notes every step that a client would see answered differently.
    fn scenario(&mut self, name: &str, steps: &[Value]) {
        self.ids = Ids::default();
        self.kept.clear();
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
                self.server.wait();
            }
            let mut as_sent = self.ids.request(request);
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
            as_sent["body"] = self.ids.body(&request["body"]);
            let real = view(request, &step["response"], &step["measured"]);
            let found = differences(&real, &view(&as_sent, &response, &measured), "");
            self.steps += 1;
            self.kept.push(record::step(step, &as_sent, response, measured));
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
fn replay(recorded: &Recorded) -> Replay<Sim> {
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
    let replays: Vec<Replay<Sim>> = std::thread::scope(|scope| {
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

/// Records a server that nobody knows yet, and says where it answers otherwise than the one whose requests it was sent.
///
///     RECORD=http://127.0.0.1:8000/api/v1 TOKENS=tokens.txt LIKE=krayin-2.2.3-official-production AS=krayin-2.3.0-production \
///         cargo test -p krayin_tests --test contract -- --ignored --nocapture records_a_live_server
///
/// Plain HTTP, so on a machine of one's own, into a Krayin that was just installed. `TOKENS` is a file with a token a
/// line, each of another user, since the throttle counts by user: one for each scenario.
#[test]
#[ignore = "it takes a live Krayin"]
fn records_a_live_server() {
    let given = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is missing"));
    let tokens = fs::read_to_string(given("TOKENS")).unwrap();
    let live = record::Live::new(&given("RECORD"), tokens.lines().map(str::trim).filter(|line| !line.is_empty()));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract");
    for difference in record::folder(&folder.join(given("LIKE")), &folder.join(given("AS")), live) {
        println!("{difference}");
    }
}

/// The simulator stands for the live one: what is recorded of it is answered alike by another simulator.
#[test]
fn what_is_recorded_anew_is_a_recording() {
    let new_york = RECORDED.iter().find(|recorded| recorded.timezone == "America/New_York").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract").join(new_york.folder);
    let made = std::env::temp_dir().join(format!("krayin-recording-{}", std::process::id()));
    let sim = Replay::of(new_york).server;
    let tokens: Vec<String> = (0..2).map(|scenario| Asked::token(&sim, scenario)).collect();
    let live = record::Live::new(&sim.url(), tokens.iter().map(String::as_str));
    assert_eq!(record::folder(&folder, &made, live), Vec::<String>::new());
    let mut again = Replay::of(new_york);
    for scenario in SCENARIOS {
        if let Ok(text) = fs::read_to_string(made.join(format!("{scenario}.json"))) {
            let recording: Value = serde_json::from_str(&text).unwrap();
            again.scenario(scenario, recording["steps"].as_array().unwrap());
        }
    }
    fs::remove_dir_all(&made).unwrap();
    assert_eq!((again.token, again.steps, again.wrong), (new_york.scenarios, new_york.steps, Vec::new()));
}
