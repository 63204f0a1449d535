//! What people do in Krayin and in Chatwoot besides: it survives every event, and every event finds the right record.

use krayin_core::{records::Kind, sync::Status};
use krayin_sim::{Action, Fault, Server};
use krayin_tests::{ALL_SERVERS, SERVERS, World, conversation, jane, with};
use serde_json::{Value, json};

fn persons(server: Server) -> &'static str {
    if server == Server::Documented { "persons" } else { "contacts/persons" }
}

fn values(record: &Value, field: &str) -> Vec<String> {
    record[field].as_array().unwrap().iter().map(|entry| entry["value"].as_str().unwrap().to_owned()).collect()
}

fn person(world: &World, id: Option<u64>) -> Value {
    world.sim.persons().into_iter().find(|person| person["id"].as_u64() == id).unwrap()
}

fn work(value: &str) -> Value {
    json!({"value": value, "label": "work"})
}

#[tokio::test]
async fn what_colleagues_entered_survives_every_event() {
    for server in ALL_SERVERS {
        let mut world = World::connected(server).await;
        world.set(json!({
            "sync_conversations": true, "sync_messages": true, "stage_progression_enabled": true,
            "stage_on_conversation_created": 2, "stage_on_first_response": 3
        }));
        let known = with(jane(), json!({"additional_attributes": {"company_name": "Acme"}}));
        let ids = world.contact("contact.created", known.clone()).await.ids;
        let (person_id, lead_id) = (ids.get("person").unwrap(), ids.get("lead").unwrap());
        let client = world.client();
        let theirs = client.create_organization(json!({"name": "By hand"})).await.unwrap().id;
        let theirs = json!({
            "name": "Jane Doe", "job_title": "By hand", "user_id": 1, "organization_id": theirs,
            "emails": [work("private@example.com"), work("jane@example.com")],
            "contact_numbers": [work("+14155550100"), work("+14155550182")]
        });
        client.update_person(person_id, theirs).await.unwrap();
        let lead = json!({"expected_close_date": "2030-01-31", "lead_pipeline_stage_id": 1});
        client.update_lead(lead_id, lead).await.unwrap();
        let product = json!({"product_id": 1, "quantity": 2, "price": 10, "name": "Support"});
        assert!(world.sim.add_product(lead_id, product));
        let (before, closes) = (person(&world, Some(person_id)), world.sim.leads()[0]["expected_close_date"].clone());
        assert!(!closes.is_null(), "{server:?}");
        let products = world.sim.leads()[0]["lead_products"].clone();
        assert_eq!(products.as_array().map(Vec::len), Some(1), "{server:?}");

        let mut known = known;
        for change in [
            json!({"name": "Jane Smith"}),
            json!({"email": "jane.smith@example.com"}),
            json!({"phone_number": "+14155550199"}),
            json!({"additional_attributes": {"company_name": "Other Ltd", "job_title": "CTO"}}),
            json!({"custom_attributes": {"deal_value": 250}}),
        ] {
            known = with(known, change);
            world.contact("contact.updated", known.clone()).await;
        }
        let talk = |fields: Value| with(with(conversation("Channel::Api"), json!({"contact": known})), fields);
        let replied = json!({"first_reply_created_at": "2026-11-24T10:02:00Z"});
        world.event("conversation.created", json!({"conversation": talk(json!({}))})).await.unwrap();
        let message = json!({
            "id": 9, "message_type": "outgoing", "content": "A reply", "sender": {"name": "Ann", "type": "User"},
            "conversation": talk(replied.clone())
        });
        world.event("message.created", json!({"message": message})).await.unwrap();
        let resolved = with(replied, json!({"status": "resolved"}));
        world.event("conversation.resolved", json!({"conversation": talk(resolved)})).await.unwrap();

        let after = person(&world, Some(person_id));
        for field in ["organization_id", "user_id", "job_title"] {
            assert_eq!(after[field], before[field], "{server:?} {field}");
        }
        assert!(!before["user_id"].is_null() || server == Server::Documented, "{server:?} {before}");
        assert_eq!(after["name"], "Jane Smith", "{server:?}");
        assert_eq!(values(&after, "emails"), ["private@example.com", "jane.smith@example.com"], "{server:?}");
        assert_eq!(values(&after, "contact_numbers"), ["+14155550100", "+14155550199"], "{server:?}");
        let lead = &world.sim.leads()[0];
        assert_eq!((&lead["expected_close_date"], &lead["lead_products"]), (&closes, &products), "{server:?}");
        assert_eq!(lead["lead_pipeline_stage_id"], 3, "{server:?}");
        assert_eq!((world.sim.persons().len(), world.sim.leads().len()), (1, 1), "{server:?}");
    }
}

