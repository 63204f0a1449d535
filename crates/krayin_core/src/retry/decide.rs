use std::time::Duration;

/// The longest that a call waits before an attempt. A longer wait that a server asks for goes to the caller, who can put
/// the job off: a worker that sleeps serves nobody.
pub const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// What is known when an attempt has failed.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Whether the failure may pass by itself.
    pub passing: bool,
    /// Whether the server may have acted on the request.
    pub may_have_run: bool,
    /// Whether it may be acting on it yet: nobody has heard of its end.
    pub may_still_run: bool,
    /// Whether the failure is that another record has a value, which an earlier attempt may have put there itself.
    pub taken_by_us: bool,
    /// Whether a second execution leaves what one leaves.
    pub idempotent: bool,
    /// Whether there is a way to see what the request left.
    pub can_look: bool,
    /// Whether the server itself refuses a second record of the same identity.
    pub guarded: bool,
    /// How many attempts were made.
    pub attempt: u32,
    /// How many may be made in all.
    pub most: u32,
    /// Whether the server's retry budget pays for another.
    pub affordable: bool,
    /// The wait that the backoff proposes.
    pub backoff: Duration,
    /// The wait that the server asks for.
    pub retry_after: Option<Duration>,
    /// What is left of the call's deadline.
    pub left: Duration,
}

/// What to do about a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Give the failure to the caller.
    Stop,
    /// Wait, then send the same request again.
    Retry(Duration),
    /// Wait, then look whether the request left what it should: if so, that is the answer. If it left nothing, send it
    /// again where `repeat` says so.
    Look {
        /// The wait.
        wait: Duration,
        /// Whether the request may be sent again when nothing is found.
        repeat: bool,
    },
}

/// Decides.
///
/// - A request is repeated when the failure may pass, attempts and budget are left, and the wait fits.
/// - One that must not run twice is repeated only when it certainly did not run, or after a look that found nothing.
/// - One that may be running yet is not repeated at all, whatever a look finds, unless the server refuses its twin.
/// - A look costs a read and may save a record: it is taken after the last attempt too.
pub fn decide(step: Step) -> Next {
    let wait = step.retry_after.map_or(step.backoff, |asked| asked.max(step.backoff));
    let again = step.passing && step.attempt < step.most && step.affordable;
    if wait >= step.left || wait > LONGEST_WAIT {
        return Next::Stop;
    }
    if step.idempotent || !(step.may_have_run || step.taken_by_us) {
        return if again { Next::Retry(wait) } else { Next::Stop };
    }
    if !step.can_look {
        return Next::Stop;
    }
    if step.taken_by_us {
        let repeat = step.attempt < step.most && step.affordable;
        return Next::Look { wait: Duration::ZERO, repeat };
    }
    Next::Look { wait, repeat: again && (step.guarded || !step.may_still_run) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Next, Step, decide};

    const SECOND: Duration = Duration::from_secs(1);

    /// A GET that failed in passing.
    const GET: Step = Step {
        passing: true,
        may_have_run: true,
        may_still_run: false,
        taken_by_us: false,
        idempotent: true,
        can_look: false,
        guarded: false,
        attempt: 1,
        most: 3,
        affordable: true,
        backoff: SECOND,
        retry_after: None,
        left: Duration::from_secs(60),
    };

    /// A POST whose answer was lost, and whose record can be looked for.
    const POST: Step = Step { idempotent: false, can_look: true, ..GET };

    fn look(repeat: bool) -> Next {
        Next::Look { wait: SECOND, repeat }
    }

    #[test]
    fn decides_about_what_may_run_twice() {
        let table = [
            ("it failed in passing", GET, Next::Retry(SECOND)),
            ("it will fail again", Step { passing: false, ..GET }, Next::Stop),
            ("it may be running yet", Step { may_still_run: true, ..GET }, Next::Retry(SECOND)),
            ("the last attempt", Step { attempt: 3, ..GET }, Next::Stop),
            ("the last but one", Step { attempt: 2, ..GET }, Next::Retry(SECOND)),
            ("the budget is spent", Step { affordable: false, ..GET }, Next::Stop),
            ("the server asks for more", Step { retry_after: Some(5 * SECOND), ..GET }, Next::Retry(5 * SECOND)),
            ("the server asks for less", Step { retry_after: Some(Duration::ZERO), ..GET }, Next::Retry(SECOND)),
            (
                "the server asks for longer than anyone waits",
                Step { retry_after: Some(21 * SECOND), ..GET },
                Next::Stop,
            ),
            ("the wait is past the deadline", Step { left: SECOND, ..GET }, Next::Stop),
            ("no time is left", Step { left: Duration::ZERO, backoff: Duration::ZERO, ..GET }, Next::Stop),
        ];
        for (name, step, expected) in table {
            assert_eq!(decide(step), expected, "{name}");
        }
    }

    #[test]
    fn decides_about_what_must_not_run_twice() {
        let taken = Step { passing: false, may_have_run: false, taken_by_us: true, ..POST };
        let table = [
            ("it may have run", POST, look(true)),
            ("it may have run, and nobody can look", Step { can_look: false, ..POST }, Next::Stop),
            ("it certainly did not run", Step { may_have_run: false, ..POST }, Next::Retry(SECOND)),
            (
                "it certainly did not run, and nobody can look",
                Step { may_have_run: false, can_look: false, ..POST },
                Next::Retry(SECOND),
            ),
            ("it may be running yet", Step { may_still_run: true, ..POST }, look(false)),
            ("it may be running yet, but has no twin", Step { may_still_run: true, guarded: true, ..POST }, look(true)),
            ("the last attempt may have run", Step { attempt: 3, ..POST }, look(false)),
            ("an odd answer, and it may have run", Step { passing: false, ..POST }, look(false)),
            ("the budget is spent", Step { affordable: false, ..POST }, look(false)),
            ("no time is left", Step { left: Duration::ZERO, ..POST }, Next::Stop),
            ("the value was ours", taken, Next::Look { wait: Duration::ZERO, repeat: true }),
            (
                "the value was ours at the last attempt",
                Step { attempt: 3, ..taken },
                Next::Look { wait: Duration::ZERO, repeat: false },
            ),
            ("the value is another's", Step { taken_by_us: false, ..taken }, Next::Stop),
        ];
        for (name, step, expected) in table {
            assert_eq!(decide(step), expected, "{name}");
        }
    }
}
