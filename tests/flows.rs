//! How many requests each event takes, counted by the server: the number is part of the contract.

use krayin_core::{records::Kind, sync::Status};
use krayin_sim::{Action, Fault, Server};
use krayin_tests::{SERVERS, World, conversation, jane, with};
use serde_json::{Value, json};

async fn world(server: Server, settings: Value) -> World {
    let mut world = World::connected(server).await;
    world.set(settings);
    world
}

const CONVERSATIONS: &str = r#"{"sync_conversations": true}"#;

fn conversations() -> Value {
    serde_json::from_str(CONVERSATIONS).unwrap()
}

#[tokio::test]
async fn a_conversation_is_two_requests_a_visible_change_two_and_another_none() {
    for server in SERVERS {
        for channel in ["Channel::WebWidget", "Channel::Email", "Channel::Whatsapp", "Channel::TwilioSms"] {
            let world = world(server, conversations()).await;
            let contact = world.contact("contact.created", jane()).await;
            let data = |fields: Value| json!({"conversation": with(conversation(channel), fields)});
            let begun = world.event("conversation.created", data(json!({}))).await.unwrap();
            assert_eq!(
                (begun.requests, begun.created.as_slice()),
                (2, ["activity"].as_slice()),
                "{server:?} {channel} {begun:?}"
            );
            let again = world
                .event("conversation_updated", data(json!({"waiting_since": "2026-11-24T11:00:00Z"})))
                .await
                .unwrap();
            assert_eq!((again.status, again.requests), (Status::Skipped, 0), "{server:?} {channel}");
            let done = world.event("conversation.updated", data(json!({"status": "resolved"}))).await.unwrap();
            assert_eq!((done.requests, done.updated.as_slice()), (2, ["activity"].as_slice()), "{server:?} {channel}");

            let activities = world.sim.activities();
            assert_eq!(activities.len(), 1);
            let activity = &activities[0];
            assert_eq!(activity["lead_ids"], json!([contact.ids.get("lead")]), "{server:?} {activity}");
            assert_eq!(activity["person_ids"], json!([contact.ids.get("person")]), "{server:?} {activity}");
            assert!(activity["title"].as_str().unwrap().starts_with("Conversation #42"));
            assert!(
                activity["is_done"] == json!(true) || activity["is_done"] == json!(1),
                "{server:?} {channel} {activity}"
            );
            let comment = activity["comment"].as_str().unwrap();
            assert!(comment.contains("Hello <b>there</b>") && comment.contains("esolved"), "{comment}");
        }
    }
}

/// A write that was carried out and never answered, and then another change, or the old value again.
#[tokio::test]
async fn what_a_lost_answer_left_is_known_as_ours() {
    for server in SERVERS {
        let world = world(server, conversations()).await;
        let ids = world.contact("contact.created", jane()).await.ids;
        let named = |name: &str| json!({"contact": with(jane(), json!({"name": name}))});
        let lost = |path: &str| world.sim.fault(Fault::on("PUT", path, Action::CloseAfterActing).times(3));
        let shown = async || {
            let person = world.client().get_person(ids.get("person").unwrap()).await.unwrap().name.unwrap();
            let lead = world.client().get_lead(ids.get("lead").unwrap()).await.unwrap().title.unwrap();
            (person, lead)
        };
        for (path, written) in [("/contacts/persons/*", "Jane 1"), ("/leads/*", "Jane 3")] {
            lost(path);
            world.event("contact.updated", named(written)).await.unwrap_err();
            world.event("contact.updated", named("Jane 2")).await.unwrap();
            assert_eq!(shown().await, ("Jane 2".into(), "Jane 2".into()), "{server:?} {path}");
            lost(path);
            world.event("contact.updated", named("Jane 4")).await.unwrap_err();
            world.event("contact.updated", named("Jane 2")).await.unwrap();
            assert_eq!(shown().await, ("Jane 2".into(), "Jane 2".into()), "{server:?} {path}, back again");
            let again = world.event("contact.updated", named("Jane 2")).await.unwrap();
            assert_eq!(again.requests, 0, "{server:?} {path}");
        }

        let data =
            |status: &str| json!({"conversation": with(conversation("Channel::Email"), json!({"status": status}))});
        world.event("conversation.created", data("open")).await.unwrap();
        let before = world.sim.activities()[0]["comment"].clone();
        lost("/activities/*");
        world.event("conversation.updated", data("resolved")).await.unwrap_err();
        assert_ne!(world.sim.activities()[0]["comment"], before);
        world.event("conversation.updated", data("open")).await.unwrap();
        assert_eq!(world.sim.activities()[0]["comment"], before, "{server:?}");
    }
}

