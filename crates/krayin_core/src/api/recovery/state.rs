use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::api::RateLimiter;
use crate::retry::{Breaker, Budget, TokenHistory};

/// How long a token that was refused is left out, before it is tried again.
const REFUSED: Duration = Duration::from_secs(600);

/// What the answers so far have told of a server and a token. Share one among all clients of the same:
/// without that, each believes that the whole budget is its own.
#[derive(Debug, Default)]
pub struct ServerState {
    known: Mutex<Known>,
    pub(in crate::api) limiter: Arc<RateLimiter>,
}

#[derive(Debug, Default)]
struct Known {
    sends_rate_headers: Option<bool>,
    /// Whether the set-up saw rate headers: then the token worked.
    set_up: bool,
    worked: Option<Instant>,
    failing_since: Option<Instant>,
    refused: Option<Instant>,
    budget: Budget,
    breaker: Breaker,
}

impl ServerState {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::api) fn sends_rate_headers(&self) -> Option<bool> {
        self.lock().sends_rate_headers
    }

    /// What the set-up saw, until an answer tells.
    pub(in crate::api) fn assume_rate_headers(&self, sends: bool) {
        let mut known = self.lock();
        known.sends_rate_headers.get_or_insert(sends);
        known.set_up = true;
    }

    /// An answer was good, and whether it bore rate headers, where that tells anything of other calls.
    pub(in crate::api) fn worked(&self, rate_headers: Option<bool>) {
        let mut known = self.lock();
        known.sends_rate_headers = rate_headers.or(known.sends_rate_headers);
        known.worked = Some(Instant::now());
        known.failing_since = None;
        known.refused = None;
    }

    /// The token was refused, where others can go on.
    pub(in crate::api) fn refuse(&self) {
        self.lock().refused = Some(Instant::now());
    }

    /// Whether the token is left out for now.
    pub(in crate::api) fn is_refused(&self) -> bool {
        self.lock().refused.is_some_and(|at| at.elapsed() < REFUSED)
    }

    /// Whether the token works, as far as answers have told.
    pub(in crate::api) fn works(&self) -> Option<bool> {
        let known = self.lock();
        known.refused.map(|_| false).or_else(|| known.worked.map(|_| true))
    }

    /// Whether an answer was ever good, if only at the set-up.
    pub(in crate::api) fn ever_worked(&self) -> bool {
        let known = self.lock();
        known.worked.is_some() || known.set_up
    }

    /// A bare 500 has come: what was before it?
    pub(in crate::api) fn token_history(&self) -> TokenHistory {
        let mut known = self.lock();
        let failing = known.failing_since.get_or_insert_with(Instant::now).elapsed();
        let worked = known.worked.map(|at| at.elapsed());
        TokenHistory { worked, ever_worked: worked.is_some() || known.set_up, failing }
    }

    /// A call begins.
    pub(in crate::api) fn earn(&self) {
        self.lock().budget.earn();
    }

    pub(in crate::api) fn can_spend(&self) -> bool {
        self.lock().budget.can_spend()
    }

    /// A call repeats an attempt.
    pub(in crate::api) fn spend(&self) {
        self.lock().budget.spend();
    }

    /// How long a server that counts as down is left alone yet.
    pub(in crate::api) fn rests(&self) -> Option<Duration> {
        self.lock().breaker.rests(Instant::now().into_std())
    }

    /// Whether the server counts as up; otherwise how long it is left alone.
    pub(in crate::api) fn admit(&self) -> Result<(), Duration> {
        self.lock().breaker.admit(Instant::now().into_std())
    }

    /// Whether an attempt brought an answer of Krayin's, good or bad.
    pub(in crate::api) fn note(&self, answered: bool) {
        let mut known = self.lock();
        if answered {
            known.breaker.answered();
        } else {
            known.breaker.failed(Instant::now().into_std());
        }
    }
}
