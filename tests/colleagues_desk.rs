//! A desk at work: contacts, conversations and messages come in any order while a colleague edits, wins, deletes and writes
//! in Krayin between them and between the requests of each. `DESK=600` lets it run so many seconds.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use krayin_core::records::Kind;
use krayin_sim::{Change, Moment, Server};
use krayin_tests::{ALL_SERVERS, World, report};
use serde_json::{Value, json};

const CONTACTS: u64 = 4;
const STEPS: usize = 120;

/// Numbers that are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// What the colleague did, which is to be there in the end: by kind of record, id and field.
type Done = BTreeMap<(&'static str, u64, &'static str), Value>;

struct Desk {
    world: World,
    dice: Dice,
    contacts: Vec<Value>,
    conversations: BTreeMap<u64, Value>,
    done: Done,
    gone: BTreeSet<(&'static str, u64)>,
    said: u64,
    log: Vec<String>,
}

fn id(record: &Value) -> u64 {
    record["id"].as_u64().unwrap()
}

impl Desk {
    async fn open(server: Server, seed: u64) -> Self {
        let mut world = World::connected(server).await;
        world.set(json!({"sync_conversations": true, "sync_messages": true}));
        let contacts = (1..=CONTACTS)
            .map(|number| {
                json!({
                    "id": number, "name": format!("Person {number}"), "email": format!("p{number}@example.com"),
                    "phone_number": format!("+1415555010{number}"), "additional_attributes": {"company_name": "Acme"},
                    "custom_attributes": {}
                })
            })
            .collect();
        let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (conversations, done, gone) = (BTreeMap::new(), Done::new(), BTreeSet::new());
        Self { world, dice, contacts, conversations, done, gone, said: 0, log: Vec::new() }
    }

    fn records(&self, kind: &str) -> Vec<Value> {
        match kind {
            "person" => self.world.sim.persons(),
            "lead" => self.world.sim.leads(),
            // The server writes notes of its own about each change.
            _ => self.world.sim.activities().into_iter().filter(|one| one["type"] != "system").collect(),
        }
    }

    fn pick(&mut self, kind: &'static str) -> Option<u64> {
        let records = self.records(kind);
        let at = self.dice.roll(records.len().max(1) as u64) as usize;
        records.get(at).map(id)
    }

    /// The next event, with the record as Chatwoot has it then.
    fn event(&mut self) -> (&'static str, Value) {
        let at = self.dice.roll(CONTACTS) as usize;
        self.said += 1;
        let said = self.said;
        match self.dice.roll(8) {
            0 => self.contacts[at]["name"] = json!(format!("Person {} {said}", at + 1)),
            1 => self.contacts[at]["custom_attributes"]["plan"] = json!(format!("plan {said}")),
            2 => self.contacts[at]["custom_attributes"]["budget"] = json!(said),
            3 => self.contacts[at]["additional_attributes"]["job_title"] = json!(format!("Job {said}")),
            4 => self.contacts[at]["phone_number"] = json!(format!("+1415555{:04}", 1000 + said)),
            kind => {
                let number = (at as u64 + 1) * 100 + self.dice.roll(2);
                let is_new = !self.conversations.contains_key(&number);
                let talk = self.conversations.entry(number).or_insert_with(|| {
                    json!({
                        "id": number, "display_id": number, "account_id": 1, "status": "open",
                        "channel_type": if number.is_multiple_of(2) { "Channel::Api" } else { "Channel::Whatsapp" },
                        "created_at": "2026-11-24T10:00:00Z", "last_activity_at": "2026-11-24T10:05:00Z",
                        "url": format!("https://chat.example.com/app/accounts/1/conversations/{number}"), "messages": []
                    })
                });
                talk["contact"] = self.contacts[at].clone();
                let message = json!({
                    "id": said, "message_type": "incoming", "content": format!("word{said}x"),
                    "created_at": "2026-11-24T10:00:00Z", "sender": {"name": "P", "type": "Contact"}
                });
                if kind == 5 {
                    talk["labels"] = json!([format!("label{said}")]);
                    talk["status"] = json!(["open", "resolved", "pending"][self.dice.roll(3) as usize]);
                } else {
                    talk["messages"].as_array_mut().unwrap().push(message.clone());
                }
                let mut about = talk.clone();
                if kind == 7 && !is_new {
                    about.as_object_mut().unwrap().remove("messages");
                    let mut message = message;
                    message["conversation"] = about;
                    return ("message.created", json!({"message": message}));
                }
                let name = if is_new { "conversation.created" } else { "conversation.updated" };
                return (name, json!({"conversation": about}));
            }
        }
        ("contact.updated", json!({"contact": self.contacts[at]}))
    }