#[tokio::test]
async fn a_schedule_is_right_on_the_servers_own_clock() {
    let world = world(Server::Krayin210, conversations()).await;
    world.contact("contact.created", jane()).await;
    let data = json!({"conversation": conversation("Channel::Whatsapp")});
    let begun = world.event("conversation.created", data).await.unwrap();
    assert_eq!(begun.utc_offset_minutes, Some(330));
    let activity = world.client().get_activity(begun.ids.get("activity").unwrap()).await.unwrap();
    assert!(
        activity.schedule_from.unwrap().starts_with("2026-11-24T10:00:00"),
        "10:00 UTC, whatever the server's clock"
    );
}

#[tokio::test]
async fn a_conversation_brings_its_contact_along() {
    for server in SERVERS {
        let world = world(server, conversations()).await;
        let data = json!({"conversation": conversation("Channel::Api")});
        let outcome = world.event("conversation.created", data).await.unwrap();
        assert_eq!(
            (outcome.requests, outcome.created.as_slice()),
            (4, ["person", "lead", "activity"].as_slice()),
            "{server:?}"
        );
        assert_eq!(
            outcome.ids.iter().map(|(kind, _)| kind).collect::<Vec<_>>(),
            ["person", "lead", "organization", "activity"]
        );
    }
}

#[tokio::test]
async fn toggles_mean_what_they_say() {
    let world = World::connected(Server::Krayin210).await;
    let skipped =
        world.event("conversation.created", json!({"conversation": conversation("Channel::Api")})).await.unwrap();
    assert_eq!((skipped.status, skipped.requests), (Status::Skipped, 0));
    let message = json!({"message": {"id": 1, "message_type": "incoming", "content": "x", "conversation": conversation("Channel::Api")}});
    let skipped = world.event("message.created", message).await.unwrap();
    assert_eq!((skipped.status, skipped.requests), (Status::Skipped, 0));
    let world = self::world(Server::Krayin210, conversations()).await;
    let anonymous = with(conversation("Channel::WebWidget"), json!({"contact": {"id": 9, "name": "winter-moon"}}));
    let skipped = world.event("conversation.created", json!({"conversation": anonymous})).await.unwrap();
    assert_eq!((skipped.status, skipped.requests), (Status::Skipped, 0));
    assert!(skipped.reasons[0].contains("neither an e-mail address nor a phone number"));
}

fn message(id: u64, fields: Value) -> Value {
    let message = json!({
        "id": id, "message_type": "incoming", "content": format!("Message {id}"), "created_at": "2026-11-24T10:01:00Z",
        "sender": {"name": "Jane Doe", "type": "Contact"}, "conversation": conversation("Channel::Whatsapp")
    });
    json!({"message": with(message, fields)})
}

#[tokio::test]
async fn a_message_is_one_request_and_done_from_its_beginning() {
    for server in SERVERS {
        let world = world(server, json!({"sync_messages": true})).await;
        let ids = world.contact("contact.created", jane()).await.ids;
        let outcome = world.event("message.created", message(1, json!({}))).await.unwrap();
        assert_eq!((outcome.requests, outcome.created.as_slice()), (1, ["activity"].as_slice()), "{server:?}");
        let again = world.event("message.created", message(1, json!({}))).await.unwrap();
        assert_eq!((again.status, again.requests), (Status::Skipped, 0));
        world.event("message.created", message(2, json!({"message_type": "outgoing"}))).await.unwrap();
        for hidden in
            [json!({"private": true}), json!({"message_type": "activity"}), json!({"message_type": "template"})]
        {
            let outcome = world.event("message.created", message(3, hidden.clone())).await.unwrap();
            assert_eq!((outcome.status, outcome.requests), (Status::Skipped, 0), "{hidden}");
        }
        let activities = world.sim.activities();
        assert_eq!(activities.len(), 2);
        for activity in activities {
            assert_eq!(activity["person_ids"], json!([ids.get("person")]));
            assert!(activity["is_done"] == json!(true) || activity["is_done"] == json!(1), "{activity}");
        }
    }
}

