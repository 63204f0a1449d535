use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The throttle's window: it begins with its first request.
pub const WINDOW: Duration = Duration::from_secs(60);

/// What a stock Krayin takes in a window.
const STOCK_LIMIT: u32 = 60;

/// How long an answer is waited for: a request that is older can no longer count in the present window.
const FORGOTTEN: Duration = Duration::from_secs(120);

/// Whether somebody waits for what a request brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Urgency {
    /// An event that has just happened.
    #[default]
    Live,
    /// Work that has time: an import, a repair. It is spread over each window, a quarter of which is left to live events.
    Bulk,
}

/// The answer to a request for leave to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Send. The number is handed back with what came of it.
    Go(u64),
    /// The window is spent; come back after this.
    ComeBack(Duration),
}

/// What came of a request that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The server counted it: `X-RateLimit-Limit` and `X-RateLimit-Remaining`.
    Counted {
        /// Requests in a window.
        limit: u32,
        /// Those that were left after this one.
        remaining: u32,
    },
    /// It is not known whether the server counted it.
    Nothing,
    /// The server refused it: none before this has passed.
    Spent(Duration),
}

/// How long work that has time waits for its next request: what it may spend of a window comes due evenly, after a
/// start of a tenth, and a quarter never does. `None`: not at all.
fn even(limit: u32, left: u32, to_end: Duration) -> Option<Duration> {
    let (start, reserve) = (limit / 10, limit / 4);
    if left <= reserve {
        return Some(to_end);
    }
    let spread = limit.saturating_sub(start).saturating_sub(reserve).max(1);
    // The next request is due when as many as are spent beyond the start have come due.
    let due = WINDOW * limit.saturating_sub(left).saturating_sub(start) / spread;
    let passed = WINDOW.saturating_sub(to_end);
    Some(due.saturating_sub(passed).min(to_end)).filter(|wait| !wait.is_zero())
}

#[derive(Debug, Clone, Copy)]
struct Window {
    /// The fewest that the server has said are left.
    remaining: u32,
    /// When it last said fewer than before.
    learned: Instant,
    /// When the window is over, at the earliest and at the latest: it began while its first request was on its way.
    may_end: Instant,
    ends: Instant,
}

impl Window {
    fn new(remaining: u32, sent: Instant, now: Instant) -> Self {
        Self { remaining, learned: now, may_end: sent + WINDOW, ends: now + WINDOW }
    }
}

/// Paces the requests of one token, so that the server never has to refuse one.
///
/// In a window the server only counts down. So what is left is at least the fewest that it told, less the requests on
/// their way; and an answer to a request that was sent after that was told, but tells of no fewer, comes from a new
/// window. The server's clock is not needed, nor is anybody else's count: who else uses the token shows in what it tells.
#[derive(Debug, Clone, Default)]
pub struct Pacing {
    limit: Option<u32>,
    window: Option<Window>,
    /// When the last window ended.
    ended: Option<Instant>,
    /// Requests that may have been counted in the window to come.
    carried: u32,
    /// Requests on their way, and when they were sent.
    under_way: BTreeMap<u64, Instant>,
    last_number: u64,
}

impl Pacing {
    /// The server is known to throttle, if not yet how. A server of which nothing is known is not paced.
    pub fn assume_limit(&mut self) {
        self.limit.get_or_insert(STOCK_LIMIT);
    }

    /// Leave to send one request now.
    pub fn take(&mut self, urgency: Urgency, now: Instant) -> Leave {
        self.under_way.retain(|_, sent| now.saturating_duration_since(*sent) < FORGOTTEN);
        self.close_window(now);
        if let Some(limit) = self.limit {
            let under_way = u32::try_from(self.under_way.len()).unwrap_or(u32::MAX);
            let full = limit.saturating_sub(self.carried).max(1);
            let left = self.window.map_or(full, |window| window.remaining).saturating_sub(under_way);
            let to_end = self.window.map_or(WINDOW, |window| window.ends.saturating_duration_since(now));
            let wait = match urgency {
                Urgency::Live => (left == 0).then_some(to_end),
                Urgency::Bulk => even(limit, left, to_end),
            };
            if let Some(wait) = wait {
                return Leave::ComeBack(wait);
            }
        }
        self.last_number += 1;
        self.under_way.insert(self.last_number, now);
        Leave::Go(self.last_number)
    }

