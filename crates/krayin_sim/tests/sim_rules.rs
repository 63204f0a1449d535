//! The simulator's rules beyond the recorded steps, in the order of the real API's parts.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use krayin_sim::{Options, Server, Sim, ViewPermission};
use serde_json::{Value, json};

mod support;

use support::{COMMUNITY, Client, JSON, OFFICIAL, PACKAGES, Reply, V210, encode, raw, start};

fn production(server: Server) -> Sim {
    Sim::start(Options { server, production: true, ..Options::default() }).unwrap()
}

fn emails(address: &str) -> Value {
    json!([{"value": address, "label": "work"}])
}

fn person(name: &str, email: &str, number: &str) -> Value {
    json!({"name": name, "emails": emails(email), "contact_numbers": [{"value": number, "label": "work"}]})
}

fn jane(client: Client) -> u64 {
    client.post("/contacts/persons", person("Jane", "jane@example.com", "+14155550182")).id()
}

fn lead_body(title: &str, person_id: u64) -> Value {
    json!({
        "title": title, "lead_value": 10, "lead_source_id": 1, "lead_type_id": 1, "lead_pipeline_stage_id": 1,
        "person_id": person_id,
    })
}

fn lead(client: Client, person_id: u64) -> u64 {
    client.post("/leads", lead_body("Lead", person_id)).id()
}

fn with(mut body: Value, changes: Value) -> Value {
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

fn without(mut body: Value, field: &str) -> Value {
    body.as_object_mut().unwrap().remove(field);
    body
}

fn search(client: Client, path: &str, search: &str, fields: &str) -> Reply {
    client.get(&format!("{path}/search?search={}&searchFields={}", encode(search), encode(fields)))
}

fn persons(client: Client, terms: &str, fields: &str) -> Vec<u64> {
    search(client, "/contacts/persons", terms, fields).ids()
}

fn taken(reply: &Reply, field: &str) {
    assert_eq!(reply.status, 422, "{reply:?}");
    assert_eq!(reply.errors(), json!({field: ["The value has already been taken."]}));
}

// 1. Address, headers, login

#[test]
fn without_accept_production_answers_a_page_with_200_for_every_failure() {
    let sim = production(V210);
    let token = format!("Bearer {}", sim.token(0));
    for (target, headers) in [("/api/v1/get", vec![]), ("/api/v1/leads/99", vec![("Authorization", token.as_str())])] {
        let reply = raw(&sim, "GET", target, &headers, None).unwrap();
        assert_eq!(reply.status, 200, "{target}");
        assert!(reply.header("content-type").unwrap().starts_with("text/html"));
    }
    let good = raw(&sim, "GET", "/api/v1/get", &[("Authorization", &token)], None).unwrap();
    assert_eq!(good.json()["data"]["id"], 2);
}

#[test]
fn without_accept_an_invalid_field_is_a_redirect() {
    let sim = start(V210);
    let token = format!("Bearer {}", sim.token(0));
    let headers = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
    let reply = raw(&sim, "POST", "/api/v1/contacts/persons", &headers, Some(br#"{"emails":[]}"#)).unwrap();
    assert_eq!(reply.status, 302);
    assert!(reply.header("location").is_some());
}

#[test]
fn each_token_has_its_own_user() {
    let sim = start(V210);
    for token in 0..3 {
        let reply = Client { sim: &sim, token }.get("/get");
        assert_eq!(reply.data()["id"], token as u64 + 2);
        assert_eq!(reply.data()["name"], format!("Bridge {}", token + 1));
    }
}

#[test]
fn login_and_logout_revoke_every_token_of_the_user() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let reply = client.post("/login", json!({"email": "bridge1@example.com", "password": "x", "device_name": "d"}));
    assert_eq!(client.get("/get").status, 401);
    let fresh = format!("Bearer {}", reply.json()["token"].as_str().unwrap());
    let headers = [JSON[0], ("Authorization", fresh.as_str())];
    assert_eq!(raw(&sim, "GET", "/api/v1/get", &headers, None).unwrap().status, 200);
    assert_eq!(raw(&sim, "DELETE", "/api/v1/logout", &headers, None).unwrap().status, 200);
    assert_eq!(raw(&sim, "GET", "/api/v1/get", &headers, None).unwrap().status, 401);
    let other = Client { sim: &sim, token: 1 };
    assert_eq!(other.get("/get").status, 200);
}

#[test]
fn searches_break_for_users_who_may_not_see_everything() {
    for view_permission in [ViewPermission::Group, ViewPermission::Individual] {
        let sim = Sim::start(Options { view_permission, ..Options::default() }).unwrap();
        let client = Client::new(&sim);
        let name = if view_permission == ViewPermission::Group { "group" } else { "individual" };
        assert_eq!(client.get("/get").data()["view_permission"], name);
        for path in ["/contacts/persons", "/leads"] {
            let reply = search(client, path, "title:x", "title:like");
            assert_eq!(reply.status, 500);
            assert!(reply.rate().is_some());
        }
        assert_eq!(client.get("/contacts/persons").status, 200);
    }
}

#[test]
fn any_valid_token_may_do_anything() {
    let sim = start(V210);
    let id = jane(Client::new(&sim));
    let other = Client { sim: &sim, token: 2 };
    assert_eq!(other.delete(&format!("/contacts/persons/{id}")).status, 200);
}

// 2. Telling failures apart

#[test]
fn rate_headers_tell_in_production_whether_a_500_ran_the_request() {
    let sim = production(V210);
    let client = Client::new(&sim);
    let refused = raw(&sim, "GET", "/api/v1/get", &[JSON[0], ("Authorization", "Bearer 9|no")], None).unwrap();
    assert_eq!((refused.status, refused.rate()), (500, None));
    let inside = client.get("/contacts/persons/99");
    assert_eq!((inside.status, inside.rate().map(|(limit, _)| limit)), (500, Some(60)));
    assert_eq!(inside.json(), json!({"message": "admin::app.common.internal-server-error"}));
    let wrong_method = client.send("PATCH", "/leads/1", Some(&json!({})));
    assert_eq!((wrong_method.status, wrong_method.rate()), (500, None));
    let missing = client.get("/leads/99");
    assert_eq!((missing.status, missing.rate().is_some()), (404, true));
    let no_route = client.get("/nowhere");
    assert_eq!((no_route.status, no_route.rate()), (404, None));
}

#[test]
fn sixty_calls_a_minute_for_each_user() {
    let sim = start(V210);
    let sim = Sim::start(Options { tokens: vec![sim.token(0), sim.token(1)], ..Options::default() }).unwrap();
    let client = Client::new(&sim);
    for call in 1..=60 {
        assert_eq!(client.get("/get").rate(), Some((60, 60 - call)));
    }
    let over = client.post("/contacts/persons", person("J", "j@example.com", "1"));
    assert_eq!((over.status, over.rate()), (429, Some((60, 0))));
    let wait: u64 = over.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert!(over.header("x-ratelimit-reset").is_some());
    assert!(sim.persons().is_empty());
    assert_eq!(Client { sim: &sim, token: 1 }.get("/get").status, 200);
    // Calls that do not get past authentication or route spend nothing.
    assert_eq!(client.get("/nowhere").status, 404);
    sim.advance(Duration::from_secs(wait + 1));
    assert_eq!(client.get("/get").rate(), Some((60, 59)));
}

#[test]
fn over_the_limit_production_answers_500_without_headers() {
    let sim = production(V210);
    let client = Client::new(&sim);
    for _ in 0..60 {
        assert_eq!(client.get("/get").status, 200);
    }
    let over = client.get("/get");
    assert_eq!((over.status, over.rate(), over.header("retry-after")), (500, None, None));
}

#[test]
fn the_newer_servers_throttle_nothing_but_a_persons_delete() {
    for server in [OFFICIAL, COMMUNITY] {
        let sim = Sim::start(Options { server, ..Options::default() }).unwrap();
        let client = Client::new(&sim);
        for _ in 0..70 {
            let reply = client.get("/get");
            assert_eq!((reply.status, reply.rate()), (200, None));
        }
        for deleted in 1..=100 {
            assert_eq!(client.delete("/contacts/persons/7").rate(), Some((100, 100 - deleted)));
        }
        assert_eq!(client.delete("/contacts/persons/7").status, 429);
    }
}

#[test]
fn a_failed_request_may_have_written_its_row() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let reply = client.post("/activities", json!({"type": "note", "title": "t", "comment": "c", "person_id": 99}));
    assert_eq!(reply.status, 500);
    assert_eq!(sim.activities()[0]["person_ids"], json!([]));
    let reply = client.post("/activities", json!({"type": "note", "title": "u", "comment": "c", "lead_id": 99}));
    assert_eq!((reply.status, sim.activities().len()), (500, 2));
    let unlabelled = json!({"name": "N", "emails": emails("n@example.com"), "contact_numbers": [{"value": "+1"}]});
    assert_eq!(client.post("/contacts/persons", unlabelled).status, 500);
    assert_eq!(sim.persons()[0]["name"], "N");
}

// 3. Lists and searches

#[test]
fn lists_have_pages_orders_and_no_highest_limit() {
    let sim = start(V210);
    let client = Client::new(&sim);
    for number in 1..=25 {
        client.post("/contacts/organizations", json!({"name": format!("Org {number:02}")}));
    }
    let path = "/contacts/organizations";
    assert_eq!(client.get(path).ids().len(), 10);
    assert_eq!(client.get(&format!("{path}?limit=1000")).ids().len(), 25);
    assert_eq!(client.get(&format!("{path}?limit=10&page=3")).ids(), [5, 4, 3, 2, 1]);
    assert_eq!(client.get(&format!("{path}?limit=2&sort=name&order=asc")).ids(), [1, 2]);
    assert_eq!(client.get(&format!("{path}?limit=2&sort=id&order=asc")).ids(), [1, 2]);
    let page = client.get(&format!("{path}?limit=10&page=3")).json();
    assert_eq!(page["meta"]["last_page"], 3);
    assert_eq!(page["meta"]["from"], 21);
    assert_eq!(page["meta"]["to"], 25);
    assert_eq!(page["links"]["next"], Value::Null);
    let all = client.get(&format!("{path}?pagination=0"));
    assert_eq!(all.ids().len(), 25);
    assert_eq!(all.json()["meta"], Value::Null);
    let beyond = client.get(&format!("{path}?page=9")).json();
    assert_eq!((&beyond["data"], &beyond["meta"]["from"]), (&json!([]), &Value::Null));
}

#[test]
fn only_the_newer_servers_number_their_page_links() {
    for (server, numbered) in [(V210, false), (OFFICIAL, true), (COMMUNITY, true)] {
        let sim = start(server);
        let reply = Client::new(&sim).get("/settings/pipelines").json();
        let link = &reply["meta"]["links"][1];
        assert_eq!(link.get("page").is_some(), numbered, "{server:?} {link}");
    }
}

#[test]
fn a_filter_is_exact_without_case_and_splits_at_commas() {
    let sim = start(V210);
    let client = Client::new(&sim);
    for name in ["Acme", "Acme, Inc.", "Inc.", "Other"] {
        client.post("/contacts/organizations", json!({"name": name}));
    }
    let named = |name: &str| client.get(&format!("/contacts/organizations?name={}", encode(name))).ids();
    assert_eq!(named("acme"), [1]);
    assert_eq!(named("Acm"), Vec::<u64>::new());
    assert_eq!(named("Acme, Inc."), [3, 1], "a comma makes two values");
    assert_eq!(client.get("/contacts/organizations?id=1,4").ids(), [4, 1]);
    assert_eq!(client.get("/contacts/organizations?id=99").ids(), Vec::<u64>::new());
    assert_eq!(client.get("/settings/sources?name=WEB").ids(), [2]);
}

#[test]
fn a_json_column_never_matches_a_filter() {
    let sim = start(V210);
    let client = Client::new(&sim);
    jane(client);
    for column in ["emails", "contact_numbers"] {
        assert_eq!(client.get(&format!("/contacts/persons?{column}=jane%40example.com")).ids(), Vec::<u64>::new());
    }
}

#[test]
fn an_unknown_filter_breaks_or_is_ignored() {
    for (server, status) in [(V210, 500), (OFFICIAL, 500), (COMMUNITY, 200)] {
        let sim = start(server);
        let client = Client::new(&sim);
        jane(client);
        for path in ["/contacts/persons?nonsense=x", "/leads?email=x", "/settings/tags?nonsense=x"] {
            assert_eq!(client.get(path).status, status, "{server:?} {path}");
        }
        if status == 200 {
            assert_eq!(client.get("/contacts/persons?email=nobody%40example.com").ids(), [1], "the unfiltered page");
        }
    }
}

#[test]
fn an_unknown_order_breaks_or_is_refused() {
    for (server, status, without_rows) in [(V210, 500, 200), (OFFICIAL, 500, 200), (COMMUNITY, 422, 422)] {
        let sim = start(server);
        let client = Client::new(&sim);
        // The database orders what it was asked for, and of nothing it is not asked for a page.
        assert_eq!(client.get("/leads?sort=nonsense").status, without_rows, "{server:?}");
        assert_eq!(client.get("/leads?sort=nonsense&pagination=0").status, status, "{server:?}");
        let id = jane(client);
        lead(client, id);
        assert_eq!(client.get("/leads?sort=nonsense").status, status, "{server:?}");
    }
}

#[test]
fn polling_finds_the_last_change_first() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    let (first, second) = (lead(client, id), lead(client, id));
    sim.advance(Duration::from_secs(5));
    client.put(&format!("/leads/stage/edit/{first}"), json!({"lead_pipeline_stage_id": 2}));
    assert_eq!(client.get("/leads?sort=updated_at&order=desc").ids(), [first, second]);
    assert_eq!(client.get("/leads?lead_pipeline_stage_id=2&person_id=1").ids(), [first]);
}

