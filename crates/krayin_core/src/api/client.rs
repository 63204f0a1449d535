use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use serde_json::Value;

use super::{
    ApiError, Method, Observer, RateLimiter, Request, Response, ServerState, Transport, TransportError,
    recovery::{create_recovery::Creates, seat::Seat, unfinished::Unfinished},
};
use crate::{
    body::Body,
    retry::{Backoff, Jitter, Priority},
    server::Connection,
};

/// Typed calls to one Krayin. Cheap to make: one an event, so that [`requests`](Self::requests) counts that event's.
///
/// Each call gives a record as the server has it, or the [`ApiError`] of its last attempt. Paths are those below the
/// connection's address (`leads/5`); they are sent as they are.
///
/// What is created or written is a [`Value`] with the attributes by their codes. The types of [`krayin`](crate::krayin)
/// make one: `client.create_person(serde_json::to_value(NewPerson { … })?)`. `tests/examples/calls.rs` in the repository
/// makes a call of each kind and handles what may fail.
///
/// A call that may be repeated is, twice at most and within the connection's `deadline`. Before each it waits
/// [`LONGEST_WAIT`](crate::retry::LONGEST_WAIT) at most: where the server's budget is spent for longer, or it is known to be
/// down, the error comes at once, with `retry_after`.
pub struct Client {
    pub(super) connection: Connection,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) first: Seat,
    pub(super) others: Vec<Seat>,
    pub(super) last_seat: AtomicUsize,
    pub(super) priority: Priority,
    pub(super) observer: Option<Arc<dyn Observer>>,
    pub(super) jitter: Arc<Jitter>,
    pub(super) backoff: Backoff,
    pub(super) requests: AtomicU32,
    pub(super) unfinished: Mutex<Unfinished>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({:?})", self.connection)
    }
}

/// One call, before it is sent.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Body>,
    pub(crate) repeat: Repeat,
}

/// What a second execution of a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// What its method says: nothing, or for a POST anybody's guess.
    ByMethod,
    /// Nothing, though it is a POST: it only reads, or sets what is set.
    Harmless,
    /// It creates a second record, which can be looked for first.
    Creates(Creates),
}

impl Repeat {
    pub(super) fn creates(self) -> Option<Creates> {
        if let Self::Creates(creates) = self { Some(creates) } else { None }
    }
}

impl Client {
    /// A client that shares nothing with others.
    pub fn new(connection: Connection, transport: Arc<dyn Transport>) -> Self {
        Self {
            others: vec![Seat::default(); connection.further_tokens()],
            connection,
            transport,
            first: Seat::default(),
            last_seat: AtomicUsize::new(0),
            priority: Priority::default(),
            observer: None,
            jitter: Arc::default(),
            backoff: Backoff::default(),
            requests: AtomicU32::new(0),
            unfinished: Mutex::default(),
        }
    }

    /// Shares what is known of the server with other clients of it.
    #[must_use]
    pub fn with_state(mut self, state: Arc<ServerState>) -> Self {
        self.first.state = state;
        self
    }

    /// The same, and who grants requests, of each further token, in their order: each has a budget of its own.
    #[must_use]
    pub fn with_further(mut self, further: Vec<(Arc<ServerState>, Option<Arc<RateLimiter>>)>) -> Self {
        for (seat, (state, limiter)) in self.others.iter_mut().zip(further) {
            *seat = Seat { state, limiter };
        }
        self
    }

    /// Has requests granted by `limiter`, whose store other processes may share, instead of by the state's own.
    #[must_use]
    pub fn with_limiter(mut self, limiter: Arc<RateLimiter>) -> Self {
        self.first.limiter = Some(limiter);
        self
    }

    /// Whether somebody waits for the calls. Only the first of them is put off: what has begun is finished.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// What the set-up saw of the server's rate headers. Call it after [`with_state`](Self::with_state) and
    /// [`with_limiter`](Self::with_limiter).
    #[must_use]
    pub fn with_rate_headers(self, sends: Option<bool>) -> Self {
        if let Some(sends) = sends {
            for seat in self.seats() {
                seat.state.assume_rate_headers(sends);
                if sends {
                    seat.limiter().assume_limit();
                }
            }
        }
        self
    }

