//! A colleague works in Krayin while we write into it: what they touched is as they left it.

use krayin_core::{records::Kind, sync::Status};
use krayin_sim::{Change, Logged, Moment, Options, Server};
use krayin_tests::{ALL_SERVERS, SERVERS, TOKEN, World, conversation, jane, report, with};
use serde_json::{Value, json};

fn act(world: &World, change: Value) {
    let (change, _) = Change::from_json(&change).unwrap();
    world.sim.change(&change).unwrap_or_else(|why| panic!("{change:?}: {why}"));
}

fn only(records: Vec<Value>) -> Value {
    assert_eq!(records.len(), 1, "{records:?}");
    records.into_iter().next().unwrap()
}

/// What a colleague does, the record, and the fields that it touches.
struct Act {
    change: Value,
    record: &'static str,
    touched: Vec<String>,
    /// What happened in Krayin before the flow began.
    before: Vec<Value>,
    /// What is in none of the touched lists afterwards; else the last entry of each stays.
    taken_away: Option<&'static str>,
    /// Whether Krayin has an attribute of each type beside its own.
    has_attributes: bool,
}

fn acts() -> Vec<Act> {
    let edit = |record: &str, fields: Value| json!({"change": format!("edit_{record}"), record: 1, "fields": fields});
    let edit_activity = |fields: Value| json!({"change": "edit_activity", "activity": "first", "fields": fields});
    let entry = |change: &str, value: &str| json!({"change": change, "person": 1, "value": value});
    let act = |(change, record, touched): (Value, &'static str, &[&str])| Act {
        change,
        record,
        touched: touched.iter().map(|field| (*field).to_owned()).collect(),
        before: Vec::new(),
        taken_away: None,
        has_attributes: false,
    };
    let stage: &[&str] = &["lead_pipeline_stage_id", "closed_at"];
    let mut acts: Vec<Act> = [
        (edit("person", json!({"name": "Dr. Jane"})), "person", ["name"].as_slice()),
        (edit("person", json!({"job_title": "Boss"})), "person", &["job_title"]),
        (edit("person", json!({"organization_name": "Globex"})), "person", &["organization_id"]),
        (json!({"change": "delete_organization", "organization": "last"}), "person", &["organization_id"]),
        (edit("person", json!({"user_id": 1})), "person", &["user_id"]),
        (with(entry("add_email", "j@home.example"), json!({"label": "home"})), "person", &["emails"]),
        (entry("add_number", "+14155550111"), "person", &["contact_numbers"]),
        (
            json!({"change": "edit_organization", "organization": "last", "fields": {"name": "Acme Group"}}),
            "organization",
            &["name"],
        ),
        (
            json!({"change": "edit_organization", "organization": "last", "fields": {"address": {"city": "Porto", "address": "", "state": "", "country": "", "postcode": ""}}}),
            "organization",
            &["address"],
        ),
        (edit_activity(json!({"title": "Call back"})), "activity", &["title"]),
        (edit_activity(json!({"location": "Room 5"})), "activity", &["location"]),
        (
            edit_activity(json!({"schedule_from": "2030-01-01 10:00:00", "schedule_to": "2030-01-01 11:00:00"})),
            "activity",
            &["schedule_from", "schedule_to"],
        ),
        (edit_activity(json!({"is_done": 1})), "activity", &["is_done"]),
        (edit_activity(json!({"comment": "Settled by phone"})), "activity", &["comment"]),
        (edit_activity(json!({"participants": {"users": [1], "persons": [1]}})), "activity", &["participants"]),
        (
            json!({"change": "add_stage", "fields": {"code": "demo", "name": "Demo", "probability": 50, "sort_order": 3}}),
            "stages",
            &["all"],
        ),
        (json!({"change": "edit_stage", "stage": 3, "fields": {"name": "Renamed"}}), "stages", &["all"]),
        (json!({"change": "edit_stage", "stage": 4, "fields": {"sort_order": 2}}), "stages", &["all"]),
        (json!({"change": "delete_stage", "stage": 3}), "stages", &["all"]),
        (json!({"change": "delete_stage", "stage": 3}), "lead", stage),
        (json!({"change": "delete_stage", "stage": 1}), "stages", &["all"]),
        (edit("lead", json!({"title": "Big deal"})), "lead", &["title"]),
        (edit("lead", json!({"description": "What they need"})), "lead", &["description"]),
        (edit("lead", json!({"lead_value": 99})), "lead", &["lead_value"]),
        (edit("lead", json!({"expected_close_date": "2041-07-31"})), "lead", &["expected_close_date"]),
        (edit("lead", json!({"user_id": 1})), "lead", &["user_id"]),
        (edit("lead", json!({"lead_source_id": 2})), "lead", &["lead_source_id"]),
        (edit("lead", json!({"lead_type_id": 2})), "lead", &["lead_type_id"]),
        (json!({"change": "move_lead", "lead": 1, "stage": 4}), "lead", stage),
        (json!({"change": "win_lead", "lead": 1}), "lead", stage),
        (json!({"change": "lose_lead", "lead": 1, "reason": "x"}), "lead", stage),
        (
            json!({"change": "set_products", "lead": 1, "products": [{"product_id": 1, "name": "S", "quantity": 1, "price": 5, "amount": 5}]}),
            "lead",
            &["lead_products"],
        ),
    ]
    .into_iter()
    .map(act)
    .collect();
    for ended in ["win_lead", "lose_lead"] {
        for change in
            [json!({"change": "move_lead", "lead": 1, "stage": 4}), json!({"change": "reopen_lead", "lead": 1})]
        {
            acts.push(Act { before: vec![json!({"change": ended, "lead": 1})], ..act((change, "lead", stage)) });
        }
    }
    for (field, ours, theirs) in
        [("email", "jane@example.com", "j@home.example"), ("number", "+14155550182", "+14155550111")]
    {
        let list: &[&str] = if field == "email" { &["emails"] } else { &["contact_numbers"] };
        let [add, remove] = ["add", "remove"].map(|word| format!("{word}_{field}"));
        for gone in [ours, theirs] {
            let change = entry(&remove, gone);
            let before = vec![entry(&add, theirs)];
            acts.push(Act { before, taken_away: Some(gone), ..act((change, "person", list)) });
        }
    }
    for (record, options) in [("person", 1), ("lead", 7)] {
        let values = values(record, options);
        let touched: Vec<&str> = values.as_object().unwrap().keys().map(String::as_str).collect();
        acts.push(Act { has_attributes: true, ..act((edit(record, values.clone()), record, &touched)) });
    }
    acts
}

/// The types that an attribute may have.
const TYPES: [&str; 15] = [
    "text",
    "textarea",
    "price",
    "boolean",
    "select",
    "multiselect",
    "checkbox",
    "email",
    "phone",
    "lookup",
    "date",
    "datetime",
    "address",
    "file",
    "image",
];

fn is_yes_no(field: &str) -> bool {
    field.ends_with("_boolean")
}

/// One attribute of each type for persons and for leads, and a text that is to be a number.
fn add_attributes(world: &World) {
    for record in ["person", "lead"] {
        for (kind, code, validation) in
            TYPES.iter().map(|kind| (*kind, *kind, None)).chain([("text", "number", Some("numeric"))])
        {
            let fields = json!({
                "code": format!("{record}_{code}"), "name": format!("Their {code}"), "type": kind,
                "entity_type": format!("{record}s"), "validation": validation, "lookup_type": "users",
                "options": [{"name": "One"}, {"name": "Two"}]
            });
            act(world, json!({"change": "add_attribute", "fields": fields}));
        }
    }
}

/// A value for each of them; the choices have ids from `options` on.
fn values(record: &str, options: u64) -> Value {
    let of = |code: &str, value: Value| (format!("{record}_{code}"), value);
    let address = json!({"address": "Rua 1", "city": "Porto", "state": "", "country": "PT", "postcode": "4000"});
    let values = [
        of("text", json!("Theirs")),
        of("textarea", json!("Theirs\nand more")),
        of("number", json!("42")),
        of("price", json!(12.5)),
        of("boolean", json!(1)),
        of("select", json!(options + 1)),
        of("multiselect", json!([options + 2, options + 3])),
        of("checkbox", json!([options + 5])),
        of("email", json!([{"value": "x@home.example", "label": "home"}])),
        of("phone", json!([{"value": "+14155550123", "label": "home"}])),
        of("lookup", json!(1)),
        of("date", json!("2041-07-31")),
        of("datetime", json!("2041-07-31 10:30:00")),
        of("address", address),
        of("file", json!("leads/1/offer.pdf")),
        of("image", json!("leads/1/plan.png")),
    ];
    Value::Object(values.into_iter().collect())
}

