//! Attribute values: custom attributes of all types, what an update does to them, how they are found and shown; closing
//! dates in any zone.

use krayin_sim::{Options, Sim};
use serde_json::{Value, json};

mod support;

use support::{COMMUNITY, Client, PACKAGES, V210, encode, start};

fn attribute(client: Client, entity: &str, kind: &str, unique: bool) -> Value {
    let mut body = json!({
        "code": format!("my_{kind}"), "name": kind, "type": kind, "entity_type": entity, "is_unique": u8::from(unique),
    });
    if ["select", "multiselect", "checkbox"].contains(&kind) {
        body["options"] = json!({"option_1": {"name": "One", "sort_order": 1}, "option_2": {"name": "Two, too"}});
    }
    if kind == "lookup" {
        body["lookup_type"] = json!("persons");
    }
    client.post("/settings/attributes", body).data()
}

fn person_body(extra: Value) -> Value {
    let mut body = json!({
        "name": "Jane", "emails": [{"value": "jane@example.com", "label": "work"}],
        "contact_numbers": [{"value": "+1", "label": "work"}],
    });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

fn lead_body(extra: Value) -> Value {
    let mut body = json!({
        "title": "L", "lead_value": 1, "lead_source_id": 1, "lead_type_id": 1, "lead_pipeline_stage_id": 1,
    });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

/// The leads or persons that have a value in a column.
fn having(client: Client, path: &str, column: &str, value: &str) -> Vec<u64> {
    let term = format!("attribute_values.{column}");
    client.get(&format!("{path}/search?search={term}:{}&searchFields={term}:=", encode(value))).ids()
}

#[test]
fn each_type_takes_its_own_shape_and_breaks_on_others() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let options = |kind: &str| {
            let made = attribute(client, "leads", kind, false);
            let ids: Vec<Value> =
                made["options"].as_array().unwrap().iter().map(|option| option["id"].clone()).collect();
            ids
        };
        for kind in ["text", "textarea", "price", "boolean", "email", "address", "phone", "lookup", "datetime", "date"]
        {
            assert_eq!(options(kind), Vec::<Value>::new());
        }
        assert_eq!(options("select"), [json!(1), json!(2)]);
        assert_eq!((options("multiselect"), options("checkbox")), (vec![json!(3), json!(4)], vec![json!(5), json!(6)]));
        let blank = if server == V210 { json!("") } else { Value::Null };
        let entries = json!([{"value": "a@b.example", "label": "work"}]);
        for (kind, sent, status, shown) in [
            ("text", json!("x"), 200, json!("x")),
            ("text", json!(5), 200, json!("5")),
            ("text", json!(true), 200, json!("1")),
            ("text", json!(""), 200, blank),
            ("text", json!(["a"]), 500, Value::Null),
            ("textarea", json!("a\nb"), 200, json!("a\nb")),
            ("price", json!("12.5"), 200, json!(12.5)),
            ("price", json!("12"), 200, json!(12)),
            ("price", json!("abc"), 422, Value::Null),
            ("price", json!("-1"), 422, Value::Null),
            ("price", json!("1,000"), 422, Value::Null),
            ("price", json!(""), 200, Value::Null),
            ("boolean", json!("no"), 200, json!(1)),
            ("boolean", json!("0"), 200, json!(0)),
            ("boolean", json!(false), 200, json!(0)),
            ("select", json!(2), 200, json!(2)),
            ("select", json!("One"), 200, json!(0)),
            ("select", json!(99), 200, json!(99)),
            ("multiselect", json!([3, 4]), 200, json!("3,4")),
            ("multiselect", json!(["One"]), 200, json!("One")),
            ("multiselect", json!("3,4"), 500, Value::Null),
            ("multiselect", json!([]), 200, json!("")),
            ("checkbox", json!([6]), 200, json!("6")),
            ("email", entries.clone(), 200, entries.clone()),
            ("email", json!("a@b.example"), 500, json!("a@b.example")),
            ("phone", entries.clone(), 200, entries),
            ("phone", json!("123"), 500, json!("123")),
            ("address", json!({"city": "B"}), 200, json!({"city": "B"})),
            ("address", json!("text"), 500, json!("text")),
            ("lookup", json!("Rec"), 200, json!(0)),
            ("datetime", json!("2031-05-05T10:00:00-05:00"), 200, json!("2031-05-05 10:00:00")),
            ("datetime", json!("nonsense"), 500, json!("0000-00-00 00:00:00")),
            ("date", json!("2031-05-05"), 200, json!("2031-05-05")),
            ("date", json!("05/05/2031"), 200, json!("0000-00-00")),
            ("date", json!("nonsense"), 500, json!("0000-00-00")),
        ] {
            let before = sim.leads().len();
            let code = format!("my_{kind}");
            let reply = client.post("/leads", lead_body(json!({ code.as_str(): sent })));
            assert_eq!(reply.status, status, "{server:?} {kind} {sent}");
            let leads = sim.leads();
            assert_eq!(leads.len() - before, usize::from(status != 422), "{server:?} {kind} {sent}: the row is there");
            if status != 422 {
                assert_eq!(leads.last().unwrap()[&code], shown, "{server:?} {kind} {sent}");
            }
            let answered = reply.json().pointer("/data/my_text").is_some();
            assert_eq!(answered, server == COMMUNITY && status == 200, "{server:?}: one package shows them");
        }
    }
}

