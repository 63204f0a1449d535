//! Keeps Ruby's signals off threads that are not Ruby's.

use std::mem::MaybeUninit;

/// Until it is dropped, no signal comes to this thread, nor ever to one that it starts meanwhile.
pub(crate) struct Blocked(libc::sigset_t);

pub(crate) fn block() -> Blocked {
    let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: the first call fills the one set, the second reads it and fills the other; neither fails with these
    // arguments.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        Blocked(before.assume_init())
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the set is the one that was in force.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}
