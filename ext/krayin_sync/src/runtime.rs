//! One runtime, HTTP client and jitter source a process.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicPtr, Ordering},
    },
};

use krayin_core::{
    Error as CoreError,
    api::{Connection, ReqwestTransport, ServerState},
    retry::Jitter,
    settings::SettingsError,
};
use magnus::{Error, Ruby};
use tokio::runtime::{Builder, Runtime};

use crate::{carrier::Carrier, error};

/// Threads that carry requests: they only wait, encrypt and copy. A second one would be woken to look for work whenever the
/// first gets some.
const WORKERS: usize = 1;

/// Everything that must not cross a fork: threads, sockets, random numbers.
pub(crate) struct State {
    pid: u32,
    pub(crate) runtime: Runtime,
    pub(crate) carrier: Arc<Carrier>,
    pub(crate) jitter: Arc<Jitter>,
    servers: Mutex<HashMap<String, Arc<ServerState>>>,
}

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
    let state = State::new().map_err(|failure| error::raise(ruby, failure))?;
    let state: &'static State = Box::leak(Box::new(state));
    CURRENT.store(std::ptr::from_ref(state).cast_mut(), Ordering::Release);
    Ok(state)
}

impl State {
    fn new() -> Result<Self, CoreError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("krayin_sync")
            .enable_all()
            .build()
            .map_err(|_| SettingsError::one("the process can start no more threads"))?;
        let transport = {
            let _inside = runtime.enter();
            ReqwestTransport::new()?
        };
        Ok(Self {
            pid: std::process::id(),
            carrier: Arc::new(Carrier::new(transport, runtime.handle().clone())),
            runtime,
            jitter: Arc::new(Jitter::new()),
            servers: Mutex::default(),
        })
    }

    /// Whether its threads are there: in a forked child they are not.
    pub(crate) fn is_of_this_process(&self) -> bool {
        self.pid == std::process::id()
    }

    /// What all threads of this process know of one server and token.
    pub(crate) fn server(&self, connection: &Connection) -> Arc<ServerState> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(servers.entry(connection.identity()).or_default())
    }
}
