//! Users, sources, types, pipelines and their stages.

use serde_json::{Value, json};

mod support;

use support::{COMMUNITY, Client, OFFICIAL, PACKAGES, V210, start};

fn lead(client: Client, stage: u64) -> Value {
    let body = json!({
        "title": "L", "lead_value": 1, "lead_source_id": 1, "lead_type_id": 1, "lead_pipeline_stage_id": stage,
        "person": {"name": "P", "emails": [{"value": format!("p{stage}@example.com"), "label": "work"}]},
    });
    client.post("/leads", body).data()
}

/// A stage's id, code and name.
fn stages(pipeline: &Value) -> Vec<(u64, String)> {
    let stages = pipeline["stages"].as_array().unwrap();
    stages.iter().map(|stage| (stage["id"].as_u64().unwrap(), stage["code"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn users_are_listed_found_and_missed() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        assert_eq!(client.get("/settings/users?pagination=0").ids(), [4, 3, 2, 1]);
        assert_eq!(client.get("/settings/users?email=BRIDGE1%40EXAMPLE.COM").ids(), [2]);
        assert_eq!(client.get("/settings/users?email=nobody%40example.com").ids(), Vec::<u64>::new());
        assert_eq!(client.get("/settings/users/search?search=name:Bridge%202&searchFields=name:like").ids(), [3]);
        assert_eq!(client.get("/settings/users/2").data(), client.get("/get").data());
        let missing = client.get("/settings/users/99").status;
        assert_eq!(missing, if server == COMMUNITY { 404 } else { 500 }, "{server:?}");
    }
}

#[test]
fn sources_and_types_are_made_renamed_and_deleted() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        for (path, used) in [("/settings/sources", 1), ("/settings/types", 1)] {
            let made = client.post(path, json!({"name": "Chat"}));
            let id = made.id();
            assert_eq!(made.json()["data"]["name"], "Chat");
            assert_eq!(
                client.post(path, json!({"name": "CHAT"})).errors()["name"][0],
                "The name has already been taken."
            );
            assert_eq!(client.post(path, json!({})).errors()["name"][0], "The name field is required.");
            assert_eq!(client.put(&format!("{path}/{id}"), json!({"name": "Chat 2"})).data()["name"], "Chat 2");
            assert_eq!(client.put(&format!("{path}/99"), json!({"name": "x"})).status, 404);
            assert_eq!(client.get(&format!("{path}/{id}")).data()["name"], "Chat 2");
            lead(client, 1);
            let refused = client.delete(&format!("{path}/{used}"));
            assert_eq!(refused.status, if server == COMMUNITY { 500 } else { 200 }, "{server:?}");
            assert!(refused.body.contains("delete failed"), "{}", refused.body);
            assert!(client.get(path).ids().contains(&used));
            assert!(client.delete(&format!("{path}/{id}")).body.contains("deleted successfully"));
            let missing = client.delete(&format!("{path}/{id}"));
            assert_eq!(missing.status, if server == COMMUNITY { 404 } else { 200 }, "{server:?}");
        }
    }
}

#[test]
fn a_pipeline_with_stages_in_their_order() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let body = json!({"name": "Chat", "rotten_days": 7, "stages": [
            {"code": "b", "name": "B", "probability": 20, "sort_order": 2},
            {"code": "a", "name": "A", "probability": 10, "sort_order": 1},
        ]});
        let made = client.post("/settings/pipelines", body.clone());
        let id = made.id();
        assert_eq!((made.data()["rotten_days"].as_u64(), made.data()["is_default"].as_u64()), (Some(7), Some(0)));
        assert_eq!(stages(&made.data()), [(8, "a".to_owned()), (7, "b".to_owned())], "{server:?}");
        assert_eq!(client.get(&format!("/settings/pipelines/{id}")).data(), made.data());
        assert_eq!(lead(client, 7)["lead_pipeline_id"], id);
        assert_eq!(
            client.post("/settings/pipelines", json!({"rotten_days": 1, "stages": []})).errors()["name"][0],
            "The name field is required."
        );
        let doubled =
            json!({"name": "D", "rotten_days": 1, "stages": [{"code": "a", "name": "A"}, {"code": "a", "name": "B"}]});
        assert_eq!(client.post("/settings/pipelines", doubled).status, 422, "{server:?}");
        let default = client.post(
            "/settings/pipelines",
            json!({"name": "New", "rotten_days": 1, "is_default": 1, "stages": [{"code": "c", "name": "C"}]}),
        );
        assert_eq!(default.data()["is_default"], 1);
        assert_eq!(client.get("/settings/pipelines?is_default=1").ids(), [default.id()], "one default alone");
    }
}

