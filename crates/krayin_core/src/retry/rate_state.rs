use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::look_after;

/// A moment of the limiter's clock, in microseconds: of the one clock that all who share a state read.
pub type Micros = u64;

/// The throttle's window: it begins with its first request.
pub const WINDOW: Duration = Duration::from_secs(60);

/// What a stock Krayin takes in a window.
const STOCK_LIMIT: u32 = 60;

/// How long an answer is waited for: a request that is older can no longer count in the present window.
const FORGOTTEN: Duration = Duration::from_secs(120);

/// How long what was reserved, and not sent, is held for who reserved it.
const HELD: Duration = Duration::from_secs(30);

/// When to ask again where what is left is held by others, who may give it back.
const SOON: Duration = Duration::from_secs(2);

/// How long the others wait for what the first request after a long refusal brings.
const LOOK: Duration = Duration::from_secs(30);

/// A state that was learned this much later than now is of a clock that has since been set back.
const CLOCK_SLACK: Duration = Duration::from_secs(2);

/// How often the clock is noted while nothing else is.
const NOTED: Duration = Duration::from_secs(60);

/// Whether somebody waits for what a request brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// An event that has just happened.
    #[default]
    Live,
    /// Work that has time: an import, a repair. Spread evenly over each window to its end, so that a live event finds as
    /// much of it as there is time left, and what it takes is taken from this work.
    Bulk,
}

/// The answer to a request for leave to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Send that many. Each has a number, counted from `first`, which is handed back with what came of it.
    Granted {
        /// The first one's number.
        first: u64,
        /// How many there are, at least one.
        count: u32,
    },
    /// The window is spent; come back after this.
    RetryAfter(Duration),
}

/// What an answer told of the server's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateObservation {
    /// The server counted the request: `X-RateLimit-Limit` and `X-RateLimit-Remaining`.
    Counted {
        /// Requests in a window.
        limit: u32,
        /// Those that were left after this one.
        remaining: u32,
    },
    /// It is not known whether the server counted it.
    Unknown,
    /// The server refused it: none before this has passed.
    Exhausted(Duration),
}

/// How long work that has time waits for its next request: a window's come due evenly, after a start of a tenth, and
/// those that live events have taken count as well. `None`: not at all.
fn even(limit: u32, left: u32, to_end: Duration) -> Option<Duration> {
    if left == 0 {
        return Some(to_end);
    }
    let start = limit / 10;
    let spread = limit.saturating_sub(start).max(1);
    // The next request is due when as many as are spent beyond the start have come due.
    let due = WINDOW * limit.saturating_sub(left).saturating_sub(start) / spread;
    let passed = WINDOW.saturating_sub(to_end);
    Some(due.saturating_sub(passed).min(to_end)).filter(|wait| !wait.is_zero())
}

fn micros(duration: Duration) -> Micros {
    Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX)
}

fn between(from: Micros, to: Micros) -> Duration {
    Duration::from_micros(to.saturating_sub(from))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Window {
    /// The fewest that the server has said are left.
    remaining: u32,
    /// When it last said fewer than before.
    learned: Micros,
    /// When the window is over, at the earliest and at the latest: it began while its first request was on its way.
    may_end: Micros,
    ends: Micros,
}

impl Window {
    fn new(remaining: u32, sent: Micros, now: Micros) -> Self {
        let window = micros(WINDOW);
        Self {
            remaining,
            learned: now,
            may_end: sent.saturating_add(window).min(now.saturating_add(window)),
            ends: now.saturating_add(window),
        }
    }

    /// None are left until `wait` has passed.
    fn spent(wait: Duration, now: Micros) -> Self {
        let ends = now.saturating_add(micros(wait));
        Self { remaining: 0, learned: now, may_end: ends, ends }
    }
}

/// A request that was granted and of which nothing has been heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    since: Micros,
    /// It may not have been sent yet.
    held: bool,
}