    /// Tells each attempt to `observer`.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Draws its jitter from `jitter`.
    #[must_use]
    pub fn with_jitter(mut self, jitter: Arc<Jitter>) -> Self {
        self.jitter = jitter;
        self
    }

    /// Waits between attempts as `backoff` says.
    #[must_use]
    pub fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// The same client for another address.
    #[must_use]
    pub fn at(&self, connection: Connection) -> Self {
        let anew = |seat: &Seat| Seat { state: Arc::default(), limiter: seat.limiter.clone() };
        Self {
            connection,
            transport: Arc::clone(&self.transport),
            first: anew(&self.first),
            others: self.others.iter().map(anew).collect(),
            last_seat: AtomicUsize::new(0),
            priority: self.priority,
            observer: self.observer.clone(),
            jitter: Arc::clone(&self.jitter),
            backoff: self.backoff,
            requests: AtomicU32::new(0),
            unfinished: Mutex::default(),
        }
    }

    /// The address and its dialect.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// How many requests this client has sent, probes and repeated attempts included.
    pub fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Whether the server's good answers carry rate headers, once one has come.
    pub fn sends_rate_headers(&self) -> Option<bool> {
        self.seats().find_map(|seat| seat.state.sends_rate_headers())
    }

    /// What answers at `path` of the server's host, whatever it is: by the same way as a call, but without the token, and
    /// once. `as_call` has it answered as a call is, else as a browser's question. It counts as no request of ours.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn page(&self, path: &str, as_call: bool) -> Result<Response, TransportError> {
        let accept = if as_call { "application/json" } else { "text/html, application/json" };
        let mut headers = vec![("accept".to_owned(), accept.to_owned())];
        if as_call {
            headers.push(("x-requested-with".to_owned(), "XMLHttpRequest".to_owned()));
        }
        let request = Request {
            method: Method::Get,
            url: self.connection.address_of_host(path),
            headers,
            body: None,
            any_address: self.connection.any_address(),
            timeout: self.connection.attempt_timeout,
        };
        self.transport.send(&request).await
    }

    /// `GET path?params`: the body of a good answer.
    pub async fn get(&self, path: &str, params: &[(&str, String)]) -> Result<Value, ApiError> {
        self.plain(Method::Get, path, None, params).await
    }

    /// `POST path` with a JSON body. Repeated only when it certainly was not executed.
    pub async fn post(&self, path: &str, body: Value, params: &[(&str, String)]) -> Result<Value, ApiError> {
        self.plain(Method::Post, path, Some(body), params).await
    }

    /// `PUT path` with a JSON body.
    pub async fn put(&self, path: &str, body: Value, params: &[(&str, String)]) -> Result<Value, ApiError> {
        self.plain(Method::Put, path, Some(body), params).await
    }

    /// `DELETE path?params`.
    pub async fn delete(&self, path: &str, params: &[(&str, String)]) -> Result<Value, ApiError> {
        self.plain(Method::Delete, path, None, params).await
    }

    async fn plain(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        params: &[(&str, String)],
    ) -> Result<Value, ApiError> {
        let query = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let body = body.map(|body| Body::of(path, body));
        self.call(Call { method, path, query, body, repeat: Repeat::ByMethod }).await
    }

    /// Creates a record, exactly one: where its answer is lost, looks before repeating.
    pub(crate) async fn create(&self, creates: Creates, path: &str, body: Value) -> Result<Value, ApiError> {
        let body = Body::of(path, body);
        let keys = self.unfinished().keys(creates, body.value());
        if let Some(there) = self.await_unfinished(creates, path, body.value(), &keys).await? {
            return Ok(there);
        }
        let repeat = Repeat::Creates(creates);
        let call = Call { method: Method::Post, path, query: Vec::new(), body: Some(body), repeat };
        let created = self.call(call).await?;
        self.unfinished().forget(&keys);
        Ok(created)
    }

    /// Writes a record that is there as `current`: what it holds already is sent back as it is.
    pub(crate) async fn write(&self, path: &str, body: Value, current: &Value) -> Result<Value, ApiError> {
        let body = Some(Body::beside(path, body, current));
        self.call(Call { method: Method::Put, path, query: Vec::new(), body, repeat: Repeat::ByMethod }).await
    }

    /// The creates that were given up, in this run or in an earlier one.
    pub(crate) fn unfinished(&self) -> MutexGuard<'_, Unfinished> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
