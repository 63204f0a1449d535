//! One exchange: from a request's first byte to the last of its answer, with the fault that it meets.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as HttpBody, Frame, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::api::message::{Request, Response};
use crate::change::Around;
use crate::data::input::pairs;
use crate::fault::{Action, Fault, RetryAfter};
use crate::log::Logged;
use crate::model::automation::OutgoingCall;
use crate::net::dress::{dress, end_connection};
use crate::net::shared::{Abort, Body, PATIENCE, Shared};
use crate::net::{control, page, webhook};

/// The most bytes of a body: PHP's `post_max_size` of 8 MB.
const MOST_BYTES: usize = 8 << 20;
/// Long enough for what was written before a close to leave this machine.
const BEFORE_CLOSE: Duration = Duration::from_millis(20);

/// The connection that a request came on, counted from 1, and which of its requests it is, from 1 too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    pub(crate) number: u64,
    pub(crate) nth: u32,
}

/// Answers a request, or closes the connection.
pub(crate) async fn exchange(
    request: hyper::Request<Incoming>,
    connection: Connection,
    shared: Arc<Shared>,
) -> Result<hyper::Response<Body>, Abort> {
    let answer = answer(request, connection.number, Arc::clone(&shared)).await?;
    Ok(end_connection(answer, connection.nth, &shared.lock().switches))
}

async fn answer(
    request: hyper::Request<Incoming>,
    connection: u64,
    shared: Arc<Shared>,
) -> Result<hyper::Response<Body>, Abort> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let prefix = shared.options.server.prefix();
    let is_ours = control::is_ours(&path) || !path.starts_with(prefix) && page::is_ours(&path);
    let below = path.strip_prefix(prefix).unwrap_or(&path);
    let (fault, changes) = if is_ours {
        (None, Around::default())
    } else {
        let mut state = shared.lock();
        let method = parts.method.as_str();
        (state.faults.meet(method, &path, below), state.plan.meet(method, &path, below))
    };
    let mut request = Request {
        method: parts.method.as_str().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        host: text(&parts.headers, header::HOST).unwrap_or_else(|| shared.address.to_string()),
        token: text(&parts.headers, header::AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned)),
        content_type: text(&parts.headers, header::CONTENT_TYPE).unwrap_or_default(),
        accept: text(&parts.headers, header::ACCEPT),
        is_ajax: text(&parts.headers, HeaderName::from_static("x-requested-with"))
            .is_some_and(|value| value == "XMLHttpRequest"),
        accepts_gzip: text(&parts.headers, header::ACCEPT_ENCODING).is_some_and(|value| value.contains("gzip")),
        path,
        body: Vec::new(),
        too_large: false,
        changes,
    };
    if fault.as_ref().is_some_and(|fault| fault.action == Action::CloseBeforeReading) {
        note(&shared, &request, connection);
        not_carried_out(&shared, &mut request);
        return Err(Abort);
    }
    (request.body, request.too_large) = read(body).await?;
    if is_ours {
        let response = control::answer(&shared, &request).unwrap_or_else(|| page::answer(&shared, &request));
        let calls = shared.lock().take_calls();
        send(calls).await;
        return Ok(plain(response));
    }
    let entry = note(&shared, &request, connection);
    let due = shared.lock().arrival();
    for carried_out in due {
        let _ = carried_out.await;
    }
    match fault {
        None => Ok(plain(act_and_send(&shared, &request, entry).await)),
        Some(fault) => {
            if !fault.carries_out() {
                not_carried_out(&shared, &mut request);
            }
            meet(fault, request, entry, shared).await
        }
    }
}

/// Puts a request into the log. Its status is 0 until it is answered.
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

fn finish(shared: &Shared, entry: u64, response: &Response) {
    let answer = String::from_utf8_lossy(&response.body).into_owned();
    shared.lock().log.finish(entry, response.status, answer);
}

/// Carries a request out and notes its answer.
fn act(shared: &Shared, request: &Request, entry: u64) -> (Response, Vec<OutgoingCall>) {
    let mut state = shared.lock();
    state.make(&request.changes.before);
    let (response, user) = crate::api::router::handle(&mut state.crm, request);
    state.make(&request.changes.after);
    let calls = state.take_calls();
    state.log.finish(entry, response.status, String::from_utf8_lossy(&response.body).into_owned());
    state.log.name_user(entry, user);
    (dress(response, request, &state.switches), calls)
}