/// What is known of the budget of one token, and the rules by which its requests are granted, so that the server never
/// has to refuse one. Kept by a [`LimiterStore`](crate::api::LimiterStore), as JSON where processes share it.
///
/// In a window the server only counts down. So what is left is at least the fewest that it told, less the requests on
/// their way; and an answer to a request that was sent after that was told, but tells of no fewer, comes from a new
/// window. The server's clock is not needed, nor is anybody else's count: who else uses the token shows in what it tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RateState {
    limit: Option<u32>,
    window: Option<Window>,
    /// When the last window ended.
    ended: Option<Micros>,
    /// Late answers that may have been counted in the window to come.
    carried: u32,
    /// The server asked for a wait so long that it is asked again meanwhile: by one request, for which the others wait.
    look: bool,
    /// The number of that request.
    looker: u64,
    /// Requests on their way, or about to be.
    reserved: BTreeMap<u64, Slot>,
    last_number: u64,
    /// What the clock said, within a minute.
    clock: Micros,
}

impl RateState {
    /// The server is known to throttle, if not yet how. A server of which nothing is known is not paced.
    pub fn assume_limit(&mut self) {
        self.limit.get_or_insert(STOCK_LIMIT);
    }

    /// Leave to send `count` requests now, all or none; fewer only where a window has not as many. The first is taken
    /// for sent, the others are held for half a minute.
    pub fn reserve(&mut self, count: u32, priority: Priority, now: Micros) -> Permit {
        self.forget(now);
        self.close_window(now);
        let mut count = count.max(1);
        if let Some(limit) = self.limit {
            count = count.min(limit.max(1));
            if self.look && self.window.is_none() {
                count = 1;
            } else if let Some(wait) = self.wait(limit, count, priority, now) {
                return Permit::RetryAfter(wait);
            }
        }
        let first = self.last_number.saturating_add(1);
        if self.look {
            self.window = Some(Window::spent(LOOK, now));
            self.looker = first;
        }
        for number in (first..).take(count as usize) {
            self.reserved.insert(number, Slot { since: now, held: number != first });
            self.last_number = number;
        }
        Permit::Granted { first, count }
    }

    /// How many requests are left of the window; as many as anybody wants where no limit is known.
    pub fn room(&self, now: Micros) -> u32 {
        let Some(limit) = self.limit else { return u32::MAX };
        let window = self.window.filter(|window| window.ends > now);
        let left = window.map_or(limit.saturating_sub(self.carried), |window| window.remaining);
        left.saturating_sub(u32::try_from(self.reserved.len()).unwrap_or(u32::MAX))
    }

    fn wait(&self, limit: u32, count: u32, priority: Priority, now: Micros) -> Option<Duration> {
        let full = limit.saturating_sub(self.carried).max(1);
        let left = self.window.map_or(full, |window| window.remaining);
        let to_end = self.window.map_or(WINDOW, |window| between(now, window.ends));
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let taken = number(self.reserved.len());
        let held = number(self.reserved.values().filter(|slot| slot.held).count());
        if left.saturating_sub(taken - held) < count {
            return Some(to_end);
        }
        if left.saturating_sub(taken) < count {
            return Some(SOON.min(to_end));
        }
        (priority == Priority::Bulk).then(|| even(limit, left.saturating_sub(taken - held), to_end)).flatten()
    }

    /// The request with that number is sent now, though it was reserved a while ago.
    pub fn mark_sent(&mut self, number: u64, now: Micros) {
        self.reserved.insert(number, Slot { since: now, held: false });
    }

    /// The request with that number is not sent.
    pub fn release(&mut self, number: u64) {
        self.reserved.remove(&number);
    }

