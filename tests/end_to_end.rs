//! Contact events through the whole core and over real HTTP into the simulator.

use std::sync::Arc;

use krayin_core::{
    Error,
    api::{Client, ErrorKind, ReqwestTransport},
    records::{Kind, Memory, Records, Stored},
    settings::Settings,
    sync::{self, Event, Status},
};
use krayin_sim::{Options, Server, Sim};
use krayin_tests::{SERVERS, TOKEN, World, jane};
use serde_json::json;

#[tokio::test]
async fn a_new_contact_is_two_requests_and_a_change_that_krayin_cannot_see_none() {
    for server in SERVERS {
        let world = World::connected(server).await;
        let outcome = world.contact("contact.created", jane()).await;
        assert_eq!((outcome.status, outcome.requests), (Status::Synced, 2), "{server:?} {outcome:?}");
        assert_eq!(outcome.created, ["person", "lead"], "{server:?}");
        let mut seen = jane();
        seen["last_activity_at"] = json!("2026-01-01T00:00:00Z");
        seen["additional_attributes"]["created_at_ip"] = json!("203.0.113.9");
        let outcome = world.contact("contact_updated", seen).await;
        assert_eq!((outcome.status, outcome.requests), (Status::Skipped, 0));
        assert_eq!((world.sim.persons().len(), world.sim.leads().len(), world.sim.organizations().len()), (1, 1, 1));
        assert_eq!(world.sim.organizations()[0]["name"], "Acme, Inc.");
    }
}

#[tokio::test]
async fn every_mixture_of_address_and_number_is_created_once_on_every_server() {
    for server in SERVERS {
        let world = World::connected(server).await;
        for (id, contact) in [
            json!({"name": "Only e-mail", "email": "only@example.com"}),
            json!({"name": "Only phone", "phone_number": "+14155550183"}),
            json!({"name": "Second phone", "phone_number": "+14155550184"}),
            json!({"email": "nameless@example.com"}),
            json!({"name": "Zoë 日本 👋🏽", "email": "zoe@example.com", "phone_number": "+351912345678"}),
        ]
        .into_iter()
        .enumerate()
        {
            let mut contact = contact;
            contact["id"] = json!(id + 1);
            let outcome = world.contact("contact.created", contact.clone()).await;
            assert_eq!(outcome.requests, 2, "{server:?} {contact} {outcome:?}");
            world.forget(Kind::Contact, id as u64 + 1).await;
            let again = world.contact("contact.created", contact.clone()).await;
            assert_eq!((again.ids, again.requests), (outcome.ids, 2), "{server:?} {contact}");
        }
        assert_eq!((world.sim.persons().len(), world.sim.leads().len()), (5, 5), "{server:?}");
        for person in world.sim.persons() {
            assert!(!person["contact_numbers"].is_null(), "null numbers break the lead's page: {person}");
        }
    }
}

#[tokio::test]
async fn an_anonymous_visitor_costs_nothing() {
    let world = World::connected(Server::Krayin210).await;
    let outcome = world.contact("contact.created", json!({"id": 1, "name": "winter-moon-12"})).await;
    assert_eq!((outcome.status, outcome.requests), (Status::Skipped, 0));
    assert!(outcome.reasons[0].contains("neither an e-mail address nor a phone number"));
}

#[tokio::test]
async fn a_person_of_theirs_is_found_and_keeps_what_they_entered() {
    let world = World::connected(Server::Krayin210).await;
    let theirs = json!({
        "name": "Dr. Jane Doe", "job_title": "CTO", "user_id": 1, "organization_name": "Other Ltd",
        "emails": [{"value": "Jane@Example.com", "label": "home"}],
        "contact_numbers": [{"value": "+1 (415) 555-0182", "label": "home"}]
    });
    let client = world.client();
    let theirs_id = client.create_person(theirs).await.unwrap().id;
    let outcome = world.contact("contact.created", jane()).await;
    assert_eq!(outcome.ids.get("person"), Some(theirs_id));
    assert_eq!((outcome.requests, outcome.created.as_slice()), (3, ["lead"].as_slice()), "{outcome:?}");
    let person = client.get_person(theirs_id).await.unwrap();
    assert_eq!(person.name.as_deref(), Some("Dr. Jane Doe"));
    assert_eq!(person.organization.unwrap().name.as_deref(), Some("Other Ltd"));
    assert_eq!(person.sales_owner.unwrap().id, 1);
    world.forget(Kind::Contact, 7).await;
    let again = world.contact("contact.updated", jane()).await;
    assert_eq!((again.requests, again.created.len(), again.ids), (2, 0, outcome.ids));
}