#[tokio::test]
async fn what_is_pending_is_looked_for_before_it_is_created() {
    let world = world(Server::Krayin210, json!({"sync_conversations": true, "sync_messages": true})).await;
    world.contact("contact.created", jane()).await;
    let data = json!({"conversation": conversation("Channel::Api")});
    let first = world.event("conversation.created", data.clone()).await.unwrap();
    // As a process leaves it that was killed between the create and the store.
    let pending = krayin_core::records::Stored {
        pending: true,
        server: world.client().connection().fingerprint(),
        ..Default::default()
    };
    krayin_core::records::Records::store(&world.records, Kind::Conversation, 420, &pending).await.unwrap();
    let again = world.event("conversation.created", data).await.unwrap();
    assert_eq!((again.ids.get("activity"), again.created.len()), (first.ids.get("activity"), 0));
    let first = world.event("message.created", message(5, json!({}))).await.unwrap();
    krayin_core::records::Records::store(&world.records, Kind::Message, 5, &pending).await.unwrap();
    let again = world.event("message.created", message(5, json!({}))).await.unwrap();
    assert_eq!((again.ids.get("activity"), again.created.len()), (first.ids.get("activity"), 0));
    assert_eq!(world.sim.activities().len(), 2);
}

#[tokio::test]
async fn an_activity_or_owner_that_was_deleted_is_healed_within_the_event() {
    for server in SERVERS {
        let world = world(server, json!({"sync_conversations": true, "on_deleted_in_krayin": "make_again"})).await;
        let owner = world.contact("contact.created", jane()).await.ids;
        let data = |fields: Value| json!({"conversation": with(conversation("Channel::Api"), fields)});
        let begun = world.event("conversation.created", data(json!({}))).await.unwrap();
        let client = world.client();
        client.delete(&format!("activities/{}", begun.ids.get("activity").unwrap()), &[]).await.unwrap();
        let healed = world.event("conversation.updated", data(json!({"status": "resolved"}))).await.unwrap();
        assert_eq!(healed.created, ["activity"], "{server:?} {healed:?}");
        assert_eq!(world.sim.activities().len(), 1);

        client.delete(&format!("leads/{}", owner.get("lead").unwrap()), &[]).await.unwrap();
        client.delete(&format!("contacts/persons/{}", owner.get("person").unwrap()), &[]).await.unwrap();
        world.forget(Kind::Conversation, 420).await;
        let title = "conversation 43 of a contact whose person was deleted";
        let other = data(json!({"id": 430, "display_id": 43, "subject": title}));
        let healed = world.event("conversation.created", other).await.unwrap();
        assert_eq!((world.sim.persons().len(), world.sim.leads().len()), (1, 1), "{server:?} {healed:?}");
        let activities = world.sim.activities();
        let activity = activities
            .iter()
            .find(|activity| activity["title"].as_str().unwrap().starts_with("Conversation #43"))
            .unwrap();
        assert_eq!(activity["lead_ids"], json!([world.sim.leads()[0]["id"]]), "{server:?} {activity}");
        assert_eq!(activity["person_ids"], json!([world.sim.persons()[0]["id"]]), "{server:?} {activity}");
    }
}