    /// What came of the request with that number, which was sent at `sent` and answered at `answered`. An answer may be
    /// told of later than others that came after it.
    pub fn observe(&mut self, number: u64, observation: RateObservation, sent: Micros, answered: Micros) {
        self.reserved.remove(&number);
        self.close_window(answered);
        // The answer may tell of the window that has ended since; the request may have been the present one's.
        let observation = match observation {
            RateObservation::Counted { limit, .. } if self.ended.is_some_and(|ended| sent < ended) => {
                self.limit = Some(limit);
                RateObservation::Unknown
            }
            other => other,
        };
        if self.look && number == self.looker && !matches!(observation, RateObservation::Exhausted(_)) {
            self.look = false;
            self.window = None;
        }
        match observation {
            RateObservation::Counted { limit, remaining } => {
                self.limit = Some(limit);
                match &mut self.window {
                    Some(window) if remaining < window.remaining => {
                        window.remaining = remaining;
                        window.learned = window.learned.max(answered);
                    }
                    Some(window) if sent <= window.learned => {
                        self.carried += u32::from(answered >= window.may_end);
                    }
                    _ => {
                        self.window = Some(Window::new(remaining, sent, answered));
                        self.carried = 0;
                    }
                }
            }
            RateObservation::Unknown => {
                if let Some(limit) = self.limit {
                    let full = limit.saturating_sub(self.carried);
                    let window = self.window.get_or_insert(Window::new(full, sent, answered));
                    window.remaining = window.remaining.saturating_sub(1);
                }
            }
            RateObservation::Exhausted(wait) => {
                self.assume_limit();
                let time = look_after(wait);
                self.look = time < wait;
                self.window = Some(Window::spent(time, answered));
            }
        }
    }

    /// Forgets what is too old to matter, and what is of a clock that has since been set back.
    fn forget(&mut self, now: Micros) {
        let slack = now.saturating_add(micros(CLOCK_SLACK));
        if self.clock > slack {
            // How much of a window was over by then nobody knows.
            self.window = None;
        }
        if self.clock > slack || between(self.clock, now) > NOTED {
            self.clock = now;
        }
        self.reserved.retain(|_, slot| {
            slot.since <= slack && between(slot.since, now) < if slot.held { HELD } else { FORGOTTEN }
        });
        self.window = self.window.filter(|window| window.learned <= slack);
        self.ended = self.ended.filter(|ended| *ended <= slack);
    }

    fn close_window(&mut self, now: Micros) {
        if let Some(window) = self.window
            && window.ends <= now
        {
            self.window = None;
            self.ended = Some(window.ends);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Micros, Permit, Priority, RateObservation, RateState, WINDOW, even, micros};

    const SECOND: Duration = Duration::from_secs(1);
    const START: Micros = 1_700_000_000_000_000;

    fn at(since_start: Duration) -> Micros {
        START + micros(since_start)
    }

    fn take(state: &mut RateState, priority: Priority, now: Duration) -> Permit {
        state.reserve(1, priority, at(now))
    }

    fn go(state: &mut RateState, now: Duration) -> Request {
        match take(state, Priority::Live, now) {
            Permit::Granted { first, count: 1 } => Request { number: first, sent: at(now) },
            refused => panic!("{refused:?}"),
        }
    }

    struct Request {
        number: u64,
        sent: Micros,
    }

    impl Request {
        fn told(&self, state: &mut RateState, observation: RateObservation, now: Duration) {
            state.observe(self.number, observation, self.sent, at(now));
        }
    }

    fn counted(remaining: u32) -> RateObservation {
        RateObservation::Counted { limit: 60, remaining }
    }

    #[test]
    fn a_server_without_rate_headers_is_not_paced() {
        let (mut state, now) = (RateState::default(), Duration::ZERO);
        for _ in 0..1000 {
            let number = go(&mut state, now);
            number.told(&mut state, RateObservation::Unknown, now);
        }
    }

    #[test]
    fn one_that_is_known_to_throttle_gets_sixty() {
        let (mut state, now) = (RateState::default(), Duration::ZERO);
        state.assume_limit();
        for _ in 0..60 {
            go(&mut state, now);
        }
        assert_eq!(take(&mut state, Priority::Live, now), Permit::RetryAfter(WINDOW));
    }

    #[test]
    fn what_is_left_is_what_was_told_less_what_is_under_way() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        let first = go(&mut state, start);
        let second = go(&mut state, start);
        first.told(&mut state, counted(2), start + SECOND);
        go(&mut state, start + SECOND);
        assert_eq!(take(&mut state, Priority::Live, start + 11 * SECOND), Permit::RetryAfter(50 * SECOND));
        second.told(&mut state, counted(1), start + 11 * SECOND);
        assert_eq!(
            take(&mut state, Priority::Live, start + 11 * SECOND),
            Permit::RetryAfter(50 * SECOND),
            "one is under way yet"
        );
    }