    /// Learns what came of the request with that number.
    pub fn learn(&mut self, number: u64, told: Told, now: Instant) {
        let sent = self.under_way.remove(&number).unwrap_or(now);
        self.close_window(now);
        // The answer may tell of the window that has ended since; the request may have been the present one's.
        let told = match told {
            Told::Counted { limit, .. } if self.ended.is_some_and(|ended| sent < ended) => {
                self.limit = Some(limit);
                Told::Nothing
            }
            other => other,
        };
        match told {
            Told::Counted { limit, remaining } => {
                self.limit = Some(limit);
                match &mut self.window {
                    Some(window) if remaining < window.remaining => {
                        window.remaining = remaining;
                        window.learned = now;
                    }
                    Some(window) if sent <= window.learned => {
                        self.carried += u32::from(now >= window.may_end);
                    }
                    _ => {
                        self.window = Some(Window::new(remaining, sent, now));
                        self.carried = 0;
                    }
                }
            }
            Told::Nothing => {
                if let Some(limit) = self.limit {
                    let full = limit.saturating_sub(self.carried);
                    let window = self.window.get_or_insert(Window::new(full, sent, now));
                    window.remaining = window.remaining.saturating_sub(1);
                }
            }
            Told::Spent(wait) => {
                self.assume_limit();
                self.window = Some(Window { remaining: 0, learned: now, may_end: now + wait, ends: now + wait });
            }
        }
    }

    fn close_window(&mut self, now: Instant) {
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
    use std::time::{Duration, Instant};

    use super::{Leave, Pacing, Told, Urgency, WINDOW, even};

    const SECOND: Duration = Duration::from_secs(1);

    fn go(pacing: &mut Pacing, now: Instant) -> u64 {
        match pacing.take(Urgency::Live, now) {
            Leave::Go(number) => number,
            refused => panic!("{refused:?}"),
        }
    }

    fn counted(remaining: u32) -> Told {
        Told::Counted { limit: 60, remaining }
    }

    #[test]
    fn a_server_without_rate_headers_is_not_paced() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        for _ in 0..1000 {
            let number = go(&mut pacing, now);
            pacing.learn(number, Told::Nothing, now);
        }
    }

