//! Each fault, seen from the wire, and whether the request was carried out.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use krayin_sim::{Action, Fault, Options, RetryAfter, Server, Sim};
use serde_json::{Value, json};

mod support;

use support::{Client, JSON, Reply, V210, connect, raw, start};

fn organization(name: &str) -> Value {
    json!({ "name": name })
}

const PATH: &str = "/contacts/organizations";

/// Creates an organization on a simulator with this fault.
fn create(sim: &Sim, fault: Fault) -> std::io::Result<Reply> {
    sim.fault(fault);
    Client::new(sim).try_send("POST", PATH, Some(&organization("Acme")))
}

fn count(sim: &Sim) -> usize {
    sim.organizations().len()
}

/// The next call goes well: a fault is met once.
fn recovers(sim: &Sim) {
    assert_eq!(Client::new(sim).get("/get").status, 200);
}

#[test]
fn a_status_with_body_and_headers() {
    let sim = start(V210);
    let action = Action::Status {
        status: 503,
        body: "down".into(),
        headers: vec![("Retry-After".into(), "7".into()), ("content-type".into(), "text/plain".into())],
    };
    let reply = create(&sim, Fault::next(action)).unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (503, "down"));
    assert_eq!(reply.header("retry-after"), Some("7"));
    assert_eq!(reply.header("content-type"), Some("text/plain"));
    assert_eq!(count(&sim), 0);
    recovers(&sim);
}

#[test]
fn a_status_after_the_request_was_carried_out() {
    let sim = start(V210);
    let reply = create(&sim, Fault::next(Action::status(502)).acting()).unwrap();
    assert_eq!(reply.status, 502);
    assert_eq!(count(&sim), 1);
    assert_eq!(sim.requests()[0].status, 502, "the log has what was sent");
    assert_eq!(sim.requests()[0].user, Some(2));
}

#[test]
fn a_delay_before_acting() {
    let sim = start(V210);
    let began = Instant::now();
    let reply = create(&sim, Fault::next(Action::Delay(Duration::from_millis(200)))).unwrap();
    assert_eq!((reply.status, count(&sim)), (200, 1));
    assert!(began.elapsed() >= Duration::from_millis(200));
}

