//! By a proxy of the installation's, with authorities and a certificate of its own: over real sockets and handshakes, and
//! the address guard as without.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use krayin_core::{
    api::{ApiError, Client, ErrorKind, Executed, ReqwestTransport},
    retry::Backoff,
    settings::Settings,
};
use rcgen::CertificateParams;
use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

mod authority;

use authority::{Authority, authority, certificate, server_config};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"data\":{\"id\":1}}";
/// `user:p@ss` as a proxy is told it.
const BASIC: &str = "Basic dXNlcjpwQHNz";

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A server or a proxy: what heads it was sent, each connection on a task of its own.
struct Server {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start<F>(
        tls: Option<ServerConfig>,
        serve: impl Fn(Box<dyn Stream>, String) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let (log, serve) = (Arc::clone(&heads), Arc::new(serve));
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (log, serve, tls) = (Arc::clone(&log), Arc::clone(&serve), tls.clone());
                tokio::spawn(async move {
                    let mut stream: Box<dyn Stream> = match tls {
                        None => Box::new(socket),
                        Some(tls) => match tls.accept(socket).await {
                            Ok(stream) => Box::new(stream),
                            Err(_) => return,
                        },
                    };
                    let Some(head) = head(&mut stream).await else { return };
                    log.lock().unwrap().push(head.clone());
                    serve(stream, head).await;
                });
            }
        });
        Self { address, heads }
    }

    /// A Krayin of one answer.
    async fn krayin(tls: Option<ServerConfig>) -> Self {
        Self::start(tls, |mut stream, _| async move {
            let _ = stream.write_all(ANSWER).await;
            let _ = stream.shutdown().await;
        })
        .await
    }

    /// A proxy that wants `user` and `p@ss`, and knows names of its own.
    async fn proxy(tls: Option<ServerConfig>, names: &[(&str, SocketAddr)]) -> Self {
        let names: HashMap<String, SocketAddr> =
            names.iter().map(|(name, address)| ((*name).to_owned(), *address)).collect();
        Self::start(tls, move |stream, head| {
            let names = names.clone();
            async move { pass_on(stream, &head, &names).await }
        })
        .await
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn head(stream: &mut Box<dyn Stream>) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

async fn pass_on(mut stream: Box<dyn Stream>, head: &str, names: &HashMap<String, SocketAddr>) {
    if !head.to_lowercase().contains(&format!("proxy-authorization: {}", BASIC.to_lowercase())) {
        let refusal =
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.write_all(refusal.as_bytes()).await;
        return;
    }
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let place = target.trim_start_matches("http://").split('/').next().unwrap();
    let known = names.get(place.split(':').next().unwrap()).copied().or_else(|| place.parse().ok());
    let Some(Ok(mut server)) = (match known {
        Some(address) => Some(TcpStream::connect(address).await),
        None => None,
    }) else {
        let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").await;
        return;
    };
    if method == "CONNECT" {
        let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await;
    } else {
        let _ = server.write_all(head.as_bytes()).await;
    }
    let _ = copy_bidirectional(&mut stream, &mut server).await;
}

/// A file of the test's own, until the process ends.
fn file(name: &str, contents: &str) -> String {
    static FOLDER: Mutex<u32> = Mutex::new(0);
    let mut number = FOLDER.lock().unwrap();
    *number += 1;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("proxies-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, contents).unwrap();
    path.to_str().unwrap().to_owned()
}

fn settings(url: &str, more: &Value) -> Settings {
    let mut settings = json!({"api_url": url, "api_token": "1|a-secret-token"});
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    Settings::from_json(settings.to_string().as_bytes()).unwrap()
}

/// One call by names that are known here.
async fn call_by(url: &str, more: Value, names: &[(&str, &str)]) -> Result<(), ApiError> {
    let settings = settings(url, &more);
    let names = names.iter().map(|(name, address)| ((*name).to_owned(), vec![address.parse().unwrap()])).collect();
    let transport = ReqwestTransport::by(&settings.network).unwrap().with_names(names).unwrap();
    let mut connection = settings.connection().unwrap();
    connection.attempt_timeout = Duration::from_secs(10);
    let backoff = Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(1) };
    Client::new(connection, Arc::new(transport)).with_backoff(backoff).current_user().await.map(drop)
}

async fn call(url: &str, more: Value) -> Result<(), ApiError> {
    call_by(url, more, &[]).await
}

fn plain(_: &mut CertificateParams) {}

fn tls(authority: &Authority, host: &str) -> Option<ServerConfig> {
    Some(server_config(authority, host, plain, None))
}

#[tokio::test]
async fn a_server_is_reached_by_a_proxy_with_user_and_password() {
    let ours = authority("Private authority");
    let ca = file("ca.pem", &ours.pem());
    let krayin = Server::krayin(tls(&ours, "localhost")).await;
    let names = [("localhost", krayin.address)];
    for encrypted in [false, true] {
        let proxy = Server::proxy(encrypted.then(|| tls(&ours, "127.0.0.1").unwrap()), &names).await;
        let scheme = if encrypted { "https" } else { "http" };
        let url = format!("https://localhost:{}/api/v1", krayin.address.port());
        let by = |user: &str| json!({"proxy": format!("{scheme}://{user}@{}", proxy.address), "ca_file": ca});
        call(&url, by("user:p%40ss")).await.unwrap();
        let heads = proxy.heads();
        assert_eq!(heads.len(), 1, "{heads:?}");
        assert!(heads[0].starts_with(&format!("CONNECT localhost:{}", krayin.address.port())), "{heads:?}");
        assert!(!heads[0].contains("secret"), "the token goes to the server alone: {heads:?}");
        let error = call(&url, by("user:other")).await.unwrap_err();
        assert_eq!((error.kind, error.executed), (ErrorKind::Unavailable, Executed::No), "{error}");
        assert!(error.to_string().contains("the proxy wants another user or password"), "{error}");
        assert!(!format!("{error} {error:?}").contains("other@"));
    }
    assert_eq!(krayin.heads().len(), 2);
    assert!(!krayin.heads()[0].to_lowercase().contains("proxy-authorization"), "{:?}", krayin.heads());
}

#[tokio::test]
async fn plain_http_goes_by_it_too() {
    let krayin = Server::krayin(None).await;
    let proxy = Server::proxy(None, &[]).await;
    let url = format!("http://{}/api/v1", krayin.address);
    call(&url, json!({"proxy": format!("http://user:p%40ss@{}", proxy.address)})).await.unwrap();
    assert!(proxy.heads()[0].starts_with(&format!("GET {url}/get HTTP/1.1")), "{:?}", proxy.heads());
    let error = call(&url, json!({"proxy": format!("http://{}", proxy.address)})).await.unwrap_err();
    assert_eq!(
        (error.kind, error.executed, error.status),
        (ErrorKind::Unavailable, Executed::No, Some(407)),
        "{error}"
    );
    assert!(error.to_string().contains("the proxy wants another user or password"), "{error}");
    assert_eq!(krayin.heads().len(), 1);
}

#[tokio::test]
async fn the_guard_decides_on_the_server_whatever_the_proxy_reaches() {
    let krayin = Server::krayin(None).await;
    let names = [("crm.example.com", krayin.address), ("krayin.invalid", krayin.address)];
    let proxy = Server::proxy(None, &names).await;
    let by = || json!({"proxy": format!("http://user:p%40ss@{}", proxy.address), "allow_http": true});
    let with = |more: Value| {
        let mut settings = by();
        settings["allowed_hosts"] = more;
        settings
    };
    // What is private is refused where the address is read, or before the proxy hears of it.
    for literal in ["10.0.0.5", "169.254.169.254", "[fd00::1]", "0x0a000005"] {
        assert!(settings(&format!("http://{literal}"), &by()).connection().is_err(), "{literal}");
    }
    let refused = call_by("http://crm.example.com", by(), &[("crm.example.com", "10.0.0.5")]).await.unwrap_err();
    assert!(refused.to_string().contains("private address"), "{refused}");
    // A name that only the proxy knows may be anything.
    let unknown = call("http://krayin.invalid", by()).await.unwrap_err();
    assert_eq!((unknown.kind, unknown.executed), (ErrorKind::Unavailable, Executed::No), "{unknown}");
    assert!(unknown.to_string().contains("KRAYIN_SYNC_ALLOWED_HOSTS"), "{unknown}");
    assert!(proxy.heads().is_empty(), "{:?}", proxy.heads());
    // A public address, and hosts that the installation names.
    call_by("http://crm.example.com", by(), &[("crm.example.com", "8.8.8.8")]).await.unwrap();
    call_by("http://crm.example.com", with(json!(["crm.example.com"])), &[("crm.example.com", "10.0.0.5")])
        .await
        .unwrap();
    call("http://krayin.invalid", with(json!(["krayin.invalid"]))).await.unwrap();
    assert_eq!((proxy.heads().len(), krayin.heads().len()), (3, 3));
}

#[tokio::test]
async fn a_proxy_that_does_not_work_is_told_from_the_server() {
    let ours = authority("Private authority");
    let ca = file("ca.pem", &ours.pem());
    let proxy = Server::proxy(None, &[]).await;
    let url = "https://crm.example.com/api/v1";
    let by = |address: SocketAddr| json!({"proxy": format!("http://user:p%40ss@{address}"), "ca_file": ca});
    let names = [("crm.example.com", "8.8.8.8")];
    let refused = call_by(url, by(proxy.address), &names).await.unwrap_err();
    assert_eq!((refused.kind, refused.executed), (ErrorKind::Unavailable, Executed::No), "{refused}");
    assert!(refused.to_string().contains("the proxy does not connect to this address"), "{refused}");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let down = call_by(url, by(closed), &names).await.unwrap_err();
    assert_eq!((down.kind, down.executed), (ErrorKind::Unavailable, Executed::No), "{down}");
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_is_shown_one() {
    let ours = authority("Private authority");
    let krayin = Server::krayin(Some(server_config(&ours, "localhost", plain, Some(&ours)))).await;
    let url = format!("https://localhost:{}/api/v1", krayin.address.port());
    let folder = PathBuf::from(file("beside.txt", "no certificate"));
    std::fs::write(folder.with_file_name("ca.crt"), ours.pem()).unwrap();
    let ca_path = folder.parent().unwrap().to_str().unwrap();
    let (shown, key) = certificate(&ours, "krayin-sync", plain);
    let (cert_file, key_file) = (file("cert.pem", &shown.pem()), file("key.pem", &key.serialize_pem()));
    let with = json!({"ca_path": ca_path, "client_certificate": cert_file, "client_key": key_file});
    call(&url, with).await.unwrap();
    assert_eq!(krayin.heads().len(), 1);
    let error = call(&url, json!({"ca_path": ca_path})).await.unwrap_err();
    assert_eq!(krayin.heads().len(), 1, "nothing was taken: {error}");
    // Another's key, and files that are none, are told before anything is sent.
    let other = file("other.pem", &certificate(&ours, "krayin-sync", plain).1.serialize_pem());
    let passphrase =
        file("passphrase.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let table = [
        (
            json!({"client_certificate": cert_file, "client_key": other}),
            "client_key is not the key of client_certificate",
        ),
        (json!({"client_certificate": cert_file, "client_key": passphrase}), "client_key has a passphrase"),
        (
            json!({"client_certificate": key_file, "client_key": key_file}),
            "client_certificate holds no certificate in PEM",
        ),
        (json!({"client_certificate": cert_file, "client_key": cert_file}), "client_key holds no private key in PEM"),
        (json!({"ca_file": key_file}), "ca_file holds no certificate in PEM"),
    ];
    for (more, expected) in table {
        let error = ReqwestTransport::by(&settings(&url, &more).network).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