#[test]
fn a_search_minds_case_on_emails_and_not_on_names() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        client.post("/contacts/persons", person("Jane Doe", "Jane.Doe@Example.com", "+1 (415) 555-0182"));
        assert_eq!(persons(client, "emails:jane.doe@example.com", "emails:like"), Vec::<u64>::new());
        assert_eq!(persons(client, "emails:_ane._oe@_xample._om", "emails:like"), [1]);
        assert_eq!(persons(client, "emails:Jane.Doe", "emails:like"), [1], "a part is enough");
        let two = ("emails:JANE.;eMails:Jane.", "emails:like;eMails:like");
        assert_eq!(persons(client, two.0, two.1), [1], "a column's name in another case is another field");
        assert_eq!(
            persons(client, "emails:Jane.;emails:JANE.", "emails:like"),
            Vec::<u64>::new(),
            "the last value counts"
        );
        assert_eq!(persons(client, "Name:jane", "Name:like"), [1]);
        assert_eq!(persons(client, "name:jANE dOE", "name:like"), [1]);
        assert_eq!(persons(client, "name:jane doe", "name:="), [1]);
        assert_eq!(persons(client, "contact_numbers:+14155550182", "contact_numbers:like"), Vec::<u64>::new());
        assert_eq!(persons(client, "contact_numbers:415%555%0182", "contact_numbers:like"), [1]);
    }
}

#[test]
fn odd_terms_give_arbitrary_rows() {
    let sim = start(V210);
    let client = Client::new(&sim);
    for number in 1..=3 {
        client.post("/contacts/persons", person("P", &format!("p{number}a@example.com"), &number.to_string()));
    }
    let everybody = [1, 2, 3];
    assert_eq!(persons(client, "", "emails:like"), everybody, "a blank term");
    assert_eq!(persons(client, "emails:", "emails:like"), everybody, "a blank value");
    assert_eq!(persons(client, "emails:a:b@nowhere.org", "emails:like"), everybody, "a colon in the value");
    assert_eq!(persons(client, "emails:a;b@nowhere.org", "emails:like"), everybody, "a semicolon in the value");
    assert_eq!(client.get("/contacts/persons/search?query=zzz").ids(), everybody, "a wrong parameter");
    assert_eq!(client.get("/contacts/persons/search?limit=2").ids(), [1, 2]);
    assert_eq!(client.get("/contacts/persons/search").json()["meta"], Value::Null);
}

#[test]
fn a_search_joins_by_or_unless_asked_for_and() {
    let sim = start(V210);
    let client = Client::new(&sim);
    client.post("/contacts/persons", person("A", "a@example.com", "111"));
    client.post("/contacts/persons", person("B", "b@example.com", "222"));
    let terms = encode("emails:a@example.com;contact_numbers:222");
    let fields = encode("emails:like;contact_numbers:like");
    let path = format!("/contacts/persons/search?search={terms}&searchFields={fields}");
    assert_eq!(client.get(&path).ids(), [1, 2]);
    assert_eq!(client.get(&format!("{path}&searchJoin=and")).ids(), Vec::<u64>::new());
}

#[test]
fn a_search_of_an_unknown_field_breaks() {
    let sim = start(V210);
    let client = Client::new(&sim);
    jane(client);
    for field in ["nonsense", "nonsense.value"] {
        let reply = search(client, "/contacts/persons", &format!("{field}:x"), &format!("{field}:like"));
        assert_eq!(reply.status, 500, "{field}");
    }
}

#[test]
fn leads_are_found_by_their_person() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    let wanted = lead(client, id);
    client.post("/leads", without(lead_body("Nobody's", 0), "person_id"));
    let both = "person.emails:jane@example.com;person.contact_numbers:415%555%0182";
    let found = search(client, "/leads", both, "person.emails:like;person.contact_numbers:like");
    assert_eq!(found.ids(), [wanted]);
    assert_eq!(found.data()[0]["person"]["id"], id);
    let organization = search(client, "/leads", "person.name:jane", "person.name:like");
    assert_eq!(organization.ids(), [wanted]);
}

