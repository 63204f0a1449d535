//! What workflows send to the outside: as recorded, when it is lost, and what is refused.

use std::io::{Read, Write};
use std::net::TcpListener;

use krayin_sim::{Options, Sim};
use serde_json::{Value, json};

mod support;

use support::{COMMUNITY, Client, JSON, OFFICIAL, PACKAGES, V210, raw, start};

/// Nobody listens there; what would have been sent is in the simulator's list.
const NOWHERE: &str = "http://127.0.0.1:9/krayin";

fn webhook(end_point: &str, payload: Value) -> Value {
    json!({
        "name": "w", "entity_type": "leads", "method": "post", "end_point": end_point, "query_params": [],
        "headers": [{"key": "X-Secret", "value": "abc"}], "payload_type": "default", "raw_payload_type": "json",
        "payload": payload,
    })
}

/// Sets a webhook up, and a workflow that triggers it at each event under these conditions.
fn automate(client: Client, webhook: Value, entity: &str, events: &[&str], conditions: Value) {
    let id = client.post("/settings/webhooks", webhook).id();
    for event in events {
        let workflow = json!({
            "name": event, "entity_type": entity, "event": event, "condition_type": "and", "conditions": conditions,
            "actions": [{"id": "trigger_webhook", "value": id}],
        });
        assert_eq!(client.post("/settings/workflows", workflow).status, 200);
    }
}

const LEAD_EVENTS: [&str; 2] = ["lead.create.after", "lead.update.after"];

fn pairs(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn lead(client: Client, title: &str, changes: Value) -> support::Reply {
    let mut body = json!({
        "title": title, "lead_value": 10, "lead_source_id": 1, "lead_type_id": 1, "lead_pipeline_stage_id": 1,
        "user_id": 1,
    });
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    client.post("/leads", body)
}

/// The calls that arrived, in the recording's form.
fn arrived(sim: &Sim) -> Vec<Value> {
    let calls = sim.webhook_calls().into_iter().filter(|call| call["lost"] == false);
    calls
        .map(|call| {
            let mut headers = call["headers"].clone();
            headers["Content-Length"] = json!(call["body"].as_str().unwrap().len().to_string());
            json!({"headers": headers, "body": call["body"]})
        })
        .collect()
}

#[test]
fn every_recorded_call_is_sent_alike() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/contract/webhooks.json");
    let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for (server, version, lost) in [(V210, "2.1.0", 2), (OFFICIAL, "2.2.3", 0), (COMMUNITY, "2.2.3", 0)] {
        let sim = start(server);
        let client = Client::new(&sim);
        let payload = pairs(&[
            ("title", "{%leads.title%}"),
            ("stage", "{%leads.lead_pipeline_stage_id%}"),
            ("person", "{%leads.person_id%}"),
            ("owner", "{%leads.user_id%}"),
            ("value", "{%leads.lead_value%}"),
            ("email", "{%persons.emails%}"),
        ]);
        automate(client, webhook(NOWHERE, payload), "leads", &LEAD_EVENTS, json!([]));
        let id = lead(client, "He said \"hi\"\nline", json!({})).id();
        client.put(&format!("/leads/stage/edit/{id}"), json!({"lead_pipeline_stage_id": 2}));
        client.put(&format!("/leads/attributes/edit/{id}"), json!({"title": "New"}));
        assert_eq!(json!(arrived(&sim)), recorded[version], "{server:?}");
        assert_eq!(sim.webhook_calls().len() - arrived(&sim).len(), lost, "{server:?}");
    }
}

#[test]
fn a_call_reaches_its_address_before_the_request_is_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook?stage={{%leads.lead_pipeline_stage_id%}}", listener.local_addr().unwrap());
    let sim = start(V210);
    let client = Client::new(&sim);
    automate(client, webhook(&address, pairs(&[("a", "1")])), "leads", &LEAD_EVENTS, json!([]));
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut came = [0; 2048];
        let length = stream.read(&mut came).unwrap();
        stream.write_all(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n").unwrap();
        String::from_utf8_lossy(&came[..length]).into_owned()
    });
    assert_eq!(lead(client, "L", json!({})).status, 200, "whatever the other side answers");
    assert!(thread.join().unwrap().starts_with("POST /hook?stage=New HTTP/1.1\r\n"));
}

