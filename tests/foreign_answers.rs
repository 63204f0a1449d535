//! Answers that are not Krayin's, or not of the request: each is the request's own, is named for what it is, and stops
//! nobody else.

use std::{
    io::Write,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use krayin_core::{
    api::{Client, ErrorKind, Executed, ReqwestTransport, ServerState},
    retry::Backoff,
    settings::Settings,
};
use serde_json::json;

mod raw_server;

use raw_server::{RawServer, Wire, write_json};

const RATE: &str = "X-RateLimit-Limit: 60\r\nX-RateLimit-Remaining: 40\r\n";
const USER: &str = r#"{"data":{"id":1}}"#;

fn client(server: &RawServer, state: &Arc<ServerState>) -> Client {
    let settings = json!({"api_url": server.url(), "api_token": "1|a-secret-token-0123456789"});
    let connection = Settings::from_json(settings.to_string().as_bytes()).unwrap().connection().unwrap();
    let backoff = Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(2) };
    let client = Client::new(connection, Arc::new(ReqwestTransport::new().unwrap())).with_backoff(backoff);
    client.with_state(Arc::clone(state))
}

fn write(stream: &mut TcpStream, status: &str, headers: &str, body: &str) -> bool {
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}").is_ok()
}

fn is_user(wire: &Wire) -> bool {
    wire.head.starts_with("GET /api/v1/get ")
}

/// A server that counts, whose `GET get` is good and whose other answers are one.
fn beside_a_good_token(status: &'static str, headers: &'static str, body: &'static str) -> RawServer {
    RawServer::start(
        move |wire, stream| {
            if is_user(wire) { write_json(stream, RATE, USER) } else { write(stream, status, headers, body) }
        },
    )
}

fn note(comment: &str) -> serde_json::Value {
    json!({"type": "note", "title": "Chatwoot conversation 5", "comment": comment, "person_id": 7})
}