#[test]
fn what_breaks_keeps_the_values_before_it_and_loses_those_after() {
    let sim = start(V210);
    let client = Client::new(&sim);
    for kind in ["text", "date", "boolean"] {
        attribute(client, "persons", kind, false);
    }
    let reply = client
        .post("/contacts/persons", person_body(json!({"my_text": "kept", "my_date": "nonsense", "my_boolean": 1})));
    assert_eq!(reply.status, 500);
    assert_eq!(having(client, "/contacts/persons", "text_value", "kept"), [1]);
    assert_eq!(having(client, "/contacts/persons", "boolean_value", "1"), Vec::<u64>::new());
    assert_eq!(
        client.post("/contacts/persons", person_body(json!({}))).status,
        422,
        "its e-mail is guarded all the same"
    );
}

#[test]
fn whatever_leaves_a_yes_out_makes_it_a_no() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        for (entity, kind) in [("persons", "boolean"), ("persons", "text"), ("leads", "boolean"), ("leads", "text")] {
            attribute(client, entity, kind, false);
        }
        let both = json!({"my_boolean": 1, "my_text": "keep"});
        let person = client.post("/contacts/persons", person_body(both.clone())).id();
        let of_person = |value: &str| having(client, "/contacts/persons", "boolean_value", value);
        assert_eq!(of_person("1"), [person]);
        let put = client.put(&format!("/contacts/persons/{person}"), person_body(json!({"name": "Renamed"})));
        assert_eq!((of_person("1"), of_person("0")), (vec![], vec![person]), "{server:?}");
        assert_eq!(having(client, "/contacts/persons", "text_value", "keep"), [person]);
        // The answer was read before the write.
        let shown = put.data().get("my_boolean").cloned();
        assert_eq!(shown, (server == COMMUNITY).then(|| json!(1)), "{server:?}");

        let yes = |lead: u64| having(client, "/leads", "boolean_value", "1").contains(&lead);
        let make = || client.post("/leads", lead_body(both.clone())).id();
        let lead = make();
        client.put(&format!("/leads/stage/edit/{lead}"), json!({"lead_pipeline_stage_id": 2}));
        assert!(yes(lead), "{server:?}: a move leaves it");
        client.put(&format!("/leads/attributes/edit/{lead}"), json!({"title": "Renamed"}));
        assert!(!yes(lead), "{server:?}");
        let lead = make();
        client.put(&format!("/leads/{lead}"), json!({"lead_pipeline_stage_id": 2}));
        assert!(!yes(lead), "{server:?}");
        assert_eq!(having(client, "/leads", "text_value", "keep").len(), 2, "{server:?}");
    }
}