#[tokio::test]
async fn stages_go_forward_once_a_rule_in_two_requests() {
    for server in SERVERS {
        let world = world(server, json!({
            "stage_progression_enabled": true, "stage_on_conversation_created": "Follow Up", "stage_on_first_response": 3,
            "stage_on_conversation_resolved": "won"
        })).await;
        let lead_id = world.contact("contact.created", jane()).await.ids.get("lead").unwrap();
        let client = world.client();
        let data = |fields: Value| json!({"conversation": with(conversation("Channel::Api"), fields)});
        let stage = || async { client.get_lead(lead_id).await.unwrap().lead_pipeline_stage_id };

        let outcome = world.event("conversation.created", data(json!({}))).await.unwrap();
        assert_eq!((outcome.requests, outcome.updated.as_slice()), (2, ["stage"].as_slice()), "{server:?} {outcome:?}");
        assert_eq!(stage().await, Some(2));
        let outcome = world.event("conversation.created", data(json!({}))).await.unwrap();
        assert_eq!(outcome.requests, 0, "never twice");

        let reply = message(
            9,
            json!({
                "message_type": "outgoing", "sender": {"name": "Ann", "type": "User"},
                "conversation": with(conversation("Channel::Api"), json!({"first_reply_created_at": "2026-11-24T10:02:00Z"}))
            }),
        );
        let outcome = world.event("message.created", reply).await.unwrap();
        assert_eq!(outcome.requests, 2);
        assert_eq!(stage().await, Some(3));

        // A colleague moves it back; no rule moves it a second time.
        client.move_lead(lead_id, 1).await.unwrap();
        let replied = json!({"first_reply_created_at": "2026-11-24T10:02:00Z"});
        assert_eq!(world.event("conversation.updated", data(replied)).await.unwrap().requests, 0);

        let resolved = json!({"status": "resolved", "first_reply_created_at": "2026-11-24T10:02:00Z"});
        let outcome = world.event("conversation.resolved", data(resolved)).await.unwrap();
        assert_eq!(outcome.requests, 2);
        assert_eq!(stage().await, Some(5), "won");
        let other = json!({"id": 421, "display_id": 43});
        let outcome = world.event("conversation.created", data(other)).await.unwrap();
        assert_eq!((outcome.requests, outcome.updated.len()), (1, 0), "never out of won");
        assert_eq!(stage().await, Some(5));
    }
}

#[tokio::test]
async fn stages_that_changed_since_the_set_up_are_read_anew_and_a_rule_that_names_none_fires_later() {
    for server in SERVERS {
        let rules = json!({"stage_progression_enabled": true, "stage_on_conversation_created": "Prospect"});
        let mut world = world(server, rules).await;
        let lead = world.contact("contact.created", jane()).await.ids.get("lead").unwrap();
        let stage = async |world: &World| world.client().get_lead(lead).await.unwrap().lead_pipeline_stage_id;
        // As the set-up saw them long ago: one had another name, and they stood in another order.
        let mut traits = world.settings["traits"].clone();
        let now = traits["pipelines"].clone();
        traits["pipelines"][0]["stages"].as_array_mut().unwrap().reverse();
        traits["stages_at"] = json!(1);
        world.set(json!({"traits": traits}));
        let data = json!({"conversation": conversation("Channel::Api")});
        let outcome = world.event("conversation.created", data.clone()).await.unwrap();
        assert_eq!((outcome.requests, outcome.updated.as_slice()), (3, ["stage"].as_slice()), "{server:?} {outcome:?}");
        assert_eq!((stage(&world).await, serde_json::to_value(&outcome.pipelines).unwrap()), (Some(3), now.clone()));

        let fresh = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        traits["pipelines"] = now;
        for (name, stages_at, requests) in [("Nowhere", 1, 2), ("Nowhere", fresh, 0)] {
            traits["stages_at"] = json!(stages_at);
            world.set(json!({"stage_on_conversation_created": name, "traits": traits}));
            let other =
                json!({"conversation": with(conversation("Channel::Api"), json!({"id": 421, "display_id": 43}))});
            let outcome = world.event("conversation.created", other).await.unwrap();
            assert_eq!((outcome.requests, outcome.updated.len()), (requests, 0), "{server:?} {outcome:?}");
            assert!(outcome.reasons[0].contains("has no stage as the setting for created names it"), "{outcome:?}");
        }
        // Corrected; the conversation has begun long since.
        world.set(json!({"stage_on_conversation_created": "Negotiation"}));
        let other = json!({"conversation": with(conversation("Channel::Api"), json!({"id": 421, "display_id": 43}))});
        let outcome = world.event("conversation.updated", other.clone()).await.unwrap();
        assert_eq!((outcome.requests, outcome.updated.as_slice()), (2, ["stage"].as_slice()), "{server:?} {outcome:?}");
        assert_eq!(stage(&world).await, Some(4));
        assert_eq!(world.event("conversation.updated", other).await.unwrap().requests, 0);
    }
}

