//! Contacts that become one or are deleted in Chatwoot, and what was said with them.

#[allow(dead_code, reason = "what the other tests use of it")]
mod support;

use krayin_core::{
    records::{Kind, State},
    sync::{Outcome, Status},
};
use krayin_sim::{Action, Change, Fault, Outage, Server};
use serde_json::{Value, json};

use support::{SERVERS, World, conversation, jane};

/// Who was merged into Jane.
fn joan() -> Value {
    json!({"id": 8, "name": "Joan D.", "phone_number": "+14155550199"})
}

fn jane_with(fields: Value) -> Value {
    let mut jane = jane();
    for (key, value) in fields.as_object().unwrap() {
        jane[key] = value.clone();
    }
    jane
}

fn talk_of(contact: Value) -> Value {
    let mut talk = conversation("Channel::Api");
    talk["contact"] = contact;
    talk
}

fn message_of(contact: Value) -> Value {
    json!({"message": {
        "id": 3, "message_type": "incoming", "content": "My card is 4111", "created_at": "2026-11-24T10:01:00Z",
        "sender": {"name": "Joan D.", "type": "Contact"}, "conversation": talk_of(contact)
    }})
}

/// Jane and Joan, each with a person and a lead; Joan with a conversation and a message.
async fn two(server: Server) -> World {
    let mut world = World::connected(server).await;
    world.set(json!({"sync_conversations": true, "sync_messages": true}));
    world.contact("contact.created", jane_with(json!({"phone_number": null}))).await;
    world.contact("contact.created", joan()).await;
    world.event("conversation.created", json!({"conversation": talk_of(joan())})).await.unwrap();
    world.event("message.created", message_of(joan())).await.unwrap();
    world
}

/// As Chatwoot merges them: Jane gets what she had not.
fn both() -> Value {
    json!({"contact": jane_with(json!({"phone_number": "+14155550199"})), "merged": joan()})
}

async fn merge(world: &World) -> Outcome {
    world.event("contact.merged", both()).await.unwrap()
}

/// An event that is broken off at its `nth` request.
async fn break_off(world: &World, name: &str, data: &Value, nth: usize, action: &Action) {
    world.sim.clear_requests();
    world.sim.fault(Fault::next(action.clone()).nth(u32::try_from(nth).unwrap()).times(Fault::FOREVER));
    let event = krayin_core::sync::Event::from_json(name, data.to_string().as_bytes()).unwrap();
    let _ = krayin_core::sync::process(&event, &world.settings(), &world.client(), &world.records).await;
    world.sim.clear_faults();
}

/// A merge that is broken off at its `nth` request, and done again.
async fn merge_again(world: &World, nth: usize, action: &Action) {
    break_off(world, "contact.merged", &both(), nth, action).await;
    merge(world).await;
}

fn values(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|entry| entry["value"].as_str().unwrap_or_default().to_owned()).collect()
}

fn change(world: &World, change: Value) {
    let (change, _) = Change::from_json(&change).unwrap();
    world.sim.change(&change).unwrap_or_else(|why| panic!("{change:?}: {why}"));
}

