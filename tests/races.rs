//! The events of one new contact at the same moment, from eight threads in each of two processes: one of everything,
//! linked, where the contact is locked as the job layer locks it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use krayin_core::{
    api::{Client, ReqwestTransport},
    settings::Settings,
    setup,
};
use krayin_sim::{Action, Fault, Options, Server, Sim};
use krayin_tests::{ALL_SERVERS, TOKEN, conversation, report};
use serde_json::{Value, json};

const PROCESSES: usize = 2;
const THREADS: usize = 8;

/// Rounds on each server.
const LOCKED: u64 = 50;
const UNLOCKED: u64 = 25;

struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(folder: &std::path::Path, settings: &Value, locked: bool) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_racer"))
            .args([folder.display().to_string(), settings.to_string(), locked.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    fn answer(&mut self) -> Vec<String> {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| vec!["the process ended".into()])
    }
}

fn connect(sim: &Sim) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut settings = json!({
        "api_url": sim.url(), "api_token": TOKEN, "sync_to_organization": true, "sync_conversations": true,
        "stage_progression_enabled": true, "stage_on_conversation_created": 2
    });
    let read = Settings::from_json(settings.to_string().as_bytes()).unwrap();
    let client = Client::new(read.connection().unwrap(), std::sync::Arc::new(ReqwestTransport::new().unwrap()));
    let (found, _) = runtime.block_on(setup::connect(&read, &client)).unwrap();
    for (key, value) in serde_json::to_value(found).unwrap().as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

/// The events of a contact that nobody knows, one a thread.
fn round(id: u64) -> Value {
    let contact = |name: &str| {
        json!({
            "id": id, "name": name, "email": format!("contact.{id}@example.com"),
            "phone_number": format!("+1415555{:04}", 1000 + id),
            "additional_attributes": {"company_name": format!("Company {id}")}
        })
    };
    let talk = |status: &str| {
        let mut talk = conversation("Channel::Whatsapp");
        talk["id"] = json!(id);
        talk["display_id"] = json!(id);
        talk["status"] = json!(status);
        talk["contact"] = contact("Jane Doe");
        json!({"conversation": talk})
    };
    let events = [
        json!(["contact.created", {"contact": contact("Jane Doe")}]),
        json!(["contact.updated", {"contact": contact("Jane Smith")}]),
        json!(["conversation.created", talk("open")]),
        json!(["conversation.updated", talk("resolved")]),
    ];
    json!([id, events.iter().cycle().take(THREADS).collect::<Vec<_>>()])
}

/// What came of some rounds.
#[derive(Default)]
struct Result {
    errors: Vec<String>,
    /// Persons, leads, organizations and activities beside the first of each, by server.
    twins: BTreeMap<String, [usize; 4]>,
    wrong: Vec<String>,
}

/// How many records there are beside the first of each, and what is not there at all.
fn tally(sim: &Sim, server: Server, rounds: u64, result: &mut Result) {
    let [persons, leads, organizations, activities] =
        [sim.persons(), sim.leads(), sim.organizations(), sim.activities()];
    let expected = usize::try_from(rounds).unwrap();
    let twins = [&persons, &leads, &organizations, &activities].map(|list| list.len().saturating_sub(expected));
    result.twins.insert(format!("{server:?}"), twins);
    for (what, list) in
        [("persons", &persons), ("leads", &leads), ("organizations", &organizations), ("activities", &activities)]
    {
        if list.len() < expected {
            result.wrong.push(format!("{server:?}: {} {what} instead of {expected}", list.len()));
        }
    }
    for id in 1..=rounds {
        let email = format!("contact.{id}@example.com");
        let of_contact = |person: &&Value| person["emails"][0]["value"] == json!(email);
        let owners: Vec<_> = persons.iter().filter(of_contact).map(|person| person["id"].clone()).collect();
        let mine = |lead: &&Value| owners.contains(&lead["person_id"]) || owners.contains(&lead["person"]["id"]);
        let deals: Vec<_> = leads.iter().filter(mine).map(|lead| lead["id"].clone()).collect();
        let company = persons.iter().find(of_contact).map(|person| person["organization_id"].clone());
        let title = format!("Conversation #{id} ");
        let talks: Vec<_> =
            activities.iter().filter(|activity| activity["title"].as_str().unwrap().starts_with(&title)).collect();
        let linked = |activity: &&Value, field: &str, ids: &[Value]| {
            activity[field].as_array().unwrap().iter().any(|linked| ids.contains(linked))
        };
        if owners.is_empty() || deals.is_empty() || company.is_none_or(|company| company.is_null()) {
            result.wrong.push(format!("{server:?} {id}: no person, lead or organization"));
        }
        let leads_too = server != Server::Documented;
        let whole =
            |talk: &&Value| linked(talk, "person_ids", &owners) && (!leads_too || linked(talk, "lead_ids", &deals));
        if talks.is_empty() || !talks.iter().any(whole) {
            result.wrong.push(format!("{server:?} {id}: no activity that is linked"));
        }
    }
}

fn race(server: Server, rounds: u64, locked: bool, result: &mut Result) {
    let tokens = vec![TOKEN.to_owned()];
    let sim = Sim::start(Options { server, tokens, throttle: false, ..Options::default() }).unwrap();
    let folder = std::env::temp_dir().join(format!("krayin-races-{}-{server:?}-{locked}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let settings = connect(&sim);
    // A server without transactions checks before it writes, and others come between.
    sim.fault(
        Fault { method: Some("POST".into()), ..Fault::next(Action::SlowWrite(Duration::from_millis(3))) }
            .times(Fault::FOREVER),
    );
    let mut processes: Vec<_> = (0..PROCESSES).map(|_| Process::start(&folder, &settings, locked)).collect();
    for id in 1..=rounds {
        let line = round(id);
        for process in &mut processes {
            writeln!(process.input, "{line}").unwrap();
        }
        result.errors.extend(processes.iter_mut().flat_map(Process::answer));
    }
    for Process { mut child, input, .. } in processes {
        drop(input);
        assert!(child.wait().unwrap().success());
    }
    tally(&sim, server, rounds, result);
    std::fs::remove_dir_all(&folder).unwrap();
}

fn say(what: &str, rounds: u64, result: &Result) {
    let total = rounds * ALL_SERVERS.len() as u64;
    report(&format!(
        "{what}: {total} rounds, {} events each, twins {:?}, {} errors left, {} wrong",
        PROCESSES * THREADS,
        result.twins,
        result.errors.len(),
        result.wrong.len()
    ));
}

#[test]
fn a_locked_contact_is_one_of_everything() {
    let mut result = Result::default();
    for server in ALL_SERVERS {
        race(server, LOCKED, true, &mut result);
    }
    say("locked", LOCKED, &result);
    assert!(result.errors.is_empty(), "{:?}", result.errors);
    assert!(result.twins.values().all(|twins| *twins == [0; 4]), "{:?}", result.twins);
    assert!(result.wrong.is_empty(), "{}", result.wrong.join("\n"));
}

/// Without the lock an activity may come twice, for nothing in Krayin refuses a second one. How many do is told, and that
/// nothing is lost is asserted.
#[test]
fn without_a_lock_nothing_is_lost() {
    let mut result = Result::default();
    for server in ALL_SERVERS {
        race(server, UNLOCKED, false, &mut result);
    }
    say("unlocked", UNLOCKED, &result);
    let kinds: std::collections::BTreeSet<_> = result.errors.iter().collect();
    assert!(result.wrong.is_empty(), "{}\n{kinds:?}", result.wrong.join("\n"));
}