#[tokio::test]
async fn the_contact_table_holds_on_every_server() {
    for server in SERVERS {
        let world = World::connected(server).await;
        let client = world.client();
        let anonymous = json!({"id": 1, "name": "winter-moon"});
        assert_eq!(world.contact("contact.created", anonymous).await.requests, 0);
        assert_eq!(world.contact("contact.created", jane()).await.requests, 2, "new, nothing in Krayin");
        assert_eq!(world.contact("contact.updated", jane()).await.requests, 0, "nothing that Krayin sees");
        for (field, value) in [
            ("email", json!("jane.doe@example.com")),
            ("phone_number", json!("+14155550199")),
            ("additional_attributes", json!({"company_name": "Other Ltd"})),
            ("additional_attributes", json!({"company_name": "Other Ltd", "job_title": "CTO"})),
        ] {
            let mut changed = jane();
            changed[field] = value;
            let outcome = world.contact("contact.updated", changed.clone()).await;
            assert_eq!(outcome.requests, 2, "{server:?} {field} {outcome:?}");
            assert_eq!(world.contact("contact.updated", changed).await.requests, 0, "{server:?} {field}");
        }
        let renamed = with(jane(), json!({"name": "Jane Smith"}));
        assert_eq!(world.contact("contact.updated", renamed).await.requests, 4, "{server:?}: the lead's title too");

        let theirs = json!({
            "name": "John", "emails": [{"value": "john@example.com", "label": "work"}],
            "contact_numbers": [{"value": "+14155550111", "label": "work"}]
        });
        let person = client.create_person(theirs).await.unwrap();
        let john = json!({"id": 8, "name": "John", "email": "john@example.com", "phone_number": "+14155550111"});
        let outcome = world.contact("contact.created", john.clone()).await;
        assert_eq!(
            (outcome.requests, outcome.ids.get("person")),
            (3, Some(person.id)),
            "{server:?}: person there, no lead"
        );
        world.forget(Kind::Contact, 8).await;
        let outcome = world.contact("contact.updated", john).await;
        assert_eq!((outcome.requests, outcome.created.len()), (2, 0), "{server:?}: both there");
    }
}

#[tokio::test]
async fn a_workflow_on_persons_sees_the_new_person() {
    for server in SERVERS {
        let mut world = World::new(server);
        let workflow = json!({
            "name": "Greet", "description": "d", "entity_type": "persons", "event": "contacts.person.create.after",
            "condition_type": "and", "conditions": [], "actions": []
        });
        world.client().post("settings/workflows", workflow, &[]).await.unwrap();
        let (found, _) = krayin_core::setup::connect(&world.settings(), &world.client()).await.unwrap();
        assert!(found.traits.person_workflow, "{server:?}");
        world.set(serde_json::to_value(found).unwrap());
        let outcome = world.contact("contact.created", jane()).await;
        assert_eq!((outcome.requests, outcome.created.as_slice()), (3, ["person", "lead"].as_slice()), "{server:?}");
    }
}

