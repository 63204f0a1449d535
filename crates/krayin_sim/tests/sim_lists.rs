//! Ids, limits, pages, sorts and orders that make no sense, and bodies that are none.

use krayin_sim::{Options, Server, Sim};
use serde_json::json;

mod support;

use support::{COMMUNITY, Client, JSON, OFFICIAL, PACKAGES, V210, encode, raw, start};

/// Makes three organizations, of ids 1 to 3.
fn with_organizations(server: Server) -> Sim {
    let sim = start(server);
    for name in ["One", "Two", "Three"] {
        assert_eq!(Client::new(&sim).post("/contacts/organizations", json!({ "name": name })).status, 200);
    }
    sim
}

#[test]
fn persons_leads_tags_and_users_are_read_by_digits_alone() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        for path in ["/leads", "/contacts/persons", "/settings/tags", "/settings/users"] {
            for id in ["abc", "1abc", "-1", "1.5", "%201"] {
                let reply = client.get(&format!("{path}/{id}"));
                assert_eq!((reply.status, reply.rate()), (405, None), "{server:?} {path}/{id}");
            }
        }
        assert_eq!(client.get("/leads/0").status, 404, "{server:?}");
        let reply = client.get("/contacts/persons/0");
        assert_eq!(reply.status, if server == COMMUNITY { 404 } else { 500 });
        assert_eq!(client.get("/leads/search?search=title:x&searchFields=title:like").status, 200);
        assert_eq!(client.delete("/leads/search").status, 500, "an id for every other method");
    }
}

#[test]
fn other_ids_are_whole_numbers_or_break() {
    for server in [V210, OFFICIAL] {
        let sim = start(server);
        let client = Client::new(&sim);
        for path in [
            "/activities/abc",
            "/contacts/organizations/abc",
            "/settings/pipelines/1abc",
            "/settings/sources/abc",
            "/settings/types/abc",
            "/settings/webhooks/abc",
            "/settings/workflows/abc",
        ] {
            let reply = client.get(path);
            assert_eq!((reply.status, reply.rate().is_some()), (500, server == V210), "{server:?} {path}");
            assert!(reply.json()["message"].as_str().unwrap().contains("must be of type int"), "{path}");
        }
        for path in ["/leads/attributes/edit/abc", "/leads/stage/edit/abc"] {
            assert_eq!(client.put(path, json!({"title": "x"})).status, 500, "{path}");
        }
        // Those that ask the database themselves find nothing under a word.
        assert_eq!(client.put("/activities/abc", json!({"title": "x"})).status, 404);
        assert_eq!(client.get("/settings/pipelines/1").status, client.get("/settings/pipelines/1.0").status);
        let community = start(COMMUNITY);
        assert_eq!(Client::new(&community).get("/contacts/organizations/abc").status, 405);
    }
}

#[test]
fn the_activities_of_what_is_not_there_are_none() {
    for server in PACKAGES {
        let sim = start(server);
        for path in ["/leads/abc/activities", "/leads/99/activities", "/contacts/persons/99/activities"] {
            let reply = Client::new(&sim).get(path);
            assert_eq!((reply.status, reply.data()), (200, json!([])), "{server:?} {path}");
        }
    }
}

#[test]
fn limits_and_pages_that_make_no_sense() {
    for server in PACKAGES {
        let sim = with_organizations(server);
        let list = |query: &str| Client::new(&sim).get(&format!("/contacts/organizations?{query}"));
        for (query, per_page) in [("limit=0", 15), ("limit=2", 2), ("", 10), ("limit=2.9", 2)] {
            assert_eq!(list(query).json()["meta"]["per_page"], per_page, "{server:?} {query}");
        }
        for query in ["limit=-1", "limit=abc", "limit=2abc"] {
            assert_eq!(list(query).status, 500, "{server:?} {query}");
        }
        assert_eq!(list("limit=-1&name=nobody").status, 200, "of nothing no page is asked for");
        for page in ["0", "-1", "abc", "2abc", "1.5", "02"] {
            assert_eq!(list(&format!("limit=2&page={page}")).ids(), [3, 2], "{server:?} {page}");
        }
        assert_eq!(list("limit=2&page=2").ids(), [1]);
        assert_eq!(list("page=99").ids(), Vec::<u64>::new());
        assert_eq!(list("pagination=false").json()["meta"]["total"], 3);
        assert_eq!(list("pagination=0").json().get("meta"), None);
    }
}

