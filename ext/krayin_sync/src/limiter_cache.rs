//! What the store of the limiter kept when this process last saw it, and its clock.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// More are forgotten: a guess that is not there costs one question to the store.
const MOST: usize = 1_000;

/// A guess at what the store keeps. It may be wrong: the store compares.
#[derive(Default)]
pub(crate) struct LimiterCache(Mutex<HashMap<String, Seen>>);

struct Seen {
    state: String,
    /// The store's clock, in microseconds, and when it showed that.
    clock: u64,
    at: Instant,
}

impl LimiterCache {
    /// The last state of `identity`, and what the store's clock shows now as far as is known; blank and 0 where nothing is.
    pub(crate) fn last_seen(&self, identity: &str) -> (String, u64) {
        let seen = self.lock();
        seen.get(identity).map_or_else(Default::default, |seen| {
            let since = u64::try_from(seen.at.elapsed().as_micros()).unwrap_or(u64::MAX);
            (seen.state.clone(), seen.clock.saturating_add(since))
        })
    }

    pub(crate) fn saw(&self, identity: &str, state: String, clock: u64) {
        let mut seen = self.lock();
        if seen.len() >= MOST && !seen.contains_key(identity) {
            seen.clear();
        }
        seen.insert(identity.to_owned(), Seen { state, clock, at: Instant::now() });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
