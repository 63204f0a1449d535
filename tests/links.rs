//! Which server ids belong to, and what is done with those that nobody has seen to be right.

#[allow(dead_code, reason = "what the other tests use of it")]
mod support;

use krayin_core::{
    DigestKey,
    records::{Kind, Records, Stored},
    sync::Status,
};
use krayin_sim::{Change, Record, Server};
use serde_json::{Value, json};

use support::{World, conversation, jane};

async fn everything(server: Server) -> World {
    let mut world = World::connected(server).await;
    world.set(json!({"sync_conversations": true, "sync_messages": true}));
    world
}

fn message() -> Value {
    json!({"message": {
        "id": 3, "message_type": "incoming", "content": "Hello", "created_at": "2026-11-24T10:01:00Z",
        "sender": {"name": "Jane Doe", "type": "Contact"}, "conversation": conversation("Channel::Api")
    }})
}

/// As the same Krayin is reached by another name.
async fn move_to(world: &mut World, host: &str) {
    let url = world.settings["api_url"].as_str().unwrap().replace("127.0.0.1", host);
    world.set(json!({"api_url": url, "traits": {}}));
    let found = krayin_core::setup::connect(&world.settings(), &world.client()).await.unwrap().0;
    world.set(serde_json::to_value(found).unwrap());
}

#[tokio::test]
async fn the_same_krayin_by_another_name_is_known_and_nothing_is_doubled() {
    for server in [Server::Krayin210, Server::Krayin223Official, Server::Krayin223Community] {
        let mut world = everything(server).await;
        let before = world.contact("contact.created", jane()).await;
        let data = json!({"conversation": conversation("Channel::Api")});
        world.event("conversation.created", data.clone()).await.unwrap();
        world.event("message.created", message()).await.unwrap();
        move_to(&mut world, "localhost").await;
        for (name, data) in [
            ("contact.updated", json!({"contact": jane()})),
            ("conversation.updated", data.clone()),
            ("message.created", message()),
        ] {
            // One read each, the first time; none after that.
            let outcome = world.event(name, data.clone()).await.unwrap();
            assert_eq!((outcome.status, outcome.requests), (Status::Skipped, 1), "{server:?} {name} {outcome:?}");
            let outcome = world.event(name, data).await.unwrap();
            assert_eq!((outcome.status, outcome.requests), (Status::Skipped, 0), "{server:?} {name} {outcome:?}");
        }
        let mut changed = jane();
        changed["name"] = json!("Jane Roe");
        let after = world.contact("contact.updated", changed).await;
        assert_eq!((after.ids, after.updated), (before.ids, vec!["person", "lead"]), "{server:?}");
        assert_eq!((world.sim.persons().len(), world.sim.leads().len(), world.sim.activities().len()), (1, 1, 2));
    }
}

#[tokio::test]
async fn an_address_that_changed_at_the_same_moment_as_the_contact_s_own_doubles_nobody() {
    let mut world = everything(Server::Krayin210).await;
    world.set(json!({"digest_key": "the installation's"}));
    world.contact("contact.created", jane()).await;
    move_to(&mut world, "localhost").await;
    let moved = json!({"id": 7, "name": "Jane Doe", "email": "jane@new.example.com",
        "additional_attributes": {"company_name": "Acme, Inc."}});
    let outcome = world.contact("contact.updated", moved).await;
    assert_eq!((outcome.created.len(), world.sim.persons().len()), (0, 1), "{outcome:?}");
    assert_eq!(world.sim.persons()[0]["emails"][0]["value"], "jane@new.example.com");
}

#[tokio::test]
async fn ids_that_name_somebody_else_are_found_out_by_one_read() {
    let world = everything(Server::Krayin210).await;
    let victim = world.contact("contact.created", jane()).await;
    // As a visitor could write them, and an upgrade takes them over.
    let forged = Stored {
        ids: victim.ids.clone(),
        server: world.client().connection().fingerprint(),
        unverified: true,
        sent: [("name".to_owned(), DigestKey::default().digest("Jane Doe").text().to_owned())].into(),
        ..Stored::default()
    };
    krayin_core::records::Records::store(&world.records, Kind::Contact, 8, &forged).await.unwrap();
    let visitor = json!({"id": 8, "name": "Mallory", "email": "mallory@example.com"});
    let mut talk = conversation("Channel::Api");
    talk["contact"] = visitor;
    talk["id"] = json!(430);
    let outcome = world.event("conversation.created", json!({"conversation": talk})).await.unwrap();
    assert!(outcome.created.contains(&"person"), "{outcome:?}");
    let persons = world.sim.persons();
    assert_eq!((persons.len(), &persons[0]["name"]), (2, &json!("Jane Doe")));
    assert_eq!(world.sim.activities()[0]["person_ids"], json!([persons[1]["id"]]));
    let kept = world.records.get(Kind::Contact, 8);
    assert_eq!(kept.ids.get("person"), persons[1]["id"].as_u64());
}

