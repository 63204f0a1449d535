//! Networks as they are, between a client and the simulator: connections that end when they like, addresses that are dead,
//! names that change. Of all that is created there is one, whatever happens on the way.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use krayin_core::{
    api::{ApiError, Client, ErrorKind, Executed, ReqwestTransport, Transport, start_threads_by},
    retry::Backoff,
    settings::Settings,
};
use krayin_sim::{Options, Sim};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split},
    net::{TcpListener, TcpSocket, TcpStream},
    time::sleep,
};
use tokio_rustls::TlsAcceptor;

mod authority;

use authority::{Authority, authority, server_config};

const ATTEMPT: Duration = Duration::from_millis(500);

fn sim() -> Sim {
    Sim::start(Options { throttle: false, ..Options::default() }).unwrap()
}

fn address(sim: &Sim) -> SocketAddr {
    sim.url().trim_start_matches("http://").split('/').next().unwrap().parse().unwrap()
}

fn client(url: &str, sim: &Sim, transport: Arc<dyn Transport>) -> Client {
    let settings = json!({"api_url": url, "api_token": sim.token(0), "allow_http": true, "allowed_hosts": ["*"]});
    let mut connection = Settings::from_json(settings.to_string().as_bytes()).unwrap().connection().unwrap();
    connection.attempt_timeout = ATTEMPT;
    connection.deadline = Duration::from_secs(20);
    Client::new(connection, transport)
        .with_backoff(Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(3) })
}

fn plainly(url: &str, sim: &Sim) -> Client {
    client(url, sim, Arc::new(ReqwestTransport::new().unwrap()))
}

/// Persons and notes, each until it is there as a job would do it: what may have run is looked for before it is sent again.
async fn work(client: &Client, from: usize, many: usize, pause: Duration) {
    for n in from..from + many {
        let person = json!({
            "name": format!("Person {n}"), "emails": [{"value": format!("p{n}@example.com"), "label": "work"}],
            "contact_numbers": [{"value": format!("+1415555{:04}", 1_000 + n), "label": "work"}]
        });
        let create = || client.create_person(person.clone());
        let email = format!("p{n}@example.com");
        let look = async || client.search_person(Some(&email), None).await.map(|found| found.first().map(|one| one.id));
        let owner = until_there(async || create().await.map(|person| person.id), look).await;
        sleep(pause).await;
        let title = format!("Note {n}");
        let note = json!({"type": "note", "title": title, "comment": "C", "person_id": owner});
        let look = async || client.search_activity(&title).await.map(|found| found.first().map(|one| one.id));
        until_there(async || client.create_activity(note.clone()).await.map(|note| note.id), look).await;
        sleep(pause).await;
    }
}

async fn until_there(
    create: impl AsyncFn() -> Result<u64, ApiError>,
    look: impl AsyncFn() -> Result<Option<u64>, ApiError>,
) -> u64 {
    let mut failure = None;
    for _ in 0..12 {
        match create().await {
            Ok(id) => return id,
            Err(error) if error.executed == Executed::No => failure = Some(error),
            Err(_) => loop {
                match look().await {
                    Ok(Some(id)) => return id,
                    Ok(None) => break,
                    Err(error) => assert!(error.is_passing(), "{error}"),
                }
            },
        }
    }
    panic!("it was never created: {failure:?}");
}

fn one_of_each(sim: &Sim, many: usize, when: &str) {
    let named =
        |records: Vec<Value>, field: &str, name: String| records.iter().filter(|record| record[field] == name).count();
    for n in 0..many {
        assert_eq!(named(sim.persons(), "name", format!("Person {n}")), 1, "{when}: person {n}");
        assert_eq!(named(sim.activities(), "title", format!("Note {n}")), 1, "{when}: note {n}");
    }
}

/// What a server does to its connections.
#[derive(Debug, Clone, Copy)]
enum Habit {
    /// Ends each after so many answers, without a word.
    Ends(usize),
    /// Ends each that has been idle for so long.
    Idle(Duration),
    /// Ends each third request's while it is being sent.
    AsItIsSent,
    /// Ends each third request's when it has been carried out, before the answer.
    BeforeItAnswers,
    /// After so many answers neither answers nor ends: packets vanish.
    Vanishes(usize),
}

