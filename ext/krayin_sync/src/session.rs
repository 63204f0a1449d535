//! One call from Ruby: its settings, and the Ruby objects that answer the core's ports.

use std::{fs::File, sync::Arc, time::Duration};

use krayin_core::{
    BoxFuture, Error as CoreError,
    api::{Client, RateLimiter, ReqwestTransport, Transport},
    language::Language,
    reason::Reason,
    retry::{Backoff, Priority},
    server,
    settings::{SETTINGS, Settings, SettingsError},
};
use magnus::{Error, RArray, RModule, RString, Ruby, TryConvert, Value, function, prelude::*};

use crate::{
    callback_queue::CallbackQueue,
    convert, error, park,
    ports::{Answers, RubyLimiterStore, RubyObserver, RubyRecords, RubyTransport},
    runtime::{self, State},
    settings_cache::{self, Known},
    stack,
};

type Work = BoxFuture<'static, Result<Vec<u8>, CoreError>>;

/// A client, and whom it asks before it sends where that is not the process itself: one a token.
struct Limited {
    client: Client,
    limiters: Vec<Arc<RateLimiter>>,
}

type Parts = (RString, Value, Value, Value, Value, bool, Option<f64>);

/// A `KrayinSync::Session`, read.
pub(crate) struct Session {
    known: Arc<Known>,
    state: &'static State,
    callback_queue: Arc<CallbackQueue>,
    answers: Answers,
    priority: Priority,
    reserves: u32,
    retry_base: Option<Duration>,
}

impl Session {
    /// Reads `session` by its `parts`, in one call of Ruby.
    pub(crate) fn open(ruby: &Ruby, session: Value) -> Result<Self, Error> {
        stack::probe(ruby)?;
        let parts: RArray = session.funcall("parts", ())?;
        let (json, transport, records, limiter_store, observer, bulk, retry_base): Parts =
            TryConvert::try_convert(parts.as_value())?;
        Ok(Self {
            known: settings_cache::read(ruby, json)?,
            state: runtime::current(ruby)?,
            callback_queue: Arc::default(),
            answers: Answers { transport, records, limiter_store, observer },
            priority: if bulk { Priority::Bulk } else { Priority::Live },
            reserves: 1,
            retry_base: retry_base.map(|seconds| convert::seconds(seconds, 60.0)),
        })
    }

    /// Reserves so many requests at a time, both or none: most calls of an event are a read and the write that depends on
    /// it.
    pub(crate) fn reserving(self, requests: u32) -> Self {
        Self { reserves: requests, ..self }
    }

    /// Waits for what `work` makes of a client of this session.
    pub(crate) fn run<F>(self, ruby: &Ruby, work: impl FnOnce(Client) -> F) -> Result<RString, Error>
    where
        F: Future<Output = Result<Vec<u8>, CoreError>> + Send + 'static,
    {
        let Limited { client, limiters } = self.client(ruby)?;
        // Tens of KiB, which are not moved again. What follows is there once, and not once a call.
        let work = park::guard(ruby, || Box::pin(work(client)))?;
        self.wait(ruby, work, limiters)
    }

    /// Ends with what was reserved and not used given back.
    fn wait(&self, ruby: &Ruby, work: Work, limiters: Vec<Arc<RateLimiter>>) -> Result<RString, Error> {
        let future: Work = match limiters.is_empty() {
            true => work,
            false => Box::pin(async move {
                let outcome = work.await;
                for limiter in limiters {
                    limiter.settle().await;
                }
                outcome
            }),
        };
        park::wait(ruby, self.state, &self.callback_queue, future, &mut |question| self.answers.answer(ruby, question))
    }

    fn client(&self, ruby: &Ruby) -> Result<Limited, Error> {
        let connection = park::attempt(ruby, || self.known.connection().cloned())?;
        let made =
            park::guard(ruby, || self.state.transport(&connection).map(|real| (real.prepare(&connection), real)))?;
        let (prepared, real) = made.map_err(|failure| without_client(ruby, failure))?;
        let is_real = self.answers.transport.is_nil() || self.answers.transport.funcall("real?", ())?;
        if is_real {
            prepared.map_err(|failure| without_client(ruby, failure))?;
        }
        let transport: Arc<dyn Transport> = if self.answers.transport.is_nil() {
            real
        } else {
            Arc::new(RubyTransport { callback_queue: Arc::clone(&self.callback_queue), real })
        };
        // Ruby's stubs are no server: what fails in one example must not open the breaker for the next.
        let identity = self.known.identity(&connection);
        let server = |identity: &str| if is_real { self.state.server(identity) } else { Arc::default() };
        let further: Vec<String> = connection.further_identities().collect();
        let mut client = Client::new(connection, transport)
            .with_state(server(identity))
            .with_priority(self.priority)
            .with_jitter(Arc::clone(&self.state.jitter));
        if let Some(base) = self.retry_base {
            client = client.with_backoff(Backoff { base, ..Backoff::default() });
        }
        let store = (!self.answers.limiter_store.is_nil()).then(|| {
            let (callback_queue, cache) = (Arc::clone(&self.callback_queue), Arc::clone(&self.state.limiter_cache));
            Arc::new(RubyLimiterStore { callback_queue, cache })
        });
        let mut limiters = Vec::new();
        let mut limiter = |identity: &str| {
            let limiter = RateLimiter::new(store.clone()?, identity.to_owned()).at_once(self.reserves);
            limiters.push(Arc::new(limiter));
            limiters.last().cloned()
        };
        if let Some(limiter) = limiter(identity) {
            client = client.with_limiter(limiter);
        }
        if !further.is_empty() {
            client = client.with_further(further.iter().map(|token| (server(token), limiter(token))).collect());
        }
        client = client.with_rate_headers(self.known.settings.traits.rate_headers);
        if !self.answers.observer.is_nil() {
            client = client.with_observer(Arc::new(RubyObserver(Arc::clone(&self.callback_queue))));
        }
        Ok(Limited { client, limiters })
    }