#[test]
fn placeholders_are_names_and_the_rest_stays() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let payload = pairs(&[
        ("spaced", "{% leads.title %}"),
        ("source", "{%leads.lead_source_id%}"),
        ("pipeline", "{%leads.lead_pipeline_id%}"),
        ("date", "{%leads.expected_close_date%}"),
        ("id", "{%leads.id%}"),
        ("half", "{%leads.title"),
        ("odd", "{%  leads.title%}"),
    ]);
    automate(client, webhook(NOWHERE, payload), "leads", &LEAD_EVENTS, json!([]));
    lead(client, "Ünïcode / slash", json!({}));
    lead(client, "L", json!({"expected_close_date": "2031-07-31"}));
    let bodies: Vec<String> = sim.webhook_calls().iter().map(|call| call["body"].as_str().unwrap().into()).collect();
    assert_eq!(
        bodies[0],
        "spaced=%C3%9Cn%C3%AFcode+%2F+slash&source=Email&pipeline=Default+Pipeline&date=N%2FA&id=%7B%25leads.id%25%7D&\
         half=%7B%25leads.title&odd=%7B%25++leads.title%25%7D"
    );
    assert!(bodies[1].contains("date=Thu+Jul+31%2C+2031"), "{}", bodies[1]);
}

#[test]
fn a_value_that_breaks_the_payload_loses_the_call() {
    let sim = start(V210);
    let client = Client::new(&sim);
    automate(client, webhook(NOWHERE, pairs(&[("title", "{%leads.title%}")])), "leads", &LEAD_EVENTS, json!([]));
    for (title, lost) in
        [("plain", false), ("a \"quote\"", true), ("a\tb", true), ("back\\slash", true), ("it's", false)]
    {
        assert_eq!(lead(client, title, json!({})).status, 200);
        assert_eq!(sim.webhook_calls().last().unwrap()["lost"], lost, "{title:?}");
    }
    // What closes the text and opens another is as good as any.
    lead(client, "x\",\"key\":\"y", json!({}));
    assert_eq!(sim.webhook_calls().last().unwrap()["body"], "y=x");
}

#[test]
fn a_value_that_breaks_a_header_breaks_the_request_after_it_was_carried_out() {
    for (server, status) in [(V210, 500), (OFFICIAL, 200)] {
        let sim = start(server);
        let client = Client::new(&sim);
        let mut hook = webhook(NOWHERE, pairs(&[]));
        hook["headers"] = pairs(&[("X-Title", "{%leads.title%}")]);
        automate(client, hook, "leads", &LEAD_EVENTS, json!([]));
        assert_eq!(lead(client, "fine", json!({})).status, 200);
        let reply = lead(client, "a \"quote\"", json!({}));
        assert_eq!((reply.status, sim.leads().len()), (status, 2), "{server:?}");
    }
}

#[test]
fn conditions_choose_the_records() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let conditions = json!([
            {"attribute": "lead_value", "operator": ">=", "value": "100", "attribute_type": "price"},
            {"attribute": "title", "operator": "{}", "value": "chat", "attribute_type": "text"},
            {"attribute": "title", "operator": "==", "value": "", "attribute_type": "text"},
        ]);
        automate(client, webhook(NOWHERE, pairs(&[("t", "{%leads.title%}")])), "leads", &LEAD_EVENTS, conditions);
        lead(client, "chat, too little", json!({"lead_value": 99}));
        lead(client, "mail", json!({"lead_value": 500}));
        lead(client, "a chat", json!({"lead_value": 100}));
        let calls = sim.webhook_calls();
        assert_eq!(calls.len(), 1, "{server:?}");
        assert!(calls[0]["body"].as_str().unwrap().contains("chat"));
    }
}

