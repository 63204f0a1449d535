use std::time::{Duration, Instant};

/// Failures in a row after which a server counts as down.
const FAILURES: u32 = 5;

/// How long a server that counts as down is left alone.
const REST: Duration = Duration::from_secs(30);

/// A circuit breaker: a server that is down costs one attempt in half a minute, not three for every job.
///
/// Closed, everything passes. After five attempts in a row without an answer of Krayin's it opens. Half a minute later
/// one attempt is let through: an answer closes it, another failure keeps it open.
#[derive(Debug, Clone, Copy, Default)]
pub struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// How long no attempt may be made yet.
    pub fn rests(&self, now: Instant) -> Option<Duration> {
        self.open_until.and_then(|until| until.checked_duration_since(now)).filter(|rest| !rest.is_zero())
    }

    /// Whether an attempt is made now; otherwise how long none may.
    pub fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        match self.open_until {
            None => Ok(()),
            Some(until) if now < until => Err(until - now),
            Some(_) => {
                // This one tries; until it is back, or never comes back, the others wait as long again.
                self.open_until = Some(now + REST);
                Ok(())
            }
        }
    }

    /// An attempt brought an answer of Krayin's, good or bad.
    pub fn answered(&mut self) {
        *self = Self::default();
    }

    /// An attempt brought none: no connection, no answer in time, a gateway's.
    pub fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.open_until = Some(now + REST);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Breaker, FAILURES, REST};

    #[test]
    fn opens_after_failures_in_a_row_and_tries_one_after_a_rest() {
        let start = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 1..FAILURES {
            breaker.failed(start);
        }
        breaker.answered();
        for _ in 0..FAILURES {
            assert_eq!(breaker.admit(start), Ok(()));
            breaker.failed(start);
        }
        assert_eq!(breaker.admit(start), Err(REST));
        assert_eq!(breaker.admit(start + REST - Duration::from_secs(1)), Err(Duration::from_secs(1)));
        let later = start + REST;
        assert_eq!(breaker.admit(later), Ok(()), "half open: one tries");
        assert_eq!(breaker.admit(later), Err(REST), "the others wait for it");
        breaker.failed(later);
        assert_eq!(breaker.admit(later), Err(REST));
        assert_eq!(breaker.admit(later + REST), Ok(()));
        breaker.answered();
        assert_eq!(breaker.admit(later + REST), Ok(()));
    }

    #[test]
    fn a_trial_that_never_comes_back_does_not_keep_it_open() {
        let start = Instant::now();
        let mut breaker = Breaker::default();
        (0..FAILURES).for_each(|_| breaker.failed(start));
        assert_eq!(breaker.admit(start + REST), Ok(()));
        assert_eq!(breaker.admit(start + 2 * REST), Ok(()));
    }
}