async fn prepare(server: Server) -> World {
    prepared(World::connected(server).await).await
}

async fn prepared(mut world: World) -> World {
    world.set(json!({
        "stage_progression_enabled": true, "stage_on_conversation_resolved": 3, "sync_conversations": true
    }));
    world.contact("contact.created", acme()).await;
    let talk = with(conversation("Channel::Whatsapp"), json!({"contact": acme()}));
    world.event("conversation.created", json!({"conversation": talk})).await.unwrap();
    world
}

impl Act {
    async fn prepare(&self, server: Server) -> World {
        let world = World::new(server);
        if self.has_attributes {
            add_attributes(&world);
        }
        let world = prepared(world.connect().await).await;
        for change in &self.before {
            act(&world, change.clone());
        }
        world
    }

    /// Whether the flow can meet it.
    fn is_met(&self, flow: &str, event: &str) -> bool {
        let is_resolved = flow.starts_with("resolved");
        match self.record {
            "activity" => event == "conversation.updated",
            "stages" => is_resolved,
            "organization" => event == "contact.updated",
            // What is open again at the beginning is there for a rule to move along.
            _ if is_resolved && self.change["change"] == "reopen_lead" => false,
            _ => true,
        }
    }

    /// Whether a field is as the colleague left it. Ours stands beside theirs in a list; and a time is of its own moment.
    fn stays(&self, field: &str, flow: &str, left: &Value, found: &Value) -> bool {
        let (left, found) = (&left[field], &found[field]);
        match (field, self.taken_away) {
            ("closed_at", _) => left.is_null() == found.is_null(),
            ("emails" | "contact_numbers", Some(gone)) => !found.to_string().contains(gone),
            ("emails" | "contact_numbers", None) => {
                found.as_array().unwrap().contains(left.as_array().unwrap().last().unwrap())
            }
            ("is_done", _) => left == found || flow.starts_with("resolved"),
            _ => left == found,
        }
    }

    /// Whether our next call writes the field itself, or the server takes it away where a call leaves it out: then it is as
    /// the last of both left it, since between a read and its write there is no lock. Once it is read again, there is no
    /// excuse.
    fn has_no_lock(&self, world: &World, nth: u32, field: &str) -> bool {
        let written = match field {
            "organization_id" => "organization_name",
            "closed_at" => "lead_pipeline_stage_id",
            field => field,
        };
        let cleared = matches!(field, "user_id" if self.record == "person")
            || field == "expected_close_date"
            || is_yes_no(field) && world.server != Server::Documented;
        let names = if self.record == "activity" { "activities".to_owned() } else { format!("{}s", self.record) };
        let sent = world.sim.requests();
        let later = sent.iter().skip(nth as usize);
        let shows_it = |sent: &Logged| {
            let asks = || sent.query.iter().any(|(_, value)| value.contains("boolean_value"));
            let tells = !is_yes_no(field) || world.server == Server::Krayin223Community || asks();
            (sent.method == "GET" || sent.path.ends_with("search")) && sent.path.contains(&names) && tells
        };
        let mut unread = later.take_while(|sent| !shows_it(sent));
        let is_of = |path: &str| path.contains(&names) && !path.contains("stage");
        nth > 0
            && unread.any(|sent| {
                sent.method == "PUT"
                    && (sent.body.contains(&format!("\"{written}\"")) || (cleared && is_of(&sent.path)))
            })
    }
}

/// An event for each flow that writes to a person or a lead that is there.
fn flows() -> Vec<(&'static str, &'static str, Value)> {
    let company = |name: &str| json!({"company_name": name, "job_title": "CEO"});
    let changed = json!({
        "email": "new@example.com", "phone_number": "+14155550199", "additional_attributes": company("Acme"),
        "custom_attributes": {"plan": "gold"}
    });
    let contact = |fields: Value| json!({"contact": with(jane(), fields)});
    let talk = |fields: Value| {
        let known = with(conversation("Channel::Whatsapp"), json!({"contact": acme()}));
        json!({"conversation": with(known, fields)})
    };
    let city = json!({"company_name": "Acme", "company_city": "Lisbon"});
    vec![
        ("addresses and a line changed", "contact.updated", contact(changed)),
        (
            "renamed",
            "contact.updated",
            contact(json!({"name": "Jane Smith", "additional_attributes": company("Acme")})),
        ),
        (
            "budget said",
            "contact.updated",
            contact(json!({"custom_attributes": {"budget": 500}, "additional_attributes": company("Acme")})),
        ),
        ("company's address", "contact.updated", contact(json!({"additional_attributes": city}))),
        ("labelled", "conversation.updated", talk(json!({"labels": ["vip"]}))),
        ("resolved with a stage", "conversation.updated", talk(json!({"status": "resolved"}))),
    ]
}

/// The record that an act is about, as the server shows it.
async fn shown(world: &World, record: &str) -> Value {
    match record {
        "person" => only(world.sim.persons()),
        "lead" => only(world.sim.leads()),
        "organization" => world.sim.organizations().into_iter().next().unwrap(),
        "activity" => world.sim.activities().into_iter().find(|one| one["type"] != "system").unwrap(),
        _ => {
            let path = if world.server == Server::Documented { "settings/stages" } else { "settings/pipelines" };
            let all = world.client().get(path, &[]).await.unwrap()["data"].clone();
            let stages = all[0]["stages"].as_array().or(all.as_array()).unwrap().clone();
            json!({"all": stages.iter().map(|stage| json!([stage["id"], stage["code"], stage["name"]])).collect::<Vec<_>>()})
        }
    }
}

/// What a server's part of the matrix came to.
#[derive(Default)]
struct Tally {
    points: usize,
    carried: usize,
    undone: Vec<String>,
}

