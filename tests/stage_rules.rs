//! The rules that move a lead along: rule × cause × stage, on each server.

use krayin_core::{reason::Reason, setup};
use krayin_tests::{ALL_SERVERS, SERVERS, World, conversation, jane, with};
use serde_json::{Value, json};

const STAGES: [(&str, u64); 6] =
    [("New", 1), ("Follow Up", 2), ("Prospect", 3), ("Negotiation", 4), ("won", 5), ("lost", 6)];

/// A cause, the conversation (and its contact) before it, and with it.
fn causes() -> Vec<(&'static str, Value, Value)> {
    let contact = |fields: Value| json!({"contact": with(jane(), fields)});
    vec![
        ("first reply", json!({}), json!({"first_reply_created_at": "2026-11-24T10:02:00Z"})),
        ("resolved", json!({}), json!({"status": "resolved"})),
        ("reopened", json!({"status": "resolved"}), json!({"status": "open"})),
        ("label vip", json!({"labels": ["other"]}), json!({"labels": ["other", "VIP"]})),
        ("label vip removed", json!({"labels": ["vip"]}), json!({"labels": []})),
        ("contact label vip", json!({}), contact(json!({"labels": ["vip"]}))),
        ("contact label vip removed", contact(json!({"labels": ["vip"]})), contact(json!({"labels": []}))),
        ("agent", json!({}), json!({"assignee_name": "Ann"})),
        (
            "agent ann@example.com",
            json!({"assignee_email": "bob@example.com"}),
            json!({"assignee_email": "Ann@example.com"}),
        ),
        ("team", json!({}), json!({"team_name": "Sales"})),
        ("team sales", json!({"team_name": "Support"}), json!({"team_name": "Sales"})),
        ("priority urgent", json!({"priority": "low"}), json!({"priority": "urgent"})),
        ("inbox Web shop", json!({"inbox_name": "Mail"}), json!({"inbox_name": "Web shop"})),
        ("inbox 7", json!({"inbox_id": 17}), json!({"inbox_id": 7})),
        ("csat", json!({}), json!({"csat_rating": "3"})),
        ("csat 1-2", json!({"csat_rating": 3}), json!({"csat_rating": 2})),
        (
            "attribute plan = gold",
            json!({"custom_attributes": {"plan": "free"}}),
            json!({"custom_attributes": {"plan": " Gold"}}),
        ),
        (
            "attribute trial",
            json!({"custom_attributes": {"trial": null}}),
            json!({"custom_attributes": {"trial": false}}),
        ),
        ("attribute seats = 5", json!({"custom_attributes": {"seats": 4}}), json!({"custom_attributes": {"seats": 5}})),
        (
            "contact attribute vip = yes",
            contact(json!({"custom_attributes": {"vip": false}})),
            contact(json!({"custom_attributes": {"vip": true}})),
        ),
    ]
}

fn talk(id: u64, fields: &Value) -> Value {
    let talk = with(conversation("Channel::Api"), json!({"id": id, "display_id": id, "contact": jane()}));
    json!({"conversation": with(talk, fields.clone())})
}

async fn connected(server: krayin_sim::Server, rules: &str) -> (World, u64) {
    let mut world = World::new(server);
    world.set(json!({"stage_progression_enabled": true, "stage_rules": rules}));
    let world = world.connect().await;
    let lead = world.contact("contact.created", jane()).await.ids.get("lead").unwrap();
    (world, lead)
}

/// Puts the lead where a colleague has it, whatever it was before.
async fn place(world: &World, lead: u64, stage: u64) {
    world.client().move_lead(lead, stage).await.unwrap();
}

async fn stage(world: &World, lead: u64) -> u64 {
    world.client().get_lead(lead).await.unwrap().lead_pipeline_stage_id.unwrap()
}

