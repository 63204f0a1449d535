//! Colleagues at work in Krayin: each change alone, and its moment among the calls of a client.

use krayin_sim::{Action, Change, Fault, Moment, Record, Server, Sim};
use serde_json::{Value, json};

mod support;

use support::{Client, JSON, PACKAGES, Reply, raw, start};

const LAST: Record = Record::Last;

/// A person of id 1 with a lead of id 1 that closes on a day.
fn jane(client: Client) {
    let person = json!({
        "name": "Jane", "job_title": "Boss", "user_id": 2, "organization_name": "Acme",
        "emails": [{"value": "jane@example.com", "label": "work"}],
        "contact_numbers": [{"value": "+1", "label": "work"}],
    });
    assert_eq!(client.post("/contacts/persons", person).id(), 1);
    let lead = json!({
        "title": "Lead", "description": "d", "lead_value": 10, "lead_source_id": 1, "lead_type_id": 1, "user_id": 2,
        "lead_pipeline_stage_id": 1, "person_id": 1, "expected_close_date": "2031-07-31",
    });
    assert_eq!(client.post("/leads", lead).id(), 1);
}

fn make(sim: &Sim, change: Value) {
    let (change, moment) = Change::from_json(&change).unwrap();
    assert_eq!(moment, None);
    sim.change(&change).unwrap_or_else(|why| panic!("{change:?}: {why}"));
}

/// What differs between two records, by field, `updated_at` apart.
fn changed(before: &Value, after: &Value) -> Vec<String> {
    let fields = after.as_object().unwrap();
    let mut names: Vec<String> =
        fields.keys().chain(before.as_object().unwrap().keys()).filter(|name| *name != "updated_at").cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|name| before.get(name) != fields.get(name));
    names
}

#[test]
fn a_change_of_a_person_changes_nothing_else() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        jane(client);
        let attribute = json!({"code": "vip", "name": "VIP", "type": "text", "entity_type": "persons"});
        client.post("/settings/attributes", attribute);
        make(&sim, json!({"change": "edit_person", "person": 1, "fields": {"vip": "yes"}}));
        for (change, fields) in [
            (json!({"change": "edit_person", "fields": {"name": "Jane Doe"}}), &["name"][..]),
            (json!({"change": "edit_person", "fields": {"job_title": "Chief"}}), &["job_title"]),
            (json!({"change": "edit_person", "fields": {"user_id": 1}}), &["sales_owner", "user_id"]),
            (json!({"change": "edit_person", "fields": {"user_id": null}}), &["sales_owner", "user_id"]),
            (
                json!({"change": "edit_person", "fields": {"organization_name": "Globex"}}),
                &["organization", "organization_id"],
            ),
            (
                json!({"change": "edit_person", "fields": {"organization_id": null}}),
                &["organization", "organization_id"],
            ),
            (json!({"change": "edit_person", "fields": {"vip": "no"}}), &["vip"]),
            (json!({"change": "add_email", "value": "j@example.com", "label": "home"}), &["emails"]),
            (json!({"change": "remove_email", "value": "jane@example.com"}), &["emails"]),
            (json!({"change": "add_number", "value": "+2"}), &["contact_numbers"]),
            (json!({"change": "remove_number", "value": "+1"}), &["contact_numbers"]),
        ] {
            let before = sim.persons()[0].clone();
            let mut change = change;
            change["person"] = json!("last");
            make(&sim, change.clone());
            assert_eq!(changed(&before, &sim.persons()[0]), fields, "{server:?} {change}");
        }
        let person = client.get("/contacts/persons/1").data();
        assert_eq!(person["emails"], json!([{"value": "j@example.com", "label": "home"}]));
        assert_eq!(person["contact_numbers"], json!([{"value": "+2", "label": "work"}]));
        // What a colleague took away is free again, and what is there is guarded.
        let other = |email: &str| {
            let body = json!({
                "name": "Other", "emails": [{"value": email, "label": "work"}],
                "contact_numbers": [{"value": "+1", "label": "work"}],
            });
            client.post("/contacts/persons", body).status
        };
        assert_eq!((other("j@example.com"), other("jane@example.com")), (422, 200), "{server:?}");
        let timeline = client.get("/contacts/persons/1/activities").data();
        assert!(timeline.as_array().unwrap().iter().any(|note| note["title"] == "Updated Name"), "{timeline}");
    }
}

