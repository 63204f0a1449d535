//! Every fault of the simulator at every request of every flow, then the event again, as a job would run it: one of
//! everything, linked, and nothing lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use krayin_core::{
    Error,
    api::{Client, ReqwestTransport},
    records::Memory,
    retry::Backoff,
    settings::Settings,
    setup,
    sync::{self, Event, Outcome},
};
use krayin_sim::{Action, Fault, Options, RetryAfter, Server, Sim};
use krayin_tests::{ALL_SERVERS, Case, SpoilingProxy, TOKEN, cases, report};
use serde_json::{Value, json};

/// Longer than an attempt may take.
const SLOW: Duration = Duration::from_millis(450);
/// So many worlds of each server are broken beside one another: most of the time each waits for what is slow.
const PARTS: usize = 3;
/// As often as a job comes back.
const RUNS: usize = 4;

static POINTS: AtomicUsize = AtomicUsize::new(0);
static DOUBLED: AtomicUsize = AtomicUsize::new(0);
static LOST: AtomicUsize = AtomicUsize::new(0);

fn faults() -> Vec<(&'static str, Fault)> {
    let status = |status: u16| Action::Status { status, body: r#"{"message":"x"}"#.into(), headers: Vec::new() };
    let rate = |status: u16| Action::Status {
        status,
        body: r#"{"message":"x"}"#.into(),
        headers: vec![("x-ratelimit-limit".into(), "60".into()), ("x-ratelimit-remaining".into(), "9".into())],
    };
    let soon = |status: u16| Action::Status {
        status,
        body: r#"{"message":"x"}"#.into(),
        headers: vec![("retry-after".into(), "0".into())],
    };
    let redirect = Action::Redirect { status: 302, to: "/login".into() };
    let next = Fault::next;
    vec![
        ("a 401", next(status(401))),
        ("a 403", next(rate(403))),
        ("a 405", next(status(405))),
        ("a 429", next(Action::TooManyRequests(RetryAfter::Absent))),
        ("a 429 for a second", next(Action::TooManyRequests(RetryAfter::Seconds(1)))),
        ("a 403 of a firewall", next(status(403))),
        ("a 419", next(status(419))),
        ("a 429 of a firewall", next(status(429))),
        ("a bare 500", next(status(500))),
        ("a bare 500 after acting", next(status(500)).acting()),
        ("a 500 inside", next(rate(500))),
        ("a 500 inside after acting", next(rate(500)).acting()),
        ("a 502", next(status(502))),
        ("a 502 after acting", next(status(502)).acting()),
        ("a 503", next(status(503))),
        ("a 504 after acting", next(status(504)).acting()),
        ("a 503 with Retry-After after acting", next(soon(503)).acting()),
        ("a 504 with Retry-After after acting", next(soon(504)).acting()),
        ("an HTML page", next(Action::Html)),
        ("an HTML page after acting", next(Action::Html).acting()),
        ("another shape", next(Action::WrongShape(r#"{"data":"x"}"#.into()))),
        ("another shape after acting", next(Action::WrongShape(r#"{"data":"x"}"#.into())).acting()),
        ("a redirect", next(redirect.clone())),
        ("a redirect after acting", next(redirect).acting()),
        ("closed before reading", next(Action::CloseBeforeReading)),
        ("closed before acting", next(Action::CloseBeforeActing)),
        ("closed after acting", next(Action::CloseAfterActing)),
        ("closed after acting, for ever", next(Action::CloseAfterActing).times(3)),
        ("closed half way", next(Action::CloseHalfway)),
        ("too long a length", next(Action::ContentLength(10))),
        ("too short a length", next(Action::ContentLength(-10))),
        ("slow to act", next(Action::Delay(SLOW))),
        ("slow to answer", next(Action::DelayAnswer(SLOW))),
    ]
}

/// Krayin, the records and the settings, as an event finds them.
struct World<'a> {
    sim: &'a Sim,
    /// Where it is reached.
    url: String,
    attempt_timeout: f64,
    transport: Arc<ReqwestTransport>,
    settings: Value,
    records: Arc<Memory>,
}

impl World<'_> {
    fn settings(&self) -> Settings {
        Settings::from_json(self.settings.to_string().as_bytes()).unwrap()
    }

    /// A client that knows nothing yet, as in a process that has just begun.
    fn client(&self) -> Client {
        let backoff = Backoff { base: Duration::from_millis(2), cap: Duration::from_millis(5) };
        Client::new(self.settings().connection().unwrap(), self.transport.clone()).with_backoff(backoff)
    }

    async fn run(&self, event: &str, data: &Value) -> Result<Outcome, Error> {
        let event = Event::from_json(event, data.to_string().as_bytes()).unwrap();
        sync::process(&event, &self.settings(), &self.client(), &*self.records).await
    }

    async fn prepare(&mut self, case: &Case, found: &Value, server: Server) {
        self.records = Arc::default();
        self.prepare_beside(case, found, server).await;
    }

    /// The same beside what the records hold already.
    async fn prepare_beside(&mut self, case: &Case, found: &Value, server: Server) {
        self.sim.reset();
        let base = json!({"api_url": self.url, "api_token": TOKEN, "sync_to_organization": true, "attempt_timeout": self.attempt_timeout});
        self.settings = base;
        for values in [found, &case.settings] {
            for (key, value) in values.as_object().unwrap() {
                self.settings[key] = value.clone();
            }
        }
        self.settings["traits"]["person_workflow"] = json!(case.workflow);
        case.learn(&mut self.settings);
        if let Some(theirs) = &case.theirs {
            self.client().create_person(theirs.clone()).await.unwrap();
        }
        for (event, data) in &case.before {
            self.run(event, data).await.unwrap();
        }
        let client = self.client();
        for path in case.deletions(self.sim, server) {
            client.delete(&path, &[]).await.unwrap();
        }
        self.sim.clear_requests();
    }
}

async fn break_everywhere(server: Server, part: usize) -> Vec<String> {
    let tokens = vec![TOKEN.to_owned()];
    let sim = Sim::start(Options { server, tokens, throttle: false, ..Options::default() }).unwrap();
    let transport = Arc::new(ReqwestTransport::new().unwrap());
    let settings = json!({"api_url": sim.url(), "api_token": TOKEN});
    let mut world =
        World { sim: &sim, url: sim.url(), attempt_timeout: 0.3, transport, settings, records: Arc::default() };
    let (found, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
    let found = serde_json::to_value(found).unwrap();
    let mut failures = Vec::new();
    for (at, case) in cases(server).into_iter().enumerate() {
        if at % PARTS != part || server == Server::Documented && case.counts[3] > 0 {
            continue; // The document has no way to find an activity whose answer was lost.
        }
        world.prepare(&case, &found, server).await;
        world.run(case.event.0, &case.event.1).await.unwrap();
        let requests = sim.requests().len();
        for nth in 1..=requests {
            for (name, fault) in faults() {
                world.prepare(&case, &found, server).await;
                sim.fault(fault.nth(u32::try_from(nth).unwrap()));
                let mut ran = Ok(Outcome::default());
                for run in 0..RUNS {
                    let (event, data) = if run == 0 { &case.event } else { case.again() };
                    ran = world.run(event, data).await;
                    if ran.is_ok() && (run > 0 || case.later.is_none()) {
                        break;
                    }
                    if name.starts_with("slow") {
                        // What was late is over when a job comes back.
                        tokio::time::sleep(SLOW).await;
                    }
                }
                sim.clear_faults();
                POINTS.fetch_add(1, Ordering::Relaxed);
                let mut wrong = case.wrong(&sim, true);
                if let Err(error) = ran {
                    wrong.push(format!("failed in the end: {error}"));
                }
                let doubled = wrong.iter().any(|what| what.contains("instead") && !what.starts_with('0'));
                DOUBLED.fetch_add(usize::from(doubled), Ordering::Relaxed);
                LOST.fetch_add(usize::from(!wrong.is_empty() && !doubled), Ordering::Relaxed);
                failures.extend(wrong.iter().map(|what| format!("{server:?}, {}, {name} at {nth}: {what}", case.name)));
            }
        }
    }
    failures
}

#[test]
fn every_request_of_every_flow_may_fail() {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let parts = ALL_SERVERS.into_iter().flat_map(|server| (0..PARTS).map(move |part| (server, part)));
        let running: Vec<_> = parts
            .map(|(server, part)| {
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(break_everywhere(server, part))
                })
            })
            .collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let [points, doubled, lost] = [&POINTS, &DOUBLED, &LOST].map(|count| count.load(Ordering::Relaxed));
    report(&format!("{points} points, {doubled} doubled, {lost} lost"));
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
    assert!(points > 5000, "{points}");
}

/// Of a contact that two Krayins have: each request of the one's flows fails, the other's event runs in between by the same
/// records. Each fault comes at every few points.
async fn break_beside_another(servers: [Server; 2]) -> (usize, Vec<String>) {
    let tokens = vec![TOKEN.to_owned()];
    let sims = servers.map(|server| {
        Sim::start(Options { server, tokens: tokens.clone(), throttle: false, ..Options::default() }).unwrap()
    });
    let transport = Arc::new(ReqwestTransport::new().unwrap());
    let [mut world, mut beside] = [&sims[0], &sims[1]].map(|sim| {
        let settings = json!({"api_url": sim.url(), "api_token": TOKEN});
        let (url, transport, records) = (sim.url(), Arc::clone(&transport), Arc::default());
        World { sim, url, attempt_timeout: 0.3, transport, settings, records }
    });
    let mut found = Vec::new();
    for (number, world) in [&world, &beside].into_iter().enumerate() {
        let (learned, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
        let mut learned = serde_json::to_value(learned).unwrap();
        learned["traits"]["instance"] = json!(format!("krayin-{number}"));
        found.push(learned);
    }
    let (mut points, mut failures) = (0, Vec::new());
    for (at, (case, others)) in cases(servers[0]).into_iter().zip(cases(servers[1])).enumerate() {
        assert_eq!(case.name, others.name);
        world.prepare(&case, &found[0], servers[0]).await;
        world.run(case.event.0, &case.event.1).await.unwrap();
        let requests = sims[0].requests().len();
        for (nth, (name, fault)) in (1..=requests).flat_map(|nth| {
            let some = faults().into_iter().skip((nth + at) % 5).step_by(5);
            some.map(move |fault| (nth, fault)).collect::<Vec<_>>()
        }) {
            world.prepare(&case, &found[0], servers[0]).await;
            beside.records = Arc::clone(&world.records);
            beside.prepare_beside(&others, &found[1], servers[1]).await;
            sims[0].fault(fault.nth(u32::try_from(nth).unwrap()));
            let mut ran = Ok(Outcome::default());
            for run in 0..RUNS {
                let (event, data) = if run == 0 { &case.event } else { case.again() };
                ran = world.run(event, data).await;
                beside.run(event, data).await.unwrap();
                if ran.is_ok() && (run > 0 || case.later.is_none()) {
                    break;
                }
                if name.starts_with("slow") {
                    tokio::time::sleep(SLOW).await;
                }
            }
            sims[0].clear_faults();
            points += 1;
            let mut wrong = [case.wrong(&sims[0], true), others.wrong(&sims[1], true)].concat();
            wrong.extend(ran.err().map(|error| format!("failed in the end: {error}")));
            failures.extend(wrong.iter().map(|what| format!("{}, {name} at {nth}: {what}", case.name)));
        }
    }
    (points, failures)
}

#[test]
fn a_contact_of_two_krayins_is_once_in_each_whatever_fails() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (points, failures) = runtime.block_on(break_beside_another([Server::Krayin210, Server::Krayin223Community]));
    report(&format!("{points} points beside another Krayin"));
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
    assert!(points > 300, "{points}");
}

/// Between the client and the server stands a proxy that spoils one answer in seven after the server has acted, in every
/// way, over every flow again and again: `SPOILED_REQUESTS` requests, the same ones every time.
#[test]
fn spoiled_answers_double_and_lose_nothing() {
    let wanted = std::env::var("SPOILED_REQUESTS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000_usize);
    let runs: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = ALL_SERVERS
            .map(|server| {
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(spoil(server, wanted / ALL_SERVERS.len()))
                })
            })
            .into();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (mut points, mut requests, mut spoiled, mut failures) = (0, 0, 0, Vec::new());
    for run in runs {
        points += run.0;
        requests += run.1;
        spoiled += run.2;
        failures.extend(run.3);
    }
    let doubled = failures.iter().filter(|what| what.contains("instead") && !what.contains(": 0 ")).count();
    report(&format!(
        "{points} points, {requests} requests, {spoiled} spoiled, {doubled} doubled, {} lost",
        failures.len() - doubled
    ));
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
    assert!(spoiled * 10 > requests, "{spoiled} of {requests}");
}

async fn spoil(server: Server, wanted: usize) -> (usize, usize, usize, Vec<String>) {
    let tokens = vec![TOKEN.to_owned()];
    let sim = Sim::start(Options { server, tokens, throttle: false, ..Options::default() }).unwrap();
    let proxy = SpoilingProxy::start(&sim.url(), 7 + server as u64);
    let transport = Arc::new(ReqwestTransport::new().unwrap());
    let settings = json!({"api_url": proxy.url(), "api_token": TOKEN});
    let mut world =
        World { sim: &sim, url: proxy.url(), attempt_timeout: 1.0, transport, settings, records: Arc::default() };
    let (found, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
    let found = serde_json::to_value(found).unwrap();
    let (mut points, mut failures) = (0, Vec::new());
    while proxy.answered() < wanted {
        for case in cases(server) {
            if server == Server::Documented && case.counts[3] > 0 {
                continue; // The document has no way to find an activity whose answer was lost.
            }
            proxy.spoil(false);
            world.prepare(&case, &found, server).await;
            proxy.spoil(true);
            let mut ran = Ok(Outcome::default());
            for run in 0..RUNS * 4 {
                let (event, data) = if run == 0 { &case.event } else { case.again() };
                ran = world.run(event, data).await;
                if ran.is_ok() && (run > 0 || case.later.is_none()) {
                    break;
                }
            }
            points += 1;
            let mut wrong = case.wrong(&sim, true);
            if let Err(error) = ran {
                wrong.push(format!("failed in the end: {error}"));
            }
            failures.extend(wrong.iter().map(|what| format!("{server:?}, {}, point {points}: {what}", case.name)));
        }
    }
    (points, proxy.answered(), proxy.spoiled(), failures)
}
