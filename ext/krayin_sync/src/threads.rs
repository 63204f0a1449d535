//! Starts the core's own threads: one that carries for fibers, and for a moment each that finds out an address. Ruby's
//! signals never come to them.

use std::{io, mem::MaybeUninit, thread};

use krayin_core::api;

pub(crate) fn start(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    // A thread has its mask from the one that starts it.
    let _blocked = block();
    thread::Builder::new().name("krayin_sync".into()).spawn(work).map(drop)
}

pub(crate) fn init() {
    api::start_threads_by(start);
}

/// Until it is dropped, no signal comes to this thread, nor ever to one that it starts meanwhile.
struct Blocked(libc::sigset_t);

fn block() -> Blocked {
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