#[test]
fn the_search_sees_the_stored_json() {
    let sim = start(V210);
    let client = Client::new(&sim);
    client.post("/contacts/persons", person("P", "josé/x@example.com", "1"));
    // Beyond ASCII and a slash are stored escaped, so they are not found as they are written.
    assert_eq!(persons(client, "emails:josé", "emails:like"), Vec::<u64>::new());
    assert_eq!(persons(client, "emails:x@example.com", "emails:like"), [1]);
    assert_eq!(persons(client, "emails:work", "emails:like"), [1], "labels are part of the column");
}

// 4. Persons

#[test]
fn a_person_without_number_has_another_form_on_every_server() {
    let absent = without(person("P", "p@example.com", ""), "contact_numbers");
    let forms = |value: Value| with(absent.clone(), json!({ "contact_numbers": value }));
    let blank = forms(json!([{"value": "", "label": "work"}]));
    for (server, keyless, blank_status) in [(V210, 500, 200), (OFFICIAL, 500, 500), (COMMUNITY, 200, 200)] {
        for (form, status) in [
            (absent.clone(), keyless),
            (forms(json!([])), keyless),
            (forms(Value::Null), keyless),
            (forms(json!([{"value": null, "label": "work"}])), keyless),
            (blank.clone(), blank_status),
        ] {
            let sim = start(server);
            let reply = Client::new(&sim).post("/contacts/persons", form.clone());
            assert_eq!(reply.status, status, "{server:?} {form}");
            assert_eq!(sim.persons().len(), usize::from(status == 200));
        }
    }
    let sim = start(V210);
    let stored = Client::new(&sim).post("/contacts/persons", blank.clone()).data();
    assert_eq!(stored["contact_numbers"], json!([{"value": "", "label": "work"}]));
    let sim = start(COMMUNITY);
    assert_eq!(Client::new(&sim).post("/contacts/persons", blank).data()["contact_numbers"], Value::Null);
}

#[test]
fn a_nested_person_without_number() {
    for (server, blank_status) in [(V210, 200), (OFFICIAL, 500), (COMMUNITY, 500)] {
        let sim = start(server);
        let client = Client::new(&sim);
        let nested = |email: &str, numbers: Option<Value>| {
            let mut person = json!({"name": "N", "emails": emails(email)});
            if let Some(numbers) = numbers {
                person["contact_numbers"] = numbers;
            }
            client.post("/leads", with(without(lead_body("L", 0), "person_id"), json!({ "person": person })))
        };
        let keyless = nested("a@example.com", None);
        assert_eq!(keyless.status, 200);
        assert_eq!(keyless.data()["person"]["contact_numbers"], Value::Null);
        let blank = nested("b@example.com", Some(json!([{"value": "", "label": "work"}])));
        assert_eq!(blank.status, blank_status, "{server:?}");
        assert_eq!(nested("c@example.com", Some(json!([]))).status, 500);
        assert_eq!(nested("d@example.com", Some(json!([{"value": "chatwoot-57", "label": "work"}]))).status, 200);
    }
}

#[test]
fn an_update_without_number() {
    let forms = [Some(json!([])), Some(Value::Null), Some(json!([{"value": "", "label": "work"}])), None];
    for (server, statuses) in
        [(V210, [500, 500, 200, 500]), (OFFICIAL, [500, 500, 500, 500]), (COMMUNITY, [200, 200, 200, 200])]
    {
        for (form, status) in forms.iter().zip(statuses) {
            let sim = start(server);
            let client = Client::new(&sim);
            let id = jane(client);
            let mut body = json!({"name": "New"});
            if let Some(numbers) = form {
                body["contact_numbers"] = numbers.clone();
            }
            let reply = client.put(&format!("/contacts/persons/{id}"), body);
            assert_eq!(reply.status, status, "{server:?} {form:?}");
            let numbers = sim.persons()[0]["contact_numbers"][0]["value"].clone();
            let emptied = server == V210 && status == 200;
            assert_eq!(numbers, if emptied { "" } else { "+14155550182" }, "{server:?} {form:?}");
        }
    }
}

#[test]
fn emails_are_asked_for_where_the_attribute_says_so() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let body = with(person("P", "", "1"), json!({"emails": []}));
    let refused = client.post("/contacts/persons", body.clone());
    assert_eq!(refused.errors(), json!({"emails": ["The emails field is required."]}));
    assert!(sim.require_attribute("persons", "emails", false));
    let shown = client.get("/settings/attributes?pagination=0").data();
    let attribute = shown.as_array().unwrap().iter().find(|row| row["code"] == "emails").unwrap();
    assert_eq!(attribute["is_required"], 0);
    let accepted = client.post("/contacts/persons", body);
    assert_eq!((accepted.status, &accepted.data()["emails"]), (200, &json!([])));
    assert!(!sim.require_attribute("persons", "nothing", false));
}

#[test]
fn emails_must_be_valid_and_labelled() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let create = |emails: Value| {
        client.post("/contacts/persons", with(person("P", "", "1"), json!({ "emails": emails }))).errors()
    };
    assert_eq!(
        create(json!([{"value": "nope"}])),
        json!({
            "emails.0.value": ["The emails.0.value must be a valid email address."],
            "emails.0.label": ["The emails.0.label field is required."],
        })
    );
    assert_eq!(create(json!([{"label": "work"}]))["emails.0.value"], json!(["The emails.0.value field is required."]));
    assert_eq!(
        create(json!([{"value": "a@example.com", "label": "work"}, {"value": "x", "label": "home"}])),
        json!({"emails.1.value": ["The emails.1.value must be a valid email address."]})
    );
}

#[test]
fn emails_and_numbers_are_unique_with_regard_to_case() {
    let sim = start(V210);
    let client = Client::new(&sim);
    jane(client);
    let create = |body: Value| client.post("/contacts/persons", body);
    taken(&create(person("X", "jane@example.com", "+1")), "emails.0.value");
    taken(&create(person("X", "x@example.com", "+14155550182")), "contact_numbers.0.value");
    let second = json!([{"value": "y@example.com", "label": "work"}, {"value": "jane@example.com", "label": "home"}]);
    taken(&create(with(person("X", "", "+2"), json!({ "emails": second }))), "emails.1.value");
    assert_eq!(create(person("Twin", "JANE@example.com", "+3")).status, 200);
    // A person may keep what is its own.
    assert_eq!(client.put("/contacts/persons/1", person("Jane", "jane@example.com", "+14155550182")).status, 200);
    // Once it has gone, another may have it.
    client.put("/contacts/persons/1", person("Jane", "new@example.com", "+9"));
    assert_eq!(create(person("X", "jane@example.com", "+14155550182")).status, 200);
}

#[test]
fn the_unique_index_ignores_case() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let nested = |email: &str| {
        let person = json!({"name": "N", "emails": emails(email)});
        client.post("/leads", with(without(lead_body("L", 0), "person_id"), json!({ "person": person })))
    };
    assert_eq!(nested("a@example.com").status, 200);
    taken(&nested("a@example.com"), "person.emails.0.value");
    let twin = nested("A@example.com");
    assert_eq!(twin.status, 500);
    assert!(twin.json()["message"].as_str().unwrap().contains("persons_unique_id_unique"));
    assert_eq!((sim.persons().len(), sim.leads().len()), (1, 1));
}

#[test]
fn of_equal_requests_at_the_same_moment_one_gets_through() {
    let sim = start(V210);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let send = || Client::new(&sim).post("/contacts/persons", person("J", "j@example.com", "+1")).status;
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(sim.persons().len(), 1);
}

#[test]
fn names_are_optional_and_cut() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let nameless = without(person("", "a@example.com", "1"), "name");
    assert_eq!(client.post("/contacts/persons", nameless).data()["name"], Value::Null);
    assert_eq!(client.get("/contacts/persons/1").data()["name"], "");
    let blank = client.post("/contacts/persons", person(" ", "b@example.com", "2"));
    assert_eq!(blank.errors(), json!({"name": ["The name field is required."]}));
    let long = client.post("/contacts/persons", person(&"é".repeat(300), "c@example.com", "3"));
    assert_eq!(long.data()["name"].as_str().unwrap().chars().count(), 300, "the answer shows what was sent");
    let kept = client.get(&format!("/contacts/persons/{}", long.id()));
    assert_eq!(kept.data()["name"].as_str().unwrap().chars().count(), 255);
}

#[test]
fn an_organization_is_found_or_made_by_name() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let named = |email: &str, name: &str| {
        let body = with(person("P", email, email), json!({ "organization_name": name }));
        client.post("/contacts/persons", body).data()["organization"]["id"].clone()
    };
    assert_eq!(named("a@example.com", "Acme, Inc."), 1);
    assert_eq!(named("b@example.com", "ACME, INC."), 1);
    assert_eq!(named("c@example.com", "Other"), 2);
    let plain = client.post("/contacts/persons", person("P", "d@example.com", "4")).data();
    assert!(plain.get("organization").is_none() && plain.get("sales_owner").is_none());
}

