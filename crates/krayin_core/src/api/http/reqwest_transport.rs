use std::{
    collections::HashMap,
    error::Error as StdError,
    net::IpAddr,
    sync::{Arc, OnceLock, atomic::Ordering},
    time::Duration,
};

use rustls::CertificateError;

use crate::api::{
    http::chunked_body::ChunkedBody,
    http::resolver::{Names, NoThread, PrivateAddress, Resolver},
    http::transport::{Method, Request, Response, Transport, TransportError, TransportErrorKind},
};
use crate::{
    BoxFuture,
    detail::Detail,
    problem::Problem,
    server::{Connection, Network, ReadNetwork, SettingsError},
};

/// A larger answer is none of Krayin's: it is refused while it streams in.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// Shorter than the 60 s and 75 s after which common proxies close an idle connection: a connection that the server is
/// about to close must not carry a POST.
const KEEP_IDLE: Duration = Duration::from_secs(15);

const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Real HTTP: rustls with ring, certificates always checked, redirects never followed, connections kept, private
/// addresses refused unless the request says otherwise.
///
/// Belongs to the tokio runtime and the process in which it was made.
#[derive(Debug)]
pub struct ReqwestTransport {
    network: ReadNetwork,
    names: Names,
    /// Looks at a server's address before a proxy does.
    before_proxy: Resolver,
    /// By what a request needs ([`Needs`]), made when the first such comes: connections that one kind may use, no other
    /// comes to use, and what needs no certificates works without.
    clients: [OnceLock<reqwest::Client>; 4],
}

/// What tells one client from another.
#[derive(Clone, Copy)]
struct Needs {
    certificates: bool,
    any_address: bool,
}

impl ReqwestTransport {
    /// Trusts the machine's certificate authorities (or those of `SSL_CERT_FILE`), read for the first https request; make
    /// one a process.
    ///
    /// # Errors
    /// None yet.
    pub fn new() -> Result<Self, SettingsError> {
        Self::build(ReadNetwork::default(), Names::default())
    }

    /// The same by way of `network`.
    ///
    /// # Errors
    /// Where a file of it cannot be read, or is not what it should be.
    pub fn by(network: &Network) -> Result<Self, SettingsError> {
        Self::build(network.read()?, Names::default())
    }

    /// Trusts the authorities of `pem` as well.
    pub fn with_authority(pem: &[u8]) -> Result<Self, SettingsError> {
        let authority = reqwest::Certificate::from_pem_bundle(pem).ok().filter(|found| !found.is_empty());
        let unreadable = || SettingsError::one(Problem::AuthorityUnreadable);
        let network = ReadNetwork { authorities: authority.ok_or_else(unreadable)?, ..ReadNetwork::default() };
        let transport = Self::build(network, Names::default())?;
        // What is PEM may still be no certificate: that shows when a client is made.
        let encrypted = Needs { certificates: true, any_address: false };
        transport.client(encrypted).ok_or_else(unreadable)?;
        Ok(transport)
    }

    /// The same, with these addresses for these names, as a hosts file has them. They are guarded like any other.
    pub fn with_names(self, names: HashMap<String, Vec<IpAddr>>) -> Result<Self, SettingsError> {
        self.with_look_up(move |name| names.get(name).cloned())
    }

    /// The same, with names looked up by `look_up` where it knows them, whenever a connection is made.
    pub fn with_look_up(
        self,
        look_up: impl Fn(&str) -> Option<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Result<Self, SettingsError> {
        Self::build(self.network, Names::by(look_up))
    }

    fn build(network: ReadNetwork, names: Names) -> Result<Self, SettingsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // Fails only where the process has one already, which serves as well.
        let _ = rustls::crypto::CryptoProvider::install_default((*provider).clone());
        let before_proxy = Resolver::new(true, names.clone());
        Ok(Self { network, names, before_proxy, clients: Default::default() })
    }

    /// Makes now what requests over `connection` need, on this thread: it reads the environment and the certificates.
    ///
    /// # Errors
    /// Where the HTTP client cannot start: the machine has no CA certificates.
    pub fn prepare(&self, connection: &Connection) -> Result<(), SettingsError> {
        let needs = self.needs(connection.is_encrypted(), connection.any_address());
        self.client(needs).map(|_| ()).ok_or_else(|| SettingsError::one(Problem::NoAuthorities))
    }

    fn needs(&self, encrypted: bool, any_address: bool) -> Needs {
        Needs { certificates: encrypted || self.network.encrypted_proxy, any_address }
    }

    /// Whether the server's own address may be gone to, though a proxy connects to it. A name that only the proxy knows may
    /// be anything.
    async fn look_before_proxy(&self, request: &Request) -> Result<(), TransportError> {
        let url = reqwest::Url::parse(&request.url).ok();
        let host = url.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
        if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
            // The connection was made with it, so it may be.
            return Ok(());
        }
        self.before_proxy.find(host).await.map(drop).map_err(|failure| {
            let failure: &(dyn StdError + 'static) = failure.as_ref();
            if find::<PrivateAddress>(failure).is_some() {
                return TransportError { kind: TransportErrorKind::Refused, detail: Detail::HostPrivate };
            }
            TransportError { kind: TransportErrorKind::Connect, detail: Detail::HostUnknownHere }
        })
    }

    fn client(&self, needs: Needs) -> Option<&reqwest::Client> {
        let [plain, open, guarded, trusted] = &self.clients;
        let client = match (needs.certificates, needs.any_address) {
            (false, false) => plain,
            (false, true) => open,
            (true, false) => guarded,
            (true, true) => trusted,
        };
        if let Some(made) = client.get() {
            return Some(made);
        }
        // What is lacking now may be there at the next call.
        let made = build(&self.network, &self.names, needs).ok()?;
        Some(client.get_or_init(|| made))
    }
}

