//! What connections share with each other and with the handle.

use crate::change::{Change, Plan};
use crate::crm::Crm;
use crate::fault::Faults;
use crate::log::Log;
use crate::model::automation::OutgoingCall;
use crate::options::Options;
use crate::switches::Switches;
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a client may take for its headers, or between two pieces of its body.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) type Body = UnsyncBoxBody<Bytes, Abort>;

/// Ends a connection without a word.
#[derive(Debug)]
pub(crate) struct Abort;

impl fmt::Display for Abort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the connection is closed on purpose")
    }
}

impl std::error::Error for Abort {}

/// What the server's thread and the handle share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) address: SocketAddr,
    state: Mutex<State>,
    pub(crate) connections: AtomicU64,
}

/// Everything that requests change.
pub(crate) struct State {
    pub(crate) crm: Crm,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    pub(crate) switches: Switches,
    /// The changes of colleagues that wait for a call.
    pub(crate) plan: Plan,
    /// Why changes were refused whose moment had come.
    pub(crate) refused: Vec<String>,
    /// The calls of webhooks, oldest first.
    pub(crate) calls: VecDeque<OutgoingCall>,
    /// Requests that wait for others.
    held: Vec<Held>,
}

/// A request that waits until others have come.
struct Held {
    /// How many more.
    left: u32,
    /// Has it carried out; dropped instead, it is not.
    go: oneshot::Sender<()>,
    /// When it has been.
    done: oneshot::Receiver<()>,
}

/// Calls of webhooks that are kept.
const CALLS: usize = 1000;

impl State {
    /// Has a request wait until so many more have come: when to carry it out, and whom to tell that it is.
    pub(crate) fn hold(&mut self, left: u32) -> (oneshot::Receiver<()>, oneshot::Sender<()>) {
        let ((go, comes), (is_done, done)) = (oneshot::channel(), oneshot::channel());
        self.held.push(Held { left, go, done });
        (comes, is_done)
    }

    /// A request has come: has those carried out that waited for it. Each tells when it is.
    pub(crate) fn arrival(&mut self) -> Vec<oneshot::Receiver<()>> {
        for held in &mut self.held {
            held.left -= 1;
        }
        let (due, held) = std::mem::take(&mut self.held).into_iter().partition(|held| held.left == 0);
        self.held = held;
        release(due)
    }

    /// Has all carried out that wait. Each tells when it is.
    pub(crate) fn release_held(&mut self) -> Vec<oneshot::Receiver<()>> {
        release(std::mem::take(&mut self.held))
    }

    /// Forgets all that wait.
    pub(crate) fn drop_held(&mut self) {
        self.held.clear();
    }

    /// Makes the changes whose moment has come. One that is refused is noted, and the others are made all the same.
    pub(crate) fn make(&mut self, changes: &[Change]) {
        for change in changes {
            if let Err(why) = self.crm.change(change) {
                self.refused.push(format!("{change:?}: {why}"));
            }
        }
    }

    /// The calls that webhooks are to make now.
    pub(crate) fn take_calls(&mut self) -> Vec<OutgoingCall> {
        let calls = std::mem::take(&mut self.crm.outgoing);
        self.calls.extend(calls.iter().cloned());
        let surplus = self.calls.len().saturating_sub(CALLS);
        self.calls.drain(..surplus);
        calls
    }
}

fn release(held: Vec<Held>) -> Vec<oneshot::Receiver<()>> {
    let go = |held: Held| held.go.send(()).is_ok().then_some(held.done);
    held.into_iter().filter_map(go).collect()
}

impl Shared {
    pub(crate) fn new(options: Options, address: SocketAddr, crm: Crm) -> Self {
        let switches = options.first_switches();
        let state = State {
            crm,
            log: Log::default(),
            faults: Faults::default(),
            switches,
            plan: Plan::default(),
            refused: Vec::new(),
            calls: VecDeque::new(),
            held: Vec::new(),
        };
        Self { options, address, state: Mutex::new(state), connections: AtomicU64::new(0) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A handler that panicked has failed one request; the records are still worth showing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.address, self.options.server.prefix())
    }
}