#[test]
fn a_column_that_is_null_shows_what_its_attribute_was_saved_as() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let lead = client.post("/leads", lead_body(json!({"title": "One", "description": "d"}))).id();
        let edit = format!("/leads/attributes/edit/{lead}");
        client.put(&edit, json!({"title": "Two", "description": "e"}));
        // This endpoint does not save the values of title and description.
        let emptied = client.put(&edit, json!({"title": null, "description": null})).data();
        assert_eq!((&emptied["title"], &emptied["description"]), (&json!("One"), &json!("d")), "{server:?}");
        let read = client.get(&format!("/leads/{lead}")).data();
        assert_eq!((&read["title"], &read["description"]), (&json!(""), &json!("d")), "{server:?}");
        assert_eq!(having(client, "/leads", "text_value", "One"), [lead]);
        client.put(&edit, json!({"lead_value": null}));
        assert_eq!(client.get(&format!("/leads/{lead}")).data()["lead_value"], Value::Null);
    }
}

#[test]
fn a_unique_value_is_guarded_by_its_attribute() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        attribute(client, "leads", "text", true);
        attribute(client, "leads", "price", true);
        let lead = client.post("/leads", lead_body(json!({"my_text": "Seven", "my_price": "7"}))).id();
        let refused = client.post("/leads", lead_body(json!({"my_text": "SEVEN", "my_price": "7.0"})));
        let taken = json!(["The value has already been taken."]);
        assert_eq!(refused.errors(), json!({"my_text": taken, "my_price": taken}), "{server:?}");
        assert_eq!(
            client.put(&format!("/leads/{lead}"), lead_body(json!({"my_text": "Seven"}))).status,
            200,
            "its own"
        );
        assert_eq!(having(client, "/leads", "float_value", "7"), [lead]);
        client.delete(&format!("/leads/{lead}"));
        assert_eq!(client.post("/leads", lead_body(json!({"my_text": "Seven"}))).status, 200, "{server:?}: free again");
    }
}

#[test]
fn an_attribute_that_goes_takes_its_values_along() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let id = attribute(client, "leads", "text", false)["id"].as_u64().unwrap();
        let path = format!("/settings/attributes/{id}");
        let lead = client.post("/leads", lead_body(json!({"my_text": "x"}))).id();
        let renamed = client.put(&path, json!({"code": "my_text", "name": "Word", "type": "text", "is_unique": 1}));
        assert_eq!(renamed.data()["name"], "Word");
        assert_eq!(client.post("/leads", lead_body(json!({"my_text": "X"}))).status, 422, "{server:?}: unique by now");
        assert_eq!(client.delete("/settings/attributes/19").status, 400, "Krayin's own");
        assert_eq!(client.delete(&path).status, 200);
        assert_eq!(client.delete(&path).status, 404);
        assert_eq!(having(client, "/leads", "text_value", "x"), Vec::<u64>::new());
        assert_eq!(client.get(&format!("/leads/{lead}")).data().get("my_text"), None, "{server:?}");
        let again = attribute(client, "leads", "text", false);
        assert_eq!(client.get(&format!("/settings/attributes/{}", again["id"])).data()["code"], "my_text");
        assert_eq!(client.get(&format!("/leads/{lead}")).data()["my_text"], Value::Null);
    }
}

#[test]
fn own_attributes_have_values_too() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let organization = client.post("/contacts/organizations", json!({"name": "Acme"})).id();
    let extra = json!({"job_title": "Boss", "organization_id": organization});
    let person = client.post("/contacts/persons", person_body(extra)).id();
    assert_eq!(having(client, "/contacts/persons", "text_value", "boss"), [person]);
    assert_eq!(having(client, "/contacts/persons", "integer_value", &organization.to_string()), [person]);
    let json = "attribute_values.json_value";
    let found = client.get(&format!("/contacts/persons/search?search={json}:jane@example&searchFields={json}:like"));
    assert_eq!(found.ids(), [person]);
    let lead = client.post("/leads", lead_body(json!({"expected_close_date": "2090-01-31"}))).id();
    assert_eq!(having(client, "/leads", "date_value", "2090-01-31"), [lead]);
}