#[test]
fn a_change_of_a_lead_changes_nothing_else() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        jane(client);
        client.post(
            "/settings/attributes",
            json!({"code": "plan", "name": "Plan", "type": "text", "entity_type": "leads"}),
        );
        make(&sim, json!({"change": "edit_lead", "lead": "first", "fields": {"plan": "gold"}}));
        for (change, fields) in [
            (json!({"change": "edit_lead", "fields": {"title": "Renamed"}}), &["title"][..]),
            (json!({"change": "edit_lead", "fields": {"lead_value": "99.5"}}), &["lead_value"]),
            (json!({"change": "edit_lead", "fields": {"expected_close_date": "2032-01-01"}}), &["expected_close_date"]),
            (json!({"change": "edit_lead", "fields": {"user_id": 3}}), &["user", "user_id"]),
            (json!({"change": "edit_lead", "fields": {"lead_source_id": 2}}), &["lead_source_id"]),
            (json!({"change": "edit_lead", "fields": {"plan": "silver"}}), &["plan"]),
            (json!({"change": "set_products", "products": [{"product_id": 1, "name": "P"}]}), &["lead_products"]),
        ] {
            let before = sim.leads()[0].clone();
            let mut change = change;
            change["lead"] = json!(1);
            make(&sim, change.clone());
            assert_eq!(changed(&before, &sim.leads()[0]), fields, "{server:?} {change}");
        }
    }
}

#[test]
fn a_lead_is_moved_won_lost_and_reopened() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        jane(client);
        for (change, stage, closed, reason) in [
            (json!({"change": "move_lead", "stage": "prospect"}), 3, false, Value::Null),
            (json!({"change": "move_lead", "stage": 4}), 4, false, Value::Null),
            (json!({"change": "win_lead"}), 5, true, Value::Null),
            (json!({"change": "reopen_lead"}), 1, false, Value::Null),
            (json!({"change": "lose_lead", "reason": "too dear"}), 6, true, json!("too dear")),
        ] {
            let mut change = change;
            change["lead"] = json!("last");
            make(&sim, change.clone());
            let lead = client.get("/leads/1").data();
            assert_eq!(lead["lead_pipeline_stage_id"], stage, "{server:?} {change}");
            assert_eq!((!lead["closed_at"].is_null(), &lead["lost_reason"]), (closed, &reason), "{server:?} {change}");
        }
        let nowhere = Change::MoveLead { lead: LAST, stage: json!("nowhere") };
        assert_eq!(sim.change(&nowhere).unwrap_err(), "pipeline 1 has no such stage");
    }
}

#[test]
fn activities_are_written_done_edited_and_deleted() {
    let sim = start(Server::Krayin210);
    let client = Client::new(&sim);
    jane(client);
    let call = json!({
        "type": "call", "title": "Call", "comment": "c", "schedule_from": "2031-01-01 10:00:00",
        "schedule_to": "2031-01-01 10:30:00",
    });
    make(&sim, json!({"change": "add_activity", "fields": call, "lead": 1}));
    assert_eq!((&sim.activities()[0]["is_done"], &sim.activities()[0]["lead_ids"]), (&json!(0), &json!([1])));
    make(&sim, json!({"change": "mark_done", "activity": "last"}));
    assert_eq!(sim.activities()[0]["is_done"], 1);
    make(&sim, json!({"change": "mark_done", "activity": "last", "done": false}));
    make(&sim, json!({"change": "edit_activity", "activity": "last", "fields": {"title": "Called", "comment": "d"}}));
    let activity = &sim.activities()[0];
    assert_eq!(
        (&activity["title"], &activity["comment"], &activity["is_done"]),
        (&json!("Called"), &json!("d"), &json!(0))
    );
    make(&sim, json!({"change": "delete_activity", "activity": "first"}));
    assert!(sim.activities().is_empty());
    assert_eq!(sim.change(&Change::DeleteActivity { activity: LAST }).unwrap_err(), "no activity");
}