#[tokio::test]
async fn what_a_firewall_takes_for_an_attack_goes_in_plainer_words() {
    let server = RawServer::start(|wire, stream| match wire {
        wire if is_user(wire) => write_json(stream, RATE, USER),
        wire if wire.body.contains('<') => write(stream, "403 Forbidden", "", "<html>Request blocked</html>"),
        wire if wire.head.starts_with("GET") => write_json(stream, RATE, r#"{"data":[]}"#),
        _ => write_json(stream, RATE, r#"{"data":{"id":5}}"#),
    });
    let activity = client(&server, &Arc::default())
        .create_activity(note(
            "<b>Jane:</b> it&#39;s 5 &lt; 6, see <a href=\"https://x.example/?q=1\">this</a> or (that)",
        ))
        .await
        .unwrap();
    assert_eq!(activity.id, 5);
    let sent = server.seen();
    assert_eq!(sent.len(), 4, "the note, the probe, a look whether it is there all the same, the note");
    assert!(sent[3].body.contains("Jane: it s 5 6, see this or that"), "{}", sent[2].body);
}

/// What filters answers refuses in the words of what filters requests, when Krayin has acted.
#[tokio::test]
async fn what_was_refused_and_is_there_is_not_sent_again() {
    let refusals = [
        ("403 Forbidden", "", "<html>Outbound anomaly</html>"),
        ("406 Not Acceptable", "", "<html>"),
        ("418 I'm a teapot", "", "<html>"),
        ("400 Bad Request", "", "<html>nginx</html>"),
        ("402 Payment Required", "", "pay"),
        ("429 Too Many Requests", "Retry-After: 0\r\n", "<html>slow down</html>"),
        ("419 Page Expired", "", "<html>"),
        ("401 Unauthorized", "WWW-Authenticate: Basic\r\n", "<html>"),
    ];
    for (status, headers, body) in refusals {
        let server = RawServer::start(move |wire, stream| match wire {
            wire if is_user(wire) => write_json(stream, RATE, USER),
            wire if wire.head.starts_with("GET") => {
                write_json(stream, RATE, r#"{"data":[{"id":5,"type":"note","title":"Chatwoot conversation 5"}]}"#)
            }
            _ => write(stream, status, headers, body),
        });
        let state = Arc::default();
        client(&server, &state).current_user().await.unwrap();
        let activity = client(&server, &state).create_activity(note("<b>Jane</b>")).await;
        assert_eq!(activity.map(|activity| activity.id).ok(), Some(5), "{status}");
        let posts = server.seen().iter().filter(|wire| wire.head.starts_with("POST")).count();
        assert_eq!(posts, 1, "{status}");
    }
}

/// A way to Krayin that has lost it answers for itself: nothing is known to be gone.
#[tokio::test]
async fn a_page_that_knows_no_such_address_is_an_outage() {
    for (status, body) in [
        ("404 Not Found", "404 page not found\n"),
        ("404 Not Found", "<html>nginx</html>"),
        ("405 Not Allowed", "<html>nginx</html>"),
        ("410 Gone", "<html>parked</html>"),
        ("402 Payment Required", "<html>suspended</html>"),
        ("400 Bad Request", "<html>The plain HTTP request was sent to HTTPS port</html>"),
    ] {
        for rate in [RATE, ""] {
            let down = Arc::new(AtomicUsize::new(0));
            let switch = Arc::clone(&down);
            let server = RawServer::start(move |_, stream| match switch.load(Ordering::SeqCst) {
                0 => write_json(stream, rate, USER),
                _ => write(stream, status, "", body),
            });
            let state = Arc::default();
            client(&server, &state).current_user().await.unwrap();
            down.store(1, Ordering::SeqCst);
            let error = client(&server, &state).find_lead(5).await.unwrap_err();
            assert_eq!((error.kind, error.attempts), (ErrorKind::Unavailable, 3), "{status} {rate:?}: {error}");
        }
    }
    // Of a server that was never seen to work, it is the address.
    let server = RawServer::start(|_, stream| write(stream, "404 Not Found", "", "404 page not found\n"));
    let error = client(&server, &Arc::default()).get_lead(5).await.unwrap_err();
    assert_eq!(
        (error.kind, error.executed, error.attempts),
        (ErrorKind::UnexpectedResponse, Executed::No, 1),
        "{error}"
    );
}

/// What breaks off in the middle is no answer of somebody else's, on a client too that knows nothing of the server.
#[tokio::test]
async fn half_an_answer_is_a_cut_connection() {
    for end in [0, 1, 5, USER.len() - 1] {
        for last in ["0\r\n\r\n", ""] {
            let server = RawServer::start(move |_, stream| {
                let half = &USER[..end];
                let _ = write!(stream, "HTTP/1.1 200 OK\r\n{RATE}Transfer-Encoding: chunked\r\n\r\n");
                let _ = if half.is_empty() { Ok(()) } else { write!(stream, "{end:x}\r\n{half}\r\n") };
                let _ = write!(stream, "{last}");
                false
            });
            let error = client(&server, &Arc::default()).current_user().await.unwrap_err();
            assert_eq!((error.kind, error.executed), (ErrorKind::Unavailable, Executed::Unknown), "{end}: {error}");
        }
    }
}

#[tokio::test]
async fn a_refusal_of_one_request_is_that_requests_own() {
    let table = [
        ("403 Forbidden", "", "<html>UNION SELECT</html>", ErrorKind::Blocked),
        ("403 Forbidden", "", r#"{"message":"Attack detected"}"#, ErrorKind::Blocked),
        ("401 Unauthorized", "", "<html>Who are you?</html>", ErrorKind::Blocked),
        ("406 Not Acceptable", "", "", ErrorKind::Blocked),
        ("419 Page Expired", "", "<html>", ErrorKind::Blocked),
        ("451 Unavailable For Legal Reasons", "", "", ErrorKind::Blocked),
        ("429 Too Many Requests", "Retry-After: 30\r\n", "<html>slow down</html>", ErrorKind::RateLimit),
        ("500 Internal Server Error", "", r#"{"message":"Server Error"}"#, ErrorKind::Server),
        ("500 Internal Server Error", "", "", ErrorKind::Server),
    ];
    for (status, headers, body, kind) in table {
        let server = beside_a_good_token(status, headers, body);
        let state = Arc::default();
        client(&server, &state).current_user().await.unwrap();
        let error = client(&server, &state).get_lead(5).await.unwrap_err();
        assert_eq!(error.kind, kind, "{status}: {error}");
        assert!(!error.to_string().contains("UNION"), "{error}");
        for _ in 0..5 {
            client(&server, &state).current_user().await.expect("the token goes on");
        }
    }
}

#[tokio::test]
async fn a_refusal_of_everything_is_the_tokens() {
    let table = [
        ("403 Forbidden", ErrorKind::Permission),
        ("401 Unauthorized", ErrorKind::Authentication),
        ("419 Page Expired", ErrorKind::Authentication),
        ("429 Too Many Requests", ErrorKind::RateLimit),
    ];
    for (status, kind) in table {
        let server = RawServer::start(move |_, stream| write(stream, status, "", "<html>no</html>"));
        let error = client(&server, &Arc::default()).get_lead(5).await.unwrap_err();
        assert_eq!((error.kind, error.executed), (kind, Executed::No), "{status}: {error}");
    }
}

#[tokio::test]
async fn what_is_not_known_says_so_whichever_header_comes_with_it() {
    let table = [
        ("502 Bad Gateway", ""),
        ("503 Service Unavailable", ""),
        ("503 Service Unavailable", "Retry-After: 3600\r\n"),
        ("504 Gateway Timeout", "Retry-After: 1\r\n"),
        ("504 Gateway Timeout", "Retry-After: -1\r\n"),
        ("504 Gateway Timeout", "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
        ("520 Unknown Error", ""),
        ("524 A Timeout Occurred", ""),
        ("408 Request Timeout", ""),
        ("500 Internal Server Error", ""),
        ("200 OK", ""),
        ("302 Found", "Location: /login\r\n"),
        ("418 I'm a teapot", ""),
    ];
    for (status, headers) in table {
        let posts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&posts);
        let server = RawServer::start(move |wire, stream| {
            if wire.head.starts_with("POST") {
                counted.fetch_add(1, Ordering::SeqCst);
                write(stream, status, headers, "<html>One moment</html>")
            } else if is_user(wire) {
                write_json(stream, RATE, USER)
            } else {
                write(stream, "503 Service Unavailable", "", "")
            }
        });
        let state = Arc::default();
        client(&server, &state).current_user().await.unwrap();
        let error = client(&server, &state).create_activity(note("x")).await.unwrap_err();
        assert_eq!(error.executed, Executed::Unknown, "{status} {headers}: {error}");
        assert_eq!(posts.load(Ordering::SeqCst), 1, "{status} {headers}: repeated without having looked");
    }
}

#[tokio::test]
async fn a_page_is_a_wrong_address_at_first_and_an_outage_later() {
    let up = Arc::new(AtomicUsize::new(0));
    let switch = Arc::clone(&up);
    let server = RawServer::start(move |_, stream| match switch.load(Ordering::SeqCst) {
        1 => write_json(stream, RATE, USER),
        _ => write(stream, "200 OK", "", "<!DOCTYPE html><title>Maintenance</title>"),
    });
    let state = Arc::default();
    let user = || async { client(&server, &state).current_user().await };
    let error = user().await.unwrap_err();
    assert_eq!((error.kind, error.attempts), (ErrorKind::UnexpectedResponse, 1), "{error}");
    up.store(1, Ordering::SeqCst);
    user().await.unwrap();
    up.store(0, Ordering::SeqCst);
    let error = user().await.unwrap_err();
    assert_eq!((error.kind, error.attempts), (ErrorKind::Unavailable, 3), "{error}");
    assert!(error.to_string().contains("a web page came instead"), "{error}");
    user().await.unwrap_err();
    let error = user().await.unwrap_err();
    assert_eq!(error.attempts, 0, "it is left alone for a while: {error}");
}

#[tokio::test]
async fn a_wait_of_hours_is_looked_into_after_five_minutes() {
    for wait in ["86400", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let server = RawServer::start(move |_, stream| {
            let headers = format!("{RATE}Retry-After: {wait}\r\n");
            write(stream, "429 Too Many Requests", &headers, r#"{"message":"Too Many Attempts."}"#)
        });
        let state = Arc::default();
        for attempts in [1, 0] {
            let error = client(&server, &state).current_user().await.unwrap_err();
            assert_eq!((error.kind, error.attempts), (ErrorKind::RateLimit, attempts), "{error}");
            assert!(error.retry_after.is_some_and(|wait| wait <= Duration::from_secs(300)), "{:?}", error.retry_after);
        }
    }
}

#[tokio::test]
async fn an_answer_is_read_through_what_stands_around_it() {
    let warning = "<br />\n<b>Warning</b>:  Undefined array key in <b>/var/www/x.php</b> on line <b>5</b><br />\n";
    for (before, after) in [("\u{feff}", ""), (warning, ""), ("", warning), (warning, warning), ("\n \r\n", "\n")] {
        let server =
            RawServer::start(move |_, stream| write(stream, "200 OK", RATE, &format!("{before}{USER}{after}")));
        assert_eq!(client(&server, &Arc::default()).current_user().await.unwrap().id, 1, "{before:?} {after:?}");
    }
    let server = RawServer::start(|_, stream| {
        let length = USER.len();
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{USER}\r\n0\r\n\r\nrubbish"
        );
        false
    });
    assert_eq!(client(&server, &Arc::default()).current_user().await.unwrap().id, 1);
    let server = RawServer::start(|_, stream| write(stream, "200 OK", "Content-Encoding: gzip\r\n", "\u{1f}x"));
    let error = client(&server, &Arc::default()).current_user().await.unwrap_err();
    assert!(error.to_string().contains("the answer is compressed"), "{error}");
}

#[tokio::test]
async fn what_is_gone_when_its_removal_is_repeated_was_removed() {
    let attempts = AtomicUsize::new(0);
    let server = RawServer::start(move |_, stream| {
        attempts.fetch_add(1, Ordering::SeqCst) > 0
            && write(stream, "404 Not Found", RATE, r#"{"message":"Resource not found"}"#)
    });
    client(&server, &Arc::default()).delete("leads/5", &[]).await.unwrap();
    assert_eq!(server.seen().len(), 2);
    let error = client(&server, &Arc::default()).delete("leads/5", &[]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
}

/// What a broken server or something before it writes into the headers of its budget neither stops nor speeds anybody.
#[tokio::test]
async fn a_budget_that_cannot_be_read_is_none() {
    for (limit, remaining) in [
        ("-60", "-1"),
        ("sixty", "none"),
        ("0", "0"),
        ("99999999999999999999", "99999999999999999999"),
        ("", ""),
        ("60", "x"),
    ] {
        let server = RawServer::start(move |_, stream| {
            let headers = format!("X-RateLimit-Limit: {limit}\r\nX-RateLimit-Remaining: {remaining}\r\n");
            write(stream, "200 OK", &headers, USER)
        });
        let state = Arc::default();
        for _ in 0..5 {
            client(&server, &state).current_user().await.unwrap();
        }
        assert_eq!(server.seen().len(), 5, "{limit} {remaining}");
    }
    for wait in ["-1", "soon", "1.5", "", "Thu, 01 Jan 1970 00:00:00 GMT", "99999999999999999999"] {
        let server = RawServer::start(move |_, stream| {
            let headers = format!("{RATE}Retry-After: {wait}\r\nDate: Fri, 31 Dec 9999 23:59:59 GMT\r\n");
            write(stream, "429 Too Many Requests", &headers, r#"{"message":"Too Many Attempts."}"#)
        });
        let error = client(&server, &Arc::default()).current_user().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::RateLimit, "{wait}: {error}");
        assert!(
            error.retry_after.is_some_and(|wait| wait <= Duration::from_secs(300)),
            "{wait}: {:?}",
            error.retry_after
        );
    }
}

/// An answer whose end is the connection's, cut or whole, and what is compressed though nobody asked.
#[tokio::test]
async fn an_answer_that_ends_with_its_connection_is_whole_or_none() {
    for (end, whole) in [(USER.len(), true), (USER.len() - 1, false), (5, false), (0, false)] {
        let server = RawServer::start(move |_, stream| {
            let _ = write!(stream, "HTTP/1.0 200 OK\r\n{RATE}\r\n{}", &USER[..end]);
            false
        });
        assert_eq!(client(&server, &Arc::default()).current_user().await.is_ok(), whole, "{end}");
    }
    for encoding in ["gzip", "GZIP", "br", "deflate, gzip", "zstd", "x-gzip"] {
        let server = RawServer::start(move |_, stream| {
            write(stream, "200 OK", &format!("{RATE}Content-Encoding: {encoding}\r\n"), "\u{1f}\u{8b}\u{8}")
        });
        let error = client(&server, &Arc::default()).current_user().await.unwrap_err();
        assert!(error.to_string().contains("the answer is compressed"), "{encoding}: {error}");
    }
    let server = RawServer::start(|_, stream| write(stream, "200 OK", "Content-Encoding: Identity\r\n", USER));
    client(&server, &Arc::default()).current_user().await.unwrap();
}