#[test]
fn an_update_answers_with_the_organization_that_was() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let [acme, other] =
            ["Acme", "Other"].map(|name| client.post("/contacts/organizations", json!({"name": name})).id());
        let person = client.post("/contacts/persons", person_body(json!({"organization_id": acme}))).id();
        let path = format!("/contacts/persons/{person}");
        let answer = client.put(&path, person_body(json!({"organization_id": other}))).data();
        assert_eq!(answer["organization"]["name"], "Acme", "{server:?}");
        assert_eq!(client.get(&path).data()["organization"]["name"], "Other");
        let answer = client.put(&path, person_body(json!({"organization_id": null}))).data();
        assert_eq!(answer["organization"]["name"], "Other", "{server:?}");
        assert_eq!(client.get(&path).data().get("organization"), None);
    }
}

#[test]
fn numbers_and_labels_of_odd_shapes_are_kept_as_they_came() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let person = client.post("/contacts/persons", person_body(json!({}))).id();
        let path = format!("/contacts/persons/{person}");
        let blank = if server == V210 { json!("") } else { Value::Null };
        for (sent, status, kept) in [
            (json!([{"value": 101, "label": "work"}]), 200, json!([{"value": 101, "label": "work"}])),
            (json!([{"value": "102", "label": null}]), 200, json!([{"value": "102", "label": null}])),
            (json!([{"value": "103"}]), 500, json!([{"value": "103"}])),
            // What was there cannot be shown in the timeline.
            (json!([{"value": "104", "label": "mobile"}]), 500, json!([{"value": "104", "label": "mobile"}])),
            (json!([{"value": "105", "label": ""}]), 200, json!([{"value": "105", "label": blank}])),
            (json!({"0": {"value": "106", "label": "work"}}), 200, json!([{"value": "106", "label": "work"}])),
            (json!([{"value": true, "label": "work"}]), 200, json!([{"value": true, "label": "work"}])),
            (json!([{"value": " 107 ", "label": " work "}]), 200, json!([{"value": "107", "label": "work"}])),
        ] {
            let reply = client.put(&path, person_body(json!({ "contact_numbers": sent })));
            assert_eq!(reply.status, status, "{server:?} {sent}");
            assert_eq!(client.get(&path).data()["contact_numbers"], kept, "{server:?} {sent}");
        }
        let text = client.put(&path, person_body(json!({"contact_numbers": ["108"]})));
        assert_eq!(text.status, if server == COMMUNITY { 200 } else { 500 }, "{server:?}");
        assert_eq!(client.get(&path).data()["contact_numbers"][0]["value"], "107", "{server:?}");
    }
}

#[test]
fn a_closing_date_is_the_midnight_of_its_own_day() {
    for (zone, date, midnight) in [
        ("Asia/Kolkata", "2031-07-31", "2031-07-30T18:30:00.000000Z"),
        ("America/New_York", "2031-07-31", "2031-07-31T04:00:00.000000Z"),
        ("America/New_York", "2031-01-15", "2031-01-15T05:00:00.000000Z"),
        ("America/New_York", "2031-11-02", "2031-11-02T04:00:00.000000Z"),
        ("Europe/Berlin", "2031-03-30", "2031-03-29T23:00:00.000000Z"),
        ("Europe/Berlin", "2031-10-26", "2031-10-25T22:00:00.000000Z"),
        ("Pacific/Auckland", "2031-01-15", "2031-01-14T11:00:00.000000Z"),
        ("America/New_York", "9999-12-31", "9999-12-31T05:00:00.000000Z"),
        ("Asia/Kolkata", "9999-12-31", "9999-12-30T18:30:00.000000Z"),
    ] {
        for server in PACKAGES {
            let options = Options { server, timezone: zone.into(), throttle: false, ..Options::default() };
            let sim = Sim::start(options).unwrap();
            let client = Client::new(&sim);
            let made = client.post("/leads", lead_body(json!({ "expected_close_date": date }))).data();
            assert_eq!(made["expected_close_date"], midnight, "{server:?} {zone} {date}");
            assert_eq!(sim.leads()[0]["expected_close_date"], midnight, "{server:?} {zone} {date}");
            let call = json!({
                "type": "call", "title": "c", "schedule_from": format!("{date} 00:00:00"), "schedule_to": date,
            });
            let call = client.post("/activities", call).data();
            assert_eq!((&call["schedule_from"], &call["schedule_to"]), (&json!(midnight), &json!(midnight)), "{zone}");
        }
    }
}

