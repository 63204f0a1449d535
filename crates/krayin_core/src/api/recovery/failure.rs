//! What an answer's class, or the lack of an answer, is as an error.

use serde_json::Value;

use crate::api::{
    ApiError, ErrorKind, Executed, Method, Response, TransportError, TransportErrorKind, client::Call,
    http::path::shown,
};
use crate::retry::{Class, WINDOW, look_after};

pub(in crate::api) fn error(method: Method, path: &str, kind: ErrorKind, reason: &str) -> ApiError {
    ApiError {
        kind,
        status: None,
        method,
        path: shown(path),
        attempts: 0,
        executed: Executed::No,
        fields: Default::default(),
        retry_after: None,
        response: None,
        reason: reason.to_owned(),
    }
}

/// An attempt without an answer.
pub(in crate::api) fn unanswered(call: &Call<'_>, failure: &TransportError) -> ApiError {
    let (kind, executed) = match failure.kind {
        TransportErrorKind::Connect => (ErrorKind::Unavailable, Executed::No),
        TransportErrorKind::Tls | TransportErrorKind::Refused => (ErrorKind::UnexpectedResponse, Executed::No),
        TransportErrorKind::Timeout => (ErrorKind::Timeout, Executed::Unknown),
        TransportErrorKind::Interrupted => (ErrorKind::Unavailable, Executed::Unknown),
        TransportErrorKind::TooLarge => (ErrorKind::UnexpectedResponse, Executed::Unknown),
    };
    ApiError { executed, ..error(call.method, call.path, kind, &failure.reason) }
}

/// An answer that is not good. `worked` is whether this server has given good ones: then what is no answer of Krayin's
/// is an outage, else the address is wrong.
pub(in crate::api) fn failed(call: &Call<'_>, response: &Response, class: Class, worked: bool) -> ApiError {
    use Executed::{No, Unknown};
    let foreign = if worked { ErrorKind::Unavailable } else { ErrorKind::UnexpectedResponse };
    let mut fields = Default::default();
    let mut retry_after = None;
    let (kind, executed, reason) = match class {
        Class::RefusedToken => (ErrorKind::Authentication, No, "the token was refused"),
        Class::Forbidden => (ErrorKind::Permission, No, "the token's user may not do this"),
        Class::Throttled(wait) => {
            retry_after = Some(look_after(wait.unwrap_or(WINDOW)));
            // A bare 500 that the probe met as well: likely the throttle's, but a failure inside looks the same.
            let executed = if response.status == 500 { Unknown } else { No };
            (ErrorKind::RateLimit, executed, "too many requests")
        }
        Class::Slowed(wait) => {
            retry_after = Some(look_after(wait.unwrap_or(WINDOW)));
            (ErrorKind::RateLimit, No, "something before Krayin takes no more requests of this kind")
        }
        Class::Barred | Class::Blocked => {
            (ErrorKind::Blocked, No, "something before Krayin, a firewall, does not let this request through")
        }
        Class::Invalid(named) => {
            fields = named;
            (ErrorKind::Validation, No, "the server does not take these fields")
        }
        Class::Taken(named) => {
            fields = named;
            (ErrorKind::Conflict, No, "another record has the same value")
        }
        Class::Missing => (ErrorKind::NotFound, No, "the record is not there"),
        Class::NoSuchCall => (ErrorKind::UnexpectedResponse, No, "the server has no such call"),
        Class::Unavailable(wait) => {
            retry_after = wait.map(look_after);
            // It was too early to be read at all, or came to another's place.
            let executed = if matches!(response.status, 421 | 425) { No } else { Unknown };
            (ErrorKind::Unavailable, executed, "the server cannot work now")
        }
        Class::ProxyRefused => (ErrorKind::Unavailable, No, PROXY_REFUSED),
        Class::TooLong => (ErrorKind::Validation, No, "the request is larger than the server takes"),
        Class::Encoded => (foreign, Unknown, "the answer is compressed, which nobody asked for"),
        Class::NotJson if is_page(&response.body) => (
            foreign,
            Unknown,
            "a web page came instead of Krayin's JSON (a portal, a firewall, a host's maintenance page)",
        ),
        Class::NotJson => (foreign, Unknown, "the answer is not JSON"),
        Class::Redirect => {
            // A read leaves nothing behind, wherever it was answered.
            let executed = if call.method == Method::Get { No } else { Unknown };
            (ErrorKind::UnexpectedResponse, executed, "the server redirects, which would send the token elsewhere")
        }
        Class::Ok | Class::Unexpected => {
            (ErrorKind::UnexpectedResponse, Unknown, "no answer of Krayin's has this status")
        }
        Class::Uncounted | Class::ExecutedOrNot | Class::FailedInside => {
            (ErrorKind::Server, Unknown, "the server failed while it ran the request")
        }
    };
    ApiError {
        status: Some(response.status),
        executed,
        fields,
        retry_after,
        response: Some(Box::new(response.clone())),
        ..error(call.method, call.path, kind, reason)
    }
}

/// What a proxy said of the installation's word.
pub(in crate::api) const PROXY_REFUSED: &str =
    "the proxy wants another user or password (KrayinSync.proxy, HTTPS_PROXY)";

/// A good answer whose body is none of Krayin's.
pub(in crate::api) fn wrong_shape(method: Method, path: &str) -> ApiError {
    ApiError {
        status: Some(200),
        attempts: 1,
        executed: if method == Method::Get { Executed::No } else { Executed::Unknown },
        ..error(method, path, ErrorKind::UnexpectedResponse, "the answer has not the shape of Krayin's")
    }
}

/// Whether a body is a web page.
fn is_page(body: &[u8]) -> bool {
    let text = body.trim_ascii_start();
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).starts_with(b"<")
}

/// Whether a body holds a record, or a list of them, as Krayin's do.
pub(in crate::api) fn holds_a_record(body: &Value) -> bool {
    body.get("data").unwrap_or(body).get("id").is_some_and(Value::is_u64)
}
