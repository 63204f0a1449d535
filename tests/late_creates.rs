//! A create that is slow: given up by the client, and carried out when nobody waits for it any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use krayin_core::{
    Error,
    api::{Client, ErrorKind, Executed, ReqwestTransport, ServerState},
    records::{Kind, Records},
    retry::Backoff,
    settings::Settings,
};
use krayin_sim::{Action, Fault, RetryAfter, Server};
use krayin_tests::{World, conversation, jane};
use serde_json::{Value, json};

mod raw_server;

use raw_server::{RawServer, write_json};

const ATTEMPT: f64 = 0.3;
/// More requests than any call sends.
const LATE: u32 = 1_000;

async fn world() -> World {
    let mut world = World::connected(Server::Krayin210).await;
    world.set(json!({"attempt_timeout": ATTEMPT}));
    world
}

fn failing(path: &str, nth: u32, action: Action) -> Fault {
    Fault::on("POST", path, action).nth(nth)
}

fn answer(status: u16, body: &str) -> Action {
    Action::Status {
        status,
        body: body.into(),
        headers: vec![("x-ratelimit-limit".into(), "60".into()), ("x-ratelimit-remaining".into(), "9".into())],
    }
}

fn jane_as_krayin_has_her() -> Value {
    json!({
        "name": "Jane", "emails": [{"value": "jane@example.com", "label": "work"}],
        "contact_numbers": [{"value": "+14155550182", "label": "work"}]
    })
}

