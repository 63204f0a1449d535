//! What passes between a call's future and the Ruby thread that waits for it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Wake,
};

use krayin_core::{
    api::{Request, Response, TransportError},
    records::{Kind, Shown, Stored},
};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::{fiber::FiberWaker, fork::Generation};

/// A question to Ruby.
pub(crate) enum Callback {
    /// Perform one HTTP attempt, or have it performed for real.
    Send(Request, oneshot::Sender<Performed>),
    /// One that was performed for real has been answered, or not; go on when all who listen have heard of it.
    Sent(Request, Option<Response>, oneshot::Sender<()>),
    /// What is kept for a record?
    Load(Kind, u64, oneshot::Sender<Option<Stored>>),
    /// Keep this for a record.
    Store(Kind, u64, Vec<u8>, oneshot::Sender<()>),
    /// Which contacts have this person of this Krayin?
    ContactsOf(String, u64, oneshot::Sender<Vec<u64>>),
    /// What was shown of this a moment ago?
    Shown(Shown, Vec<String>, oneshot::Sender<Option<Vec<Value>>>),
    /// Replace what the limiter's store keeps under this identity, if it is still the first, by the second.
    Swap(String, String, String, oneshot::Sender<Swapped>),
    /// An attempt is about to be made: which headers go with it?
    Begin(Vec<u8>, oneshot::Sender<Vec<(String, String)>>),
    /// An attempt has ended; no answer is waited for.
    Attempt(Vec<u8>),
}

/// What became of a request that Ruby was asked to perform.
pub(crate) enum Performed {
    /// This.
    Here(Result<Response, TransportError>),
    /// It is not Ruby's to answer; with these headers instead, where there are any.
    ForReal(Option<Vec<(String, String)>>),
}

/// What a limiter's store keeps after it was asked to replace it.
pub(crate) struct Swapped {
    /// What it kept instead of what was expected.
    pub(crate) kept: Option<String>,
    /// The time of its clock, in microseconds.
    pub(crate) now: u64,
}

/// Where the future's questions lie until the waiting thread answers them, and what wakes that thread where it is a fiber.
/// Made anew for every call: in a child that was forked within the call it is shut, since another thread may have held it
/// at that moment.
pub(crate) struct CallbackQueue {
    made: Generation,
    state: Mutex<QueueState>,
}

#[derive(Default)]
struct QueueState {
    questions: VecDeque<Callback>,
    /// Where the one who waits is a fiber that listens for it.
    fiber: Option<FiberWaker>,
}

impl Default for CallbackQueue {
    fn default() -> Self {
        Self { made: Generation::current(), state: Mutex::default() }
    }
}

impl CallbackQueue {
    /// A question of the future, while it is polled: that is looked for after each poll.
    pub(crate) fn ask(&self, question: Callback) {
        if let Some(mut state) = self.lock() {
            state.questions.push_back(question);
        }
    }

    pub(crate) fn attach(&self, fiber: FiberWaker) {
        if let Some(mut state) = self.lock() {
            state.fiber = Some(fiber);
        }
    }

    /// The next question.
    pub(crate) fn next(&self) -> Option<Callback> {
        self.lock()?.questions.pop_front()
    }

    /// Nothing in a forked child.
    fn lock(&self) -> Option<MutexGuard<'_, QueueState>> {
        self.made.is_current().then(|| self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The future's waker where a fiber waits for it.
impl Wake for CallbackQueue {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(fiber) = self.lock().as_ref().and_then(|state| state.fiber.as_ref()) {
            fiber.ring();
        }
    }
}