/// The changes around a request that is not carried out are made all the same.
fn not_carried_out(shared: &Shared, request: &mut Request) {
    let changes = std::mem::take(&mut request.changes);
    let mut state = shared.lock();
    state.make(&changes.before);
    state.make(&changes.after);
}

/// The calls of webhooks, one after the other, from inside the request that caused them.
pub(crate) async fn send(calls: Vec<OutgoingCall>) {
    for call in calls.into_iter().filter(|call| !call.lost) {
        webhook::send(&call).await;
    }
}

async fn act_and_send(shared: &Shared, request: &Request, entry: u64) -> Response {
    let (response, calls) = act(shared, request, entry);
    send(calls).await;
    let latency = shared.lock().switches.latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    response
}

/// An exchange that meets a fault.
async fn meet(fault: Fault, request: Request, entry: u64, shared: Arc<Shared>) -> Result<hyper::Response<Body>, Abort> {
    let carried = if fault.act && fault.action.replaces() {
        let carried = act_and_send(&shared, &request, entry).await;
        unanswered(&shared, entry);
        Some(carried)
    } else {
        None
    };
    let replace = |response: Response| {
        finish(&shared, entry, &response);
        Ok(plain(response))
    };
    match fault.action {
        Action::Status { status, body, headers } => {
            finish(&shared, entry, &Response { status, headers: Vec::new(), body: body.clone().into_bytes() });
            Ok(with_headers(status, body, &headers))
        }
        Action::StatusHalfway { status, body, headers } => {
            finish(&shared, entry, &Response { status, headers: Vec::new(), body: body.clone().into_bytes() });
            let mut answer = with_headers(status, body.clone(), &headers);
            let half = halfway(body.as_bytes());
            answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
            *answer.body_mut() = half.boxed_unsync();
            Ok(answer)
        }
        Action::Outage(outage) => {
            let response = crate::api::router::outage(&mut shared.lock().crm, &request, outage, carried.as_ref());
            finish(&shared, entry, &response);
            Ok(plain(dress(response, &request, &shared.lock().switches)))
        }
        Action::Html => replace(Response {
            status: 200,
            headers: vec![("content-type", "text/html; charset=UTF-8".into())],
            body: b"<!DOCTYPE html>\n<html><head><title>Krayin</title></head><body>A page.</body></html>\n".to_vec(),
        }),
        Action::WrongShape(body) => replace(Response {
            status: 200,
            headers: vec![("content-type", "application/json".into())],
            body: body.into_bytes(),
        }),
        Action::Redirect { status, to } => replace(Response {
            status,
            headers: vec![("location", to), ("content-type", "text/html; charset=UTF-8".into())],
            body: b"<!DOCTYPE html>\n<html><body>Elsewhere.</body></html>\n".to_vec(),
        }),
        Action::TooManyRequests(retry) => {
            let mut headers = vec![("content-type", "application/json".to_owned())];
            match retry {
                RetryAfter::Absent => {}
                RetryAfter::Seconds(seconds) => headers.push(("retry-after", seconds.to_string())),
                RetryAfter::Date(seconds) => headers.push(("retry-after", crate::data::clock::http_date(seconds))),
            }
            replace(Response { status: 429, headers, body: br#"{"message":"Too Many Attempts."}"#.to_vec() })
        }
        Action::CloseBeforeReading | Action::CloseBeforeActing => Err(Abort),
        Action::Delay(pause) => {
            // On a task of its own: a client that goes away does not stop the server's work.
            let work = tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                act_and_send(&shared, &request, entry).await
            });
            work.await.map(plain).map_err(|_| Abort)
        }
        Action::DelayUntil(requests) => {
            let (comes, is_done) = shared.lock().hold(requests);
            let work = tokio::spawn(async move {
                comes.await.ok()?;
                let response = act_and_send(&shared, &request, entry).await;
                let _ = is_done.send(());
                Some(response)
            });
            work.await.ok().flatten().map(plain).ok_or(Abort)
        }
        Action::SlowWrite(pause) => {
            let passes = crate::api::router::passes_checks(&shared.lock().crm, &request);
            let work = tokio::spawn(async move {
                if passes {
                    tokio::time::sleep(pause).await;
                }
                shared.lock().crm.checks_uniqueness = !passes;
                // No other request comes between: this thread runs them all, and acting does not wait.
                let (response, calls) = act(&shared, &request, entry);
                shared.lock().crm.checks_uniqueness = true;
                send(calls).await;
                response
            });
            work.await.map(plain).map_err(|_| Abort)
        }
        action => {
            let response = act_and_send(&shared, &request, entry).await;
            spoil(action, response, &shared, entry).await
        }
    }
}