    /// Something that the colleague does; what we never write may be touched between two requests as well.
    fn act(&mut self) {
        self.said += 1;
        let said = self.said;
        let kind = ["person", "lead", "activity"][self.dice.roll(3) as usize];
        let Some(record) = self.pick(kind) else { return };
        let edit = |fields: Value| json!({"change": format!("edit_{kind}"), kind: record, "fields": fields});
        let text = |word: &str| json!(format!("{word} {said}"));
        let (field, left, change, is_ours) = match (kind, self.dice.roll(6)) {
            ("person", 0) => ("name", text("Theirs"), edit(json!({"name": text("Theirs")})), true),
            ("person", 1) => ("job_title", text("Boss"), edit(json!({"job_title": text("Boss")})), true),
            ("person", 2..=3) => {
                let value = format!("theirs{said}@example.com");
                ("emails", json!(value), json!({"change": "add_email", "person": record, "value": value}), true)
            }
            ("person", _) => {
                let value = format!("+1212555{:04}", 2000 + said);
                (
                    "contact_numbers",
                    json!(value),
                    json!({"change": "add_number", "person": record, "value": value}),
                    true,
                )
            }
            ("lead", 0) => ("title", text("Deal"), edit(json!({"title": text("Deal")})), true),
            ("lead", 1) => ("lead_source_id", json!(2), edit(json!({"lead_source_id": 2})), false),
            ("lead", 2) => ("lead_type_id", json!(2), edit(json!({"lead_type_id": 2})), false),
            ("lead", 3) => {
                let stage = 2 + self.dice.roll(2);
                let change = json!({"change": "move_lead", "lead": record, "stage": stage});
                ("lead_pipeline_stage_id", json!(stage), change, false)
            }
            ("lead", 4) if self.dice.roll(4) == 0 => {
                self.forget_lead(record);
                return;
            }
            ("lead", _) => ("user_id", json!(1), edit(json!({"user_id": 1})), false),
            (_, 0) => ("title", text("Call"), edit(json!({"title": text("Call")})), false),
            (_, 1) => ("location", text("Room"), edit(json!({"location": text("Room")})), false),
            (_, 2) if self.dice.roll(4) == 0 => {
                self.make(json!({"change": "delete_activity", "activity": record}));
                self.leave("activity", record);
                return;
            }
            (_, _) => {
                let there = self.records("activity").into_iter().find(|one| id(one) == record).unwrap();
                let comment = there["comment"].as_str().unwrap_or_default();
                let word = format!("theirs{said}y");
                let written = match self.dice.roll(3) {
                    0 => format!("{comment}<br>{word}"),
                    1 => format!("{comment} {word}"),
                    _ => format!("{word}<br>{comment}"),
                };
                ("comment", json!(word), edit(json!({"comment": written})), true)
            }
        };
        let (read, _) = Change::from_json(&change).unwrap();
        self.log.push(format!("{change}"));
        if is_ours || self.dice.roll(2) == 0 {
            self.world.sim.change(&read).unwrap_or_else(|why| panic!("{change}: {why}"));
        } else {
            self.world.sim.change_at(Moment::after(1 + self.dice.roll(3) as u32), read);
        }
        let key = match field {
            // Each is one of several.
            "emails" | "contact_numbers" | "comment" => Box::leak(format!("{field} {said}").into_boxed_str()),
            field => field,
        };
        self.done.insert((kind, record, key), left);
    }

    fn make(&mut self, change: Value) {
        let (read, _) = Change::from_json(&change).unwrap();
        self.log.push(change.to_string());
        self.world.sim.change(&read).unwrap_or_else(|why| panic!("{change}: {why}"));
    }

    /// The record is gone, and nothing of it is to come back.
    fn leave(&mut self, kind: &'static str, record: u64) {
        self.gone.insert((kind, record));
        self.done.retain(|(known, of, _), _| (*known, *of) != (kind, record));
    }

    /// A lead goes with its activities.
    fn forget_lead(&mut self, record: u64) {
        let of =
            self.records("activity").into_iter().filter(|one| one["lead_ids"] == json!([record])).map(|one| id(&one));
        let activities: Vec<u64> = of.collect();
        self.make(json!({"change": "delete_lead", "lead": record}));
        self.leave("lead", record);
        let left: BTreeSet<u64> = self.records("activity").iter().map(id).collect();
        for activity in activities.into_iter().filter(|activity| !left.contains(activity)) {
            self.leave("activity", activity);
        }
    }

