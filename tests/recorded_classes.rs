//! Every answer that live servers gave means what it meant there.

use std::{fs, path::Path, time::SystemTime};

use krayin_core::retry::{Answer, Class, classify, retry_after};
use serde_json::Value;

/// What the recordings say that a step was: by its note where the status does not tell.
fn truth(server: &str, scenario: &str, step: &Value) -> &'static str {
    let text = |pointer: &str| step.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (note, path) = (text("/note"), text("/request/path"));
    let throttles = server.contains("2.1.0");
    let body = step.pointer("/response/body").is_some_and(|body| !body.is_null());
    // What never reached the code that runs requests.
    let outside = note.starts_with("bad token")
        || note.starts_with("no token")
        || note.starts_with("request 6")
        || note.starts_with("method that")
        || note.starts_with("9 MB")
        || odd_id(path)
        || (scenario == "design-document-paths" && path == "/leads/search");
    // 2.2.3 counts the deletes of persons, and nothing else.
    let counted = step.pointer("/response/headers/x-ratelimit-limit").is_some();
    match step.pointer("/response/status").and_then(Value::as_u64).unwrap_or_default() {
        200..=299 if body => "Ok",
        200..=299 => "NotJson",
        // A firewall may say so as well: `GET get` tells.
        401 => "Barred",
        // A server without rate headers that does not say what is missing: a path with an id may be a record's.
        404 if path == "/persons/1" && server.starts_with("krayin-2.2.3") && server.ends_with("production") => {
            "Missing"
        }
        404 if path == "/persons/search" || path == "/persons" => {
            if server.starts_with("krayin-2.2.3") && server.ends_with("production") { "Missing" } else { "NoSuchCall" }
        }
        404 if note == "unknown route" || scenario == "design-document-paths" => "NoSuchCall",
        404 => "Missing",
        405 => "NoSuchCall",
        413 => "TooLong",
        422 if note.starts_with("same") || note == "PUT of a missing id" => "Taken",
        422 => "Invalid",
        429 => "Throttled",
        500 if !throttles && !counted => "ExecutedOrNot",
        500 if outside => "Uncounted",
        500 => "FailedInside",
        _ => "?",
    }
}

/// Persons and leads are read by numbers alone: another id is a path without a route for GET.
fn odd_id(path: &str) -> bool {
    let id = ["/leads/", "/contacts/persons/"].iter().find_map(|start| path.strip_prefix(start));
    id.is_some_and(|id| !id.contains('/') && id != "search" && !id.bytes().all(|byte| byte.is_ascii_digit()))
}

fn name(class: &Class) -> String {
    format!("{class:?}").split('(').next().unwrap_or_default().to_owned()
}

#[test]
fn every_recorded_answer_means_what_it_meant() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract");
    let (mut steps, mut wrong) = (0, Vec::new());
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    let mut folders: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    assert_eq!(folders.len(), 6);
    for folder in folders {
        let server = folder.file_name().unwrap().to_string_lossy().into_owned();
        let sends = Some(server.contains("2.1.0"));
        for file in fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            let scenario = path.file_stem().unwrap().to_string_lossy().into_owned();
            let recording: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            for step in recording["steps"].as_array().unwrap() {
                let response = &step["response"];
                let Some(status) = response["status"].as_u64() else { continue };
                let header = |name: &str| response["headers"][name].as_str();
                let path = step["request"]["path"].as_str().unwrap();
                let answer = Answer {
                    status: u16::try_from(status).unwrap(),
                    // The throttle's own 429 carries them too; it never ran the request.
                    rate_headers: header("x-ratelimit-limit").is_some(),
                    retry_after: header("retry-after").and_then(|text| retry_after(text, None, SystemTime::now())),
                    json: Some(&response["body"]).filter(|body| !body.is_null()),
                    names_a_record: path.split('/').any(|part| part.parse::<u64>().is_ok()),
                    refers_to_records: !step["request"]["body"].is_null(),
                    encoded: false,
                };
                let class = classify(answer, sends);
                if let Class::Throttled(wait) = &class {
                    assert!(wait.is_some_and(|wait| (1..=60).contains(&wait.as_secs())), "{wait:?}");
                }
                let (class, truth) = (name(&class), truth(&server, &scenario, step));
                *kinds.entry(class.clone()).or_default() += 1;
                if class != truth {
                    wrong.push(format!("{server} {scenario} {status} {path} {}: {class}, not {truth}", step["note"]));
                }
                steps += 1;
            }
        }
    }
    println!("{steps} answers: {kinds:?}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(steps >= 2500, "{steps}");
    assert!(kinds.len() >= 9, "{kinds:?}");
}