/// A server of such habits before the simulator, at `listener`.
fn habitual(listener: TcpListener, sim: SocketAddr, habit: Habit) {
    static REQUESTS: AtomicUsize = AtomicUsize::new(0);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut answered = 0;
                loop {
                    if matches!(habit, Habit::Ends(most) if answered == most) {
                        return;
                    }
                    let first = match habit {
                        Habit::Idle(idle) => tokio::time::timeout(idle, stream.read_u8()).await,
                        _ => Ok(stream.read_u8().await),
                    };
                    let Ok(Ok(first)) = first else { return };
                    let third = REQUESTS.fetch_add(1, Ordering::SeqCst) % 3 == 2;
                    if matches!(habit, Habit::AsItIsSent) && third {
                        return;
                    }
                    let Some(request) = request(first, &mut stream).await else { return };
                    if matches!(habit, Habit::Vanishes(most) if answered == most) {
                        sleep(Duration::from_secs(60)).await;
                    }
                    let answer = exchange(sim, &request).await;
                    if matches!(habit, Habit::BeforeItAnswers) && third {
                        return;
                    }
                    if stream.write_all(&answer).await.is_err() {
                        return;
                    }
                    answered += 1;
                }
            });
        }
    });
}

async fn request(first: u8, stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = vec![first];
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(request.clone()).ok()?.to_lowercase();
    let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    request.extend(body);
    Some(request)
}

/// The simulator's answer, to be sent over a connection that stays.
async fn exchange(sim: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut server = TcpStream::connect(sim).await.unwrap();
    let end = request.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
    let (line, rest) = request.split_at(end);
    server.write_all(&[line, b"connection: close\r\n", rest].concat()).await.unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let head: Vec<_> = head.lines().filter(|line| !line.to_lowercase().starts_with("connection:")).collect();
    format!("{}\r\n\r\n{body}", head.join("\r\n")).into_bytes()
}

#[tokio::test]
async fn whatever_a_server_does_to_its_connections_there_is_one_of_each() {
    let idle = Duration::from_millis(2);
    for (habit, pause, many) in [
        (Habit::Ends(7), Duration::ZERO, 20),
        (Habit::Ends(1), Duration::ZERO, 10),
        (Habit::Idle(idle), idle, 20),
        (Habit::AsItIsSent, Duration::ZERO, 15),
        (Habit::BeforeItAnswers, Duration::ZERO, 15),
        (Habit::Vanishes(5), Duration::ZERO, 6),
    ] {
        let sim = sim();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
        habitual(listener, address(&sim), habit);
        work(&plainly(&url, &sim), 0, many, pause).await;
        one_of_each(&sim, many, &format!("{habit:?}"));
    }
}

const NAME: &str = "krayin.example";

fn named(sim: &Sim, port: u16, look_up: impl Fn() -> Vec<IpAddr> + Send + Sync + 'static) -> Client {
    let transport = ReqwestTransport::new().unwrap();
    let transport = transport.with_look_up(move |name| (name == NAME).then(&look_up)).unwrap();
    client(&format!("http://{NAME}:{port}/api/v1"), sim, Arc::new(transport))
}

const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

#[tokio::test]
async fn a_server_of_one_kind_of_address_is_reached() {
    let sim = sim();
    let six = TcpListener::bind("[::1]:0").await.unwrap();
    let port = six.local_addr().unwrap().port();
    habitual(six, address(&sim), Habit::Ends(7));
    work(&named(&sim, port, || vec![V6]), 0, 2, Duration::ZERO).await;
    // Another address of the name, which refuses or lets packets vanish, costs a moment and no more.
    let four = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = four.local_addr().unwrap().port();
    habitual(four, address(&sim), Habit::Ends(7));
    let both = || vec![V6, "127.0.0.1".parse().unwrap()];
    work(&named(&sim, port, both), 2, 2, Duration::ZERO).await;
    let full = TcpSocket::new_v6().unwrap();
    full.bind(format!("[::1]:{port}").parse().unwrap()).unwrap();
    let full = full.listen(1).unwrap();
    let waiting: Vec<_> = (0..4).map(|_| tokio::spawn(TcpStream::connect(full.local_addr().unwrap()))).collect();
    sleep(Duration::from_millis(50)).await;
    work(&named(&sim, port, both), 4, 2, Duration::ZERO).await;
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    one_of_each(&sim, 6, "addresses");
}

