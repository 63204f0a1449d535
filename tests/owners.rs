//! Who owns a person and a lead: by the colleague whom a conversation is assigned to, on each server, and whatever a colleague
//! in Krayin or a failure does meanwhile.

use krayin_core::{reason::Reason, setup};
use krayin_sim::{Change, Fault, Record, Server};
use krayin_tests::{SERVERS, World, conversation, failures, jane, with};
use serde_json::{Value, json};

/// The users of each server, by their ids.
const ADMIN: (&str, u64) = ("Admin@Example.com", 1);
const BRIDGE: (&str, u64) = ("bridge1@example.com", 2);

async fn connected(server: Server, policy: &str, more: Value) -> World {
    let mut world = World::new(server);
    world.set(json!({"owner_policy": policy}));
    world.set(more);
    world.connect().await
}

fn assigned(id: u64, to: Option<&str>) -> Value {
    let fields = json!({"id": id, "display_id": id, "assignee_name": "Someone", "assignee_email": to});
    json!({"conversation": with(conversation("Channel::Api"), fields)})
}

async fn assign(world: &World, id: u64, to: Option<&str>) -> krayin_core::sync::Outcome {
    world.event("conversation.updated", assigned(id, to)).await.unwrap()
}

/// The owners of the person and of its lead.
async fn owners(world: &World) -> [Option<u64>; 2] {
    let client = world.client();
    let person = client.get_person(world.sim.persons()[0]["id"].as_u64().unwrap()).await.unwrap();
    let lead = client.get_lead(world.sim.leads()[0]["id"].as_u64().unwrap()).await.unwrap();
    [person.sales_owner.map(|owner| owner.id), lead.rest["user"]["id"].as_u64()]
}

async fn give(world: &World, [person, lead]: [Option<u64>; 2]) {
    world.sim.change(&Change::EditPerson { person: Record::Last, fields: json!({"user_id": person}) }).unwrap();
    world.sim.change(&Change::EditLead { lead: Record::Last, fields: json!({"user_id": lead}) }).unwrap();
}

#[tokio::test]
async fn each_policy_on_each_server_and_what_a_colleague_chose_stays() {
    let (admin, bridge) = (Some(ADMIN.1), Some(BRIDGE.1));
    // The policy, who owns both before, whom it is assigned to first and then, and who owns both after each.
    let table = [
        ("never", None, ADMIN.0, None, BRIDGE.0, None),
        ("never", bridge, ADMIN.0, bridge, BRIDGE.0, bridge),
        ("set_if_none", None, ADMIN.0, admin, BRIDGE.0, admin),
        ("set_if_none", bridge, ADMIN.0, bridge, BRIDGE.0, bridge),
        ("follow", None, ADMIN.0, admin, BRIDGE.0, bridge),
        ("follow", bridge, ADMIN.0, bridge, ADMIN.0, bridge),
        ("Follow", None, ADMIN.0, admin, " ", admin),
    ];
    for server in SERVERS {
        for (policy, before, first, then, second, last) in table {
            let told = format!("{server:?} {policy} {before:?} {first} {second}");
            let world = connected(server, policy, json!({})).await;
            world.contact("contact.created", jane()).await;
            give(&world, [before, before]).await;
            let outcome = assign(&world, 5, Some(first)).await;
            assert_eq!(owners(&world).await, [then, then], "{told}: {outcome:?}");
            assert_eq!(assign(&world, 5, Some(first)).await.requests, 0, "{told}: nothing has changed");
            assert_eq!(world.contact("contact.updated", jane()).await.requests, 0, "{told}");
            assign(&world, 5, Some(second)).await;
            assert_eq!(owners(&world).await, [last, last], "{told}");
            assert_eq!(assign(&world, 5, Some(second)).await.requests, 0, "{told}");
        }
    }
}