    /// What is not as it is to be.
    fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for ((kind, record, field), left) in &self.done {
            let Some(found) = self.records(kind).into_iter().find(|one| id(one) == *record) else {
                wrong.push(format!("lost: {kind} {record}"));
                continue;
            };
            let name = field.split(' ').next().unwrap();
            let stays = match name {
                "emails" | "contact_numbers" | "comment" => found[name].to_string().contains(left.as_str().unwrap()),
                name => found[name] == *left,
            };
            if !stays {
                wrong.push(format!("undone: {kind} {record} {field}: {left} became {}", found[name]));
            }
        }
        for contact in &self.contacts {
            let email = contact["email"].as_str().unwrap();
            let persons = self.records("person");
            let of: Vec<u64> = persons
                .iter()
                .filter(|one| one["emails"].to_string().contains(&format!("\"{email}\"")))
                .map(id)
                .collect();
            if of.len() > 1 {
                wrong.push(format!("doubled: {} persons of {email}", of.len()));
            }
            let leads = self.records("lead");
            let of_them = leads.iter().filter(|lead| {
                of.contains(&lead["person"]["id"].as_u64().or(lead["person_id"].as_u64()).unwrap_or_default())
            });
            if of_them.clone().count() > 1 {
                wrong.push(format!("doubled: {} leads of {email}", of_them.count()));
            }
        }
        let kept = [("activity", self.conversations.keys().copied().collect::<Vec<_>>(), Kind::Conversation)];
        let contacts: Vec<u64> = self.contacts.iter().map(id).collect();
        let kept =
            kept.into_iter().chain([("person", contacts.clone(), Kind::Contact), ("lead", contacts, Kind::Contact)]);
        for (kind, ours, of) in kept {
            let there: BTreeSet<u64> = self.records(kind).iter().map(id).collect();
            for number in ours {
                let known = self.world.records.get(of, number).ids.get(kind);
                if known.is_some_and(|known| !there.contains(&known) && !self.gone.contains(&(kind, known))) {
                    wrong.push(format!("lost: the {kind} of {number}"));
                }
            }
        }
        let comments: Vec<String> = self.records("activity").iter().map(|one| one["comment"].to_string()).collect();
        for number in self.conversations.keys() {
            let link = format!("/conversations/{number}\\\"");
            let of = comments
                .iter()
                .filter(|comment| comment.contains(&link) && comment.contains("Channel") | comment.contains("Begun"))
                .count();
            if of > 1 {
                wrong.push(format!("doubled: {of} activities of conversation {number}"));
            }
        }
        wrong
    }
}

async fn work(server: Server, seed: u64) -> (usize, Vec<String>) {
    let mut desk = Desk::open(server, seed).await;
    let mut checked = 0;
    for step in 0..STEPS {
        if desk.dice.roll(3) == 0 {
            desk.act();
        }
        let (name, data) = desk.event();
        desk.log.push(format!("{name} {data}"));
        let mut outcome = desk.world.event(name, data.clone()).await;
        for _ in 0..2 {
            if outcome.is_ok() {
                break;
            }
            outcome = desk.world.event(name, data.clone()).await;
        }
        // A moment that did not come is now.
        let late = desk.world.sim.waiting_changes();
        for _ in 0..4 * late {
            let _ = desk.world.client().pipelines().await;
            let _ = desk.world.client().get("leads", &[]).await;
        }
        let mut wrong = desk.wrong();
        if let Err(error) = outcome {
            wrong.push(format!("failed: {error}"));
        }
        checked += desk.done.len();
        if !wrong.is_empty() {
            let last = desk.log.iter().rev().take(6).rev().cloned().collect::<Vec<_>>().join("\n  ");
            let what = wrong.iter().map(|what| format!("{server:?}, seed {seed}, step {step}: {what}\n  {last}"));
            return (checked, what.collect());
        }
    }
    (checked, Vec::new())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_with_a_colleague_in_it_undoes_doubles_and_loses_nothing() {
    let seconds: u64 = std::env::var("DESK").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or_default();
    let (began, mut seed, mut checked, mut wrong) = (Instant::now(), 0, 0, Vec::new());
    while seed < 2 || began.elapsed() < Duration::from_secs(seconds) {
        seed += 1;
        for server in ALL_SERVERS {
            let (more, bad) = work(server, seed).await;
            checked += more;
            wrong.extend(bad);
        }
    }
    let count = |word: &str| wrong.iter().filter(|what| what.contains(&format!(": {word}"))).count();
    report(&format!(
        "{} events, {checked} looks at what a colleague did: {} undone, {} doubled, {} lost",
        seed as usize * ALL_SERVERS.len() * STEPS,
        count("undone"),
        count("doubled"),
        count("lost")
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 1000, "{checked}");
}