#[test]
fn leads_are_found_by_closing_date_and_value() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let fields = json!({"expected_close_date": "2090-01-31", "lead_value": "77.5"});
        let lead = client.post("/leads", lead_body(fields)).id();
        client.post("/leads", lead_body(json!({})));
        for query in ["expected_close_date=2090-01-31", "lead_value=77.5", "lead_value=77.5000"] {
            assert_eq!(client.get(&format!("/leads?{query}")).ids(), [lead], "{server:?} {query}");
        }
        let search = "search=expected_close_date:2090-01&searchFields=expected_close_date:like";
        assert_eq!(client.get(&format!("/leads/search?{search}")).ids(), [lead], "{server:?}");
    }
}

#[test]
fn a_stage_that_is_written_closes_a_lead_anew() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let lead = client.post("/leads", lead_body(json!({"lead_pipeline_stage_id": 5}))).id();
        let closed = || sim.leads()[0]["closed_at"].clone();
        for path in ["attributes/edit/", "stage/edit/", ""] {
            let before = closed();
            sim.advance(std::time::Duration::from_secs(60));
            client.put(&format!("/leads/{path}{lead}"), json!({"lead_pipeline_stage_id": 5}));
            assert_ne!(closed(), before, "{server:?} {path}: now");
            let when = json!({"lead_pipeline_stage_id": 6, "closed_at": "2026-11-01 10:00:00"});
            client.put(&format!("/leads/{path}{lead}"), when);
            assert_eq!(closed(), "2026-11-01T04:30:00.000000Z", "{server:?} {path}: as it was said");
            client.put(&format!("/leads/attributes/edit/{lead}"), json!({"title": "T"}));
            assert_eq!(closed(), "2026-11-01T04:30:00.000000Z", "{server:?} {path}: kept without the stage");
        }
        client.put(&format!("/leads/{lead}"), json!({"lead_pipeline_stage_id": 1}));
        assert_eq!(closed(), Value::Null, "{server:?}");
    }
}

#[test]
fn odd_closing_dates() {
    const ZERO: &str = "-000001-11-29T18:06:32.000000Z";
    let stored = "2031-05-04T18:30:00.000000Z";
    let form = json!(["The expected close date does not match the format Y-m-d."]);
    for (sent, answered, kept) in [
        ("05/05/2031", stored, ZERO),
        ("2031-05-05 10:00:00", "2031-05-05T04:30:00.000000Z", stored),
        ("2031-05-05T10:00:00Z", "2031-05-05T10:00:00.000000Z", stored),
        ("2031-02-30", "2031-03-01T18:30:00.000000Z", ZERO),
    ] {
        for server in PACKAGES {
            let sim = start(server);
            let client = Client::new(&sim);
            let made = client.post("/leads", lead_body(json!({ "expected_close_date": sent })));
            if server == V210 {
                assert_eq!(made.errors()["expected_close_date"], form, "{sent}");
                continue;
            }
            assert_eq!(made.data()["expected_close_date"], answered, "{server:?} {sent}");
            assert_eq!(sim.leads()[0]["expected_close_date"], kept, "{server:?} {sent}");
        }
    }
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let lead = client.post("/leads", lead_body(json!({"expected_close_date": "2031-07-31"}))).id();
        let edit = format!("/leads/attributes/edit/{lead}");
        // What was read is sent back as it is: east of Greenwich that is a day less.
        let back = sim.leads()[0]["expected_close_date"].clone();
        let answer = client.put(&edit, json!({ "expected_close_date": back })).data();
        let less = json!("2031-07-29T18:30:00.000000Z");
        assert_eq!(answer["expected_close_date"], if server == V210 { less.clone() } else { back }, "{server:?}");
        assert_eq!(sim.leads()[0]["expected_close_date"], less, "{server:?}");
        assert_eq!(client.put(&edit, json!({"expected_close_date": "nonsense"})).status, 500, "{server:?}");
        let kept = &sim.leads()[0]["expected_close_date"];
        assert_eq!(*kept, if server == V210 { less } else { json!(ZERO) }, "{server:?}: one reads it before it writes");
    }
}