async fn between_any_two_requests(server: Server) -> Tally {
    let mut tally = Tally::default();
    for act in acts() {
        let (change, _) = Change::from_json(&act.change).unwrap();
        // The same act alone tells how the colleague left it.
        let alone = act.prepare(server).await;
        alone.sim.change(&change).unwrap();
        for (flow, event, data) in flows().into_iter().filter(|(flow, event, _)| act.is_met(flow, event)) {
            for nth in 0.. {
                let world = act.prepare(server).await;
                match nth {
                    0 => world.sim.change(&change).unwrap(),
                    nth => world.sim.change_at(Moment::after(nth), change.clone()),
                }
                let outcome = world.event(event, data.clone()).await;
                if world.sim.waiting_changes() > 0 {
                    break;
                }
                let what = format!("{server:?}, {flow}, after request {nth}: {change:?}");
                let refused = world.sim.refused_changes();
                if act.taken_away.is_some() && !refused.is_empty() {
                    // We have taken it away ourselves.
                    continue;
                }
                assert_eq!(refused, Vec::<String>::new(), "{what}");
                assert!(outcome.is_ok(), "{what}: {outcome:?}");
                let (left, found) = (shown(&alone, act.record).await, shown(&world, act.record).await);
                for field in &act.touched {
                    let stays = act.stays(field, flow, &left, &found);
                    if !stays && act.has_no_lock(&world, nth, field) {
                        tally.carried += 1;
                        continue;
                    }
                    tally.points += 1;
                    if !stays {
                        let (left, found) = (&left[field], &found[field]);
                        tally.undone.push(format!("{what} {field}: {left} became {found} ({outcome:?})"));
                    }
                }
            }
        }
    }
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_any_two_requests_a_colleagues_act_stays() {
    let mut all = Tally::default();
    for server in ALL_SERVERS.map(|server| tokio::spawn(between_any_two_requests(server))) {
        let tally = server.await.unwrap();
        all.points += tally.points;
        all.carried += tally.carried;
        all.undone.extend(tally.undone);
    }
    let Tally { points, carried, undone } = all;
    report(&format!(
        "{points} points, {} undone; {carried} more where the last of two writes counts, since Krayin has no lock",
        undone.len()
    ));
    assert!(undone.is_empty(), "{}", undone.join("\n"));
    assert!(points > 2000, "{points}");
}

#[tokio::test]
async fn numbers_and_addresses_go_back_as_they_were_read() {
    for server in SERVERS {
        let world = World::connected(server).await;
        let id = world.contact("contact.created", jane()).await.ids.get("person").unwrap();
        let numbers = json!([
            {"value": 4_155_550_100_u64, "label": "home"}, {"value": "+14155550182", "label": "work"},
            {"value": "+14155550101", "label": null}
        ]);
        let emails =
            json!([{"value": "jane@example.com", "label": "work"}, {"value": "J@Home.example", "label": "home"}]);
        let theirs = json!({"name": "Jane Doe", "emails": emails, "contact_numbers": numbers});
        world.client().update_person(id, theirs).await.unwrap();
        let before = only(world.sim.persons());
        let title = json!({"additional_attributes": {"company_name": "Acme, Inc.", "job_title": "CEO"}});
        let outcome = world.contact("contact.updated", with(jane(), title.clone())).await;
        assert_eq!(outcome.updated, ["person"], "{server:?} {outcome:?}");
        let after = only(world.sim.persons());
        for field in ["emails", "contact_numbers"] {
            assert_eq!(after[field], before[field], "{server:?}");
        }
        // Ours goes with the contact's, theirs and their order stay.
        let gone = with(with(jane(), title), json!({"phone_number": null}));
        world.contact("contact.updated", gone.clone()).await;
        let left: Vec<Value> = only(world.sim.persons())["contact_numbers"].as_array().unwrap().clone();
        let values: Vec<String> = left.iter().map(|entry| entry["value"].to_string().replace('"', "")).collect();
        assert_eq!(values, ["4155550100", "+14155550101"], "{server:?}");
        assert_eq!(world.contact("contact.updated", gone).await.requests, 0, "{server:?}");
    }
}

#[tokio::test]
async fn what_is_refused_is_left_out_and_the_rest_written_the_lead_too() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let other = json!({
            "name": "Other", "emails": [{"value": "other@example.com", "label": "work"}],
            "contact_numbers": [{"value": "+14155550199", "label": "work"}]
        });
        world.client().create_person(other).await.unwrap();
        let jane = with(jane(), json!({"additional_attributes": {"company_name": "Acme"}}));
        world.contact("contact.created", jane.clone()).await;
        let changed = with(jane, json!({"name": "Jane Smith", "phone_number": "+14155550199"}));
        let outcome = world.contact("contact.updated", changed.clone()).await;
        assert_eq!(outcome.updated, ["person", "lead"], "{server:?} {outcome:?}");
        assert_eq!(outcome.why[0].code(), "field_anothers", "{server:?} {outcome:?}");
        let mine = world.sim.persons().into_iter().find(|person| person["name"] == "Jane Smith").unwrap();
        assert_eq!(mine["contact_numbers"][0]["value"], "+14155550182", "{server:?}");
        assert_eq!(only(world.sim.leads())["title"], "Jane Smith", "{server:?}");
        assert_eq!(
            world.contact("contact.updated", changed.clone()).await.requests,
            0,
            "{server:?}: not at each event"
        );
        let again = with(changed, json!({"phone_number": "+14155550177"}));
        let outcome = world.contact("contact.updated", again).await;
        assert_eq!((outcome.requests, outcome.reasons.len()), (2, 0), "{server:?} {outcome:?}");
    }
}

#[tokio::test]
async fn what_was_refused_is_tried_again_when_either_side_changes_and_not_at_each_event() {
    for server in ALL_SERVERS {
        let numbers = |world: &World| {
            world.sim.persons().into_iter().find(|one| one["id"] == 2).unwrap()["contact_numbers"].to_string()
        };
        let refused = async || {
            let world = World::connected(server).await;
            let other = json!({
                "name": "Other", "emails": [{"value": "other@example.com", "label": "work"}],
                "contact_numbers": [{"value": "+14155550199", "label": "work"}, {"value": "+14155550198", "label": "work"}]
            });
            world.client().create_person(other).await.unwrap();
            world.contact("contact.created", acme()).await;
            let changed = with(acme(), json!({"phone_number": "+14155550199"}));
            let outcome = world.contact("contact.updated", changed.clone()).await;
            assert_eq!(outcome.why[0].code(), "field_anothers", "{server:?} {outcome:?}");
            assert_eq!(world.contact("contact.updated", changed.clone()).await.requests, 0, "{server:?}");
            (world, changed)
        };
        let titled = |contact: &Value, title: &str| {
            with(contact.clone(), json!({"additional_attributes": {"company_name": "Acme", "job_title": title}}))
        };

        // Theirs: the other one still has it. What else changed is written, and the reason stays.
        let (world, changed) = refused().await;
        let outcome = world.contact("contact.updated", titled(&changed, "CEO")).await;
        assert_eq!(
            (outcome.updated.as_slice(), outcome.requests),
            (["person"].as_slice(), 3),
            "{server:?} {outcome:?}"
        );
        assert_eq!(outcome.why[0].code(), "field_anothers", "{server:?} {outcome:?}");
        assert_eq!(world.contact("contact.updated", titled(&changed, "CEO")).await.requests, 0, "{server:?}");
        assert!(!numbers(&world).contains("0199"), "{server:?}");
        // The other one gives it up: the next write takes it along.
        act(&world, json!({"change": "remove_number", "person": 1, "value": "+14155550199"}));
        let outcome = world.contact("contact.updated", titled(&changed, "CTO")).await;
        assert_eq!((outcome.requests, outcome.why.len()), (2, 0), "{server:?} {outcome:?}");
        assert!(
            numbers(&world).contains("0199") && !numbers(&world).contains("0182"),
            "{server:?} {}",
            numbers(&world)
        );
        assert_eq!(world.contact("contact.updated", titled(&changed, "CTO")).await.requests, 0, "{server:?}");

        // Ours: another number is written, and the one of before tried again when it comes back.
        let (world, changed) = refused().await;
        let free = with(changed.clone(), json!({"phone_number": "+14155550177"}));
        let outcome = world.contact("contact.updated", free).await;
        assert_eq!((outcome.requests, outcome.why.len()), (2, 0), "{server:?} {outcome:?}");
        act(&world, json!({"change": "remove_number", "person": 1, "value": "+14155550199"}));
        let outcome = world.contact("contact.updated", changed).await;
        assert_eq!((outcome.requests, outcome.why.len()), (2, 0), "{server:?} {outcome:?}");
        assert!(
            numbers(&world).contains("0199") && !numbers(&world).contains("0177"),
            "{server:?} {}",
            numbers(&world)
        );
    }
}

/// What the timelines of the person and of the lead say that changed, the oldest first.
async fn lines(world: &World) -> Vec<Value> {
    let mut lines = std::collections::BTreeMap::new();
    for path in ["leads/1/activities", "contacts/persons/1/activities"] {
        let all = world.client().get(path, &[]).await.unwrap()["data"].clone();
        for line in all.as_array().unwrap().iter().filter(|one| one["type"] == "system" && one["title"] != "Created") {
            lines.insert(line["id"].as_u64().unwrap(), line["additional"].clone());
        }
    }
    lines.into_values().collect()
}

#[tokio::test]
async fn the_timeline_tells_what_changed_once_and_never_that_a_closing_day_did() {
    for server in SERVERS {
        for ended in [None, Some("win_lead"), Some("lose_lead")] {
            for (flow, event, data) in flows() {
                let world = prepare(server).await;
                act(&world, json!({"change": "edit_lead", "lead": 1, "fields": {"expected_close_date": "2041-07-31"}}));
                if let Some(change) = ended {
                    act(&world, json!({"change": change, "lead": 1}));
                }
                let before = lines(&world).await.len();
                world.event(event, data.clone()).await.unwrap();
                let after = lines(&world).await;
                let new = &after[before..];
                let what = format!("{server:?} {flow} {ended:?}: {new:#?}");
                let mut said: Vec<&str> = new.iter().map(|line| line["attribute"].as_str().unwrap()).collect();
                said.sort_unstable();
                let wanted: &[&str] = match (flow, ended) {
                    ("addresses and a line changed", _) => &["Contact Numbers", "Emails", "Job Title"],
                    ("renamed", _) => &["Job Title", "Name"],
                    ("budget said", None) => &["Job Title", "Lead Value"],
                    ("budget said", _) => &["Job Title"],
                    ("resolved with a stage", None) => &["Stage"],
                    _ => &[],
                };
                assert_eq!(said, wanted, "{what}");
                for line in new {
                    assert_ne!(line["old"]["value"], line["new"]["value"], "{what}");
                }
                world.event(event, data).await.unwrap();
                assert_eq!(lines(&world).await.len(), after.len(), "{what}: no second one");
            }
        }
    }
}

