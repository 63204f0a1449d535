//! What passes between a call's future and the Ruby thread that waits for it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Wake,
};

use krayin_core::{
    api::{Request, Response, TransportError},
    records::{Kind, Stored},
};
use tokio::sync::oneshot;

use crate::{alarm::Alarm, fiber::FiberWaker, fork::Generation};

/// A question to Ruby.
pub(crate) enum Callback {
    /// Perform one HTTP attempt, or have it performed for real.
    Send(Request, oneshot::Sender<Performed>),
    /// One that was performed for real has been answered; go on when all who listen have heard of it.
    Sent(Request, Response, oneshot::Sender<()>),
    /// What is kept for a record?
    Load(Kind, u64, oneshot::Sender<Option<Stored>>),
    /// Keep this for a record.
    Store(Kind, u64, Vec<u8>, oneshot::Sender<()>),
    /// Replace what the limiter's store keeps under this identity, if it is still the first, by the second.
    Swap(String, String, String, oneshot::Sender<Swapped>),
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

/// What a limiter's store keeps after it was asked to replace it.
pub(crate) struct Swapped {
    /// What it kept instead of what was expected.
    pub(crate) kept: Option<String>,
    /// The time of its clock, in microseconds.
    pub(crate) now: u64,
}

/// What the waiting thread is to do next.
pub(crate) enum Next {
    /// Answer this.
    Answer(Callback),
    /// Go on with the future: what it waited for is there.
    Poll,
    /// Look what Ruby wants of the thread.
    Look,
    /// Wait.
    Nothing,
}

/// Where the future's questions lie until the waiting thread answers them, and where that thread sleeps till the future
/// can go on. Made anew for every call: in a child that was forked within the call it is shut, since another thread may
/// have held it at that moment.
pub(crate) struct CallbackQueue {
    made: Generation,
    state: Mutex<MailboxState>,
}

#[derive(Default)]
struct MailboxState {
    questions: VecDeque<Callback>,
    can_go_on: bool,
    /// Who sleeps.
    sleeper: Option<&'static Alarm>,
    /// Where the one who waits is a fiber that listens for it.
    waker: Option<FiberWaker>,
}

impl Default for CallbackQueue {
    fn default() -> Self {
        Self { made: Generation::current(), state: Mutex::default() }
    }
}

impl CallbackQueue {
    /// A question of the future, while it is polled or from anywhere else.
    pub(crate) fn ask(&self, question: Callback) {
        let Some(mut state) = self.lock() else { return };
        state.questions.push_back(question);
        state.tell();
    }

    pub(crate) fn attach(&self, waker: FiberWaker) {
        if let Some(mut state) = self.lock() {
            state.waker = Some(waker);
        }
    }

    /// What is to be done; sleeps until something is.
    pub(crate) fn wait(&self, alarm: &'static Alarm) -> Next {
        self.sleeps_by(Some(alarm));
        let next = loop {
            if alarm.has_rung() {
                break Next::Look;
            }
            match self.next() {
                // One who tells meanwhile is not missed: this returns at once then.
                Next::Nothing => alarm.sleep(),
                next => break next,
            }
        };
        self.sleeps_by(None);
        next
    }

    /// The same without sleeping.
    pub(crate) fn next(&self) -> Next {
        let Some(mut state) = self.lock() else { return Next::Look };
        if let Some(question) = state.questions.pop_front() {
            Next::Answer(question)
        } else if std::mem::take(&mut state.can_go_on) {
            Next::Poll
        } else {
            Next::Nothing
        }
    }

    fn sleeps_by(&self, alarm: Option<&'static Alarm>) {
        if let Some(mut state) = self.lock() {
            state.sleeper = alarm;
        }
    }

    /// Nothing in a forked child.
    fn lock(&self) -> Option<MutexGuard<'_, MailboxState>> {
        self.made.is_current().then(|| self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl MailboxState {
    fn tell(&self) {
        if let Some(waker) = &self.waker {
            waker.ring();
        }
        if let Some(sleeper) = self.sleeper {
            sleeper.wake();
        }
    }
}

/// The future's own waker.
impl Wake for CallbackQueue {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Some(mut state) = self.lock() else { return };
        state.can_go_on = true;
        state.tell();
    }
}
