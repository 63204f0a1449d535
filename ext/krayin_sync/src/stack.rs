//! Room on the stack for the core, whatever is left of the caller's: a fiber has as much as its installation says, 128 KiB
//! at the least, and any thread may call from deep within.
//!
//! Ruby ends an overflow by a jump out of wherever it was (`SystemStackError`). In the middle of the core that would leave
//! its locks held, and every later call waiting for them. So where little is left, the core runs on a stack of its own; and
//! what stands between Ruby and the core first tries whether there is enough for itself.

use std::{
    cell::Cell,
    io,
    mem::MaybeUninit,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
    thread,
};

use magnus::{Error, Ruby};

/// Twice what a call takes: 256 KiB for a conversation, built with few optimizations.
const NEEDED: usize = 512 * 1024;

/// What stands between Ruby and the core takes less.
const BRIDGE: usize = 32 * 1024;

/// Less than what Ruby keeps free where it says that there is room.
const STEP: usize = 2 * 1024;

/// As large as that of a thread of Rust's. What is never touched is never taken.
const SIZE: usize = 2 * 1024 * 1024;

/// No system that this runs on has larger pages.
const GUARD: usize = 64 * 1024;

/// More are given back to the system.
const MOST: usize = 16;

/// The places of those that nobody uses. Held with the GVL alone, which a fork takes as well.
static FREE: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Whether the core has room on this stack. No fiber's is known.
pub(crate) fn is_roomy() -> bool {
    thread_local! {
        static OWN: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
    }
    let own = OWN.get().or_else(|| {
        let own = own_stack().map(|own| (own.start, own.end));
        OWN.set(own);
        own
    });
    let here = psm::stack_pointer() as usize;
    own.is_some_and(|(low, high)| here < high && here >= low.saturating_add(NEEDED))
}

/// Ends a call here, where nothing is held, that would overflow later.
///
/// The system's own word that a stack has ended comes on a signal's stack, where Ruby's collector, should it run for the
/// exception, looks for references beyond any stack: so what is not there is asked for, and never touched.
///
/// # Errors
///
/// `SystemStackError`, of which enough of the stack is left to be made.
pub(crate) fn probe(ruby: &Ruby) -> Result<(), Error> {
    #[inline(never)]
    fn is_short(steps: usize) -> bool {
        let mut step = [const { MaybeUninit::<u8>::uninit() }; STEP];
        std::hint::black_box(&mut step);
        // SAFETY: it compares where it stands with the bounds of this fiber's stack.
        let is_short = unsafe { rb_sys::ruby_stack_check() } != 0 || (steps > 0 && is_short(steps - 1));
        // Not the last thing done, or the frame would be gone when the next is made.
        std::hint::black_box(&mut step);
        is_short
    }
    if is_roomy() || !is_short(BRIDGE / STEP) {
        return Ok(());
    }
    Err(Error::new(ruby.exception_sys_stack_error(), "stack level too deep"))
}

#[cfg(target_os = "linux")]
fn own_stack() -> Option<Range<usize>> {
    let mut attributes = MaybeUninit::uninit();
    let (mut low, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the first call fills the attributes, which the others read and release.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let failed = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut low, &raw mut size) != 0;
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        if failed {
            return None;
        }
    }
    Some(low as usize..(low as usize).saturating_add(size))
}

#[cfg(target_os = "macos")]
fn own_stack() -> Option<Range<usize>> {
    // SAFETY: both read what the system knows of this thread.
    let (high, size) = unsafe {
        (
            libc::pthread_get_stackaddr_np(libc::pthread_self()) as usize,
            libc::pthread_get_stacksize_np(libc::pthread_self()),
        )
    };
    Some(high.saturating_sub(size)..high)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn own_stack() -> Option<Range<usize>> {
    None
}

/// A stack of the core's for one stretch of work or one call, put back at its end. Taken and put back with the GVL held.
pub(crate) struct Room {
    /// Where its guard begins, whose pages nobody can touch.
    place: usize,
}

impl Room {
    pub(crate) fn take() -> io::Result<Self> {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.map_or_else(map, Ok).map(|place| Self { place })
    }

    /// Runs `work` on it, which calls nothing of Ruby's: a collector would look for references on the stack that was left.
    /// What it panics of is the answer.
    pub(crate) fn run<T>(&self, work: impl FnOnce() -> T) -> thread::Result<T> {
        let caught = || catch_unwind(AssertUnwindSafe(work));
        // SAFETY: the stack is this room's alone, its bounds are whole pages with a guard below, and a panic ends within it.
        unsafe { psm::on_stack((self.place + GUARD) as *mut u8, SIZE, caught) }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < MOST {
            free.push(self.place);
        } else {
            unmap(self.place);
        }
    }
}

fn map() -> io::Result<usize> {
    let (access, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE);
    // SAFETY: the system chooses a place that is nobody's.
    let place = unsafe { libc::mmap(std::ptr::null_mut(), GUARD + SIZE, access, flags, -1, 0) };
    if place == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the guard is within what was just given.
    if unsafe { libc::mprotect(place, GUARD, libc::PROT_NONE) } != 0 {
        let failure = io::Error::last_os_error();
        unmap(place as usize);
        return Err(failure);
    }
    Ok(place as usize)
}

fn unmap(place: usize) {
    // SAFETY: it is a place that `map` was given, and nothing runs there any more.
    unsafe { libc::munmap(place as *mut libc::c_void, GUARD + SIZE) };
}
