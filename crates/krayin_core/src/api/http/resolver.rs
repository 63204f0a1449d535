use std::{
    fmt, io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::{Arc, OnceLock},
    thread,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{Semaphore, oneshot};

use crate::server::may_connect;

/// Addresses that are known without asking the system.
#[derive(Clone)]
pub(in crate::api) struct Names(Arc<LookUp>);

type LookUp = dyn Fn(&str) -> Option<Vec<IpAddr>> + Send + Sync;

impl Names {
    pub(in crate::api) fn by(look_up: impl Fn(&str) -> Option<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(look_up))
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::by(|_| None)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names")
    }
}

/// Resolves a name and, where it is guarded, lets through only addresses that it may have. What is checked here is what is connected to: a
/// name that answers differently the next time gains nothing.
#[derive(Debug, Clone)]
pub(in crate::api) struct Resolver {
    guarded: bool,
    names: Names,
    places: Arc<Semaphore>,
}

impl Resolver {
    pub(in crate::api) fn new(guarded: bool, names: Names) -> Self {
        Self { guarded, names, places: Arc::new(Semaphore::new(MOST_LOOK_UPS)) }
    }
}

/// How many names are looked up at once; a name server that hangs holds a thread for half a minute each.
const MOST_LOOK_UPS: usize = 64;

/// Starts a thread for a look-up.
pub type StartThread = fn(Box<dyn FnOnce() + Send>) -> io::Result<()>;

static START_THREAD: OnceLock<StartThread> = OnceLock::new();

/// Has `start` start the threads that look up names, from now on; the first who says so has it. Without, they are plain
/// threads, which get the process's signals.
pub fn start_threads_by(start: StartThread) {
    let _ = START_THREAD.set(start);
}

/// Asks the system, which may take long and can only be waited for: on a thread of its own, which ends with it.
async fn look_up(name: String, places: &Arc<Semaphore>) -> Result<Vec<SocketAddr>, Failure> {
    let place = Arc::clone(places).acquire_owned().await?;
    let (reply, found) = oneshot::channel();
    let work = Box::new(move || {
        let addresses = (name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
        drop(place);
        // Nobody may wait for it any more.
        let _ = reply.send(addresses);
    });
    let start = START_THREAD.get().copied().unwrap_or(|work| thread::Builder::new().spawn(work).map(drop));
    start(work).map_err(|_| NoThread)?;
    Ok(found.await??)
}

impl Resolver {
    /// The addresses of `name`, those that it may have where it is guarded.
    pub(in crate::api) async fn find(&self, name: &str) -> Result<Vec<SocketAddr>, Failure> {
        let found: Vec<SocketAddr> = match (self.names.0)(name) {
            Some(addresses) => addresses.into_iter().map(|address| (address, 0).into()).collect(),
            None => look_up(name.to_owned(), &self.places).await?,
        };
        if self.guarded && !found.iter().all(|address| may_connect(name, address.ip())) {
            return Err(PrivateAddress.into());
        }
        Ok(found)
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let found = resolver.find(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Why a name has no address.
pub(in crate::api) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A name has an address that it may not have.
#[derive(Debug)]
pub(in crate::api) struct PrivateAddress;

impl fmt::Display for PrivateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host has a private address")
    }
}

impl std::error::Error for PrivateAddress {}

/// The process may have no thread to look up a name.
#[derive(Debug)]
pub(in crate::api) struct NoThread;

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the process can have no more threads")
    }
}

impl std::error::Error for NoThread {}
