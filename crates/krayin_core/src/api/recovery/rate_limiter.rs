use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    BoxFuture,
    retry::{Micros, Permit, Priority, RateObservation, RateState},
};

/// How long after it was reserved a request that is sent is told of: others may soon take it for given up.
const LATE: Duration = Duration::from_secs(10);

/// What is to become of a kept state, given the time of the store's clock. It may be asked more than once.
pub type Change<'a> = Box<dyn FnMut(&mut RateState, Micros) + Send + 'a>;

/// The port that keeps what is known of each token's budget: for the threads of a process, or for all processes that
/// share a store. It knows no rule.
pub trait LimiterStore: Send + Sync {
    /// Applies `change` to the state of `identity`, so that no other change comes between. `change` is called again
    /// where one did. A store that cannot be reached returns all the same: the server still counts.
    fn update<'a>(&'a self, identity: &'a str, change: Change<'a>) -> BoxFuture<'a, ()>;

    /// How many requests the token has left, as far as is known without asking: of several, the one with the most is
    /// asked first. As many as anybody wants where nothing is known.
    fn room(&self, identity: &str) -> u32 {
        let _ = identity;
        u32::MAX
    }
}

/// A store within one process, of one token.
#[derive(Debug)]
pub struct MemoryStore {
    state: Mutex<RateState>,
    began: Instant,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self { state: Mutex::default(), began: Instant::now() }
    }
}

impl LimiterStore for MemoryStore {
    fn update<'a>(&'a self, _: &'a str, mut change: Change<'a>) -> BoxFuture<'a, ()> {
        let now = Micros::try_from(self.began.elapsed().as_micros()).unwrap_or(Micros::MAX);
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner), now);
        Box::pin(std::future::ready(()))
    }

    fn room(&self, _: &str) -> u32 {
        let now = Micros::try_from(self.began.elapsed().as_micros()).unwrap_or(Micros::MAX);
        self.state.lock().unwrap_or_else(PoisonError::into_inner).room(now)
    }
}

/// Grants one token's requests by the rules of [`RateState`].
///
/// Over a store that is far away, make one a piece of work and let it reserve two requests [at once](Self::at_once), both
/// or none: most calls are a read and the write that depends on it, and a read whose write has to wait is a request lost.
/// What came of them is then told with the next step, or by [`settle`](Self::settle) at the end.
pub struct RateLimiter {
    store: Arc<dyn LimiterStore>,
    identity: String,
    throttled: AtomicBool,
    at_once: u32,
    reservation: Mutex<Reservation>,
}

#[derive(Debug, Clone, Default)]
struct Reservation {
    /// Numbers that were granted and not sent, and when they were granted.
    held: VecDeque<(u64, Instant)>,
    /// What the store has not been told yet.
    observed: Vec<Observed>,
}

#[derive(Debug, Clone, Copy)]
struct Observed {
    number: u64,
    observation: RateObservation,
    sent: Instant,
    answered: Instant,
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter").field("at_once", &self.at_once).finish_non_exhaustive()
    }
}

impl Default for RateLimiter {
    fn default() -> Self {
        Self::new(Arc::new(MemoryStore::default()), String::new())
    }
}

impl RateLimiter {
    /// One over `store`, of the token with that identity.
    pub fn new(store: Arc<dyn LimiterStore>, identity: String) -> Self {
        Self { store, identity, throttled: AtomicBool::new(false), at_once: 1, reservation: Mutex::default() }
    }

    /// Reserves that many requests at a time. Then it is one piece of work's own, and [`settle`](Self::settle) ends it.
    #[must_use]
    pub fn at_once(mut self, count: u32) -> Self {
        self.at_once = count.max(1);
        self
    }

    /// The server is known to throttle, though it has not told how yet.
    pub fn assume_limit(&self) {
        self.throttled.store(true, Ordering::Relaxed);
    }

    /// Whether something is reserved and not sent.
    pub(in crate::api) fn holds(&self) -> bool {
        !self.reservation().held.is_empty()
    }

    /// As of [`LimiterStore::room`].
    pub(in crate::api) fn room(&self) -> u32 {
        self.store.room(&self.identity)
    }

