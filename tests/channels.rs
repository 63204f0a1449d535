//! Contacts of channels that know neither e-mail address nor number: they appear once, are found again, and stay who they
//! are when an address turns up.

use krayin_core::{records::Kind, sync::Status};
use krayin_sim::{Action, Fault, Server};
use krayin_tests::{ALL_SERVERS, World, conversation, with};
use serde_json::{Value, json};

/// As Chatwoot keeps a contact of each channel, and what its person shows.
fn contacts() -> Vec<(&'static str, Value, &'static str, Option<&'static str>)> {
    let contact = |source_id: &str, channel: &str, attributes: Value| {
        json!({
            "id": 31, "account_id": 1, "name": "Sojan Jose", "additional_attributes": attributes, "has_conversation": true,
            "contact_inboxes": [{"channel_type": format!("Channel::{channel}"), "source_id": source_id}]
        })
    };
    let telegram = json!({
        "username": "sojan", "language_code": "en", "social_telegram_user_id": 23423423, "social_telegram_user_name": "sojan"
    });
    let instagram = json!({"social_profiles": {"instagram": "sojan.j"}, "social_instagram_user_name": "sojan.j"});
    let tiktok = json!({
        "username": "sojan_t", "social_profiles": {"tiktok": "sojan_t"}, "social_tiktok_user_id": "77",
        "social_tiktok_user_name": "sojan_t"
    });
    let whatsapp = json!({"social_profiles": {"whatsapp": "sojan"}, "social_whatsapp_user_name": "sojan"});
    vec![
        ("Telegram", contact("23423423", "Telegram", telegram), "Telegram: @sojan", Some("https://t.me/sojan")),
        (
            "Instagram",
            contact("17841401", "Instagram", instagram.clone()),
            "Instagram: @sojan.j",
            Some("https://www.instagram.com/sojan.j"),
        ),
        (
            "FacebookPage",
            contact("17841402", "FacebookPage", instagram),
            "Instagram: @sojan.j",
            Some("https://www.instagram.com/sojan.j"),
        ),
        ("FacebookPage", contact("5423421", "FacebookPage", json!({})), "Facebook Messenger: 5423421", None),
        ("Line", contact("U4af498", "Line", json!({"social_line_user_id": "U4af498"})), "LINE: U4af498", None),
        ("Tiktok", contact("conv-9", "Tiktok", tiktok), "TikTok: @sojan_t", Some("https://www.tiktok.com/@sojan_t")),
        (
            "TwitterProfile",
            contact("14890961", "TwitterProfile", json!({"screen_name": "sojanx"})),
            "X: @sojanx",
            Some("https://x.com/sojanx"),
        ),
        ("Whatsapp", contact("US.13491208655302741918", "Whatsapp", whatsapp), "WhatsApp: @sojan", None),
    ]
}

fn talk(channel: &str, contact: &Value) -> Value {
    json!({"conversation": with(conversation(&format!("Channel::{channel}")), json!({"contact": contact}))})
}

fn notes(world: &World) -> Vec<Value> {
    world.sim.activities().into_iter().filter(|activity| activity["title"].to_string().contains("profile of")).collect()
}

fn emails(world: &World) -> Vec<String> {
    let persons = world.sim.persons();
    assert_eq!(persons.len(), 1, "{persons:?}");
    let entries = persons[0]["emails"].as_array().unwrap().clone();
    entries.iter().map(|entry| entry["value"].as_str().unwrap().to_owned()).collect()
}

fn world_of(world: &World) -> [usize; 3] {
    [world.sim.persons().len(), world.sim.leads().len(), notes(world).len()]
}

