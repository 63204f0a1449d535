use std::{error::Error as _, sync::Arc, time::Duration};

use super::transport::{Method, Request, Response, Transport, TransportError, TransportErrorKind};
use crate::{BoxFuture, settings::SettingsError};

/// A larger answer is none of Krayin's: it is refused while it streams in.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// Shorter than the 60 s and 75 s after which common proxies close an idle connection: a connection that the server is
/// about to close must not carry a POST.
const KEEP_IDLE: Duration = Duration::from_secs(15);

const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Real HTTP: rustls with ring, certificates always checked, redirects never followed, connections kept.
///
/// Belongs to the tokio runtime and the process in which it was made.
#[derive(Clone, Debug)]
pub struct ReqwestTransport(reqwest::Client);

impl ReqwestTransport {
    /// Reads the machine's certificate authorities; make one a process.
    pub fn new() -> Result<Self, SettingsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // Fails only where the process has one already, which serves as well.
        let _ = rustls::crypto::CryptoProvider::install_default((*provider).clone());
        let client = reqwest::Client::builder()
            .user_agent(concat!("krayin_sync/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .pool_idle_timeout(KEEP_IDLE)
            .connect_timeout(CONNECT_WITHIN)
            .tcp_nodelay(true)
            .build()
            .map_err(|_| {
                SettingsError::one("the HTTP client cannot start: are the machine's CA certificates installed?")
            })?;
        Ok(Self(client))
    }
}

impl Transport for ReqwestTransport {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move { exchange(&self.0, request).await })
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
        builder = builder.body(body.clone());
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
    let mut tls = false;
    let mut cause = error.source();
    while let Some(inner) = cause {
        tls |= inner.downcast_ref::<rustls::Error>().is_some() || tls_inside(inner);
        cause = inner.source();
    }
    let (kind, reason) = if error.is_connect() && tls {
        (TransportErrorKind::Tls, "the server's certificate was not accepted")
    } else if error.is_connect() && error.is_timeout() {
        (TransportErrorKind::Connect, "no connection within 10 s")
    } else if error.is_connect() {
        (TransportErrorKind::Connect, "no connection: is the address right and the server running?")
    } else if error.is_timeout() {
        (TransportErrorKind::Timeout, "no answer within the time limit")
    } else if error.is_builder() {
        (TransportErrorKind::Refused, "the request cannot be built")
    } else {
        (TransportErrorKind::Interrupted, "the connection broke before the whole answer was there")
    };
    TransportError { kind, reason: reason.into() }
}

fn tls_inside(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
        .is_some_and(|inner| inner.downcast_ref::<rustls::Error>().is_some())
}