#[tokio::test]
async fn what_the_merged_one_was_known_by_and_what_it_said_comes_to_the_kept_one() {
    for server in SERVERS {
        let world = two(server).await;
        let outcome = merge(&world).await;
        assert_eq!(outcome.status, Status::Synced, "{server:?} {outcome:?}");
        let persons = world.sim.persons();
        assert_eq!(persons.len(), 2, "nothing is deleted");
        assert_eq!(values(&persons[0]["emails"]), ["jane@example.com"], "{server:?}");
        assert_eq!(values(&persons[0]["contact_numbers"]), ["+14155550199"], "{server:?}: no placeholder stays");
        assert_eq!(persons[1]["name"], format!("Joan D. (merged into #{})", persons[0]["id"]), "{server:?}");
        assert!(!persons[1].to_string().contains("+14155550199"), "{server:?} {}", persons[1]);
        assert!(world.sim.leads()[1]["title"].as_str().unwrap().contains("(merged into #"), "{server:?}");
        assert!(world.sim.broken_pages().is_empty(), "{server:?}");
        // What was said.
        let contact = both()["contact"].clone();
        world.event("conversation.updated", json!({"conversation": talk_of(contact.clone())})).await.unwrap();
        world.event("message.created", message_of(contact.clone())).await.unwrap();
        for activity in world.sim.activities() {
            let linked = |key: &str, id: &Value| activity[key].as_array().unwrap().contains(id);
            assert!(linked("person_ids", &persons[0]["id"]), "{server:?} {activity}");
        }
        let lead = world.sim.leads()[0]["id"].clone();
        assert!(world.sim.activities().iter().any(|activity| activity["lead_ids"].as_array().unwrap().contains(&lead)));
        // Once.
        for (name, data) in [
            ("contact.merged", both()),
            ("conversation.updated", json!({"conversation": talk_of(contact.clone())})),
            ("message.created", message_of(contact)),
        ] {
            let again = world.event(name, data).await.unwrap();
            assert_eq!((again.status, again.requests), (Status::Skipped, 0), "{server:?} {name} {again:?}");
        }
    }
}

#[tokio::test]
async fn an_e_mail_address_that_chatwoot_drops_is_kept_beside_the_other() {
    let world = World::connected(Server::Krayin210).await;
    world.contact("contact.created", jane()).await;
    let joan = json!({"id": 8, "name": "Joan", "email": "joan@example.com", "phone_number": "+14155550199"});
    world.contact("contact.created", joan.clone()).await;
    world.event("contact.merged", json!({"contact": jane(), "merged": joan})).await.unwrap();
    let person = &world.sim.persons()[0];
    assert_eq!(values(&person["emails"]), ["jane@example.com", "joan@example.com"]);
    assert_eq!(values(&person["contact_numbers"]), ["+14155550182", "+14155550199"]);
    let changed = world.contact("contact.updated", jane_with(json!({"email": "jane@new.example.com"}))).await;
    assert_eq!(changed.status, Status::Synced);
    assert_eq!(values(&world.sim.persons()[0]["emails"]), ["jane@new.example.com", "joan@example.com"]);
}

/// Who was merged into Joan before she was merged into Jane.
fn june() -> Value {
    json!({"id": 9, "name": "June", "email": "june@example.com", "phone_number": "+4930123456"})
}

/// June's person gives all to Joan's, which has other things of its own.
async fn chained(server: Server) -> World {
    let world = two(server).await;
    world.contact("contact.created", june()).await;
    let outcome = world.event("contact.merged", json!({"contact": joan(), "merged": june()})).await.unwrap();
    assert_eq!(outcome.status, Status::Synced, "{server:?} {outcome:?}");
    world
}

fn known_by(person: &Value) -> Vec<String> {
    [values(&person["emails"]), values(&person["contact_numbers"])].concat()
}

#[tokio::test]
async fn what_came_by_a_merge_goes_on_with_the_next_one() {
    for server in SERVERS {
        let world = chained(server).await;
        let outcome = merge(&world).await;
        assert_eq!((outcome.status, outcome.doubtful.len()), (Status::Synced, 0), "{server:?} {outcome:?}");
        let all = ["jane@example.com", "june@example.com", "+14155550199", "+4930123456"];
        assert_eq!(known_by(&world.sim.persons()[0]), all, "{server:?}");
        let rest = json!(world.sim.persons()[1..]).to_string();
        assert!(all.iter().all(|known| !rest.contains(known)), "{server:?} {rest}");
        assert_eq!(merge(&world).await.requests, 0, "{server:?}");
        // It stays when the contact changes.
        let changed = jane_with(json!({"phone_number": "+14155550177"}));
        world.contact("contact.updated", changed).await;
        assert!(known_by(&world.sim.persons()[0]).contains(&"+4930123456".to_owned()), "{server:?}");
    }
}