#[test]
fn records_are_deleted_as_the_server_deletes_them() {
    for server in PACKAGES {
        let sim = start(server);
        jane(Client::new(&sim));
        assert!(sim.change(&Change::DeletePerson { person: LAST }).is_err(), "a lead points at it");
        make(&sim, json!({"change": "delete_lead", "lead": 1}));
        make(&sim, json!({"change": "edit_organization", "organization": "last", "fields": {"name": "Acme Ltd"}}));
        assert_eq!(sim.organizations()[0]["name"], "Acme Ltd");
        make(&sim, json!({"change": "delete_organization", "organization": 1}));
        make(&sim, json!({"change": "delete_person", "person": "first"}));
        assert!(sim.leads().is_empty() && sim.persons().is_empty() && sim.organizations().is_empty());
        assert_eq!(sim.change(&Change::DeleteLead { lead: Record::Id(1) }).unwrap_err(), "no lead 1");
    }
}

#[test]
fn stages_are_added_renamed_reordered_and_deleted() {
    let sim = start(Server::Krayin210);
    let client = Client::new(&sim);
    jane(client);
    make(&sim, json!({"change": "add_stage", "fields": {"code": "chat", "name": "Chat", "sort_order": 2}}));
    make(&sim, json!({"change": "edit_stage", "stage": "new", "fields": {"name": "Fresh"}}));
    make(&sim, json!({"change": "edit_stage", "stage": 2, "fields": {"sort_order": 9}}));
    let names = || {
        let stages = client.get("/settings/pipelines/1").data()["stages"].clone();
        let names = stages.as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(), "Fresh Chat Prospect Negotiation Won Lost Follow Up");
    make(&sim, json!({"change": "move_lead", "lead": 1, "stage": "chat"}));
    make(&sim, json!({"change": "delete_stage", "stage": "chat"}));
    assert_eq!(names(), "Fresh Prospect Negotiation Won Lost Follow Up");
    assert_eq!(client.get("/leads/1").data()["lead_pipeline_stage_id"], 1);
}

fn title(reply: &Reply) -> String {
    reply.data()["title"].as_str().unwrap().to_owned()
}

fn retitle(title: &str) -> Change {
    Change::EditLead { lead: LAST, fields: json!({ "title": title }) }
}

#[test]
fn a_change_comes_before_or_after_the_nth_call() {
    let sim = start(Server::Krayin210);
    let client = Client::new(&sim);
    jane(client);
    sim.change_at(Moment::before(2), retitle("Before"));
    sim.change_at(Moment::after(3), retitle("After"));
    let titles: Vec<String> = (0..5).map(|_| title(&client.get("/leads/1"))).collect();
    assert_eq!(titles, ["Lead", "Before", "Before", "After", "After"]);
    assert_eq!((sim.waiting_changes(), sim.refused_changes().len()), (0, 0));
}

#[test]
fn a_change_comes_at_a_call_of_a_method_and_path() {
    let sim = start(Server::Krayin210);
    let client = Client::new(&sim);
    jane(client);
    sim.change_at(Moment::before(1).on("PUT", "/leads/attributes/edit/*"), Change::DeleteLead { lead: LAST });
    sim.change_at(Moment::after(2).on("POST", "/leads"), Change::WinLead { lead: LAST });
    assert_eq!(client.get("/leads/1").status, 200);
    assert_eq!(client.put("/leads/attributes/edit/1", json!({"title": "x"})).status, 404, "it has just gone");
    let body = json!({
        "title": "L", "lead_value": 1, "lead_source_id": 1, "lead_type_id": 1, "lead_pipeline_stage_id": 1, "person_id": 1,
    });
    assert_eq!(client.post("/leads", body.clone()).data()["lead_pipeline_stage_id"], 1);
    assert_eq!(client.post("/leads", body).data()["lead_pipeline_stage_id"], 1, "answered as it was made");
    let stages: Vec<u64> = sim.leads().iter().map(|lead| lead["lead_pipeline_stage_id"].as_u64().unwrap()).collect();
    assert_eq!(stages, [1, 5], "and won before the client can ask again");
}

