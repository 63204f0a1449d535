//! The core's ports, answered by Ruby on the calling thread.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use krayin_core::{
    BoxFuture,
    api::{Attempt, Observer, Pace, Request, Response, Transport, TransportError, TransportErrorKind},
    records::{Kind, Records, RecordsError, Stored},
    retry::{Leave, Told, Urgency},
};
use magnus::{Error, RArray, RHash, RString, Ruby, Value, prelude::*};
use tokio::sync::oneshot;

use crate::{
    carrier::Carrier,
    convert,
    mailbox::{Ask, Mailbox, Performed},
};

/// The Ruby objects that answer. They live on the calling thread's stack, where the garbage collector sees them.
pub(crate) struct Answers {
    /// Responds to `call(method, url, headers, body)` with `[status, headers, body]`, nil for a timeout or `:real`, and
    /// to `sent` with the same and an answer's three; or is nil.
    pub(crate) transport: Value,
    /// Responds to `load(kind, id)` and `store(kind, id, hash_json)`, or is nil.
    pub(crate) records: Value,
    /// Responds to `take(identity, urgency, throttled)` and `learn(identity, number, told, *figures)`, or is nil.
    pub(crate) pace: Value,
    /// Responds to `call(attempt_json)`, or is nil.
    pub(crate) observer: Value,
}

impl Answers {
    /// Answers one question. What a Ruby object raises goes to the caller as it is; the future is cancelled with it.
    pub(crate) fn answer(&self, ruby: &Ruby, question: Ask) -> Result<(), Error> {
        match question {
            Ask::Send(request, reply) => {
                let _ = reply.send(self.send(ruby, &request)?);
            }
            Ask::Sent(request, response, reply) => {
                let body = request.body.as_ref().map(|body| convert::string(ruby, body)).transpose()?;
                let sent = (request.method.name(), request.url.as_str(), pairs(ruby, &request.headers)?, body);
                let answer = (response.status, pairs(ruby, &response.headers)?, convert::string(ruby, &response.body)?);
                let _: Value = self.transport.funcall("sent", (sent, answer))?;
                let _ = reply.send(());
            }
            Ask::Load(kind, id, reply) => {
                let json: Option<RString> = self.records.funcall("load", (kind.name(), id))?;
                let stored = json
                    .map_or_else(|| Some(Stored::default()), |json| serde_json::from_slice(&convert::bytes(json)).ok());
                let _ = reply.send(stored);
            }
            Ask::Store(kind, id, json, reply) => {
                let _: Value = self.records.funcall("store", (kind.name(), id, convert::string(ruby, &json)?))?;
                let _ = reply.send(());
            }
            Ask::Take(identity, urgency, throttled, reply) => {
                let urgency = if urgency == Urgency::Bulk { "bulk" } else { "live" };
                let (granted, value): (bool, f64) = self.pace.funcall("take", (identity, urgency, throttled))?;
                let _ = reply.send(match granted {
                    // Whole, and far below what a float cannot count to.
                    true => Leave::Go(value as u64),
                    false => Leave::ComeBack(convert::seconds(value, 3600.0)),
                });
            }
            Ask::Learn(identity, number, told) => {
                let _: Value = match told {
                    Told::Counted { limit, remaining } => {
                        self.pace.funcall("learn", (identity, number, "counted", limit, remaining))?
                    }
                    Told::Nothing => self.pace.funcall("learn", (identity, number, "nothing"))?,
                    Told::Spent(wait) => self.pace.funcall("learn", (identity, number, "spent", wait.as_secs_f64()))?,
                };
            }
            Ask::Attempt(json) => {
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
            return Ok(Performed::ForReal);
        }
        let Some(answer) = RArray::from_value(answer) else {
            let reason = "no answer within the time limit".into();
            return Ok(Performed::Here(Err(TransportError { kind: TransportErrorKind::Timeout, reason })));
        };
        let (status, headers, body): (u16, RHash, Option<RString>) =
            (answer.entry(0)?, answer.entry(1)?, answer.entry(2)?);
        let mut read = Vec::new();
        headers.foreach(|name: String, value: String| {
            read.push((name.to_lowercase(), value));
            Ok(magnus::r_hash::ForEach::Continue)
        })?;
        let body = body.map(convert::bytes).unwrap_or_default();
        Ok(Performed::Here(Ok(Response { status, headers: read, body })))
    }
}

/// HTTP by Ruby: WebMock's stubs.
pub(crate) struct RubyTransport {
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) real: Arc<Carrier>,
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
            self.mailbox.ask(Ask::Send(request.clone(), reply));
            match answer.await {
                Ok(Performed::Here(answer)) => answer,
                Ok(Performed::ForReal) => {
                    let answer = self.real.send(request).await?;
                    let (reply, heard) = oneshot::channel();
                    self.mailbox.ask(Ask::Sent(request.clone(), answer.clone(), reply));
                    let _ = heard.await;
                    Ok(answer)
                }
                // The calling thread has left, and this future is being cancelled.
                Err(_) => Err(TransportError { kind: TransportErrorKind::Interrupted, reason: "cancelled".into() }),
            }
        })
    }
}

/// Ids and digests kept by Ruby.
pub(crate) struct RubyRecords(pub(crate) Arc<Mailbox>);

impl Records for RubyRecords {
    fn load(&self, kind: Kind, id: u64) -> BoxFuture<'_, Result<Stored, RecordsError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.0.ask(Ask::Load(kind, id, reply));
            let failed = RecordsError { kind: kind.name(), action: "loaded" };
            answer.await.ok().flatten().ok_or(failed)
        })
    }

    fn store<'a>(&'a self, kind: Kind, id: u64, stored: &'a Stored) -> BoxFuture<'a, Result<(), RecordsError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.0.ask(Ask::Store(kind, id, convert::json(stored), reply));
            answer.await.map_err(|_| RecordsError { kind: kind.name(), action: "stored" })
        })
    }
}

/// Requests paced by Ruby, for all processes that share a store.
pub(crate) struct RubyPace {
    mailbox: Arc<Mailbox>,
    identity: String,
    throttled: AtomicBool,
}

impl RubyPace {
    pub(crate) fn new(mailbox: Arc<Mailbox>, identity: String) -> Self {
        Self { mailbox, identity, throttled: AtomicBool::new(false) }
    }
}

impl Pace for RubyPace {
    fn take(&self, urgency: Urgency) -> BoxFuture<'_, Leave> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let throttled = self.throttled.load(Ordering::Relaxed);
            self.mailbox.ask(Ask::Take(self.identity.clone(), urgency, throttled, reply));
            // Without an answer the calling thread has left, and this future is being cancelled.
            answer.await.unwrap_or(Leave::Go(0))
        })
    }

    fn learn(&self, number: u64, told: Told) -> BoxFuture<'_, ()> {
        self.mailbox.ask(Ask::Learn(self.identity.clone(), number, told));
        Box::pin(std::future::ready(()))
    }

    fn assume_limit(&self) {
        self.throttled.store(true, Ordering::Relaxed);
    }
}

/// Attempts told to Ruby.
pub(crate) struct RubyObserver(pub(crate) Arc<Mailbox>);

impl Observer for RubyObserver {
    fn attempt(&self, attempt: &Attempt) {
        self.0.ask(Ask::Attempt(convert::json(attempt)));
    }
}
