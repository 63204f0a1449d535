//! Many accounts in one process, and the connections that they share or do not share.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use krayin_core::{
    api::{Client, ReqwestTransport, ServerState, Transport},
    retry::Backoff,
    settings::Settings,
};
use krayin_sim::{Options, Server, Sim};
use serde_json::json;

mod raw_server;

use raw_server::{RawServer, write_json};

fn client(url: &str, token: &str, transport: &Arc<dyn Transport>, state: &Arc<ServerState>) -> Client {
    let settings = json!({"api_url": url, "api_token": token});
    let settings = Settings::from_json(settings.to_string().as_bytes()).unwrap();
    let backoff = Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(2) };
    Client::new(settings.connection().unwrap(), Arc::clone(transport))
        .with_state(Arc::clone(state))
        .with_backoff(backoff)
}

fn transport() -> Arc<dyn Transport> {
    Arc::new(ReqwestTransport::new().unwrap())
}

#[test]
fn five_thousand_requests_of_two_accounts_each_reach_their_own_server() {
    const THREADS: usize = 8;
    const CALLS: usize = 625;
    let tokens = ["7|the-token-of-the-first-account", "8|the-token-of-the-second-account"];
    let sims = tokens.map(|token| {
        let tokens = vec![token.to_owned()];
        Sim::start(Options { tokens, throttle: false, server: Server::Krayin210, ..Options::default() }).unwrap()
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (transport, states) = (transport(), [(); 2].map(|()| Arc::new(ServerState::default())));
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (sims, runtime, transport, states, done) = (&sims, &runtime, &transport, &states, &done);
            scope.spawn(move || {
                for call in 0..CALLS {
                    let account = (thread + call) % 2;
                    let client = client(&sims[account].url(), tokens[account], transport, &states[account]);
                    runtime.block_on(async {
                        let title = format!("account {account} thread {thread} call {call}");
                        client.get("leads", &[("title", title), ("limit", "1".to_owned())]).await.unwrap();
                    });
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(done.into_inner(), 5000);
    for (account, sim) in sims.iter().enumerate() {
        let requests = sim.requests();
        assert_eq!(requests.len(), 2500);
        for request in requests {
            assert_eq!((request.status, request.user), (200, Some(2)), "{request:?}");
            assert!(request.query[0].1.starts_with(&format!("account {account} ")), "{request:?}");
        }
        assert!(sim.connections() <= 2 * THREADS as u64, "{} connections", sim.connections());
    }
}

#[tokio::test]
async fn a_hundred_calls_in_turn_open_one_connection() {
    let sim = Sim::start(Options { throttle: false, ..Options::default() }).unwrap();
    let (transport, state) = (transport(), Arc::new(ServerState::default()));
    for n in 0..100 {
        // Every event has a client of its own.
        let client = client(&sim.url(), &sim.token(0), &transport, &state);
        if n % 2 == 0 {
            client.current_user().await.unwrap();
        } else {
            client.create_organization(json!({"name": format!("Acme {n}")})).await.unwrap();
        }
    }
    assert_eq!((sim.requests().len(), sim.connections()), (100, 1));
}

/// A server that closes each connection after its answer without having said so.
#[tokio::test]
async fn a_server_that_closes_idle_connections_costs_neither_an_error_nor_a_second_post() {
    let server = RawServer::start(|_, stream| {
        let answered = write_json(stream, "", r#"{"data":{"id":1,"name":"Acme"}}"#);
        let _ = stream.flush();
        answered && stream.shutdown(std::net::Shutdown::Both).is_err()
    });
    let (transport, state) = (transport(), Arc::new(ServerState::default()));
    for n in 0..40 {
        let client = client(&server.url(), "1|a-token", &transport, &state);
        client.create_organization(json!({"name": format!("Acme {n}")})).await.unwrap();
        assert_eq!(client.requests(), 1);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 40);
    for (n, wire) in seen.iter().enumerate() {
        assert_eq!(wire.body, format!(r#"{{"name":"Acme {n}"}}"#));
    }
}
