//! Pure decisions: what an answer means, whether a call may be repeated, and when.

mod backoff;
mod classify;
mod decide;

pub use backoff::{Backoff, Jitter};
pub use classify::{Answer, Class, classify};
pub use decide::{Next, Step, decide};
