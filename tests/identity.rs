//! Whom a contact is taken for: addresses and numbers as people write them, on every server, and what cannot be decided.

use krayin_core::{
    chatwoot::Contact,
    reason::Reason,
    records::{Kind, Records, State, Stored, Verdict},
    sync::{Status, find_lead, find_person},
};
use krayin_sim::{Action, Fault, Server};
use krayin_tests::{ALL_SERVERS, World};
use serde_json::{Value, json};

fn work(value: &str) -> Value {
    json!({"value": value, "label": "work"})
}

async fn person(world: &World, name: &str, emails: &[&str], numbers: &[&str]) -> u64 {
    let entries = |values: &[&str]| values.iter().map(|value| work(value)).collect::<Vec<_>>();
    let person = json!({"name": name, "emails": entries(emails), "contact_numbers": entries(numbers)});
    world.client().create_person(person).await.unwrap().id
}

#[tokio::test]
async fn an_address_is_found_however_it_is_written() {
    let table = [
        (vec!["JANE.DOE@Example.COM"], "jane.doe@example.com"),
        (vec!["McDonald@Example.com"], "mcdonald@example.com"),
        (vec!["info@ExampleCorp.com"], "info@examplecorp.com"),
        (vec!["ÖZGÜR@example.com"], "özgür@example.com"),
        (vec!["other@example.com", "Jane.Doe@Example.com"], "jane.doe@example.com"),
        (vec!["jo@x.io"], "jo@x.io"),
        (vec!["a@b.co"], "a@b.co"),
        (vec!["jane@example.com"], "jane@exa\u{200b}mple.com"),
        (vec!["jane@example.com"], "\u{feff}jane@example.com"),
        (vec!["jane@example.com"], "jane@example.com\u{202c}"),
        (vec!["jane@example.com"], "ja\u{2060}ne@example.com"),
        (vec!["jane@example.com"], "mailto:Jane@Example.com"),
        (vec!["jane@example.com"], "Jane Doe <jane@example.com>"),
        (vec!["jane@example.com"], "(jane@example.com)."),
        (vec!["jane@example.com"], "joe@example.org, jane@example.com"),
    ];
    for server in ALL_SERVERS {
        for (theirs, ours) in &table {
            let world = World::connected(server).await;
            let known = person(&world, "J", theirs, &["+14155550100"]).await;
            let outcome = world.contact("contact.created", json!({"id": 7, "name": "J", "email": ours})).await;
            assert_eq!(outcome.ids.get("person"), Some(known), "{server:?} {theirs:?} {ours:?} {outcome:?}");
            assert_eq!(world.sim.persons().len(), 1);
        }
    }
}

#[tokio::test]
async fn near_hits_hide_nobody() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        for n in 0..60 {
            let (near, number) = (format!("caro{n}ana@example.com"), format!("+1415555{n:04}"));
            person(&world, "Near", &[&near], &[&number]).await;
        }
        let known = person(&world, "Ana", &["ana@example.com"], &["+14155559999"]).await;
        let ana = json!({"id": 7, "name": "Ana", "email": "ana@example.com", "phone_number": "+14155559999"});
        let outcome = world.contact("contact.created", ana).await;
        assert_eq!((outcome.ids.get("person"), world.sim.persons().len()), (Some(known), 61), "{server:?} {outcome:?}");
    }
}