/// What a second attempt hears says nothing of the first, which the server may be at yet.
#[tokio::test]
async fn the_first_may_be_running_whatever_the_second_hears() {
    let taken = answer(422, r#"{"message":"x","errors":{"emails.0.value":["The value has already been taken."]}}"#);
    let table = [
        ("taken", taken),
        ("not valid", answer(422, r#"{"message":"x","errors":{"name":["The name field is required."]}}"#)),
        ("a firewall", Action::status(403)),
        ("a gateway", Action::status(502)),
        ("a failure inside", answer(500, r#"{"message":"Server Error"}"#)),
        ("a throttle", Action::TooManyRequests(RetryAfter::Seconds(60))),
        ("a cut", Action::CloseBeforeActing),
    ];
    for (name, second) in table {
        let world = world().await;
        let path = "/contacts/persons";
        world.sim.fault(failing(path, 1, Action::DelayUntil(LATE)));
        world.sim.fault(failing(path, 2, second).times(2));
        let error = world.client().create_person(jane_as_krayin_has_her()).await.unwrap_err();
        assert_eq!(error.executed, Executed::Unknown, "{name}: {error}");
        assert!(error.attempts >= 2, "{name}: {error}");
        assert_eq!(world.sim.persons().len(), 0, "{name}");
        world.sim.clear_faults();
        assert_eq!(world.sim.persons().len(), 1, "{name}: it was carried out in the end");
    }
}

/// The person is there and the lead is not: of one request that is halfway through, or of one that broke.
#[tokio::test]
async fn half_of_a_lead_is_no_reason_to_make_the_other_half() {
    let server = RawServer::start(|wire, stream| match wire.head.split(' ').nth(1).unwrap_or_default() {
        path if wire.head.starts_with("POST") && path.starts_with("/api/v1/leads") => {
            std::thread::sleep(Duration::from_millis(800));
            false
        }
        path if path.starts_with("/api/v1/contacts/persons") => write_json(
            stream,
            "",
            r#"{"data":[{"id":5,"name":"Jane","emails":[{"value":"jane@example.com","label":"work"}],"contact_numbers":[]}]}"#,
        ),
        _ => write_json(stream, "", r#"{"data":[]}"#),
    });
    let settings =
        json!({"api_url": server.url(), "api_token": "1|a-secret-token-0123456789", "attempt_timeout": ATTEMPT});
    let connection = Settings::from_json(settings.to_string().as_bytes()).unwrap().connection().unwrap();
    let backoff = Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(2) };
    let client = Client::new(connection, Arc::new(ReqwestTransport::new().unwrap())).with_backoff(backoff);
    let client = client.with_state(Arc::<ServerState>::default()).with_rate_headers(Some(false));
    let lead = json!({
        "title": "Jane", "person": {"name": "Jane", "emails": [{"value": "jane@example.com", "label": "work"}]}
    });
    let error = client.create_lead(lead).await.unwrap_err();
    assert_eq!((error.kind, error.executed), (ErrorKind::Timeout, Executed::Unknown), "{error}");
    let posts = server.seen().iter().filter(|wire| wire.head.starts_with("POST")).count();
    assert_eq!(posts, 1, "the lead alone would have no guard");
}

fn message() -> Value {
    json!({"message": {
        "id": 9, "message_type": "outgoing", "content": "A reply", "created_at": "2026-11-24T10:02:00Z",
        "sender": {"name": "Ann", "type": "User"}, "conversation": conversation("Channel::Api")
    }})
}

/// A job comes back at once, as Sidekiq lets it: the look finds nothing yet, and the create is carried out a moment later.
#[tokio::test]
async fn an_event_that_comes_back_at_once_waits_for_what_it_gave_up() {
    let contact = || json!({"contact": jane()});
    let talk = || json!({"conversation": conversation("Channel::Api")});
    for (name, path, event, data, settings) in [
        ("a message", "/activities", "message.created", message(), json!({"sync_messages": true})),
        ("a conversation", "/activities", "conversation.created", talk(), json!({"sync_conversations": true})),
        ("a lead of somebody there", "/leads", "contact.created", contact(), json!({})),
        (
            "a conversation's own lead",
            "/leads",
            "conversation.created",
            talk(),
            json!({"lead_policy": "per_conversation"}),
        ),
    ] {
        let mut world = world().await;
        world.set(settings);
        world.client().create_person(jane_as_krayin_has_her()).await.unwrap();
        if path == "/activities" {
            world.contact("contact.created", jane()).await;
        }
        let (leads, activities) = (world.sim.leads().len(), world.sim.activities().len());
        // The look of the next run is a request, and another is its first: it comes to its end between the two.
        world.sim.fault(failing(path, 1, Action::DelayUntil(LATE)));
        let Err(Error::Api(error)) = world.event(event, data.clone()).await else { panic!("{name}") };
        assert_eq!((error.kind, error.executed), (ErrorKind::Timeout, Executed::Unknown), "{name}: {error}");
        let is_over = Arc::new(AtomicBool::new(false));
        let (outcome, ()) = tokio::join!(world.event(event, data.clone()), async {
            // After the next run has looked, before it goes on.
            tokio::time::sleep(Duration::from_millis(250)).await;
            world.sim.clear_faults();
            is_over.store(true, Ordering::SeqCst);
        });
        outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(is_over.load(Ordering::SeqCst), "{name}: it did not wait");
        let made = (world.sim.leads().len() - leads) + (world.sim.activities().len() - activities);
        assert_eq!(made, 1, "{name}: {:?}", world.sim.activities());
        // What is over is kept no longer.
        let kept = world.records.load(Kind::Contact, 7).await.unwrap();
        assert!(!kept.sent.contains_key("unfinished"), "{name}: {:?}", kept.sent);
    }
}

/// Where that may take longer than anybody waits, the event comes back then.
#[tokio::test]
async fn an_event_is_put_off_where_that_takes_long() {
    let mut world = World::connected(Server::Krayin210).await;
    world.set(json!({"attempt_timeout": 0.3, "sync_messages": true}));
    world.contact("contact.created", jane()).await;
    world.sim.fault(failing("/activities", 1, Action::DelayUntil(LATE)));
    world.event("message.created", message()).await.unwrap_err();
    world.set(json!({"attempt_timeout": 30}));
    world.sim.clear_requests();
    let Err(Error::Api(error)) = world.event("message.created", message()).await else { panic!("it was sent") };
    assert_eq!((error.kind, error.attempts, error.executed), (ErrorKind::Timeout, 0, Executed::Unknown), "{error}");
    // By which a job knows that it is to come back then, and that Krayin is not down.
    assert_eq!(error.detail.code(), "still_running");
    assert!(error.retry_after.is_some_and(|wait| wait > Duration::from_secs(50) && wait <= Duration::from_secs(60)));
    assert!(world.sim.requests().iter().all(|request| request.method == "GET"));
    // Another message of the same contact has nothing to wait for.
    let mut other = message();
    other["message"]["id"] = json!(10);
    other["message"]["sender"]["name"] = json!("Bob");
    let before = world.sim.activities().len();
    world.event("message.created", other).await.unwrap();
    assert_eq!(world.sim.activities().len(), before + 1);
}
