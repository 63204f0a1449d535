use std::{fmt, time::Duration};

use crate::{BoxFuture, detail::Detail};

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

const LIMIT: &str = "x-ratelimit-limit";
const REMAINING: &str = "x-ratelimit-remaining";

impl Response {
    /// The first header of that name, given in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `X-RateLimit-Limit` and `X-RateLimit-Remaining`, where both came.
    pub(in crate::api) fn rate(&self) -> Option<(u32, u32)> {
        let (limit, remaining) = (self.number(LIMIT)?, self.number(REMAINING)?);
        // No server grants none, and none has more left than it grants.
        (limit > 0).then_some((limit, remaining.min(limit)))
    }

    /// Whether both came, whatever is in them: then Krayin's own code has seen the request.
    pub(in crate::api) fn is_counted(&self) -> bool {
        self.header(LIMIT).is_some() && self.header(REMAINING).is_some()
    }

    /// A whole number, as near as there is one: below nothing is nothing. What came twice says the same twice.
    fn number(&self, name: &str) -> Option<u32> {
        let text = self.header(name)?.split(',').next()?.trim();
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(if text.starts_with('-') { 0 } else { digits.parse().unwrap_or(u32::MAX) })
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

/// There is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct TransportError {
    /// What happened.
    pub kind: TransportErrorKind,
    /// The same for people.
    pub detail: Detail,
}

impl TransportError {
    /// Of whom nothing else is known.
    pub fn of(kind: TransportErrorKind) -> Self {
        let detail = match kind {
            TransportErrorKind::Connect => Detail::NoConnection,
            TransportErrorKind::Tls => Detail::NoTls,
            TransportErrorKind::Refused => Detail::HostPrivate,
            TransportErrorKind::Timeout => Detail::AnswerLate,
            TransportErrorKind::Interrupted => Detail::ConnectionBroke,
            TransportErrorKind::TooLarge => Detail::AnswerTooLarge,
        };
        Self { kind, detail }
    }

    /// The process may not have the memory that an answer takes.
    pub fn no_memory() -> Self {
        Self { kind: TransportErrorKind::TooLarge, detail: Detail::NoMemory }
    }
}

/// The port that performs one HTTP attempt: no retry, no redirect, no meaning.
pub trait Transport: Send + Sync {
    /// Sends the request and reads the whole answer.
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>>;
}

#[cfg(test)]
mod tests {
    use super::Response;

    #[test]
    fn reads_the_budget_whatever_a_server_writes() {
        let table = [
            ("60", "59", Some((60, 59)), true),
            (" 60 ", "0", Some((60, 0)), true),
            ("60", "-3", Some((60, 0)), true),
            ("60", "99999999999999999999", Some((60, 60)), true),
            ("99999999999999999999", "5", Some((u32::MAX, 5)), true),
            ("60, 60", "5, 5", Some((60, 5)), true),
            ("0", "0", None, true),
            ("-1", "5", None, true),
            ("sixty", "5", None, true),
            ("60", "", None, true),
            ("6e1", "5", None, true),
        ];
        for (limit, remaining, rate, counted) in table {
            let headers = [("x-ratelimit-limit", limit), ("x-ratelimit-remaining", remaining)];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            let response = Response { status: 200, headers, body: Vec::new() };
            assert_eq!((response.rate(), response.is_counted()), (rate, counted), "{limit} {remaining}");
        }
        assert!(!Response::default().is_counted());
    }
}
