//! What passes between a future on the runtime and the Ruby thread that waits for it.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, PoisonError},
};

use krayin_core::{
    Error as CoreError,
    api::{Request, Response, TransportError},
    records::{Kind, Stored},
    retry::{Leave, Told, Urgency},
};
use tokio::sync::oneshot;

use crate::fiber::Bell;

/// A question to Ruby.
pub(crate) enum Ask {
    /// Perform one HTTP attempt, or have it performed for real.
    Send(Request, oneshot::Sender<Performed>),
    /// One that was performed for real has been answered; go on when all who listen have heard of it.
    Sent(Request, Response, oneshot::Sender<()>),
    /// What is kept for a record?
    Load(Kind, u64, oneshot::Sender<Option<Stored>>),
    /// Keep this for a record.
    Store(Kind, u64, Vec<u8>, oneshot::Sender<()>),
    /// May one request be sent now? With the server's identity, whether it has time, whether the server throttles.
    Take(String, Urgency, bool, oneshot::Sender<Leave>),
    /// What came of a request; no answer is waited for.
    Learn(String, u64, Told),
    /// An attempt has ended; no answer is waited for.
    Attempt(Vec<u8>),
}

/// What became of a request that Ruby was asked to perform.
pub(crate) enum Performed {
    /// This.
    Here(Result<Response, TransportError>),
    /// It is not Ruby's to answer.
    ForReal,
}

/// What the future tells the waiting thread.
pub(crate) enum Letter {
    Done(Result<Vec<u8>, CoreError>),
    Panicked,
    Ask(Ask),
}

/// Between the future and the waiting thread. Made anew for every call: nothing in it outlives a fork.
#[derive(Default)]
pub(crate) struct Mailbox {
    state: Mutex<MailboxState>,
    changed: Condvar,
}

#[derive(Default)]
struct MailboxState {
    letters: VecDeque<Letter>,
    woken: bool,
    /// Where the one who waits is a fiber that listens for it.
    bell: Option<Bell>,
}

impl Mailbox {
    pub(crate) fn ask(&self, question: Ask) {
        self.post(Letter::Ask(question));
    }

    pub(crate) fn post(&self, letter: Letter) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.letters.push_back(letter);
        if let Some(bell) = &state.bell {
            bell.ring();
        }
        self.changed.notify_one();
    }

    pub(crate) fn hang(&self, bell: Bell) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).bell = Some(bell);
    }

    pub(crate) fn take(&self) -> Option<Letter> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.woken = false;
        state.letters.pop_front()
    }

    pub(crate) fn wait(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.letters.is_empty() && !state.woken {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn wake(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).woken = true;
        self.changed.notify_one();
    }
}
