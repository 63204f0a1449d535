//! Realistic records of Chatwoot and what they become in Krayin, as files that can be read.
//!
//! `golden/NAME.json` holds a record under `contact`, `conversation` or `message`, and the settings where they matter.
//! `NAME.activity.json`, or `NAME.contact.json`, is what is sent; the comment stands beside it in `NAME.html` with a new
//! line after each break. After a change that is meant, `UPDATE_GOLDEN=1 cargo test -p krayin_tests --test golden` writes
//! them anew: read the difference before you commit it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use krayin_core::{
    chatwoot::{Contact, Conversation, Message},
    krayin::{ActivityLink, LeadLink, NewActivity},
    mapper::{map_message_to_activity, map_to_activity, map_to_lead, map_to_organization, map_to_person},
    settings::Settings,
};
use serde_json::{Value, json};

/// The texts that the record in `input` becomes, each with the ending of its file.
fn expected(input: &Value) -> Vec<(&'static str, String)> {
    let settings = input.get("settings").cloned().unwrap_or_else(|| json!({}));
    let settings = Settings::from_json(settings.to_string().as_bytes()).unwrap();
    let record = |key: &str| input.get(key).map(|record| record.to_string().into_bytes());
    if let Some(contact) = record("contact") {
        let contact = Contact::from_json(&contact);
        let mapped = json!({
            "person": map_to_person(&contact),
            "lead": map_to_lead(&contact, Some(LeadLink::Id(5)), &settings),
            "organization": map_to_organization(&contact),
        });
        return vec![("contact.json", pretty(&mapped))];
    }
    let activity = if let Some(conversation) = record("conversation") {
        Some(map_to_activity(&Conversation::from_json(&conversation), ActivityLink::Person(5), &settings))
    } else {
        let message = record("message").expect("a contact, a conversation or a message");
        map_message_to_activity(&Message::from_json(&message), ActivityLink::Lead(6), &settings)
    };
    texts(activity)
}

fn texts(activity: Option<NewActivity>) -> Vec<(&'static str, String)> {
    let Some(activity) = activity else { return vec![("activity.json", pretty(&Value::Null))] };
    let comment = activity.comment.replace("<br>", "<br>\n");
    let mut sent = serde_json::to_value(&activity).unwrap();
    sent.as_object_mut().unwrap().remove("comment");
    vec![("activity.json", pretty(&sent)), ("html", format!("{comment}\n"))]
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

fn inputs(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".json") && name.matches('.').count() == 1
    });
    paths.sort();
    paths
}

#[test]
fn records_become_what_they_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1");
    let inputs = inputs(&folder);
    assert!(inputs.len() >= 12, "the records are missing");
    let mut known = inputs.clone();
    let mut differences = Vec::new();
    for input in inputs {
        let record = serde_json::from_str(&fs::read_to_string(&input).unwrap()).unwrap();
        for (ending, text) in expected(&record) {
            let file = input.with_extension(ending);
            known.push(file.clone());
            if update {
                fs::write(&file, text).unwrap();
                continue;
            }
            let wanted = fs::read_to_string(&file).unwrap_or_default();
            if wanted != text {
                differences.push(format!("{}\n--- expected\n{wanted}+++ found\n{text}", file.display()));
            }
        }
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && !known.contains(&path) {
            differences.push(format!("{}: no record belongs to it", path.display()));
        }
    }
    assert!(
        differences.is_empty(),
        "{}\nIf this is meant: UPDATE_GOLDEN=1 cargo test -p krayin_tests --test golden",
        differences.join("\n")
    );
}
