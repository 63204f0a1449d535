//! What holds for every record that Chatwoot could send, and for those that it never would, through the whole sync: no
//! panic, nothing that Krayin refuses or breaks on, and nothing left to do the second time.

use krayin_sim::Server;
use krayin_tests::{
    ALL_SERVERS, World,
    generators::{self, email, odd_text, phone},
    with,
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Map, Value, json};

/// An object with these fields, of which each may be missing or of any other shape.
fn object(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| {
            prop_oneof![8 => value.prop_map(Some), 1 => generators::json(".{0,40}".prop_map(Value::from), "[a-z_]{1,12}").prop_map(Some), 1 => Just(None)]
                .prop_map(move |value| value.map(|value| (name.to_owned(), value)))
                .boxed()
        })
        .collect();
    fields.prop_map(|fields| Value::Object(fields.into_iter().flatten().collect::<Map<_, _>>())).boxed()
}

fn texts() -> BoxedStrategy<Value> {
    odd_text().prop_map(Value::from).boxed()
}

fn time() -> BoxedStrategy<Value> {
    let known = vec![
        json!("2026-11-24T10:00:00Z"),
        json!("2026-11-24T10:00:00.123+05:30"),
        json!(1_790_000_000),
        json!(-1),
        json!(0),
        json!("0000-00-00 00:00:00"),
        json!("9999-12-31T23:59:59Z"),
        json!("yesterday"),
        json!("1900-01-01T00:00:00Z"),
        json!(1_790_000_000_000_i64),
        json!("2026-02-30T25:61:61Z"),
    ];
    prop::sample::select(known).boxed()
}

fn contact() -> BoxedStrategy<Value> {
    let address = vec![
        ("company_name", texts()),
        ("job_title", texts()),
        ("city", texts()),
        ("country", texts()),
        ("country_code", texts()),
        ("description", texts()),
        ("company", texts()),
        ("address", texts()),
    ];
    let value = prop_oneof![
        prop::sample::select(vec![
            json!(250),
            json!("1,000.50"),
            json!(-5),
            json!("1e30"),
            json!(0.000_01),
            json!("€ 5")
        ]),
        any::<f64>().prop_map(Value::from),
    ];
    let custom = vec![("deal_value", value.clone().boxed()), ("lead_value", value.boxed()), ("company_name", texts())];
    object(vec![
        ("name", texts()),
        ("middle_name", texts()),
        ("last_name", texts()),
        ("email", email().prop_map(Value::from).boxed()),
        ("phone_number", phone().prop_map(Value::from).boxed()),
        ("additional_attributes", object(address)),
        ("custom_attributes", object(custom)),
    ])
}

fn message() -> BoxedStrategy<Value> {
    let kind = prop::sample::select(vec![json!("incoming"), json!("outgoing"), json!(0), json!(1), json!("activity")]);
    let attachment = object(vec![("file_type", texts()), ("data_url", texts()), ("file_name", texts())]);
    object(vec![
        ("message_type", kind.boxed()),
        ("content", texts()),
        ("created_at", time()),
        ("sender", object(vec![("name", texts()), ("type", texts())])),
        ("attachments", prop::collection::vec(attachment, 0..3).prop_map(Value::from).boxed()),
    ])
}

fn conversation() -> BoxedStrategy<Value> {
    let channels =
        ["Channel::WebWidget", "Channel::Email", "Channel::Whatsapp", "Channel::TwilioSms", "Channel::Api", "x"];
    let status = prop::sample::select(vec![json!("open"), json!("resolved"), json!("pending"), json!(1)]);
    object(vec![
        ("display_id", (0_u64..100).prop_map(Value::from).boxed()),
        ("account_id", (0_u64..9).prop_map(Value::from).boxed()),
        ("status", status.boxed()),
        ("channel_type", prop::sample::select(channels.map(Value::from).to_vec()).boxed()),
        ("inbox_name", texts()),
        ("created_at", time()),
        ("last_activity_at", time()),
        ("first_reply_created_at", time()),
        ("url", texts()),
        ("subject", texts()),
        ("labels", prop::collection::vec(texts(), 0..3).prop_map(Value::from).boxed()),
        ("messages", prop::collection::vec(message(), 0..3).prop_map(Value::from).boxed()),
    ])
}

/// An event with ids, so that it is one.
fn event() -> BoxedStrategy<(&'static str, Value)> {
    let contacts =
        (prop::sample::select(vec!["contact.created", "contact.updated"]), contact()).prop_map(|(name, contact)| {
            let contact = with(contact, json!({"id": 7}));
            (name, json!({ "contact": contact }))
        });
    let names = vec!["conversation.created", "conversation.updated", "conversation.resolved"];
    let conversations = (prop::sample::select(names), conversation(), contact()).prop_map(|(name, talk, contact)| {
        (name, json!({"conversation": with(talk, json!({"id": 42, "contact": with(contact, json!({"id": 7}))}))}))
    });
    let messages = (message(), conversation(), contact()).prop_map(|(message, talk, contact)| {
        let talk = with(talk, json!({"id": 42, "contact": with(contact, json!({"id": 7}))}));
        ("message.created", json!({"message": with(message, json!({"id": 9, "conversation": talk}))}))
    });
    prop_oneof![2 => contacts, 2 => conversations, 1 => messages].boxed()
}

async fn prepare(server: Server) -> World {
    let mut world = World::connected(server).await;
    world.set(json!({
        "sync_conversations": true, "sync_messages": true, "stage_progression_enabled": true,
        "stage_on_conversation_created": 2, "stage_on_first_response": 3, "stage_on_conversation_resolved": "won"
    }));
    world
}

#[test]
fn whatever_comes_is_taken_by_krayin_and_done_at_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut worlds: Vec<World> = ALL_SERVERS.iter().map(|server| runtime.block_on(prepare(*server))).collect();
    let worlds = std::cell::RefCell::new(&mut worlds);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&(0..ALL_SERVERS.len(), event()), |(server, (name, data))| {
        let mut worlds = worlds.borrow_mut();
        let world = &mut worlds[server];
        world.sim.reset();
        world.records = Default::default();
        runtime.block_on(async {
            let first = world.event(name, data.clone()).await;
            for request in world.sim.requests() {
                prop_assert!(
                    request.status < 400,
                    "{} {} {} was answered {}: {}",
                    request.method,
                    request.path,
                    request.body,
                    request.status,
                    request.answer
                );
            }
            prop_assert!(first.is_ok(), "{:?}", first);
            let again = world.event(name, data).await;
            prop_assert!(again.is_ok(), "{:?}", again);
            let sent: Vec<_> = world
                .sim
                .requests()
                .iter()
                .map(|sent| format!("{} {} {}", sent.method, sent.path, sent.body))
                .collect();
            prop_assert!(sent.is_empty(), "the second time: {:?}", sent);
            Ok(())
        })
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