/// The requests of each event on the API as the document tells it.
///
/// | event | requests |
/// |---|---|
/// | new contact | 3: search, person, lead |
/// | … with a company | 5: search, company's search, company, person, lead |
/// | … with a company that is there | 4: search, company's search, person, lead |
/// | nothing that Krayin shows changed | 0 |
/// | a field of the person changed | 2: read, write |
/// | … the company | 4: read, company's search, company, write |
/// | name changed, so the lead's title too | 4: read and write each |
/// | person there, no lead | 3: search, leads' search, lead |
/// | person and lead there | 2: search, leads' search |
/// | new conversation, changed conversation, new message | 1 |
/// | conversation of a new contact | 4: search, person, lead, activity |
/// | stage rule | 2: read, write |
#[tokio::test]
async fn the_documented_table_holds() {
    let settings = json!({"sync_conversations": true, "sync_messages": true});
    let world = world(Server::Documented, settings).await;
    let client = world.client();
    let company = |name: &str| json!({"company_name": name});
    let jane = |fields: Value| with(with(jane(), json!({"additional_attributes": company("Acme")})), fields);
    let outcome = world.contact("contact.created", jane(json!({}))).await;
    assert_eq!((outcome.requests, outcome.created.as_slice()), (5, ["organization", "person", "lead"].as_slice()));
    let ids = outcome.ids;
    assert_eq!(world.contact("contact.updated", jane(json!({}))).await.requests, 0);
    let phone = json!({"phone_number": "+14155550199"});
    assert_eq!(world.contact("contact.updated", jane(phone.clone())).await.requests, 2);
    let moved = with(phone, json!({"additional_attributes": company("Other Ltd")}));
    assert_eq!(world.contact("contact.updated", jane(moved.clone())).await.requests, 4);
    let renamed = with(moved, json!({"name": "Jane Smith"}));
    let outcome = world.contact("contact.updated", jane(renamed.clone())).await;
    assert_eq!((outcome.requests, outcome.updated.as_slice()), (4, ["person", "lead"].as_slice()));
    world.forget(Kind::Contact, 7).await;
    let outcome = world.contact("contact.updated", jane(renamed)).await;
    assert_eq!((outcome.requests, outcome.created.len()), (2, 0), "both there: {outcome:?}");
    assert_eq!([outcome.ids.get("person"), outcome.ids.get("lead")], [ids.get("person"), ids.get("lead")]);
    let asked: Vec<_> = world.sim.requests().into_iter().map(|asked| (asked.method, asked.path)).collect();
    let searched = |path: &str| ("POST".to_owned(), path.to_owned());
    assert_eq!(asked, [searched("/persons/search"), searched("/leads/search")], "no list that the document lacks");

    let alone = json!({"id": 8, "name": "John", "email": "john@example.com"});
    let outcome = world.contact("contact.created", alone).await;
    assert_eq!((outcome.requests, outcome.created.as_slice()), (3, ["person", "lead"].as_slice()), "new");
    let colleague =
        json!({"id": 9, "name": "Jim", "email": "jim@example.com", "additional_attributes": company("acme")});
    let outcome = world.contact("contact.created", colleague).await;
    assert_eq!((outcome.requests, outcome.created.as_slice()), (4, ["person", "lead"].as_slice()), "known company");
    let theirs = json!({"name": "Joe", "emails": [{"value": "Joe@example.com", "label": "work"}]});
    let person = client.create_person(theirs).await.unwrap().id;
    let outcome = world.contact("contact.created", json!({"id": 10, "name": "Joe", "email": "joe@example.com"})).await;
    assert_eq!((outcome.requests, outcome.ids.get("person")), (3, Some(person)), "person there, no lead");

    let data = |fields: Value| json!({"conversation": with(conversation("Channel::Whatsapp"), fields)});
    let begun = world.event("conversation.created", data(json!({}))).await.unwrap();
    assert_eq!((begun.requests, begun.created.as_slice()), (1, ["activity"].as_slice()), "{begun:?}");
    assert_eq!(world.event("conversation.updated", data(json!({}))).await.unwrap().requests, 0);
    let done = world.event("conversation.updated", data(json!({"status": "resolved"}))).await.unwrap();
    assert_eq!((done.requests, done.updated.as_slice()), (2, ["activity"].as_slice()));
    let other = json!({"id": 5, "display_id": 5, "contact": {"id": 20, "name": "New", "email": "new@example.com"}});
    let outcome = world.event("conversation.created", data(other)).await.unwrap();
    assert_eq!((outcome.requests, outcome.created.as_slice()), (4, ["person", "lead", "activity"].as_slice()));
    assert_eq!(world.event("message.created", message(1, json!({}))).await.unwrap().requests, 1);
    for activity in world.sim.activities() {
        assert_eq!(activity["person_ids"].as_array().unwrap().len(), 1, "{activity}");
    }
    assert_eq!((world.sim.persons().len(), world.sim.leads().len(), world.sim.organizations().len()), (5, 5, 2));

    let stages = json!({"stage_progression_enabled": true, "stage_on_conversation_created": 2});
    let world = self::world(Server::Documented, stages).await;
    world.contact("contact.created", jane(json!({}))).await;
    let outcome = world.event("conversation.created", data(json!({}))).await.unwrap();
    assert_eq!((outcome.requests, outcome.updated.as_slice()), (2, ["stage"].as_slice()));
    assert_eq!(world.sim.leads()[0]["lead_pipeline_stage_id"], 2);
}
