//! One runtime, HTTP client and jitter source a process.

use std::{
    collections::HashMap,
    io,
    panic::catch_unwind,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicPtr, Ordering},
    },
    time::{Duration, Instant},
};

use krayin_core::{
    api::{ReqwestTransport, ServerState},
    retry::Jitter,
    server::Connection,
};
use magnus::{Error, Ruby};
use tokio::runtime::{Builder, Runtime};

use crate::{error, fork::Generation, limiter_cache::LimiterCache, runtime_transport::RuntimeTransport, signals};

/// Threads that carry requests: they only wait, encrypt and copy. A second one would be woken to look for work whenever the
/// first gets some.
const WORKERS: usize = 1;

/// Everything that must not cross a fork: threads, sockets, random numbers.
pub(crate) struct State {
    made: Generation,
    pub(crate) runtime: Runtime,
    pub(crate) runtime_transport: Arc<RuntimeTransport>,
    pub(crate) jitter: Arc<Jitter>,
    pub(crate) limiter_cache: Arc<LimiterCache>,
    servers: Mutex<HashMap<String, Server>>,
}

struct Server {
    state: Arc<ServerState>,
    asked_for: Instant,
}

/// More are kept only while a call needs them.
const MOST_SERVERS: usize = 1_000;

/// Longer ago, nothing that is known of a server matters: a window of its limit is a minute, an open breaker half of one.
const FORGET_AFTER: Duration = Duration::from_secs(300);

static CURRENT: AtomicPtr<State> = AtomicPtr::new(std::ptr::null_mut());

/// This process's state, made on first use.
///
/// Looked up with the GVL held (`ruby` proves it): forking needs the GVL too, so no half-made state is ever inherited.
/// The parent's is leaked in a child, never dropped: dropping it would join threads that the child does not have and
/// say goodbye on the parent's sockets.
pub(crate) fn current(ruby: &Ruby) -> Result<&'static State, Error> {
    let known = CURRENT.load(Ordering::Acquire);
    // SAFETY: the pointer is null or came from `Box::leak` below and is never freed.
    if let Some(state) = unsafe { known.as_ref() }
        && state.is_of_this_process()
    {
        return Ok(state);
    }
    let state: &'static State = Box::leak(Box::new(State::new(ruby)?));
    CURRENT.store(std::ptr::from_ref(state).cast_mut(), Ordering::Release);
    Ok(state)
}

impl State {
    fn new(ruby: &Ruby) -> Result<Self, Error> {
        let runtime = start().map_err(|lacking| error::no_room(ruby, lacking))?;
        let transport = {
            let _inside = runtime.enter();
            ReqwestTransport::new().map_err(|failure| error::raise(ruby, failure.into()))?
        };
        Ok(Self {
            made: Generation::current(),
            runtime_transport: Arc::new(RuntimeTransport::new(transport, runtime.handle().clone())),
            runtime,
            jitter: Arc::new(Jitter::new()),
            limiter_cache: Arc::default(),
            servers: Mutex::default(),
        })
    }

    /// Whether its threads are there: in a forked child they are not.
    pub(crate) fn is_of_this_process(&self) -> bool {
        self.made.is_current()
    }

    /// What all threads of this process know of one server and token.
    pub(crate) fn server(&self, connection: &Connection) -> Arc<ServerState> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let (identity, now) = (connection.identity(), Instant::now());
        if let Some(server) = servers.get_mut(&identity) {
            server.asked_for = now;
            return Arc::clone(&server.state);
        }
        if servers.len() >= MOST_SERVERS {
            forget(&mut servers, now);
        }
        let state = Arc::<ServerState>::default();
        servers.insert(identity, Server { state: Arc::clone(&state), asked_for: now });
        state
    }
}

/// Drops what no call uses: what is old, and where that is little, the older half.
fn forget(servers: &mut HashMap<String, Server>, now: Instant) {
    let mut times: Vec<Instant> = servers.values().map(|server| server.asked_for).collect();
    let middle = times.len() / 2;
    let (_, middle, _) = times.select_nth_unstable(middle);
    let oldest = now.checked_sub(FORGET_AFTER).map_or(*middle, |old| old.max(*middle));
    servers.retain(|_, server| server.asked_for >= oldest || Arc::strong_count(&server.state) > 1);
}

/// Starts the runtime; where the process cannot, says what it lacks.
fn start() -> Result<Runtime, &'static str> {
    // Ruby's signals are for Ruby's threads. A thread has its mask from the one that starts it.
    let _blocked = signals::block();
    let started = catch_unwind(|| {
        Builder::new_multi_thread().worker_threads(WORKERS).thread_name("krayin_sync").enable_all().build()
    });
    match started {
        Ok(Ok(runtime)) => Ok(runtime),
        Ok(Err(failure)) if failure.kind() == io::ErrorKind::OutOfMemory => Err("memory"),
        Ok(Err(_)) => Err("files"),
        // It is not an error there that the system starts no more threads.
        Err(_) => Err("threads"),
    }
}
