use std::{
    collections::HashMap,
    error::Error as StdError,
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustls::CertificateError;

use super::{
    pieces::Pieces,
    resolver::{Names, PrivateAddress, Resolver},
    transport::{Method, Request, Response, Transport, TransportError, TransportErrorKind},
};
use crate::{BoxFuture, settings::SettingsError};

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
    authority: Vec<reqwest::Certificate>,
    names: Names,
    guarded: reqwest::Client,
    /// For hosts that may have any address: connections of its own, so that no other request comes to use one.
    open: OnceLock<Option<reqwest::Client>>,
}

impl ReqwestTransport {
    /// Trusts the machine's certificate authorities (or those of `SSL_CERT_FILE`); make one a process.
    ///
    /// # Errors
    /// Where the HTTP client cannot start: the machine has no CA certificates.
    pub fn new() -> Result<Self, SettingsError> {
        Self::build(Vec::new(), Names::default())
    }

    /// Trusts the authorities of `pem` as well.
    pub fn with_authority(pem: &[u8]) -> Result<Self, SettingsError> {
        let authority = reqwest::Certificate::from_pem_bundle(pem).ok().filter(|found| !found.is_empty());
        let unreadable = || SettingsError::one("the certificate authority is not PEM");
        Self::build(authority.ok_or_else(unreadable)?, Names::default())
    }

    /// The same, with these addresses for these names, as a hosts file has them. They are guarded like any other.
    pub fn with_names(self, names: HashMap<String, Vec<IpAddr>>) -> Result<Self, SettingsError> {
        Self::build(self.authority, Arc::new(names))
    }

    fn build(authority: Vec<reqwest::Certificate>, names: Names) -> Result<Self, SettingsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // Fails only where the process has one already, which serves as well.
        let _ = rustls::crypto::CryptoProvider::install_default((*provider).clone());
        let guarded = client(&authority, &names, true).build().map_err(|_| {
            SettingsError::one("the HTTP client cannot start: are the machine's CA certificates installed?")
        })?;
        Ok(Self { authority, names, guarded, open: OnceLock::new() })
    }

    fn client_for(&self, request: &Request) -> Option<&reqwest::Client> {
        if request.any_address {
            self.open.get_or_init(|| client(&self.authority, &self.names, false).build().ok()).as_ref()
        } else {
            Some(&self.guarded)
        }
    }
}

fn client(authority: &[reqwest::Certificate], names: &Names, guarded: bool) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("krayin_sync/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .pool_idle_timeout(KEEP_IDLE)
        .connect_timeout(CONNECT_WITHIN)
        .tcp_nodelay(true)
        .tls_certs_merge(authority.iter().cloned())
        .dns_resolver(Resolver { guarded, names: Arc::clone(names) })
}

impl Transport for ReqwestTransport {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let client = self.client_for(request).ok_or_else(|| TransportError {
                kind: TransportErrorKind::Refused,
                reason: "the HTTP client cannot start".into(),
            })?;
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
    if let Some(body) = &request.body {
        builder = builder.body(Pieces::of(body));
    }
    let mut answer = builder.send().await.map_err(explain)?;
    let status = answer.status().as_u16();
    let headers = answer.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(explain)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(TransportError {
                kind: TransportErrorKind::TooLarge,
                reason: "the answer is larger than 8 MiB".into(),
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

/// reqwest's own texts name the whole address, whose query may hold an e-mail address: none of them is repeated.
fn explain(error: reqwest::Error) -> TransportError {
    use TransportErrorKind as Kind;
    let (kind, reason) = if find::<PrivateAddress>(&error).is_some() {
        (Kind::Refused, "the host has a private address, which this installation does not allow")
    } else if let Some(tls) = find::<rustls::Error>(&error).filter(|_| error.is_connect()) {
        (Kind::Tls, explain_tls(tls))
    } else if error.is_connect() && error.is_timeout() {
        (Kind::Connect, "no connection within the time limit")
    } else if error.is_connect() {
        (Kind::Connect, "no connection: is the address right and the server running?")
    } else if error.is_timeout() {
        (Kind::Timeout, "no answer within the time limit")
    } else if error.is_builder() {
        (Kind::Refused, "the request cannot be built")
    } else {
        (Kind::Interrupted, "the connection broke before the whole answer was there")
    };
    TransportError { kind, reason: reason.into() }
}

fn explain_tls(error: &rustls::Error) -> &'static str {
    use CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => {
            "the server's certificate has expired"
        }
        rustls::Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            "the server's certificate is not valid yet"
        }
        rustls::Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            "the server's certificate is for another name"
        }
        rustls::Error::InvalidCertificate(C::UnknownIssuer) => "the server's certificate is from an unknown authority",
        rustls::Error::InvalidCertificate(_) => "the server's certificate was not accepted",
        _ => "the server speaks no TLS that can be trusted",
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
