//! Several tokens of one Krayin: their budgets add up, one that is refused is left out, and nothing is done twice.

#[allow(dead_code, reason = "what the other tests use of it")]
mod support;

use std::{collections::BTreeMap, sync::Arc};

use krayin_core::{
    api::{Client, ErrorKind, ReqwestTransport, ServerState},
    records::Memory,
    settings::Settings,
    setup,
    sync::{self, Event},
};
use krayin_sim::{Action, Fault, Options, Server, Sim};
use serde_json::json;

/// Three users' tokens; a server that knows `known` of them.
fn world(server: Server, known: &[usize]) -> (Sim, String) {
    let all: Vec<String> = (1..=3).map(|id| format!("{id}|several-tokens-{id:020}")).collect();
    let tokens = known.iter().map(|at| all[*at].clone()).collect();
    let sim = Sim::start(Options { server, tokens, ..Options::default() }).unwrap();
    (sim, all.join("\n"))
}

fn settings(sim: &Sim, tokens: &str) -> Settings {
    let settings = json!({"api_url": sim.url(), "api_token": tokens});
    Settings::from_json(settings.to_string().as_bytes()).unwrap()
}

struct States(Arc<ServerState>, Vec<Arc<ServerState>>);

impl States {
    fn new() -> Self {
        Self(Arc::default(), vec![Arc::default(), Arc::default()])
    }

    /// As each event has one, over what its process knows.
    fn client(&self, settings: &Settings) -> Client {
        let transport = Arc::new(ReqwestTransport::new().unwrap());
        Client::new(settings.connection().unwrap(), transport)
            .with_state(Arc::clone(&self.0))
            .with_further(self.1.iter().map(|state| (Arc::clone(state), None)).collect())
            .with_rate_headers(Some(true))
    }
}

fn by_user(sim: &Sim) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in sim.requests() {
        *counts.entry(format!("{:?}", request.user)).or_default() += 1;
    }
    counts
}

async fn ask(client: &Client) -> Result<(), ErrorKind> {
    client.get("leads", &[("limit", "1".to_owned())]).await.map(drop).map_err(|error| error.kind)
}

#[tokio::test]
async fn budgets_add_up_and_no_request_is_refused() {
    let (sim, tokens) = world(Server::Krayin210, &[0, 1, 2]);
    let (settings, states) = (settings(&sim, &tokens), States::new());
    let mut sent = 0;
    while ask(&states.client(&settings)).await.is_ok() {
        sent += 1;
    }
    assert_eq!((sent, sim.requests().len()), (180, 180));
    assert_eq!(by_user(&sim).into_values().collect::<Vec<_>>(), [60, 60, 60]);
    let spent = states.client(&settings).get("leads", &[]).await.unwrap_err();
    assert_eq!((spent.kind, spent.attempts), (ErrorKind::RateLimit, 0));
    assert!(spent.retry_after.is_some());
}

#[tokio::test]
async fn a_request_goes_with_the_token_that_has_the_most_room() {
    let (sim, tokens) = world(Server::Krayin210, &[0, 1, 2]);
    let first = settings(&sim, tokens.lines().next().unwrap());
    let (settings, states) = (settings(&sim, &tokens), States::new());
    // Somebody else has used the first one up.
    let other = Client::new(first.connection().unwrap(), Arc::new(ReqwestTransport::new().unwrap()));
    for _ in 0..40 {
        ask(&other).await.unwrap();
    }
    for _ in 0..3 {
        ask(&states.client(&settings)).await.unwrap();
    }
    sim.clear_requests();
    for _ in 0..40 {
        ask(&states.client(&settings)).await.unwrap();
    }
    let counts: Vec<usize> = by_user(&sim).into_values().collect();
    assert_eq!(counts, [20, 20], "the two that have more");
}

#[tokio::test]
async fn one_that_is_refused_is_left_out_and_told_and_the_others_go_on() {
    for known in [vec![1, 2], vec![0, 2], vec![0, 1]] {
        let (sim, tokens) = world(Server::Krayin210, &known);
        let (settings, states) = (settings(&sim, &tokens), States::new());
        for _ in 0..100 {
            ask(&states.client(&settings)).await.unwrap();
        }
        let refused = sim.requests().iter().filter(|request| request.status == 401).count();
        // Once, and then whether it was that request alone.
        assert_eq!((refused, sim.requests().len()), (2, 102), "{known:?}");
        let told: Vec<_> = (0..3).map(|at| (at + 1, known.contains(&at))).collect();
        assert_eq!(states.client(&settings).tokens(), told);
    }
}

#[tokio::test]
async fn where_all_are_refused_it_is_as_with_one() {
    let (sim, tokens) = world(Server::Krayin210, &[]);
    let (settings, states) = (settings(&sim, &tokens), States::new());
    assert_eq!(ask(&states.client(&settings)).await, Err(ErrorKind::Authentication));
    assert_eq!(ask(&states.client(&settings)).await, Err(ErrorKind::Authentication));
    assert_eq!(states.client(&settings).tokens(), [(1, false), (2, false), (3, false)]);
}

/// A server that refuses and says in the same breath that its window is over.
#[tokio::test]
async fn where_all_are_throttled_each_is_asked_once() {
    let (sim, tokens) = world(Server::Krayin210, &[0, 1, 2]);
    let headers = [("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "0"), ("retry-after", "0")];
    let refusal = Action::Status {
        status: 429,
        body: r#"{"message":"Too Many Attempts."}"#.into(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    sim.fault(Fault::on("GET", "/leads*", refusal).times(u32::MAX));
    let states = States::new();
    let refused = states.client(&settings(&sim, &tokens)).get("leads", &[]).await.unwrap_err();
    assert_eq!((refused.kind, refused.attempts), (ErrorKind::RateLimit, 3));
    assert_eq!(sim.requests().len(), 3);
}

/// An event whose token is refused in the middle, or spent, ends with another, and everything is there once.
#[tokio::test]
async fn an_event_goes_on_with_another_token() {
    for server in [Server::Krayin210, Server::Krayin223Official, Server::Krayin223Community] {
        let (sim, tokens) = world(server, &[0, 1]);
        let base = json!({"api_url": sim.url(), "api_token": tokens});
        let read = |settings: &serde_json::Value| Settings::from_json(settings.to_string().as_bytes()).unwrap();
        let states = States::new();
        let (found, _) = setup::connect(&read(&base), &states.client(&read(&base))).await.unwrap();
        let mut settings = serde_json::to_value(found).unwrap();
        for (key, value) in base.as_object().unwrap() {
            settings[key] = value.clone();
        }
        let records = Memory::default();
        for id in 1..=12 {
            let contact =
                json!({"contact": {"id": id, "name": format!("Jane {id}"), "email": format!("jane{id}@x.example")}});
            let event = Event::from_json("contact.created", contact.to_string().as_bytes()).unwrap();
            // A process that knows nothing yet.
            let states = States::new();
            let outcome = sync::process(&event, &read(&settings), &states.client(&read(&settings)), &records).await;
            assert_eq!(outcome.unwrap().created, ["person", "lead"], "{server:?}");
        }
        assert_eq!((sim.persons().len(), sim.leads().len()), (12, 12), "{server:?}");
    }
}