#[tokio::test]
async fn every_channel_s_contact_appears_with_where_it_is_found() {
    for server in ALL_SERVERS {
        for (channel, contact, job, address) in contacts() {
            let mut world = World::connected(server).await;
            world.set(json!({"sync_conversations": true}));
            let outcome = world.event("conversation.created", talk(channel, &contact)).await.unwrap();
            let what = format!("{server:?} {channel} {outcome:?}");
            assert_eq!(outcome.status, Status::Synced, "{what}");
            assert_eq!(world_of(&world), [1, 1, usize::from(address.is_some())], "{what}");
            let person = &world.sim.persons()[0];
            assert_eq!((&person["name"], &person["job_title"]), (&json!("Sojan Jose"), &json!(job)), "{what}");
            assert_eq!(world.sim.leads()[0]["title"], "Sojan Jose", "{what}");
            if let Some(address) = address {
                let note = &notes(&world)[0];
                assert!(note["comment"].as_str().unwrap().contains(address), "{what} {note}");
                assert_eq!((&note["type"], note["is_done"].to_string().as_str()), (&json!("note"), "1"), "{what}");
            }
            // Nothing is doubled by what comes next, whether its ids are known or lost.
            let outcome = world.event("conversation.updated", talk(channel, &contact)).await.unwrap();
            assert_eq!(outcome.requests, 0, "{what} {outcome:?}");
            assert_eq!(world.contact("contact.updated", contact.clone()).await.requests, 0, "{what}");
            world.forget(Kind::Contact, 31).await;
            let other_inbox = with(contact.clone(), json!({"id": 32}));
            let again = world.contact("contact.updated", other_inbox).await;
            assert_eq!(again.created.iter().filter(|what| **what != "note").count(), 0, "{what} {again:?}");
            assert_eq!(world_of(&world)[..2], [1, 1], "{what}");
        }
    }
}

