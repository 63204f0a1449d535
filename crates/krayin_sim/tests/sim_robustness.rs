//! What clients should never send, and more of them than there should be: the simulator goes on answering.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use krayin_sim::{Options, Server, Sim};
use serde_json::{Value, json};

mod support;

use support::{Client, JSON, KeepAlive, V210, connect, raw, start};

fn alive(sim: &Sim) {
    assert_eq!(Client::new(sim).get("/get").status, 200);
}

/// Sends bytes and reads what comes until the connection ends or falls silent.
fn answer_to(sim: &Sim, bytes: &[u8]) -> String {
    let mut stream = connect(sim);
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn malformed_requests_are_refused_and_forgotten() {
    let sim = start(V210);
    for bytes in [
        &b"\r\n\r\n"[..],
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api/v1/get HTTP/1.1\r\nBad Header\r\n\r\n",
        b"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00\xff\x00\xff",
    ] {
        let answer = answer_to(&sim, bytes);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{bytes:?}: {answer}");
    }
    alive(&sim);
}

#[test]
fn odd_targets_and_headers_are_answered() {
    let sim = start(V210);
    let token = format!("Bearer {}", sim.token(0));
    for target in [
        "/api/v1/leads?%zz=%",
        "/api/v1/contacts/persons/%00",
        "/api/v1/contacts/persons/../../get",
        "/api/v1/leads/18446744073709551616",
        "/api/v1/leads?limit=99999999999999999999&page=99999999999999999999",
        "/api/v1/leads?limit=-1&page=0",
        "/api/v1//leads",
        "/api/v1",
        "/api/v2/leads",
        "/leads/%ff",
        "/leads/x/y/z",
        "/_sim",
        "/_sim/",
    ] {
        let reply = raw(&sim, "GET", target, &[JSON[0], ("Authorization", &token)], None).unwrap();
        assert!((200..=500).contains(&reply.status), "{target}: {reply:?}");
    }
    for authorization in ["", "Bearer", "Bearer ", "Basic eDp5", "bearer x", "Bearer \u{e9}"] {
        let reply = raw(&sim, "GET", "/api/v1/get", &[JSON[0], ("Authorization", authorization)], None).unwrap();
        assert_eq!(reply.status, 401, "{authorization:?}");
    }
    alive(&sim);
}

/// Sends every kind of value in every field of every call.
fn send_bodies_of_any_shape(server: Server) {
    let shapes = [
        json!(null),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("x"),
        json!([]),
        json!({}),
        json!({"value": {}}),
        json!([{"value": [], "label": {}}]),
        json!([{"value": 1, "label": 2}]),
        json!({"0": {"value": "a@example.com", "label": "work"}}),
    ];
    let fields = [
        "name",
        "emails",
        "contact_numbers",
        "job_title",
        "user_id",
        "organization_id",
        "organization_name",
        "title",
        "description",
        "lead_value",
        "lead_source_id",
        "lead_type_id",
        "lead_pipeline_id",
        "lead_pipeline_stage_id",
        "person_id",
        "person",
        "lead_id",
        "expected_close_date",
        "type",
        "comment",
        "additional",
        "schedule_from",
        "schedule_to",
        "is_done",
        "products",
        "address",
        "code",
        "entity_type",
        "tag_id",
        "payload",
        "headers",
        "event",
        "actions",
        "conditions",
        "end_point",
        "method",
        "color",
        "query_params",
        "status",
        "lost_reason",
    ];
    let good = json!({
        "name": "N", "emails": [{"value": "a@example.com", "label": "work"}], "type": "note", "comment": "c", "code": "c",
        "contact_numbers": [{"value": "1", "label": "work"}], "title": "t", "lead_pipeline_stage_id": 1, "person_id": 1,
        "entity_type": "leads", "method": "post", "end_point": "http://127.0.0.1:1/", "event": "lead.update.after",
    });
    let sim = Sim::start(Options { server, throttle: false, ..Options::default() }).unwrap();
    let client = Client::new(&sim);
    let mut wire = KeepAlive::new(client);
    let calls: &[(&str, &str)] = if server == Server::Documented {
        &[
            ("POST", "/persons"),
            ("PUT", "/persons/1"),
            ("POST", "/persons/search"),
            ("POST", "/leads"),
            ("PUT", "/leads/1"),
            ("POST", "/contacts/organizations"),
            ("POST", "/activities"),
            ("PUT", "/activities/1"),
        ]
    } else {
        &[
            ("POST", "/contacts/persons"),
            ("PUT", "/contacts/persons/1"),
            ("POST", "/leads"),
            ("PUT", "/leads/1"),
            ("PUT", "/leads/attributes/edit/1"),
            ("PUT", "/leads/stage/edit/1"),
            ("POST", "/leads/1/tags"),
            ("POST", "/activities"),
            ("PUT", "/activities/1"),
            ("POST", "/contacts/organizations"),
            ("PUT", "/contacts/organizations/1"),
            ("POST", "/settings/attributes"),
            ("POST", "/settings/tags"),
            ("POST", "/settings/workflows"),
        ]
    };
    for (method, path) in calls {
        wire.send(method, path, &good);
        for field in fields {
            for shape in &shapes {
                let mut body = good.clone();
                body[field] = shape.clone();
                let reply = wire.send(method, path, &body);
                assert!((200..=500).contains(&reply.status), "{server:?} {method} {path} {body}: {reply:?}");
                assert!(reply.json().is_object(), "{reply:?}");
            }
        }
        for shape in &shapes {
            let status = wire.send(method, path, shape).status;
            assert!((200..=500).contains(&status), "{server:?} {method} {path} {shape}");
        }
    }
    // Whatever was stored can be listed, searched and shown.
    assert!(!sim.persons().is_empty() && !sim.leads().is_empty());
    let lists: &[&str] = if server == Server::Documented {
        &["/persons?limit=100000", "/leads?limit=100000", "/activities?limit=100000"]
    } else {
        &[
            "/contacts/persons?limit=100000&sort=name",
            "/leads?limit=100000&sort=title",
            "/activities?limit=100000&sort=title",
            "/contacts/persons/search?search=name:n;emails:a&searchFields=name:like;emails:like",
            "/leads/search?search=person.name:n&searchFields=person.name:like",
        ]
    };
    for list in lists {
        assert_eq!(client.get(list).status, 200, "{server:?} {list}");
    }
    assert_eq!(raw(&sim, "GET", "/", &[], None).unwrap().status, 200);
    alive(&sim);
}

#[test]
fn bodies_of_any_shape_are_answered_by_210() {
    send_bodies_of_any_shape(Server::Krayin210);
}

#[test]
fn bodies_of_any_shape_are_answered_by_223_official() {
    send_bodies_of_any_shape(Server::Krayin223Official);
}

#[test]
fn bodies_of_any_shape_are_answered_by_223_community() {
    send_bodies_of_any_shape(Server::Krayin223Community);
}

#[test]
fn bodies_of_any_shape_are_answered_by_the_documented_api() {
    send_bodies_of_any_shape(Server::Documented);
}

#[test]
fn a_deeply_nested_body_is_no_body() {
    let sim = start(V210);
    let body = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let token = format!("Bearer {}", sim.token(0));
    let headers = [JSON[0], JSON[2], ("Authorization", token.as_str())];
    assert_eq!(
        raw(&sim, "POST", "/api/v1/contacts/organizations", &headers, Some(body.as_bytes())).unwrap().status,
        200
    );
    alive(&sim);
}

#[test]
fn bytes_that_are_no_text_are_answered() {
    let sim = start(V210);
    let token = format!("Bearer {}", sim.token(0));
    let headers = [JSON[0], JSON[2], ("Authorization", token.as_str())];
    for body in [&b"\xff\xfe{\"name\":\"x\"}"[..], b"{\"name\":\"\xff\"}", b"\x00", b"{\"name\":\"\\ud800\"}"] {
        let reply = raw(&sim, "POST", "/api/v1/contacts/organizations", &headers, Some(body)).unwrap();
        assert_eq!(reply.status, 200, "{body:?}");
    }
    alive(&sim);
}

#[test]
fn an_oversized_body_is_refused_and_not_kept() {
    let sim = start(V210);
    let token = format!("Bearer {}", sim.token(0));
    let headers = [JSON[0], JSON[2], ("Authorization", token.as_str())];
    let body = format!("{{\"name\":\"{}\"}}", "x".repeat(9 << 20));
    let reply = raw(&sim, "POST", "/api/v1/contacts/organizations", &headers, Some(body.as_bytes())).unwrap();
    assert_eq!(reply.status, 413);
    assert!(sim.organizations().is_empty());
    assert_eq!(sim.requests()[0].body, "");
    let fits = format!("{{\"name\":\"{}\"}}", "x".repeat(7 << 20));
    let reply = raw(&sim, "POST", "/api/v1/contacts/organizations", &headers, Some(fits.as_bytes())).unwrap();
    assert_eq!(reply.status, 200);
    alive(&sim);
}

#[test]
fn a_declared_length_reserves_no_memory() {
    let sim = start(V210);
    let mut streams = Vec::new();
    for _ in 0..50 {
        let mut stream = connect(&sim);
        stream
            .write_all(b"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000000000000000\r\n\r\n{")
            .unwrap();
        streams.push(stream);
    }
    alive(&sim);
}

#[test]
fn slow_clients_hold_nobody_up() {
    let sim = start(V210);
    let mut slow: Vec<TcpStream> = (0..100).map(|_| connect(&sim)).collect();
    for stream in &mut slow {
        stream.write_all(b"POST /api/v1/leads HTTP/1.1\r\nHo").unwrap();
    }
    let began = Instant::now();
    alive(&sim);
    assert!(began.elapsed() < Duration::from_secs(2));
    // One of them finishes after all, a byte at a time.
    let body = json!({"name": "Slow"}).to_string();
    let rest = format!(
        "st: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\
         \r\n{body}",
        sim.token(0),
        body.len()
    );
    let mut stream = slow.remove(0);
    for byte in rest.bytes() {
        stream.write_all(&[byte]).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 500"), "no stage: {answer}");
}

#[test]
fn one_connection_carries_many_requests() {
    let sim = start(V210);
    let mut stream = connect(&sim);
    let request = format!("GET /api/v1/get HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", sim.token(0));
    // Pipelined: all at once.
    stream.write_all(request.repeat(200).as_bytes()).unwrap();
    let mut text = String::new();
    let mut buffer = [0; 65_536];
    while text.matches("HTTP/1.1 200 OK").count() < 200 {
        let count = stream.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "closed after {} answers", text.matches("HTTP/1.1 200 OK").count());
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    assert_eq!(sim.connections(), 1);
    assert!(sim.requests().iter().all(|entry| entry.connection == 1));
}

/// As many connections as the limit of file descriptors allows, 2,000 at most: both ends are in this process.
#[test]
fn thousands_of_connections_at_once() {
    let sim = start(V210);
    let limit = std::fs::read_to_string("/proc/self/limits")
        .ok()
        .and_then(|limits| {
            let line = limits.lines().find(|line| line.starts_with("Max open files"))?.to_owned();
            line.split_whitespace().nth(3)?.parse::<usize>().ok()
        })
        .unwrap_or(1024);
    let count = (limit.saturating_sub(200) / 2).min(2_000);
    let mut streams: Vec<TcpStream> = (0..count).map(|_| connect(&sim)).collect();
    let request = format!(
        "GET /api/v1/get HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        sim.token(0)
    );
    for stream in &mut streams {
        stream.write_all(request.as_bytes()).unwrap();
    }
    for mut stream in streams {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
    assert_eq!(sim.connections(), count as u64);
}

#[test]
fn many_threads_at_once_lose_nothing() {
    let sim = start(V210);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let sim = &sim;
            scope.spawn(move || {
                for number in 0..50 {
                    let name = format!("Org {thread}-{number}");
                    let reply = Client::new(sim).post("/contacts/organizations", json!({ "name": name }));
                    assert_eq!(reply.status, 200);
                }
            });
        }
    });
    assert_eq!(sim.organizations().len(), 400);
    let mut ids: Vec<u64> = sim.organizations().iter().filter_map(|row| row["id"].as_u64()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=400).collect::<Vec<u64>>());
}