    #[test]
    fn one_that_is_known_to_throttle_gets_sixty() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        pacing.assume_limit();
        for _ in 0..60 {
            go(&mut pacing, now);
        }
        assert_eq!(pacing.take(Urgency::Live, now), Leave::ComeBack(WINDOW));
    }

    #[test]
    fn what_is_left_is_what_was_told_less_what_is_under_way() {
        let (mut pacing, start) = (Pacing::default(), Instant::now());
        let first = go(&mut pacing, start);
        let second = go(&mut pacing, start);
        pacing.learn(first, counted(2), start + SECOND);
        go(&mut pacing, start + SECOND);
        assert_eq!(pacing.take(Urgency::Live, start + 11 * SECOND), Leave::ComeBack(50 * SECOND));
        pacing.learn(second, counted(1), start + 11 * SECOND);
        assert_eq!(
            pacing.take(Urgency::Live, start + 11 * SECOND),
            Leave::ComeBack(50 * SECOND),
            "one is under way yet"
        );
    }

    #[test]
    fn bulk_work_is_spread_and_leaves_a_quarter_to_live_events() {
        let seconds = Duration::from_secs;
        let table = [
            // left of sixty, seconds to the window's end, what bulk work waits
            (60, 60, None),
            (55, 60, None),
            (54, 60, None),
            (53, 60, Some(Duration::from_millis(1_538))),
            (53, 58, None),
            (34, 30, Some(Duration::from_millis(769))),
            (35, 30, None),
            (16, 60, Some(Duration::from_millis(58_461))),
            (16, 1, None),
            (15, 60, Some(seconds(60))),
            (15, 1, Some(seconds(1))),
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
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        let number = go(&mut pacing, now);
        pacing.learn(number, counted(15), now);
        assert_eq!(pacing.take(Urgency::Bulk, now), Leave::ComeBack(WINDOW));
        for _ in 0..15 {
            go(&mut pacing, now);
        }
        assert_eq!(pacing.take(Urgency::Live, now), Leave::ComeBack(WINDOW));
    }

    /// An import alone: three quarters of each window, in every sixth of it about as many.
    #[test]
    fn an_import_is_spent_evenly() {
        let (mut pacing, start) = (Pacing::default(), Instant::now());
        let mut sixths = [0_u32; 6];
        let mut left = 60;
        let mut now = start;
        while now < start + WINDOW {
            match pacing.take(Urgency::Bulk, now) {
                Leave::Go(number) => {
                    left -= 1;
                    pacing.learn(number, counted(left), now);
                    sixths[((now - start).as_secs() / 10) as usize] += 1;
                }
                Leave::ComeBack(wait) => now += wait,
            }
        }
        assert_eq!(sixths.iter().sum::<u32>(), 45);
        assert!(sixths[1..].iter().all(|spent| (6..=7).contains(spent)), "{sixths:?}");
    }

    #[test]
    fn a_new_window_is_seen_by_what_is_told_of_it() {
        let (mut pacing, start) = (Pacing::default(), Instant::now());
        let late = go(&mut pacing, start);
        let number = go(&mut pacing, start);
        pacing.learn(number, counted(5), start);
        // Counted before the other, answered after it: the same window.
        pacing.learn(late, counted(6), start + SECOND);
        assert_eq!(pacing.window.unwrap().remaining, 5);
        let number = go(&mut pacing, start + 2 * SECOND);
        pacing.learn(number, counted(59), start + 3 * SECOND);
        assert_eq!(pacing.window.unwrap().remaining, 59);
        assert_eq!(pacing.window.unwrap().ends, start + 3 * SECOND + WINDOW);
    }

    #[test]
    fn a_refusal_keeps_everybody_back_until_its_time() {
        let (mut pacing, start) = (Pacing::default(), Instant::now());
        let number = go(&mut pacing, start);
        pacing.learn(number, Told::Spent(9 * SECOND), start);
        assert_eq!(pacing.take(Urgency::Live, start + SECOND), Leave::ComeBack(8 * SECOND));
        go(&mut pacing, start + 9 * SECOND);
    }

    #[test]
    fn a_straggler_tells_nothing_of_the_window_that_has_begun_since() {
        let (mut pacing, start) = (Pacing::default(), Instant::now());
        let number = go(&mut pacing, start);
        let straggler = go(&mut pacing, start);
        pacing.learn(number, counted(1), start);
        pacing.learn(straggler, counted(0), start + WINDOW);
        for _ in 0..59 {
            go(&mut pacing, start + WINDOW);
        }
        assert_eq!(pacing.take(Urgency::Live, start + WINDOW), Leave::ComeBack(WINDOW));
    }

    #[test]
    fn a_late_answer_may_have_been_the_next_windows_first() {
        let (mut pacing, start) = (Pacing::default(), Instant::now());
        let late = go(&mut pacing, start);
        let number = go(&mut pacing, start);
        pacing.learn(number, counted(0), start + SECOND);
        // The window is over at the server, though not yet for certain here.
        pacing.learn(late, counted(59), start + WINDOW);
        assert_eq!(pacing.take(Urgency::Live, start + WINDOW), Leave::ComeBack(SECOND));
        let next = start + WINDOW + SECOND;
        for _ in 0..59 {
            go(&mut pacing, next);
        }
        assert_eq!(pacing.take(Urgency::Live, next), Leave::ComeBack(WINDOW));
    }

    #[test]
    fn a_request_that_nobody_finished_is_forgotten() {
        let (mut pacing, start) = (Pacing::default(), Instant::now());
        pacing.assume_limit();
        for _ in 0..60 {
            go(&mut pacing, start);
        }
        go(&mut pacing, start + 2 * WINDOW);
    }

    /// A server that counts in fixed windows, clients in a crowd, and answers that come in any order.
    #[test]
    fn no_crowd_makes_the_server_refuse_one() {
        for seed in 0..40_u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut random = move |below: u64| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state % below
            };
            let (mut pacing, start) = (Pacing::default(), Instant::now());
            if seed % 2 == 0 {
                pacing.assume_limit();
            }
            let (mut ends, mut calls, mut refused, mut sent) = (0_u64, 0_u32, 0, 0);
            // (number, arrives at, answered at, what the server says), times in milliseconds
            let mut under_way: Vec<(u64, u64, u64, Option<u32>)> = Vec::new();
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
                let at = |ms: u64| start + Duration::from_millis(ms);
                under_way.retain(|(number, _, answered, said)| match said {
                    Some(remaining) if *answered <= now => {
                        pacing.learn(*number, counted(*remaining), at(now));
                        false
                    }
                    _ => true,
                });
                while under_way.len() < 40 {
                    match pacing.take(Urgency::Live, at(now)) {
                        Leave::Go(number) => {
                            let arrives = now + 1 + random(400);
                            under_way.push((number, arrives, arrives + 1 + random(3000), None));
                            sent += 1;
                        }
                        Leave::ComeBack(wait) => {
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
}
