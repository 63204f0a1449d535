use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    ApiError, Connection, ErrorKind, Executed, Method, Request, Response, Transport, TransportError, TransportErrorKind,
};
use crate::retry::{Answer, Backoff, Class, Jitter, Next, Step, classify, decide};

/// Attempts of one call.
const MOST_ATTEMPTS: u32 = 3;

/// The throttle's window: a token that worked within it is good, so that a bare 500 is the throttle's.
const WINDOW: Duration = Duration::from_secs(60);

/// One attempt, as it is told to whoever listens.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// The path without query, its ids replaced by `{id}`.
    pub path: String,
    /// The answer's status, where there was one.
    pub status: Option<u16>,
    /// Which attempt of its call it was, from 1.
    pub attempt: u32,
    /// How many there may be in all.
    pub most: u32,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// `X-RateLimit-Remaining`, where it came.
    pub remaining: Option<u32>,
    /// The wait before the next attempt in milliseconds, where there will be one.
    pub retry_in_ms: Option<u64>,
    /// Why it failed, where it did.
    pub failure: Option<String>,
}

/// Whoever listens to attempts. Called on the task that made the attempt: be quick.
pub trait Observer: Send + Sync {
    /// An attempt has ended.
    fn attempt(&self, attempt: &Attempt);
}

/// What the answers so far have told of a server and a token. Share one among all clients of the same.
#[derive(Debug, Default)]
pub struct ServerState(Mutex<Known>);

#[derive(Debug, Default, Clone, Copy)]
struct Known {
    sends_rate_headers: Option<bool>,
    last_success: Option<Instant>,
}

/// Typed calls to one Krayin. Cheap to make: one an event, so that [`requests`](Self::requests) counts that event's.
pub struct Client {
    connection: Connection,
    transport: Arc<dyn Transport>,
    state: Arc<ServerState>,
    observer: Option<Arc<dyn Observer>>,
    jitter: Arc<Jitter>,
    backoff: Backoff,
    requests: AtomicU32,
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
    pub(crate) body: Option<Value>,
}

impl Client {
    /// A client that shares nothing with others.
    pub fn new(connection: Connection, transport: Arc<dyn Transport>) -> Self {
        Self {
            connection,
            transport,
            state: Arc::default(),
            observer: None,
            jitter: Arc::default(),
            backoff: Backoff::default(),
            requests: AtomicU32::new(0),
        }
    }