/// Sends a create whose answer nobody waits for.
fn post_and_leave(sim: &Sim) -> TcpStream {
    let mut stream = connect(sim);
    let body = organization("Acme").to_string();
    let token = sim.token(0);
    let head = format!(
        "POST /api/v1{PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    while sim.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    stream
}

#[test]
fn a_delayed_request_is_carried_out_though_the_client_has_gone() {
    let sim = start(V210);
    sim.fault(Fault::next(Action::Delay(Duration::from_millis(150))));
    drop(post_and_leave(&sim));
    assert_eq!(count(&sim), 0);
    let began = Instant::now();
    while count(&sim) == 0 && began.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(count(&sim), 1);
}

#[test]
fn a_request_that_waits_for_others() {
    let sim = start(V210);
    let held = || {
        sim.fault(Fault::on("POST", PATH, Action::DelayUntil(2)));
        let stream = post_and_leave(&sim);
        let before = sim.requests().len();
        Client::new(&sim).get("/get");
        assert_eq!((sim.requests().len(), count(&sim)), (before + 1, 0), "one has come");
        stream
    };
    drop(held());
    assert_eq!(count(&sim), 0);
    // The second sees what it has left.
    let list = Client::new(&sim).get(PATH).json();
    assert_eq!((list["data"].as_array().unwrap().len(), count(&sim)), (1, 1));
    sim.reset();
    drop(held());
    sim.clear_faults();
    assert_eq!(count(&sim), 1);
    sim.reset();
    drop(held());
    sim.reset();
    Client::new(&sim).get("/get");
    Client::new(&sim).get("/get");
    assert_eq!(count(&sim), 0, "a reset forgets it");
}

#[test]
fn a_delay_of_the_answer() {
    let sim = start(V210);
    sim.fault(Fault::next(Action::DelayAnswer(Duration::from_millis(300))));
    std::thread::scope(|scope| {
        let call = scope.spawn(|| Client::new(&sim).post(PATH, organization("Acme")).status);
        let began = Instant::now();
        while count(&sim) == 0 {
            assert!(began.elapsed() < Duration::from_millis(250), "it is carried out at once");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(call.join().unwrap(), 200);
        assert!(began.elapsed() >= Duration::from_millis(250));
    });
}

/// Sends these persons at the same moment, each checked before any is written. Answers the statuses.
fn at_once(sim: &Sim, persons: &[Value]) -> Vec<u16> {
    let write = Action::SlowWrite(Duration::from_millis(150));
    sim.fault(Fault::on("POST", "/contacts/persons", write).times(u32::try_from(persons.len()).unwrap()));
    std::thread::scope(|scope| {
        let send =
            |person| scope.spawn(move || Client::new(sim).send("POST", "/contacts/persons", Some(person)).status);
        let threads: Vec<_> = persons.iter().map(send).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn person(number: &str) -> Value {
    json!({
        "name": "J", "emails": [{"value": "j@example.com", "label": "work"}],
        "contact_numbers": [{"value": number, "label": "work"}],
    })
}

#[test]
fn at_the_same_moment_several_with_one_email_get_through() {
    let sim = start(V210);
    let statuses = at_once(&sim, &["+1", "+2", "+3", "+4"].map(person));
    assert_eq!((statuses, sim.persons().len()), (vec![200; 4], 4));
    assert_eq!(Client::new(&sim).post("/contacts/persons", person("+5")).status, 422, "later the check sees them");
}

#[test]
fn at_the_same_moment_one_of_equal_persons_gets_through() {
    let sim = start(V210);
    let mut statuses = at_once(&sim, &["+1", "+1", "+1"].map(person));
    statuses.sort_unstable();
    assert_eq!((statuses, sim.persons().len()), (vec![200, 500, 500], 1));
}

#[test]
fn a_slow_write_refuses_at_once_what_is_taken_already() {
    let sim = start(V210);
    assert_eq!(Client::new(&sim).post("/contacts/persons", person("+1")).status, 200);
    assert_eq!(at_once(&sim, &[person("+2")]), [422]);
}

#[test]
fn a_close_before_the_body_was_read() {
    let sim = start(V210);
    let reply = create(&sim, Fault::next(Action::CloseBeforeReading));
    assert!(reply.is_err(), "{reply:?}");
    assert_eq!((count(&sim), sim.requests()[0].status), (0, 0));
    assert_eq!(sim.requests()[0].body, "", "nothing was read");
    recovers(&sim);
}

#[test]
fn a_close_before_reading_does_not_wait_for_the_body() {
    let sim = start(V210);
    sim.fault(Fault::next(Action::CloseBeforeReading));
    let mut stream = connect(&sim);
    stream.write_all(b"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{").unwrap();
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => assert!(rest.is_empty()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[test]
fn a_close_after_reading_and_before_acting() {
    let sim = start(V210);
    assert!(create(&sim, Fault::next(Action::CloseBeforeActing)).is_err());
    assert_eq!((count(&sim), sim.requests()[0].status), (0, 0));
    assert_eq!(sim.requests()[0].json(), organization("Acme"));
    recovers(&sim);
}

#[test]
fn a_close_after_acting() {
    let sim = start(V210);
    assert!(create(&sim, Fault::next(Action::CloseAfterActing)).is_err());
    assert_eq!((count(&sim), sim.requests()[0].status), (1, 0));
    recovers(&sim);
}

/// Everything that comes on one connection after a request, and how the connection ended.
fn bytes_of(sim: &Sim, method: &str, path: &str, body: &str) -> (String, std::io::Result<usize>) {
    let mut stream = connect(sim);
    let token = sim.token(0);
    let head = format!(
        "{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n\
         Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes);
    (String::from_utf8_lossy(&bytes).into_owned(), end)
}

fn declared(answer: &str) -> usize {
    let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    line.parse().unwrap()
}

#[test]
fn a_close_half_way_through_the_answer() {
    let sim = start(V210);
    sim.fault(Fault::next(Action::CloseHalfway));
    let (answer, _) = bytes_of(&sim, "POST", PATH, &organization("Acme").to_string());
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(body.len(), declared(&answer) / 2, "{answer}");
    assert!(serde_json::from_str::<Value>(body).is_err());
    assert_eq!(count(&sim), 1);
    recovers(&sim);
}

#[test]
fn a_trickle() {
    let sim = start(V210);
    sim.fault(Fault::next(Action::Trickle(Duration::from_millis(2))));
    let mut stream = connect(&sim);
    let token = sim.token(0);
    let head = format!(
        "GET /api/v1/get HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n\
         Connection: close\r\n\r\n"
    );
    let began = Instant::now();
    stream.write_all(head.as_bytes()).unwrap();
    let (mut pieces, mut all) = (0, Vec::new());
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        pieces += 1;
        all.extend_from_slice(&buffer[..count]);
    }
    let text = String::from_utf8(all).unwrap();
    let body = text.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["data"]["id"], 2);
    assert!(pieces > body.len() / 4, "{pieces} pieces of {} bytes", body.len());
    assert!(began.elapsed() >= Duration::from_millis(2) * u32::try_from(body.len()).unwrap());
}

#[test]
fn html_with_200() {
    let sim = start(V210);
    let reply = create(&sim, Fault::next(Action::Html)).unwrap();
    assert_eq!((reply.status, reply.json()), (200, Value::Null));
    assert!(reply.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(count(&sim), 0);
}

#[test]
fn json_of_another_shape() {
    let sim = start(V210);
    let reply = create(&sim, Fault::next(Action::WrongShape("[1,2]".into()))).unwrap();
    assert_eq!((reply.status, reply.json()), (200, json!([1, 2])));
    assert_eq!(count(&sim), 0);
}

#[test]
fn a_content_length_that_lies() {
    let sim = start(V210);
    for (by, name) in [(10_i64, "More"), (-10, "Less")] {
        sim.fault(Fault::on("POST", PATH, Action::ContentLength(by)));
        let (answer, _) = bytes_of(&sim, "POST", PATH, &organization(name).to_string());
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let whole = sim.requests().last().unwrap().answer.len();
        assert_eq!(i64::try_from(declared(&answer)).unwrap(), i64::try_from(whole).unwrap() + by, "{answer}");
        assert_eq!(body.len(), whole.min(declared(&answer)), "{name}");
        assert_eq!(serde_json::from_str::<Value>(body).is_ok(), by > 0);
    }
    assert_eq!(count(&sim), 2);
    recovers(&sim);
}

#[test]
fn a_redirect() {
    let sim = start(V210);
    let to = "http://elsewhere.test/login";
    let reply = create(&sim, Fault::next(Action::Redirect { status: 302, to: to.into() })).unwrap();
    assert_eq!((reply.status, reply.header("location")), (302, Some(to)));
    assert_eq!(count(&sim), 0);
}

#[test]
fn too_many_requests_in_every_form() {
    let sim = start(V210);
    let refuse = |retry| create(&sim, Fault::next(Action::TooManyRequests(retry))).unwrap();
    let plain = refuse(RetryAfter::Absent);
    assert_eq!((plain.status, plain.header("retry-after")), (429, None));
    assert_eq!(refuse(RetryAfter::Seconds(30)).header("retry-after"), Some("30"));
    let dated = refuse(RetryAfter::Date(30));
    let date = dated.header("retry-after").unwrap();
    assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
    assert_eq!(count(&sim), 0);
    recovers(&sim);
}

#[test]
fn rules_choose_their_calls() {
    let sim = start(V210);
    let client = Client::new(&sim);
    sim.fault(Fault::on("GET", "/contacts/*", Action::status(502)).nth(2).times(2));
    sim.fault(Fault::on("GET", "/get", Action::status(503)).times(Fault::FOREVER));
    let statuses = |path: &str| client.get(path).status;
    assert_eq!(statuses("/contacts/organizations"), 200);
    assert_eq!(statuses("/leads"), 200);
    assert_eq!(client.post(PATH, organization("Acme")).status, 200);
    assert_eq!(statuses("/contacts/persons"), 502);
    assert_eq!(statuses("/contacts/persons/search"), 502);
    assert_eq!(statuses("/contacts/persons"), 200);
    for _ in 0..5 {
        assert_eq!(statuses("/get"), 503);
    }
    sim.clear_faults();
    assert_eq!(statuses("/get"), 200);
}

#[test]
fn of_two_rules_the_first_strikes_and_both_count() {
    let sim = start(V210);
    let client = Client::new(&sim);
    sim.fault(Fault::next(Action::status(502)));
    sim.fault(Fault::next(Action::status(503)).nth(2));
    assert_eq!(client.get("/get").status, 502);
    assert_eq!(client.get("/get").status, 503);
    assert_eq!(client.get("/get").status, 200);
}

#[test]
fn a_faulty_call_spends_none_of_the_budget_unless_it_is_carried_out() {
    let sim = Sim::start(Options::default()).unwrap();
    let client = Client::new(&sim);
    sim.fault(Fault::next(Action::status(502)));
    client.get("/get");
    assert_eq!(client.get("/get").rate(), Some((60, 59)));
    sim.fault(Fault::next(Action::status(502)).acting());
    client.get("/get");
    assert_eq!(client.get("/get").rate(), Some((60, 57)));
}

#[test]
fn faults_are_set_and_cleared_over_http() {
    let sim = start(V210);
    let set = |rules: Value| raw(&sim, "POST", "/_sim/faults", &JSON, Some(rules.to_string().as_bytes())).unwrap();
    let client = Client::new(&sim);
    let rules = json!([
        {"method": "GET", "path": "/get", "action": "status", "status": 418, "body": {"a": 1}, "headers": {"x-a": "b"}},
        {"path": "/get", "nth": 2, "action": "too_many_requests", "retry_after": 3},
    ]);
    assert_eq!(set(rules).json(), json!({"set": 2}));
    let first = client.get("/get");
    assert_eq!((first.status, first.json(), first.header("x-a")), (418, json!({"a": 1}), Some("b")));
    assert_eq!(client.get("/get").header("retry-after"), Some("3"));
    assert_eq!(client.get("/get").status, 200);
    assert_eq!(set(json!({"action": "html", "times": "forever"})).status, 200);
    assert_eq!(client.get("/get").json(), Value::Null);
    assert_eq!(raw(&sim, "DELETE", "/_sim/faults", &[], None).unwrap().status, 200);
    assert_eq!(client.get("/get").status, 200);
    let wrong = set(json!([{"action": "html"}, {"action": "explode"}]));
    assert_eq!((wrong.status, wrong.json()), (422, json!({"message": "unknown action \"explode\""})));
    assert_eq!(client.get("/get").data()["id"], 2, "one wrong rule sets none");
    for action in [
        json!({"action": "delay", "ms": 1}),
        json!({"action": "delay_answer", "ms": 1}),
        json!({"action": "slow_write", "ms": 1}),
        json!({"action": "close_before_reading"}),
        json!({"action": "close_before_acting"}),
        json!({"action": "close_after_acting"}),
        json!({"action": "close_halfway"}),
        json!({"action": "trickle", "ms": 0}),
        json!({"action": "wrong_shape"}),
        json!({"action": "content_length", "by": 5}),
        json!({"action": "redirect", "to": "http://x.test/", "status": 307}),
        json!({"action": "too_many_requests", "retry_after_date": 5}),
    ] {
        assert_eq!(set(action.clone()).status, 200, "{action}");
    }
}

#[test]
fn faults_strike_the_documented_api_too() {
    let sim = Sim::start(Options { server: Server::Documented, ..Options::default() }).unwrap();
    let client = Client::new(&sim);
    sim.fault(Fault::on("POST", "/persons", Action::CloseAfterActing));
    assert!(client.try_send("POST", "/persons", Some(&json!({"name": "J"}))).is_err());
    assert_eq!(sim.persons().len(), 1);
}

#[test]
fn a_delayed_call_does_not_hold_up_others() {
    let sim = start(V210);
    sim.fault(Fault::on("GET", "/leads", Action::Delay(Duration::from_millis(500))));
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| Client::new(&sim).get("/leads").status);
        while sim.requests().is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let began = Instant::now();
        assert_eq!(Client::new(&sim).get("/get").status, 200);
        assert!(began.elapsed() < Duration::from_millis(400));
        assert_eq!(slow.join().unwrap(), 200);
    });
}

/// The server's own failures: status, rate headers or not, and the words of its version and package.
#[test]
fn the_servers_own_failures() {
    use krayin_sim::Outage::{Broken, Maintenance, NoDatabase, PhpFatal, RefusedToken, Throttled};
    let of = |server: Server, production: bool| {
        let sim = Sim::start(Options { server, production, ..Options::default() }).unwrap();
        [PhpFatal, NoDatabase, Maintenance, RefusedToken, Throttled, Broken].map(|outage| {
            let reply = create(&sim, Fault::next(Action::Outage(outage))).unwrap();
            assert_eq!(count(&sim), 0, "{outage:?}");
            (reply.status, reply.rate().is_some(), reply.json()["message"].as_str().unwrap().to_owned())
        })
    };
    let short = |failures: &[(u16, bool, String)]| -> Vec<(u16, bool)> {
        failures.iter().map(|(status, rate, _)| (*status, *rate)).collect()
    };
    let (old, new, community) =
        (of(Server::Krayin210, true), of(Server::Krayin223Official, true), of(Server::Krayin223Community, true));
    let bare = [(500, false), (500, false), (503, false), (500, false), (500, false), (500, true)];
    assert_eq!(short(&old), bare);
    assert_eq!(short(&new), bare.map(|(status, _)| (status, false)));
    assert_eq!(short(&community), [500, 500, 503, 401, 500, 500].map(|status| (status, false)));
    assert_eq!(old[0].2, "admin::app.common.internal-server-error");
    assert_eq!(new[0].2, "500 Internal Server Error");
    assert_eq!(community[0].2, "An unexpected error occurred on the server. Please try again later.");
    assert_eq!(old[2].2, "admin::app.common.something-went-wrong");
    let debug = of(Server::Krayin210, false);
    assert_eq!(debug.iter().map(|failure| failure.0).collect::<Vec<_>>(), [500, 500, 503, 401, 429, 500]);
    assert!(debug[0].2.starts_with("Allowed memory size") && debug[1].2.contains("Connection refused"));
}

#[test]
fn a_server_fails_after_it_has_carried_a_request_out() {
    use krayin_sim::Outage::{Broken, PhpFatal};
    let sim = start(V210);
    let reply = create(&sim, Fault::next(Action::Outage(PhpFatal)).acting()).unwrap();
    assert_eq!((reply.status, reply.rate(), count(&sim)), (500, None, 1));
    sim.fault(Fault::next(Action::Outage(Broken)).acting());
    let reply = Client::new(&sim).post(PATH, organization("Globex"));
    assert_eq!((reply.status, reply.rate().is_some(), count(&sim)), (500, true, 2));
    recovers(&sim);
}

#[test]
fn half_of_an_answer_that_is_not_the_servers_own() {
    let sim = start(V210);
    let action = Action::StatusHalfway { status: 502, body: "<html>Bad gateway</html>".into(), headers: Vec::new() };
    let error = create(&sim, Fault::next(action.clone())).unwrap_err();
    assert_eq!((error.kind(), count(&sim)), (ErrorKind::UnexpectedEof, 0));
    assert!(create(&sim, Fault::next(action).acting()).is_err());
    assert_eq!(count(&sim), 1);
    recovers(&sim);
}