#[tokio::test]
async fn a_won_or_lost_lead_stays_as_it_is() {
    for server in ALL_SERVERS {
        for change in ["win_lead", "lose_lead"] {
            let world = World::connected(server).await;
            let jane = with(jane(), json!({"additional_attributes": {"company_name": "Acme"}}));
            let lead = world.contact("contact.created", jane.clone()).await.ids.get("lead");
            act(&world, json!({"change": change, "lead": "last"}));
            let shown = || {
                let mut lead = only(world.sim.leads());
                lead.as_object_mut().unwrap().remove("person");
                lead
            };
            let before = shown();
            let renamed = with(jane, json!({"name": "Jane Smith"}));
            let outcome = world.contact("contact.updated", renamed.clone()).await;
            assert_eq!(shown(), before, "{server:?}");
            assert!(outcome.why.iter().any(|why| why.code() == "lead_closed"), "{server:?} {outcome:?}");
            assert_eq!(world.contact("contact.updated", renamed.clone()).await.requests, 0, "{server:?}");
            // The person's next open one is the contact's.
            let open = json!({
                "title": "Next", "person_id": only(world.sim.persons())["id"], "lead_value": 0, "lead_source_id": 1,
                "lead_type_id": 1, "lead_pipeline_id": 1, "lead_pipeline_stage_id": 1
            });
            let open = world.client().create_lead(open).await.unwrap().id;
            let outcome = world.contact("contact.updated", with(renamed, json!({"name": "Jane Roe"}))).await;
            assert_eq!((outcome.ids.get("lead"), lead == Some(open)), (Some(open), false), "{server:?} {outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_new_conversation_of_a_closed_leads_contact_goes_where_the_policy_says() {
    for server in ALL_SERVERS {
        for (policy, leads) in [("note", 1), ("new_lead", 2)] {
            let mut world = World::connected(server).await;
            world.set(json!({"sync_conversations": true, "on_closed": policy}));
            let jane = with(jane(), json!({"additional_attributes": {"company_name": "Acme"}}));
            world.contact("contact.created", jane.clone()).await;
            act(&world, json!({"change": "win_lead", "lead": "last"}));
            let talk = json!({"conversation": with(conversation("Channel::Api"), json!({"contact": jane}))});
            let outcome = world.event("conversation.created", talk).await.unwrap();
            assert_eq!(world.sim.leads().len(), leads, "{server:?} {policy} {outcome:?}");
            if server != Server::Documented {
                let newest = world.sim.leads().pop().unwrap()["id"].clone();
                assert_eq!(world.sim.activities()[0]["lead_ids"], json!([newest]), "{server:?} {policy}");
            }
        }
    }
}

#[tokio::test]
async fn what_was_deleted_stays_deleted_or_is_made_again_as_the_policy_says() {
    for server in ALL_SERVERS {
        for kind in ["person", "lead", "activity"] {
            for policy in ["respect", "make_again"] {
                let mut world = World::connected(server).await;
                world.set(json!({"sync_conversations": true, "on_deleted_in_krayin": policy}));
                let jane = with(jane(), json!({"additional_attributes": {"company_name": "Acme"}}));
                let talk = |status: &str| {
                    let fields = json!({"contact": jane, "status": status});
                    json!({"conversation": with(conversation("Channel::Api"), fields)})
                };
                world.event("conversation.created", talk("open")).await.unwrap();
                if kind == "person" {
                    act(&world, json!({"change": "delete_lead", "lead": "last"}));
                }
                act(&world, json!({"change": format!("delete_{kind}"), kind: "last"}));
                let renamed = json!({"contact": with(jane.clone(), json!({"name": "Jane Smith"}))});
                let first = match kind {
                    "activity" => world.event("conversation.updated", talk("resolved")).await.unwrap(),
                    _ => world.event("contact.updated", renamed.clone()).await.unwrap(),
                };
                let count = |world: &World| match kind {
                    "person" => world.sim.persons().len(),
                    "lead" => world.sim.leads().len(),
                    _ => world.sim.activities().len(),
                };
                let what = format!("{server:?} {kind} {policy} {first:?}");
                assert_eq!(count(&world), usize::from(policy == "make_again"), "{what}");
                if policy == "respect" {
                    let code = format!("{kind}_deleted");
                    assert!(first.why.iter().any(|why| why.code() == code), "{what}");
                    let again = match kind {
                        "activity" => world.event("conversation.updated", talk("resolved")).await.unwrap(),
                        _ => world.event("contact.updated", renamed).await.unwrap(),
                    };
                    assert_eq!((again.status, again.requests), (Status::Skipped, 0), "{what} {again:?}");
                }
                // The search that a new contact takes is the second look as well.
                let most = if server == Server::Documented { 7 } else { 5 };
                assert!(first.requests <= most, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn coming_to_terms_with_a_lost_record_takes_no_more_requests_than_a_new_contact() {
    for server in ALL_SERVERS {
        let changed = |contact: &str| with(acme(), json!({"name": contact}));
        let talk = |number: u64, contact: Value| json!({"conversation": with(talk(number, json!({}))["conversation"].clone(), json!({"contact": contact}))});
        for (event, is_talk) in [("contact.updated", false), ("conversation.created", true)] {
            let data = |contact: Value| if is_talk { talk(2, contact) } else { json!({"contact": contact}) };
            let fresh = with_leads(server, json!({})).await;
            let new = fresh.event(event, data(acme())).await.unwrap().requests;
            for name in ["Jane Doe", "Jane Smith"] {
                let known = with_leads(server, json!({})).await;
                known.event("conversation.created", talk(1, acme())).await.unwrap();
                let usual = known.event(event, data(changed(name))).await.unwrap().requests;
                for (kind, changes) in [
                    ("lead", vec![json!({"change": "delete_lead", "lead": 1})]),
                    (
                        "person",
                        vec![
                            json!({"change": "delete_lead", "lead": 1}),
                            json!({"change": "delete_person", "person": 1}),
                        ],
                    ),
                ] {
                    for policy in ["respect", "make_again"] {
                        let world = with_leads(server, json!({"on_deleted_in_krayin": policy})).await;
                        world.event("conversation.created", talk(1, acme())).await.unwrap();
                        for change in &changes {
                            act(&world, change.clone());
                        }
                        let outcome = world.event(event, data(changed(name))).await.unwrap();
                        let what = format!("{server:?} {event} {name} {kind} {policy}: {outcome:?}");
                        // One call is that by which it is noticed; where it fails on a server without rate headers, another
                        // asks whether the server is well.
                        let noticed = 1 + world.sim.requests().iter().filter(|sent| sent.path == "/get").count() as u32;
                        assert!(
                            outcome.requests <= usual + new + noticed,
                            "{usual} usually, {new} for a new one: {what}"
                        );
                        let again = world.event(event, data(changed(name))).await.unwrap();
                        assert_eq!((again.status, again.requests), (Status::Skipped, 0), "{what}, then {again:?}");
                        // What nobody asks for is not missed.
                        let made = |what: &&str| usize::from(outcome.created.contains(what));
                        assert!(policy == "make_again" || made(&"lead") + made(&"person") == 0, "{what}");
                        assert_eq!(world.sim.leads().len(), made(&"lead"), "{what}");
                        let persons = if kind == "person" { made(&"person") } else { 1 };
                        assert_eq!(world.sim.persons().len(), persons, "{what}");
                        let of_nobody = |one: &Value| one["person_ids"] == json!([]) && one["lead_ids"] == json!([]);
                        assert!(!world.sim.activities().iter().any(of_nobody), "{what}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_lead_that_was_found_gets_what_nobody_entered_once() {
    for server in ALL_SERVERS {
        let mut world = World::connected(server).await;
        world.set(json!({"lead_source_id": 2, "lead_type_id": 2}));
        let client = world.client();
        let person = json!({
            "name": "Jane", "emails": [{"value": "jane@example.com", "label": "work"}],
            "contact_numbers": [{"value": "+14155550182", "label": "work"}]
        });
        let person = client.create_person(person).await.unwrap().id;
        let mut lead = json!({
            "title": "Theirs", "person_id": person, "lead_value": 0, "lead_type_id": 1, "lead_pipeline_id": 1,
            "lead_pipeline_stage_id": 1
        });
        // The document's server takes none without a source.
        let source = if server == Server::Documented { 1 } else { 2 };
        if server == Server::Documented {
            lead["lead_source_id"] = json!(source);
        }
        client.create_lead(lead).await.unwrap();
        let fields = json!({"custom_attributes": {"deal_value": "500", "plan": "gold"}, "additional_attributes": {}});
        let jane = with(jane(), fields);
        world.contact("contact.created", jane.clone()).await;
        let lead = only(world.sim.leads());
        assert_eq!(
            (&lead["title"], lead["description"].as_str()),
            (&json!("Theirs"), Some("Deal value: 500\nPlan: gold")),
            "{server:?}"
        );
        assert_eq!(
            lead["lead_value"]
                .as_str()
                .unwrap_or_default()
                .parse::<f64>()
                .unwrap_or_else(|_| lead["lead_value"].as_f64().unwrap()),
            500.0
        );
        assert_eq!((&lead["lead_source_id"], &lead["lead_type_id"]), (&json!(source), &json!(1)), "{server:?}");
        let theirs = json!({"change": "edit_lead", "lead": "last", "fields": {"lead_value": 0, "description": ""}});
        act(&world, theirs);
        world.forget(Kind::Message, 1).await;
        assert_eq!(world.contact("contact.updated", jane).await.requests, 0, "{server:?}: once");
    }
}

#[tokio::test]
async fn a_companys_late_address_is_written_and_a_colleagues_organization_left_alone() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let company = |fields: Value| {
            with(jane(), json!({"additional_attributes": with(json!({"company_name": "Acme"}), fields)}))
        };
        world.contact("contact.created", company(json!({}))).await;
        let late = company(json!({"company_city": "Lisbon"}));
        let outcome = world.contact("contact.updated", late.clone()).await;
        assert_eq!(
            (outcome.requests, outcome.updated.as_slice()),
            (2, ["organization"].as_slice()),
            "{server:?} {outcome:?}"
        );
        assert_eq!(only(world.sim.organizations())["address"]["city"], "Lisbon", "{server:?}");
        assert_eq!(world.contact("contact.updated", late).await.requests, 0, "{server:?}");

        let world = World::connected(server).await;
        world.contact("contact.created", company(json!({}))).await;
        act(&world, json!({"change": "edit_person", "person": "last", "fields": {"organization_name": "Globex"}}));
        world.contact("contact.updated", company(json!({"company_city": "Lisbon"}))).await;
        for organization in world.sim.organizations() {
            assert!(organization["address"]["city"].is_null(), "{server:?} {organization}");
        }
    }
}

#[tokio::test]
async fn yes_no_attributes_are_carried_or_the_write_is_left_out() {
    for server in SERVERS {
        for (count, policy) in [(1, "carry"), (2, "carry"), (1, "leave_out"), (1, "write_anyway")] {
            let mut world = World::new(server);
            for number in 0..count {
                for entity in ["persons", "leads"] {
                    let code = format!("{entity}_flag_{number}");
                    let attribute = json!({
                        "code": code, "name": code, "type": "boolean", "entity_type": entity, "is_required": 0, "is_unique": 0, "quick_add": 0
                    });
                    world.client().post("settings/attributes", attribute, &[]).await.unwrap();
                }
            }
            let (found, _) = krayin_core::setup::connect(&world.settings(), &world.client()).await.unwrap();
            world.set(serde_json::to_value(found).unwrap());
            world.set(json!({"on_yes_no": policy}));
            world.contact("contact.created", jane()).await;
            act(&world, json!({"change": "edit_person", "person": "last", "fields": {"persons_flag_0": 1}}));
            act(&world, json!({"change": "edit_lead", "lead": "last", "fields": {"leads_flag_0": 1}}));
            let outcome = world.contact("contact.updated", with(jane(), json!({"name": "Jane Smith"}))).await;
            let (person, lead) = (only(world.sim.persons()), only(world.sim.leads()));
            let is_yes = |value: &Value| *value == json!(1) || *value == json!(true);
            let what = format!("{server:?} {count} {policy} {outcome:?}");
            assert_eq!(is_yes(&person["persons_flag_0"]), policy != "write_anyway", "{what} {person}");
            assert_eq!(is_yes(&lead["leads_flag_0"]), policy != "write_anyway", "{what} {lead}");
            let can_know = count == 1 || server == Server::Krayin223Community;
            let writes = policy == "write_anyway" || (policy == "carry" && can_know);
            assert_eq!(person["name"] == "Jane Smith" && lead["title"] == "Jane Smith", writes, "{what}");
            let code = if policy == "leave_out" { "yes_no_left_out" } else { "yes_no_unknown" };
            assert_eq!(outcome.why.iter().any(|why| why.code() == code), !writes, "{what}");
            // It waits for the administrator, not for an event.
            let renamed = with(jane(), json!({"name": "Jane Smith"}));
            assert_eq!(world.contact("contact.updated", renamed.clone()).await.requests, 0, "{what}");
            world.set(json!({"on_yes_no": "write_anyway"}));
            world.contact("contact.updated", renamed).await;
            assert_eq!(only(world.sim.leads())["title"], "Jane Smith", "{what}");
        }
    }
}

#[tokio::test]
async fn the_set_up_tells_what_is_at_stake_for_yes_no_attributes() {
    for server in SERVERS {
        let mut world = World::new(server);
        let warnings = async |world: &World| {
            let (settings, client) = (world.settings(), world.client());
            let (found, _) = krayin_core::setup::connect(&settings, &client).await.unwrap();
            found.warnings.iter().map(|why| why.sentence(settings.language)).collect::<Vec<_>>()
        };
        assert_eq!(warnings(&world).await, Vec::<String>::new(), "{server:?}");
        for (code, kind, entity) in [
            ("vip", "boolean", "persons"),
            ("hot", "boolean", "leads"),
            ("plan", "text", "leads"),
            ("key", "boolean", "organizations"),
            ("new", "boolean", "products"),
        ] {
            let fields = json!({"code": code, "name": code, "type": kind, "entity_type": entity});
            act(&world, json!({"change": "add_attribute", "fields": fields}));
        }
        for (choice, language, says) in [
            (
                "",
                "en",
                "(persons.vip, leads.hot, organizations.key), and sets each to no that a write leaves out. on_yes_no is carry",
            ),
            ("leave_out", "en", "on_yes_no is leave_out"),
            ("write_anyway", "pt_BR", "on_yes_no é write_anyway"),
            ("carry", "es", "on_yes_no es carry"),
        ] {
            world.set(json!({"on_yes_no": choice, "language": language}));
            let told = warnings(&world).await;
            assert!(told.len() == 1 && told[0].contains(says), "{server:?} {choice}: {told:?}");
        }
    }
}

#[tokio::test]
async fn an_organization_with_yes_no_attributes_is_written_where_they_are_known() {
    for server in SERVERS {
        for (policy, is_written) in [("carry", false), ("leave_out", false), ("write_anyway", true)] {
            let mut world = World::new(server);
            let key = json!({"code": "key", "name": "Key", "type": "boolean", "entity_type": "organizations"});
            act(&world, json!({"change": "add_attribute", "fields": key}));
            world.set(json!({"on_yes_no": policy}));
            let world = world.connect().await;
            let at = |city: Value| {
                with(jane(), json!({"additional_attributes": {"company_name": "Acme", "company_city": city}}))
            };
            world.contact("contact.created", at(Value::Null)).await;
            let outcome = world.contact("contact.updated", at(json!("Lisbon"))).await;
            let written = only(world.sim.organizations())["address"]["city"] == "Lisbon";
            assert_eq!(written, is_written, "{server:?} {policy} {outcome:?}");
            assert_eq!(outcome.why.is_empty(), is_written, "{server:?} {policy} {outcome:?}");
            assert_eq!(world.contact("contact.updated", at(json!("Lisbon"))).await.requests, 0, "{server:?} {policy}");
        }
    }
}

#[tokio::test]
async fn a_mapped_choice_is_told_by_its_name_and_a_wrong_one_left_out() {
    for server in SERVERS {
        let mut world = World::new(server);
        let select = json!({
            "code": "plan", "name": "Plan", "type": "select", "entity_type": "leads", "is_required": 0, "is_unique": 0, "quick_add": 0,
            "option_type": "options", "options": {"option_1": {"name": "Gold", "sort_order": 1}, "option_2": {"name": "Free", "sort_order": 2}}
        });
        world.client().post("settings/attributes", select, &[]).await.unwrap();
        world.set(json!({"field_mapping": "lead.plan = plan, lead.nothing = x"}));
        let error = krayin_core::setup::connect(&world.settings(), &world.client()).await.unwrap_err();
        assert!(error.to_string().contains("lead.nothing, which Krayin does not have"), "{error}");
        world.set(json!({"field_mapping": "lead.plan = plan, lead.description = motto"}));
        let (found, _) = krayin_core::setup::connect(&world.settings(), &world.client()).await.unwrap();
        let options = found.traits.attributes[0].options.clone();
        world.set(serde_json::to_value(found).unwrap());
        let contact = |plan: &str| with(jane(), json!({"custom_attributes": {"plan": plan}}));
        world.contact("contact.created", contact("gold")).await;
        let plan = |name: &str| json!(options.iter().find(|(_, known)| known == name).unwrap().0);
        assert_eq!(only(world.sim.leads())["plan"], plan("Gold"), "{server:?}");
        let outcome = world.contact("contact.updated", contact("Free")).await;
        assert_eq!(
            (only(world.sim.leads())["plan"].clone(), outcome.updated),
            (plan("Free"), vec!["lead"]),
            "{server:?}"
        );
        let outcome = world.contact("contact.updated", contact("platinum")).await;
        assert!(outcome.why.iter().any(|why| why.code() == "field_wrong"), "{server:?} {outcome:?}");
        assert_eq!(only(world.sim.leads())["plan"], plan("Free"), "{server:?}");
    }
}

#[tokio::test]
async fn a_closing_date_keeps_its_day_in_every_zone() {
    for (timezone, day, waits) in [
        ("America/New_York", "2041-07-31", false),
        ("America/New_York", "2041-01-15", false),
        ("Asia/Kolkata", "2041-07-31", false),
        ("Europe/Berlin", "2041-07-31", false),
        ("Pacific/Honolulu", "2041-07-31", true),
        ("Pacific/Auckland", "2041-07-31", true),
    ] {
        for server in SERVERS {
            let options = Options {
                server,
                tokens: vec![TOKEN.into()],
                throttle: false,
                timezone: timezone.into(),
                ..Options::default()
            };
            let mut world = World::on(options).await;
            world.contact("contact.created", jane()).await;
            let date = json!({"change": "edit_lead", "lead": "last", "fields": {"expected_close_date": day}});
            act(&world, date);
            let before = only(world.sim.leads())["expected_close_date"].clone();
            for (offset, name) in [(None, "Jane 1"), (Some(60), "Jane 2"), (None, "Jane 3")] {
                // Half a year off, where the zone has daylight saving, is as good as right.
                let known = match timezone {
                    "America/New_York" => -300,
                    "Asia/Kolkata" => 330,
                    "Europe/Berlin" => 60,
                    "Pacific/Honolulu" => -600,
                    _ => 780,
                };
                world.settings["traits"]["utc_offset_minutes"] = json!(offset.map(|_| known));
                let outcome = world.contact("contact.updated", with(jane(), json!({"name": name}))).await;
                let lead = only(world.sim.leads());
                assert_eq!(lead["expected_close_date"], before, "{timezone} {server:?} {offset:?}");
                let is_written = lead["title"] == name;
                assert_eq!(is_written, offset.is_some() || !waits, "{timezone} {server:?} {outcome:?}");
            }
            if waits {
                world.settings["traits"]["utc_offset_minutes"] = Value::Null;
                let waiting = world.contact("contact.updated", with(jane(), json!({"name": "Jane 3"}))).await;
                assert_eq!(waiting.requests, 0, "{timezone}: it waits for the zone, not for an event");
                world.settings["traits"]["utc_offset_minutes"] =
                    json!(if timezone == "Pacific/Auckland" { 780 } else { -600 });
                world.contact("contact.updated", with(jane(), json!({"name": "Jane 3"}))).await;
                assert_eq!(only(world.sim.leads())["title"], "Jane 3", "{timezone} {server:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_mapped_attribute_is_written_with_its_record_and_by_itself() {
    for server in SERVERS {
        let mut world = World::new(server);
        let plan = json!({
            "code": "plan", "name": "Plan", "type": "text", "entity_type": "leads", "is_required": 0, "is_unique": 0, "quick_add": 0
        });
        world.client().post("settings/attributes", plan, &[]).await.unwrap();
        world.set(json!({"field_mapping": "lead.plan = plan, lead.nothing = x"}));
        let error = krayin_core::setup::connect(&world.settings(), &world.client()).await.unwrap_err();
        assert!(error.to_string().contains("lead.nothing, which Krayin does not have"), "{error}");
        world.set(json!({"field_mapping": "lead.plan = plan, lead.description = motto"}));
        let (found, _) = krayin_core::setup::connect(&world.settings(), &world.client()).await.unwrap();
        world.set(serde_json::to_value(found).unwrap());
        let contact = |plan: &str| {
            let attributes = json!({"company_name": "Acme", "motto": "Faster"});
            with(jane(), json!({"custom_attributes": {"plan": plan}, "additional_attributes": attributes}))
        };
        world.contact("contact.created", contact("gold")).await;
        let lead = only(world.sim.leads());
        assert_eq!(lead["plan"], "gold", "{server:?}");
        assert_eq!(lead["description"], "Plan: gold\nMotto: Faster", "{server:?}");
        let outcome = world.contact("contact.updated", contact("free")).await;
        // The lead, what its timeline says of the attribute where no lead shows it, and the write.
        let requests = if server == Server::Krayin223Community { 2 } else { 3 };
        assert_eq!(
            (&only(world.sim.leads())["plan"], outcome.requests),
            (&json!("free"), requests),
            "{server:?} {outcome:?}"
        );
    }
}

#[tokio::test]
async fn what_a_colleague_changed_in_an_activity_stays_and_the_rest_follows() {
    type Edit = fn(&str) -> String;
    let writes: [(&str, Edit); 8] = [
        ("nothing", str::to_owned),
        ("behind it", |ours| format!("{ours}<br>Call her back")),
        ("on its last line", |ours| format!("{ours} Call her back")),
        ("in a form's next line", |ours| format!("{ours}\r\nCall her back\r\n")),
        ("before it", |ours| format!("Call her back<br>{ours}")),
        ("on its first line", |ours| format!("Call her back: {ours}")),
        ("in the middle", |ours| ours.replacen("Support", "Support (Call her back)", 1)),
        ("as code", |ours| format!("<p style=\"color: red\">Call her back <img src=\"x.png\"></p>{ours}")),
    ];
    for server in ALL_SERVERS {
        for (what, write) in writes {
            let mut world = World::connected(server).await;
            world.set(json!({"sync_conversations": true}));
            let jane = with(jane(), json!({"additional_attributes": {"company_name": "Acme"}}));
            let talk = |fields: Value| json!({"conversation": with(with(conversation("Channel::Whatsapp"), json!({"contact": jane})), fields)});
            world.event("conversation.created", talk(json!({}))).await.unwrap();
            let ours = only(world.sim.activities())["comment"].as_str().unwrap().to_owned();
            let theirs = json!({
                "title": "Call back", "schedule_from": "2030-01-01 10:00:00", "schedule_to": "2030-01-01 11:00:00",
                "comment": write(&ours)
            });
            act(&world, json!({"change": "edit_activity", "activity": "last", "fields": theirs}));
            act(&world, json!({"change": "mark_done", "activity": "last", "done": true}));
            let before = only(world.sim.activities());
            // The labels change, then more is said, then it is resolved: theirs stays through all of it.
            let more = json!([
                {"id": 1, "message_type": "incoming", "content": "Hello **there**", "created_at": "2026-11-24T10:00:00Z",
                 "sender": {"name": "Jane Doe", "type": "Contact"}},
                {"id": 2, "message_type": "outgoing", "content": "Good morning", "created_at": "2026-11-24T10:07:00Z",
                 "sender": {"name": "Ann", "type": "User"}}
            ]);
            for (fields, said) in [
                (json!({"labels": ["vip"]}), "vip"),
                (json!({"labels": ["vip"], "messages": more}), "Good morning"),
                (json!({"labels": ["vip"], "messages": more, "status": "resolved"}), "esolved"),
            ] {
                let outcome = world.event("conversation.updated", talk(fields)).await.unwrap();
                assert_eq!(outcome.requests, 2, "{server:?} {what} {outcome:?}");
                let after = only(world.sim.activities());
                for field in ["title", "schedule_from", "schedule_to", "is_done", "type"] {
                    assert_eq!(after[field], before[field], "{server:?} {what} {field}");
                }
                let comment = after["comment"].as_str().unwrap();
                let once = |word: &str| comment.matches(word).count() == 1;
                assert!(once(said) && once("Hello"), "{server:?} {what}: {comment}");
                assert_eq!(once("Call her back"), what != "nothing", "{server:?} {what}: {comment}");
                assert!(what != "as code" || once("<img src=\"x.png\">"), "{server:?} {what}: {comment}");
                assert!(once("Support"), "{server:?} {what}: {comment}");
            }
        }
    }
}

#[tokio::test]
async fn a_text_that_a_colleague_wrote_anew_is_theirs() {
    for server in ALL_SERVERS {
        let mut world = World::connected(server).await;
        world.set(json!({"sync_conversations": true}));
        let jane = with(jane(), json!({"additional_attributes": {"company_name": "Acme"}}));
        let talk = |fields: Value| json!({"conversation": with(with(conversation("Channel::Api"), json!({"contact": jane})), fields)});
        world.event("conversation.created", talk(json!({}))).await.unwrap();
        let theirs = json!({"comment": "Settled by phone"});
        act(&world, json!({"change": "edit_activity", "activity": "last", "fields": theirs}));
        for status in ["resolved", "open"] {
            let outcome = world.event("conversation.updated", talk(json!({"status": status}))).await.unwrap();
            assert_eq!(outcome.why.last().map(|why| why.code()), Some("comment_kept".into()), "{server:?} {outcome:?}");
            let there = only(world.sim.activities());
            assert_eq!(there["comment"], "Settled by phone", "{server:?}");
        }
    }
}

#[tokio::test]
async fn whether_an_activity_is_done_is_a_colleagues_where_they_said_it() {
    for server in ALL_SERVERS {
        let mut world = World::connected(server).await;
        world.set(json!({"sync_conversations": true}));
        let jane = with(jane(), json!({"additional_attributes": {"company_name": "Acme"}}));
        let talk = |status: &str| json!({"conversation": with(conversation("Channel::Api"), json!({"contact": jane, "status": status}))});
        let done = |world: &World| only(world.sim.activities())["is_done"].clone();
        let is = |value: Value, wanted: bool| value == json!(wanted) || value == json!(i32::from(wanted));
        world.event("conversation.created", talk("open")).await.unwrap();
        assert!(is(done(&world), false), "{server:?}");
        world.event("conversation.updated", talk("resolved")).await.unwrap();
        assert!(is(done(&world), true), "{server:?}");
        // There is still something to do for them.
        act(&world, json!({"change": "mark_done", "activity": "last", "done": false}));
        world.event("conversation.updated", talk("snoozed")).await.unwrap();
        assert!(is(done(&world), false), "{server:?}");
        world.event("conversation.updated", talk("resolved")).await.unwrap();
        assert!(is(done(&world), true), "{server:?}: resolved once more");
        act(&world, json!({"change": "mark_done", "activity": "last", "done": false}));
        world.event("conversation.updated", talk("open")).await.unwrap();
        act(&world, json!({"change": "mark_done", "activity": "last", "done": true}));
        world.event("conversation.updated", talk("pending")).await.unwrap();
        assert!(is(done(&world), true), "{server:?}: they did it");
    }
}

#[tokio::test]
async fn an_activity_of_another_chatwoot_is_not_taken_over() {
    for server in SERVERS {
        let mut world = World::connected(server).await;
        world.set(json!({"sync_conversations": true}));
        world.contact("contact.created", jane()).await;
        let bare = with(conversation("Channel::Api"), json!({"account_id": 0, "url": null}));
        let theirs = json!({"type": "note", "title": "Conversation #42", "comment": "Another's", "person_id": 1});
        world.client().create_activity(theirs).await.unwrap();
        let pending = krayin_core::records::Stored {
            pending: true,
            server: world.client().connection().fingerprint(),
            ..Default::default()
        };
        krayin_core::records::Records::store(&world.records, Kind::Conversation, 420, &pending).await.unwrap();
        world.event("conversation.created", json!({"conversation": bare})).await.unwrap();
        let activities = world.sim.activities();
        assert_eq!((activities.len(), &activities[0]["comment"]), (2, &json!("Another's")), "{server:?}");
    }
}

/// A world whose settings say who gets a lead, with conversations.
async fn with_leads(server: Server, policy: Value) -> World {
    let mut world = World::connected(server).await;
    world.set(with(json!({"sync_conversations": true}), policy));
    world
}

fn acme() -> Value {
    with(jane(), json!({"additional_attributes": {"company_name": "Acme"}}))
}

/// A conversation of hers in an inbox.
fn talk(number: u64, fields: Value) -> Value {
    let about = json!({
        "contact": acme(), "id": number * 10, "display_id": number, "inbox_id": 9,
        "url": format!("https://chat.example.com/app/accounts/1/conversations/{number}")
    });
    json!({"conversation": with(with(conversation("Channel::Api"), about), fields)})
}

#[tokio::test]
async fn whoever_is_no_lead_is_a_person_with_notes() {
    for server in ALL_SERVERS {
        for policy in [
            json!({"lead_policy": "never", "stage_progression_enabled": true, "stage_on_conversation_created": 2}),
            json!({"lead_policy": "on_label", "lead_labels": ["vip"]}),
            json!({"lead_policy": "by_inbox", "lead_inboxes": "Sales, 7"}),
        ] {
            let world = with_leads(server, policy.clone()).await;
            let first = world.contact("contact.created", acme()).await;
            let most = if server == Server::Documented { 4 } else { 2 };
            assert!(first.requests <= most && first.created.contains(&"person"), "{server:?} {policy} {first:?}");
            assert_eq!(world.contact("contact.updated", acme()).await.requests, 0, "{server:?} {policy}");
            let begun = world.event("conversation.created", talk(1, json!({}))).await.unwrap();
            assert_eq!(
                (begun.created.as_slice(), begun.why.len()),
                (["activity"].as_slice(), 0),
                "{server:?} {policy}"
            );
            assert_eq!(
                world.event("conversation.updated", talk(1, json!({}))).await.unwrap().requests,
                0,
                "{server:?} {policy}"
            );
            let renamed = with(acme(), json!({"name": "Jane Smith", "custom_attributes": {"budget": 5}}));
            assert_eq!(
                world.contact("contact.updated", renamed.clone()).await.updated,
                ["person"],
                "{server:?} {policy}"
            );
            assert_eq!(world.contact("contact.updated", renamed).await.requests, 0, "{server:?} {policy}");
            assert!(world.sim.leads().is_empty(), "{server:?} {policy}");
            let note = only(world.sim.activities());
            assert_eq!(note["person_ids"], json!([only(world.sim.persons())["id"]]), "{server:?} {policy}");
        }
    }
}

#[tokio::test]
async fn a_label_or_an_inbox_makes_a_lead_once() {
    for server in ALL_SERVERS {
        for (policy, event, data) in [
            (
                json!({"lead_policy": "on_label", "lead_labels": "Hot , vip"}),
                "conversation.updated",
                talk(1, json!({"labels": ["VIP", "x"]})),
            ),
            (
                json!({"lead_policy": "on_label", "lead_labels": "vip"}),
                "contact.updated",
                json!({"contact": with(acme(), json!({"labels": ["vip"]}))}),
            ),
            (json!({"lead_policy": "by_inbox", "lead_inboxes": "support"}), "conversation.created", talk(2, json!({}))),
            (
                json!({"lead_policy": "by_inbox", "lead_inboxes": ["9"]}),
                "conversation.created",
                talk(2, json!({"inbox_name": "Renamed"})),
            ),
        ] {
            let world = with_leads(server, policy.clone()).await;
            world.contact("contact.created", acme()).await;
            world.event("conversation.created", talk(1, json!({"inbox_name": "Other", "inbox_id": 3}))).await.unwrap();
            assert!(world.sim.leads().is_empty(), "{server:?} {policy}");
            let outcome = world.event(event, data.clone()).await.unwrap();
            assert!(outcome.created.contains(&"lead"), "{server:?} {policy} {outcome:?}");
            assert_eq!(world.event(event, data.clone()).await.unwrap().requests, 0, "{server:?} {policy}");
            // Another one finds it there; and a label that is taken away takes no lead away.
            for fields in [json!({"labels": ["vip"]}), json!({"labels": []})] {
                world.event("conversation.updated", talk(1, fields)).await.unwrap();
            }
            let lead = only(world.sim.leads());
            assert_eq!(lead["title"], "Jane Doe", "{server:?} {policy}");
            if server != Server::Documented {
                let notes = world.sim.activities();
                assert!(
                    notes.iter().all(|note| note["lead_ids"] == json!([lead["id"]])),
                    "{server:?} {policy} {notes:?}"
                );
            }
            // Its own fields follow as anybody's.
            let richer = json!({"contact": with(acme(), json!({"custom_attributes": {"budget": 5}}))});
            assert!(!world.event("contact.updated", richer).await.unwrap().updated.is_empty(), "{server:?}");
        }
        let missing = krayin_core::settings::Settings::from_json(br#"{"lead_policy": "on_label"}"#).unwrap_err();
        assert!(missing.to_string().contains("lead_labels is missing"), "{missing}");
    }
}

#[tokio::test]
async fn each_conversation_may_have_a_lead_of_its_own() {
    for server in ALL_SERVERS {
        let stages = json!({"stage_progression_enabled": true, "stage_on_conversation_resolved": 2});
        let world = with_leads(server, with(stages, json!({"lead_policy": "per_conversation"}))).await;
        let first = world.event("conversation.created", talk(1, json!({}))).await.unwrap();
        assert!(first.created.contains(&"lead"), "{server:?} {first:?}");
        act(&world, json!({"change": "win_lead", "lead": "last"}));
        let second = world.event("conversation.created", talk(2, json!({}))).await.unwrap();
        let most = if server == Server::Documented { 2 } else { 3 };
        assert!(second.requests <= most && second.created == ["lead", "activity"], "{server:?} {second:?}");
        for (number, labels) in [(1, ["a"]), (2, ["b"]), (1, ["c"])] {
            let outcome = world.event("conversation.updated", talk(number, json!({"labels": labels}))).await.unwrap();
            assert_eq!(outcome.requests, 2, "{server:?} {outcome:?}");
        }
        let titles: Vec<String> =
            world.sim.leads().iter().map(|lead| lead["title"].as_str().unwrap().to_owned()).collect();
        assert_eq!(
            titles,
            [1, 2].map(|number| format!("Jane Doe - Conversation #{number} (chat.example.com/1)")),
            "{server:?}"
        );
        let leads: Vec<Value> = world.sim.leads().iter().map(|lead| lead["id"].clone()).collect();
        if server != Server::Documented {
            let notes = world.sim.activities();
            let of: Vec<Value> = notes.iter().map(|note| note["lead_ids"].clone()).collect();
            assert_eq!(of, [json!([leads[0]]), json!([leads[1]])], "{server:?}");
        }
        // The rules move the conversation's own; what the contact says of itself goes to the newest, its title to none.
        world.event("conversation.resolved", talk(2, json!({"status": "resolved"}))).await.unwrap();
        assert!(!world.sim.leads()[0]["closed_at"].is_null(), "{server:?}: the first stays won");
        assert_eq!(world.sim.leads()[1]["lead_pipeline_stage_id"], 2, "{server:?}");
        let richer = with(acme(), json!({"name": "Jane Smith", "custom_attributes": {"plan": "gold"}}));
        let outcome = world.contact("contact.updated", richer.clone()).await;
        assert_eq!(
            (outcome.updated.as_slice(), outcome.why.len()),
            (["person", "lead"].as_slice(), 0),
            "{server:?} {outcome:?}"
        );
        assert_eq!(world.contact("contact.updated", richer).await.requests, 0, "{server:?}");
        let now = world.sim.leads();
        assert_eq!((now.len(), now[1]["title"] == titles[1]), (2, true), "{server:?}");
        assert!(now[1]["description"].to_string().contains("gold") && now[0]["description"].is_null(), "{server:?}");
        // One that a colleague deletes is not made again, and the conversation goes on as the person's note.
        act(&world, json!({"change": "delete_lead", "lead": "last"}));
        for labels in [["d"], ["e"]] {
            world
                .event("conversation.updated", talk(2, json!({"labels": labels, "status": "resolved"})))
                .await
                .unwrap();
        }
        world
            .event("message.created", json!({"message": {"id": 5, "message_type": "incoming", "content": "x", "conversation": talk(2, json!({}))["conversation"]}}))
            .await
            .unwrap();
        assert_eq!(world.sim.leads().len(), 1, "{server:?}");
        let third = world.event("conversation.created", talk(3, json!({}))).await.unwrap();
        assert!(third.created.contains(&"lead"), "{server:?} {third:?}");
    }
}

#[tokio::test]
async fn what_is_deleted_or_merged_between_any_two_requests_stays_so() {
    let mut points = 0;
    let lead = json!({"change": "delete_lead", "lead": 1});
    let person = json!({"change": "delete_person", "person": 1});
    let acts = [
        ("lead", vec![lead.clone()]),
        ("person", vec![lead.clone(), person.clone()]),
        ("activity", vec![json!({"change": "delete_activity", "activity": "first"})]),
        // By hand: the other one gets the address, hers goes.
        ("merged", vec![lead, person, json!({"change": "add_email", "person": "last", "value": "jane@example.com"})]),
    ];
    for server in ALL_SERVERS {
        for (what, changes) in &acts {
            for (flow, event, data) in flows() {
                for nth in 0.. {
                    let world = prepare(server).await;
                    if *what == "merged" {
                        let other = json!({
                            "name": "Other", "emails": [{"value": "other@example.com", "label": "work"}],
                            "contact_numbers": [{"value": "+14155550190", "label": "work"}]
                        });
                        world.client().create_person(other).await.unwrap();
                        world.sim.clear_requests();
                    }
                    for change in changes {
                        let (change, _) = Change::from_json(change).unwrap();
                        match nth {
                            0 => world.sim.change(&change).unwrap(),
                            nth => world.sim.change_at(Moment::after(nth), change),
                        }
                    }
                    let first = world.event(event, data.clone()).await;
                    if world.sim.waiting_changes() > 0 {
                        break;
                    }
                    let mut again = world.event(event, data.clone()).await;
                    if again.is_err() {
                        again = world.event(event, data.clone()).await;
                    }
                    let kind = *what;
                    let what = format!("{server:?}, {flow}, {what} after request {nth}: {first:?}, then {again:?}");
                    assert!(again.is_ok(), "{what}");
                    let (persons, leads) = (world.sim.persons().len(), world.sim.leads().len());
                    let notes = world.sim.activities().iter().filter(|one| one["type"] != "system").count();
                    points += 1;
                    match kind {
                        "lead" => assert_eq!((persons, leads), (1, 0), "{what}"),
                        "person" => assert_eq!((persons, leads), (0, 0), "{what}"),
                        "activity" => assert_eq!((persons, leads, notes), (1, 1, 0), "{what}"),
                        _ => assert!(persons == 1 && leads <= 1, "{what}"),
                    }
                }
            }
        }
    }
    report(&format!("{points} points, 0 made again"));
}
