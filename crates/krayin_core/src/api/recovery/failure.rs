//! What an answer's class, or the lack of an answer, is as an error.

use serde_json::Value;

use crate::api::{
    ApiError, ErrorKind, Executed, Method, Response, TransportError, TransportErrorKind, client::Call,
    http::path::shown,
};
use crate::detail::Detail;
use crate::retry::{Class, WINDOW, gave_up, look_after};

pub(in crate::api) fn error(method: Method, path: &str, kind: ErrorKind, detail: Detail) -> ApiError {
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
        detail,
        left: None,
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
    ApiError { executed, ..error(call.method, call.path, kind, failure.detail) }
}

/// An answer that is not good. `worked` is whether this server has given good ones: then what is no answer of Krayin's
/// is an outage, else the address is wrong.
pub(in crate::api) fn failed(call: &Call<'_>, response: &Response, class: Class, worked: bool) -> ApiError {
    use Executed::{No, Unknown};
    let foreign = if worked { ErrorKind::Unavailable } else { ErrorKind::UnexpectedResponse };
    // What stands before Krayin may say anything, also when Krayin has acted. A read leaves nothing behind, wherever it was
    // answered.
    let unless_read = if call.method == Method::Get { No } else { Unknown };
    let mut fields = Default::default();
    let mut retry_after = None;
    let (kind, executed, detail) = match class {
        Class::RefusedToken => (ErrorKind::Authentication, No, Detail::TokenNotTaken),
        Class::Forbidden => (ErrorKind::Permission, No, Detail::UserMayNot),
        Class::Throttled(wait) => {
            retry_after = Some(look_after(wait.unwrap_or(WINDOW)));
            // A bare 500 that the probe met as well: likely the throttle's, but a failure inside looks the same.
            let executed = if response.status == 500 { Unknown } else { No };
            (ErrorKind::RateLimit, executed, Detail::TooManyRequests)
        }
        Class::Slowed(wait) => {
            retry_after = Some(look_after(wait.unwrap_or(WINDOW)));
            (ErrorKind::RateLimit, No, Detail::TooManyOfKind)
        }
        Class::Barred | Class::Blocked => (ErrorKind::Blocked, No, Detail::Firewall),
        Class::Invalid(named) => {
            fields = named;
            (ErrorKind::Validation, No, Detail::FieldsNotTaken)
        }
        Class::Taken(named) => {
            fields = named;
            (ErrorKind::Conflict, No, Detail::ValueNotUnique)
        }
        Class::Missing => (ErrorKind::NotFound, No, Detail::NoSuchRecord),
        Class::NoSuchCall => (ErrorKind::UnexpectedResponse, No, Detail::NoSuchCall),
        Class::NotThere => (foreign, unless_read, Detail::NoSuchAddress),
        Class::Unavailable(wait) => {
            retry_after = wait.map(look_after);
            (ErrorKind::Unavailable, Unknown, Detail::CannotWorkNow)
        }
        Class::ProxyRefused => (ErrorKind::Unavailable, unless_read, Detail::ProxyPassword),
        Class::TooLong => (ErrorKind::Validation, No, Detail::RequestTooLarge),
        Class::Encoded => (foreign, Unknown, Detail::AnswerCompressed),
        Class::NotJson if is_page(&response.body) => (foreign, Unknown, Detail::WebPage),
        // Whoever it is of, more was to come.
        Class::NotJson if is_cut(&response.body) => (ErrorKind::Unavailable, Unknown, Detail::ConnectionBroke),
        Class::NotJson => (foreign, Unknown, Detail::AnswerNotJson),
        Class::Redirect => (ErrorKind::UnexpectedResponse, unless_read, Detail::Redirected),
        Class::Ok | Class::Unexpected => (ErrorKind::UnexpectedResponse, Unknown, Detail::StatusUnknown),
        Class::Uncounted | Class::ExecutedOrNot | Class::FailedInside => {
            (ErrorKind::Server, Unknown, Detail::FailedInside)
        }
    };
    ApiError {
        status: Some(response.status),
        executed,
        fields,
        retry_after,
        response: Some(Box::new(response.clone())),
        ..error(call.method, call.path, kind, detail)
    }
}

/// Whether somebody has given up waiting, so that the server may be working on the request yet.
pub(in crate::api) fn given_up(error: &ApiError) -> bool {
    error.kind == ErrorKind::Timeout || error.status.is_some_and(gave_up)
}

/// Whether something before Krayin says that there are too many requests. It says so of one that it has not let through,
/// and some only of its answer.
pub(in crate::api) fn is_foreign_limit(error: &ApiError) -> bool {
    error.response.as_ref().is_some_and(|response| response.status == 429 && !response.is_counted())
}

/// A good answer whose body is none of Krayin's.
pub(in crate::api) fn wrong_shape(method: Method, path: &str) -> ApiError {
    ApiError {
        status: Some(200),
        attempts: 1,
        executed: if method == Method::Get { Executed::No } else { Executed::Unknown },
        ..error(method, path, ErrorKind::UnexpectedResponse, Detail::ShapeUnknown)
    }
}

/// Whether a body is the beginning of JSON, or of nothing at all.
fn is_cut(body: &[u8]) -> bool {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    let ends = |error: serde_json::Error| error.is_eof();
    text.is_empty()
        || (text.starts_with(b"{") || text.starts_with(b"["))
            && serde_json::from_str::<Value>(&String::from_utf8_lossy(text)).is_err_and(ends)
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