/// The faults that strike after the request was carried out.
async fn spoil(
    action: Action,
    response: Response,
    shared: &Shared,
    entry: u64,
) -> Result<hyper::Response<Body>, Abort> {
    let length = response.body.len();
    match action {
        Action::CloseAfterActing => {
            unanswered(shared, entry);
            Err(Abort)
        }
        Action::DelayAnswer(pause) => {
            tokio::time::sleep(pause).await;
            Ok(plain(response))
        }
        Action::CloseHalfway => {
            let half = halfway(&response.body);
            Ok(scripted(response, half, length))
        }
        Action::Trickle(pause) => {
            let whole = Bytes::from(response.body.clone());
            let chunks = (0..length).map(|at| whole.slice(at..=at)).collect();
            Ok(scripted(response, Script { chunks, pause, aborts: false, sleep: None }, length))
        }
        Action::ContentLength(by) => {
            let declared = usize::try_from(i64::try_from(length).unwrap_or(i64::MAX).saturating_add(by)).unwrap_or(0);
            let whole = Bytes::from(response.body.clone());
            let body = Script { chunks: [whole].into(), pause: BEFORE_CLOSE, aborts: declared > length, sleep: None };
            Ok(scripted(response, body, declared))
        }
        _ => Ok(plain(response)),
    }
}

/// The first half of a body, and then the end of the connection.
fn halfway(body: &[u8]) -> Script {
    let half = body.get(..body.len() / 2).unwrap_or_default().to_vec();
    Script { chunks: [Bytes::from(half)].into(), pause: BEFORE_CLOSE, aborts: true, sleep: None }
}

/// A request whose answer never left.
fn unanswered(shared: &Shared, entry: u64) {
    shared.lock().log.finish(entry, 0, String::new());
}

/// A body that is sent piece by piece.
struct Script {
    chunks: VecDeque<Bytes>,
    /// After each piece.
    pause: Duration,
    /// Close the connection where the body should have gone on.
    aborts: bool,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl HttpBody for Script {
    type Data = Bytes;
    type Error = Abort;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Abort>>> {
        if let Some(sleep) = &mut self.sleep {
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
        match self.chunks.pop_front() {
            Some(chunk) => {
                self.sleep = Some(Box::pin(tokio::time::sleep(self.pause)));
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            None if self.aborts => {
                self.aborts = false;
                Poll::Ready(Some(Err(Abort)))
            }
            None => Poll::Ready(None),
        }
    }
}

/// Reads a body. One that is larger than the server takes is read to its end and dropped, as PHP does.
async fn read(mut body: Incoming) -> Result<(Vec<u8>, bool), Abort> {
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(0);
    // Not what the client declares, but what has come, decides how much is kept.
    let mut read = Vec::with_capacity(expected.min(64 << 10));
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
                read = Vec::new();
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

fn head(body: Body, status: u16, headers: Vec<(&'static str, String)>) -> hyper::Response<Body> {
    let mut answer = hyper::Response::new(body);
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    answer
}

fn whole(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

fn plain(response: Response) -> hyper::Response<Body> {
    head(whole(response.body), response.status, response.headers)
}

fn scripted(response: Response, body: Script, declared: usize) -> hyper::Response<Body> {
    let mut answer = head(body.boxed_unsync(), response.status, response.headers);
    answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(declared));
    answer
}

fn with_headers(status: u16, body: String, headers: &[(String, String)]) -> hyper::Response<Body> {
    let mut answer = head(whole(body), status, Vec::new());
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    if !answer.headers().contains_key(header::CONTENT_TYPE) {
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    answer
}
