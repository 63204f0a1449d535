//! Forty threads on one token of a server that counts: it never has to refuse one.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use krayin_core::{
    api::{Client, ErrorKind, LimiterStore, MemoryStore, RateLimiter, ReqwestTransport, ServerState},
    retry::Priority,
    settings::Settings,
};
use krayin_sim::{Options, Server, Sim};
use serde_json::json;

fn client(sim: &Sim, transport: &Arc<ReqwestTransport>) -> Client {
    let settings = json!({"api_url": sim.url(), "api_token": sim.token(0)});
    let settings = Settings::from_json(settings.to_string().as_bytes()).unwrap();
    Client::new(settings.connection().unwrap(), Arc::clone(transport) as Arc<_>)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// How many of a simulator's answers were refusals of its throttle.
fn refused(sim: &Sim, production: bool) -> usize {
    let refusal = if production { 500 } else { 429 };
    sim.requests().iter().filter(|sent| sent.status == refusal).count()
}

/// Four processes of ten threads each: every process has its own state and transport, all share the limiter's store.
fn crowd(server: Server, production: bool, known: bool) -> (usize, usize, usize) {
    const CALLS: usize = 4;
    let sim = Sim::start(Options { server, production, ..Options::default() }).unwrap();
    let store: Arc<dyn LimiterStore> = Arc::new(MemoryStore::default());
    let (good, put_off, start) = (AtomicUsize::new(0), AtomicUsize::new(0), Barrier::new(40));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let state = Arc::new(ServerState::default());
            for _ in 0..10 {
                let (sim, state, store) = (&sim, Arc::clone(&state), Arc::clone(&store));
                let (good, put_off, start) = (&good, &put_off, &start);
                scope.spawn(move || {
                    let transport = Arc::new(ReqwestTransport::new().unwrap());
                    let limiter = Arc::new(RateLimiter::new(store, "server".into()));
                    let client = client(sim, &transport).with_state(state).with_limiter(limiter);
                    let client = client.with_rate_headers(known.then_some(server == Server::Krayin210));
                    start.wait();
                    runtime().block_on(async {
                        for _ in 0..CALLS {
                            let began = Instant::now();
                            match client.get("leads", &[("limit", "1".to_owned())]).await {
                                Ok(_) => drop(good.fetch_add(1, Ordering::Relaxed)),
                                Err(error) => {
                                    assert_eq!((error.kind, error.attempts), (ErrorKind::RateLimit, 0), "{error}");
                                    let wait = error.retry_after.unwrap();
                                    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(61), "{wait:?}");
                                    assert!(began.elapsed() < Duration::from_secs(5), "it slept");
                                    put_off.fetch_add(1, Ordering::Relaxed);
                                }
                            }
                        }
                    });
                });
            }
        }
    });
    assert_eq!(sim.requests().len(), good.load(Ordering::Relaxed));
    (good.into_inner(), put_off.into_inner(), refused(&sim, production))
}

#[test]
fn forty_threads_use_the_window_up_and_are_never_refused() {
    for (production, known) in [(false, false), (false, true), (true, false), (true, true)] {
        let (good, put_off, refused) = crowd(Server::Krayin210, production, known);
        println!("{good} sent, {put_off} put off, {refused} refused by the server");
        assert_eq!((good, put_off, refused), (60, 100, 0), "production {production}, known {known}");
    }
}

#[test]
fn a_server_that_does_not_count_is_not_paced() {
    for known in [false, true] {
        assert_eq!(crowd(Server::Krayin223Official, true, known), (160, 0, 0), "known {known}");
    }
}

/// Bulk work begins no event before its time; one that has begun is finished, and live events go at once.
#[test]
fn bulk_work_leaves_requests_for_events() {
    let sim = Sim::start(Options::default()).unwrap();
    let (state, transport) = (Arc::new(ServerState::default()), Arc::new(ReqwestTransport::new().unwrap()));
    let of = |priority| client(&sim, &transport).with_state(Arc::clone(&state)).with_priority(priority);
    runtime().block_on(async {
        let mut sent = 0;
        let put_off = loop {
            let event = of(Priority::Bulk);
            match event.current_user().await {
                Ok(_) => event.current_user().await.unwrap(),
                Err(error) => break error,
            };
            sent += 2;
        };
        assert_eq!((sent, put_off.kind), (8, ErrorKind::RateLimit));
        let wait = put_off.retry_after.unwrap();
        assert!(wait < Duration::from_secs(4), "{wait:?}");
        let live = of(Priority::Live);
        for _ in 0..52 {
            live.current_user().await.unwrap();
        }
        assert_eq!(live.current_user().await.unwrap_err().kind, ErrorKind::RateLimit);
    });
    assert_eq!(sim.requests().len(), 60);
    assert_eq!(refused(&sim, false), 0);
}

/// Somebody else uses the token as well: what the server tells is believed more than our own count.
#[test]
fn what_others_use_up_is_seen() {
    let sim = Sim::start(Options::default()).unwrap();
    let transport = Arc::new(ReqwestTransport::new().unwrap());
    let (ours, theirs) = (client(&sim, &transport), client(&sim, &transport));
    runtime().block_on(async {
        ours.current_user().await.unwrap();
        for _ in 0..50 {
            theirs.current_user().await.unwrap();
        }
        for _ in 0..9 {
            ours.current_user().await.unwrap();
        }
        assert_eq!(ours.current_user().await.unwrap_err().attempts, 0);
    });
    assert_eq!(refused(&sim, false), 0);
}

/// A process that comes into a spent window, told by the set-up that the token is good, is not told that it is bad.
#[test]
fn a_spent_window_is_not_a_refused_token() {
    let sim = Sim::start(Options { production: true, ..Options::default() }).unwrap();
    let transport = Arc::new(ReqwestTransport::new().unwrap());
    runtime().block_on(async {
        let others = client(&sim, &transport);
        for _ in 0..60 {
            others.current_user().await.unwrap();
        }
        let late = client(&sim, &transport).with_rate_headers(Some(true));
        let error = late.current_user().await.unwrap_err();
        assert_eq!((error.kind, error.attempts), (ErrorKind::RateLimit, 1), "{error}");
        let error = late.current_user().await.unwrap_err();
        assert_eq!((error.kind, error.attempts), (ErrorKind::RateLimit, 0), "the first refusal keeps the next back");
        sim.advance(Duration::from_secs(61));
        let next = client(&sim, &transport).with_rate_headers(Some(true));
        next.current_user().await.unwrap();
    });
}

/// A server that is down costs one attempt now and then, not three for every job.
#[test]
fn a_dead_server_is_left_alone() {
    let sim = Sim::start(Options::default()).unwrap();
    let transport = Arc::new(ReqwestTransport::new().unwrap());
    let state = Arc::new(ServerState::default());
    let of = || {
        let backoff = krayin_core::retry::Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(2) };
        client(&sim, &transport).with_state(Arc::clone(&state)).with_backoff(backoff)
    };
    let jobs: Vec<Client> = (0..20).map(|_| of()).collect();
    drop(sim);
    runtime().block_on(async {
        let mut attempts = Vec::new();
        for job in &jobs {
            let error = job.current_user().await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
            attempts.push(job.requests());
            if job.requests() == 0 {
                assert!(error.to_string().contains("was not tried"), "{error}");
                assert!(error.retry_after.is_some_and(|wait| wait <= Duration::from_secs(30)));
            }
        }
        assert_eq!(attempts.iter().sum::<u32>(), 5, "{attempts:?}");
        assert_eq!(attempts[..3], [3, 2, 0]);
    });
}
