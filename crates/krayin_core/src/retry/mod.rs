//! Pure decisions: what an answer means, whether a call may be repeated, when, and whether it may be sent at all. None
//! reads a clock: the time comes as an argument.

mod ambiguous_500;
mod backoff;
mod breaker;
mod budget;
mod classify;
mod decide;
mod rate_state;
mod retry_after;

pub use ambiguous_500::{Suspicion, TokenHistory, suspect};
pub use backoff::{Backoff, Jitter};
pub use breaker::Breaker;
pub use budget::Budget;
pub use classify::{Answer, Class, classify, gave_up, in_foreign_words};
pub use decide::{LONGEST_WAIT, Next, Step, decide};
pub use rate_state::{Micros, Permit, Priority, RateObservation, RateState, WINDOW};
pub use retry_after::{look_after, retry_after};
