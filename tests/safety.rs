//! What a token and the process are kept from: other hosts, private addresses, endless answers, injected headers.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use krayin_core::{
    api::{Client, ErrorKind, Method, Request, ReqwestTransport, Transport, TransportErrorKind},
    settings::Settings,
};
use proptest::prelude::*;
use serde_json::{Value, json};

mod raw_server;

use raw_server::{RawServer, write_json};

const TOKEN: &str = "1|a-secret-token-0123456789";

fn settings(url: &str, more: Value) -> Settings {
    let mut settings = json!({"api_url": url, "api_token": TOKEN});
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    Settings::from_json(settings.to_string().as_bytes()).unwrap()
}

fn client(url: &str, more: Value) -> Client {
    let connection = settings(url, more).connection().unwrap();
    Client::new(connection, Arc::new(ReqwestTransport::new().unwrap()))
}

fn ok_server() -> RawServer {
    RawServer::start(|_, stream| write_json(stream, "", r#"{"data":{"id":1}}"#))
}

#[tokio::test]
async fn a_request_says_what_it_must_and_no_more() {
    let server = ok_server();
    client(&server.url(), json!({})).current_user().await.unwrap();
    let wire = server.seen().remove(0);
    assert!(wire.head.starts_with("GET /api/v1/get HTTP/1.1\r\n"), "{}", wire.head);
    assert_eq!(wire.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(wire.header("accept"), Some("application/json"));
    assert_eq!(wire.header("x-requested-with"), Some("XMLHttpRequest"));
    for never in ["accept-encoding", "cookie", "origin", "referer", "content-type"] {
        assert_eq!(wire.header(never), None, "{}", wire.head);
    }
}

#[tokio::test]
async fn a_redirect_takes_the_token_nowhere() {
    let elsewhere = ok_server();
    let to = elsewhere.url();
    for status in [301, 302, 303, 307, 308] {
        let to = to.clone();
        let server = RawServer::start(move |_, stream| {
            let head = format!("HTTP/1.1 {status} Moved\r\nLocation: {to}/get\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).is_ok()
        });
        let error = client(&server.url(), json!({})).current_user().await.unwrap_err();
        assert_eq!((error.kind, error.attempts), (ErrorKind::UnexpectedResponse, 1));
        assert!(error.to_string().contains("redirect"), "{error}");
    }
    assert!(elsewhere.seen().is_empty());
}

/// A name with a loopback address that does not name loopback itself, as a hostile DNS answer would give it.
fn rebound(server: &RawServer) -> String {
    format!("http://crm.example.com:{}/api/v1", server.address.port())
}

fn hostile_names() -> Arc<dyn Transport> {
    let names = [("crm.example.com".to_owned(), vec!["127.0.0.1".parse().unwrap()])];
    Arc::new(ReqwestTransport::new().unwrap().with_names(names.into()).unwrap())
}

#[tokio::test]
async fn a_name_with_a_private_address_is_refused_before_anything_is_sent() {
    let server = ok_server();
    let url = rebound(&server);
    let client = |more: Value| Client::new(settings(&url, more).connection().unwrap(), hostile_names());
    let refused = client(json!({"allow_http": true})).current_user().await.unwrap_err();
    assert_eq!((refused.kind, refused.attempts), (ErrorKind::UnexpectedResponse, 1));
    assert!(refused.to_string().contains("private address"), "{refused}");
    assert!(server.seen().is_empty());
    let allowed = client(json!({"allow_http": true, "allowed_hosts": ["CRM.example.com"]}));
    allowed.current_user().await.unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn one_transport_keeps_what_is_allowed_apart() {
    let server = ok_server();
    let transport = hostile_names();
    let url = rebound(&server);
    let of = |more: Value| {
        let settings = settings(&url, more);
        Client::new(settings.connection().unwrap(), Arc::clone(&transport))
    };
    // The allowed one leaves a connection to the very same host behind.
    of(json!({"allow_http": true, "allowed_hosts": ["*"]})).current_user().await.unwrap();
    let refused = of(json!({"allow_http": true})).current_user().await.unwrap_err();
    assert!(refused.to_string().contains("private address"), "{refused}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn localhost_by_name_is_this_machine() {
    let server = ok_server();
    let url = format!("http://localhost:{}/api/v1", server.address.port());
    client(&url, json!({})).current_user().await.unwrap();
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    let server = RawServer::start(move |_, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        while stream.write_all(chunk.as_bytes()).is_ok() {
            count.fetch_add(0x10000, Ordering::Relaxed);
        }
        false
    });
    let error = client(&server.url(), json!({})).current_user().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnexpectedResponse);
    assert!(error.to_string().contains("8 MiB"), "{error}");
    assert!(error.response.is_none());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(written.load(Ordering::Relaxed) < 24 << 20, "{written:?}");
}

#[tokio::test]
async fn a_compressed_answer_is_not_read() {
    let server = RawServer::start(|_, stream| write_json(stream, "Content-Encoding: gzip\r\n", r#"{"data":{"id":1}}"#));
    let error = client(&server.url(), json!({})).current_user().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnexpectedResponse);
    assert!(error.to_string().contains("compressed"), "{error}");
}

#[tokio::test]
async fn a_header_cannot_be_smuggled_in() {
    let server = ok_server();
    let request = Request {
        method: Method::Get,
        url: server.url(),
        headers: vec![("x-name".into(), "a\r\nX-Evil: 1".into())],
        body: None,
        any_address: false,
        timeout: Duration::from_secs(5),
    };
    let error = ReqwestTransport::new().unwrap().send(&request).await.unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Refused);
    assert!(server.seen().is_empty());
    let settings = json!({"api_url": server.url(), "api_token": "1|a\r\nX-Evil: 1"});
    let settings = Settings::from_json(settings.to_string().as_bytes()).unwrap();
    assert!(settings.connection().is_err());
}

#[test]
fn what_a_caller_puts_into_a_path_stays_on_the_server() {
    let server = ok_server();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = client(&server.url(), json!({}));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let hostile = "(//|http://|\\.\\./|\\\\|@|evil\\.example|:|#|\\?|%2e|\r\n|[a-z0-9]|\\PC){0,12}";
    runner
        .run(&(hostile, "\\PC{0,20}"), |(path, value)| {
            let before = server.seen().len();
            let sent = runtime.block_on(client.get(&path, &[("search", value.clone())]));
            prop_assert!(sent.is_ok(), "{:?}", sent);
            let seen = server.seen();
            prop_assert_eq!(seen.len(), before + 1);
            let wire = &seen[before];
            prop_assert!(wire.head.starts_with("GET /"), "{}", wire.head);
            let own = server.address.to_string();
            prop_assert_eq!(wire.header("host"), Some(own.as_str()));
            prop_assert_eq!(wire.header("x-evil"), None);
            prop_assert_eq!(wire.head.matches("\r\n\r\n").count(), 1);
            Ok(())
        })
        .unwrap();
}