#[tokio::test]
async fn what_came_by_a_merge_goes_where_the_contact_s_data_goes() {
    for server in SERVERS {
        let mut world = chained(server).await;
        world.set(json!({"on_contact_deleted": "erase"}));
        world.contact("contact.deleted", joan()).await;
        let there = json!(world.sim.persons()).to_string();
        for known in ["june@example.com", "+4930123456", "+14155550199"] {
            assert!(!there.contains(known), "{server:?} {known} {there}");
        }
        assert!(there.contains("jane@example.com"));
    }
}

#[tokio::test]
async fn a_chain_of_merges_that_was_broken_off_anywhere_ends_the_same() {
    let world = chained(Server::Krayin210).await;
    let before = world.sim.requests().len();
    merge(&world).await;
    let expected: Vec<_> = world.sim.persons().iter().map(known_by).collect();
    for nth in 1..=world.sim.requests().len() - before {
        for action in [Action::CloseBeforeActing, Action::CloseAfterActing, Action::Outage(Outage::Maintenance)] {
            let world = chained(Server::Krayin210).await;
            merge_again(&world, nth, &action).await;
            let ended: Vec<_> = world.sim.persons().iter().map(known_by).collect();
            assert_eq!(ended, expected, "{nth} {action:?}");
        }
    }
}

#[tokio::test]
async fn the_kept_one_that_had_no_person_has_what_the_other_one_was_known_by_too() {
    for server in SERVERS {
        let world = World::connected(server).await;
        world.contact("contact.created", joan()).await;
        let kept = json!({"id": 9, "name": "Joan D.", "email": "joan@example.com"});
        for _ in 0..2 {
            world.event("contact.merged", json!({"contact": kept.clone(), "merged": joan()})).await.unwrap();
            let persons = world.sim.persons();
            assert_eq!(persons.len(), 1, "{server:?}");
            assert_eq!(known_by(&persons[0]), ["joan@example.com", "+14155550199"], "{server:?}");
        }
        let again = world.contact("contact.updated", kept).await;
        assert_eq!((again.status, again.requests), (Status::Skipped, 0), "{server:?} {again:?}");
    }
}

#[tokio::test]
async fn the_kept_one_goes_on_with_the_other_s_person_where_it_has_none() {
    let world = World::connected(Server::Krayin210).await;
    let before = world.contact("contact.created", joan()).await;
    let kept = json!({"id": 9, "name": "Joan D.", "phone_number": "+14155550199"});
    let outcome = world.event("contact.merged", json!({"contact": kept.clone(), "merged": joan()})).await.unwrap();
    assert_eq!((outcome.ids.get("person"), outcome.requests), (before.ids.get("person"), 0), "{outcome:?}");
    let outcome = world.contact("contact.updated", kept).await;
    assert_eq!((outcome.status, world.sim.persons().len()), (Status::Skipped, 1));
}

#[tokio::test]
async fn a_person_that_a_colleague_edited_stays_and_both_are_named() {
    for edit in [
        json!({"change": "edit_person", "person": 2, "fields": {"job_title": "Director"}}),
        json!({"change": "edit_person", "person": 2, "fields": {"name": "Joan of Arc"}}),
        json!({"change": "add_email", "person": 2, "value": "joan@home.example", "label": "home"}),
        json!({"change": "add_number", "person": 2, "value": "+4930123456", "label": "work"}),
    ] {
        let world = two(Server::Krayin210).await;
        change(&world, edit.clone());
        let before = world.sim.persons();
        let outcome = merge(&world).await;
        assert_eq!((outcome.status, outcome.doubtful.clone()), (Status::Skipped, vec![1, 2]), "{edit} {outcome:?}");
        assert_eq!(world.sim.persons(), before, "{edit}");
        let told = || {
            let stored = world.records.get(Kind::Contact, 7);
            (stored.state, stored.reason.unwrap().code)
        };
        assert_eq!(told(), (Some(State::Doubtful), "merged_apart".to_owned()), "{edit}");
        // The number is the other one's still.
        world.contact("contact.updated", both()["contact"].clone()).await;
        assert_eq!(told(), (Some(State::Doubtful), "merged_apart".to_owned()), "{edit}");
    }
}