#[test]
fn an_update_wipes_the_owner_and_keeps_what_is_absent() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let body = with(
            person("J", "j@example.com", "+1"),
            json!({"user_id": 1, "job_title": "Boss", "organization_name": "Acme"}),
        );
        let id = client.post("/contacts/persons", body).id();
        let path = format!("/contacts/persons/{id}");
        client.put(&path, json!({"contact_numbers": [{"value": "+2", "label": "home"}]}));
        let kept = client.get(&path).data();
        assert!(kept.get("sales_owner").is_none(), "{server:?}: the owner is gone");
        assert_eq!((&kept["name"], &kept["job_title"]), (&json!("J"), &json!("Boss")));
        assert_eq!(kept["organization"]["name"], "Acme");
        assert_eq!(kept["contact_numbers"], json!([{"value": "+2", "label": "home"}]));
        assert_eq!(kept["emails"][0]["value"], "j@example.com");
    }
}

#[test]
fn an_update_of_a_missing_person() {
    let sim = start(V210);
    let client = Client::new(&sim);
    assert_eq!(client.put("/contacts/persons/9", person("J", "j@example.com", "+1")).status, 404);
    assert_eq!(client.put("/contacts/persons/9", json!({"name": "J"})).status, 500, "no number, no look-up");
    assert_eq!(client.delete("/contacts/persons/9").status, 500);
}

#[test]
fn reading_a_missing_record_is_a_500_from_the_official_package() {
    for (server, status) in [(V210, 500), (OFFICIAL, 500), (COMMUNITY, 404)] {
        let sim = start(server);
        let client = Client::new(&sim);
        for path in ["/contacts/persons/9", "/contacts/organizations/9", "/settings/pipelines/9"] {
            assert_eq!(client.get(path).status, status, "{server:?} {path}");
        }
        for path in ["/leads/9", "/activities/9"] {
            assert_eq!(client.get(path).status, 404, "{server:?} {path}");
        }
        assert_eq!(client.get("/contacts/persons?id=9").ids(), Vec::<u64>::new(), "the safe probe");
    }
}

#[test]
fn references_to_nothing_break_and_use_an_id_up() {
    let sim = start(V210);
    let client = Client::new(&sim);
    for field in ["organization_id", "user_id"] {
        let body = with(person("P", "p@example.com", "+1"), json!({ field: 999 }));
        assert_eq!(client.post("/contacts/persons", body).status, 500, "{field}");
    }
    assert_eq!(jane(client), 3);
}

#[test]
fn a_person_with_leads_cannot_be_deleted() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    let lead = lead(client, id);
    assert_eq!(client.delete(&format!("/contacts/persons/{id}")).status, 500);
    assert_eq!(client.delete(&format!("/leads/{lead}")).status, 200);
    assert_eq!(client.delete(&format!("/contacts/persons/{id}")).status, 200);
    assert!(sim.persons().is_empty());
    assert_ne!(jane(client), id, "ids are never used again");
}

// 5. Organizations

#[test]
fn organizations_are_unique_without_case_and_updated_in_part() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let address = json!({"city": "SF"});
    let id = client.post("/contacts/organizations", json!({"name": "Acme", "address": address})).id();
    taken(&client.post("/contacts/organizations", json!({"name": "aCME "})), "name");
    let path = format!("/contacts/organizations/{id}");
    assert_eq!(client.put(&path, json!({"name": "ACME"})).data()["address"], address);
    client.post("/contacts/organizations", json!({"name": "Other"}));
    taken(&client.put(&path, json!({"name": "other"})), "name");
    assert_eq!(client.put("/contacts/organizations/99", json!({"name": "x"})).status, 404);
    let found = client.get("/settings/attributes/lookup/organizations?query=cm").data();
    assert_eq!((found[0]["id"].as_u64(), found[0]["name"].as_str()), (Some(id), Some("ACME")));
}

#[test]
fn the_persons_of_a_deleted_organization_stay() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let body = with(person("P", "p@example.com", "+1"), json!({"organization_name": "Acme"}));
    let id = client.post("/contacts/persons", body).id();
    assert_eq!(client.delete("/contacts/organizations/1").status, 200);
    assert!(client.get(&format!("/contacts/persons/{id}")).data().get("organization").is_none());
    assert_eq!(client.post("/contacts/organizations", json!({"name": "Acme"})).status, 200);
}

// 6. Leads

#[test]
fn one_request_makes_lead_person_and_organization() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let person = with(person("J", "j@example.com", "+1"), json!({"organization_name": "Acme"}));
    let body = with(without(lead_body("L", 0), "person_id"), json!({ "person": person }));
    let made = client.post("/leads", body).data();
    assert_eq!(made["person"]["organization"]["name"], "Acme");
    assert_eq!(sim.requests().len(), 1);
    assert_eq!(sim.leads()[0]["person_id"], made["person"]["id"]);
}

#[test]
fn a_refused_lead_leaves_no_person_but_a_broken_one_does() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let nested = |email: &str, changes: Value| {
        let body = with(without(lead_body("L", 0), "person_id"), json!({"person": person("J", email, email)}));
        client.post("/leads", with(body, changes)).status
    };
    assert_eq!(nested("a@example.com", json!({"lead_pipeline_stage_id": 99})), 404);
    assert_eq!(nested("a@example.com", json!({"lead_value": "-1"})), 422);
    assert!(sim.persons().is_empty());
    assert_eq!(nested("a@example.com", json!({"lead_source_id": 99})), 500);
    assert_eq!((sim.persons().len(), sim.leads().len()), (1, 0));
}

#[test]
fn a_nested_id_links_and_changes_nothing() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    let nested = json!({"person": {"id": id, "name": "Other", "job_title": "x"}});
    let made = client.post("/leads", with(without(lead_body("L", 0), "person_id"), nested));
    assert_eq!(made.data()["person"]["name"], "Jane");
    let missing = with(without(lead_body("L", 0), "person_id"), json!({"person": {"id": 99}}));
    assert_eq!(client.post("/leads", missing).status, 404);
}

#[test]
fn nested_errors_are_named_after_the_person() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let nested = json!({"person": {"name": "", "emails": [{"value": "x"}]}});
    let reply = client.post("/leads", with(without(lead_body("L", 0), "person_id"), nested));
    let errors = reply.errors();
    for field in ["person.name", "person.emails.0.value", "person.emails.0.label"] {
        assert!(errors.get(field).is_some(), "{errors}");
    }
    assert!(reply.json()["message"].as_str().unwrap().ends_with("(and 2 more errors)"));
}

#[test]
fn lead_values_have_a_form_and_a_cap() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    let create = |value: Value| client.post("/leads", with(lead_body("L", id), json!({ "lead_value": value })));
    for (value, shown) in [
        (json!(1000), "1000.0000"),
        (json!("12.5"), "12.5000"),
        (json!(0.1234), "0.1234"),
        (json!("99999999999"), "99999999.9999"),
    ] {
        let made = create(value.clone());
        assert_eq!(made.data()["lead_value"], value, "right after POST as it was sent");
        assert_eq!(client.get(&format!("/leads/{}", made.id())).data()["lead_value"], shown);
    }
    for value in [json!(-5), json!("1,000"), json!(1.23456), json!("12 €")] {
        let reply = create(value.clone());
        assert_eq!(reply.errors(), json!({"lead_value": ["The lead_value must be a decimal."]}), "{value}");
    }
}

#[test]
fn the_pipeline_follows_from_the_stage() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let other = sim.add_pipeline("Second", &[("first", "First"), ("won", "Won")]);
    let id = jane(client);
    let made =
        client.post("/leads", with(lead_body("L", id), json!({"lead_pipeline_stage_id": 7, "lead_pipeline_id": 1})));
    assert_eq!(made.data()["lead_pipeline_id"], other);
    let path = format!("/leads/stage/edit/{}", made.id());
    assert_eq!(client.put(&path, json!({"lead_pipeline_stage_id": 2})).status, 404, "a stage of another pipeline");
    let won = client.put(&path, json!({"lead_pipeline_stage_id": 8}));
    assert!(won.data()["closed_at"].is_string());
    assert_eq!(client.get("/settings/pipelines?pagination=0").ids(), [other, 1]);
}

#[test]
fn a_lead_needs_the_stages_key() {
    for (server, status) in [(V210, 500), (OFFICIAL, 500), (COMMUNITY, 200)] {
        let sim = start(server);
        let client = Client::new(&sim);
        let id = jane(client);
        let reply = client.post("/leads", without(lead_body("L", id), "lead_pipeline_stage_id"));
        assert_eq!(reply.status, status, "{server:?}");
        if status == 200 {
            assert_eq!(reply.data()["lead_pipeline_stage_id"], 1);
        }
    }
}

#[test]
fn unknown_source_type_user_and_person_break() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    for field in ["lead_source_id", "lead_type_id", "user_id", "person_id"] {
        assert_eq!(client.post("/leads", with(lead_body("L", id), json!({ field: 99 }))).status, 500, "{field}");
    }
    assert!(sim.leads().is_empty());
}

