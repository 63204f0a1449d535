//! What wakes a Ruby thread that waits without the GVL when Ruby wants something of it, from a signal handler too.
//!
//! A handler may run on any thread and be late: the sleeper may have gone on, ended, or its alarm may be another's by
//! then. So no alarm is ever freed, one that is put back is used again, and a ring too many wakes a thread that finds
//! nothing wanted of it. There are as many as ever slept at once. All share one wire into the runtime, since a handler
//! may do little more than set a word and write a byte.

use std::{
    io::{self, Write},
    os::unix::net::UnixStream,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
};

/// The alarms of one process, and the wire that they ring by.
pub(crate) struct Alarms {
    wire: &'static UnixStream,
    free: Mutex<Vec<&'static Alarm>>,
    all: Arc<Mutex<Vec<&'static Alarm>>>,
}

pub(crate) struct Alarm {
    rung: AtomicBool,
    wire: &'static UnixStream,
    sleeper: Mutex<Option<Waker>>,
}

impl Alarms {
    /// Within a runtime, which then tells the sleepers.
    pub(crate) fn new() -> io::Result<Self> {
        let (end, wire) = UnixStream::pair()?;
        end.set_nonblocking(true)?;
        wire.set_nonblocking(true)?;
        let all = Arc::<Mutex<Vec<&'static Alarm>>>::default();
        tokio::spawn(tell(tokio::net::UnixStream::from_std(end)?, Arc::clone(&all)));
        Ok(Self { wire: Box::leak(Box::new(wire)), free: Mutex::default(), all })
    }
}

/// Wakes whoever sleeps by an alarm that has rung.
async fn tell(wire: tokio::net::UnixStream, alarms: Arc<Mutex<Vec<&'static Alarm>>>) {
    let mut rings = [0; 64];
    while wire.readable().await.is_ok() {
        while wire.try_read(&mut rings).is_ok_and(|count| count == rings.len()) {}
        for alarm in alarms.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if alarm.has_rung()
                && let Some(sleeper) = alarm.sleeper.lock().unwrap_or_else(PoisonError::into_inner).take()
            {
                sleeper.wake();
            }
        }
    }
}

impl Alarm {
    /// Ruby wants something of the thread. What a full wire does not take is told already.
    pub(crate) fn ring(&self) {
        self.rung.store(true, Ordering::SeqCst);
        let _ = { self.wire }.write(b"!");
    }

    pub(crate) fn has_rung(&self) -> bool {
        self.rung.load(Ordering::SeqCst)
    }

    /// Whether it has rung; else `waker` is woken when it does.
    pub(crate) fn listen(&self, waker: &Waker) -> bool {
        let mut sleeper = self.sleeper.lock().unwrap_or_else(PoisonError::into_inner);
        if sleeper.as_ref().is_none_or(|known| !known.will_wake(waker)) {
            *sleeper = Some(waker.clone());
        }
        self.has_rung()
    }
}

/// An alarm for one stretch of sleep, put back at its end. Taken and put back with the GVL held, so that no fork comes
/// between.
pub(crate) struct Lent<'a> {
    alarm: &'static Alarm,
    alarms: &'a Alarms,
}

impl<'a> Lent<'a> {
    pub(crate) fn take(alarms: &'a Alarms) -> Self {
        let free = alarms.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let alarm = free.unwrap_or_else(|| {
            let new = Alarm { rung: AtomicBool::new(false), wire: alarms.wire, sleeper: Mutex::default() };
            let alarm: &'static Alarm = Box::leak(Box::new(new));
            alarms.all.lock().unwrap_or_else(PoisonError::into_inner).push(alarm);
            alarm
        });
        // What rang late was meant for the one who slept by it before.
        alarm.rung.store(false, Ordering::SeqCst);
        Self { alarm, alarms }
    }

    pub(crate) fn alarm(&self) -> &'static Alarm {
        self.alarm
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.alarms.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.alarm);
    }
}
