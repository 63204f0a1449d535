//! Labels as tags, on each server: what a colleague put on or took off stays so, one tag a name, whatever fails meanwhile.

use krayin_core::{reason::Reason, setup, sync::Outcome};
use krayin_sim::{Fault, Server};
use krayin_tests::{SERVERS, World, conversation, failures, jane, with};
use serde_json::{Value, json};

async fn connected(server: Server, more: Value) -> World {
    let mut world = World::new(server);
    world.set(json!({"label_tags": "person_and_lead"}));
    world.set(more);
    world.connect().await
}

async fn label(world: &World, labels: &[&str]) -> Outcome {
    world.contact("contact.updated", with(jane(), json!({"labels": labels, "label_colors": {"vip": "#1f93ff"}}))).await
}

async fn talk(world: &World, id: u64, labels: &[&str]) -> Outcome {
    let fields = json!({"id": id, "display_id": id, "labels": labels});
    let talk = json!({"conversation": with(conversation("Channel::Api"), fields)});
    world.event("conversation.updated", talk).await.unwrap()
}

/// The names of tags, each with its id.
async fn tags(world: &World) -> Vec<(String, u64)> {
    let tags = world.client().tags().await.unwrap();
    let mut tags: Vec<_> = tags.into_iter().map(|tag| (tag.name.unwrap(), tag.id)).collect();
    tags.sort();
    tags
}

/// The tags of the person and of the lead.
async fn on(world: &World) -> [Vec<String>; 2] {
    let known = tags(world).await;
    let of = |record: &Value| {
        let ids = record["tag_ids"].as_array().unwrap();
        let name = |id: &Value| known.iter().find(|(_, known)| Some(*known) == id.as_u64()).unwrap().0.clone();
        let mut names: Vec<String> = ids.iter().map(name).collect();
        names.sort();
        names
    };
    [of(&world.sim.persons()[0]), of(&world.sim.leads()[0])]
}

fn both(names: &[&str]) -> [Vec<String>; 2] {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    [names.clone(), names]
}

#[tokio::test]
async fn labels_come_and_go_and_nothing_is_asked_where_they_stay() {
    for server in SERVERS {
        let world = connected(server, json!({})).await;
        assert_eq!(label(&world, &["vip"]).await.created, ["person", "lead"], "{server:?}");
        assert_eq!(on(&world).await, both(&["vip"]), "{server:?}");
        assert_eq!(world.client().tags().await.unwrap()[0].rest["color"], "#1f93ff", "{server:?}");
        assert_eq!(label(&world, &["VIP "]).await.requests, 0, "{server:?}: the same");
        label(&world, &["vip", "beta"]).await;
        assert_eq!(on(&world).await, both(&["beta", "vip"]), "{server:?}");
        label(&world, &["beta"]).await;
        assert_eq!(on(&world).await, both(&["beta"]), "{server:?}");
        label(&world, &[]).await;
        assert_eq!(on(&world).await, both(&[]), "{server:?}");
        assert_eq!(label(&world, &[]).await.requests, 0, "{server:?}");
        assert_eq!(tags(&world).await.len(), 2, "{server:?}: the tags themselves stay");
        // A snapshot that does not tell them takes nothing away.
        label(&world, &["vip"]).await;
        assert_eq!(world.contact("contact.updated", jane()).await.requests, 0, "{server:?}");
        assert_eq!(on(&world).await, both(&["vip"]), "{server:?}");
    }
}

#[tokio::test]
async fn a_tag_is_on_while_the_contact_or_any_of_its_conversations_bears_the_label() {
    for server in SERVERS {
        let world = connected(server, json!({})).await;
        label(&world, &["vip"]).await;
        talk(&world, 5, &["vip", "billing"]).await;
        talk(&world, 6, &["billing"]).await;
        assert_eq!(on(&world).await, both(&["billing", "vip"]), "{server:?}");
        label(&world, &[]).await;
        talk(&world, 6, &[]).await;
        assert_eq!(on(&world).await, both(&["billing", "vip"]), "{server:?}: conversation 5 bears both");
        assert_eq!(talk(&world, 6, &[]).await.requests, 0, "{server:?}");
        talk(&world, 5, &["billing"]).await;
        assert_eq!(on(&world).await, both(&["billing"]), "{server:?}");
        // Renamed in Chatwoot: the one goes, the other comes.
        talk(&world, 5, &["invoices"]).await;
        assert_eq!(on(&world).await, both(&["invoices"]), "{server:?}");
    }
}

#[tokio::test]
async fn what_a_colleague_put_on_or_took_off_stays_so() {
    for server in SERVERS {
        let world = connected(server, json!({})).await;
        world.contact("contact.created", jane()).await;
        let client = world.client();
        let vip = client.create_tag("Vip").await.unwrap().id;
        let other = client.create_tag("other").await.unwrap().id;
        client.tag_person(1, vip).await.unwrap();
        for tag in [other] {
            client.tag_person(1, tag).await.unwrap();
            client.tag_lead(1, tag).await.unwrap();
        }
        label(&world, &["vip", "hot"]).await;
        assert_eq!(on(&world).await, both(&["Vip", "hot", "other"]), "{server:?}: theirs is found in either case");
        // A colleague takes one off; the label stays, and puts it back with nothing.
        let hot = tags(&world).await.into_iter().find(|(name, _)| name == "hot").unwrap().1;
        client.delete("contacts/persons/1/tags", &[("tag_id", hot.to_string())]).await.unwrap();
        let renamed = with(jane(), json!({"labels": ["vip", "hot"], "name": "Jane Smith"}));
        world.contact("contact.updated", renamed.clone()).await;
        assert_eq!(on(&world).await[0], ["Vip", "other"], "{server:?}");
        assert_eq!(world.contact("contact.updated", renamed).await.requests, 0, "{server:?}");
        label(&world, &[]).await;
        let left = [vec!["Vip".to_owned(), "other".to_owned()], vec!["other".to_owned()]];
        assert_eq!(
            on(&world).await,
            left,
            "{server:?}: what a colleague put on the person stays, ours on the lead goes"
        );
    }
}

