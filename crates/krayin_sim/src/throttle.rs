//! The throttle: calls a minute for each user, all tokens together, in a window that begins with its first call.

use std::collections::HashMap;

use crate::answer::Failure;
use crate::server::Server;
use crate::switches::Switches;

/// Calls a minute.
const LIMIT: u32 = 60;
const WINDOW: i64 = 60;
/// Deletes of persons an hour, on every package's servers; where nothing else is throttled, the rate headers tell of it.
const DELETE_LIMIT: u32 = 100;
const DELETE_WINDOW: i64 = 3600;

/// Which budget a call spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Budget {
    Every,
    PersonDelete,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    ends: i64,
    calls: u32,
}

/// Who has called how often.
#[derive(Debug)]
pub(crate) struct Throttle {
    server: Server,
    on: bool,
    /// Calls a minute, where they are not the server's own.
    limit: Option<u32>,
    windows: HashMap<(Budget, u64), Window>,
}

/// What the rate headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
}

impl Throttle {
    pub(crate) fn new(server: Server, switches: &Switches) -> Self {
        let mut throttle = Self { server, on: true, limit: None, windows: HashMap::new() };
        throttle.turn(switches);
        throttle
    }

    pub(crate) fn turn(&mut self, switches: &Switches) {
        self.on = switches.throttle;
        self.limit = switches.calls_a_minute;
    }

    /// Counts one call. None where the call is not throttled and its answer has no rate headers.
    pub(crate) fn count(&mut self, user: u64, deletes_person: bool, now: i64) -> Result<Option<Rate>, Failure> {
        let every = self.limit.or(self.server.throttles_every_call().then_some(LIMIT));
        let (budget, limit, window) = if let Some(limit) = every {
            (Budget::Every, limit, WINDOW)
        } else if deletes_person && self.server.throttles_person_delete() {
            (Budget::PersonDelete, DELETE_LIMIT, DELETE_WINDOW)
        } else {
            return Ok(None);
        };
        if !self.on {
            return Ok(Some(Rate { limit, remaining: limit - 1 }));
        }
        let rate = self.spend((budget, user), limit, window, now)?;
        if deletes_person && budget != Budget::PersonDelete && !self.server.is_honest() {
            self.spend((Budget::PersonDelete, user), DELETE_LIMIT, DELETE_WINDOW, now)?;
        }
        Ok(Some(rate))
    }

    fn spend(&mut self, of: (Budget, u64), limit: u32, window: i64, now: i64) -> Result<Rate, Failure> {
        let entry = self.windows.entry(of).or_insert(Window { ends: now + window, calls: 0 });
        if entry.ends <= now {
            *entry = Window { ends: now + window, calls: 0 };
        }
        if entry.calls >= limit {
            return Err(Failure::TooMany { limit, seconds: entry.ends - now });
        }
        entry.calls += 1;
        Ok(Rate { limit, remaining: limit - entry.calls })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_holds_sixty_calls() {
        let mut throttle = Throttle::new(Server::Krayin210, &Switches::default());
        for call in 1..=60 {
            let rate = throttle.count(2, false, 100).unwrap().unwrap();
            assert_eq!(rate.remaining, 60 - call);
        }
        assert!(matches!(throttle.count(2, false, 101), Err(Failure::TooMany { seconds: 59, .. })));
        assert!(throttle.count(3, false, 101).is_ok());
        assert_eq!(throttle.count(2, false, 160).unwrap().unwrap().remaining, 59);
    }

    #[test]
    fn the_newer_server_throttles_deletes_of_persons_alone() {
        let mut throttle = Throttle::new(Server::Krayin223Official, &Switches::default());
        assert_eq!(throttle.count(2, false, 0).unwrap(), None);
        assert_eq!(throttle.count(2, true, 0).unwrap().unwrap().limit, 100);
    }

    #[test]
    fn the_older_server_throttles_both() {
        let mut throttle = Throttle::new(Server::Krayin210, &Switches::default());
        for delete in 0..100 {
            assert_eq!(throttle.count(2, true, delete * 30).unwrap().unwrap().limit, 60);
        }
        assert!(throttle.count(2, true, 3000).is_err() && throttle.count(2, false, 3000).is_ok());
    }

    #[test]
    fn any_server_can_be_given_a_limit() {
        let switches = Switches { calls_a_minute: Some(2), ..Switches::default() };
        let mut throttle = Throttle::new(Server::Krayin223Official, &switches);
        assert_eq!(throttle.count(2, false, 0).unwrap().unwrap(), Rate { limit: 2, remaining: 1 });
        assert!(throttle.count(2, false, 0).is_ok() && throttle.count(2, false, 0).is_err());
        throttle.turn(&Switches { throttle: false, ..switches });
        assert!(throttle.count(2, false, 0).is_ok());
    }
}