#[test]
fn a_change_comes_though_the_call_fails() {
    let sim = start(Server::Krayin210);
    let client = Client::new(&sim);
    jane(client);
    for (action, acts) in [
        (Action::CloseBeforeReading, false),
        (Action::CloseBeforeActing, false),
        (Action::CloseAfterActing, true),
        (Action::status(502), false),
    ] {
        sim.fault(Fault::on("PUT", "/leads/*", action.clone()));
        sim.change_at(Moment::before(1), retitle("Before"));
        sim.change_at(Moment::after(1), Change::EditLead { lead: LAST, fields: json!({"description": "after"}) });
        let body = json!({"title": "Client", "expected_close_date": "2031-07-31"});
        let _ = client.try_send("PUT", "/leads/attributes/edit/1", Some(&body));
        let lead = &sim.leads()[0];
        assert_eq!(lead["title"], if acts { "Client" } else { "Before" }, "{action:?}");
        assert_eq!(lead["description"], "after", "{action:?}");
        make(&sim, json!({"change": "edit_lead", "lead": 1, "fields": {"description": "d"}}));
    }
}

#[test]
fn what_is_refused_is_told_and_the_rest_is_made() {
    let sim = start(Server::Krayin210);
    let client = Client::new(&sim);
    jane(client);
    sim.change_at(Moment::before(1), Change::DeleteLead { lead: Record::Id(9) });
    sim.change_at(Moment::before(1), retitle("Made"));
    assert_eq!(title(&client.get("/leads/1")), "Made");
    let refused = sim.refused_changes();
    assert!(refused.len() == 1 && refused[0].ends_with("no lead 9"), "{refused:?}");
    sim.change_at(Moment::before(9), retitle("Never"));
    sim.reset();
    assert_eq!((sim.waiting_changes(), sim.refused_changes().len()), (0, 0));
}

#[test]
fn changes_are_made_over_http() {
    let sim = start(Server::Krayin223Official);
    let client = Client::new(&sim);
    jane(client);
    let send = |method: &str, body: Value| {
        raw(&sim, method, "/_sim/changes", &JSON, Some(body.to_string().as_bytes())).unwrap()
    };
    let set = send(
        "POST",
        json!([
            {"change": "edit_lead", "lead": "last", "fields": {"title": "Now"}},
            {"change": "win_lead", "lead": 1, "after": {"method": "GET", "path": "/leads/*"}},
            {"change": "lose_lead", "lead": 1, "before": {"nth": 9}},
        ]),
    );
    assert_eq!((set.status, set.json()), (200, json!({"made": 1, "waiting": 2})));
    let lead = client.get("/leads/1").data();
    assert_eq!((&lead["title"], &lead["lead_pipeline_stage_id"]), (&json!("Now"), &json!(1)));
    assert_eq!(client.get("/leads/1").data()["lead_pipeline_stage_id"], 5);
    assert_eq!(send("GET", json!(null)).json(), json!({"waiting": 1, "refused": []}));
    send("DELETE", json!(null));
    assert_eq!(sim.waiting_changes(), 0);
    let wrong = send("POST", json!([{"change": "win_lead", "lead": 1}, {"change": "explode"}]));
    assert_eq!((wrong.status, wrong.json()["message"].as_str()), (422, Some("unknown change \"explode\"")));
    let refused = send("POST", json!({"change": "delete_lead", "lead": 9}));
    assert_eq!((refused.status, refused.json()["message"].as_str()), (422, Some("no lead 9")));
    let token = sim.token(0);
    assert_eq!(send("POST", json!({"change": "revoke_token", "token": token})).status, 200);
    assert_eq!(client.get("/get").status, 401);
}