#[tokio::test]
async fn a_person_that_was_found_is_a_colleague_s() {
    let world = World::connected(Server::Krayin210).await;
    let body = json!({"name": "Joan D.", "emails": [{"value": "x@y.example", "label": "work"}],
        "contact_numbers": [{"value": "+14155550199", "label": "work"}]});
    world.client().create_person(body).await.unwrap();
    world.contact("contact.created", joan()).await;
    let ours =
        world.contact("contact.created", jane_with(json!({"phone_number": null}))).await.ids.get("person").unwrap();
    let outcome = merge(&world).await;
    assert_eq!(outcome.doubtful, [ours, 1], "{outcome:?}");
}

#[tokio::test]
async fn a_merge_that_was_broken_off_anywhere_ends_the_same() {
    let world = two(Server::Krayin210).await;
    merge(&world).await;
    let shown = |world: &World| {
        let persons = world.sim.persons();
        let fields = |person: &Value| {
            [person["name"].clone(), json!(values(&person["emails"])), json!(values(&person["contact_numbers"]))]
        };
        json!({"persons": persons.iter().map(fields).collect::<Vec<_>>(), "titles": world.sim.leads().iter().map(|lead| lead["title"].clone()).collect::<Vec<_>>()})
    };
    let expected = shown(&world);
    let count = world.sim.requests().len();
    assert!(count >= 5);
    for nth in 1..=count {
        for action in [Action::CloseBeforeActing, Action::CloseAfterActing, Action::Outage(Outage::Maintenance)] {
            let world = two(Server::Krayin210).await;
            merge_again(&world, nth, &action).await;
            assert_eq!(shown(&world), expected, "{nth} {action:?}");
        }
    }
}

#[tokio::test]
async fn what_was_deleted_loses_its_words_and_a_colleague_s_records_stay() {
    for server in SERVERS {
        let world = two(server).await;
        let shown = || json!([world.sim.activities()]).to_string();
        assert!(shown().contains("4111"));
        let gone = world.event("message.deleted", json!({"message": {"id": 3}})).await.unwrap();
        assert_eq!(gone.updated, ["activity"], "{server:?}");
        assert!(!shown().contains("4111") && !shown().contains("Message from Joan"), "{server:?} {}", shown());
        assert!(shown().contains("Hello"));
        world.event("conversation.deleted", json!({"conversation": {"id": 420}})).await.unwrap();
        assert!(!shown().contains("Hello"), "{server:?}");
        for (name, data) in [
            ("message.deleted", json!({"message": {"id": 3}})),
            ("conversation.deleted", json!({"conversation": {"id": 420}})),
            ("message.deleted", json!({"message": {"id": 99}})),
        ] {
            let again = world.event(name, data).await.unwrap();
            assert_eq!((again.status, again.requests), (Status::Skipped, 0), "{server:?} {name}");
        }
        assert!(world.sim.broken_pages().is_empty());
    }
}

#[tokio::test]
async fn what_was_broken_off_anywhere_and_then_deleted_leaves_no_words() {
    let said = |kind: &str, data: Value| (format!("{kind}.created"), format!("{kind}.deleted"), data);
    for (created, deleted, data) in
        [said("conversation", json!({"conversation": talk_of(jane())})), said("message", message_of(jane()))]
    {
        let mut left = 0;
        for nth in 1..=8 {
            for action in [Action::CloseBeforeActing, Action::CloseAfterActing, Action::Outage(Outage::Maintenance)] {
                let mut world = World::connected(Server::Krayin210).await;
                world.set(json!({"sync_conversations": true, "sync_messages": true}));
                world.contact("contact.created", jane()).await;
                break_off(&world, &created, &data, nth, &action).await;
                let shown = || json!([world.sim.activities()]).to_string();
                left += world.sim.activities().len();
                world.event(&deleted, data.clone()).await.unwrap();
                assert!(
                    !shown().contains("4111") && !shown().contains("Hello"),
                    "{created} {nth} {action:?} {}",
                    shown()
                );
            }
        }
        assert!(left > 0, "{created}");
    }
}