#[tokio::test]
async fn one_address_in_two_letter_cases_is_one_person() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let first =
            world.contact("contact.created", json!({"id": 1, "name": "A", "email": "Jane.Doe@Example.com"})).await;
        let second =
            world.contact("contact.created", json!({"id": 2, "name": "A", "email": "jane.doe@example.com"})).await;
        assert_eq!((second.ids, second.created.len()), (first.ids, 0), "{server:?}");
    }
}

#[tokio::test]
async fn an_address_decides_and_a_number_stays_with_whom_has_it() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let client = world.client();
        let owner =
            json!({"name": "Owner", "emails": [work("owner@example.com")], "contact_numbers": [work("+14155550182")]});
        let owner = client.create_person(owner).await.unwrap().id;
        let theirs =
            json!({"name": "J", "emails": [work("jane@example.com")], "contact_numbers": [work("+14155550100")]});
        let theirs = client.create_person(theirs).await.unwrap().id;
        let outcome = world.contact("contact.created", jane()).await;
        assert_eq!(outcome.ids.get("person"), Some(theirs), "{server:?}");
        assert!(outcome.reasons.iter().any(|reason| reason.contains("number belongs to another")), "{outcome:?}");
        assert_eq!(values(&person(&world, Some(theirs)), "contact_numbers"), ["+14155550100"], "{server:?}");
        assert_eq!(values(&person(&world, Some(owner)), "contact_numbers"), ["+14155550182"], "{server:?}");
        assert_eq!(world.contact("contact.updated", jane()).await.requests, 0);
    }
}

#[tokio::test]
async fn an_address_that_becomes_another_persons_is_left_out_once_and_said() {
    for server in ALL_SERVERS {
        for phone in [json!(null), json!("+14155550182")] {
            let world = World::connected(server).await;
            let other = json!({"name": "Other", "emails": [work("other@example.com")], "contact_numbers": [work("+14155550100")]});
            let other = world.client().create_person(other).await.unwrap().id;
            let jane = json!({"id": 7, "name": "Jane", "email": "jane@example.com", "phone_number": phone});
            let ids = world.contact("contact.created", jane.clone()).await.ids;
            let changed = with(jane, json!({"email": "other@example.com", "name": "Jane Smith"}));
            let outcome = world.contact("contact.updated", changed.clone()).await;
            assert_eq!(outcome.ids, ids, "{server:?}");
            assert_eq!(
                outcome.reasons,
                ["The e-mail address belongs to another person in Krayin and was left out."],
                "{server:?} {phone}"
            );
            let mine = person(&world, ids.get("person"));
            assert_eq!(mine["name"], "Jane Smith", "{server:?}: the rest is written");
            assert_eq!(values(&mine, "emails"), ["jane@example.com"], "{server:?}");
            assert_eq!(values(&person(&world, Some(other)), "emails"), ["other@example.com"]);
            assert_eq!(world.contact("contact.updated", changed).await.requests, 0, "{server:?}: no loop");
            assert_eq!(world.sim.persons().len(), 2);
        }
    }
}

#[tokio::test]
async fn each_id_that_is_gone_is_healed_within_the_event() {
    for server in ALL_SERVERS {
        for gone in ["person", "lead", "organization", "activity"] {
            let mut world = World::connected(server).await;
            world.set(json!({"sync_conversations": true, "on_deleted_in_krayin": "make_again"}));
            let jane = with(jane(), json!({"additional_attributes": {"company_name": "Acme"}}));
            let talk = |fields: Value| json!({"conversation": with(with(conversation("Channel::Api"), json!({"contact": jane})), fields)});
            let begun = world.event("conversation.created", talk(json!({}))).await.unwrap();
            let client = world.client();
            let path = |kind: &str| {
                let id = begun.ids.get(kind).unwrap();
                match kind {
                    "person" => format!("{}/{id}", persons(server)),
                    "lead" => format!("leads/{id}"),
                    "organization" => format!("contacts/organizations/{id}"),
                    _ => format!("activities/{id}"),
                }
            };
            if gone == "person" {
                client.delete(&path("lead"), &[]).await.unwrap();
            }
            client.delete(&path(gone), &[]).await.unwrap();
            let outcome = if gone == "activity" {
                world.event("conversation.updated", talk(json!({"status": "resolved"}))).await.unwrap()
            } else {
                world.contact("contact.updated", with(jane.clone(), json!({"name": "Jane Smith"}))).await
            };
            let what = format!("{server:?} {gone} {outcome:?}");
            assert!(outcome.reasons.iter().any(|reason| reason.contains("gone from Krayin")), "{what}");
            let [persons, leads, organizations, activities] =
                [world.sim.persons(), world.sim.leads(), world.sim.organizations(), world.sim.activities()];
            assert_eq!([persons.len(), leads.len(), organizations.len()], [1; 3], "{what}");
            // A lead takes its activities along when it goes.
            let with_lead = gone == "lead" && server != Server::Documented;
            let left = usize::from(gone != "person" && !with_lead);
            assert_eq!(activities.len(), left, "{what}");
            for (kind, records) in [("person", &persons), ("lead", &leads), ("organization", &organizations)] {
                assert_eq!(outcome.ids.get(kind), records[0]["id"].as_u64(), "{what}");
            }
            assert_eq!(persons[0]["organization_id"], organizations[0]["id"], "{what}");

            // The conversation's activity moves to whom the contact is by now.
            world.event("conversation.updated", talk(json!({"status": "snoozed"}))).await.unwrap();
            let activity = &world.sim.activities()[0];
            assert_eq!(activity["person_ids"], json!([persons[0]["id"]]), "{what} {activity}");
            if server != Server::Documented {
                assert_eq!(activity["lead_ids"], json!([leads[0]["id"]]), "{what} {activity}");
            }
        }
    }
}