#[test]
fn absent_title_value_source_and_person_are_accepted() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let made = client.post("/leads", json!({"lead_pipeline_stage_id": 1}));
    assert_eq!(made.status, 200);
    assert_eq!(client.get("/leads/1").data()["title"], "");
    for field in ["title", "lead_source_id", "lead_type_id"] {
        let blank = client.post("/leads", json!({"lead_pipeline_stage_id": 1, field: ""}));
        assert_eq!(blank.status, 422, "a blank {field} is not absent");
    }
}

#[test]
fn closing_dates() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let dated = |client: Client, date: &str| {
        client.post("/leads", json!({"lead_pipeline_stage_id": 1, "expected_close_date": date}))
    };
    assert_eq!(dated(client, "2090-01-31").data()["expected_close_date"], "2090-01-30T18:30:00.000000Z");
    assert_eq!(dated(client, "2001-01-31").status, 422);
    let form = dated(client, "31.01.2090");
    let message = "The expected close date does not match the format Y-m-d.";
    assert_eq!(form.errors(), json!({"expected_close_date": [message]}));
    let sim = start(OFFICIAL);
    let client = Client::new(&sim);
    assert_eq!(dated(client, "2001-01-31").status, 200, "no rule on the newer server");
    assert_eq!(dated(client, "soon").status, 500);
}

#[test]
fn updates_of_leads_wipe_and_keep() {
    let date = "2090-01-31";
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let id = jane(client);
        let make = || {
            let body = with(lead_body("L", id), json!({"expected_close_date": date, "user_id": 1}));
            let lead = client.post("/leads", body).id();
            assert!(sim.add_product(lead, json!({"id": 1, "product_id": 5, "name": "Thing", "quantity": 2})));
            lead
        };
        let read = |lead: u64| client.get(&format!("/leads/{lead}")).data();

        let lead = make();
        client.put(&format!("/leads/{lead}"), json!({"lead_pipeline_stage_id": 2}));
        let after = read(lead);
        assert_eq!(after["lead_products"], json!([]), "{server:?}: PUT takes the products away");
        assert_eq!(after["expected_close_date"].is_null(), server != COMMUNITY, "{server:?}");
        assert_eq!(after["user"]["id"], 1);

        let lead = make();
        client.put(&format!("/leads/attributes/edit/{lead}"), json!({"title": "New"}));
        let after = read(lead);
        assert_eq!(after["lead_products"][0]["name"], "Thing");
        assert_eq!(after["expected_close_date"], Value::Null);
        assert_eq!((&after["title"], &after["user"]["id"]), (&json!("New"), &json!(1)));
        client.put(&format!("/leads/attributes/edit/{lead}"), json!({"title": "New", "expected_close_date": date}));
        assert!(read(lead)["expected_close_date"].is_string());

        let lead = make();
        let before = read(lead)["expected_close_date"].clone();
        client.put(&format!("/leads/stage/edit/{lead}"), json!({"lead_pipeline_stage_id": 2}));
        let after = read(lead);
        assert_eq!(after["lead_products"][0]["name"], "Thing");
        assert!(before.is_string());
        assert_eq!(after["expected_close_date"], before);
    }
}

#[test]
fn won_and_lost_close_a_lead_and_any_other_stage_reopens_it() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    let closed = client.post("/leads", with(lead_body("L", id), json!({"lead_pipeline_stage_id": 6})));
    assert!(closed.data()["closed_at"].is_string());
    let path = format!("/leads/stage/edit/{}", closed.id());
    assert_eq!(client.put(&path, json!({"lead_pipeline_stage_id": 1})).data()["closed_at"], Value::Null);
    assert!(client.put(&path, json!({"lead_pipeline_stage_id": 5})).data()["closed_at"].is_string());
    assert_eq!(client.put(&path, json!({"lead_pipeline_stage_id": 99})).status, 422);
    assert_eq!(client.put("/leads/stage/edit/99", json!({"lead_pipeline_stage_id": 1})).status, 404);
    let edit = format!("/leads/attributes/edit/{}", closed.id());
    assert_eq!(client.put(&edit, json!({"lead_pipeline_stage_id": 2})).data()["closed_at"], Value::Null);
}

#[test]
fn the_partial_endpoint_checks_nothing() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    let path = format!("/leads/attributes/edit/{}", lead(client, id));
    assert_eq!(client.put(&path, json!({"title": "", "lead_value": "-7"})).status, 200);
    assert_eq!(client.put(&path, json!({"lead_value": "1,000"})).status, 500, "written, and then it cannot be shown");
    assert_eq!(sim.leads()[0]["lead_value"], "1.0000");
    assert_eq!(client.put(&path, json!({"lead_source_id": 99})).status, 500);
    let long = client.put(&path, json!({"title": "T".repeat(300), "description": "d".repeat(70_000)}));
    assert_eq!(long.status, 200);
    let kept = &sim.leads()[0];
    assert_eq!(kept["title"].as_str().unwrap().len(), 255);
    assert_eq!(kept["description"].as_str().unwrap().len(), 65_535);
}

// 7. Activities

#[test]
fn one_link_a_request() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    let lead = lead(client, id);
    let note = json!({"type": "note", "title": "n", "comment": "c", "lead_id": lead, "person_id": id});
    let note = client.post("/activities", note).id();
    assert_eq!(sim.activities()[0]["lead_ids"], json!([lead]));
    assert_eq!(sim.activities()[0]["person_ids"], json!([]));
    assert!(client.get(&format!("/leads/{lead}/activities")).ids().contains(&note));
    assert!(!client.get(&format!("/contacts/persons/{id}/activities")).ids().contains(&note));
    client.put(&format!("/activities/{note}"), json!({"person_id": id}));
    client.put(&format!("/activities/{note}"), json!({"person_id": id}));
    assert_eq!(sim.activities()[0]["person_ids"], json!([id]), "once");
    assert_eq!(client.get(&format!("/contacts/persons/{id}/activities")).ids()[0], note);
}

#[test]
fn done_and_user_are_forced_on_create() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let schedule = json!({"schedule_from": "2026-11-24 10:00:00", "schedule_to": "2026-11-24 10:30:00"});
    let call = json!({"type": "call", "title": "c", "is_done": 1, "user_id": 1});
    let call = client.post("/activities", with(call, schedule)).data();
    assert_eq!((&call["is_done"], &call["user"]["id"]), (&json!(0), &json!(2)));
    let note = json!({"type": "note", "title": "n", "comment": "c", "is_done": 0});
    assert_eq!(client.post("/activities", note).data()["is_done"], 1);
    assert_eq!(client.put("/activities/1", json!({"is_done": 1})).data()["is_done"], 1);
    assert_eq!(client.put("/activities/1", json!({"title": "d"})).data()["is_done"], 1, "partial");
}

#[test]
fn activities_must_have_type_comment_and_schedule() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let errors = client.post("/activities", json!({})).errors();
    assert_eq!(errors["type"], json!(["The type field is required."]));
    let errors = client.post("/activities", json!({"type": "whatsapp", "title": "t"})).errors();
    assert_eq!(errors["schedule_to"], json!(["The schedule to field is required unless type is in note, file."]));
    let odd = json!({
        "type": "whatsapp", "title": "t", "schedule_from": "2026-11-24 10:00:00", "schedule_to": "2026-11-24 10:00:00",
    });
    assert_eq!(client.post("/activities", odd).data()["type"], "whatsapp", "an unknown type is accepted");
}

#[test]
fn schedules_are_read_in_the_servers_zone() {
    for (timezone, back) in [
        ("UTC", "2026-07-01T10:00:00.000000Z"),
        ("America/New_York", "2026-07-01T14:00:00.000000Z"),
        ("Asia/Kolkata", "2026-07-01T04:30:00.000000Z"),
    ] {
        let sim = Sim::start(Options { timezone: timezone.into(), ..Options::default() }).unwrap();
        let client = Client::new(&sim);
        for written in ["2026-07-01 10:00:00", "2026-07-01T10:00:00Z", "2026-07-01T10:00:00-05:00"] {
            let call = json!({"type": "call", "title": "c", "schedule_from": written, "schedule_to": written});
            assert_eq!(client.post("/activities", call).data()["schedule_from"], back, "{timezone} {written}");
        }
    }
    assert!(Sim::start(Options { timezone: "Nowhere/City".into(), ..Options::default() }).is_err());
}

