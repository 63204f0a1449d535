//! The core's errors as the classes of `lib/krayin_sync/errors.rb`.

use krayin_core::{
    Error as CoreError,
    api::{ApiError, ErrorKind},
    settings::SettingsError,
    sync::Doubt,
};
use magnus::{Error, ExceptionClass, RModule, Ruby, Value, kwargs, prelude::*};
use serde::Serialize;

use crate::convert;

/// The Ruby exception that stands for a failure of the core.
pub(crate) fn raise(ruby: &Ruby, failure: CoreError) -> Error {
    exception(ruby, failure).unwrap_or_else(|error| error)
}

/// The Ruby exception that stands for a panic: a bug, which must not take the process down.
pub(crate) fn internal(ruby: &Ruby) -> Error {
    let message = "The core of krayin_sync failed where it never should (standard error says where). \
                   Nothing is lost: run the event again, and report it.";
    class(ruby, "InternalError").map_or_else(|error| error, |class| Error::new(class, message))
}

/// The Ruby exception for the child of a process that forked within a call.
pub(crate) fn forked(ruby: &Ruby) -> Error {
    let message = "The process forked within this call: it goes on in the parent alone. Call again in the child.";
    class(ruby, "Error").map_or_else(|error| error, |class| Error::new(class, message))
}

/// The Ruby exception for what the system did not give: threads, files or memory.
pub(crate) fn no_room(ruby: &Ruby, lacking: &str) -> Error {
    let message = format!(
        "The process can have no more {lacking} (see its limits: ulimit -a, and its container's). Nothing was sent: run it again."
    );
    class(ruby, "ResourceError").map_or_else(|error| error, |class| Error::new(class, message))
}

fn exception(ruby: &Ruby, failure: CoreError) -> Result<Error, Error> {
    Ok(match failure {
        CoreError::Api(error) => api(ruby, *error)?,
        CoreError::Settings(error) => settings(ruby, &error)?,
        CoreError::Event(error) => Error::new(class(ruby, "EventError")?, error.to_string()),
        CoreError::Doubtful(doubt) => doubtful(ruby, &doubt)?,
        CoreError::Decision(error) => Error::new(class(ruby, "DecisionError")?, error.to_string()),
        CoreError::Extension(error) => Error::new(class(ruby, "Error")?, error.to_string()),
        CoreError::Records(error) => Error::new(class(ruby, "RecordsError")?, error.to_string()),
    })
}

fn settings(ruby: &Ruby, error: &SettingsError) -> Result<Error, Error> {
    let problems = convert::string(ruby, &convert::json(&error.problems))?;
    let attributes = kwargs!(ruby, "problems" => problems);
    let exception: Value = class(ruby, "ConfigurationError")?.new_instance((error.to_string(), attributes))?.as_value();
    magnus::Exception::from_value(exception).map(Error::from).ok_or_else(|| internal(ruby))
}

fn doubtful(ruby: &Ruby, doubt: &Doubt) -> Result<Error, Error> {
    let person_ids = ruby.ary_from_iter(doubt.persons.iter().copied());
    let attributes = kwargs!(ruby, "contact_id" => doubt.contact, "person_ids" => person_ids);
    let exception: Value = class(ruby, "DoubtfulError")?.new_instance((doubt.to_string(), attributes))?.as_value();
    magnus::Exception::from_value(exception).map(Error::from).ok_or_else(|| internal(ruby))
}

fn api(ruby: &Ruby, error: ApiError) -> Result<Error, Error> {
    let class = class(ruby, class_name(error.kind))?;
    let fields = ruby.hash_new();
    for (field, messages) in &error.fields {
        fields.aset(field.as_str(), ruby.ary_from_iter(messages.iter().map(String::as_str)))?;
    }
    let attributes = kwargs!(
        ruby,
        "request_method" => error.method.name(),
        "path" => error.path.as_str(),
        "attempts" => error.attempts,
        "executed" => error.executed.name(),
        "retry_after" => error.retry_after.map(|wait| wait.as_secs_f64()),
        "errors" => fields,
        "detail" => error.detail.code()
    );
    let exception: Value =
        class.new_instance((error.to_string(), error.status, response(ruby, &error)?, attributes))?.as_value();
    magnus::Exception::from_value(exception).map(Error::from).ok_or_else(|| internal(ruby))
}

fn response(ruby: &Ruby, error: &ApiError) -> Result<Option<Value>, Error> {
    let Some(response) = &error.response else { return Ok(None) };
    let headers = ruby.hash_new();
    for (name, value) in &response.headers {
        headers.aset(name.as_str(), value.as_str())?;
    }
    let class: magnus::RClass = root(ruby)?.const_get("Response")?;
    let body = convert::string(ruby, &response.body)?;
    Ok(Some(class.new_instance((response.status, headers, body))?.as_value()))
}

/// A kind of failed call.
#[derive(Serialize)]
pub(crate) struct Row {
    class: &'static str,
    code: &'static str,
    advice: &'static str,
    passing: bool,
    executed: Vec<&'static str>,
}

/// All kinds.
pub(crate) fn table() -> Vec<Row> {
    let row = |kind: ErrorKind| Row {
        class: class_name(kind),
        code: kind.code(),
        advice: kind.advice(),
        passing: kind.is_passing(),
        executed: kind.executed().iter().map(|executed| executed.name()).collect(),
    };
    ErrorKind::ALL.into_iter().map(row).collect()
}

fn class_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Authentication => "AuthenticationError",
        ErrorKind::Permission => "PermissionError",
        ErrorKind::NotFound => "NotFoundError",
        ErrorKind::Validation => "ValidationError",
        ErrorKind::Conflict => "ConflictError",
        ErrorKind::RateLimit => "RateLimitError",
        ErrorKind::Server => "ServerError",
        ErrorKind::Unavailable => "UnavailableError",
        ErrorKind::Timeout => "TimeoutError",
        ErrorKind::Blocked => "BlockedError",
        ErrorKind::UnexpectedResponse => "UnexpectedResponseError",
    }
}

fn class(ruby: &Ruby, name: &str) -> Result<ExceptionClass, Error> {
    root(ruby)?.const_get(name)
}

fn root(ruby: &Ruby) -> Result<RModule, Error> {
    ruby.class_object().const_get("KrayinSync")
}
