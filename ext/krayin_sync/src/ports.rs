//! The core's ports, answered by Ruby on the calling thread.

use std::sync::Arc;

use krayin_core::{
    BoxFuture,
    api::{
        Attempt, Beginning, Change, LimiterStore, Observer, Request, Response, Transport, TransportError,
        TransportErrorKind,
    },
    records::{Kind, Records, RecordsError, Shown, Stored},
    retry::RateState,
};
use magnus::{Error, RArray, RHash, RString, Ruby, Value, prelude::*};
use tokio::sync::oneshot;

use crate::{
    callback_queue::{Callback, CallbackQueue, Performed, Swapped},
    convert,
    limiter_cache::LimiterCache,
    runtime_transport::RuntimeTransport,
};

/// The Ruby objects that answer. They live on the calling thread's stack, where the garbage collector sees them.
pub(crate) struct Answers {
    /// Responds to `call(method, url, headers, body)` with `[status, headers, body]`, nil for a timeout, `:real` or
    /// `[:real, headers]`, to `sent` with the same and an answer's three or nil, and to `real?`; or is nil.
    pub(crate) transport: Value,
    /// Responds to `load(kind, id)` and `store(kind, id, hash_json)`, or is nil; where it likes, to `shown(what, keys)`
    /// with a list as JSON, or nil.
    pub(crate) records: Value,
    /// Responds to `swap(identity, expected, replacement)` with `[swapped, kept, microseconds]`, or is nil.
    pub(crate) limiter_store: Value,
    /// Responds to `begin(json)` with a list of header names and values, and to `call(attempt_json)`; or is nil.
    pub(crate) observer: Value,
}

impl Answers {
    /// Answers one question. What a Ruby object raises goes to the caller as it is; the future is cancelled with it.
    pub(crate) fn answer(&self, ruby: &Ruby, question: Callback) -> Result<(), Error> {
        match question {
            Callback::Send(request, reply) => {
                let _ = reply.send(self.send(ruby, &request)?);
            }
            Callback::Sent(request, response, reply) => {
                let body = request.body.as_ref().map(|body| convert::string(ruby, body)).transpose()?;
                let sent = (request.method.name(), request.url.as_str(), pairs(ruby, &request.headers)?, body);
                let answer = response
                    .map(|response| {
                        let headers = pairs(ruby, &response.headers)?;
                        Ok::<_, Error>((response.status, headers, convert::string(ruby, &response.body)?))
                    })
                    .transpose()?;
                let _: Value = self.transport.funcall("sent", (sent, answer))?;
                let _ = reply.send(());
            }
            Callback::Load(kind, id, reply) => {
                let json: Option<RString> = self.records.funcall("load", (kind.name(), id))?;
                let stored = match json {
                    Some(json) => convert::read(ruby, json, convert::parsed)?,
                    None => Some(Stored::default()),
                };
                let _ = reply.send(stored);
            }
            Callback::Store(kind, id, json, reply) => {
                let _: Value = self.records.funcall("store", (kind.name(), id, convert::string(ruby, &json)?))?;
                let _ = reply.send(());
            }
            Callback::ContactsOf(instance, person, reply) => {
                // A store of before this was asked does not know.
                let contacts = match self.records.respond_to("contacts_of", false)? {
                    true => self.records.funcall("contacts_of", (instance, person))?,
                    false => Vec::new(),
                };
                let _ = reply.send(contacts);
            }
            Callback::Shown(what, keys, reply) => {
                let json: Option<RString> = match self.records.respond_to("shown", false)? {
                    true => self.records.funcall("shown", (what.name(), keys))?,
                    false => None,
                };
                let shown = json.map(|json| convert::read(ruby, json, convert::parsed)).transpose()?;
                let _ = reply.send(shown.flatten());
            }
            Callback::Swap(identity, expected, replacement, reply) => {
                let (swapped, kept, now): (bool, String, u64) =
                    self.limiter_store.funcall("swap", (identity, expected, replacement))?;
                let _ = reply.send(Swapped { kept: (!swapped).then_some(kept), now });
            }
            Callback::Begin(json, reply) => {
                let headers: Vec<(String, String)> =
                    self.observer.funcall("begin", (convert::string(ruby, &json)?,))?;
                let _ = reply.send(headers);
            }
            Callback::Attempt(json) => {
                let _: Value = self.observer.funcall("call", (convert::string(ruby, &json)?,))?;
            }
        }
        Ok(())
    }

    fn send(&self, ruby: &Ruby, request: &Request) -> Result<Performed, Error> {
        let headers = pairs(ruby, &request.headers)?;
        let body = request.body.as_ref().map(|body| convert::string(ruby, body)).transpose()?;
        let answer: Value =
            self.transport.funcall("call", (request.method.name(), request.url.as_str(), headers, body))?;
        if magnus::Symbol::from_value(answer).is_some() {
            return Ok(Performed::ForReal(None));
        }
        let Some(answer) = RArray::from_value(answer) else {
            return Ok(Performed::Here(Err(TransportError::of(TransportErrorKind::Timeout))));
        };
        let mut read = Vec::new();
        answer.entry::<RHash>(1)?.foreach(|name: String, value: String| {
            read.push((name.to_lowercase(), value));
            Ok(magnus::r_hash::ForEach::Continue)
        })?;
        if magnus::Symbol::from_value(answer.entry(0)?).is_some() {
            return Ok(Performed::ForReal(Some(read)));
        }
        let (status, body): (Option<u16>, Option<RString>) = (answer.entry(0)?, answer.entry(2)?);
        let body = body.map(|body| convert::bytes(ruby, body)).transpose()?.unwrap_or_default();
        let Some(status) = status else { return Ok(Performed::Here(Err(failure(&body)))) };
        Ok(Performed::Here(Ok(Response { status, headers: read, body })))
    }
}

