use std::time::Duration;

use serde::Serialize;

/// One attempt, as it is told to whoever listens.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// The path without query, its ids replaced by `{id}`.
    pub path: String,
    /// The answer's status, where there was one.
    pub status: Option<u16>,
    /// Which attempt of its call it was, from 1.
    pub attempt: u32,
    /// How many there may be in all.
    pub most: u32,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// `X-RateLimit-Remaining`, where it came.
    pub remaining: Option<u32>,
    /// The wait before the next attempt in milliseconds, where there will be one.
    pub retry_in_ms: Option<u64>,
    /// Why it failed, where it did.
    pub failure: Option<String>,
}

/// Whoever listens to attempts. Called on the task that made the attempt: be quick.
pub trait Observer: Send + Sync {
    /// An attempt has ended.
    fn attempt(&self, attempt: &Attempt);
}

pub(in crate::api) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
