//! Lets the other fibers of a thread go on while one waits, where a scheduler runs them (`Fiber.set_scheduler`).
//!
//! A scheduler is told of a wait by the file that is waited for, so the future rings by writing to a pipe.

use std::{
    fs::File,
    io::{self, Write},
    mem::ManuallyDrop,
    os::fd::FromRawFd,
};

use magnus::{Error, Ruby, Value, prelude::*};

use crate::error;

/// The end that the future writes to. Closed with the callback_queue, whichever side drops it last.
pub(crate) struct FiberWaker(File);

impl FiberWaker {
    /// Never blocks: in a pipe that is full there is enough to wake a fiber.
    pub(crate) fn ring(&self) {
        let _ = (&self.0).write(b"!");
    }
}

/// The end that the fiber waits at: an `IO`, on the waiting thread's stack.
pub(crate) struct Listener(Value);

impl Listener {
    /// Gives the thread to other fibers until the waker has rung. What ends the fiber early is raised.
    pub(crate) fn wait(&self) -> Result<(), Error> {
        let _: Value = self.0.funcall("readpartial", (64,))?;
        Ok(())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _: Result<Value, Error> = self.0.funcall("close", ());
    }
}

/// Both ends, where the current fiber is one that a scheduler runs.
pub(crate) fn listen(ruby: &Ruby) -> Result<Option<(Listener, FiberWaker)>, Error> {
    // SAFETY: it takes nothing, raises nothing and answers with nil or an object that the thread keeps.
    if unsafe { rb_sys::rb_fiber_scheduler_current() } == rb_sys::Qnil as rb_sys::VALUE {
        return Ok(None);
    }
    // Ruby's own pipes do not block and are closed by exec.
    let (reader, writer): (Value, Value) = ruby.class_io().funcall("pipe", ()).map_err(|failure| {
        if failure.is_kind_of(ruby.exception_system_call_error()) { error::no_room(ruby, "files") } else { failure }
    })?;
    let listener = Listener(reader);
    let copied = copy(writer.funcall("fileno", ())?);
    let _: Value = writer.funcall("close", ())?;
    let waker = copied.map_err(|_| error::no_room(ruby, "files"))?;
    Ok(Some((listener, FiberWaker(waker))))
}

/// The same file by a number of its own, which no `close` of Ruby's takes away.
fn copy(number: i32) -> io::Result<File> {
    // SAFETY: whoever calls has `number` open until this returns.
    let borrowed = unsafe { ManuallyDrop::new(File::from_raw_fd(number)) };
    borrowed.try_clone()
}