#[test]
fn activities_are_found_by_exact_title() {
    let sim = start(V210);
    let client = Client::new(&sim);
    for title in ["Chatwoot conversation #42", "Chatwoot conversation #421"] {
        client.post("/activities", json!({"type": "note", "title": title, "comment": "c"}));
    }
    let titled = |title: &str| client.get(&format!("/activities?title={}", encode(title))).ids();
    assert_eq!(titled("chatwoot conversation #42"), [1]);
    client.put("/activities/1", json!({"title": "Renamed"}));
    assert_eq!(titled("Chatwoot conversation #42"), Vec::<u64>::new());
    assert_eq!(titled("Renamed"), [1]);
    client.delete("/activities/1");
    assert_eq!(titled("Renamed"), Vec::<u64>::new());
    let id = jane(client);
    assert_eq!(titled("Created").len(), 1, "the server's own notes are listed too");
    assert!(client.get(&format!("/contacts/persons/{id}/activities")).ids().len() >= 4);
}

#[test]
fn additional_is_a_json_text() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let note = |additional: Value| {
        let body = json!({"type": "note", "title": "n", "comment": "c", "additional": additional});
        client.post("/activities", body)
    };
    assert_eq!(note(json!(r#"{"from":"a@x","to":["b@y"]}"#)).data()["additional"]["from"], "a@x");
    assert_eq!(note(json!("no JSON")).status, 500);
    assert_eq!(note(json!({"from": "a@x"})).status, 500);
}

#[test]
fn comments_keep_65535_bytes_and_every_character() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let note = |comment: String| client.post("/activities", json!({"type": "note", "title": "n", "comment": comment}));
    note("👋".repeat(20_000));
    assert_eq!(sim.activities()[0]["comment"].as_str().unwrap().len(), 65_532);
    let odd = "a\u{0}b\r\n<b>&amp;</b> \u{202e}👋🏽";
    assert_eq!(note(odd.into()).data()["comment"], odd);
}

#[test]
fn meetings_may_not_overlap() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let meeting = |from: &str, to: &str| {
        let body = json!({"type": "meeting", "title": "m", "schedule_from": from, "schedule_to": to});
        client.post("/activities", body).status
    };
    assert_eq!(meeting("2026-11-24 10:00:00", "2026-11-24 11:00:00"), 200);
    assert_eq!(meeting("2026-11-24 10:30:00", "2026-11-24 11:30:00"), 422);
    assert_eq!(meeting("2026-11-24 12:00:00", "2026-11-24 13:00:00"), 200);
}

#[test]
fn the_timeline_notes_what_has_changed() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    client.put("/contacts/persons/1", person("Janet", "jane@example.com", "+14155550182"));
    let newest = client.get(&format!("/contacts/persons/{id}/activities")).data()[0].clone();
    assert_eq!((&newest["type"], &newest["title"]), (&json!("system"), &json!("Updated Name")));
    assert_eq!(newest["additional"]["old"]["label"], "Jane");
    assert_eq!(newest["additional"]["new"]["label"], "Janet");
    assert!(sim.activities().is_empty(), "those are not an API client's");
}

// 8. Settings

#[test]
fn attributes_come_all_at_once() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let all = client.get("/settings/attributes?pagination=0").ids();
    assert_eq!(client.get("/settings/attributes?entity_type=persons&pagination=0").ids(), all);
    assert_eq!(all[0], 60);
}

#[test]
fn custom_attributes_are_written_guarded_and_found() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let attribute = json!({
            "code": "chatwoot_id", "name": "Chatwoot id", "type": "text", "entity_type": "persons", "is_unique": 1,
        });
        assert_eq!(client.post("/settings/attributes", attribute.clone()).id(), 61);
        assert_eq!(client.post("/settings/attributes", attribute).status, 422, "the code is taken");
        let made =
            client.post("/contacts/persons", with(person("A", "a@example.com", "+1"), json!({"chatwoot_id": "7"})));
        assert_eq!(made.data().get("chatwoot_id").is_some(), server == COMMUNITY, "{server:?}");
        assert_eq!(sim.persons()[0]["chatwoot_id"], "7");
        let again = with(person("B", "b@example.com", "+2"), json!({"chatwoot_id": "7"}));
        taken(&client.post("/contacts/persons", again), "chatwoot_id");
        let (terms, fields) = ("attribute_values.text_value:7", "attribute_values.text_value:=");
        assert_eq!(persons(client, terms, fields), [made.id()]);
        let body = with(person("A", "a@example.com", "+1"), json!({"chatwoot_id": "8"}));
        client.put("/contacts/persons/1", body);
        assert_eq!(persons(client, terms, fields), Vec::<u64>::new());
    }
}

#[test]
fn tags_are_attached_once_and_detached() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    let lead = lead(client, id);
    let (vip, hot) = (
        client.post("/settings/tags", json!({"name": "vip", "color": "#f00"})).id(),
        client.post("/settings/tags", json!({"name": "hot"})).id(),
    );
    assert_eq!(client.post("/settings/tags", json!({"name": "VIP"})).status, 422);
    for tag in [vip, vip, hot] {
        client.post(&format!("/leads/{lead}/tags"), json!({"tag_id": tag}));
    }
    assert_eq!(sim.leads()[0]["tag_ids"], json!([vip, hot]));
    client.send("DELETE", &format!("/leads/{lead}/tags"), Some(&json!({"tag_id": vip})));
    assert_eq!(sim.leads()[0]["tag_ids"], json!([hot]));
    assert_eq!(client.delete(&format!("/leads/{lead}/tags")).status, 200);
    assert_eq!(sim.leads()[0]["tag_ids"], json!([]), "without a tag all go");
    client.post(&format!("/contacts/persons/{id}/tags"), json!({"tag_id": hot}));
    client.delete(&format!("/settings/tags/{hot}"));
    assert_eq!(sim.persons()[0]["tag_ids"], json!([]));
}

#[test]
fn the_community_package_wants_to_know_which_tag() {
    let sim = start(COMMUNITY);
    let client = Client::new(&sim);
    let id = jane(client);
    let tag = client.post("/settings/tags", json!({"name": "vip"})).id();
    client.post(&format!("/contacts/persons/{id}/tags"), json!({"tag_id": tag}));
    assert_eq!(client.delete(&format!("/contacts/persons/{id}/tags")).status, 404);
    let named = client.send("DELETE", &format!("/contacts/persons/{id}/tags"), Some(&json!({"tag_id": tag})));
    assert_eq!(named.status, 200);
}

// 9. Krayin → outside

/// Listens for webhook calls and answers each; the handle gives back what came.
fn listener(calls: usize) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/krayin", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let mut came = Vec::new();
        for stream in listener.incoming().take(calls) {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let mut text = String::new();
            let mut buffer = [0; 4096];
            loop {
                let count = stream.read(&mut buffer).unwrap();
                text.push_str(&String::from_utf8_lossy(&buffer[..count]));
                let length = text
                    .lines()
                    .find_map(|line| line.strip_prefix("Content-Length: "))
                    .and_then(|length| length.parse::<usize>().ok());
                let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
                if count == 0 || (body.is_some() && body >= length) {
                    break;
                }
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            came.push(text);
        }
        came
    });
    (address, thread)
}

/// A webhook with the payload that was recorded, and workflows on a lead's create and update.
fn automate(client: Client, address: &str) -> [u64; 2] {
    let pairs: Vec<Value> = [
        ("title", "{%leads.title%}"),
        ("stage", "{%leads.lead_pipeline_stage_id%}"),
        ("person", "{%leads.person_id%}"),
        ("owner", "{%leads.user_id%}"),
        ("value", "{%leads.lead_value%}"),
        ("email", "{%persons.emails%}"),
    ]
    .iter()
    .map(|(key, value)| json!({"key": key, "value": value}))
    .collect();
    let webhook = json!({
        "name": "w", "entity_type": "leads", "method": "post", "end_point": address, "query_params": [],
        "headers": [{"key": "X-Secret", "value": "abc"}], "payload_type": "default", "raw_payload_type": "json",
        "payload": pairs,
    });
    let webhook = client.post("/settings/webhooks", webhook).id();
    ["lead.create.after", "lead.update.after"].map(|event| {
        let workflow = json!({
            "name": event, "entity_type": "leads", "event": event, "condition_type": "and", "conditions": [],
            "actions": [{"id": "trigger_webhook", "value": webhook}],
        });
        client.post("/settings/workflows", workflow).id()
    })
}

/// Creates a lead whose title breaks JSON, moves it, renames it.
fn three_changes(client: Client) {
    let id = jane(client);
    let body = with(lead_body("He said \"hi\"\nline", id), json!({"user_id": 1}));
    let lead = client.post("/leads", body).id();
    client.put(&format!("/leads/stage/edit/{lead}"), json!({"lead_pipeline_stage_id": 2}));
    client.put(&format!("/leads/attributes/edit/{lead}"), json!({"title": "New"}));
}

#[test]
fn a_webhook_is_a_form_that_quotes_and_line_breaks_lose() {
    let (address, thread) = listener(1);
    let sim = start(V210);
    let client = Client::new(&sim);
    automate(client, &address);
    three_changes(client);
    let came = thread.join().unwrap().remove(0);
    let (head, body) = came.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        body,
        "title=New&stage=Follow+Up&person=%7B%25leads.person_id%25%7D&owner=Example+Admin&value=%2410.00&email=\
         %7B%25persons.emails%25%7D"
    );
    for line in [
        "POST /krayin HTTP/1.1",
        "User-Agent: GuzzleHttp/7",
        "Content-Type: application/x-www-form-urlencoded",
        "X-Secret: abc",
        "Content-Length: 128",
    ] {
        assert!(head.lines().any(|other| other == line), "{line} in {head}");
    }
}

