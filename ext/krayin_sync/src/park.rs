//! Makes a Ruby thread wait for a future: without the GVL, interruptible, answering the future's questions meanwhile.
//!
//! The thread carries the call itself: it polls the future, and the runtime's sockets and timers, without the GVL. So an
//! answer from Krayin takes one wakeup, is read before the GVL is taken again, and a question to Ruby takes no other
//! thread. Of several threads that wait, one carries for all, and hands on to another when its own call is over. Whatever
//! Ruby wants of the thread (`Timeout`, `Thread#kill`, a signal, Sidekiq's shutdown) wakes it, is carried out with the GVL
//! held, and where it raises, the future is dropped, which cancels its request. A wakeup that wants nothing changes
//! nothing.
//!
//! A fiber that a scheduler runs waits at a pipe instead, so that the thread's other fibers go on, and a thread of the
//! core's carries its call.

use std::{
    ffi::c_void,
    future::poll_fn,
    panic::{self, AssertUnwindSafe, Location, catch_unwind},
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
};

use krayin_core::{BoxFuture, Error as CoreError, phone};
use magnus::{Error, RModule, RString, Ruby};
use tokio::task::yield_now;

use crate::{
    alarm::{Alarm, Lent},
    callback_queue::{Callback, CallbackQueue},
    convert, error, fiber,
    runtime::State,
    stack::{self, Room},
};

type Answer = Result<Vec<u8>, CoreError>;

/// Why a stretch of a call is over.
enum Stop {
    Done(Answer),
    Panicked,
    Callback(Callback),
    /// Ruby wants something of the thread.
    Look,
    /// The future cannot go on.
    Idle,
}

/// A future under way.
struct Call<'a> {
    future: Option<BoxFuture<'static, Answer>>,
    /// Its end, once it has come; the questions before it are answered first.
    done: Option<Stop>,
    callback_queue: &'a CallbackQueue,
    state: &'static State,
    /// Where it goes on, if not on the stack of its thread or fiber.
    room: Option<Room>,
}

impl Call<'_> {
    /// Goes on until Ruby is needed or the future cannot go on.
    fn go_on(&mut self, context: &mut Context<'_>) -> Stop {
        // Of a question that is still there, the answer is what the future waits for.
        if let Some(question) = self.callback_queue.next() {
            return Stop::Callback(question);
        }
        if self.done.is_none() {
            self.poll(context);
        }
        match self.callback_queue.next() {
            Some(question) => Stop::Callback(question),
            None => self.done.take().unwrap_or(Stop::Idle),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) {
        let Some(future) = &mut self.future else { return };
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        self.done = match polled {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(answer)) => Some(Stop::Done(answer)),
            Err(_) => Some(Stop::Panicked),
        };
        self.future = None;
    }

    /// Runs a step where there is room for it.
    fn run(&mut self, ruby: &Ruby, step: impl FnOnce(&mut Self) -> Stop) -> Result<Stop, Error> {
        let Some(room) = self.room.take() else { return caught(ruby, || step(self)) };
        let stop = within(ruby, &room, || step(self));
        self.room = Some(room);
        stop
    }

    /// One step with the GVL: giving that away costs more than most of what stands between two waits.
    fn step(&mut self) -> Stop {
        let state = self.state;
        state.runtime.block_on(poll_fn(|context| Poll::Ready(self.go_on(context))))
    }

    /// The same where a fiber waits, who is woken by `waker`.
    fn step_of_fiber(&mut self, waker: &Waker) -> Stop {
        let _inside = self.state.runtime.enter();
        self.go_on(&mut Context::from_waker(waker))
    }

    /// Waits without the GVL until the call can go on, and lets it, until Ruby is needed.
    fn carry(&mut self) -> Stop {
        let state = self.state;
        let lent = Lent::take(&state.alarms);
        let alarm = lent.alarm();
        let room = self.room.take();
        let carry = || {
            state.runtime.block_on(poll_fn(|context| {
                if alarm.listen(context.waker()) {
                    return Poll::Ready(Stop::Look);
                }
                match self.go_on(context) {
                    Stop::Idle => Poll::Pending,
                    stop => Poll::Ready(stop),
                }
            }))
        };
        let carried = match &room {
            Some(room) => unlocked(Some(alarm), || room.run(carry).unwrap_or(Stop::Panicked)),
            None => unlocked(Some(alarm), carry),
        };
        self.room = room;
        match carried {
            Some(stop) => stop.unwrap_or(Stop::Panicked),
            // Something is wanted of the thread already.
            None => Stop::Look,
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let Some(future) = self.future.take() else { return };
        if self.state.is_of_this_process() {
            let leave = || {
                let inside = self.state.runtime.enter();
                drop(future);
                drop(inside);
                // Nobody may come to carry for a while, and the server is to hear of it now.
                self.state.runtime.block_on(yield_now());
            };
            // It has been left: what it may panic of is of no interest to anybody.
            let _ = match &self.room {
                Some(room) => room.run(leave),
                None => catch_unwind(AssertUnwindSafe(leave)),
            };
        } else {
            // In a child that was forked within the call it is the parent's, and so are the locks around it.
            std::mem::forget(future);
        }
    }
}