    /// Shares what is known of the server with other clients of it.
    #[must_use]
    pub fn with_state(mut self, state: Arc<ServerState>) -> Self {
        self.state = state;
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
        Self {
            connection,
            transport: Arc::clone(&self.transport),
            state: Arc::default(),
            observer: self.observer.clone(),
            jitter: Arc::clone(&self.jitter),
            backoff: self.backoff,
            requests: AtomicU32::new(0),
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
        self.known().sends_rate_headers
    }

    /// `GET path?params`: the body of a good answer.
    pub async fn get(&self, path: &str, params: &[(&str, String)]) -> Result<Value, ApiError> {
        self.call(Call { method: Method::Get, path, query: owned(params), body: None }).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: Value, params: &[(&str, String)]) -> Result<Value, ApiError> {
        self.call(Call { method: Method::Post, path, query: owned(params), body: Some(body) }).await
    }

    /// `PUT path` with a JSON body.
    pub async fn put(&self, path: &str, body: Value, params: &[(&str, String)]) -> Result<Value, ApiError> {
        self.call(Call { method: Method::Put, path, query: owned(params), body: Some(body) }).await
    }

    /// `DELETE path?params`.
    pub async fn delete(&self, path: &str, params: &[(&str, String)]) -> Result<Value, ApiError> {
        self.call(Call { method: Method::Delete, path, query: owned(params), body: None }).await
    }

    /// The loop: send, tell what the answer means, obey the decision.
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Value, ApiError> {
        let started = Instant::now();
        let mut attempt = 0;
        loop {
            attempt += 1;
            let left = self.connection.deadline.saturating_sub(started.elapsed());
            let sent_at = Instant::now();
            let sent = self.send(&call, left.min(self.connection.attempt_timeout)).await;
            let mut error = match self.read(&call, &sent).await {
                Ok(value) => {
                    self.report(&call, &sent, attempt, sent_at, None, None);
                    return Ok(value);
                }
                Err(error) => error,
            };
            error.attempts = attempt;
            let next = decide(Step {
                passing: error.is_passing(),
                may_have_run: error.executed == Executed::Maybe,
                idempotent: call.method.is_idempotent(),
                attempt,
                most: MOST_ATTEMPTS,
                backoff: self.backoff.delay(attempt, self.jitter.next()),
                retry_after: error.retry_after,
                left: self.connection.deadline.saturating_sub(started.elapsed()),
            });
            let wait = if let Next::Retry(wait) = next { Some(wait) } else { None };
            self.report(&call, &sent, attempt, sent_at, wait, Some(&error.reason));
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error),
            }
        }
    }

    async fn send(&self, call: &Call<'_>, timeout: Duration) -> Result<Response, TransportError> {
        let mut headers = vec![
            ("authorization".to_owned(), self.connection.authorization()),
            // Without it production answers 200 with an HTML page for a refused token.
            ("accept".to_owned(), "application/json".to_owned()),
            ("x-requested-with".to_owned(), "XMLHttpRequest".to_owned()),
        ];
        if call.body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let request = Request {
            method: call.method,
            url: self.connection.address(call.path, &call.query),
            headers,
            body: call.body.as_ref().map(|body| body.to_string().into_bytes()),
            timeout,
        };
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.transport.send(&request).await
    }

    async fn read(&self, call: &Call<'_>, sent: &Result<Response, TransportError>) -> Result<Value, ApiError> {
        let response = match sent {
            Ok(response) => response,
            Err(error) => return Err(unanswered(call, error)),
        };
        let json: Option<Value> = serde_json::from_slice(&response.body).ok();
        let rate_headers = response.header("x-ratelimit-limit").is_some();
        let answer = Answer {
            status: response.status,
            rate_headers,
            retry_after: response.header("retry-after").and_then(seconds),
            json: json.as_ref(),
            names_a_record: names_a_record(call.path),
        };
        let class = classify(answer, self.known().sends_rate_headers);
        if class == Class::Ok {
            self.learn(rate_headers);
            return Ok(json.unwrap_or_default());
        }
        let class =
            if matches!(class, Class::NotExecuted | Class::ExecutedOrNot) { self.probe(class).await } else { class };
        Err(failed(call, response, class))
    }

    /// What a bare 500 was. `GET get` costs one request and tells a refused token from a failure inside.
    async fn probe(&self, unclear: Class) -> Class {
        let known = self.known();
        let worked_lately = known.last_success.is_some_and(|at| at.elapsed() < WINDOW);
        if unclear == Class::NotExecuted && worked_lately {
            return Class::Throttled(Some(WINDOW));
        }
        let probe = Call { method: Method::Get, path: "get", query: Vec::new(), body: None };
        match self.send(&probe, self.connection.attempt_timeout).await {
            Ok(answer) if answer.status == 200 => {
                let rate_headers = answer.header("x-ratelimit-limit").is_some();
                self.learn(rate_headers);
                if rate_headers { Class::NoSuchCall } else { Class::FailedInside }
            }
            Ok(answer) if answer.status == 429 => Class::Throttled(answer.header("retry-after").and_then(seconds)),
            Ok(answer) if matches!(answer.status, 401 | 500) => Class::RefusedToken,
            _ => Class::FailedInside,
        }
    }

    fn known(&self) -> Known {
        *self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, rate_headers: bool) {
        let mut known = self.state.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.sends_rate_headers = Some(rate_headers);
        known.last_success = Some(Instant::now());
    }

    fn report(
        &self,
        call: &Call<'_>,
        sent: &Result<Response, TransportError>,
        attempt: u32,
        sent_at: Instant,
        wait: Option<Duration>,
        failure: Option<&str>,
    ) {
        let Some(observer) = &self.observer else { return };
        let response = sent.as_ref().ok();
        observer.attempt(&Attempt {
            method: call.method.name(),
            path: template(call.path),
            status: response.map(|response| response.status),
            attempt,
            most: MOST_ATTEMPTS,
            duration_ms: millis(sent_at.elapsed()),
            remaining: response.and_then(|response| response.header("x-ratelimit-remaining")?.parse().ok()),
            retry_in_ms: wait.map(millis),
            failure: failure.map(str::to_owned),
        });
    }
}

/// The record under `data`, or the body itself where a server wraps nothing.
pub(crate) fn record<T: DeserializeOwned>(call: (Method, &str), body: Value) -> Result<T, ApiError> {
    serde_json::from_value(data(body)).map_err(|_| wrong_shape(call))
}

