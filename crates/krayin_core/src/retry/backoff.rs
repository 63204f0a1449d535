use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// How long to wait before the next attempt: full jitter under an exponential cap.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The cap before the second attempt.
    pub base: Duration,
    /// The cap before any attempt.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_secs(1), cap: Duration::from_secs(20) }
    }
}

impl Backoff {
    /// The wait after `attempt` attempts (1 or more); `jitter` is in 0..1.
    pub fn delay(self, attempt: u32, jitter: f64) -> Duration {
        let doubled = self.base.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
        doubled.min(self.cap).mul_f64(jitter.clamp(0.0, 1.0))
    }
}

/// Random numbers for spreading retries; not for secrets. Seed it anew in every process: two workers forked from one
/// parent must not wait for the same times.
#[derive(Debug)]
pub struct Jitter(AtomicU64);

impl Jitter {
    /// One that no other process or moment repeats.
    pub fn new() -> Self {
        use std::hash::{BuildHasher, RandomState};
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self(AtomicU64::new(RandomState::new().hash_one((std::process::id(), now.as_nanos()))))
    }

    /// The next number in 0..1.
    pub fn next(&self) -> f64 {
        // SplitMix64: the state only counts, so threads cannot disturb each other.
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Default for Jitter {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Backoff, Jitter};

    #[test]
    fn doubles_up_to_the_cap_and_spreads_below_it() {
        let backoff = Backoff::default();
        for (attempt, jitter, millis) in [
            (1, 1.0, 1000),
            (2, 1.0, 2000),
            (3, 1.0, 4000),
            (6, 1.0, 20_000),
            (u32::MAX, 1.0, 20_000),
            (2, 0.5, 1000),
            (2, 0.0, 0),
        ] {
            assert_eq!(backoff.delay(attempt, jitter), Duration::from_millis(millis), "{attempt} {jitter}");
        }
        assert_eq!(backoff.delay(1, f64::NAN.max(0.0)), Duration::ZERO);
        assert_eq!(backoff.delay(0, 7.0), Duration::from_secs(1));
    }

    #[test]
    fn jitter_stays_within_its_bounds_and_moves() {
        let jitter = Jitter::new();
        let drawn: Vec<f64> = (0..1000).map(|_| jitter.next()).collect();
        assert!(drawn.iter().all(|x| (0.0..1.0).contains(x)));
        let mean = drawn.iter().sum::<f64>() / 1000.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
        assert_ne!(Jitter::new().next(), jitter.next());
    }
}