#[test]
fn stopping_closes_connections_and_frees_the_port() {
    let sim = start(V210);
    let mut idle = connect(&sim);
    let address = sim.root().strip_prefix("http://").unwrap().to_owned();
    sim.stop();
    let mut rest = Vec::new();
    let ended = idle.read_to_end(&mut rest);
    assert!(rest.is_empty(), "{ended:?}");
    assert!(TcpStream::connect(&address).is_err());
    let again = Sim::start(Options { listen: address, ..Options::default() }).unwrap();
    alive(&again);
}

#[test]
fn a_taken_address_and_nonsense_are_errors() {
    let sim = start(V210);
    let address = sim.root().strip_prefix("http://").unwrap().to_owned();
    for listen in [address.as_str(), "nowhere", "127.0.0.1:99999", ""] {
        assert!(Sim::start(Options { listen: listen.into(), ..Options::default() }).is_err(), "{listen}");
    }
}

#[test]
fn the_log_holds_the_last_requests_only() {
    let sim = start(V210);
    let client = Client::new(&sim);
    let comment = "x".repeat(3 << 20);
    for number in 0..12 {
        let body = json!({"type": "note", "title": number.to_string(), "comment": comment});
        assert_eq!(client.post("/activities", body).status, 200);
    }
    let log = sim.requests();
    assert!(log.len() < 12, "{}", log.len());
    assert_eq!(log.last().unwrap().json()["title"], Value::from("11"));
    assert_eq!(log.last().unwrap().number, 12);
}
