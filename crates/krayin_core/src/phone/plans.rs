//! The numbering plans of the world: one a process, read at first use, each country's patterns when its first number
//! comes. So that a process may fork meanwhile, all use of them is counted here ([`hold`]).

use std::{
    cell::Cell,
    sync::{OnceLock, PoisonError, RwLock, RwLockWriteGuard},
};

use rlibphonenumber::PhoneNumberUtil;

/// Held by every thread that uses the plans, and by one that forks: alone.
static IN_USE: RwLock<()> = RwLock::new(());
static PLANS: OnceLock<Option<PhoneNumberUtil>> = OnceLock::new();
static READER: OnceLock<Reader> = OnceLock::new();

/// Runs what it is given, or leaves it.
pub type Reader = fn(fn());

thread_local! {
    static HELD: Cell<Option<RwLockWriteGuard<'static, ()>>> = const { Cell::new(None) };
}

/// Has `reader` run, once, what reads the plans, at their first use: for a caller who holds a lock that others need
/// meanwhile. Where it leaves it, the plans are read on the spot.
pub fn read_plans_by(reader: Reader) {
    // Whoever came first has it.
    let _ = READER.set(reader);
}

/// Waits until no thread is within the plans and keeps all out until [`release`]: before a fork, on the thread that forks.
/// Its child would wait for ever for a thread that it does not have.
pub fn hold() {
    HELD.set(Some(IN_USE.write().unwrap_or_else(PoisonError::into_inner)));
}

/// Ends [`hold`], on the same thread: after a fork, in the parent and in the child.
pub fn release() {
    HELD.take();
}

/// Every use of the plans, none within another.
pub(super) fn with_plans<T>(work: impl FnOnce(&PhoneNumberUtil) -> Option<T>) -> Option<T> {
    if PLANS.get().is_none() {
        READER.get().map_or_else(read_plans, |reader| reader(read_plans));
    }
    let _in_use = IN_USE.read().unwrap_or_else(PoisonError::into_inner);
    plans().and_then(work)
}

fn read_plans() {
    let _in_use = IN_USE.read().unwrap_or_else(PoisonError::into_inner);
    plans();
}

fn plans() -> Option<&'static PhoneNumberUtil> {
    PLANS.get_or_init(|| PhoneNumberUtil::new().ok()).as_ref()
}
