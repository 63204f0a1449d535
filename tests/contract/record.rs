//! Another server's recordings: the requests of a folder are sent to it, and what it answers is kept in their form.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::sim_client::{Reply, read_reply};
use super::{Asked, Replay, SCENARIOS};

/// The headers that are kept of an answer.
const KEPT: [&str; 7] = [
    "content-type",
    "location",
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "www-authenticate",
];

/// A server at an address.
pub struct Live {
    host: String,
    prefix: String,
    tokens: Vec<String>,
}

impl Live {
    pub fn new<'a>(address: &str, tokens: impl Iterator<Item = &'a str>) -> Self {
        let rest = address.strip_prefix("http://").expect("an address that begins with http://");
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let prefix = if path.is_empty() { String::new() } else { format!("/{}", path.trim_end_matches('/')) };
        let tokens: Vec<String> = tokens.map(str::to_owned).collect();
        assert!(!tokens.is_empty(), "no token");
        Self { host, prefix, tokens }
    }
}

impl Asked for Live {
    /// By HTTP/1.0, of which no answer comes in chunks.
    fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Reply {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut head = format!("{method} {}{target} HTTP/1.0\r\nHost: {}\r\n", self.prefix, self.host);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        // A server that takes no more of a large body answers before it has all.
        let _ = stream.write_all(body.unwrap_or_default());
        read_reply(&mut stream).unwrap()
    }

    fn token(&self, scenario: usize) -> String {
        self.tokens[scenario % self.tokens.len()].clone()
    }

    fn wait(&self) {
        std::thread::sleep(Duration::from_millis(1100));
    }
}

/// A step as it is kept: what was sent, what was answered and what was measured.
pub fn step(recorded: &Value, as_sent: &Value, mut response: Value, measured: Value) -> Value {
    if let Some(headers) = response["headers"].as_object_mut() {
        headers.retain(|name, _| KEPT.contains(&name.as_str()));
    }
    let mut step = json!({"note": recorded["note"], "request": as_sent, "response": response});
    if !measured.is_null() {
        step["measured"] = measured;
    }
    step
}

/// Records `live` by the requests of the folder `like` into the folder `made`; what was there of it is replaced.
///
/// Returns where it answers otherwise than `like` has it.
pub fn folder(like: &Path, made: &Path, live: Live) -> Vec<String> {
    fs::create_dir_all(made).unwrap();
    let name = made.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut replay = Replay::into(live);
    for scenario in SCENARIOS {
        let Ok(text) = fs::read_to_string(like.join(format!("{scenario}.json"))) else { continue };
        let recording: Value = serde_json::from_str(&text).unwrap();
        replay.scenario(scenario, recording["steps"].as_array().unwrap());
        let steps: Vec<String> = replay.kept.iter().map(Value::to_string).collect();
        let head = json!({"server": {"krayin": name}, "scenario": scenario, "incomplete": null});
        let head = head.to_string();
        let head = head.strip_suffix('}').unwrap_or(&head);
        let text = format!("{head}, \"steps\": [\n{}\n]}}\n", steps.join(",\n"));
        fs::write(made.join(format!("{scenario}.json")), text).unwrap();
    }
    replay.wrong
}