#[tokio::test]
async fn an_organization_that_was_taken_away_by_hand_stays_away() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let jane = with(jane(), json!({"additional_attributes": {"company_name": "Acme"}}));
        let id = world.contact("contact.created", jane.clone()).await.ids.get("person").unwrap();
        let alone = json!({
            "name": "Jane Doe", "organization_id": null, "emails": [work("jane@example.com")],
            "contact_numbers": [work("+14155550182")]
        });
        world.client().update_person(id, alone).await.unwrap();
        assert!(person(&world, Some(id))["organization_id"].is_null(), "{server:?}");
        world.contact("contact.updated", with(jane, json!({"name": "Jane Smith"}))).await;
        assert!(person(&world, Some(id))["organization_id"].is_null(), "{server:?}");
        assert_eq!((world.sim.organizations().len(), &person(&world, Some(id))["name"]), (1, &json!("Jane Smith")));
    }
}

#[tokio::test]
async fn a_contact_that_loses_address_and_number_keeps_its_person() {
    for server in ALL_SERVERS {
        let mut world = World::connected(server).await;
        world.set(json!({
            "stage_progression_enabled": true, "stage_on_conversation_created": 2, "on_deleted_in_krayin": "make_again"
        }));
        let ids = world.contact("contact.created", jane()).await.ids;
        let bare = with(jane(), json!({"email": null, "phone_number": null}));
        assert_eq!(world.contact("contact.updated", bare.clone()).await.requests, 0, "{server:?}");
        let renamed = with(bare, json!({"name": "Jane Smith"}));
        let outcome = world.contact("contact.updated", renamed.clone()).await;
        assert_eq!((&outcome.ids, outcome.requests), (&ids, 4), "{server:?} {outcome:?}");
        let mine = person(&world, ids.get("person"));
        assert_eq!(
            (&mine["name"], values(&mine, "emails")),
            (&json!("Jane Smith"), vec!["jane@example.com".to_owned()])
        );
        assert_eq!(values(&mine, "contact_numbers"), ["+14155550182"]);
        // A lead that is gone is made anew for the person who is known.
        let client = world.client();
        client.delete(&format!("leads/{}", ids.get("lead").unwrap()), &[]).await.unwrap();
        let talk = json!({"conversation": with(conversation("Channel::Api"), json!({"contact": renamed}))});
        let begun = world.event("conversation.created", talk).await.unwrap();
        assert_eq!(begun.ids.get("person"), ids.get("person"), "{server:?} {begun:?}");
        let lead = world.sim.leads()[0].clone();
        assert_eq!((world.sim.persons().len(), begun.ids.get("lead")), (1, lead["id"].as_u64()), "{server:?}");
        // Gone as well: there is nothing to find it by, and nobody new is made up.
        client.delete(&format!("leads/{}", lead["id"]), &[]).await.unwrap();
        client.delete(&format!("{}/{}", persons(server), ids.get("person").unwrap()), &[]).await.unwrap();
        let outcome = world.contact("contact.updated", with(renamed, json!({"name": "Jane"}))).await;
        assert_eq!(outcome.status, Status::Skipped, "{server:?}");
        assert!(outcome.reasons.last().unwrap().contains("neither an e-mail address nor a phone number"));
        assert_eq!((world.sim.persons().len(), world.sim.leads().len()), (0, 0), "{server:?}");
    }
}

