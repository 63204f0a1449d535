//! What stands in front of the server's code, and is turned while it runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::time::{Duration, Instant};

use krayin_sim::{Options, Server, Sim, Switches};
use serde_json::{Value, json};

mod support;

use support::{Client, JSON, KeepAlive, connect, raw};

fn start(switches: Switches) -> Sim {
    Sim::start(Options { switches, ..Options::default() }).unwrap()
}

#[test]
fn each_answer_comes_later() {
    let sim = start(Switches { latency: Duration::from_millis(120), ..Switches::default() });
    let began = Instant::now();
    assert_eq!(Client::new(&sim).get("/get").status, 200);
    assert!(began.elapsed() >= Duration::from_millis(120));
}

#[test]
fn a_connection_carries_so_many_requests() {
    let sim = start(Switches { keep_alive_requests: Some(2), ..Switches::default() });
    let mut stream = BufReader::new(connect(&sim));
    let get = format!("GET /api/v1/get HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", sim.token(0));
    let mut heads = Vec::new();
    for _ in 0..2 {
        stream.get_mut().write_all(get.as_bytes()).unwrap();
        let (mut head, mut line) = (String::new(), String::new());
        while stream.read_line(&mut line).unwrap() > 2 {
            head.push_str(&line.to_lowercase());
            line.clear();
        }
        let length = head.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap().parse().unwrap();
        stream.read_exact(&mut vec![0; length]).unwrap();
        heads.push(head);
    }
    assert!(!heads[0].contains("connection: close") && heads[1].contains("connection: close"), "{heads:?}");
    assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap(), 0);
    assert_eq!(sim.connections(), 1);
}

#[test]
fn a_connection_may_lie_idle_for_so_long() {
    let sim = start(Switches { keep_alive_idle: Some(Duration::from_secs(1)), ..Switches::default() });
    let mut connection = connect(&sim);
    assert_eq!(connection.read(&mut [0; 64]).unwrap(), 0, "closed without a word");
    let mut connection = KeepAlive::new(Client::new(&sim));
    assert_eq!(connection.send("GET", "/get", &json!({})).status, 200);
    assert_eq!(connection.send("GET", "/get", &json!({})).status, 200);
}

#[test]
fn bodies_are_packed_for_who_accepts_it() {
    let sim = start(Switches { gzip: true, ..Switches::default() });
    let token = format!("Bearer {}", sim.token(0));
    let ask = |accepts: Option<(&'static str, &'static str)>, path: &str| {
        let mut headers = JSON.to_vec();
        headers.push(("Authorization", &token));
        headers.extend(accepts);
        raw(&sim, "GET", &format!("/api/v1{path}"), &headers, None).unwrap()
    };
    let packed = ask(Some(("Accept-Encoding", "gzip, deflate")), "/settings/pipelines");
    assert_eq!((packed.status, packed.header("content-encoding")), (200, Some("gzip")));
    assert!(packed.rate().is_some() && packed.json() == Value::Null);
    let plain = ask(None, "/settings/pipelines");
    assert_eq!((plain.header("content-encoding"), plain.json()["data"][0]["id"].as_u64()), (None, Some(1)));
    assert!(sim.requests()[0].answer.contains("Default Pipeline"), "the log shows what was packed");
}

#[test]
fn the_throttle_and_its_headers() {
    let sim = start(Switches { calls_a_minute: Some(2), ..Switches::default() });
    let client = Client::new(&sim);
    assert_eq!((client.get("/get").rate(), client.get("/get").rate()), (Some((2, 1)), Some((2, 0))));
    assert_eq!(client.get("/get").status, 429);
    sim.switch(Switches { rate_headers: false, throttle: false, ..sim.switches() });
    let reply = client.get("/get");
    assert_eq!((reply.status, reply.rate()), (200, None));
    sim.reset();
    assert_eq!(sim.switches().calls_a_minute, Some(2), "as it was started");

    let newer = Options { server: Server::Krayin223Official, ..Options::default() };
    let sim = Sim::start(newer).unwrap();
    assert_eq!(Client::new(&sim).get("/get").rate(), None);
    sim.switch(Switches { calls_a_minute: Some(60), ..Switches::default() });
    assert_eq!(Client::new(&sim).get("/get").rate(), Some((60, 59)));
}

#[test]
fn switches_are_turned_over_http() {
    let sim = start(Switches::default());
    let send = |body: Value| raw(&sim, "POST", "/_sim/switches", &JSON, Some(body.to_string().as_bytes())).unwrap();
    let reply = send(json!({"latency_ms": 3, "keep_alive_requests": 5, "gzip": true}));
    assert_eq!((reply.status, reply.json()["latency_ms"].as_u64()), (200, Some(3)));
    assert_eq!(sim.switches().keep_alive_requests, Some(5));
    let reply = send(json!({"gzip": false, "latency": 1}));
    assert_eq!((reply.status, reply.json()["message"].as_str()), (422, Some("no switch \"latency\"")));
    assert!(sim.switches().gzip, "none is turned when one is wrong");
    let shown = raw(&sim, "GET", "/_sim/switches", &JSON, None).unwrap().json();
    assert_eq!(shown["keep_alive_requests"], 5);
}
