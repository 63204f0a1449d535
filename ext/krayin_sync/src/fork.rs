//! Counts this process's forks, and lets none happen while a thread holds what its child would wait for.
//!
//! A child has the thread that forked and no other. What another thread held at that moment it holds for ever, and an id
//! of a process may come again: so whatever has threads or locks of its own keeps the count it was made at.

use std::sync::{
    Once,
    atomic::{AtomicU64, Ordering},
};

use krayin_core::phone;
use magnus::{Error, Ruby};

use crate::error;

static FORKS: AtomicU64 = AtomicU64::new(0);

/// How many forks there were between the first process that loaded this library and this one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u64);

impl Generation {
    pub(crate) fn current() -> Self {
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Whether what was made at this count is this process's own.
    pub(crate) fn is_current(self) -> bool {
        self == Self::current()
    }
}

/// Before a fork, on the thread that forks: it holds Ruby's lock, which nobody within needs.
unsafe extern "C" fn prepare() {
    phone::hold();
}

unsafe extern "C" fn in_parent() {
    phone::release();
}

unsafe extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    phone::release();
}

/// Has the system tell of forks from now on.
pub(crate) fn init(ruby: &Ruby) -> Result<(), Error> {
    static REGISTERED: Once = Once::new();
    let mut failed = false;
    REGISTERED.call_once(|| {
        // SAFETY: the three take nothing, do not unwind and stay: Ruby never unloads a library.
        failed = unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) } != 0;
    });
    if failed { Err(error::no_room(ruby, "memory")) } else { Ok(()) }
}