#[tokio::test]
async fn a_name_that_moves_is_followed() {
    let sim = sim();
    let places = Arc::new(Mutex::new(vec!["127.0.0.1".parse().unwrap()]));
    let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = first.local_addr().unwrap().port();
    let second = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    habitual(first, address(&sim), Habit::Ends(5));
    habitual(second, address(&sim), Habit::BeforeItAnswers);
    let known = Arc::clone(&places);
    let client = named(&sim, port, move || known.lock().unwrap().clone());
    work(&client, 0, 3, Duration::ZERO).await;
    *places.lock().unwrap() = vec!["127.0.0.2".parse().unwrap()];
    work(&client, 3, 5, Duration::ZERO).await;
    // A name that is gone: nothing is sent, and nothing is lost of what comes when it is back.
    *places.lock().unwrap() = Vec::new();
    let mut gone = None;
    for _ in 0..8 {
        gone = client.current_user().await.err().or(gone);
    }
    assert!(gone.is_some_and(|error| error.kind == ErrorKind::Unavailable && error.executed == Executed::No));
    one_of_each(&sim, 8, "a name that moves");
}

/// How long a name server takes, in milliseconds.
static NAME_SERVER: AtomicU64 = AtomicU64::new(0);

fn slow_names(took: Duration) {
    start_threads_by(|work| {
        std::thread::Builder::new()
            .spawn(|| {
                std::thread::sleep(Duration::from_millis(NAME_SERVER.load(Ordering::SeqCst)));
                work();
            })
            .map(drop)
    });
    NAME_SERVER.store(u64::try_from(took.as_millis()).unwrap(), Ordering::SeqCst);
}

#[tokio::test]
async fn a_name_server_that_is_slow_costs_time_alone() {
    slow_names(Duration::from_millis(150));
    let sim = sim();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/api/v1", listener.local_addr().unwrap().port());
    habitual(listener, address(&sim), Habit::Ends(3));
    work(&plainly(&url, &sim), 0, 4, Duration::ZERO).await;
    one_of_each(&sim, 4, "slow names");
    // So slow that an attempt ends before: nothing was sent, so nothing is looked for.
    slow_names(ATTEMPT * 2);
    let note = json!({"type": "note", "title": "Note", "comment": "C", "person_id": 1});
    for body in [note.clone(), json!({"type": "note", "title": "Note", "comment": "C".repeat(100_000), "person_id": 1})]
    {
        let error = plainly(&url, &sim).create_activity(body).await.unwrap_err();
        assert_eq!((error.kind, error.executed, error.attempts), (ErrorKind::Unavailable, Executed::No, 3), "{error}");
    }
    let error = plainly(&url, &sim).update_lead(1, json!({"title": "T"})).await.unwrap_err();
    assert_eq!((error.kind, error.executed), (ErrorKind::Unavailable, Executed::No), "{error}");
    // One that takes the request and says nothing is another matter.
    slow_names(Duration::ZERO);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/api/v1", silent.local_addr().unwrap().port());
    habitual(silent, address(&sim), Habit::Vanishes(0));
    let error = plainly(&url, &sim).post("activities", note, &[]).await.unwrap_err();
    assert_eq!((error.kind, error.executed), (ErrorKind::Timeout, Executed::Unknown), "{error}");
}

/// Where in an HTTP/2 connection, counted in frames from the server, it says that it goes; the last stream that it says it
/// has worked on, and whether it ends there and then.
#[derive(Debug, Clone, Copy)]
struct GoAway {
    after: usize,
    last: u32,
    ends: bool,
}

