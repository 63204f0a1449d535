//! TLS with a private authority, over real handshakes: who is trusted, and what is said of who is not.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use krayin_core::{
    api::{Client, ErrorKind, ReqwestTransport},
    settings::Settings,
};
use rcgen::{CertificateParams, date_time_ymd};
use rustls::{ServerConnection, StreamOwned};
use serde_json::json;

mod authority;

use authority::{Authority, authority, server_config};

/// A server with a certificate of `authority`; it counts the requests that it was sent.
struct TlsServer {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl TlsServer {
    fn start(authority: &Authority, host: &str, change: impl Fn(&mut CertificateParams)) -> Self {
        let config = server_config(authority, host, change, None);
        let (config, requests) = (Arc::new(config), Arc::new(AtomicUsize::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let count = Arc::clone(&requests);
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), socket);
                let mut buffer = [0; 8192];
                if stream.read(&mut buffer).is_ok_and(|read| read > 0) {
                    count.fetch_add(1, Ordering::SeqCst);
                    let body = r#"{"data":{"id":1}}"#;
                    let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    let _ = stream.flush();
                }
            }
        });
        Self { address, requests }
    }

    async fn call(&self, transport: ReqwestTransport) -> Result<(), krayin_core::api::ApiError> {
        let url = format!("https://localhost:{}/api/v1", self.address.port());
        let settings = json!({"api_url": url, "api_token": "1|a-token"});
        let settings = Settings::from_json(settings.to_string().as_bytes()).unwrap();
        let mut connection = settings.connection().unwrap();
        connection.attempt_timeout = Duration::from_secs(10);
        Client::new(connection, Arc::new(transport)).current_user().await.map(drop)
    }

    /// The certificate is refused: at once, for that reason, and before a byte of the request has left.
    async fn refuses(&self, transport: ReqwestTransport, reason: &str) {
        let error = self.call(transport).await.unwrap_err();
        assert_eq!((error.kind, error.attempts), (ErrorKind::UnexpectedResponse, 1), "{error}");
        assert_eq!(error.detail.to_string(), reason);
        assert_eq!(self.requests.load(Ordering::SeqCst), 0);
    }
}

fn trusting(authority: &Authority) -> ReqwestTransport {
    ReqwestTransport::with_authority(authority.pem().as_bytes()).unwrap()
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_was_given_is_accepted() {
    let authority = authority("Private authority");
    let server = TlsServer::start(&authority, "localhost", |_| ());
    server.call(trusting(&authority)).await.unwrap();
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn one_of_an_unknown_authority_is_refused() {
    let (ours, theirs) = (authority("Private authority"), authority("Somebody else's"));
    let server = TlsServer::start(&ours, "localhost", |_| ());
    let reason = "the server's certificate is from an unknown authority";
    server.refuses(ReqwestTransport::new().unwrap(), reason).await;
    server.refuses(trusting(&theirs), reason).await;
}

#[tokio::test]
async fn an_expired_one_is_refused() {
    let authority = authority("Private authority");
    let server = TlsServer::start(&authority, "localhost", |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    server.refuses(trusting(&authority), "the server's certificate has expired").await;
}

#[tokio::test]
async fn one_that_is_not_valid_yet_is_refused() {
    let authority = authority("Private authority");
    let server = TlsServer::start(&authority, "localhost", |params| params.not_before = date_time_ymd(2999, 1, 1));
    server.refuses(trusting(&authority), "the server's certificate is not valid yet").await;
}

#[tokio::test]
async fn one_for_another_name_is_refused() {
    let authority = authority("Private authority");
    let server = TlsServer::start(&authority, "crm.example.com", |_| ());
    server.refuses(trusting(&authority), "the server's certificate is for another name").await;
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let server = TlsServer { address, requests: Arc::default() };
    server.refuses(ReqwestTransport::new().unwrap(), "the server speaks no TLS that can be trusted").await;
}

#[test]
fn an_authority_that_is_none_is_told() {
    for pem in ["", "not PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(ReqwestTransport::with_authority(pem.as_bytes()).is_err(), "{pem}");
    }
}