#[tokio::test]
async fn a_number_is_found_however_it_is_written() {
    let table = [
        ("(11) 9 8765-4321", "+5511987654321"),
        ("0207 946 0018", "+442079460018"),
        ("030 / 90 18 20", "+4930901820"),
        ("0631 966 540", "+213631966540"),
        ("+91 987 654 3210", "+919876543210"),
        ("0645678901", "+390645678901"),
        ("001 650 253 0000", "+16502530000"),
        ("011 49 30 901820", "+4930901820"),
        ("+551187654321", "+5511987654321"),
        ("+5511987654321", "+551187654321"),
        ("+5215512345678", "+525512345678"),
        ("+525512345678", "+5215512345678"),
        ("0351 15 234-5678", "+5493512345678"),
        ("51234", "+50051234"),
        ("22722", "+29022722"),
        ("+682 71234", "+68271234"),
        ("＋４９ ３０ ９０１８２０", "+4930901820"),
        ("+٤٩٣٠٩٠١٨٢٠", "+4930901820"),
        ("\u{202a}+49 30 90\u{200b}1820\u{202c}", "+4930901820"),
    ];
    let mut missed = Vec::new();
    for server in ALL_SERVERS {
        for (theirs, ours) in table {
            // The document's server knows ASCII's digits alone.
            if server == Server::Documented && !theirs.is_ascii() {
                continue;
            }
            let world = World::connected(server).await;
            let known = person(&world, "Jane", &["jane@example.com"], &["+14155550100", theirs]).await;
            let outcome =
                world.contact("contact.created", json!({"id": 7, "name": "Jane", "phone_number": ours})).await;
            if (outcome.ids.get("person"), world.sim.persons().len()) != (Some(known), 1) {
                missed.push(format!("{server:?} {theirs} {ours}"));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[tokio::test]
async fn what_is_no_number_is_nobody_elses() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        person(&world, "Luc", &["luc@example.com"], &["+33672829916"]).await;
        person(&world, "Hotline", &["hotline@example.com"], &["+18005550199"]).await;
        for (id, number) in [(7, "+3367a829916"), (8, "1-800-555-0199 ext 5")] {
            let contact = json!({"id": id, "name": "Someone", "phone_number": number});
            let outcome = world.contact("contact.created", contact).await;
            assert_eq!(outcome.created, ["person", "lead"], "{server:?} {number} {outcome:?}");
        }
        assert_eq!(world.sim.persons().len(), 4);
    }
}

#[tokio::test]
async fn the_installations_country_is_that_of_numbers_without_one() {
    for server in ALL_SERVERS {
        let mut world = World::connected(server).await;
        world.set(json!({"default_country": "gb"}));
        let london = person(&world, "Ann", &["ann@example.com"], &["020 7946 0958"]).await;
        let pune = json!({"id": 7, "name": "Asha", "phone_number": "+912079460958"});
        assert_eq!(world.contact("contact.created", pune).await.created, ["person", "lead"], "{server:?}");
        let known = json!({"id": 8, "name": "Ann", "phone_number": "0207 946 0958"});
        assert_eq!(world.contact("contact.created", known).await.ids.get("person"), Some(london), "{server:?}");
    }
}

#[tokio::test]
async fn two_people_at_one_phone_stay_two() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let number = "+14155550182";
        let alice = json!({"id": 1, "name": "Alice", "email": "alice@example.com", "phone_number": number});
        let alice = world.contact("contact.created", alice).await.ids.get("person");
        let bob = json!({"id": 2, "name": "Bob", "email": "bob@example.com", "phone_number": number});
        let outcome = world.contact("contact.created", bob).await;
        assert_eq!(outcome.created, ["person", "lead"], "{server:?}");
        assert_eq!(
            outcome.reasons,
            ["The phone number belongs to another person in Krayin and stays with that one."],
            "{server:?}"
        );
        let holders: Vec<Value> = world.sim.persons();
        let holders: Vec<_> =
            holders.iter().filter(|person| person["contact_numbers"].to_string().contains(number)).collect();
        assert_eq!((holders.len(), holders[0]["id"].as_u64()), (1, alice), "{server:?}");
        assert_eq!(holders[0]["name"], "Alice");

        // With the number alone nobody can tell whether Carl is Alice.
        let before = (world.sim.persons(), world.sim.leads());
        let carl = json!({"id": 3, "name": "Carl", "phone_number": number});
        let outcome = world.contact("contact.created", carl.clone()).await;
        assert_eq!((outcome.status, outcome.doubtful.as_slice()), (Status::Skipped, alice.as_slice()), "{outcome:?}");
        let named = format!("Contact 3 has the phone number of person {}", alice.unwrap());
        assert!(outcome.reasons[0].starts_with(&named), "{outcome:?}");
        assert_eq!((world.sim.persons(), world.sim.leads()), before, "{server:?}: nothing is written");
        // A person decides by giving one of them an address.
        let mut decided = carl;
        decided["email"] = json!("carl@example.com");
        assert_eq!(world.contact("contact.updated", decided).await.created, ["person", "lead"], "{server:?}");
    }
}

