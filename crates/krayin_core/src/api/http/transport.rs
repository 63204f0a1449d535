use std::{fmt, time::Duration};

use crate::BoxFuture;

/// The methods that Krayin's API knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Writes.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether a second one leaves what one leaves.
    pub fn is_idempotent(self) -> bool {
        self != Self::Post
    }
}

/// One HTTP request, ready to be sent. Its `Debug` shows neither headers nor query nor body.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole address, query included.
    pub url: String,
    /// Name and value of each header.
    pub headers: Vec<(String, String)>,
    /// JSON, where there is a body.
    pub body: Option<Vec<u8>>,
    /// Whether the host may have an address of a private network.
    pub any_address: bool,
    /// The longest that it may take, to the last byte of the answer.
    pub timeout: Duration,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method.name(), self.url.split('?').next().unwrap_or_default())
    }
}

/// One HTTP answer. Its `Debug` shows neither headers nor body.
#[derive(Clone, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Name, in small letters, and value of each header.
    pub headers: Vec<(String, String)>,
    /// The body, at most 8 MiB.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that name, given in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `X-RateLimit-Limit` and `X-RateLimit-Remaining`, where both came.
    pub(in crate::api) fn rate(&self) -> Option<(u32, u32)> {
        let number = |name| self.header(name)?.trim().parse().ok();
        Some((number("x-ratelimit-limit")?, number("x-ratelimit-remaining")?))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// The name could not be resolved, or nothing accepted the connection: nothing was sent.
    Connect,
    /// The server's certificate is not good: nothing was sent.
    Tls,
    /// The installation does not allow this address: nothing was sent.
    Refused,
    /// No answer within the time: the request may have been executed.
    Timeout,
    /// The connection broke: the request may have been executed.
    Interrupted,
    /// The answer is larger than 8 MiB, or than the memory that the process may have.
    TooLarge,
}

/// There is no answer. `reason` says why in words without personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct TransportError {
    /// What happened.
    pub kind: TransportErrorKind,
    /// The same for a person.
    pub reason: String,
}

impl TransportError {
    /// The process may not have the memory that an answer takes.
    pub fn no_memory() -> Self {
        Self {
            kind: TransportErrorKind::TooLarge,
            reason: "the answer is larger than the memory that this process may have".into(),
        }
    }
}

/// The port that performs one HTTP attempt: no retry, no redirect, no meaning.
pub trait Transport: Send + Sync {
    /// Sends the request and reads the whole answer.
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>>;
}