    #[test]
    fn bulk_work_is_spread_over_all_of_a_window() {
        let seconds = Duration::from_secs;
        let table = [
            // left of sixty, seconds to the window's end, what bulk work waits
            (60, 60, None),
            (55, 60, None),
            (54, 60, None),
            (53, 60, Some(Duration::from_millis(1_111))),
            (53, 58, None),
            (26, 30, Some(Duration::from_millis(1_111))),
            (28, 30, None),
            (1, 60, Some(Duration::from_millis(58_888))),
            (1, 1, None),
            (0, 9, Some(seconds(9))),
        ];
        for (left, to_end, expected) in table {
            let wait = even(60, left, seconds(to_end)).map(|wait| Duration::from_millis(wait.as_millis() as u64));
            assert_eq!(wait, expected, "{left} left, {to_end} s to the end");
        }
        assert_eq!(even(1, 1, WINDOW), None, "the smallest limit is no standstill");
    }

    #[test]
    fn live_events_go_while_any_are_left() {
        let (mut state, now) = (RateState::default(), Duration::ZERO);
        let number = go(&mut state, now);
        number.told(&mut state, counted(15), now);
        assert!(matches!(take(&mut state, Priority::Bulk, now), Permit::RetryAfter(_)));
        for _ in 0..15 {
            go(&mut state, now);
        }
        assert_eq!(take(&mut state, Priority::Live, now), Permit::RetryAfter(WINDOW));
    }

    /// At any second of an import a live event finds what is left, or waits for two seconds at most.
    #[test]
    fn a_live_event_beside_an_import_goes_at_once_or_soon() {
        for second in 0..60 {
            let (mut state, start) = (RateState::default(), Duration::ZERO);
            let (mut left, mut now) = (60, start);
            let live = start + second * SECOND;
            loop {
                let wait = match take(&mut state, Priority::Bulk, now) {
                    Permit::Granted { first, .. } => {
                        left -= 1;
                        state.observe(first, counted(left), at(now), at(now));
                        Duration::ZERO
                    }
                    Permit::RetryAfter(wait) => wait,
                };
                if now + wait > live {
                    break;
                }
                now += wait;
            }
            match take(&mut state, Priority::Live, live) {
                Permit::Granted { .. } => {}
                Permit::RetryAfter(wait) => assert!(wait <= 2 * SECOND, "{second}: {wait:?}"),
            }
        }
    }