#[test]
fn a_webhook_of_the_newer_servers_is_json_broken_or_not() {
    for server in [OFFICIAL, COMMUNITY] {
        let (address, thread) = listener(3);
        let sim = start(server);
        let client = Client::new(&sim);
        automate(client, &address);
        three_changes(client);
        let came = thread.join().unwrap();
        let body = |at: usize| came[at].split_once("\r\n\r\n").unwrap().1;
        assert_eq!(
            body(0),
            "[{\"key\":\"title\",\"value\":\"He said \"hi\"\nline\"},{\"key\":\"stage\",\"value\":\"New\"},{\"key\":\"person\",\
             \"value\":\"{%leads.person_id%}\"},{\"key\":\"owner\",\"value\":\"Example Admin\"},{\"key\":\"value\",\"value\":\
             \"$10.00\"},{\"key\":\"email\",\"value\":\"{%persons.emails%}\"}]"
        );
        assert!(!came[0].contains("Content-Type:"), "invalid JSON goes without a type");
        assert!(body(1).contains("Follow Up"));
        assert!(came[2].contains("Content-Type: application/json"));
        let parsed: Value = serde_json::from_str(body(2)).unwrap();
        assert_eq!(parsed[0], json!({"key": "title", "value": "New"}));
    }
}

#[test]
fn a_deleted_workflow_fires_no_more() {
    let (address, thread) = listener(1);
    let sim = start(OFFICIAL);
    let client = Client::new(&sim);
    let [create, update] = automate(client, &address);
    client.delete(&format!("/settings/workflows/{create}"));
    let id = jane(client);
    let lead = lead(client, id);
    client.put(&format!("/leads/attributes/edit/{lead}"), json!({"title": "Only this"}));
    client.delete(&format!("/settings/workflows/{update}"));
    client.put(&format!("/leads/attributes/edit/{lead}"), json!({"title": "Not this"}));
    assert!(thread.join().unwrap()[0].contains("Only this"));
}

#[test]
fn a_nested_person_fires_no_event_of_its_own() {
    let (address, thread) = listener(1);
    let sim = start(OFFICIAL);
    let client = Client::new(&sim);
    let webhook = json!({
        "name": "w", "entity_type": "persons", "method": "post", "end_point": address, "payload_type": "default",
        "payload": [{"key": "name", "value": "{%persons.name%}"}, {"key": "emails", "value": "{%persons.emails%}"}],
    });
    let webhook = client.post("/settings/webhooks", webhook).id();
    let workflow = json!({
        "name": "p", "entity_type": "persons", "event": "contacts.person.create.after", "condition_type": "and",
        "conditions": [], "actions": [{"id": "trigger_webhook", "value": webhook}],
    });
    client.post("/settings/workflows", workflow);
    let listed = client.get("/settings/workflows?pagination=0").data();
    assert_eq!(listed[0]["entity_type"], "persons");
    let nested = json!({"person": person("Nested", "n@example.com", "+1")});
    client.post("/leads", with(without(lead_body("L", 0), "person_id"), nested));
    client.post("/contacts/persons", person("Alone", "a@example.com", "+2"));
    let came = thread.join().unwrap();
    assert!(came[0].contains("Alone") && came[0].contains("a@example.com (work)"), "{came:?}");
}

// 11. What the newer servers change

#[test]
fn blank_strings_become_null_on_the_newer_servers() {
    for (server, title) in [(V210, json!("")), (OFFICIAL, Value::Null)] {
        let sim = start(server);
        let client = Client::new(&sim);
        let made = client.post("/contacts/persons", with(person("P", "p@example.com", "+1"), json!({"job_title": ""})));
        assert_eq!(made.data()["job_title"], title, "{server:?}");
        assert_eq!(sim.persons()[0]["job_title"], title, "{server:?}");
    }
}

#[test]
fn a_blank_text_empties_a_field_only_on_the_older_server() {
    for (server, emptied) in [(V210, true), (OFFICIAL, false), (COMMUNITY, false)] {
        let sim = start(server);
        let client = Client::new(&sim);
        let body = with(person("Jane", "jane@example.com", "+1"), json!({"job_title": "Boss"}));
        let id = client.post("/contacts/persons", body).id();
        let numbers = json!([{"value": "+1", "label": "work"}]);
        client.put(&format!("/contacts/persons/{id}"), json!({"job_title": "", "contact_numbers": numbers}));
        assert_eq!(sim.persons()[0]["job_title"], if emptied { "" } else { "Boss" }, "{server:?}");
        let lead = client.post("/leads", with(lead_body("L", id), json!({"description": "d"}))).id();
        client.put(&format!("/leads/attributes/edit/{lead}"), json!({"description": ""}));
        assert_eq!(sim.leads()[0]["description"], if emptied { "" } else { "d" }, "{server:?}");
        let note = client.post("/activities", json!({"type": "note", "title": "n", "comment": "c"})).id();
        client.put(&format!("/activities/{note}"), json!({"comment": ""}));
        assert_eq!(sim.activities()[0]["comment"], if emptied { "" } else { "c" }, "{server:?}");
    }
}

#[test]
fn the_simulator_knows_which_pages_krayin_cannot_show() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let nested = json!({"person": {"name": "N", "emails": emails("n@example.com")}});
    let made = client.post("/leads", with(without(lead_body("L", 0), "person_id"), nested)).data();
    let schedule = json!({"schedule_from": "2026-11-24 10:00:00", "schedule_to": "2026-11-24 10:30:00"});
    let email = with(json!({"type": "email", "title": "e", "lead_id": made["id"]}), schedule);
    let id = client.post("/activities", email).id();
    assert_eq!(
        sim.broken_pages(),
        [
            "lead 1: contact_numbers of person 1 is null, the page is an error".to_owned(),
            format!("lead 1: activity {id} of type email has no additional, the timeline is empty"),
        ]
    );
    let page = raw(&sim, "GET", "/leads/1", &[], None).unwrap().body;
    assert!(page.contains("contact_numbers is null") && page.contains("empty timeline"));
    client.put("/contacts/persons/1", person("N", "n@example.com", "+1"));
    client.put(&format!("/activities/{id}"), json!({"additional": "{\"from\":\"a@x\"}"}));
    assert_eq!(sim.broken_pages(), Vec::<String>::new());
}

#[test]
fn words_of_failures_differ() {
    for (server, words) in [
        (V210, "admin::app.common.resource-not-found"),
        (OFFICIAL, "404 Page Not Found"),
        (COMMUNITY, "The requested resource could not be found."),
    ] {
        let sim = production(server);
        assert_eq!(Client::new(&sim).get("/leads/9").json(), json!({ "message": words }));
    }
}

#[test]
fn the_community_package_is_honest_about_tokens() {
    let sim = production(COMMUNITY);
    let reply = raw(&sim, "GET", "/api/v1/get", &[], None).unwrap();
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json()["message"], "You are not authenticated. Please log in to continue.");
}

// The design document's own dialect

fn documented() -> Sim {
    Sim::start(Options { server: Server::Documented, ..Options::default() }).unwrap()
}

#[test]
fn the_documented_api_is_plain() {
    let sim = documented();
    assert!(sim.url().ends_with("/api/admin"));
    let client = Client::new(&sim);
    assert_eq!(client.get("/get").data()["id"], 2);
    let body = json!({"name": "Jane", "emails": emails("Jane@Example.com")});
    let made = client.post("/persons", body);
    assert_eq!(made.status, 201);
    let id = made.id();
    let search = |term: Value| client.post("/persons/search", term).ids();
    assert_eq!(search(json!({"email": "jane@example.com"})), [id]);
    assert_eq!(search(json!({"email": "jane"})), Vec::<u64>::new());
    assert_eq!(search(json!({"email": "", "phone": null})), Vec::<u64>::new());
    let path = format!("/persons/{id}");
    let numbers = json!([{"value": "+1 (415) 555-0182", "label": "work"}]);
    assert_eq!(client.put(&path, json!({ "contact_numbers": numbers })).data()["name"], "Jane", "partial");
    assert_eq!(search(json!({"phone": "+14155550182"})), [id]);
    assert_eq!(client.get("/persons/99").status, 404);
    assert_eq!(client.post("/persons", json!({})).status, 422);
    taken(&client.post("/persons", json!({"name": "X", "emails": emails("Jane@Example.com")})), "emails.0.value");
    assert_eq!(client.send("PATCH", &path, None).status, 405);
}