fn build(network: &ReadNetwork, names: &Names, needs: Needs) -> Result<reqwest::Client, reqwest::Error> {
    // What is connected to by way of a proxy is the proxy, whose address is the installation's word.
    let guarded = !needs.any_address && network.proxy.is_none();
    let mut client = reqwest::Client::builder()
        .user_agent(concat!("krayin_sync/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .pool_idle_timeout(KEEP_IDLE)
        .connect_timeout(CONNECT_WITHIN)
        .tcp_nodelay(true)
        .dns_resolver(Resolver::new(guarded, names.clone()));
    if let Some(proxy) = &network.proxy {
        client = client.proxy(proxy.clone());
    }
    if let Some(identity) = &network.identity {
        client = client.identity(identity.clone());
    }
    if needs.certificates {
        client.tls_certs_merge(network.authorities.iter().cloned()).build()
    } else {
        client.tls_certs_only([]).build()
    }
}

impl Transport for ReqwestTransport {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let needs = self.needs(!request.url.starts_with("http:"), request.any_address);
            let client = self
                .client(needs)
                .ok_or(TransportError { kind: TransportErrorKind::Refused, detail: Detail::NoAuthorities })?;
            if self.network.proxy.is_some() && !request.any_address {
                self.look_before_proxy(request).await?;
            }
            exchange(client, request).await
        })
    }
}

async fn exchange(client: &reqwest::Client, request: &Request) -> Result<Response, TransportError> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut builder = client.request(method, &request.url).timeout(request.timeout);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let mut begun = None;
    if let Some(body) = &request.body {
        let (body, asked_for) = ChunkedBody::of(body);
        builder = builder.body(reqwest::Body::wrap(body));
        begun = Some(asked_for);
    }
    let sent = builder.send().await;
    let mut answer = sent.map_err(|error| match begun {
        // The time went by with the name's look-up, or with others' connections.
        Some(begun) if error.is_timeout() && !begun.load(Ordering::Relaxed) => no_connection(),
        _ => explain(error),
    })?;
    let status = answer.status().as_u16();
    let headers = answer.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut body = Vec::new();
    let expected = answer.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    make_room(&mut body, expected.min(LARGEST_ANSWER))?;
    while let Some(chunk) = answer.chunk().await.map_err(explain)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(TransportError::of(TransportErrorKind::TooLarge));
        }
        if body.capacity() - body.len() < chunk.len() {
            let more = chunk.len().max(body.len());
            make_room(&mut body, more)?;
        }
        body.extend_from_slice(&chunk);
    }
    // An HTTP/2 server that goes away in good order ends a body so.
    if body.len() < expected && status != 304 {
        return Err(TransportError { kind: TransportErrorKind::Interrupted, detail: Detail::ConnectionBroke });
    }
    Ok(Response { status, headers, body })
}

fn no_connection() -> TransportError {
    TransportError { kind: TransportErrorKind::Connect, detail: Detail::ConnectionLate }
}

/// Takes room for `more` bytes of an answer, where the process may have it: the allocator would end it otherwise.
fn make_room(body: &mut Vec<u8>, more: usize) -> Result<(), TransportError> {
    body.try_reserve_exact(more).map_err(|_| TransportError::no_memory())
}

/// reqwest's own texts name the whole address, whose query may hold an e-mail address: none of them is repeated.
fn explain(error: reqwest::Error) -> TransportError {
    use TransportErrorKind as Kind;
    let (kind, detail) = if find::<PrivateAddress>(&error).is_some() {
        (Kind::Refused, Detail::HostPrivate)
    } else if find::<NoThread>(&error).is_some() {
        (Kind::Connect, Detail::NoThreads)
    } else if let Some(refusal) = refused_by_proxy(&error) {
        (Kind::Connect, refusal)
    } else if let Some(tls) = find::<rustls::Error>(&error).filter(|_| error.is_connect()) {
        (Kind::Tls, explain_tls(tls))
    } else if error.is_connect() && error.is_timeout() {
        return no_connection();
    } else if error.is_connect() {
        (Kind::Connect, Detail::NoConnection)
    } else if error.is_timeout() {
        (Kind::Timeout, Detail::AnswerLate)
    } else if error.is_builder() {
        (Kind::Refused, Detail::RequestWrong)
    } else {
        (Kind::Interrupted, Detail::ConnectionBroke)
    };
    TransportError { kind, detail }
}

/// What a proxy said instead of connecting. The type of that error is nobody's to name, so its words are looked at.
fn refused_by_proxy(error: &reqwest::Error) -> Option<Detail> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(inner) = cause {
        let words = inner.to_string();
        if words.ends_with("proxy authorization required") {
            return Some(Detail::ProxyPassword);
        }
        if words == "tunnel error: unsuccessful" {
            return Some(Detail::ProxyDoesNotConnect);
        }
        cause = inner.source();
    }
    None
}

fn explain_tls(error: &rustls::Error) -> Detail {
    use CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => Detail::CertificateExpired,
        rustls::Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            Detail::CertificateNotValidYet
        }
        rustls::Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            Detail::CertificateWrongHost
        }
        rustls::Error::InvalidCertificate(C::UnknownIssuer) => Detail::CertificateUnknownAuthority,
        rustls::Error::InvalidCertificate(_) => Detail::CertificateWrong,
        _ => Detail::NoTls,
    }
}

/// The cause of that type. An `io::Error` keeps its own beside the chain.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(found) = inner.downcast_ref::<T>() {
            return Some(found);
        }
        if let Some(kept) = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref)
            && let Some(found) = find::<T>(kept)
        {
            return Some(found);
        }
        cause = inner.source();
    }
    None
}
