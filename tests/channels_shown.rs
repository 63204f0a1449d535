//! A contact, a conversation and a message of each channel, as Krayin has them once they were synced.
//!
//! `golden/channels/NAME.json` holds the three records, or several messages of the kinds that the channel has; `NAME.txt` is what stands in Krayin then, read back from it. After a
//! change that is meant, `UPDATE_GOLDEN=1 cargo test -p krayin_tests --test channels_shown` writes them anew: read the difference
//! before you commit it.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use krayin_core::chatwoot::{Channel, Conversation};
use krayin_tests::{SERVERS, World};
use serde_json::{Value, json};

/// What the records have become in Krayin, as a text that people can read.
async fn synced(input: &Value, server: krayin_sim::Server) -> String {
    let mut world = World::connected(server).await;
    world.set(json!({"sync_conversations": true, "sync_messages": true}));
    let contact = &input["contact"];
    let mut conversation = input["conversation"].clone();
    conversation["contact"] = contact.clone();
    let messages = input["messages"].as_array().cloned().unwrap_or_else(|| vec![input["message"].clone()]);
    let about = conversation.clone();
    conversation["messages"] = json!(messages);
    world.event("contact.created", json!({"contact": contact})).await.unwrap();
    world.event("conversation.created", json!({"conversation": conversation})).await.unwrap();
    for mut message in messages {
        message["conversation"] = about.clone();
        world.event("message.created", json!({"message": message})).await.unwrap();
    }
    assert!(world.sim.broken_pages().is_empty());
    shown(&world)
}

fn shown(world: &World) -> String {
    let mut text = String::new();
    for person in world.sim.persons() {
        writeln!(text, "Person: {}", person["name"].as_str().unwrap()).unwrap();
        for (label, key) in [("E-mail", "emails"), ("Number", "contact_numbers")] {
            for entry in person[key].as_array().into_iter().flatten() {
                writeln!(text, "  {label}: {}", entry["value"].as_str().unwrap_or_default()).unwrap();
            }
        }
        if let Some(job) = person["job_title"].as_str() {
            writeln!(text, "  Job: {job}").unwrap();
        }
    }
    for organization in world.sim.organizations() {
        writeln!(text, "Organization: {}", organization["name"].as_str().unwrap()).unwrap();
    }
    for lead in world.sim.leads() {
        writeln!(text, "Lead: {}", lead["title"].as_str().unwrap()).unwrap();
        for line in lead["description"].as_str().unwrap_or_default().lines() {
            writeln!(text, "  {line}").unwrap();
        }
    }
    for activity in world.sim.activities().iter().filter(|activity| activity["type"] != "system") {
        let title = activity["title"].as_str().unwrap();
        let done = if activity["is_done"] == json!(1) || activity["is_done"] == json!(true) { ", done" } else { "" };
        writeln!(text, "\n{}{done}: {title}", activity["type"].as_str().unwrap()).unwrap();
        for line in activity["comment"].as_str().unwrap_or_default().split("<br>") {
            writeln!(text, "  {line}").unwrap();
        }
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

fn inputs() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/channels");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            (path.to_str().unwrap().to_owned(), serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn each_channel_shows_as_its_file_says() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1");
    let mut differences = Vec::new();
    for (path, input) in inputs() {
        let found = synced(&input, SERVERS[0]).await;
        let file = Path::new(&path).with_extension("txt");
        if update {
            fs::write(&file, &found).unwrap();
        } else if fs::read_to_string(&file).unwrap_or_default() != found {
            differences.push(format!("--- {}\n{found}", file.display()));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[tokio::test]
async fn it_is_the_same_on_every_server() {
    for (path, input) in inputs() {
        let first = synced(&input, SERVERS[0]).await;
        for server in [SERVERS[1], SERVERS[2]] {
            let activities = |text: &str| text.split_once("\n\n").map(|(_, activities)| activities.to_owned());
            assert_eq!(activities(&synced(&input, server).await), activities(&first), "{path} {server:?}");
        }
    }
}

#[test]
fn no_channel_is_left_out() {
    let named: Vec<Channel> = inputs()
        .values()
        .map(|input| Conversation::from_json(input["conversation"].to_string().as_bytes()).channel())
        .collect();
    for channel in [
        Channel::WebWidget,
        Channel::Api,
        Channel::Email,
        Channel::FacebookPage,
        Channel::Instagram,
        Channel::Line,
        Channel::Sms,
        Channel::Telegram,
        Channel::Tiktok,
        Channel::TwilioSms,
        Channel::TwitterProfile,
        Channel::Whatsapp,
        Channel::Other,
    ] {
        assert!(named.contains(&channel), "{channel:?}");
    }
}
