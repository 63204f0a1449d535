//! The HTTP side: connections, bodies, and what a fault does to an exchange.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::automation::OutgoingCall;
use crate::control;
use crate::crm::Crm;
use crate::input::pairs;
use crate::log::{Log, Logged};
use crate::options::Options;
use crate::router::{self, Request, Response};
use crate::webhook;

/// The most bytes of a body: PHP's `post_max_size` of 8 MB.
const MOST_BYTES: usize = 8 << 20;
/// How long a client may take for its headers or its body.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) type Body = UnsyncBoxBody<Bytes, Abort>;

/// Ends a connection without a word.
#[derive(Debug)]
pub(crate) struct Abort;

impl fmt::Display for Abort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the connection is closed on purpose")
    }
}

impl std::error::Error for Abort {}

/// What the server's thread and the handle share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) address: SocketAddr,
    state: Mutex<State>,
    connections: AtomicU64,
}

/// Everything that requests change.
pub(crate) struct State {
    pub(crate) crm: Crm,
    pub(crate) log: Log,
}

impl Shared {
    pub(crate) fn new(options: Options, address: SocketAddr, crm: Crm) -> Self {
        Self { options, address, state: Mutex::new(State { crm, log: Log::default() }), connections: AtomicU64::new(0) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A handler that panicked has failed one request; the records are still worth showing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.address, self.options.server.prefix())
    }
}

/// Accepts connections until `stop` says so.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stop: oneshot::Receiver<()>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stop => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let number = shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
                tokio::spawn(connection(stream, number, Arc::clone(&shared)));
            }
            // Out of file descriptors: wait until some connection has ended.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn connection(stream: TcpStream, number: u64, shared: Arc<Shared>) {
    // Without this a small answer waits for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| exchange(request, number, Arc::clone(&shared)));
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn exchange(
    request: hyper::Request<Incoming>,
    connection: u64,
    shared: Arc<Shared>,
) -> Result<hyper::Response<Body>, Abort> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let (body, too_large) = read(body).await?;
    let request = Request {
        method: parts.method.as_str().to_owned(),
        path,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        host: text(&parts.headers, header::HOST).unwrap_or_else(|| shared.address.to_string()),
        token: text(&parts.headers, header::AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned)),
        content_type: text(&parts.headers, header::CONTENT_TYPE).unwrap_or_default(),
        accept: text(&parts.headers, header::ACCEPT),
        is_ajax: text(&parts.headers, HeaderName::from_static("x-requested-with"))
            .is_some_and(|value| value == "XMLHttpRequest"),
        body,
        too_large,
    };
    if let Some(response) = control::answer(&shared, &request) {
        return Ok(plain(response));
    }
    let entry = note(&shared, &request, connection);
    let (response, user, calls) = act(&shared, &request);
    send(calls).await;
    shared.lock().log.finish(entry, response.status, user, String::from_utf8_lossy(&response.body).into_owned());
    Ok(plain(response))
}

fn note(shared: &Shared, request: &Request, connection: u64) -> u64 {
    let prefix = shared.options.server.prefix();
    let path = request.path.strip_prefix(prefix).unwrap_or(&request.path);
    shared.lock().log.push(Logged {
        number: 0,
        method: request.method.clone(),
        path: path.to_owned(),
        query: pairs(&request.query),
        status: 0,
        user: None,
        connection,
        body: String::from_utf8_lossy(&request.body).into_owned(),
        answer: String::new(),
    })
}

fn act(shared: &Shared, request: &Request) -> (Response, Option<u64>, Vec<OutgoingCall>) {
    let mut state = shared.lock();
    let (response, user) = router::handle(&mut state.crm, request);
    let calls = std::mem::take(&mut state.crm.outgoing);
    (response, user, calls)
}

/// The calls of webhooks, one after the other, from inside the request that caused them.
async fn send(calls: Vec<OutgoingCall>) {
    for call in calls {
        webhook::send(&call).await;
    }
}

/// Reads a body. One that is larger than the server takes is read to its end and dropped, as PHP does.
async fn read(mut body: Incoming) -> Result<(Vec<u8>, bool), Abort> {
    let mut read = Vec::with_capacity(usize::try_from(body.size_hint().lower()).unwrap_or(0).min(MOST_BYTES));
    let mut too_large = false;
    loop {
        let frame = match tokio::time::timeout(PATIENCE, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => return Ok((read, too_large)),
            Ok(Some(Err(_))) | Err(_) => return Err(Abort),
        };
        if let Some(data) = frame.data_ref() {
            too_large |= read.len().saturating_add(data.len()) > MOST_BYTES;
            if too_large {
                read.clear();
            } else {
                read.extend_from_slice(data);
            }
        }
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

pub(crate) fn plain(response: Response) -> hyper::Response<Body> {
    let body = Full::new(Bytes::from(response.body)).map_err(|never: Infallible| match never {}).boxed_unsync();
    let mut answer = hyper::Response::new(body);
    *answer.status_mut() = hyper::StatusCode::from_u16(response.status).unwrap_or_default();
    for (name, value) in response.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    answer
}