#[tokio::test]
async fn a_change_is_written_and_what_people_changed_in_krayin_is_left_alone() {
    let world = World::connected(Server::Krayin210).await;
    let ids = world.contact("contact.created", jane()).await.ids;
    let (person_id, lead_id) = (ids.get("person").unwrap(), ids.get("lead").unwrap());
    let client = world.client();
    client
        .update_lead(
            lead_id,
            json!({"title": "Big deal", "lead_pipeline_stage_id": 2, "expected_close_date": "2030-01-31"}),
        )
        .await
        .unwrap();

    let mut contact = jane();
    contact["email"] = json!("jane.doe@example.com");
    let outcome = world.contact("contact.updated", contact.clone()).await;
    assert_eq!((outcome.requests, outcome.updated.as_slice()), (2, ["person"].as_slice()));
    let person = client.get_person(person_id).await.unwrap();
    assert_eq!(person.emails[0].value, "jane.doe@example.com");
    assert_eq!(person.emails.len(), 1);

    contact["name"] = json!("Jane Smith");
    contact["custom_attributes"] = json!({"deal_value": 250});
    let outcome = world.contact("contact.updated", contact).await;
    assert_eq!((outcome.requests, outcome.updated.as_slice()), (4, ["person", "lead"].as_slice()));
    assert_eq!(outcome.reasons, ["The lead's title was edited in Krayin and is left alone."]);
    let lead = client.get_lead(lead_id).await.unwrap();
    assert_eq!((lead.title.as_deref(), &lead.rest["lead_value"]), (Some("Big deal"), &json!("250.0000")));
    assert_eq!(lead.lead_pipeline_stage_id, Some(2));
    assert!(lead.expected_close_date.unwrap().starts_with("2030-01-30T18:30"), "the closing date stays");
    assert_eq!(client.get_person(person_id).await.unwrap().name.as_deref(), Some("Jane Smith"));
}

#[tokio::test]
async fn a_value_that_is_not_said_writes_nothing() {
    let world = World::connected(Server::Krayin210).await;
    let mut contact = jane();
    contact["custom_attributes"] = json!({});
    let lead_id = world.contact("contact.created", contact.clone()).await.ids.get("lead").unwrap();
    let client = world.client();
    let steps = [
        (json!({"budget": "Rs. 5,000"}), "5000.0000"),
        (json!({}), "5000.0000"),
        (json!({"budget": ""}), "5000.0000"),
        (json!({"budget": "to be told"}), "5000.0000"),
        (json!({"budget": -1}), "5000.0000"),
        (json!({"budget": "5000-7000"}), "5000.0000"),
        (json!({"budget": 0.57}), "0.5700"),
        (json!({"budget": "0"}), "0.0000"),
    ];
    for (attributes, expected) in steps {
        contact["custom_attributes"] = attributes.clone();
        world.contact("contact.updated", contact.clone()).await;
        assert_eq!(client.get_lead(lead_id).await.unwrap().rest["lead_value"], expected, "{attributes}");
    }
}