#[test]
fn orders_that_make_no_sense() {
    for server in PACKAGES {
        let sim = with_organizations(server);
        let list = |query: &str| Client::new(&sim).get(&format!("/contacts/organizations?{query}"));
        assert_eq!(list("sort=name&order=ASC").ids(), [1, 3, 2]);
        assert_eq!(list("sort=id").ids(), [3, 2, 1]);
        assert_eq!(list("order=asc").ids(), [3, 2, 1], "an order without a column is not looked at");
        let sideways = list("sort=id&order=sideways");
        if server == COMMUNITY {
            assert_eq!(sideways.ids(), [3, 2, 1]);
        } else {
            assert_eq!(sideways.status, 500, "{server:?}");
        }
    }
}

#[test]
fn filters_are_read_as_php_reads_them() {
    for server in PACKAGES {
        let sim = with_organizations(server);
        let list = |query: &str| Client::new(&sim).get(&format!("/contacts/organizations?{query}"));
        assert_eq!(list("id=1abc,3").ids(), [3, 1], "a number counts as far as it goes");
        assert_eq!(list("id=").ids(), Vec::<u64>::new());
        assert_eq!(list("name=%20two%20").ids(), [2], "trimmed");
        assert_eq!(list("entity_type=persons").ids(), [3, 2, 1], "never a filter");
        assert_eq!(list("name[]=Two").status, 500, "a list where a text is wanted");
    }
}

#[test]
fn bodies_that_are_no_object() {
    for server in PACKAGES {
        let sim = start(server);
        let token = format!("Bearer {}", sim.token(0));
        let mut headers = JSON.to_vec();
        headers.push(("Authorization", &token));
        let post = |body: &str| raw(&sim, "POST", "/api/v1/contacts/persons", &headers, Some(body.as_bytes())).unwrap();
        // A list has the key 0, which the database takes for every code: so all that is required is asked for.
        for body in ["\"text\"", "7", "true", "[1]"] {
            let reply = post(body);
            assert_eq!(reply.status, 422, "{server:?} {body}");
            let errors = reply.errors();
            let mut fields: Vec<&String> = errors.as_object().unwrap().keys().collect();
            fields.sort();
            assert_eq!(fields, ["emails", "name"], "{server:?} {body}");
        }
        for body in ["[]", "null", "{not json"] {
            assert_eq!(post(body).status, 500, "{server:?} {body}");
        }
        assert_eq!(sim.persons().len(), 0);
    }
}

#[test]
fn texts_are_trimmed_before_anything_looks_at_them() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let body = json!({
            "name": "  Jane\n", "emails": [{"value": " jane@example.com ", "label": " work"}],
            "contact_numbers": [{"value": " 1 ", "label": "work"}],
        });
        let person = client.post("/contacts/persons", body).data();
        assert_eq!(person["name"], "Jane");
        assert_eq!(person["emails"], json!([{"value": "jane@example.com", "label": "work"}]));
        let query = format!("name={}", encode(" Jane"));
        assert_eq!(client.get(&format!("/contacts/persons?{query}")).ids(), [1]);
    }
}

#[test]
fn a_tokens_own_id_may_be_left_out() {
    let tokens = vec!["7|abc".to_owned(), "plain".to_owned()];
    let sim = Sim::start(Options { tokens, ..Options::default() }).unwrap();
    let get = |token: &str| {
        let bearer = format!("Bearer {token}");
        raw(&sim, "GET", "/api/v1/get", &[JSON[0], ("Authorization", &bearer)], None).unwrap().status
    };
    assert_eq!(["7|abc", "abc", "plain"].map(get), [200; 3]);
    assert_eq!(["8|abc", "7|", "7|abcd", ""].map(get), [401; 4]);
}