/// Runs `future` and waits for its bytes. `answer` answers its questions, on this thread and with the GVL.
pub(crate) fn wait(
    ruby: &Ruby,
    state: &'static State,
    callback_queue: &Arc<CallbackQueue>,
    future: BoxFuture<'static, Answer>,
    answer: &mut dyn FnMut(Callback) -> Result<(), Error>,
) -> Result<RString, Error> {
    let fiber = match fiber::listen(ruby)? {
        Some((listener, waker)) => {
            state.accompany(ruby)?;
            callback_queue.attach(waker);
            Some((listener, Waker::from(Arc::clone(callback_queue))))
        }
        None => None,
    };
    let room = if stack::is_roomy() { None } else { Some(room(ruby)?) };
    let mut call = Call { future: Some(future), done: None, callback_queue, state, room };
    loop {
        let stop = match &fiber {
            None => match call.run(ruby, Call::step)? {
                Stop::Idle => call.carry(),
                stop => stop,
            },
            Some((listener, waker)) => match call.run(ruby, |call| call.step_of_fiber(waker))? {
                Stop::Idle => {
                    listener.wait()?;
                    Stop::Look
                }
                stop => stop,
            },
        };
        match stop {
            Stop::Done(Ok(bytes)) => return convert::string(ruby, &bytes),
            Stop::Done(Err(failure)) => return Err(error::raise(ruby, failure)),
            Stop::Panicked => return Err(error::internal(ruby)),
            Stop::Callback(question) => caught(ruby, || answer(question))??,
            Stop::Look | Stop::Idle => {}
        }
        ruby.thread_check_ints()?;
        // A callback, a trap or another fiber may have forked: nobody in the child would ever wake it.
        if !state.is_of_this_process() {
            return Err(error::forked(ruby));
        }
    }
}

/// Reads the numbering plans while the other threads go on, wherever a number comes first: but for the core's own stack,
/// where the GVL cannot be given away.
fn read_plans(read: fn()) {
    let read_aside = if stack::is_roomy() { Ruby::get().ok().and_then(|_| unlocked(None, read)) } else { None };
    if read_aside.is_none() {
        read();
    }
}

/// Runs `work`, which touches nothing of Ruby's, while the other threads go on; where something is wanted of this one
/// already, not at all.
pub(crate) fn aside(work: fn()) {
    if stack::is_roomy() {
        let _ = unlocked(None, work);
    }
}

/// Runs `work`, which touches nothing of Ruby's, without the GVL; where something is wanted of the thread already, not at
/// all. What it panicked of is an error. Without an alarm it cannot be woken.
fn unlocked<T>(alarm: Option<&'static Alarm>, work: impl FnOnce() -> T) -> Option<thread::Result<T>> {
    struct Stretch<F, T> {
        work: Option<F>,
        done: Option<thread::Result<T>>,
    }

    unsafe extern "C" fn run<T, F: FnOnce() -> T>(stretch: *mut c_void) -> *mut c_void {
        // SAFETY: it is the stretch below, which outlives the call that hands it over and is touched by nobody else
        // meanwhile. A panic must not unwind into C.
        let stretch = unsafe { &mut *stretch.cast::<Stretch<F, T>>() };
        stretch.done = stretch.work.take().map(|work| catch_unwind(AssertUnwindSafe(work)));
        std::ptr::null_mut()
    }

    unsafe extern "C" fn wake(alarm: *mut c_void) {
        // SAFETY: no alarm is ever freed, however late this is.
        unsafe { &*alarm.cast::<Alarm>() }.ring();
    }

    /// `run` for this kind of work.
    fn runner<T, F: FnOnce() -> T>(_: &Stretch<F, T>) -> unsafe extern "C" fn(*mut c_void) -> *mut c_void {
        run::<T, F>
    }

    let mut stretch = Stretch { work: Some(work), done: None };
    let run = runner(&stretch);
    // SAFETY: both functions touch nothing of Ruby's. With the first flag it never raises, so no Rust frame is jumped
    // over; pending interrupts are looked at by the caller. The second is for an alarm that a signal handler may ring.
    unsafe {
        rb_sys::rb_nogvl(
            Some(run),
            std::ptr::from_mut(&mut stretch).cast::<c_void>(),
            alarm.map(|_| wake as unsafe extern "C" fn(*mut c_void)),
            alarm.map_or(std::ptr::null_mut(), |alarm| std::ptr::from_ref(alarm).cast_mut().cast::<c_void>()),
            NOGVL_FLAGS,
        );
    }
    stretch.done
}