/// The records under `data` that can be read.
pub(crate) fn records<T: DeserializeOwned>(call: (Method, &str), body: Value) -> Result<Vec<T>, ApiError> {
    let Value::Array(rows) = data(body) else { return Err(wrong_shape(call)) };
    Ok(rows.into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect())
}

fn data(mut body: Value) -> Value {
    match body.get_mut("data") {
        Some(data) => data.take(),
        None => body,
    }
}

fn wrong_shape((method, path): (Method, &str)) -> ApiError {
    ApiError {
        status: Some(200),
        executed: if method == Method::Get { Executed::No } else { Executed::Maybe },
        ..error(method, path, ErrorKind::UnexpectedResponse, "the answer has not the shape of Krayin's")
    }
}

fn error(method: Method, path: &str, kind: ErrorKind, reason: &str) -> ApiError {
    ApiError {
        kind,
        status: None,
        method,
        path: path.trim_matches('/').to_owned(),
        attempts: 1,
        executed: Executed::No,
        fields: Default::default(),
        retry_after: None,
        response: None,
        reason: reason.to_owned(),
    }
}

fn unanswered(call: &Call<'_>, failure: &TransportError) -> ApiError {
    let (kind, executed) = match failure.kind {
        TransportErrorKind::Connect => (ErrorKind::Unavailable, Executed::No),
        TransportErrorKind::Tls | TransportErrorKind::Refused => (ErrorKind::UnexpectedResponse, Executed::No),
        TransportErrorKind::Timeout => (ErrorKind::Timeout, Executed::Maybe),
        TransportErrorKind::Interrupted => (ErrorKind::Unavailable, Executed::Maybe),
        TransportErrorKind::TooLarge => (ErrorKind::UnexpectedResponse, Executed::Maybe),
    };
    ApiError { executed, ..error(call.method, call.path, kind, &failure.reason) }
}

fn failed(call: &Call<'_>, response: &Response, class: Class) -> ApiError {
    use Executed::{Maybe, No};
    let mut fields = Default::default();
    let mut retry_after = None;
    let (kind, executed, reason) = match class {
        Class::RefusedToken => (ErrorKind::Authentication, No, "the token was refused"),
        Class::Forbidden => (ErrorKind::Permission, No, "the token's user may not do this"),
        Class::Throttled(wait) => {
            retry_after = Some(wait.unwrap_or(WINDOW));
            (ErrorKind::RateLimit, No, "too many requests")
        }
        Class::Invalid(named) => {
            fields = named;
            (ErrorKind::Validation, No, "the server does not take these fields")
        }
        Class::Taken(named) => {
            fields = named;
            (ErrorKind::Conflict, No, "another record has the same value")
        }
        Class::Missing => (ErrorKind::NotFound, No, "the record is not there"),
        Class::NoSuchCall => (ErrorKind::UnexpectedResponse, No, "the server has no such call"),
        Class::Unavailable(wait) => {
            retry_after = wait;
            let executed = if wait.is_some() || matches!(response.status, 408 | 425) { No } else { Maybe };
            (ErrorKind::Unavailable, executed, "the server cannot work now")
        }
        Class::NotJson => (ErrorKind::UnexpectedResponse, Maybe, "the answer is not JSON"),
        Class::Redirect => {
            (ErrorKind::UnexpectedResponse, No, "the server redirects, which would send the token elsewhere")
        }
        Class::Ok | Class::Unexpected => {
            (ErrorKind::UnexpectedResponse, Maybe, "no answer of Krayin's has this status")
        }
        Class::NotExecuted => (ErrorKind::Server, No, "the server failed before it ran the request"),
        Class::ExecutedOrNot | Class::FailedInside => {
            (ErrorKind::Server, Maybe, "the server failed while it ran the request")
        }
    };
    ApiError {
        status: Some(response.status),
        executed,
        fields,
        retry_after,
        response: Some(Box::new(response.clone())),
        ..error(call.method, call.path, kind, reason)
    }
}

fn owned(params: &[(&str, String)]) -> Vec<(String, String)> {
    params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn seconds(header: &str) -> Option<Duration> {
    header.trim().parse().ok().map(Duration::from_secs)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn names_a_record(path: &str) -> bool {
    path.split('/').any(is_id)
}

fn is_id(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn template(path: &str) -> String {
    path.trim_matches('/').split('/').map(|part| if is_id(part) { "{id}" } else { part }).collect::<Vec<_>>().join("/")
}