#[tokio::test]
async fn the_setting_says_whether_and_when() {
    let (_, telegram, ..) = contacts().remove(0);
    let quiet = with(telegram.clone(), json!({"has_conversation": false}));
    let visitor = json!({"id": 40, "account_id": 1, "name": "winter-moon", "identifier": "23423423",
        "additional_attributes": {"social_telegram_user_id": 23423423},
        "contact_inboxes": [{"channel_type": "Channel::WebWidget", "source_id": "23423423"}]});
    for server in ALL_SERVERS {
        for (setting, expected) in [
            (json!(null), [false, true, false, false]),
            (json!("with a conversation"), [false, true, false, false]),
            (json!("with_conversation"), [false, true, false, false]),
            (json!("never"), [false, false, false, false]),
            (json!("always"), [true, true, true, true]),
        ] {
            let events = [
                json!({"contact": quiet}),
                talk("Telegram", &telegram),
                json!({"contact": visitor}),
                talk("WebWidget", &visitor),
            ];
            for (data, is_wanted) in events.into_iter().zip(expected) {
                let mut world = World::connected(server).await;
                world.set(json!({"sync_conversations": true, "contacts_without_email_or_phone": setting}));
                let name = if data["contact"].is_object() { "contact.updated" } else { "conversation.created" };
                let outcome = world.event(name, data.clone()).await.unwrap();
                let what = format!("{server:?} {setting} {data} {outcome:?}");
                assert_eq!(world.sim.persons().len(), usize::from(is_wanted), "{what}");
                if !is_wanted {
                    assert_eq!((outcome.status, outcome.requests), (Status::Skipped, 0), "{what}");
                    assert!(outcome.reasons[0].contains("neither an e-mail address nor a phone number"), "{what}");
                }
                // Once more, and nothing is doubled.
                world.event(name, data).await.unwrap();
                assert_eq!(world.sim.persons().len(), usize::from(is_wanted), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn conversations_that_are_not_synced_bring_their_contact_all_the_same() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let (channel, contact, ..) = contacts().remove(0);
        let outcome = world.event("conversation.created", talk(channel, &contact)).await.unwrap();
        assert_eq!((outcome.status, world_of(&world)), (Status::Synced, [1, 1, 1]), "{server:?} {outcome:?}");
        assert_eq!(world.event("conversation.updated", talk(channel, &contact)).await.unwrap().requests, 0);
    }
}

#[tokio::test]
async fn who_only_says_to_be_someone_is_not_that_one() {
    for server in ALL_SERVERS {
        let mut world = World::connected(server).await;
        world.set(json!({"contacts_without_email_or_phone": "always"}));
        let (_, contact, ..) = contacts().remove(0);
        let known = world.contact("contact.created", contact).await.ids.get("person").unwrap();
        let placeholder = emails(&world).remove(0);
        assert!(placeholder.starts_with("chatwoot-") && placeholder.ends_with("@chatwoot.invalid"), "{placeholder}");
        for spoofed in [
            json!({"identifier": "23423423"}),
            json!({"additional_attributes": {"social_telegram_user_id": 23423423}}),
            json!({"custom_attributes": {"social_telegram_user_id": 23423423}}),
            json!({"contact_inboxes": [{"channel_type": "Channel::WebWidget", "source_id": "23423423"}]}),
            json!({"contact_inboxes": [{"channel_type": "Channel::Api", "source_id": "telegram:23423423"}]}),
            json!({"email": placeholder}),
            json!({"email": placeholder.to_uppercase()}),
            json!({"email": format!("Sojan <{placeholder}>")}),
        ] {
            let visitor = with(json!({"id": 50, "account_id": 1, "name": "Eve"}), spoofed);
            let outcome = world.contact("contact.created", visitor.clone()).await;
            assert_ne!(outcome.ids.get("person"), Some(known), "{server:?} {visitor} {outcome:?}");
            world.forget(Kind::Contact, 50).await;
            for lead in world.sim.leads().into_iter().filter(|lead| lead["person_id"] != known) {
                world.client().delete(&format!("leads/{}", lead["id"]), &[]).await.unwrap();
            }
            for person in world.sim.persons().into_iter().filter(|person| person["id"] != known) {
                world.client().delete(&path(server, &person["id"]), &[]).await.unwrap();
            }
        }
    }
}

fn path(server: Server, id: &Value) -> String {
    let persons = if server == Server::Documented { "persons" } else { "contacts/persons" };
    format!("{persons}/{id}")
}

#[tokio::test]
async fn an_address_that_turns_up_makes_it_no_other() {
    for server in ALL_SERVERS {
        for (channel, contact, ..) in contacts() {
            for (found, values) in [
                (json!({"email": "sojan@example.com"}), ["sojan@example.com", ""]),
                (json!({"phone_number": "+14155550182"}), ["", "+14155550182"]),
                (
                    json!({"email": "sojan@example.com", "phone_number": "+14155550182"}),
                    ["sojan@example.com", "+14155550182"],
                ),
            ] {
                let world = World::connected(server).await;
                let before = world.event("conversation.created", talk(channel, &contact)).await.unwrap();
                let known = with(contact.clone(), found.clone());
                let after = world.contact("contact.updated", known.clone()).await;
                let what = format!("{server:?} {channel} {found} {after:?}");
                assert_eq!(after.ids.get("person"), before.ids.get("person"), "{what}");
                let [email, number] = values;
                if email.is_empty() {
                    assert!(emails(&world)[0].ends_with("@chatwoot.invalid"), "{what}");
                } else {
                    assert_eq!(emails(&world), [email], "{what}: the placeholder is replaced");
                }
                let numbers = world.sim.persons()[0]["contact_numbers"].to_string();
                assert!(numbers.contains(number), "{what} {numbers}");
                assert!(number.is_empty() || !numbers.contains("chatwoot-"), "{what} {numbers}");
                assert_eq!(world.contact("contact.updated", known).await.requests, 0, "{what}");
                assert_eq!(world.sim.leads().len(), 1, "{what}");
            }
        }
    }
}

/// An answer of the first event is lost, before or after it was carried out; then an address turns up.
#[tokio::test]
async fn nothing_is_doubled_where_an_answer_was_lost_before_the_address_turned_up() {
    let mut points = 0;
    for server in ALL_SERVERS {
        for (channel, contact, ..) in contacts().into_iter().filter(|(_, _, job, _)| !job.starts_with("Inst")) {
            for found in [json!({}), json!({"email": "sojan@example.com"}), json!({"phone_number": "+14155550182"})] {
                for action in [Action::CloseBeforeActing, Action::CloseAfterActing] {
                    for at in 1..=4 {
                        lost(server, channel, &contact, (at, action.clone()), &found).await;
                        points += 1;
                    }
                }
            }
        }
    }
    println!("{points} points, nothing doubled");
}

async fn lost(server: Server, channel: &str, contact: &Value, (at, action): (u32, Action), found: &Value) {
    let mut world = World::connected(server).await;
    world.set(json!({"sync_conversations": true}));
    let what = format!("{server:?} {channel} request {at} {action:?} {found}");
    world.sim.fault(Fault::next(action).nth(at).times(12));
    let first = world.event("conversation.created", talk(channel, contact)).await;
    assert!(first.is_err(), "{what} {first:?}");
    world.sim.clear_faults();
    let known = with(contact.clone(), found.clone());
    world.contact("contact.updated", known.clone()).await;
    world.event("conversation.updated", talk(channel, &known)).await.unwrap();
    let told = format!("{what} {first:?} {:?}", world.sim.persons());
    assert_eq!((world.sim.persons().len(), world.sim.leads().len()), (1, 1), "{told}");
    // The document lets nobody find an activity again.
    assert!(notes(&world).len() <= 1 || server == Server::Documented, "{told}");
    assert_eq!(world.contact("contact.updated", known).await.requests, 0, "{told}");
}