#[tokio::test]
async fn what_an_upgrade_moved_is_used_after_one_read_without_an_address_or_number_to_know_it_by() {
    let mut world = everything(Server::Krayin210).await;
    world.set(json!({"digest_key": "the installation's"}));
    let known = world.contact("contact.created", jane()).await;
    let moved = Stored {
        ids: known.ids.clone(),
        unverified: true,
        sent: [("identity".to_owned(), DigestKey::new(b"the installation's").digest("jane@example.com").text().into())]
            .into(),
        ..Stored::default()
    };
    krayin_core::records::Records::store(&world.records, Kind::Contact, 7, &moved).await.unwrap();
    let outcome = world.contact("contact.updated", json!({"id": 7, "name": "Jane Doe"})).await;
    assert_eq!((outcome.ids.get("person"), outcome.created.len()), (known.ids.get("person"), 0), "{outcome:?}");
    let kept = world.records.get(Kind::Contact, 7);
    assert!(!kept.unverified && !kept.sent.contains_key("identity") && kept.server.starts_with("krayin-"));
}

#[tokio::test]
async fn another_krayin_keeps_its_ids_beside_and_has_them_again_when_it_comes_back() {
    let mut world = everything(Server::Krayin210).await;
    let first = world.contact("contact.created", jane()).await;
    let (settings, sim) = (world.settings.clone(), std::mem::replace(&mut world.sim, other().await));
    let url = world.sim.url();
    world.set(json!({"api_url": url, "traits": {}}));
    let found = krayin_core::setup::connect(&world.settings(), &world.client()).await.unwrap().0;
    world.set(serde_json::to_value(found).unwrap());
    let filler = json!({"id": 99, "name": "Someone", "email": "someone@example.com"});
    world.contact("contact.created", filler).await;
    let second = world.contact("contact.updated", jane()).await;
    assert_eq!(second.created, ["person", "lead"]);
    assert_ne!(second.ids.get("person"), first.ids.get("person"));
    world.settings = settings;
    world.sim = sim;
    let again = world.contact("contact.updated", jane()).await;
    assert_eq!((again.ids.get("person"), again.requests), (first.ids.get("person"), 0), "{again:?}");
}

async fn other() -> krayin_sim::Sim {
    World::new(Server::Krayin223Official).sim
}

/// As a reading of all of Krayin leaves it.
async fn doubt(world: &World, what: &str) {
    let stored = world.records.get(Kind::Contact, 7);
    let doubted = Stored { doubted: what.into(), unverified: true, ..stored };
    world.records.store(Kind::Contact, 7, &doubted).await.unwrap();
}

#[tokio::test]
async fn what_was_doubted_and_is_there_is_used_again_after_one_read() {
    for server in [Server::Krayin210, Server::Krayin223Official, Server::Krayin223Community] {
        let world = everything(server).await;
        let before = world.contact("contact.created", jane()).await;
        for what in ["person", "lead", "organization"] {
            doubt(&world, what).await;
            let outcome = world.contact("contact.updated", jane()).await;
            assert_eq!((&outcome.ids, outcome.requests), (&before.ids, 1), "{server:?} {what} {outcome:?}");
            let outcome = world.contact("contact.updated", jane()).await;
            assert_eq!((&outcome.ids, outcome.requests), (&before.ids, 0), "{server:?} {what} {outcome:?}");
        }
        assert_eq!((world.sim.persons().len(), world.sim.leads().len()), (1, 1), "{server:?}");
    }
}

#[tokio::test]
async fn a_conversation_s_own_lead_that_was_doubted_is_looked_at_and_stays_deleted_or_is_made_again() {
    for server in [Server::Krayin210, Server::Krayin223Official, Server::Krayin223Community] {
        for (on_deleted, left) in [("respect", 0), ("make_again", 1)] {
            let mut world = everything(server).await;
            world.set(json!({"lead_policy": "per_conversation", "on_deleted_in_krayin": on_deleted}));
            let talk = json!({"conversation": conversation("Channel::Api")});
            let before = world.event("conversation.created", talk.clone()).await.unwrap();
            let id = before.ids.get("lead").unwrap();
            let doubt = async || {
                let stored = world.records.get(Kind::Conversation, 420);
                let doubted = Stored { doubted: "lead".into(), ..stored };
                world.records.store(Kind::Conversation, 420, &doubted).await.unwrap();
            };
            doubt().await;
            let outcome = world.event("conversation.updated", talk.clone()).await.unwrap();
            assert_eq!((outcome.ids.get("lead"), outcome.requests), (Some(id), 1), "{server:?} {outcome:?}");
            world.sim.change(&Change::DeleteLead { lead: Record::Id(id) }).unwrap();
            doubt().await;
            let outcome = world.event("conversation.updated", talk.clone()).await.unwrap();
            assert_eq!(world.sim.leads().len(), left, "{server:?} {outcome:?}");
            let kept = world.records.get(Kind::Conversation, 420);
            assert_eq!((kept.ids.get("lead").is_some(), kept.doubted.as_str()), (left == 1, ""), "{server:?} {kept:?}");
            // Where its note went with it, that stays so as well, or is made again.
            let leads: Vec<Value> = world.sim.leads().iter().map(|lead| lead["id"].clone()).collect();
            let notes = world.sim.activities();
            assert!(left == 0 || notes.len() == 1, "{server:?} {notes:?}");
            assert!(notes.iter().all(|note| note["lead_ids"] == json!(leads)), "{server:?} {on_deleted} {notes:?}");
            let outcome = world.event("conversation.updated", talk).await.unwrap();
            assert_eq!(outcome.requests, 0, "{server:?} {on_deleted} {outcome:?}");
        }
    }
}

