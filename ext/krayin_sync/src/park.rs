//! Makes a Ruby thread wait for a future: without the GVL, interruptible, answering the future's questions meanwhile.
//!
//! The future runs on the runtime; the Ruby thread sleeps on a condition variable. Whatever Ruby wants of the thread
//! (`Timeout`, `Thread#kill`, a signal, Sidekiq's shutdown) wakes it, is carried out with the GVL held, and where it
//! raises, the future is cancelled. A wakeup that wants nothing changes nothing.
//!
//! A fiber that a scheduler runs sleeps on a pipe instead, so that the thread's other fibers go on.

use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use krayin_core::Error as CoreError;
use magnus::{Error, RModule, RString, Ruby, function, prelude::*};
use tokio::task::JoinHandle;

use crate::{
    convert, error, fiber,
    mailbox::{Ask, Letter, Mailbox},
    runtime::State,
};

/// Cancels the future when the waiting thread leaves for any reason.
struct CancelOnDrop<'a>(JoinHandle<()>, &'a State);

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        // In a child that was forked within the call, the future is the parent's, and so are the locks around it.
        if self.1.is_of_this_process() {
            self.0.abort();
        }
    }
}

/// Tells the waiting thread when the future panics: its `Done` letter will not come.
struct Herald(Option<Arc<Mailbox>>);

impl Drop for Herald {
    fn drop(&mut self) {
        if let Some(mailbox) = self.0.take() {
            mailbox.post(Letter::Panicked);
        }
    }
}

/// Runs `future` and waits for its bytes. `answer` answers its questions, on this thread and with the GVL.
pub(crate) fn wait(
    ruby: &Ruby,
    state: &State,
    mailbox: &Arc<Mailbox>,
    future: impl Future<Output = Result<Vec<u8>, CoreError>> + Send + 'static,
    mut answer: impl FnMut(Ask) -> Result<(), Error>,
) -> Result<RString, Error> {
    let listener = fiber::listen(ruby)?.map(|(listener, bell)| {
        mailbox.hang(bell);
        listener
    });
    let theirs = Arc::clone(mailbox);
    let spawned = state.runtime.spawn(async move {
        let mut herald = Herald(Some(Arc::clone(&theirs)));
        let result = future.await;
        herald.0 = None;
        theirs.post(Letter::Done(result));
    });
    let _task = CancelOnDrop(spawned, state);
    loop {
        match mailbox.take() {
            Some(Letter::Done(Ok(bytes))) => return convert::string(ruby, &bytes),
            Some(Letter::Done(Err(failure))) => return Err(error::raise(ruby, failure)),
            Some(Letter::Panicked) => return Err(error::internal(ruby)),
            Some(Letter::Ask(question)) => guard(ruby, || answer(question))??,
            None => match &listener {
                Some(listener) => listener.wait()?,
                None => sleep(mailbox),
            },
        }
        ruby.thread_check_ints()?;
        // A callback, a trap or another fiber may have forked: nobody in the child would ever write to it.
        if !state.is_of_this_process() {
            return Err(error::forked(ruby));
        }
    }
}

/// Waits for a letter without the GVL.
fn sleep(mailbox: &Mailbox) {
    unsafe extern "C" fn wait(mailbox: *mut c_void) -> *mut c_void {
        // SAFETY: the mailbox outlives the call below, which is the only one that hands it over. A panic must not
        // unwind into C.
        let _ = catch_unwind(AssertUnwindSafe(|| unsafe { &*mailbox.cast::<Mailbox>() }.wait()));
        std::ptr::null_mut()
    }

    unsafe extern "C" fn wake(mailbox: *mut c_void) {
        // SAFETY: as above; Ruby calls this only while the other is running.
        let _ = catch_unwind(AssertUnwindSafe(|| unsafe { &*mailbox.cast::<Mailbox>() }.wake()));
    }

    let mailbox = std::ptr::from_ref(mailbox).cast_mut().cast::<c_void>();
    // SAFETY: both functions touch the mailbox alone and nothing of Ruby's. The `2` variant never raises, so no Rust
    // frame is jumped over; pending interrupts are looked at by the caller.
    unsafe {
        rb_sys::rb_thread_call_without_gvl2(Some(wait), mailbox, Some(wake), mailbox);
    }
}

/// Runs synchronous code of the core, so that a panic in it does not end the process.
pub(crate) fn guard<T>(ruby: &Ruby, work: impl FnOnce() -> T) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| error::internal(ruby))
}

/// Panics on purpose, for the specs: `:task` on the runtime, anything else on the calling thread.
fn panic(ruby: &Ruby, place: magnus::Symbol) -> Result<RString, Error> {
    let task = place.name()? == "task";
    if !task {
        #[expect(clippy::panic, reason = "that is what it is for")]
        return guard(ruby, || panic!("on purpose")).and_then(|()| convert::string(ruby, b""));
    }
    let state = crate::runtime::current(ruby)?;
    #[expect(clippy::panic, reason = "that is what it is for")]
    wait(ruby, state, &Arc::default(), async { panic!("on purpose") }, |_| Ok(()))
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("panic", function!(panic, 1))
}