    /// Leave to send one request now: its number, or how long to stay away.
    pub(in crate::api) async fn take(&self, priority: Priority) -> Result<u64, Duration> {
        let held = self.reservation().held.pop_front();
        if let Some((number, since)) = held {
            if since.elapsed() > LATE {
                self.store.update(&self.identity, Box::new(move |state, now| state.mark_sent(number, now))).await;
            }
            return Ok(number);
        }
        let observed = std::mem::take(&mut self.reservation().observed);
        let throttled = self.throttled.load(Ordering::Relaxed);
        let mut permit = Permit::Granted { first: 0, count: 1 };
        let change: Change<'_> = Box::new(|state, now| {
            tell(state, &observed, now);
            if throttled {
                state.assume_limit();
            }
            permit = state.reserve(self.at_once, priority, now);
        });
        self.store.update(&self.identity, change).await;
        match permit {
            Permit::RetryAfter(wait) => Err(wait),
            Permit::Granted { first, count } => {
                let now = Instant::now();
                let rest = (first..).skip(1).take((count as usize).saturating_sub(1));
                self.reservation().held.extend(rest.map(|number| (number, now)));
                Ok(first)
            }
        }
    }

    /// What came of the request with that number, sent at that time. 0 is the number of none.
    pub(in crate::api) async fn observe(&self, number: u64, observation: RateObservation, sent: Instant) {
        self.reservation().observed.push(Observed { number, observation, sent, answered: Instant::now() });
        // What keeps everybody back is everybody's at once.
        if self.at_once == 1 || matches!(observation, RateObservation::Exhausted(_)) {
            let observed = std::mem::take(&mut self.reservation().observed);
            self.store.update(&self.identity, Box::new(|state, now| tell(state, &observed, now))).await;
        }
    }

    /// That request is not sent after all.
    pub(in crate::api) async fn release(&self, number: u64) {
        self.store.update(&self.identity, Box::new(move |state, _| state.release(number))).await;
    }

    /// The work is done: tells what came of it, and gives back what it did not send.
    pub async fn settle(&self) {
        let Reservation { held, observed } = std::mem::take(&mut *self.reservation());
        if held.is_empty() && observed.is_empty() {
            return;
        }
        let change: Change<'_> = Box::new(|state, now| {
            tell(state, &observed, now);
            held.iter().for_each(|(number, _)| state.release(*number));
        });
        self.store.update(&self.identity, change).await;
    }

    fn reservation(&self) -> MutexGuard<'_, Reservation> {
        self.reservation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(state: &mut RateState, observed: &[Observed], now: Micros) {
    let at =
        |moment: Instant| now.saturating_sub(Micros::try_from(moment.elapsed().as_micros()).unwrap_or(Micros::MAX));
    for one in observed {
        state.observe(one.number, one.observation, at(one.sent), at(one.answered));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    use tokio::time::{Instant, advance};

    use super::{Change, LimiterStore, MemoryStore, RateLimiter};
    use crate::{
        BoxFuture,
        retry::{Priority, RateObservation},
    };

    /// A store that counts its calls, and that lets another's change come between each.
    #[derive(Default)]
    struct Counted {
        store: MemoryStore,
        calls: AtomicU32,
    }

    impl LimiterStore for Counted {
        fn update<'a>(&'a self, identity: &'a str, mut change: Change<'a>) -> BoxFuture<'a, ()> {
            self.calls.fetch_add(1, Ordering::Relaxed);
            change(&mut crate::retry::RateState::default(), 0);
            self.store.update(identity, change)
        }
    }

    fn of(store: &Arc<Counted>, at_once: u32) -> RateLimiter {
        let limiter = RateLimiter::new(Arc::clone(store) as Arc<_>, "server".into()).at_once(at_once);
        limiter.assume_limit();
        limiter
    }

    async fn send(limiter: &RateLimiter, remaining: u32) {
        let number = limiter.take(Priority::Live).await.unwrap();
        let counted = RateObservation::Counted { limit: 60, remaining };
        limiter.observe(number, counted, Instant::now()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_contact_takes_two_steps_and_no_change_none() {
        let store = Arc::new(Counted::default());
        let calls = || store.calls.swap(0, Ordering::Relaxed);
        let nothing = of(&store, 2);
        nothing.settle().await;
        assert_eq!(calls(), 0, "an event that changes nothing");
        let contact = of(&store, 2);
        send(&contact, 59).await;
        send(&contact, 58).await;
        contact.settle().await;
        assert_eq!(calls(), 2, "a search and a create");
        let five = of(&store, 2);
        for remaining in (53..58).rev() {
            send(&five, remaining).await;
        }
        five.settle().await;
        assert_eq!(calls(), 4, "five requests");
        let alone = of(&store, 1);
        let mut left = 0;
        while alone.take(Priority::Live).await.is_ok() {
            left += 1;
        }
        assert_eq!(left, 53, "what was held is given back");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_held_for_others_is_asked_for_again_soon() {
        let store = Arc::new(Counted::default());
        let work: Vec<_> = (0..31).map(|_| of(&store, 2)).collect();
        let mut taken = Vec::new();
        for one in &work {
            taken.push(one.take(Priority::Live).await.map(|_| ()));
        }
        assert!(taken[..30].iter().all(Result::is_ok));
        assert_eq!(taken[30], Err(Duration::from_secs(2)));
        work[0].settle().await;
        assert_eq!(work[30].take(Priority::Live).await, Err(Duration::from_secs(2)), "one alone is not two");
        work[1].settle().await;
        assert!(work[30].take(Priority::Live).await.is_ok());
        // The others have died: half of what they reserved was sent, as far as anybody knows.
        advance(Duration::from_secs(31)).await;
        let mut left = 0;
        while of(&store, 1).take(Priority::Live).await.is_ok() {
            left += 1;
        }
        assert_eq!(left, 29);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_sent_late_is_told_of() {
        let store = Arc::new(Counted::default());
        let slow = of(&store, 2);
        slow.take(Priority::Live).await.unwrap();
        advance(Duration::from_secs(20)).await;
        slow.take(Priority::Live).await.unwrap();
        advance(Duration::from_secs(15)).await;
        let mut left = 0;
        while of(&store, 1).take(Priority::Live).await.is_ok() {
            left += 1;
        }
        assert_eq!(left, 58);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_everybodys_at_once() {
        let store = Arc::new(Counted::default());
        let first = of(&store, 2);
        let number = first.take(Priority::Live).await.unwrap();
        first.observe(number, RateObservation::Exhausted(Duration::from_secs(9)), Instant::now()).await;
        assert_eq!(of(&store, 2).take(Priority::Live).await, Err(Duration::from_secs(9)));
    }
}