#[tokio::test]
async fn a_shared_number_is_nobodys_alone() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let eve = person(&world, "Eve Poe", &["eve@example.com"], &["(415) 555-0182"]).await;
        let bob = person(&world, "Bob Roe", &["bob@example.com"], &["415.555.0182"]).await;
        let contact = |id: u64, name: &str| json!({"id": id, "name": name, "phone_number": "+14155550182"});
        let outcome = world.contact("contact.created", contact(7, "Front desk")).await;
        assert_eq!(outcome.doubtful, [eve, bob], "{server:?} {outcome:?}");
        let outcome = world.contact("contact.created", contact(8, "Bob")).await;
        assert_eq!(outcome.ids.get("person"), Some(bob), "{server:?} {outcome:?}");
    }
}

/// Someone says what Carl is, who has Alice's number.
async fn say(world: &World, contact: u64, verdict: Verdict, person: Option<u64>) {
    let mut stored = world.records.get(Kind::Contact, contact);
    stored.decide(verdict, person).unwrap();
    world.records.store(Kind::Contact, contact, &stored).await.unwrap();
}

fn holders(world: &World, number: &str) -> Vec<u64> {
    let has = |person: &Value| person["contact_numbers"].to_string().contains(number);
    world.sim.persons().iter().filter(|person| has(person)).map(|person| person["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_person_decides_what_is_doubtful_and_the_next_event_acts_once() {
    let number = "+14155550182";
    let carl = json!({"id": 3, "account_id": 1, "name": "Carl Poe", "phone_number": number});
    for server in ALL_SERVERS {
        // Alice has an address of her own, or came from a contact with the number alone.
        for address in [Some("alice@example.com"), None] {
            for verdict in [Verdict::Same, Verdict::Another, Verdict::Later] {
                let mut world = World::connected(server).await;
                world.set(json!({"sync_conversations": true}));
                let alice = json!({"id": 1, "name": "Alice Roe", "email": address, "phone_number": number});
                let alice = world.contact("contact.created", alice).await.ids.get("person").unwrap();
                let talk = json!({"conversation": {"id": 5, "display_id": 5, "account_id": 1, "contact": carl,
                    "channel_type": "Channel::Api", "created_at": "2026-11-24T10:00:00Z"}});
                for data in [json!({"contact": carl}), talk.clone()] {
                    let name = if data["contact"].is_object() { "contact.created" } else { "conversation.created" };
                    let outcome = world.event(name, data).await.unwrap();
                    let what = format!("{server:?} {address:?} {verdict:?} {outcome:?}");
                    assert_eq!((outcome.status, outcome.doubtful), (Status::Skipped, vec![alice]), "{what}");
                    assert_eq!(outcome.why, [Reason::Doubtful { contact: 3, persons: vec![alice] }], "{what}");
                    let kept = world.records.get(Kind::Contact, 3);
                    assert_eq!((kept.state, kept.pending), (Some(State::Doubtful), false), "{what}");
                    let reason = kept.reason.unwrap();
                    assert_eq!(reason.code, "doubtful", "{what}");
                    assert_eq!(json!(reason.params), json!({"contact": 3, "persons": [alice]}), "{what}");
                }
                assert_eq!((world.sim.persons().len(), world.sim.activities().len()), (1, 0), "{server:?}");

                say(&world, 3, verdict, None).await;
                let outcome = world.contact("contact.updated", carl.clone()).await;
                let what = format!("{server:?} {address:?} {verdict:?} {outcome:?}");
                match verdict {
                    Verdict::Same => {
                        assert_eq!(outcome.ids.get("person"), Some(alice), "{what}");
                        assert_eq!(world.sim.persons().len(), 1, "{what}");
                        assert_eq!(world.sim.persons()[0]["name"], "Alice Roe", "{what}");
                    }
                    Verdict::Another => {
                        assert_eq!(
                            (outcome.created.as_slice(), world.sim.persons().len()),
                            (&["person", "lead"][..], 2),
                            "{what}"
                        );
                        assert_ne!(outcome.ids.get("person"), Some(alice), "{what}");
                        assert_eq!(outcome.why, [Reason::PhoneAnothers], "{what}");
                    }
                    Verdict::Later => {
                        assert_eq!(
                            (outcome.status, outcome.doubtful.as_slice()),
                            (Status::Skipped, &[alice][..]),
                            "{what}"
                        );
                    }
                }
                assert_eq!(holders(&world, number), [alice], "{what}");
                let is_decided = verdict != Verdict::Later;
                // Once: what comes next finds everything in its place.
                let persons = world.sim.persons();
                let again = world.contact("contact.updated", carl.clone()).await;
                assert_eq!(again.requests == 0, is_decided, "{what} {again:?}");
                let outcome = world.event("conversation.created", talk).await.unwrap();
                assert_eq!(outcome.created == ["activity"], is_decided, "{what} {outcome:?}");
                assert_eq!(world.sim.persons(), persons, "{what}");
                let state = world.records.get(Kind::Contact, 3).state;
                assert_eq!(state == Some(State::Doubtful), !is_decided, "{what} {state:?}");
            }
        }
    }
}

#[tokio::test]
async fn another_is_made_once_though_its_answers_are_lost() {
    let number = "+14155550182";
    for server in ALL_SERVERS {
        for at in 1..=3 {
            for action in [Action::CloseBeforeActing, Action::CloseAfterActing] {
                let world = World::connected(server).await;
                let alice = json!({"id": 1, "name": "Alice Roe", "phone_number": number});
                let alice = world.contact("contact.created", alice).await.ids.get("person").unwrap();
                let carl = json!({"id": 3, "account_id": 1, "name": "Carl Poe", "phone_number": number});
                world.contact("contact.created", carl.clone()).await;
                say(&world, 3, Verdict::Another, Some(alice)).await;
                world.sim.fault(Fault::next(action.clone()).nth(at).times(12));
                let first = world.event("contact.updated", json!({"contact": carl})).await;
                world.sim.clear_faults();
                world.contact("contact.updated", carl.clone()).await;
                let what = format!("{server:?} {at} {action:?} {first:?}");
                assert_eq!((world.sim.persons().len(), world.sim.leads().len()), (2, 2), "{what}");
                assert_eq!(holders(&world, number), [alice], "{what}");
                assert_eq!(world.contact("contact.updated", carl).await.requests, 0, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn of_several_the_one_that_was_said_is_taken() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let eve = person(&world, "Eve Poe", &["eve@example.com"], &["(415) 555-0182"]).await;
        let bob = person(&world, "Bob Roe", &["bob@example.com"], &["415.555.0182"]).await;
        let desk = json!({"id": 7, "name": "Front desk", "phone_number": "+14155550182"});
        assert_eq!(world.contact("contact.created", desk.clone()).await.doubtful, [eve, bob], "{server:?}");
        say(&world, 7, Verdict::Same, Some(bob)).await;
        let outcome = world.contact("contact.updated", desk.clone()).await;
        assert_eq!((outcome.ids.get("person"), world.sim.persons().len()), (Some(bob), 2), "{server:?} {outcome:?}");
        // Another person turns up for one who was said to be another: that is a new question.
        let world = World::connected(server).await;
        let eve = person(&world, "Eve Poe", &["eve@example.com"], &["(415) 555-0182"]).await;
        world.contact("contact.created", desk.clone()).await;
        say(&world, 7, Verdict::Another, None).await;
        let bob = person(&world, "Bob Roe", &["bob@example.com"], &["415.555.0182"]).await;
        let outcome = world.contact("contact.updated", desk).await;
        assert_eq!(outcome.doubtful, [bob], "{server:?} not {eve}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_number_that_moved_does_not_make_the_second_the_first() {
    let number = "+14155550182";
    for server in ALL_SERVERS {
        for (first, second) in [
            (json!({"email": "alice@example.com"}), json!({})),
            (json!({"email": "alice@example.com"}), json!({"email": "bob@example.com"})),
            (json!({}), json!({"email": "bob@example.com"})),
            (json!({}), json!({})),
        ] {
            for in_order in [true, false] {
                let world = World::connected(server).await;
                let with = |id: u64, name: &str, number: Value, fields: &Value| {
                    let mut contact = json!({"id": id, "account_id": 1, "name": name, "phone_number": number});
                    contact.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
                    contact
                };
                let alice = with(1, "Alice Roe", json!(number), &first);
                let ids = world.contact("contact.created", alice).await.ids;
                let moved = with(1, "Alice Roe", json!("+14155550199"), &first);
                let bob = with(2, "Bob Poe", json!(number), &second);
                let events = if in_order { [moved, bob] } else { [bob, moved] };
                for contact in events {
                    world.contact("contact.updated", contact).await;
                }
                let kept = world.records.get(Kind::Contact, 2);
                let what = format!("{server:?} {first} {second} {in_order} {kept:?} {:?}", world.sim.persons());
                assert_ne!(kept.ids.get("person"), ids.get("person"), "{what}");
                let alice = world.sim.persons().into_iter().find(|person| person["id"].as_u64() == ids.get("person"));
                let alice = alice.unwrap();
                assert_eq!(alice["name"], "Alice Roe", "{what}");
                assert!(!alice.to_string().contains("bob@example.com"), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_number_that_moved_is_not_taken_before_the_first_contact_s_own_event() {
    let number = "+14155550182";
    let whatsapp = json!([{"channel_type": "Channel::Whatsapp", "source_id": "14155550182"}]);
    for server in ALL_SERVERS {
        for address in [json!("alice@example.com"), json!(null)] {
            // Bob, a nickname and nobody's name; what a network has delivered from, and what was only typed; with an
            // address of their own and without.
            for name in [json!("Bob Poe"), json!("Mimi 🌸"), json!(null), json!("+14155550182")] {
                for inboxes in [whatsapp.clone(), json!([])] {
                    for own in [json!("bob@example.com"), json!(null)] {
                        let world = World::connected(server).await;
                        let alice = json!({"id": 1, "account_id": 1, "name": "Alice Roe", "email": address, "phone_number": number});
                        let ids = world.contact("contact.created", alice.clone()).await.ids;
                        let bob = json!({"id": 2, "account_id": 1, "name": name, "email": own, "phone_number": number,
                            "contact_inboxes": inboxes, "has_conversation": true});
                        let first = world.contact("contact.updated", bob.clone()).await;
                        let what = format!("{server:?} {address} {name} {inboxes} {own} {first:?}");
                        assert_ne!(first.ids.get("person"), ids.get("person"), "{what}");
                        let mut moved = alice;
                        moved["phone_number"] = json!("+14155550199");
                        world.contact("contact.updated", moved.clone()).await;
                        // What was doubtful is told by the next event, with the number.
                        let then = world.contact("contact.updated", bob.clone()).await;
                        let what = format!("{what} {then:?} {:?}", world.sim.persons());
                        assert_ne!(then.ids.get("person"), ids.get("person"), "{what}");
                        assert!(then.ids.get("person").is_some(), "{what}");
                        assert_eq!((world.sim.persons().len(), world.sim.leads().len()), (2, 2), "{what}");
                        let persons = world.sim.persons();
                        let alice = persons.iter().find(|person| person["id"].as_u64() == ids.get("person")).unwrap();
                        assert_eq!(alice["name"], "Alice Roe", "{what}");
                        assert!(!alice.to_string().contains("bob@"), "{what}");
                        assert_eq!(world.contact("contact.updated", moved).await.requests, 0, "{what}");
                        assert_eq!(world.contact("contact.updated", bob).await.requests, 0, "{what}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_subscriber_s_nickname_is_no_other_person() {
    let whatsapp = json!([{"channel_type": "Channel::Whatsapp", "source_id": "14155550182"}]);
    let mimi = json!({"id": 3, "name": "Mimi 🌸", "phone_number": "+14155550182", "contact_inboxes": whatsapp});
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let maria = person(&world, "Maria Silva", &["maria@example.com"], &["(415) 555-0182"]).await;
        let outcome = world.contact("contact.created", mimi.clone()).await;
        assert_eq!((outcome.ids.get("person"), world.sim.persons().len()), (Some(maria), 1), "{server:?} {outcome:?}");
        assert_eq!(world.sim.persons()[0]["name"], "Maria Silva", "{server:?}");
        // A number that two answer is the desk's, whatever network it writes through.
        let world = World::connected(server).await;
        let maria = person(&world, "Maria Silva", &["maria@example.com"], &["(415) 555-0182"]).await;
        let joao = person(&world, "João Souza", &["joao@example.com"], &["415 555 0182"]).await;
        let outcome = world.contact("contact.created", mimi.clone()).await;
        assert_eq!(outcome.doubtful, [maria, joao], "{server:?} {outcome:?}");
    }
}

#[tokio::test]
async fn a_placeholder_is_known_by_being_ours() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let real = "chatwoot-support@agency.example";
        let theirs = person(&world, "Jane Doe", &[real], &["+14155550182"]).await;
        let jane = json!({"id": 7, "name": "Jane Doe", "phone_number": "+14155550182"});
        assert_eq!(world.contact("contact.created", jane.clone()).await.ids.get("person"), Some(theirs), "{server:?}");
        let mut known = jane.clone();
        known["email"] = json!("jane@example.com");
        world.contact("contact.updated", known.clone()).await;
        let emails = world.sim.persons()[0]["emails"].to_string();
        assert!(emails.contains(real) && emails.contains("jane@example.com"), "{server:?} {emails}");

        // One of version 0.1 gives way.
        let world = World::connected(server).await;
        person(&world, "Jane Doe", &["chatwoot-0123456789ab@chatwoot.invalid"], &["+14155550182"]).await;
        world.contact("contact.created", known).await;
        let emails = world.sim.persons()[0]["emails"].to_string();
        assert!(emails.contains("jane@example.com") && !emails.contains("chatwoot-"), "{server:?} {emails}");

        // The same number alone gets the same one, and another installation another.
        let placeholder = async |key: &str| {
            let mut world = World::connected(server).await;
            world.set(json!({"digest_key": key}));
            world.contact("contact.created", jane.clone()).await;
            world.sim.persons()[0]["emails"][0]["value"].clone()
        };
        assert_eq!(placeholder("one").await, placeholder("one").await, "{server:?}");
        assert_ne!(placeholder("one").await, placeholder("two").await, "{server:?}");
    }
}

#[tokio::test]
async fn finders_take_the_kept_id_first() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let jane = json!({"id": 7, "name": "Jane Doe", "email": "jane@example.com", "phone_number": "+14155550182"});
        let ids = world.contact("contact.created", jane.clone()).await.ids;
        let (person_id, lead_id) = (ids.get("person").unwrap(), ids.get("lead").unwrap());
        let contact = Contact::from_json(jane.to_string().as_bytes());
        let (settings, client) = (world.settings(), world.client());
        let find = async |contact: &Contact| find_person(contact, &settings, &client, &world.records).await.unwrap().id;
        // A colleague changed all that it could be found by.
        let changed =
            json!({"name": "Jane Roe", "emails": [work("j@example.org")], "contact_numbers": [work("+14155550199")]});
        client.update_person(person_id, changed).await.unwrap();
        world.sim.clear_requests();
        assert_eq!(find(&contact).await, person_id, "{server:?}");
        assert_eq!(world.sim.requests().len(), 1, "{server:?}");
        let lead = find_lead(&contact, person_id, &settings, &client, &world.records).await.unwrap();
        assert_eq!((lead.id, world.sim.requests().len()), (lead_id, 2), "{server:?}");

        // An id that nobody has looked at is taken where the person is the contact.
        let mut stored = world.records.get(Kind::Contact, 7);
        stored.unverified = true;
        world.records.store(Kind::Contact, 7, &stored).await.unwrap();
        let other = find(&contact).await;
        assert_ne!(other, person_id, "{server:?}: it has nothing of the contact any more");

        // One that is gone is looked for.
        let world = World::connected(server).await;
        let mut stored = Stored { server: "x".into(), ..Stored::default() };
        stored.ids.set("person", 999);
        world.records.store(Kind::Contact, 7, &stored).await.unwrap();
        let known = person(&world, "Jane", &["jane@example.com"], &["+14155550182"]).await;
        let (settings, client) = (world.settings(), world.client());
        assert_eq!(find_person(&contact, &settings, &client, &world.records).await.unwrap().id, known, "{server:?}");
    }
}
