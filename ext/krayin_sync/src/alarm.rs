//! What a Ruby thread sleeps by, and what Ruby wakes it by, from a signal handler too.
//!
//! A handler may run on any thread and be late: the sleeper may have gone on, ended, or its alarm may be another's by
//! then. So no alarm is ever freed, one that is put back is used again, and a ring too many wakes a thread that finds
//! nothing wanted of it. There are as many as ever slept at once.

use std::{
    ops::Deref,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

pub(crate) struct Alarm {
    rung: AtomicBool,
    bed: bed::Bed,
}

impl Alarm {
    /// Ruby wants something of the thread.
    pub(crate) fn ring(&self) {
        self.rung.store(true, Ordering::SeqCst);
        self.bed.wake();
    }

    pub(crate) fn has_rung(&self) -> bool {
        self.rung.load(Ordering::SeqCst)
    }

    /// Lets the thread look again. From anywhere but a signal handler.
    pub(crate) fn wake(&self) {
        self.bed.wake();
    }

    /// Sleeps until somebody wakes it; at once where somebody has.
    pub(crate) fn sleep(&self) {
        self.bed.sleep();
    }
}

/// An alarm for one stretch of sleep, put back at its end. Taken and put back with the GVL held, so that no fork comes
/// between.
pub(crate) struct Lent(&'static Alarm);

static FREE: Mutex<Vec<&'static Alarm>> = Mutex::new(Vec::new());

impl Lent {
    pub(crate) fn take() -> Self {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let alarm =
            free.unwrap_or_else(|| Box::leak(Box::new(Alarm { rung: AtomicBool::new(false), bed: bed::Bed::new() })));
        // What rang late was meant for the one who slept by it before.
        alarm.rung.store(false, Ordering::SeqCst);
        Self(alarm)
    }

    pub(crate) fn alarm(&self) -> &'static Alarm {
        self.0
    }
}

impl Deref for Lent {
    type Target = Alarm;

    fn deref(&self) -> &Alarm {
        self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(self.0);
    }
}

/// A word that the kernel watches: waking is a swap and at most one system call, both of which a signal handler may do.
#[cfg(target_os = "linux")]
mod bed {
    use std::sync::atomic::{AtomicU32, Ordering};

    const AWAKE: u32 = 0;
    const WOKEN: u32 = 1;
    const ASLEEP: u32 = u32::MAX;

    pub(super) struct Bed(AtomicU32);

    impl Bed {
        pub(super) const fn new() -> Self {
            Self(AtomicU32::new(AWAKE))
        }

        pub(super) fn wake(&self) {
            if self.0.swap(WOKEN, Ordering::Release) == ASLEEP {
                self.futex(libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1);
            }
        }

        pub(super) fn sleep(&self) {
            // From "woken" to "awake", or from "awake" to "asleep".
            if self.0.fetch_sub(1, Ordering::Acquire) == WOKEN {
                return;
            }
            while self.0.compare_exchange(WOKEN, AWAKE, Ordering::Acquire, Ordering::Acquire).is_err() {
                self.futex(libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG, ASLEEP);
            }
        }

        fn futex(&self, operation: i32, value: u32) {
            // SAFETY: the word lives as long as the process; without a time, the wait has no further argument.
            unsafe {
                libc::syscall(libc::SYS_futex, self.0.as_ptr(), operation, value, std::ptr::null::<libc::timespec>());
            }
        }
    }
}

/// Where Ruby is not told that it may ring from a signal handler.
#[cfg(not(target_os = "linux"))]
mod bed {
    use std::sync::{Condvar, Mutex, PoisonError};

    #[derive(Default)]
    pub(super) struct Bed {
        woken: Mutex<bool>,
        told: Condvar,
    }

    impl Bed {
        pub(super) fn new() -> Self {
            Self::default()
        }

        pub(super) fn wake(&self) {
            *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
            self.told.notify_one();
        }

        pub(super) fn sleep(&self) {
            let woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
            let woken = self.told.wait_while(woken, |woken| !*woken);
            *woken.unwrap_or_else(PoisonError::into_inner) = false;
        }
    }
}