    /// An import alone: all of each window, in every sixth of it about as many.
    #[test]
    fn an_import_is_spent_evenly() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        let mut sixths = [0_u32; 6];
        let mut left = 60;
        let mut now = start;
        while now < start + WINDOW {
            match take(&mut state, Priority::Bulk, now) {
                Permit::Granted { first, .. } => {
                    left -= 1;
                    state.observe(first, counted(left), at(now), at(now));
                    sixths[((now - start).as_secs() / 10) as usize] += 1;
                }
                Permit::RetryAfter(wait) => now += wait,
            }
        }
        assert_eq!(sixths.iter().sum::<u32>(), 60);
        assert!(sixths[1..].iter().all(|spent| (8..=10).contains(spent)), "{sixths:?}");
    }

    #[test]
    fn a_new_window_is_seen_by_what_is_told_of_it() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        let late = go(&mut state, start);
        let number = go(&mut state, start);
        number.told(&mut state, counted(5), start);
        // Counted before the other, answered after it: the same window.
        late.told(&mut state, counted(6), start + SECOND);
        assert_eq!(state.window.unwrap().remaining, 5);
        let number = go(&mut state, start + 2 * SECOND);
        number.told(&mut state, counted(59), start + 3 * SECOND);
        assert_eq!(state.window.unwrap().remaining, 59);
        assert_eq!(state.window.unwrap().ends, at(start + 3 * SECOND + WINDOW));
    }

    #[test]
    fn a_refusal_keeps_everybody_back_until_its_time() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        let number = go(&mut state, start);
        number.told(&mut state, RateObservation::Exhausted(9 * SECOND), start);
        assert_eq!(take(&mut state, Priority::Live, start + SECOND), Permit::RetryAfter(8 * SECOND));
        go(&mut state, start + 9 * SECOND);
    }

    #[test]
    fn a_straggler_tells_nothing_of_the_window_that_has_begun_since() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        let number = go(&mut state, start);
        let straggler = go(&mut state, start);
        number.told(&mut state, counted(1), start);
        straggler.told(&mut state, counted(0), start + WINDOW);
        for _ in 0..59 {
            go(&mut state, start + WINDOW);
        }
        assert_eq!(take(&mut state, Priority::Live, start + WINDOW), Permit::RetryAfter(WINDOW));
    }

    #[test]
    fn a_late_answer_may_have_been_the_next_windows_first() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        let late = go(&mut state, start);
        let number = go(&mut state, start);
        number.told(&mut state, counted(0), start + SECOND);
        // The window is over at the server, though not yet for certain here.
        late.told(&mut state, counted(59), start + WINDOW);
        assert_eq!(take(&mut state, Priority::Live, start + WINDOW), Permit::RetryAfter(SECOND));
        let next = start + WINDOW + SECOND;
        for _ in 0..59 {
            go(&mut state, next);
        }
        assert_eq!(take(&mut state, Priority::Live, next), Permit::RetryAfter(WINDOW));
    }

    #[test]
    fn a_request_that_nobody_finished_is_forgotten() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        state.assume_limit();
        for _ in 0..60 {
            go(&mut state, start);
        }
        go(&mut state, start + 2 * WINDOW);
    }

    /// A server that counts in fixed windows, clients in a crowd, and answers that come in any order.
    #[test]
    fn no_crowd_makes_the_server_refuse_one() {
        for seed in 0..40_u64 {
            let mut random_state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut random = move |below: u64| {
                random_state ^= random_state << 13;
                random_state ^= random_state >> 7;
                random_state ^= random_state << 17;
                random_state % below
            };
            let (mut state, start) = (RateState::default(), Duration::ZERO);
            if seed % 2 == 0 {
                state.assume_limit();
            }
            let (mut ends, mut calls, mut refused, mut sent) = (0_u64, 0_u32, 0, 0);
            // (request, arrives at, answered at, what the server says), times in milliseconds
            let mut under_way: Vec<(Request, u64, u64, Option<u32>)> = Vec::new();
            for now in (0..400_000_u64).step_by(50) {
                for (_, arrives, _, said) in &mut under_way {
                    if said.is_none() && *arrives <= now {
                        if ends <= *arrives {
                            (ends, calls) = (*arrives + 60_000, 0);
                        }
                        calls += 1;
                        refused += usize::from(calls > 60);
                        *said = Some(60_u32.saturating_sub(calls));
                    }
                }
                let time = start + Duration::from_millis(now);
                under_way.retain(|(request, _, answered, said)| match said {
                    Some(remaining) if *answered <= now => {
                        request.told(&mut state, counted(*remaining), time);
                        false
                    }
                    _ => true,
                });
                while under_way.len() < 40 {
                    match take(&mut state, Priority::Live, time) {
                        Permit::Granted { first, .. } => {
                            let arrives = now + 1 + random(400);
                            let request = Request { number: first, sent: at(time) };
                            under_way.push((request, arrives, arrives + 1 + random(3000), None));
                            sent += 1;
                        }
                        Permit::RetryAfter(wait) => {
                            assert!(wait <= WINDOW);
                            break;
                        }
                    }
                }
            }
            assert_eq!(refused, 0, "seed {seed}");
            assert!(sent >= 6 * 60, "seed {seed}: {sent}");
        }
    }

    /// What a batch of work tells together, later than others told: nothing of it is taken for a new window.
    #[test]
    fn what_is_told_late_changes_nothing() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        let early = go(&mut state, start);
        let other = go(&mut state, start + SECOND);
        other.told(&mut state, counted(40), start + 9 * SECOND);
        early.told(&mut state, counted(59), start + SECOND);
        assert_eq!(state.window.unwrap().remaining, 40);
        assert_eq!(state.carried, 0);
    }

    #[test]
    fn a_wait_of_a_day_is_looked_into_every_five_minutes_by_one() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        go(&mut state, start).told(&mut state, RateObservation::Exhausted(SECOND * 86_400), start);
        let mut now = start;
        for _ in 0..3 {
            assert_eq!(take(&mut state, Priority::Live, now), Permit::RetryAfter(SECOND * 300));
            now += SECOND * 300;
            let look = go(&mut state, now);
            assert_eq!(
                take(&mut state, Priority::Live, now),
                Permit::RetryAfter(SECOND * 30),
                "the others wait for it"
            );
            look.told(&mut state, RateObservation::Exhausted(SECOND * 86_400), now);
        }
        now += SECOND * 300;
        go(&mut state, now);
        now += SECOND * 30;
        let look = go(&mut state, now);
        look.told(&mut state, counted(59), now);
        // One look was never answered, and may have been counted.
        for _ in 0..58 {
            go(&mut state, now);
        }
    }

    #[test]
    fn a_quarter_of_an_hour_is_kept() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        go(&mut state, start).told(&mut state, RateObservation::Exhausted(SECOND * 900), start);
        assert_eq!(take(&mut state, Priority::Live, start + SECOND * 899), Permit::RetryAfter(SECOND));
        for _ in 0..60 {
            go(&mut state, start + SECOND * 900);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nobody() {
        let (mut state, later) = (RateState::default(), SECOND * 86_400);
        let number = go(&mut state, later);
        number.told(&mut state, counted(0), later);
        state.assume_limit();
        assert!(matches!(take(&mut state, Priority::Live, later), Permit::RetryAfter(_)));
        for _ in 0..60 {
            go(&mut state, Duration::ZERO);
        }
        assert_eq!(take(&mut state, Priority::Live, Duration::ZERO), Permit::RetryAfter(WINDOW));
    }

    /// How much of it is over is then no more known.
    #[test]
    fn a_clock_that_is_set_back_within_a_refusal_does_not_lengthen_it() {
        for (asked, jump) in [(900, 600), (900, 890), (86_400, 250), (60, 59)] {
            let mut state = RateState::default();
            go(&mut state, SECOND * 10_000).told(
                &mut state,
                RateObservation::Exhausted(SECOND * asked),
                SECOND * 10_000,
            );
            let (mut clock, mut waited, mut is_set) = (10_000, 0, false);
            while let Permit::RetryAfter(_) = take(&mut state, Priority::Live, SECOND * clock) {
                clock += 1;
                waited += 1;
                if clock == 10_000 + jump && !is_set {
                    (clock, is_set) = (10_001, true);
                }
                assert!(waited <= 1000, "{asked} {jump}");
            }
            assert!(waited <= asked.min(900) + 60, "{asked} {jump}: {waited}");
        }
    }

    #[test]
    fn two_at_once_are_both_or_none() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        go(&mut state, start).told(&mut state, counted(1), start);
        assert_eq!(state.reserve(2, Priority::Live, at(start)), Permit::RetryAfter(WINDOW));
        assert!(matches!(state.reserve(1, Priority::Live, at(start)), Permit::Granted { .. }));
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        go(&mut state, start).told(&mut state, counted(16), start);
        assert!(matches!(state.reserve(2, Priority::Bulk, at(start)), Permit::RetryAfter(_)), "before its time");
        assert!(matches!(state.reserve(2, Priority::Live, at(start)), Permit::Granted { count: 2, .. }));
    }

    #[test]
    fn a_state_is_kept_as_text() {
        let (mut state, start) = (RateState::default(), Duration::ZERO);
        go(&mut state, start).told(&mut state, counted(31), start);
        go(&mut state, start);
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<RateState>(&text).unwrap(), state);
        assert_eq!(serde_json::from_str::<RateState>("{}").unwrap(), RateState::default());
    }
}