#[tokio::test]
async fn what_was_deleted_in_krayin_is_healed_within_the_event() {
    let mut world = World::connected(Server::Krayin210).await;
    world.set(json!({"on_deleted_in_krayin": "make_again"}));
    let ids = world.contact("contact.created", jane()).await.ids;
    let client = world.client();
    client.delete(&format!("leads/{}", ids.get("lead").unwrap()), &[]).await.unwrap();
    client.delete(&format!("contacts/persons/{}", ids.get("person").unwrap()), &[]).await.unwrap();
    let mut contact = jane();
    contact["name"] = json!("Jane Again");
    let outcome = world.contact("contact.updated", contact).await;
    assert_eq!(outcome.created, ["person", "lead"]);
    assert!(outcome.reasons[0].contains("gone from Krayin"), "{:?}", outcome.reasons);
    assert_eq!((world.sim.persons().len(), world.sim.leads().len()), (1, 1));
}

#[tokio::test]
async fn a_number_of_someone_elses_stays_with_that_person() {
    let world = World::connected(Server::Krayin210).await;
    world.contact("contact.created", jane()).await;
    let other = json!({"id": 8, "name": "John", "email": "john@example.com", "phone_number": "+14155550182"});
    let outcome = world.contact("contact.created", other.clone()).await;
    // Each has an address of their own: two people at one phone.
    assert_eq!(outcome.created, ["person", "lead"], "{outcome:?}");
    assert_eq!(outcome.reasons, ["The phone number belongs to another person in Krayin and stays with that one."]);
    let third = json!({"id": 9, "name": "Third", "email": "third@example.com"});
    world.contact("contact.created", third.clone()).await;
    let mut third = third;
    third["phone_number"] = json!("+14155550182");
    let outcome = world.contact("contact.updated", third).await;
    assert_eq!(outcome.reasons, ["The phone number belongs to another person in Krayin and was left out."]);
    assert_eq!(world.sim.persons().len(), 3);
}

#[tokio::test]
async fn ids_of_another_krayin_are_not_used() {
    let world = World::connected(Server::Krayin210).await;
    let elsewhere = Stored {
        ids: "krayin:person:900|krayin:lead:901".parse().unwrap(),
        server: "0123456789ab".into(),
        ..Stored::default()
    };
    world.records.store(Kind::Contact, 7, &elsewhere).await.unwrap();
    let outcome = world.contact("contact.updated", jane()).await;
    assert_eq!(outcome.created, ["person", "lead"]);
}

#[tokio::test]
async fn without_a_stage_nothing_is_created() {
    for server in SERVERS {
        for workflow in [false, true] {
            let mut world = World::new(server);
            world.set(json!({"traits": {"person_workflow": workflow}}));
            let error = world.event("contact.created", json!({"contact": jane()})).await.unwrap_err();
            assert!(matches!(&error, Error::Settings(problem) if problem.to_string().contains("default_stage_id")));
            assert!(world.sim.requests().iter().all(|request| request.method == "GET"), "{server:?} {workflow}");
            assert_eq!(world.records.get(Kind::Contact, 7), Stored::default());
        }
    }
}

#[tokio::test]
async fn a_refused_token_is_one_error_without_the_token() {
    for production in [false, true] {
        let sim = Sim::start(Options { production, tokens: vec![TOKEN.to_owned()], ..Options::default() }).unwrap();
        let json = json!({"api_url": sim.url(), "api_token": "1|secret", "default_stage_id": 1});
        let settings = Settings::from_json(json.to_string().as_bytes()).unwrap();
        let client = Client::new(settings.connection().unwrap(), Arc::new(ReqwestTransport::new().unwrap()));
        let event =
            Event::from_json("contact.created", br#"{"contact": {"id": 1, "email": "private@example.com"}}"#).unwrap();
        let error = sync::process(&event, &settings, &client, &Memory::default()).await.unwrap_err();
        let Error::Api(error) = error else { panic!("{error}") };
        assert_eq!(error.kind, ErrorKind::Authentication);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("secret") && !shown.contains("private"), "{shown}");
    }
}

#[tokio::test]
async fn one_connection_carries_many_calls() {
    let world = World::connected(Server::Krayin210).await;
    let client = world.client();
    let before = world.sim.connections();
    for _ in 0..100 {
        client.current_user().await.unwrap();
    }
    assert_eq!(world.sim.connections(), before, "the set-up's connection is still open");
}