#[tokio::test]
async fn whose_a_message_is_is_known_from_before_it_is_there() {
    for action in [Action::CloseBeforeActing, Action::CloseAfterActing] {
        let mut world = World::connected(Server::Krayin210).await;
        world.set(json!({"sync_messages": true}));
        world.contact("contact.created", joan()).await;
        break_off(&world, "message.created", &message_of(joan()), 1, &action).await;
        let kept = world.records.get(Kind::Message, 3);
        assert_eq!((kept.pending, kept.parent, kept.contact), (true, 420, 8), "{action:?}");
        world.event("message.created", message_of(joan())).await.unwrap();
        let kept = world.records.get(Kind::Message, 3);
        assert_eq!((kept.pending, kept.parent, kept.contact), (false, 420, 8), "{action:?}");
    }
}

#[tokio::test]
async fn a_colleague_s_words_stay_where_ours_go() {
    let world = two(Server::Krayin210).await;
    for (activity, name, data) in [
        (0, "conversation.deleted", json!({"conversation": {"id": 420}})),
        (1, "message.deleted", json!({"message": {"id": 3}})),
    ] {
        let words = |world: &World| world.sim.activities()[activity]["comment"].as_str().unwrap_or_default().to_owned();
        let comment = format!("{}<br>Call back on Monday", words(&world));
        change(
            &world,
            json!({"change": "edit_activity", "activity": world.sim.activities()[activity]["id"], "fields": {"comment": comment}}),
        );
        world.event(name, data).await.unwrap();
        let left = words(&world);
        assert!(left.contains("Call back on Monday") && left.contains("was deleted in Chatwoot"), "{left}");
        assert!(!left.contains("4111") && !left.contains("Hello"), "{left}");
    }
}

/// What Joan said, as she has put it since.
fn said_anew(words: &str) -> Value {
    let mut said = message_of(joan());
    said["message"]["content"] = words.into();
    said
}

#[tokio::test]
async fn what_a_message_says_anew_stands_where_it_said_something_else() {
    for server in SERVERS {
        let world = two(server).await;
        let shown = || json!([world.sim.activities()]).to_string();
        let count = world.sim.activities().len();
        let outcome = world.event("message.updated", said_anew("My card is *gone*")).await.unwrap();
        assert_eq!((outcome.requests, outcome.updated.as_slice()), (2, ["activity"].as_slice()), "{server:?}");
        assert!(shown().contains("gone") && !shown().contains("4111"), "{server:?} {}", shown());
        assert_eq!(world.sim.activities().len(), count);
        for again in ["message.updated", "message.created"] {
            let outcome = world.event(again, said_anew("My card is *gone*")).await.unwrap();
            assert_eq!((outcome.status, outcome.requests), (Status::Skipped, 0), "{server:?} {again}");
        }
        // One that came before its first event is new.
        let mut early = said_anew("Already changed");
        early["message"]["id"] = 4.into();
        let outcome = world.event("message.updated", early).await.unwrap();
        assert_eq!(outcome.created, ["activity"], "{server:?}");
        // Of one that was deleted nothing comes back.
        world.event("message.deleted", json!({"message": {"id": 3}})).await.unwrap();
        let outcome = world.event("message.updated", said_anew("Back")).await.unwrap();
        assert_eq!((outcome.status, outcome.requests), (Status::Skipped, 0), "{server:?}");
        assert!(!shown().contains("gone") && !shown().contains("Back"), "{server:?} {}", shown());
        assert!(world.sim.broken_pages().is_empty());
    }
}