/// Without the second, Ruby starts a thread of its own at each wait of a process that has only one, to wake it by. With
/// it, a signal's handler rings, on whichever thread got the signal, and maybe when the wait is over.
const NOGVL_FLAGS: i32 = INTR_FAIL | if cfg!(target_os = "linux") { UBF_ASYNC_SAFE } else { 0 };
const INTR_FAIL: i32 = rb_sys::RB_NOGVL_INTR_FAIL as i32;
const UBF_ASYNC_SAFE: i32 = rb_sys::RB_NOGVL_UBF_ASYNC_SAFE as i32;

/// Runs synchronous code of the core, where there is room for it, so that a panic in it does not end the process.
pub(crate) fn guard<T>(ruby: &Ruby, work: impl FnOnce() -> T) -> Result<T, Error> {
    if stack::is_roomy() { caught(ruby, work) } else { within(ruby, &room(ruby)?, work) }
}

fn caught<T>(ruby: &Ruby, work: impl FnOnce() -> T) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| error::internal(ruby))
}

fn room(ruby: &Ruby) -> Result<Room, Error> {
    Room::take().map_err(|_| error::no_room(ruby, "memory"))
}

fn within<T>(ruby: &Ruby, room: &Room, work: impl FnOnce() -> T) -> Result<T, Error> {
    room.run(work).map_err(|_| error::internal(ruby))
}

/// The same of code that may fail.
pub(crate) fn attempt<T, E: Into<CoreError>>(ruby: &Ruby, work: impl FnOnce() -> Result<T, E>) -> Result<T, Error> {
    guard(ruby, work)?.map_err(|failure| error::raise(ruby, failure.into()))
}

/// Panics on purpose, for the specs: `:task` in a call's future, anything else beside it.
#[cfg(feature = "panic_on_purpose")]
fn panic(ruby: &Ruby, place: magnus::Symbol) -> Result<RString, Error> {
    let task = place.name()? == "task";
    if !task {
        #[expect(clippy::panic, reason = "that is what it is for")]
        return guard(ruby, || panic!("on purpose")).and_then(|()| convert::string(ruby, b""));
    }
    let state = crate::runtime::current(ruby)?;
    #[expect(clippy::panic, reason = "that is what it is for")]
    wait(ruby, state, &Arc::default(), Box::pin(async { panic!("on purpose") }), &mut |_| Ok(()))
}

/// Says where on standard error, and nothing where that cannot be written, or not now: whoever should read it may be stuck.
/// By a system call: std's own way takes a lock, which a child may have inherited, and panics.
fn tell(place: &Location<'_>) {
    let line = format!("krayin_sync: panicked at {place}\n");
    let mut stderr = libc::pollfd { fd: libc::STDERR_FILENO, events: libc::POLLOUT, revents: 0 };
    // SAFETY: there is one of them, and the bytes are the line's. What is left unwritten is left.
    unsafe {
        if libc::poll(&raw mut stderr, 1, 0) == 1 && stderr.revents & libc::POLLOUT != 0 {
            libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len());
        }
    }
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    // A panic's own message may quote what it broke on, which may be somebody's. This library's hook alone is replaced.
    panic::set_hook(Box::new(|panic| {
        if let Some(place) = panic.location() {
            tell(place);
        }
    }));
    phone::read_plans_by(read_plans);
    #[cfg(feature = "panic_on_purpose")]
    magnus::Object::define_singleton_method(native, "panic", magnus::function!(panic, 1))?;
    let _ = native;
    Ok(())
}
