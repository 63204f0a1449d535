use std::time::Duration;

use serde::Serialize;

use crate::{BoxFuture, detail::Detail};

/// One attempt that is about to be made.
#[derive(Debug, Clone, Serialize)]
pub struct Beginning {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// The path without query, its ids replaced by `{id}`.
    pub path: String,
    /// Which attempt of its call it is, from 1.
    pub attempt: u32,
    /// How many there may be in all.
    pub most: u32,
}

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
    /// `X-RateLimit-Limit`, where it came.
    pub limit: Option<u32>,
    /// `X-RateLimit-Remaining`, where it came.
    pub remaining: Option<u32>,
    /// The wait before the next attempt in milliseconds, where there will be one.
    pub retry_in_ms: Option<u64>,
    /// The `X-Request-Id` of the answer, else the one that went with the request.
    pub request_id: Option<String>,
    /// The answer's `Date`, as it came.
    pub date: Option<String>,
    /// Why it failed, where it did.
    pub failure: Option<String>,
    /// The same as a code, [`ErrorKind::code`](crate::api::ErrorKind::code).
    pub code: Option<&'static str>,
    /// What happened, as a code.
    pub detail: Option<Detail>,
    /// Whether the server may have acted on it, where it failed.
    pub executed: Option<&'static str>,
}

/// Whoever listens to attempts. Called on the task that made the attempt: be quick.
pub trait Observer: Send + Sync {
    /// An attempt is about to be made: what headers go with it, beside those that it has. None of those is replaced.
    fn begin<'a>(&'a self, _: &'a Beginning) -> BoxFuture<'a, Vec<(String, String)>> {
        Box::pin(async { Vec::new() })
    }

    /// An attempt has ended.
    fn attempt(&self, attempt: &Attempt);
}

/// Ids longer than this, or with other than printable letters, are nobody's.
const LONGEST_ID: usize = 128;

/// A value of `X-Request-Id` that may be told further.
pub(in crate::api) fn request_id(value: &str) -> Option<String> {
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    (!value.is_empty() && value.len() <= LONGEST_ID && value.bytes().all(is_id)).then(|| value.to_owned())
}

pub(in crate::api) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