#[test]
fn stages_are_renamed_added_reordered_and_removed() {
    for server in [V210, OFFICIAL] {
        let sim = start(server);
        let client = Client::new(&sim);
        let of_removed = lead(client, 2)["id"].as_u64().unwrap();
        let stages_now = json!({
            "1": {"name": "Fresh", "sort_order": 1}, "3": {"sort_order": 5}, "4": {"sort_order": 4}, "5": {"sort_order": 6},
            "6": {"sort_order": 7}, "stage_1": {"code": "chat", "name": "Chat", "sort_order": 2},
        });
        let changed = client
            .put("/settings/pipelines/1", json!({"name": "Default Pipeline", "is_default": 1, "stages": stages_now}));
        let codes: Vec<String> = stages(&changed.data()).into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, ["new", "chat", "negotiation", "prospect", "won", "lost"]);
        assert_eq!(changed.data()["stages"][0]["name"], "Fresh");
        assert_eq!(
            client.get(&format!("/leads/{of_removed}")).data()["lead_pipeline_stage_id"],
            1,
            "moved to the first"
        );
        // Keys of a list are ids that are not there; the name is written before they are looked for.
        let broken =
            client.put("/settings/pipelines/1", json!({"name": "Half", "stages": [{"code": "x", "name": "X"}]}));
        assert_eq!((broken.status, client.get("/settings/pipelines/1").data()["name"].as_str()), (404, Some("Half")));
    }
    let sim = start(COMMUNITY);
    let client = Client::new(&sim);
    let body = json!({"name": "Default Pipeline", "is_default": true, "stages": [
        {"id": 5, "code": "won", "name": "Won"}, {"id": 1, "code": "new", "name": "Fresh"}, {"code": "chat", "name": "Chat"},
    ]});
    let changed = client.put("/settings/pipelines/1", body);
    assert_eq!(stages(&changed.data()), [(5, "won".into()), (1, "new".into()), (7, "chat".into())], "the list's order");
    let foreign = json!({"name": "D", "stages": [{"id": 99, "code": "x", "name": "X"}]});
    assert_eq!(
        client.put("/settings/pipelines/1", foreign).errors()["stages.0.id"][0],
        "The selected stages.0.id is invalid."
    );
    assert_eq!(
        client.put("/settings/pipelines/1", json!({"name": "D"})).errors()["stages"][0],
        "The stages field is required."
    );
}

#[test]
fn a_pipeline_goes_and_its_leads_move() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let id = sim.add_pipeline("Chat", &[("open", "Open"), ("won", "Won")]);
        let lead = lead(client, 7)["id"].as_u64().unwrap();
        let refused = client.delete("/settings/pipelines/1");
        assert_eq!(refused.status, if server == COMMUNITY { 400 } else { 200 });
        assert!(refused.body.contains("Default pipeline can not be deleted."));
        assert_eq!(client.delete(&format!("/settings/pipelines/{id}")).status, 200);
        let moved = client.get(&format!("/leads/{lead}")).data();
        assert_eq!((moved["lead_pipeline_id"].as_u64(), moved["lead_pipeline_stage_id"].as_u64()), (Some(1), Some(1)));
        assert_eq!(client.delete(&format!("/settings/pipelines/{id}")).status, 404);
    }
}

#[test]
fn a_login_is_checked_and_ends_every_other_token() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let errors = client.post("/login", json!({"email": "bridge1"})).errors();
        assert_eq!(errors["email"][0], "The email must be a valid email address.", "{server:?}");
        assert_eq!(errors["password"][0], "The password field is required.");
        assert_eq!(errors["device_name"][0], "The device name field is required.");
        let body = |email: &str| json!({"email": email, "password": "p", "device_name": "d"});
        let unknown = client.post("/login", body("nobody@example.com")).errors();
        assert_eq!(unknown["email"][0], "The provided credentials are incorrect.");
        assert_eq!(client.get("/get").status, 200);
        let reply = client.post("/login", body("bridge1@example.com")).json();
        assert!(reply["token"].as_str().unwrap().contains('|') && reply["data"]["id"] == 2);
        assert_eq!(client.get("/get").status, 401);
    }
}

#[test]
fn no_two_are_installed_at_one_moment() {
    let moments: std::collections::HashSet<String> = (0..10)
        .map(|_| {
            let sim = start(V210);
            Client::new(&sim).get("/settings/pipelines/1").data()["created_at"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(moments.len(), 10);
}