#[tokio::test]
async fn a_tag_that_was_deleted_or_renamed_in_krayin() {
    for server in SERVERS {
        let mut world = connected(server, json!({})).await;
        label(&world, &["vip"]).await;
        world = world.connect().await;
        let client = world.client();
        let vip = tags(&world).await[0].1;
        client.delete(&format!("settings/tags/{vip}"), &[]).await.unwrap();
        assert_eq!(label(&world, &["vip"]).await.requests, 0, "{server:?}: it was taken off");
        // Another contact's label makes it anew, though the set-up knows the old one.
        let joe = json!({"id": 8, "name": "Joe", "email": "joe@example.com", "labels": ["vip"]});
        world.contact("contact.created", joe).await;
        let anew = tags(&world).await;
        assert_eq!((anew.len(), anew[0].0.as_str()), (1, "vip"), "{server:?}");
        assert_eq!(world.sim.persons()[1]["tag_ids"], json!([anew[0].1]), "{server:?}");
        label(&world, &[]).await;
    }
}

#[tokio::test]
async fn a_tag_that_is_known_costs_two_requests_a_record_and_an_unknown_one_two_more() {
    for server in SERVERS {
        let world = connected(server, json!({"label_tags": "person"})).await;
        world.contact("contact.created", with(jane(), json!({"labels": []}))).await;
        assert_eq!(label(&world, &["new"]).await.requests, 3, "{server:?}: looked for, made, put on");
        let world = world.connect().await;
        label(&world, &[]).await;
        assert_eq!(label(&world, &["new"]).await.requests, 2, "{server:?}: whose is it, put on");
        assert_eq!(on(&world).await, [vec!["new".to_owned()], vec![]], "{server:?}: not the lead's");
    }
}

#[tokio::test]
async fn each_conversations_own_lead_has_that_conversations_labels() {
    for server in SERVERS {
        let world = connected(server, json!({"lead_policy": "per_conversation"})).await;
        for _ in 0..2 {
            talk(&world, 5, &["vip"]).await;
        }
        for _ in 0..2 {
            talk(&world, 6, &["hot"]).await;
        }
        talk(&world, 5, &["vip"]).await;
        let known = tags(&world).await;
        let id = |name: &str| known.iter().find(|(known, _)| known == name).unwrap().1;
        let leads = world.sim.leads();
        let of = |number: &str| {
            let named = |lead: &&Value| lead["title"].as_str().unwrap().contains(number);
            leads.iter().find(named).unwrap()["tag_ids"].clone()
        };
        assert_eq!((of("#5"), of("#6")), (json!([id("vip")]), json!([id("hot")])), "{server:?}");
        let mut person: Vec<u64> = serde_json::from_value(world.sim.persons()[0]["tag_ids"].clone()).unwrap();
        person.sort_unstable();
        assert_eq!(person.len(), 2, "{server:?}");
    }
}

#[tokio::test]
async fn the_set_up_says_where_no_tags_are_served_and_nothing_is_asked_there() {
    let mut world = World::new(Server::Documented);
    world.set(json!({"label_tags": "person"}));
    let (found, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
    assert_eq!(found.warnings, [Reason::NotServed { setting: "label_tags".into() }]);
    let world = world.connect().await;
    world.contact("contact.created", with(jane(), json!({"labels": ["vip"]}))).await;
    assert_eq!(label(&world, &["vip", "hot"]).await.requests, 0);
    assert_eq!(talk(&world, 5, &["hot"]).await.requests, 0);
}

#[tokio::test]
async fn whatever_fails_meanwhile_there_is_one_tag_of_a_name_on_each_record() {
    let actions = failures();
    for server in SERVERS {
        for (action, nth) in actions.iter().flat_map(|action| (1..=8).map(move |nth| (action, nth))) {
            let told = format!("{server:?} {action:?} at {nth}");
            let world = connected(server, json!({})).await;
            let run = async |labels: &[&str]| {
                let contact = with(jane(), json!({"labels": labels}));
                world.sim.fault(Fault { nth, times: 3, ..Fault::next(action.clone()) });
                for run in 0..4 {
                    let ran = world.event("contact.updated", json!({"contact": contact})).await;
                    if ran.is_ok() && run > 0 {
                        break;
                    }
                    world.sim.clear_faults();
                    assert!(run < 3, "{told}: {ran:?}");
                }
            };
            run(&["vip", "hot"]).await;
            assert_eq!(on(&world).await, both(&["hot", "vip"]), "{told}");
            run(&["hot"]).await;
            assert_eq!(on(&world).await, both(&["hot"]), "{told}");
            run(&[]).await;
            assert_eq!(on(&world).await, both(&[]), "{told}");
            assert_eq!(tags(&world).await.len(), 2, "{told}");
        }
    }
}