/// A contact of a company, with its person's id and the organization's.
async fn employed(server: Server, on_deleted: &str) -> (World, Value, u64, u64) {
    let mut world = everything(server).await;
    world.set(json!({"sync_to_organization": true, "on_deleted_in_krayin": on_deleted}));
    let mut contact = jane();
    contact["additional_attributes"] = json!({"company_name": "Globex, Ltd"});
    world.contact("contact.created", contact.clone()).await;
    let ids = world.records.get(Kind::Contact, 7).ids;
    let (person, organization) = (ids.get("person").unwrap(), ids.get("organization").unwrap());
    (world, contact, person, organization)
}

fn organization_of(world: &World, person: u64) -> Option<u64> {
    let persons = world.sim.persons();
    persons.iter().find(|one| one["id"] == person).unwrap().pointer("/organization/id").and_then(Value::as_u64)
}

fn act(world: &World, change: &Value) {
    world.sim.change(&Change::from_json(change).unwrap().0).unwrap();
}

#[tokio::test]
async fn an_organization_that_is_gone_goes_by_the_settings_and_one_that_was_left_stays_left() {
    for server in [Server::Krayin210, Server::Krayin223Official, Server::Krayin223Community] {
        for policy in ["respect", "make_again"] {
            let (world, contact, person, organization) = employed(server, policy).await;
            act(&world, &json!({"change": "delete_organization", "organization": organization}));
            doubt(&world, "organization").await;
            let outcome = world.contact("contact.updated", contact.clone()).await;
            let kept = world.records.get(Kind::Contact, 7);
            let now = organization_of(&world, person);
            assert_eq!((kept.ids.get("organization"), kept.doubted.as_str()), (now, ""), "{server:?} {outcome:?}");
            assert_eq!((now.is_some(), kept.unverified), (policy == "make_again", false), "{server:?} {policy}");
            let again = world.contact("contact.updated", contact.clone()).await;
            assert_eq!(again.requests, 0, "{server:?} {policy} {again:?}");

            let (world, contact, person, _) = employed(server, policy).await;
            act(&world, &json!({"change": "edit_person", "person": person, "fields": {"organization_id": null}}));
            doubt(&world, "organization").await;
            let outcome = world.contact("contact.updated", contact).await;
            assert_eq!((organization_of(&world, person), outcome.requests), (None, 2), "{server:?} {policy}");
            assert_eq!(world.records.get(Kind::Contact, 7).ids.get("organization"), None, "{server:?} {policy}");
        }
    }
}

#[tokio::test]
async fn nothing_of_a_contact_goes_to_a_person_who_is_somebody_else_by_now() {
    for server in [Server::Krayin210, Server::Krayin223Official, Server::Krayin223Community] {
        let world = everything(server).await;
        let person = world.contact("contact.created", jane()).await.ids.get("person").unwrap();
        let other = json!({"name": "Ann Lee", "emails": [{"value": "ann@else.example", "label": "work"}],
            "contact_numbers": [{"value": "+14155550199", "label": "work"}]});
        world.client().update_person(person, other).await.unwrap();
        doubt(&world, "person").await;
        let before = (world.sim.persons(), world.sim.leads(), world.sim.activities());
        let data = json!({"conversation": conversation("Channel::Api")});
        for (name, data) in [
            ("contact.updated", json!({"contact": jane()})),
            ("conversation.created", data),
            ("message.created", message()),
        ] {
            let outcome = world.event(name, data).await.unwrap();
            assert_eq!(
                (outcome.doubtful.as_slice(), outcome.status),
                (&[person][..], Status::Skipped),
                "{server:?} {name}"
            );
        }
        let after = (world.sim.persons(), world.sim.leads(), world.sim.activities());
        assert_eq!(format!("{before:?}"), format!("{after:?}"), "{server:?}");
        let stored = world.records.get(Kind::Contact, 7);
        assert_eq!(stored.reason.unwrap().code, "changed_hands", "{server:?}");
    }
}