#[tokio::test]
async fn a_colleague_s_words_stay_where_a_message_says_something_else() {
    let world = two(Server::Krayin210).await;
    let activity = |world: &World| world.sim.activities()[1].clone();
    let words = |world: &World| activity(world)["comment"].as_str().unwrap_or_default().to_owned();
    let write = |comment: &str| {
        let id = activity(&world)["id"].clone();
        change(&world, json!({"change": "edit_activity", "activity": id, "fields": {"comment": comment}}));
    };
    write(&format!("{}<br>Call back on Monday", words(&world)));
    world.event("message.updated", said_anew("My card is gone")).await.unwrap();
    let left = words(&world);
    assert!(left.contains("gone") && left.contains("Call back on Monday") && !left.contains("4111"), "{left}");
    write("Settled by phone");
    let outcome = world.event("message.updated", said_anew("Once more")).await.unwrap();
    assert_eq!((words(&world).as_str(), outcome.updated.len()), ("Settled by phone", 0), "{outcome:?}");
}

#[tokio::test]
async fn a_deleted_contact_is_kept_marked_or_erased() {
    for server in SERVERS {
        let mut world = two(server).await;
        let before = (world.sim.persons(), world.sim.leads());
        let outcome = world.contact("contact.deleted", joan()).await;
        assert_eq!((outcome.status, outcome.requests), (Status::Skipped, 0));
        assert_eq!((world.sim.persons(), world.sim.leads()), before);

        world.set(json!({"on_contact_deleted": "unlink_and_mark"}));
        let outcome = world.contact("contact.deleted", jane()).await;
        assert_eq!(outcome.created, ["activity"], "{server:?}");
        assert_eq!((world.sim.persons(), world.sim.leads()), before);
        assert_eq!(world.contact("contact.deleted", jane()).await.requests, 0);
        assert_eq!(world.contact("contact.updated", jane()).await.requests, 0, "it does not come back");

        world.set(json!({"on_contact_deleted": "erase"}));
        let outcome = world.contact("contact.deleted", json!({"id": 8})).await;
        assert_eq!(outcome.updated, ["person", "lead"], "{server:?} {outcome:?}");
        let there = json!([world.sim.persons(), world.sim.leads()]).to_string();
        assert!(!there.contains("Joan") && !there.contains("+14155550199"), "{server:?} {there}");
        assert!(there.contains("Deleted contact") && there.contains("Jane Doe"));
        assert_eq!(world.contact("contact.deleted", json!({"id": 8})).await.requests, 0);
        assert!(world.sim.broken_pages().is_empty(), "{server:?}");
    }
}

#[tokio::test]
async fn erasing_leaves_what_a_colleague_entered() {
    let world = two(Server::Krayin210).await;
    change(
        &world,
        json!({"change": "edit_person", "person": 2, "fields": {"name": "Joan of Arc", "job_title": "Saint"}}),
    );
    change(&world, json!({"change": "add_email", "person": 2, "value": "joan@home.example", "label": "home"}));
    let outcome = world.contact("contact.erased", json!({"id": 8})).await;
    let person = &world.sim.persons()[1];
    assert_eq!((person["name"].as_str(), person["job_title"].as_str()), (Some("Joan of Arc"), Some("Saint")));
    assert_eq!(values(&person["emails"]), ["joan@home.example"]);
    assert!(!person.to_string().contains("+14155550199"), "{person}");
    assert!(outcome.reasons.iter().any(|reason| reason.contains("edited in Krayin")), "{outcome:?}");

    let world = World::connected(Server::Krayin210).await;
    let body = json!({"name": "Joan D.", "emails": [{"value": "x@y.example", "label": "work"}],
        "contact_numbers": [{"value": "+14155550199", "label": "work"}]});
    world.client().create_person(body).await.unwrap();
    world.contact("contact.created", joan()).await;
    let before = world.sim.persons();
    let outcome = world.contact("contact.erased", joan()).await;
    assert_eq!((world.sim.persons(), outcome.updated), (before, vec!["lead"]));
}
