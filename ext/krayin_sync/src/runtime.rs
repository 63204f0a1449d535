//! One runtime, HTTP client and jitter source a process.

use std::{
    collections::HashMap,
    future::pending,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicPtr, Ordering},
    },
    time::{Duration, Instant},
};

use krayin_core::{
    api::{ReqwestTransport, ServerState},
    retry::Jitter,
    server::{Connection, Network},
    settings::SettingsError,
};
use magnus::{Error, Ruby};
use tokio::runtime::{Builder, Runtime};

use crate::{
    alarm::Alarms, error, fork::Generation, limiter_cache::LimiterCache, park, runtime_transport::RuntimeTransport,
    threads,
};

/// Everything that must not cross a fork: threads, sockets, random numbers.
pub(crate) struct State {
    made: Generation,
    /// Without threads of its own: whoever waits carries.
    pub(crate) runtime: Runtime,
    pub(crate) alarms: Alarms,
    has_companion: Mutex<bool>,
    transport: Arc<RuntimeTransport>,
    /// By networks other than the plain one.
    transports: Mutex<HashMap<Network, Arc<RuntimeTransport>>>,
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

/// An installation has one, or one by a proxy and one without.
const MOST_NETWORKS: usize = 8;

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
    let made = park::guard(ruby, State::new)?.map_err(|refused| match refused {
        Refused::Lacking(lacking) => error::no_room(ruby, lacking),
        Refused::Settings(failure) => error::raise(ruby, failure.into()),
    })?;
    let state: &'static State = Box::leak(Box::new(made));
    CURRENT.store(std::ptr::from_ref(state).cast_mut(), Ordering::Release);
    Ok(state)
}

/// Why there is no state.
enum Refused {
    Lacking(&'static str),
    Settings(SettingsError),
}

impl State {
    fn new() -> Result<Self, Refused> {
        let (runtime, alarms) = start().map_err(Refused::Lacking)?;
        let transport = {
            let _inside = runtime.enter();
            ReqwestTransport::new().map_err(Refused::Settings)?
        };
        Ok(Self {
            made: Generation::current(),
            transport: Arc::new(RuntimeTransport::new(transport, runtime.handle().clone())),
            transports: Mutex::default(),
            runtime,
            alarms,
            has_companion: Mutex::default(),
            jitter: Arc::new(Jitter::new()),
            limiter_cache: Arc::default(),
            servers: Mutex::default(),
        })
    }

    /// Whether its threads are there: in a forked child they are not.
    pub(crate) fn is_of_this_process(&self) -> bool {
        self.made.is_current()
    }

    /// Has a thread of the core's carry from now on: a fiber's own thread goes on with other fibers.
    pub(crate) fn accompany(&'static self, ruby: &Ruby) -> Result<(), Error> {
        let mut has_companion = self.has_companion.lock().unwrap_or_else(PoisonError::into_inner);
        if !*has_companion {
            threads::start(|| self.runtime.block_on(pending())).map_err(|_| error::no_room(ruby, "threads"))?;
            *has_companion = true;
        }
        Ok(())
    }

    /// What requests over `connection` are made by. Called with the GVL: what is made reads files.
    pub(crate) fn transport(&self, connection: &Connection) -> Result<Arc<RuntimeTransport>, SettingsError> {
        let network = connection.network();
        if *network == Network::default() {
            return Ok(Arc::clone(&self.transport));
        }
        let mut known = self.transports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(transport) = known.get(network) {
            return Ok(Arc::clone(transport));
        }
        let _inside = self.runtime.enter();
        let made = RuntimeTransport::new(ReqwestTransport::by(network)?, self.runtime.handle().clone());
        let made = Arc::new(made);
        if known.len() >= MOST_NETWORKS {
            known.clear();
        }
        known.insert(network.clone(), Arc::clone(&made));
        Ok(made)
    }

    /// What all threads of this process know of one server and token.
    pub(crate) fn server(&self, identity: &str) -> Arc<ServerState> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(server) = servers.get_mut(identity) {
            server.asked_for = now;
            return Arc::clone(&server.state);
        }
        if servers.len() >= MOST_SERVERS {
            forget(&mut servers, now);
        }
        let state = Arc::<ServerState>::default();
        servers.insert(identity.to_owned(), Server { state: Arc::clone(&state), asked_for: now });
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

/// Makes the runtime; where the process cannot, says what it lacks.
fn start() -> Result<(Runtime, Alarms), &'static str> {
    let made = Builder::new_current_thread().enable_all().build().and_then(|runtime| {
        let inside = runtime.enter();
        let alarms = Alarms::new()?;
        drop(inside);
        Ok((runtime, alarms))
    });
    made.map_err(|failure| if failure.kind() == io::ErrorKind::OutOfMemory { "memory" } else { "files" })
}