/// A failure of the network, by its name.
fn failure(name: &[u8]) -> TransportError {
    TransportError::of(match name {
        b"connect" => TransportErrorKind::Connect,
        b"tls" => TransportErrorKind::Tls,
        b"timeout" => TransportErrorKind::Timeout,
        _ => TransportErrorKind::Interrupted,
    })
}

/// HTTP with Ruby before it: extensions, WebMock's stubs.
pub(crate) struct RubyTransport {
    pub(crate) callback_queue: Arc<CallbackQueue>,
    pub(crate) real: Arc<RuntimeTransport>,
}

fn pairs(ruby: &Ruby, headers: &[(String, String)]) -> Result<RHash, Error> {
    let hash = ruby.hash_new();
    for (name, value) in headers {
        hash.aset(name.as_str(), value.as_str())?;
    }
    Ok(hash)
}

impl Transport for RubyTransport {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.callback_queue.ask(Callback::Send(request.clone(), reply));
            match answer.await {
                Ok(Performed::Here(answer)) => answer,
                Ok(Performed::ForReal(headers)) => {
                    let mut request = request.clone();
                    request.headers = headers.unwrap_or(request.headers);
                    let answer = self.real.send(&request).await;
                    let (reply, heard) = oneshot::channel();
                    self.callback_queue.ask(Callback::Sent(request, answer.clone().ok(), reply));
                    let _ = heard.await;
                    answer
                }
                // The calling thread has left, and this future is being cancelled.
                Err(_) => Err(TransportError::of(TransportErrorKind::Interrupted)),
            }
        })
    }
}

/// Ids and digests kept by Ruby.
pub(crate) struct RubyRecords(pub(crate) Arc<CallbackQueue>);

impl Records for RubyRecords {
    fn load(&self, kind: Kind, id: u64) -> BoxFuture<'_, Result<Stored, RecordsError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.0.ask(Callback::Load(kind, id, reply));
            let failed = RecordsError { kind: kind.name(), action: "loaded" };
            answer.await.ok().flatten().ok_or(failed)
        })
    }

    fn store<'a>(&'a self, kind: Kind, id: u64, stored: &'a Stored) -> BoxFuture<'a, Result<(), RecordsError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.0.ask(Callback::Store(kind, id, convert::json(stored), reply));
            answer.await.map_err(|_| RecordsError { kind: kind.name(), action: "stored" })
        })
    }

    fn contacts_of<'a>(&'a self, instance: &'a str, person: u64) -> BoxFuture<'a, Result<Vec<u64>, RecordsError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.0.ask(Callback::ContactsOf(instance.to_owned(), person, reply));
            answer.await.map_err(|_| RecordsError { kind: Kind::Contact.name(), action: "loaded" })
        })
    }

    fn shown<'a>(
        &'a self,
        what: Shown,
        keys: &'a [String],
    ) -> BoxFuture<'a, Result<Option<Vec<serde_json::Value>>, RecordsError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.0.ask(Callback::Shown(what, keys.to_vec(), reply));
            answer.await.map_err(|_| RecordsError { kind: Kind::Contact.name(), action: "loaded" })
        })
    }
}

/// What is known of a token's budget, kept by Ruby for all processes that share a store.
pub(crate) struct RubyLimiterStore {
    pub(crate) callback_queue: Arc<CallbackQueue>,
    pub(crate) cache: Arc<LimiterCache>,
}

/// Changes of others that may come between before a step gives up and lets the server count.
const MOST_TRIES: u32 = 200;

impl LimiterStore for RubyLimiterStore {
    /// Starts from what this process saw last: where no other has changed it since, a step is one question to the store.
    fn update<'a>(&'a self, identity: &'a str, mut change: Change<'a>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let (mut kept, mut now) = self.cache.last_seen(identity);
            for _ in 0..MOST_TRIES {
                // Text that is no state is another version's: it is written anew.
                let mut state = serde_json::from_str(&kept).unwrap_or_default();
                change(&mut state, now);
                let Ok(replacement) = serde_json::to_string(&state) else { return };
                let (reply, answer) = oneshot::channel();
                self.callback_queue.ask(Callback::Swap(identity.to_owned(), kept, replacement.clone(), reply));
                // Without an answer the calling thread has left, and this future is being cancelled.
                let Ok(swapped) = answer.await else { return };
                now = swapped.now;
                match swapped.kept {
                    None => return self.cache.saw(identity, replacement, now),
                    Some(other) => kept = other,
                }
            }
        })
    }

    /// As this process saw it last.
    fn room(&self, identity: &str) -> u32 {
        let (kept, now) = self.cache.last_seen(identity);
        serde_json::from_str::<RateState>(&kept).map_or(u32::MAX, |state| state.room(now))
    }
}

/// Attempts told to Ruby.
pub(crate) struct RubyObserver(pub(crate) Arc<CallbackQueue>);

impl Observer for RubyObserver {
    fn begin<'a>(&'a self, beginning: &'a Beginning) -> BoxFuture<'a, Vec<(String, String)>> {
        Box::pin(async move {
            let (reply, headers) = oneshot::channel();
            self.0.ask(Callback::Begin(convert::json(beginning), reply));
            // Without an answer the calling thread has left, and this future is being cancelled.
            headers.await.unwrap_or_default()
        })
    }

    fn attempt(&self, attempt: &Attempt) {
        self.0.ask(Callback::Attempt(convert::json(attempt)));
    }
}