#[test]
fn every_event_of_every_entity() {
    let sim = start(OFFICIAL);
    let client = Client::new(&sim);
    let of = |entity: &str| {
        let mut hook = webhook(NOWHERE, pairs(&[("name", &format!("{{%{entity}.title%}}{{%{entity}.name%}}"))]));
        hook["entity_type"] = json!(entity);
        hook
    };
    automate(client, of("leads"), "leads", &["lead.create.after", "lead.delete.before"], json!([]));
    let events = ["contacts.person.create.after", "contacts.person.update.after", "contacts.person.delete.before"];
    automate(client, of("persons"), "persons", &events, json!([]));
    let events = ["activity.create.after", "activity.update.after", "activity.delete.before"];
    automate(client, of("activities"), "activities", &events, json!([]));
    let person = json!({
        "name": "Jane", "emails": [{"value": "j@example.com", "label": "work"}],
        "contact_numbers": [{"value": "1", "label": "work"}],
    });
    let id = client.post("/contacts/persons", person.clone()).id();
    client.put(&format!("/contacts/persons/{id}"), person);
    let note =
        client.post("/activities", json!({"type": "note", "title": "Note", "comment": "c", "person_id": id})).id();
    client.put(&format!("/activities/{note}"), json!({"title": "Noted"}));
    client.delete(&format!("/activities/{note}"));
    client.delete(&format!("/contacts/persons/{id}"));
    let lead = lead(client, "Lead", json!({})).id();
    client.delete(&format!("/leads/{lead}"));
    let names: Vec<String> = sim
        .webhook_calls()
        .iter()
        .map(|call| {
            let body: Value = serde_json::from_str(call["body"].as_str().unwrap()).unwrap();
            body[0]["value"].as_str().unwrap().replace("{%persons.title%}", "").split('{').next().unwrap().to_owned()
        })
        .collect();
    assert_eq!(names, ["Jane", "Jane", "Note", "Noted", "Noted", "Jane", "Lead", "Lead"]);
    assert_eq!(raw(&sim, "GET", "/_sim/webhooks", &JSON, None).unwrap().json().as_array().unwrap().len(), 8);
    raw(&sim, "DELETE", "/_sim/webhooks", &JSON, None).unwrap();
    assert!(sim.webhook_calls().is_empty());
}

#[test]
fn what_makes_no_webhook() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let refused =
            client.post("/settings/webhooks", json!({"payload_type": "odd", "raw_payload_type": "odd"})).errors();
        for (field, message) in [
            ("name", "The name field is required."),
            ("entity_type", "The entity type field is required."),
            ("method", "The method field is required."),
            ("end_point", "The end point field is required."),
            ("payload_type", "The selected payload type is invalid."),
            ("raw_payload_type", "The selected raw payload type is invalid."),
        ] {
            assert_eq!(refused[field], json!([message]), "{server:?}");
        }
        let id = client.post("/settings/webhooks", webhook(NOWHERE, pairs(&[]))).id();
        let mut changed = webhook("http://127.0.0.1:9/other", pairs(&[]));
        changed["name"] = json!("renamed");
        assert_eq!(client.put(&format!("/settings/webhooks/{id}"), changed).data()["name"], "renamed");
        assert_eq!(client.get(&format!("/settings/webhooks/{id}")).data()["end_point"], "http://127.0.0.1:9/other");
        assert_eq!(client.put("/settings/webhooks/99", webhook(NOWHERE, pairs(&[]))).status, 404);
        assert_eq!(client.post("/settings/workflows", json!({})).errors()["name"][0], "The name field is required.");
        assert_eq!(client.put("/settings/workflows/1", json!({"name": "Renamed"})).data()["name"], "Renamed");
    }
}