#[tokio::test]
async fn of_two_hits_the_oldest_is_taken_and_the_choice_said() {
    for server in SERVERS {
        let world = World::connected(server).await;
        let client = world.client();
        let twin = |email: &str, number: &str| json!({"name": "J", "emails": [work(email)], "contact_numbers": [work(number)]});
        let first = client.create_person(twin("Jane@example.com", "+14155550101")).await.unwrap().id;
        client.create_person(twin("jane@Example.com", "+14155550102")).await.unwrap();
        let jane = json!({"id": 7, "name": "J", "email": "jane@example.com"});
        let outcome = world.contact("contact.created", jane).await;
        assert_eq!((outcome.ids.get("person"), outcome.created.as_slice()), (Some(first), ["lead"].as_slice()));
        assert_eq!(
            outcome.reasons,
            ["2 persons in Krayin have this e-mail address; the oldest is used."],
            "{server:?}"
        );
        assert_eq!(world.sim.persons().len(), 2);
    }
}

#[tokio::test]
async fn an_address_in_capitals_is_found_by_its_number() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let theirs =
            json!({"name": "J", "emails": [work("JANE@EXAMPLE.COM")], "contact_numbers": [work("(415) 555-0182")]});
        let theirs = world.client().create_person(theirs).await.unwrap().id;
        let outcome = world.contact("contact.created", jane()).await;
        assert_eq!(outcome.ids.get("person"), Some(theirs), "{server:?}");
        let theirs = person(&world, Some(theirs));
        assert_eq!(values(&theirs, "emails"), ["JANE@EXAMPLE.COM"], "{server:?}");
        assert_eq!(values(&theirs, "contact_numbers"), ["(415) 555-0182"], "{server:?}");
    }
}

#[tokio::test]
async fn a_placeholder_of_ours_is_known_again() {
    for server in SERVERS {
        let world = World::connected(server).await;
        let caller = json!({"id": 7, "name": "Caller", "phone_number": "+14155550182"});
        let ids = world.contact("contact.created", caller.clone()).await.ids;
        let mine = person(&world, ids.get("person"));
        let renumbered = json!({"name": "Caller", "emails": mine["emails"], "contact_numbers": [work("+14155550100")]});
        world.client().update_person(ids.get("person").unwrap(), renumbered).await.unwrap();
        world.forget(Kind::Contact, 7).await;
        let outcome = world.contact("contact.updated", caller).await;
        assert_eq!((outcome.ids, world.sim.persons().len(), world.sim.leads().len()), (ids, 1, 1), "{server:?}");
    }
}

#[tokio::test]
async fn an_address_that_krayin_does_not_take_is_left_out_and_said() {
    for server in SERVERS {
        let refuse = |world: &World, method: &str, field: &str| {
            let body = json!({"message": "x", "errors": {field: ["The value must be a valid email address."]}});
            let action = Action::Status { status: 422, body: body.to_string(), headers: Vec::new() };
            world.sim.fault(Fault { method: Some(method.into()), ..Fault::next(action) });
        };
        let world = World::connected(server).await;
        refuse(&world, "POST", "person.emails.0.value");
        let outcome = world.contact("contact.created", jane()).await;
        assert_eq!(outcome.reasons, ["The e-mail address is none that Krayin takes and was left out."], "{server:?}");
        assert_eq!((outcome.created.as_slice(), world.sim.leads().len()), (["person", "lead"].as_slice(), 1));
        assert_eq!(values(&person(&world, outcome.ids.get("person")), "contact_numbers"), ["+14155550182"]);
        assert_eq!(world.contact("contact.updated", jane()).await.requests, 0, "{server:?}");

        refuse(&world, "PUT", "emails.0.value");
        let changed = with(jane(), json!({"email": "odd@example.com", "name": "Jane Smith"}));
        let outcome = world.contact("contact.updated", changed).await;
        assert_eq!(outcome.reasons, ["The e-mail address is none that Krayin takes and was left out."], "{server:?}");
        assert_eq!(person(&world, outcome.ids.get("person"))["name"], "Jane Smith", "{server:?}");

        let world = World::connected(server).await;
        refuse(&world, "POST", "person.emails.0.value");
        let outcome = world.contact("contact.created", with(jane(), json!({"phone_number": null}))).await;
        assert_eq!((outcome.status, outcome.reasons.len()), (Status::Skipped, 2), "{server:?} {outcome:?}");
        assert!(outcome.reasons[1].contains("takes nothing of what it could be known by"));
        assert_eq!(world.sim.persons().len(), 0, "{server:?}");
    }
}
