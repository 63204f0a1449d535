//! What a deletion takes along, what it leaves, and the words of each package for what is not there.

use krayin_sim::{Options, Server, Sim};
use serde_json::{Value, json};

mod support;

use support::{COMMUNITY, Client, PACKAGES};

fn start(server: Server) -> Sim {
    Sim::start(Options { server, production: true, throttle: false, ..Options::default() }).unwrap()
}

fn person(client: Client, email: &str, number: &str) -> u64 {
    try_person(client, email, number).unwrap()
}

/// The new person, or the status of the refusal.
fn try_person(client: Client, email: &str, number: &str) -> Result<u64, u16> {
    let body = json!({
        "name": "P", "emails": [{"value": email, "label": "work"}],
        "contact_numbers": [{"value": number, "label": "work"}],
    });
    let reply = client.post("/contacts/persons", body);
    if reply.status == 200 { Ok(reply.id()) } else { Err(reply.status) }
}

fn lead(client: Client, person: u64) -> u64 {
    let body = json!({
        "title": "L", "lead_value": 1, "lead_source_id": 1, "lead_type_id": 1, "lead_pipeline_stage_id": 1,
        "person_id": person,
    });
    client.post("/leads", body).id()
}

fn note(client: Client, link: Value) -> u64 {
    let mut body = json!({"type": "note", "title": "n", "comment": "c"});
    body.as_object_mut().unwrap().extend(link.as_object().unwrap().clone());
    client.post("/activities", body).id()
}

#[test]
fn a_person_with_a_lead_stays_and_loses_what_belongs_to_it() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let id = person(client, "jane@example.com", "+1");
        let lead = lead(client, id);
        let [of_lead, of_person, of_both] =
            [json!({"lead_id": lead}), json!({"person_id": id}), json!({"lead_id": lead})]
                .map(|link| note(client, link));
        client.put(&format!("/activities/{of_both}"), json!({"person_id": id}));
        assert_eq!(try_person(client, "jane@example.com", "+9"), Err(422));

        let refused = client.delete(&format!("/contacts/persons/{id}"));
        let words = if server == COMMUNITY { "Person delete failed." } else { "Person deleted successfully." };
        assert_eq!((refused.status, refused.json()), (500, json!({ "message": words })), "{server:?}");
        assert_eq!(client.get(&format!("/contacts/persons?id={id}")).ids(), [id]);
        let there = [of_lead, of_person, of_both].map(|id| client.get(&format!("/activities/{id}")).status);
        assert_eq!(there, [200, 404, 404], "{server:?}");
        let timeline = client.get(&format!("/leads/{lead}/activities")).ids();
        assert!(timeline.contains(&of_lead) && !timeline.contains(&of_both), "{server:?}: {timeline:?}");
        let found =
            "/contacts/persons/search?search=attribute_values.text_value:P&searchFields=attribute_values.text_value:=";
        assert_eq!(client.get(found).ids(), Vec::<u64>::new(), "{server:?}: its values are gone");

        // Neither e-mail nor number is guarded any more, and what is written again is.
        let twin = person(client, "jane@example.com", "+2");
        assert_eq!(try_person(client, "other@example.com", "+1").map(drop), Ok(()), "{server:?}");
        let back = json!({"name": "P", "emails": [{"value": "jane@example.com", "label": "work"}],
            "contact_numbers": [{"value": "+7", "label": "work"}]});
        let path = format!("/contacts/persons/{id}");
        assert_eq!(client.put(&path, back.clone()).status, 422, "{server:?}: the twin has it now");
        assert_eq!(client.delete(&format!("/contacts/persons/{twin}")).status, 200);
        assert_eq!(client.put(&path, back).status, 200, "{server:?}");
        assert_eq!(try_person(client, "jane@example.com", "+8"), Err(422), "{server:?}: guarded again");

        assert_eq!(
            client.delete(&format!("/leads/{lead}")).json(),
            json!({"data": {"message": "Lead deleted successfully."}})
        );
        assert_eq!(client.get(&format!("/activities/{of_lead}")).status, 404);
        let gone = client.delete(&format!("/contacts/persons/{id}"));
        let message = json!({"message": "Person deleted successfully."});
        let message = if server == COMMUNITY { json!({ "data": message }) } else { message };
        assert_eq!((gone.status, gone.json()), (200, message), "{server:?}");
        assert_eq!(
            try_person(client, "jane@example.com", "+1").map(drop),
            Err(422),
            "{server:?}: the number is another's"
        );
        assert_eq!(try_person(client, "jane@example.com", "+3").map(drop), Ok(()), "{server:?}: free again");
    }
}

#[test]
fn a_lead_takes_its_activities_along_those_of_its_person_too() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let id = person(client, "jane@example.com", "+1");
        let [one, other] = [lead(client, id), lead(client, id)];
        let shared = note(client, json!({"lead_id": one}));
        let stays = note(client, json!({"lead_id": other}));
        client.put(&format!("/activities/{shared}"), json!({"person_id": id}));
        assert!(client.get(&format!("/contacts/persons/{id}/activities")).ids().contains(&shared));
        client.delete(&format!("/leads/{one}"));
        assert_eq!(client.get(&format!("/activities/{shared}")).status, 404, "{server:?}");
        assert!(!client.get(&format!("/contacts/persons/{id}/activities")).ids().contains(&shared));
        assert_eq!(client.get(&format!("/activities/{stays}")).status, 200);
        assert_eq!(client.get("/activities?title=n").ids(), [stays]);
    }
}

#[test]
fn an_organization_leaves_its_persons_without_it() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let organization = client.post("/contacts/organizations", json!({"name": "Acme"})).id();
        let id = person(client, "jane@example.com", "+1");
        let numbers = json!([{"value": "+1", "label": "work"}]);
        client.put(
            &format!("/contacts/persons/{id}"),
            json!({"contact_numbers": numbers, "organization_id": organization}),
        );
        let gone = client.delete(&format!("/contacts/organizations/{organization}"));
        assert_eq!(gone.json(), json!({"data": {"message": "Organization deleted successfully."}}), "{server:?}");
        assert_eq!(client.get(&format!("/contacts/persons/{id}")).data().get("organization"), None);
        assert_eq!(client.post("/contacts/organizations", json!({"name": "Acme"})).status, 200, "its name is free");
    }
}

#[test]
fn what_is_missing_is_told_in_each_packages_words() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let told = |path: &str| {
            let reply = client.delete(path);
            (reply.status, reply.json().pointer("/data/message").cloned().unwrap_or_default())
        };
        assert_eq!(told("/activities/99").0, 404);
        assert_eq!(told("/leads/99").0, 404);
        assert_eq!(told("/contacts/persons/99").0, if server == COMMUNITY { 404 } else { 500 }, "{server:?}");
        let organization = told("/contacts/organizations/99");
        if server == COMMUNITY {
            assert_eq!(organization.0, 404);
        } else {
            assert_eq!(organization, (200, json!("Organization delete failed.")), "{server:?}");
        }
    }
}