#[test]
fn webhooks_to_an_address_are_set_up_at_the_start_or_later() {
    let options = Options { server: OFFICIAL, webhook: Some(NOWHERE.into()), ..Options::default() };
    let sim = Sim::start(options.clone()).unwrap();
    let client = Client::new(&sim);
    let id = lead(client, "L", json!({})).id();
    client.put(&format!("/leads/stage/edit/{id}"), json!({"lead_pipeline_stage_id": 2}));
    client.delete(&format!("/leads/{id}"));
    let sent = |sim: &Sim| -> Vec<Value> {
        let calls = sim.webhook_calls();
        calls.iter().map(|call| serde_json::from_str(call["body"].as_str().unwrap()).unwrap()).collect()
    };
    let call = |event: &str, stage: &str| pairs(&[("event", event), ("title", "L"), ("stage", stage)]);
    assert_eq!(
        sent(&sim),
        [
            call("lead.create.after", "New"),
            call("lead.update.after", "Follow Up"),
            call("lead.delete.before", "Follow Up")
        ]
    );
    sim.reset();
    assert_eq!(client.get("/settings/webhooks?pagination=0").ids().len(), 3, "as it was started");

    let sim = start(V210);
    let set = |body: Value| raw(&sim, "POST", "/_sim/webhooks", &JSON, Some(body.to_string().as_bytes())).unwrap();
    let events = json!(["contacts.person.create.after", "activity.create.after"]);
    assert_eq!(set(json!({"to": NOWHERE, "events": events, "payload": {"n": "{%persons.name%}"}})).status, 200);
    let person = json!({
        "name": "Jane", "emails": [{"value": "j@example.com", "label": "work"}],
        "contact_numbers": [{"value": "1", "label": "work"}],
    });
    Client::new(&sim).post("/contacts/persons", person);
    assert_eq!(sim.webhook_calls()[0]["body"], "n=Jane");
    for (wrong, message) in [
        (json!({"events": []}), "to is missing: an address"),
        (json!({"to": "https://x"}), "\"https://x\" is no address of a webhook: http://HOST:PORT/PATH"),
        (json!({"to": NOWHERE, "events": ["lead.lost"]}), "unknown event \"lead.lost\""),
        (json!({"to": NOWHERE, "where": 1}), "webhooks know no where"),
    ] {
        let reply = set(wrong);
        assert_eq!((reply.status, reply.json()["message"].as_str()), (422, Some(message)));
    }
    assert!(Sim::start(Options { webhook: Some("nowhere".into()), ..options }).is_err());
}

#[test]
fn custom_attributes_are_placed_as_people_read_them() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let mut body = json!({
        "title": "L", "lead_value": 1, "lead_source_id": 1, "lead_type_id": 1, "lead_pipeline_stage_id": 1,
    });
    let mut payload = Vec::new();
    for (kind, value) in [
        ("text", json!("word")),
        ("boolean", json!(1)),
        ("price", json!("1234.5")),
        ("select", Value::Null),
        ("multiselect", Value::Null),
        ("date", json!("2031-05-05")),
        ("datetime", Value::Null),
    ] {
        let mut attribute = json!({"code": format!("c_{kind}"), "name": kind, "type": kind, "entity_type": "leads"});
        if kind.ends_with("select") {
            attribute["option_type"] = json!("options");
            attribute["options"] =
                json!({"option_1": {"name": "One", "sort_order": 1}, "option_2": {"name": "Two", "sort_order": 2}});
        }
        let made = client.post("/settings/attributes", attribute).data();
        let options: Vec<Value> =
            made["options"].as_array().into_iter().flatten().map(|option| option["id"].clone()).collect();
        let value = match kind {
            "select" => options[1].clone(),
            "multiselect" => json!(options),
            _ => value,
        };
        if !value.is_null() {
            body[format!("c_{kind}")] = value;
        }
        payload.push(json!({"key": kind, "value": format!("{{%leads.c_{kind}%}}")}));
    }
    automate(client, webhook(NOWHERE, json!(payload)), "leads", &LEAD_EVENTS, json!([]));
    assert_eq!(client.post("/leads", body).status, 200);
    let calls = sim.webhook_calls();
    assert_eq!(
        calls[0]["body"],
        "text=word&boolean=Yes&price=%241%2C234.50&select=Two&multiselect=One%2C+Two&date=2031-05-05+00%3A00%3A00&datetime=N%2FA"
    );
}