    pub(crate) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known)
    }

    pub(crate) fn records(&self) -> RubyRecords {
        RubyRecords(Arc::clone(&self.callback_queue))
    }
}

/// The exception for a client that cannot be made: with no file to be opened, nobody can tell whether certificates are
/// there.
fn without_client(ruby: &Ruby, failure: SettingsError) -> Error {
    match File::open("/dev/null") {
        Ok(_) => error::raise(ruby, failure.into()),
        Err(_) => error::no_room(ruby, "files"),
    }
}

/// Checks settings, address and token without sending anything.
fn check(ruby: &Ruby, settings: RString) -> Result<(), Error> {
    let known = settings_cache::read(ruby, settings)?;
    park::attempt(ruby, || known.connection().map(|_| ()))
}

/// Whether the address may be one of the installation's own network.
fn may_be_inside(ruby: &Ruby, settings: RString) -> Result<bool, Error> {
    let known = settings_cache::read(ruby, settings)?;
    park::attempt(ruby, || known.connection().map(|connection| connection.may_be_inside()))
}

/// What answers at a path of the host, without the token: status, headers and the beginning of the body, or a detail.
fn page(ruby: &Ruby, session: Value, path: String, as_call: bool) -> Result<RString, Error> {
    Session::open(ruby, session)?.run(ruby, move |client| async move {
        Ok(convert::json(&match client.page(&path, as_call).await {
            Ok(answer) => {
                let body = answer.body.get(..PAGE.min(answer.body.len())).unwrap_or_default();
                serde_json::json!({
                    "status": answer.status, "headers": answer.headers, "body": String::from_utf8_lossy(body)
                })
            }
            Err(failure) => serde_json::json!({ "detail": failure.detail }),
        }))
    })
}

/// How much of a page is looked at.
const PAGE: usize = 64 * 1024;

/// An address as it goes over the wire; nil where it is none.
fn plain_address(address: String) -> Option<String> {
    server::plain_address(&address)
}

/// Checks proxy and files of certificates.
fn check_network(ruby: &Ruby, settings: RString) -> Result<(), Error> {
    let settings = convert::bytes(ruby, settings)?;
    park::attempt(ruby, || ReqwestTransport::by(&Settings::from_json(&settings)?.network).map(|_| ()))
}

/// The table of settings.
fn settings(ruby: &Ruby) -> Result<RString, Error> {
    convert::string(ruby, &convert::json(&SETTINGS))
}

/// The errors of calls to Krayin: of each kind its class, code, what to do, whether it passes by itself, and what it may
/// have done.
fn errors(ruby: &Ruby) -> Result<RString, Error> {
    convert::string(ruby, &convert::json(&error::table()))
}

/// The settings of a hook, each in its kind's own form.
fn read_settings(ruby: &Ruby, settings: RString) -> Result<RString, Error> {
    let settings = convert::bytes(ruby, settings)?;
    let read = park::attempt(ruby, || Settings::read_json(&settings))?;
    convert::string(ruby, &convert::json(&read))
}

/// What a reason says in the language of a locale; nil for a code that is none of the core's.
fn reason_sentence(ruby: &Ruby, reason: RString, locale: String) -> Result<Option<RString>, Error> {
    let reason = convert::bytes(ruby, reason)?;
    let sentence = park::guard(ruby, || {
        let reason: Option<Reason> = convert::parsed(&reason);
        reason.map(|reason| reason.sentence(Language::of(&locale)))
    })?;
    sentence.map(|sentence| convert::string(ruby, sentence.as_bytes())).transpose()
}

/// The two letters of the country that a number is of; nil where it does not say.
fn phone_country(ruby: &Ruby, number: RString) -> Result<Option<String>, Error> {
    let number = convert::bytes(ruby, number)?;
    park::guard(ruby, || krayin_core::phone::country(&String::from_utf8_lossy(&number)))
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("phone_country", function!(phone_country, 1))?;
    native.define_singleton_method("check", function!(check, 1))?;
    native.define_singleton_method("reason_sentence", function!(reason_sentence, 2))?;
    native.define_singleton_method("may_be_inside", function!(may_be_inside, 1))?;
    native.define_singleton_method("page", function!(page, 3))?;
    native.define_singleton_method("plain_address", function!(plain_address, 1))?;
    native.define_singleton_method("check_network", function!(check_network, 1))?;
    native.define_singleton_method("errors", function!(errors, 0))?;
    native.define_singleton_method("settings", function!(settings, 0))?;
    native.define_singleton_method("read_settings", function!(read_settings, 1))
}
