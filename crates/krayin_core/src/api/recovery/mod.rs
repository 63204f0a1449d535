//! What a failed attempt means, whether the call may be repeated, and how what was lost on the way is found again.

pub(in crate::api) mod create_recovery;
pub(in crate::api) mod failure;
mod rate_limiter;
mod retry_loop;
pub(in crate::api) mod seat;
mod state;
pub(crate) mod unfinished;

pub use rate_limiter::{Change, LimiterStore, MemoryStore, RateLimiter};
pub use state::ServerState;