/// Speaks HTTP/2 over TLS, by a server that goes away as `goes` says, each connection anew.
async fn leaving(authority: &Authority, sim: SocketAddr, goes: GoAway) -> SocketAddr {
    let mut config = server_config(authority, "localhost", |_| (), None);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let tls = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        // One that always goes before it has answered anything is no server.
        let mut leaves = if goes.after < 4 { 3 } else { usize::MAX };
        while let Ok((socket, _)) = listener.accept().await {
            let tls = tls.clone();
            let goes = if leaves == 0 { GoAway { after: usize::MAX, ..goes } } else { goes };
            leaves = leaves.saturating_sub(1);
            tokio::spawn(async move {
                let Ok(stream) = tls.accept(socket).await else { return };
                let (inner, server) = duplex(1 << 20);
                tokio::spawn(serve(server, sim));
                let ((mut from_client, to_client), (from_server, mut to_server)) = (split(stream), split(inner));
                let asked = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
                let _ = frames(from_server, to_client, goes).await;
                asked.abort();
            });
        }
    });
    address
}

/// Passes the server's frames on, and says after some that it goes.
async fn frames(
    mut from: ReadHalf<DuplexStream>,
    mut to: WriteHalf<tokio_rustls::server::TlsStream<TcpStream>>,
    goes: GoAway,
) -> std::io::Result<()> {
    for passed in 0.. {
        if passed == goes.after {
            let mut frame = vec![0, 0, 8, 7, 0, 0, 0, 0, 0];
            frame.extend(goes.last.to_be_bytes());
            frame.extend([0; 4]);
            to.write_all(&frame).await?;
            to.flush().await?;
            if goes.ends {
                return to.shutdown().await;
            }
        }
        let mut head = [0; 9];
        from.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut body = vec![0; length];
        from.read_exact(&mut body).await?;
        to.write_all(&[&head[..], &body].concat()).await?;
        to.flush().await?;
    }
    Ok(())
}

/// HTTP/2 before the simulator.
async fn serve(stream: DuplexStream, sim: SocketAddr) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        tokio::spawn(async move {
            let (head, mut body) = request.into_parts();
            let mut wire =
                format!("{} {} HTTP/1.1\r\nhost: {sim}\r\n", head.method, head.uri.path_and_query().unwrap());
            for (name, value) in &head.headers {
                if name != "content-length" {
                    wire += &format!("{name}: {}\r\n", value.to_str().unwrap());
                }
            }
            let mut sent = Vec::new();
            while let Some(Ok(piece)) = body.data().await {
                sent.extend_from_slice(&piece);
            }
            wire += &format!("content-length: {}\r\n\r\n", sent.len());
            let answer = exchange(sim, &[wire.as_bytes(), &sent].concat()).await;
            let text = String::from_utf8(answer).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let mut answer = http::Response::builder().status(head.split(' ').nth(1).unwrap());
            for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
                if !name.eq_ignore_ascii_case("transfer-encoding") {
                    answer = answer.header(name, value);
                }
            }
            let Ok(mut send) = respond.send_response(answer.body(()).unwrap(), false) else { return };
            let _ = send.send_data(bytes::Bytes::from(body.to_owned()), true);
        });
    }
}

#[tokio::test]
async fn an_http_2_server_may_go_away_at_any_frame() {
    let ours = authority("Private authority");
    let sim = sim();
    let mut many = 0;
    for after in 0..10 {
        for (last, ends) in [(0, true), (0, false), (1, true), (1, false), (0x7fff_ffff, true), (0x7fff_ffff, false)] {
            let goes = GoAway { after, last, ends };
            let place = leaving(&ours, address(&sim), goes).await;
            let transport = ReqwestTransport::with_authority(ours.pem().as_bytes()).unwrap();
            // Known without the name server, which another test makes slow.
            let transport = transport.with_look_up(|_| Some(vec!["127.0.0.1".parse().unwrap()])).unwrap();
            let client = client(&format!("https://localhost:{}/api/v1", place.port()), &sim, Arc::new(transport));
            tokio::time::timeout(Duration::from_secs(60), work(&client, many, 2, Duration::ZERO))
                .await
                .unwrap_or_else(|_| panic!("{goes:?} holds the client"));
            many += 2;
        }
    }
    one_of_each(&sim, many, "HTTP/2");
}