#[test]
fn documented_leads_and_activities() {
    let sim = documented();
    let client = Client::new(&sim);
    let person = client.post("/persons", json!({"name": "J", "emails": emails("j@example.com")})).id();
    let lead = client.post("/leads", json!({"title": "L", "person_id": person, "lead_value": 5, "lead_source_id": 1}));
    assert_eq!((lead.status, &lead.data()["lead_pipeline_stage_id"]), (201, &json!(1)));
    let path = format!("/leads/{}", lead.id());
    let moved = client.put(&path, json!({"lead_pipeline_stage_id": 3})).data();
    assert_eq!((&moved["title"], &moved["lead_pipeline_stage_id"]), (&json!("L"), &json!(3)));
    assert_eq!(client.post("/leads", json!({"title": "L", "person_id": 99})).status, 422);
    assert_eq!(client.post("/leads/search", json!({"email": "j@example.com"})).ids(), [lead.id()]);
    assert_eq!(client.post("/leads/search", json!({"email": "k@example.com"})).ids(), Vec::<u64>::new());
    let activity = json!({
        "type": "email", "title": "t", "comment": "c", "person_id": person, "lead_id": lead.id(), "is_done": true,
    });
    let activity = client.post("/activities", activity);
    assert_eq!((activity.status, &activity.data()["is_done"]), (201, &json!(1)));
    assert_eq!(sim.activities()[0]["person_ids"], json!([person]));
    assert_eq!(sim.activities()[0]["lead_ids"], json!([lead.id()]));
    let path = format!("/activities/{}", activity.id());
    assert_eq!(client.put(&path, json!({"is_done": false})).data()["is_done"], 0);
    assert_eq!(client.get(&path).data()["comment"], "c");
    assert_eq!(client.put("/activities/99", json!({})).status, 404);
    assert_eq!(client.post("/activities", json!({"type": "note", "title": "t", "person_id": 99})).status, 422);
}

#[test]
fn documented_settings_and_organizations() {
    let sim = documented();
    let client = Client::new(&sim);
    assert_eq!(client.get("/settings/pipelines").ids(), [1]);
    assert_eq!(client.get("/settings/stages?pipeline_id=1").ids(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(client.get("/settings/stages?pipeline_id=9").ids(), Vec::<u64>::new());
    assert_eq!(client.get("/settings/sources?pagination=0").ids().len(), 5);
    assert_eq!(client.get("/settings/types").ids().len(), 2);
    let made = client.post("/contacts/organizations", json!({"name": "Acme"}));
    assert_eq!(made.status, 201);
    assert_eq!(client.get("/contacts/organizations?name=acme").ids(), [made.id()]);
    assert_eq!(client.post("/contacts/organizations", json!({})).status, 422);
    let path = format!("/contacts/organizations/{}", made.id());
    assert_eq!(client.put(&path, json!({"name": "Other"})).data()["name"], "Other");
    assert_eq!(client.get("/contacts/organizations/99").status, 404);
}

#[test]
fn documented_failures_have_honest_statuses() {
    let sim = Sim::start(Options { server: Server::Documented, production: true, ..Options::default() }).unwrap();
    let refused = raw(&sim, "GET", "/api/admin/get", &[("Authorization", "Bearer no")], None).unwrap();
    assert_eq!(refused.status, 401);
    let client = Client::new(&sim);
    for _ in 0..60 {
        client.get("/get");
    }
    let over = client.get("/get");
    assert_eq!(over.status, 429);
    assert!(over.header("retry-after").unwrap().parse::<u64>().unwrap() <= 60);
}

// The simulator itself

#[test]
fn requests_are_logged_and_the_simulators_own_are_not() {
    let sim = start(V210);
    let client = Client { sim: &sim, token: 1 };
    client.post("/contacts/persons?x=1%202", json!({"emails": []}));
    raw(&sim, "GET", "/_sim/records", &[], None).unwrap();
    raw(&sim, "GET", "/", &[], None).unwrap();
    let log = sim.requests();
    assert_eq!(log.len(), 1);
    let entry = &log[0];
    assert_eq!((entry.method.as_str(), entry.path.as_str(), entry.status), ("POST", "/contacts/persons", 422));
    assert_eq!(entry.query, [("x".to_owned(), "1 2".to_owned())]);
    assert_eq!((entry.user, entry.connection), (Some(3), 1));
    assert_eq!(entry.json(), json!({"emails": []}));
    assert!(entry.answer.contains("required"));
    assert_eq!(sim.connections(), 3);
    let over_http = raw(&sim, "GET", "/_sim/requests", &[], None).unwrap().json();
    assert_eq!(over_http[0]["body"], json!({"emails": []}));
    assert_eq!(over_http[0]["status"], 422);
    raw(&sim, "DELETE", "/_sim/requests", &[], None).unwrap();
    assert!(sim.requests().is_empty());
    client.get("/get");
    sim.clear_requests();
    assert!(sim.requests().is_empty());
}

#[test]
fn the_log_is_taken_from_a_request_on() {
    let sim = start(V210);
    let client = Client { sim: &sim, token: 1 };
    let numbers = |query: &str| -> Vec<u64> {
        let answer = raw(&sim, "GET", &format!("/_sim/requests{query}"), &[], None).unwrap().json();
        answer.as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
    };
    for _ in 0..3 {
        client.get("/get");
    }
    for (query, shown) in
        [("", &[1, 2, 3][..]), ("?after=0", &[1, 2, 3]), ("?after=1", &[2, 3]), ("?after=3", &[]), ("?after=9", &[])]
    {
        assert_eq!(numbers(query), shown, "{query}");
    }
    sim.clear_requests();
    client.get("/get");
    assert_eq!(numbers("?after=1"), [4]);
    for query in ["?after=", "?after=x", "?after=-1", "?before=2"] {
        assert_eq!(raw(&sim, "GET", &format!("/_sim/requests{query}"), &[], None).unwrap().status, 422, "{query}");
    }
}

#[test]
fn records_are_seen_over_http() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let id = jane(client);
    let lead = lead(client, id);
    client.post("/activities", json!({"type": "note", "title": "n", "comment": "c", "lead_id": lead}));
    let records = raw(&sim, "GET", "/_sim/records", &[], None).unwrap().json();
    assert_eq!(records["persons"].as_array().unwrap(), &sim.persons());
    assert_eq!(records["leads"][0]["person_id"], id);
    assert_eq!(records["activities"][0]["lead_ids"], json!([lead]));
    assert_eq!(records["organizations"], json!([]));
}

#[test]
fn the_clock_moves_and_the_state_is_reset_over_http() {
    let sim = Sim::start(Options::default()).unwrap();
    let client = Client::new(&sim);
    for _ in 0..61 {
        client.get("/get");
    }
    assert_eq!(client.get("/get").status, 429);
    let moved = raw(&sim, "POST", "/_sim/clock", &JSON, Some(br#"{"advance_seconds":61}"#)).unwrap();
    assert_eq!(moved.status, 200);
    assert_eq!(client.get("/get").status, 200);
    assert_eq!(raw(&sim, "POST", "/_sim/clock", &JSON, Some(b"{}")).unwrap().status, 422);
    assert_eq!(raw(&sim, "GET", "/_sim/nothing", &[], None).unwrap().status, 404);
    jane(client);
    raw(&sim, "POST", "/_sim/reset", &[], None).unwrap();
    assert!(sim.persons().is_empty() && sim.requests().is_empty());
    assert_eq!(jane(client), 1);
}

#[test]
fn pages_show_the_records_escaped_and_the_notes_cleaned() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let body = with(
        without(lead_body("<i>Lead</i>", 0), "person_id"),
        json!({"person": person("<script>alert(1)</script>", "j@example.com", "+1")}),
    );
    let lead = client.post("/leads", body).id();
    let comment = "<b>bold</b><br><script>alert(2)</script><a href=\"javascript:x\">y</a> **md**";
    client.post("/activities", json!({"type": "note", "title": "<u>t</u>", "comment": comment, "lead_id": lead}));
    let page = |path: &str| raw(&sim, "GET", path, &[], None).unwrap();
    let first = page("/");
    assert_eq!(first.status, 200);
    for part in ["&lt;i&gt;Lead&lt;/i&gt;", "&lt;script&gt;alert(1)", "j@example.com", "Follow Up"] {
        assert!(first.body.contains(part), "{part}");
    }
    assert!(!first.body.contains("<script>alert"));
    let timeline = page(&format!("/leads/{lead}"));
    assert!(timeline.body.contains("<b>bold</b><br>") && timeline.body.contains("&lt;u&gt;t&lt;/u&gt;"));
    assert!(!timeline.body.contains("alert(2)") && !timeline.body.contains("javascript:"));
    assert!(timeline.body.contains("Updated Stage"));
    assert_eq!(page("/persons/1").status, 200);
    assert_eq!(page("/leads/99").status, 404);
    let version = |path: &str| page(path).json()["version"].as_u64().unwrap();
    let before = version("/_sim/version");
    client.get("/leads");
    assert_eq!(version("/_sim/version"), before);
    client.delete(&format!("/leads/{lead}"));
    assert!(version("/_sim/version") > before);
}
