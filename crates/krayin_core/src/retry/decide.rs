use std::time::Duration;

/// What is known when an attempt has failed.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Whether the failure may pass by itself.
    pub passing: bool,
    /// Whether the server may have acted on the request.
    pub may_have_run: bool,
    /// Whether a second execution leaves what one leaves.
    pub idempotent: bool,
    /// How many attempts were made.
    pub attempt: u32,
    /// How many may be made in all.
    pub most: u32,
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
}

/// Decides. A wait that does not fit into the deadline is no wait: the caller gets the failure with the time to come
/// back, instead of a worker that sleeps.
pub fn decide(step: Step) -> Next {
    let repeatable = step.idempotent || !step.may_have_run;
    if !step.passing || !repeatable || step.attempt >= step.most {
        return Next::Stop;
    }
    let wait = step.retry_after.map_or(step.backoff, |asked| asked.max(step.backoff));
    if wait >= step.left { Next::Stop } else { Next::Retry(wait) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Next, Step, decide};

    const SECOND: Duration = Duration::from_secs(1);

    const STEP: Step = Step {
        passing: true,
        may_have_run: true,
        idempotent: true,
        attempt: 1,
        most: 3,
        backoff: SECOND,
        retry_after: None,
        left: Duration::from_secs(60),
    };

    #[test]
    fn decides() {
        let table = [
            ("a GET that failed in passing", STEP, Next::Retry(SECOND)),
            ("one that will fail again", Step { passing: false, ..STEP }, Next::Stop),
            ("a POST that may have run", Step { idempotent: false, ..STEP }, Next::Stop),
            (
                "a POST that certainly did not",
                Step { idempotent: false, may_have_run: false, ..STEP },
                Next::Retry(SECOND),
            ),
            ("the last attempt", Step { attempt: 3, ..STEP }, Next::Stop),
            ("the last but one", Step { attempt: 2, ..STEP }, Next::Retry(SECOND)),
            ("the server asks for more", Step { retry_after: Some(5 * SECOND), ..STEP }, Next::Retry(5 * SECOND)),
            ("the server asks for less", Step { retry_after: Some(Duration::ZERO), ..STEP }, Next::Retry(SECOND)),
            ("the wait is past the deadline", Step { retry_after: Some(60 * SECOND), ..STEP }, Next::Stop),
            ("no time is left", Step { left: Duration::ZERO, backoff: Duration::ZERO, ..STEP }, Next::Stop),
        ];
        for (name, step, expected) in table {
            assert_eq!(decide(step), expected, "{name}");
        }
    }
}