#[tokio::test]
async fn each_cause_fires_once_from_each_stage_forward_only_unless_told() {
    for server in ALL_SERVERS {
        for (cause, before, after) in causes() {
            for (to, back) in [("Prospect", false), ("Prospect", true), ("won", false)] {
                let rule = format!("{cause} -> {to}{}", if back { ", back" } else { "" });
                let (world, lead) = connected(server, &rule).await;
                let (_, wanted) = STAGES.into_iter().find(|(name, _)| *name == to).unwrap();
                for (id, (_, from)) in (100..).zip(STAGES) {
                    let told = format!("{server:?}: {rule}, from {from}");
                    place(&world, lead, from).await;
                    world.event("conversation.updated", talk(id, &before)).await.unwrap();
                    assert_eq!(stage(&world, lead).await, from, "{told}: it has not come yet");
                    world.event("conversation.updated", talk(id, &after)).await.unwrap();
                    let moves = back || (from < wanted && from < 5);
                    let expected = if moves { wanted } else { from };
                    assert_eq!(stage(&world, lead).await, expected, "{told}");
                    place(&world, lead, from).await;
                    let again = world.event("conversation.updated", talk(id, &after)).await.unwrap();
                    assert_eq!((stage(&world, lead).await, again.requests), (from, 0), "{told}: it fires once");
                    // Not even where it comes a second time.
                    world.event("conversation.updated", talk(id, &before)).await.unwrap();
                    world.event("conversation.updated", talk(id, &after)).await.unwrap();
                    assert_eq!(stage(&world, lead).await, from, "{told}: once for a conversation");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_lead_is_lost_with_its_reason() {
    for server in SERVERS {
        let (world, lead) = connected(server, "csat 1-2 -> lost because the survey <b>says</b> so").await;
        world.event("conversation.updated", talk(1, &json!({"csat_rating": 1}))).await.unwrap();
        let lead = world.client().get_lead(lead).await.unwrap();
        assert_eq!(lead.lead_pipeline_stage_id, Some(6), "{server:?}");
        assert_eq!(lead.rest["lost_reason"], "the survey ‹b>says‹/b> so", "{server:?}");
    }
}

#[tokio::test]
async fn rules_that_are_due_at_once_are_one_write_and_those_of_settings_stand_before_the_list() {
    for server in SERVERS {
        let (mut world, lead) = connected(server, "label vip -> Negotiation; priority urgent -> Follow Up, back").await;
        world.set(json!({"stage_on_conversation_resolved": "won"}));
        let fields = json!({"status": "resolved", "labels": ["vip"]});
        let outcome = world.event("conversation.updated", talk(1, &fields)).await.unwrap();
        assert_eq!((stage(&world, lead).await, outcome.requests), (5, 2), "{server:?}: won, then not back");
        let urgent = with(fields, json!({"priority": "urgent"}));
        world.event("conversation.updated", talk(1, &urgent)).await.unwrap();
        assert_eq!(stage(&world, lead).await, 2, "{server:?}");
    }
}

#[tokio::test]
async fn a_rule_that_names_no_stage_says_so_when_it_is_saved_and_fires_once_there_is_one() {
    for server in SERVERS {
        let mut world = World::new(server);
        world.set(json!({"stage_progression_enabled": true, "stage_rules": "label vip -> Nowhere; team -> Prospect",
                         "stage_on_first_response": 77}));
        let (found, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
        let entered: Vec<&str> = found
            .warnings
            .iter()
            .filter_map(|why| match why {
                Reason::PlaceUnknown { entered, .. } => Some(entered.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(entered, ["77", "Nowhere"], "{server:?}");
        let (mut world, lead) = connected(server, "label vip -> Nowhere").await;
        let outcome = world.event("conversation.updated", talk(1, &json!({"labels": ["vip"]}))).await.unwrap();
        assert_eq!(outcome.why.last().unwrap(), &Reason::StageUnknown { rule: "label vip".into() }, "{server:?}");
        world.set(json!({"stage_rules": "label vip -> Prospect"}));
        world.event("conversation.updated", talk(1, &json!({"labels": ["vip"]}))).await.unwrap();
        assert_eq!(stage(&world, lead).await, 3, "{server:?}");
    }
}

#[tokio::test]
async fn rules_rest_while_leads_are_not_moved() {
    let (mut world, lead) = connected(SERVERS[0], "resolved -> won").await;
    world.set(json!({"stage_progression_enabled": false}));
    let outcome = world.event("conversation.updated", talk(1, &json!({"status": "resolved"}))).await.unwrap();
    assert_eq!((stage(&world, lead).await, outcome.requests), (1, 0));
}