#[tokio::test]
async fn under_follow_a_colleagues_choice_stays_and_what_we_set_moves_on() {
    for server in SERVERS {
        let world = connected(server, "follow", json!({})).await;
        world.contact("contact.created", jane()).await;
        assign(&world, 5, Some(ADMIN.0)).await;
        // A salesperson takes the lead, and leaves the person.
        world.sim.change(&Change::EditLead { lead: Record::Last, fields: json!({"user_id": BRIDGE.1}) }).unwrap();
        let other = with(jane(), json!({"name": "Jane Smith"}));
        world.contact("contact.updated", other).await;
        assert_eq!(owners(&world).await, [Some(1), Some(2)], "{server:?}: a write of other fields changes no owner");
        let outcome = assign(&world, 5, None).await;
        assert_eq!(owners(&world).await, [Some(1), Some(2)], "{server:?}: nobody is no owner: {outcome:?}");
        let back = assign(&world, 5, Some(ADMIN.0)).await;
        assert_eq!(owners(&world).await, [Some(1), Some(2)], "{server:?}: {back:?}");
        let outcome = assign(&world, 5, Some(BRIDGE.0)).await;
        assert_eq!(owners(&world).await, [Some(2), Some(2)], "{server:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn of_two_conversations_the_one_that_is_newly_assigned_counts() {
    for server in SERVERS {
        let world = connected(server, "follow", json!({})).await;
        assign(&world, 5, Some(ADMIN.0)).await;
        assign(&world, 6, Some(BRIDGE.0)).await;
        assert_eq!(owners(&world).await, [Some(2), Some(2)], "{server:?}");
        for _ in 0..2 {
            let outcome = assign(&world, 5, Some(ADMIN.0)).await;
            assert_eq!((owners(&world).await, outcome.requests), ([Some(2), Some(2)], 0), "{server:?}: as before");
        }
        assign(&world, 5, None).await;
        assign(&world, 5, Some(ADMIN.0)).await;
        assert_eq!(owners(&world).await, [Some(1), Some(1)], "{server:?}: assigned anew");
    }
}

#[tokio::test]
async fn a_new_contact_has_its_owner_from_the_first_request_on() {
    for server in SERVERS {
        for policy in ["set_if_none", "follow"] {
            let world = connected(server, policy, json!({})).await;
            let outcome = assign(&world, 5, Some(BRIDGE.0)).await;
            assert_eq!((owners(&world).await, outcome.requests), ([Some(2), Some(2)], 2), "{server:?} {policy}");
        }
        let own = connected(server, "follow", json!({"lead_policy": "per_conversation"})).await;
        for (id, to) in [(5, ADMIN.0), (6, BRIDGE.0), (5, BRIDGE.0)] {
            assign(&own, id, Some(to)).await;
        }
        let mut of_leads: Vec<_> = own.sim.leads().iter().map(|lead| lead["user"]["id"].as_u64()).collect();
        of_leads.sort();
        assert_eq!(of_leads, [Some(1), Some(2)], "{server:?}: each lead has its own conversation's");
    }
}

#[tokio::test]
async fn whoever_is_no_user_is_told_once_and_taken_when_there_is_one() {
    for server in SERVERS {
        let mut world = connected(server, "follow", json!({})).await;
        world.contact("contact.created", jane()).await;
        let users = world.settings["traits"]["users"].take();
        world.settings["traits"]["users"] = json!([users[0]]);
        let told = |outcome: krayin_core::sync::Outcome| outcome.why.contains(&Reason::OwnerUnknown);
        assert!(told(assign(&world, 5, Some("ann@example.com")).await), "{server:?}");
        assert!(!told(assign(&world, 5, Some("Ann@example.com")).await), "{server:?}: once");
        assert!(!told(assign(&world, 6, Some("ann@example.com")).await), "{server:?}: once for a contact");
        assert!(told(assign(&world, 6, Some("bob@example.com")).await), "{server:?}: another");
        for nobody in [None, Some(""), Some("  ")] {
            assert!(!told(assign(&world, 6, nobody).await), "{server:?}: an agent without an address is nobody");
        }
        assert_eq!(owners(&world).await, [None, None], "{server:?}");
        world.settings["traits"]["users"] = json!([[2, "ann@example.com"]]);
        assign(&world, 5, Some("ann@example.com")).await;
        assert_eq!(owners(&world).await, [Some(2), Some(2)], "{server:?}: the set-up has seen the user");
    }
}

#[tokio::test]
async fn the_set_up_reads_the_users_once_and_says_where_there_are_none() {
    for server in SERVERS {
        let mut world = World::new(server);
        setup::connect(&world.settings(), &world.client()).await.unwrap();
        let without = world.sim.requests().len();
        world.set(json!({"owner_policy": "set_if_none"}));
        world.sim.clear_requests();
        let (found, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
        assert_eq!((world.sim.requests().len(), found.traits.users.len()), (without + 1, 2), "{server:?}");
    }
    let mut world = World::new(Server::Documented);
    world.set(json!({"owner_policy": "follow"}));
    let (found, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
    assert_eq!(found.warnings, [Reason::NotServed { setting: "owner_policy".into() }]);
    let world = world.connect().await;
    world.contact("contact.created", jane()).await;
    assert_eq!(assign(&world, 5, Some(ADMIN.0)).await.requests, 0, "it does nothing there");
}

#[tokio::test]
async fn whatever_fails_meanwhile_the_owners_are_right_in_the_end() {
    let actions = failures();
    for server in SERVERS {
        for (action, nth) in actions.iter().flat_map(|action| (1..=4).map(move |nth| (action, nth))) {
            let told = format!("{server:?} {action:?} at {nth}");
            let world = connected(server, "follow", json!({})).await;
            for to in [ADMIN, BRIDGE] {
                world.sim.fault(Fault { nth, times: 3, ..Fault::next(action.clone()) });
                for run in 0..4 {
                    if world.event("conversation.updated", assigned(5, Some(to.0))).await.is_ok() && run > 0 {
                        break;
                    }
                    world.sim.clear_faults();
                }
                assert_eq!(owners(&world).await, [Some(to.1), Some(to.1)], "{told}");
            }
            assert_eq!((world.sim.persons().len(), world.sim.leads().len()), (1, 1), "{told}");
        }
    }
}
