use std::time::Duration;

/// What is known of a server and a token when a bare 500 comes: one without the rate headers that good answers carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHistory {
    /// How long ago an answer was good; `None` when none was yet.
    pub worked: Option<Duration>,
    /// Whether the token is known to have worked at all, if only at the set-up.
    pub ever_worked: bool,
    /// How long bare failures have been coming since the last good answer; zero at the first.
    pub failing: Duration,
}

/// What to make of a bare 500 before anything is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    /// It is the throttle's: come back after this. Of a server without one: it is not the token's.
    Throttle(Duration),
    /// It may be the token: ask `GET get`.
    Token,
}

/// Tells the throttle's bare 500 from a refused token's.
///
/// A token that worked within the window, or that is known to have worked once and has failed for less than a window,
/// is only throttled: other processes may have spent its requests. A throttle lets it in again when its window is over;
/// a failure that outlasts the window is the token's. Only so is no account shut off because a colleague's import used
/// the minute up.
pub fn suspect(past: TokenHistory, window: Duration) -> Suspicion {
    if past.worked.is_some_and(|ago| ago < window) || (past.ever_worked && past.failing < window) {
        Suspicion::Throttle(window.saturating_sub(past.failing).max(Duration::from_secs(1)))
    } else {
        Suspicion::Token
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Suspicion, TokenHistory, suspect};

    const WINDOW: Duration = Duration::from_secs(60);

    #[test]
    fn suspects() {
        let seconds = Duration::from_secs;
        let past = |worked: Option<u64>, ever_worked, failing| TokenHistory {
            worked: worked.map(seconds),
            ever_worked,
            failing: seconds(failing),
        };
        let table = [
            ("it worked a second ago", past(Some(1), true, 0), Suspicion::Throttle(WINDOW)),
            ("it worked 50 s ago and fails for 40 s", past(Some(50), true, 40), Suspicion::Throttle(seconds(20))),
            ("it worked long ago and fails for the first time", past(Some(900), true, 0), Suspicion::Throttle(WINDOW)),
            ("it worked long ago and fails for 59 s", past(Some(900), true, 59), Suspicion::Throttle(seconds(1))),
            ("it worked long ago and fails for a window", past(Some(900), true, 60), Suspicion::Token),
            ("it worked at the set-up", past(None, true, 0), Suspicion::Throttle(WINDOW)),
            ("it worked at the set-up and fails for a window", past(None, true, 60), Suspicion::Token),
            ("it never worked", past(None, false, 0), Suspicion::Token),
        ];
        for (name, past, expected) in table {
            assert_eq!(suspect(past, WINDOW), expected, "{name}");
        }
    }
}
