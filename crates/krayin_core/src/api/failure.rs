//! What an answer's class, or the lack of an answer, is as an error.

use serde_json::Value;

use super::{
    ApiError, ErrorKind, Executed, Method, Response, TransportError, TransportErrorKind, client::Call, path::shown,
};
use crate::retry::{Class, WINDOW};

pub(super) fn error(method: Method, path: &str, kind: ErrorKind, reason: &str) -> ApiError {
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
pub(super) fn unanswered(call: &Call<'_>, failure: &TransportError) -> ApiError {
    let (kind, executed) = match failure.kind {
        TransportErrorKind::Connect => (ErrorKind::Unavailable, Executed::No),
        TransportErrorKind::Tls | TransportErrorKind::Refused => (ErrorKind::UnexpectedResponse, Executed::No),
        TransportErrorKind::Timeout => (ErrorKind::Timeout, Executed::Maybe),
        TransportErrorKind::Interrupted => (ErrorKind::Unavailable, Executed::Maybe),
        TransportErrorKind::TooLarge => (ErrorKind::UnexpectedResponse, Executed::Maybe),
    };
    ApiError { executed, ..error(call.method, call.path, kind, &failure.reason) }
}

/// An answer that is not good.
pub(super) fn failed(call: &Call<'_>, response: &Response, class: Class) -> ApiError {
    use Executed::{Maybe, No};
    let mut fields = Default::default();
    let mut retry_after = None;
    let (kind, executed, reason) = match class {
        Class::RefusedToken => (ErrorKind::Authentication, No, "the token was refused"),
        Class::Forbidden => (ErrorKind::Permission, No, "the token's user may not do this"),
        Class::Throttled(wait) => {
            retry_after = Some(wait.unwrap_or(WINDOW));
            (ErrorKind::RateLimit, No, "too many requests")
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
            retry_after = wait;
            let executed = if wait.is_some() || matches!(response.status, 408 | 425) { No } else { Maybe };
            (ErrorKind::Unavailable, executed, "the server cannot work now")
        }
        Class::Encoded => (ErrorKind::UnexpectedResponse, Maybe, "the answer is compressed, which nobody asked for"),
        Class::NotJson => (ErrorKind::UnexpectedResponse, Maybe, "the answer is not JSON"),
        Class::Redirect => {
            (ErrorKind::UnexpectedResponse, No, "the server redirects, which would send the token elsewhere")
        }
        Class::Ok | Class::Unexpected => {
            (ErrorKind::UnexpectedResponse, Maybe, "no answer of Krayin's has this status")
        }
        Class::NotExecuted => (ErrorKind::Server, No, "the server failed before it ran the request"),
        Class::ExecutedOrNot | Class::FailedInside => {
            (ErrorKind::Server, Maybe, "the server failed while it ran the request")
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

/// A good answer whose body is none of Krayin's.
pub(super) fn wrong_shape(method: Method, path: &str) -> ApiError {
    ApiError {
        status: Some(200),
        attempts: 1,
        executed: if method == Method::Get { Executed::No } else { Executed::Maybe },
        ..error(method, path, ErrorKind::UnexpectedResponse, "the answer has not the shape of Krayin's")
    }
}

/// Whether a body holds a record, or a list of them, as Krayin's do.
pub(super) fn holds_a_record(body: &Value) -> bool {
    body.get("data").unwrap_or(body).get("id").is_some_and(Value::is_u64)
}
