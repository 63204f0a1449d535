//! The source of new leads, by the inbox or channel that their contact wrote to; made where that is asked for, once.

use krayin_core::{reason::Reason, setup, sync::Outcome};
use krayin_sim::{Fault, Server};
use krayin_tests::{ALL_SERVERS, SERVERS, World, conversation, failures, jane, with};
use serde_json::{Value, json};

const RULES: &str = "inbox Web shop = Phone; inbox 9 = Direct; channel whatsapp = Email; channel Web widget = Web form";

async fn connected(server: Server, more: Value) -> World {
    let mut world = World::new(server);
    world.set(json!({"lead_sources": RULES}));
    world.set(more);
    world.connect().await
}

/// The names of the sources.
async fn sources(world: &World) -> Vec<(String, u64)> {
    world.client().sources().await.unwrap().into_iter().map(|row| (row.name.unwrap(), row.id)).collect()
}

async fn source(world: &World, at: usize) -> String {
    let id = world.sim.leads()[at]["lead_source_id"].as_u64().unwrap();
    sources(world).await.into_iter().find(|(_, known)| *known == id).unwrap().0
}

async fn talk(world: &World, channel: &str, fields: Value) -> Outcome {
    let talk = json!({"conversation": with(conversation(channel), fields)});
    world.event("conversation.created", talk).await.unwrap()
}

#[tokio::test]
async fn the_first_rule_that_fits_says_the_source_of_a_new_lead() {
    // Where the contact wrote to, by a conversation or by the contact's first inbox, and the source.
    let table = [
        ("Channel::Api", json!({"inbox_name": "WEB  shop"}), "Phone"),
        ("Channel::Api", json!({"inbox_name": "Other", "inbox_id": 9}), "Direct"),
        ("Channel::Whatsapp", json!({"inbox_name": "Other"}), "Email"),
        ("Channel::Whatsapp", json!({"inbox_name": "Web shop"}), "Phone"),
        ("Channel::TwilioSms", json!({"inbox_name": "x", "channel_medium": "whatsapp"}), "Email"),
        ("Channel::Telegram", json!({"inbox_name": "x"}), "Web"),
    ];
    for server in ALL_SERVERS {
        for (channel, fields, expected) in &table {
            let told = format!("{server:?} {channel} {fields}");
            let world = connected(server, json!({"sync_conversations": true})).await;
            talk(&world, channel, fields.clone()).await;
            assert_eq!(source(&world, 0).await, *expected, "{told}");
            let world = connected(server, json!({})).await;
            let inbox = json!({"id": fields["inbox_id"], "name": fields["inbox_name"], "channel_type": channel,
                               "channel_medium": fields["channel_medium"]});
            let requests = world.contact("contact.created", with(jane(), json!({"first_inbox": inbox}))).await.requests;
            assert_eq!(source(&world, 0).await, *expected, "{told}");
            let plain = World::connected(server).await;
            assert_eq!(plain.contact("contact.created", jane()).await.requests, requests, "{told}: no request more");
        }
    }
}

#[tokio::test]
async fn a_lead_that_is_there_keeps_its_source() {
    for server in SERVERS {
        let world = connected(server, json!({"sync_conversations": true})).await;
        world.contact("contact.created", jane()).await;
        assert_eq!(source(&world, 0).await, "Web", "{server:?}");
        talk(&world, "Channel::Whatsapp", json!({})).await;
        assert_eq!(source(&world, 0).await, "Web", "{server:?}");
    }
}

#[tokio::test]
async fn a_source_that_is_not_there_is_told_and_made_only_where_that_is_asked_for() {
    for server in SERVERS {
        let mut world = World::new(server);
        world.set(json!({"lead_sources": "channel whatsapp = Messengers, all; channel api = WEB"}));
        let warned = async |world: &World| setup::connect(&world.settings(), &world.client()).await.unwrap().0.warnings;
        let known: Vec<String> = sources(&world).await.into_iter().map(|(name, _)| name).collect();
        let unknown = Reason::PlaceUnknown { place: "source".into(), entered: "Messengers, all".into(), known };
        assert_eq!(warned(&world).await, std::slice::from_ref(&unknown), "{server:?}");
        let mut world = world.connect().await;
        world.set(json!({"sync_conversations": true}));
        let outcome = talk(&world, "Channel::Whatsapp", json!({})).await;
        assert_eq!(source(&world, 0).await, "Web", "{server:?}: the usual one");
        assert!(outcome.why.contains(&unknown), "{server:?}: {outcome:?}");
        world.set(json!({"make_sources": "yes"}));
        assert_eq!(warned(&world).await, [], "{server:?}: it will be made");
        for (id, name) in [(8, "Joe"), (9, "Ann")] {
            let who = json!({"id": id, "name": name, "email": format!("{name}@example.com")});
            talk(&world, "Channel::Whatsapp", json!({"id": id, "display_id": id, "contact": who})).await;
        }
        let made: Vec<_> = sources(&world).await.into_iter().filter(|(name, _)| name == "Messengers, all").collect();
        assert_eq!(made.len(), 1, "{server:?}: once");
        assert_eq!([source(&world, 1).await, source(&world, 2).await], ["Messengers, all", "Messengers, all"]);
    }
    let mut world = World::new(Server::Documented);
    world.set(json!({"lead_sources": "channel whatsapp = Messengers", "make_sources": true}));
    let (found, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
    assert_eq!(found.warnings, [Reason::NotServed { setting: "make_sources".into() }]);
    let mut world = world.connect().await;
    world.set(json!({"sync_conversations": true}));
    talk(&world, "Channel::Whatsapp", json!({})).await;
    assert_eq!(source(&world, 0).await, "Web", "the document's dialect makes none");
}

#[tokio::test]
async fn whatever_fails_meanwhile_one_source_is_made_and_one_lead_has_it() {
    let actions = failures();
    for server in SERVERS {
        for (action, nth) in actions.iter().flat_map(|action| (1..=4).map(move |nth| (action, nth))) {
            let told = format!("{server:?} {action:?} at {nth}");
            let rules = json!({"lead_sources": "channel whatsapp = Messengers", "make_sources": true,
                               "sync_conversations": true});
            let world = connected(server, rules).await;
            world.sim.fault(Fault { nth, times: 3, ..Fault::next(action.clone()) });
            let talk = json!({"conversation": conversation("Channel::Whatsapp")});
            for run in 0..4 {
                let ran = world.event("conversation.created", talk.clone()).await;
                if ran.is_ok() && run > 0 {
                    break;
                }
                world.sim.clear_faults();
                assert!(run < 3, "{told}: {ran:?}");
            }
            let made = sources(&world).await.into_iter().filter(|(name, _)| name == "Messengers").count();
            assert_eq!((made, world.sim.leads().len(), world.sim.activities().len()), (1, 1, 1), "{told}");
            assert_eq!(source(&world, 0).await, "Messengers", "{told}");
        }
    }
}
