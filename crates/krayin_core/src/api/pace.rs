use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::{
    BoxFuture,
    retry::{Leave, Pacing, Told, Urgency},
};

/// The port that paces the requests of one token among all who use it: the threads of a process, or with a store that
/// they share, its processes.
///
/// One that cannot reach its store answers [`Leave::Go`] and passes over what it is told: the server still counts.
pub trait Pace: Send + Sync {
    /// Leave to send one request now.
    fn take(&self, urgency: Urgency) -> BoxFuture<'_, Leave>;

    /// What came of the request with the number that came with its leave. A request that was cancelled is never told of.
    fn learn(&self, number: u64, told: Told) -> BoxFuture<'_, ()>;

    /// The server is known to throttle, though it has not told how yet.
    fn assume_limit(&self) {}
}

/// Paces within one process.
#[derive(Debug, Default)]
pub struct MemoryPace(Mutex<Pacing>);

impl MemoryPace {
    fn lock(&self) -> std::sync::MutexGuard<'_, Pacing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace for MemoryPace {
    fn take(&self, urgency: Urgency) -> BoxFuture<'_, Leave> {
        let leave = self.lock().take(urgency, Instant::now().into_std());
        Box::pin(std::future::ready(leave))
    }

    fn learn(&self, number: u64, told: Told) -> BoxFuture<'_, ()> {
        self.lock().learn(number, told, Instant::now().into_std());
        Box::pin(std::future::ready(()))
    }

    fn assume_limit(&self) {
        self.lock().assume_limit();
    }
}
