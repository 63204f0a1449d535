//! Gives back to the system what the C library's allocator keeps.

use magnus::{Error, RModule, function, prelude::*};

use crate::park;

/// Of each thread glibc keeps an arena, and of an arena whatever lies before the last piece in use: threads that have
/// worked in turn keep tens of megabytes each of which nearly all is free. Other allocators give it back by themselves.
fn give_back() {
    park::aside(|| {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        // SAFETY: it may be called on any thread at any time, locks each arena for itself, and moves nothing.
        unsafe {
            libc::malloc_trim(0);
        }
    });
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("give_back_memory", function!(give_back, 0))
}
