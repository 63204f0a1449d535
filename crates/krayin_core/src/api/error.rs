use std::{collections::BTreeMap, fmt, time::Duration};

use super::http::transport::{Method, Response};
use crate::detail::Detail;
use crate::krayin::Activity;

/// What went wrong, one class of error each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The token was refused.
    Authentication,
    /// The token's user may not do this.
    Permission,
    /// The record is not there.
    NotFound,
    /// The server does not take the values.
    Validation,
    /// Another record has a value that must be unique.
    Conflict,
    /// The server takes no more requests for now.
    RateLimit,
    /// The server failed while it ran the request.
    Server,
    /// The server cannot be reached, or says that it cannot work now.
    Unavailable,
    /// No answer in time.
    Timeout,
    /// Something before the server, a firewall, does not let this one request through.
    Blocked,
    /// The answer is not one of Krayin's.
    UnexpectedResponse,
}

impl ErrorKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Authentication,
        Self::Permission,
        Self::NotFound,
        Self::Validation,
        Self::Conflict,
        Self::RateLimit,
        Self::Server,
        Self::Unavailable,
        Self::Timeout,
        Self::Blocked,
        Self::UnexpectedResponse,
    ];

    /// The code of its reason, the same from version to version.
    pub fn code(self) -> &'static str {
        match self {
            Self::Authentication => "token_refused",
            Self::Permission => "permission_missing",
            Self::NotFound => "record_missing",
            Self::Validation => "values_refused",
            Self::Conflict => "value_taken",
            Self::RateLimit => "requests_spent",
            Self::Server => "server_failed",
            Self::Unavailable => "server_unavailable",
            Self::Timeout => "no_answer",
            Self::Blocked => "request_blocked",
            Self::UnexpectedResponse => "not_krayin",
        }
    }

    /// What a person should do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Authentication => "Create a new API token in Krayin and connect again.",
            Self::Permission => "Give the token's user in Krayin an administrator's role and global view permission.",
            Self::NotFound => "It was deleted or merged in Krayin; the next event finds or creates it again.",
            Self::Validation => "Correct the named fields.",
            Self::Conflict => "Another record in Krayin has this value; merge the two or correct one of them.",
            Self::RateLimit => "Run it again later: Krayin takes only so many requests a minute from each user.",
            Self::Server => "Look into Krayin's log (storage/logs/laravel.log), then run it again.",
            Self::Unavailable => "Check that Krayin is running and that its address is right, then run it again.",
            Self::Timeout => "Check how Krayin is doing; raise attempt_timeout if it is merely large.",
            Self::Blocked => {
                "Look into the firewall's log for this request, and let the API's paths through (/api/v1)."
            }
            Self::UnexpectedResponse => "Check the address: it must be that of Krayin's REST API, without redirect.",
        }
    }

    /// Whether the same call may succeed later without anyone changing anything.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::RateLimit | Self::Server | Self::Unavailable | Self::Timeout)
    }

    /// What an attempt that failed so may have done. A call is `Unknown` wherever an earlier attempt of it is.
    pub fn executed(self) -> &'static [Executed] {
        use Executed::{No, Unknown, Yes};
        match self {
            Self::Authentication | Self::Permission | Self::NotFound | Self::Validation | Self::Conflict => &[No],
            // A create is looked for: what the look found may tell.
            Self::Server => &[Yes, No, Unknown],
            Self::RateLimit | Self::Unavailable | Self::Blocked | Self::UnexpectedResponse => &[No, Unknown],
            Self::Timeout => &[Unknown],
        }
    }
}

/// Whether the server may have acted on a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executed {
    /// It certainly did, and what it left is not whole.
    Yes,
    /// It certainly did not.
    No,
    /// It may have left something behind: look before repeating.
    Unknown,
}

impl Executed {
    /// `yes`, `no` or `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it may have acted.
    pub fn may_be(self) -> bool {
        self != Self::No
    }
}

/// A call that failed. The message names method, path, fields and what to do; no token, query, body or value. Its `Debug` is
/// its message.
#[derive(Clone)]
pub struct ApiError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The last answer's status, where there was one.
    pub status: Option<u16>,
    /// The call's method.
    pub method: Method,
    /// The call's path, ids in it, without query and without anything that is no word of Krayin's API.
    pub path: String,
    /// How many attempts were made; none when the server is known to be down or its requests are spent.
    pub attempts: u32,
    /// Whether the server may have acted on one of them.
    pub executed: Executed,
    /// Field → messages, where the server named fields. The messages are the server's own words.
    pub fields: BTreeMap<String, Vec<String>>,
    /// When it makes sense to come back.
    pub retry_after: Option<Duration>,
    /// The last answer, where there was one.
    pub response: Option<Box<Response>>,
    /// What happened.
    pub detail: Detail,
    /// The activity that a create left behind, perhaps without its link.
    pub(crate) left: Option<Box<Activity>>,
}

impl ApiError {
    /// What a person should do about it.
    pub fn advice(&self) -> &'static str {
        self.kind.advice()
    }

    /// Whether the same call may succeed later without anyone changing anything.
    pub fn is_passing(&self) -> bool {
        self.kind.is_passing()
    }

    /// This failure, when its repetition was refused: the caller learns when to come back.
    pub(super) fn put_off(self, refused: &Self) -> Self {
        Self { retry_after: self.retry_after.max(refused.retry_after), ..self }
    }

    /// Whether the server named `field` or an entry below it (`emails` for `person.emails.0.value`).
    pub fn names_field(&self, field: &str) -> bool {
        self.fields.keys().any(|key| key.split('.').any(|part| part == field))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Krayin API {} {} failed", self.method.name(), self.path)?;
        if let Some(status) = self.status {
            write!(f, " (status {status})")?;
        }
        write!(f, ": {}", self.detail)?;
        if !self.fields.is_empty() {
            let names: Vec<&str> =
                self.fields.keys().map(|name| if is_field(name) { name } else { "an unnamed field" }).collect();
            write!(f, " ({})", names.join(", "))?;
        }
        if self.attempts > 1 {
            write!(f, ", after {} attempts", self.attempts)?;
        }
        write!(f, ". {}", self.advice())
    }
}

/// Whether a server's key has the form of a field's path, `person.emails.0.value`, and not that of a value.
fn is_field(name: &str) -> bool {
    name.len() <= 120
        && name.split('.').all(|part| {
            let is_index = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
            let is_word = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
            !part.is_empty() && (is_index || is_word)
        })
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiError({self})")
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::is_field;

    #[test]
    fn a_field_is_told_from_a_value() {
        for name in ["name", "emails.0.value", "person.contact_numbers.12.value", "_token", "lead_value", "customCode2"]
        {
            assert!(is_field(name), "{name}");
        }
        for name in
            ["", ".", "a..b", "jane@example.com", "+14155550182", "14155550182", "Jane Doe", "1|secret", "é", "a\nb"]
        {
            assert!(!is_field(name), "{name}");
        }
        assert!(!is_field(&"a".repeat(121)));
    }
}
