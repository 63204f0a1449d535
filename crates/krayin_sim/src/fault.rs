//! Faults on request: which calls fail, and how.

use std::time::Duration;

use serde_json::{Map, Value};

/// A rule: which calls meet which fault.
///
/// As JSON (`POST /_sim/faults`) its fields stand beside those of the action, which `action` names:
/// `{"method": "POST", "path": "/leads*", "nth": 2, "times": 1, "act": true, "action": "status", "status": 502}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Only calls of this method; any when None.
    pub method: Option<String>,
    /// Only calls of this path below the server's prefix, or of this whole path; `*` stands for any characters.
    pub path: Option<String>,
    /// The first matching call that meets the fault, counted from 1.
    pub nth: u32,
    /// How many calls in a row meet it; [`Fault::FOREVER`] for all that follow. As JSON a number or `"forever"`.
    pub times: u32,
    /// Carry the request out before the fault's answer replaces the real one, as when a proxy gives up on a slow
    /// server.
    pub act: bool,
    /// What happens.
    pub action: Action,
}

/// What a fault does to an exchange. The names in JSON stand in parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Answer this (`status`, with `status`, `body` as text or JSON, `headers` as an object).
    Status {
        /// The status.
        status: u16,
        /// The body as it is sent.
        body: String,
        /// Headers; without `content-type` the body goes as JSON.
        headers: Vec<(String, String)>,
    },
    /// Wait, then carry the request out and answer as usual (`delay`, with `ms`). It is carried out even if the client
    /// has gone meanwhile.
    Delay(Duration),
    /// Wait until this many more requests have come, carry the request out before the last of them, and answer as usual
    /// (`delay_until`, with `requests`). It is carried out even if the client has gone meanwhile, and also when the faults
    /// are taken away.
    DelayUntil(u32),
    /// Carry the request out, then wait before answering (`delay_answer`, with `ms`).
    DelayAnswer(Duration),
    /// Check the request, wait, then carry it out without looking again (`slow_write`, with `ms`): what requests at the
    /// same moment do to each other on a server without transactions. Several get past the check for e-mails and
    /// numbers; the unique index still lets only one of equal persons through.
    SlowWrite(Duration),
    /// Close the connection before the body was read (`close_before_reading`).
    CloseBeforeReading,
    /// Close it after the body was read, before the request is carried out (`close_before_acting`).
    CloseBeforeActing,
    /// Carry the request out and close without an answer (`close_after_acting`).
    CloseAfterActing,
    /// Carry it out and close after half of the answer's body (`close_halfway`).
    CloseHalfway,
    /// Carry it out and send the body a byte at a time with this pause after each (`trickle`, with `ms`).
    Trickle(Duration),
    /// Answer 200 with an HTML page (`html`).
    Html,
    /// Answer 200 with JSON of another shape (`wrong_shape`, with `body` if wanted).
    WrongShape(String),
    /// Carry it out and declare a `Content-Length` that differs from the body's by this much (`content_length`, with
    /// `by`): more than there is, and the connection ends early; less, and the body is cut.
    ContentLength(i64),
    /// Answer a redirect (`redirect`, with `to`, and `status` if not 302).
    Redirect {
        /// The status.
        status: u16,
        /// The `Location`.
        to: String,
    },
    /// Answer half of this and close (`status_halfway`, with the fields of `status`).
    StatusHalfway {
        /// The status.
        status: u16,
        /// The body, of which half is sent.
        body: String,
        /// Headers; without `content-type` the body goes as JSON.
        headers: Vec<(String, String)>,
    },
    /// Fail as the server itself fails, in the words of its version, package and mode (`php_fatal`, `no_database`,
    /// `maintenance`, `refused_token`, `throttled`, `broken`).
    Outage(Outage),
    /// Answer 429 (`too_many_requests`, with `retry_after` in seconds or `retry_after_date` in seconds from now).
    TooManyRequests(RetryAfter),
}

/// A failure of the server's own. The names in JSON stand in parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// PHP ends the request for want of memory or time (`php_fatal`): 500 without rate headers.
    PhpFatal,
    /// The database is away (`no_database`): 500 without rate headers.
    NoDatabase,
    /// Maintenance mode (`maintenance`): 503.
    Maintenance,
    /// The token is refused (`refused_token`): 401, or what production makes of it.
    RefusedToken,
    /// The calls of this minute are spent (`throttled`): 429, or what production makes of it.
    Throttled,
    /// The code breaks (`broken`): 500 with rate headers, where the server sends them.
    Broken,
}

/// The form of a `Retry-After`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryAfter {
    /// No such header.
    #[default]
    Absent,
    /// Seconds.
    Seconds(u64),
    /// An HTTP date this many seconds from now.
    Date(u64),
}

impl Fault {
    /// Whether a request that meets this is carried out.
    pub(crate) fn carries_out(&self) -> bool {
        match self.action {
            Action::CloseBeforeReading | Action::CloseBeforeActing => false,
            _ => self.act || !self.action.replaces(),
        }
    }

    /// For `times`: all matching calls from the nth on.
    pub const FOREVER: u32 = u32::MAX;

    /// A fault for the next call of this method and path.
    #[must_use]
    pub fn on(method: &str, path: &str, action: Action) -> Self {
        Self { method: Some(method.into()), path: Some(path.into()), ..Self::next(action) }
    }

    /// A fault for the next call of any kind.
    #[must_use]
    pub fn next(action: Action) -> Self {
        Self { method: None, path: None, nth: 1, times: 1, act: false, action }
    }

    /// The same fault, first met by the nth matching call.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = nth;
        self
    }

    /// The same fault for this many calls in a row.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The same fault, with the request carried out before it.
    #[must_use]
    pub fn acting(mut self) -> Self {
        self.act = true;
        self
    }

    /// Reads one rule.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        let fields = Fields(value.as_object().ok_or("a fault is a JSON object")?);
        let name = fields.text("action")?.ok_or("action is missing")?;
        let (action, own) = action(&name, &fields)?;
        let known = ["method", "path", "nth", "times", "act", "action"];
        if let Some(unknown) =
            fields.0.keys().find(|key| !known.contains(&key.as_str()) && !own.contains(&key.as_str()))
        {
            return Err(format!("{name} knows no {unknown}"));
        }
        let times = match fields.0.get("times") {
            Some(Value::String(word)) if word == "forever" => Self::FOREVER,
            _ => fields.count("times")?.unwrap_or(1),
        };
        Ok(Self {
            method: fields.text("method")?,
            path: fields.text("path")?,
            nth: fields.count("nth")?.unwrap_or(1),
            times,
            act: match fields.0.get("act") {
                None => false,
                Some(Value::Bool(act)) => *act,
                Some(_) => return Err("act is true or false".into()),
            },
            action,
        })
    }
}

impl Action {
    /// Whether this answers in the place of the server, which does not act unless the rule says so.
    pub(crate) fn replaces(&self) -> bool {
        matches!(
            self,
            Self::Status { .. }
                | Self::Html
                | Self::WrongShape(_)
                | Self::Redirect { .. }
                | Self::TooManyRequests(_)
                | Self::StatusHalfway { .. }
                | Self::Outage(_)
        )
    }

    /// A JSON answer with this status and message.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status { status, body: format!(r#"{{"message":"fault {status}"}}"#), headers: Vec::new() }
    }
}

/// The action of this name, and which fields are its own.
fn action(name: &str, fields: &Fields<'_>) -> Result<(Action, &'static [&'static str]), String> {
    let ms = || fields.number("ms").map(|ms| Duration::from_millis(ms.unwrap_or(0)));
    Ok(match name {
        "status" => {
            let status = fields.status()?.ok_or("status needs a status")?;
            let body = fields.body().unwrap_or_else(|| format!(r#"{{"message":"fault {status}"}}"#));
            (Action::Status { status, body, headers: fields.headers()? }, &["status", "body", "headers"])
        }
        "delay" => (Action::Delay(ms()?), &["ms"]),
        "delay_until" => {
            let requests = fields.count("requests")?.ok_or("delay_until needs requests: a whole number from 1 on")?;
            (Action::DelayUntil(requests), &["requests"])
        }
        "delay_answer" => (Action::DelayAnswer(ms()?), &["ms"]),
        "slow_write" => (Action::SlowWrite(ms()?), &["ms"]),
        "close_before_reading" => (Action::CloseBeforeReading, &[]),
        "close_before_acting" => (Action::CloseBeforeActing, &[]),
        "close_after_acting" => (Action::CloseAfterActing, &[]),
        "close_halfway" => (Action::CloseHalfway, &[]),
        "trickle" => (Action::Trickle(ms()?), &["ms"]),
        "html" => (Action::Html, &[]),
        "wrong_shape" => {
            let body = fields.body().unwrap_or_else(|| r#"{"data":"not what was asked for"}"#.into());
            (Action::WrongShape(body), &["body"])
        }
        "content_length" => {
            let by = fields.0.get("by").and_then(Value::as_i64).ok_or("content_length needs by: a whole number")?;
            (Action::ContentLength(by), &["by"])
        }
        "status_halfway" => {
            let status = fields.status()?.ok_or("status_halfway needs a status")?;
            let body = fields.body().unwrap_or_else(|| format!(r#"{{"message":"fault {status}"}}"#));
            (Action::StatusHalfway { status, body, headers: fields.headers()? }, &["status", "body", "headers"])
        }
        "php_fatal" => (Action::Outage(Outage::PhpFatal), &[]),
        "no_database" => (Action::Outage(Outage::NoDatabase), &[]),
        "maintenance" => (Action::Outage(Outage::Maintenance), &[]),
        "refused_token" => (Action::Outage(Outage::RefusedToken), &[]),
        "throttled" => (Action::Outage(Outage::Throttled), &[]),
        "broken" => (Action::Outage(Outage::Broken), &[]),
        "redirect" => {
            let to = fields.text("to")?.ok_or("redirect needs to")?;
            (Action::Redirect { status: fields.status()?.unwrap_or(302), to }, &["to", "status"])
        }
        "too_many_requests" => {
            let retry = match (fields.number("retry_after")?, fields.number("retry_after_date")?) {
                (Some(seconds), _) => RetryAfter::Seconds(seconds),
                (None, Some(seconds)) => RetryAfter::Date(seconds),
                (None, None) => RetryAfter::Absent,
            };
            (Action::TooManyRequests(retry), &["retry_after", "retry_after_date"])
        }
        other => return Err(format!("unknown action {other:?}")),
    })
}

struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn text(&self, name: &str) -> Result<Option<String>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("{name} is a text")),
        }
    }

    fn number(&self, name: &str) -> Result<Option<u64>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| format!("{name} is a whole number, not below 0")),
        }
    }

    fn count(&self, name: &str) -> Result<Option<u32>, String> {
        let number = self.number(name)?;
        number
            .map(|number| match u32::try_from(number) {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(format!("{name} is a whole number from 1 on")),
            })
            .transpose()
    }

    fn status(&self) -> Result<Option<u16>, String> {
        let number = self.number("status")?;
        number
            .map(|number| match u16::try_from(number) {
                Ok(status) if (200..=599).contains(&status) => Ok(status),
                _ => Err("status is a number from 200 to 599".into()),
            })
            .transpose()
    }

    fn body(&self) -> Option<String> {
        match self.0.get("body")? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    fn headers(&self) -> Result<Vec<(String, String)>, String> {
        let Some(headers) = self.0.get("headers") else {
            return Ok(Vec::new());
        };
        let headers = headers.as_object().ok_or("headers is an object of texts")?;
        headers
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) => Ok((name.clone(), text.clone())),
                Value::Number(number) => Ok((name.clone(), number.to_string())),
                _ => Err("headers is an object of texts".to_owned()),
            })
            .collect()
    }
}

/// The rules that are set, each with how many calls it has matched.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<(Fault, u32)>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that this call meets, of several the one that was set first. Every rule counts the call.
    pub(crate) fn meet(&mut self, method: &str, path: &str, below_prefix: &str) -> Option<Fault> {
        let mut met = None;
        for (fault, count) in &mut self.0 {
            if !calls(fault.method.as_deref(), fault.path.as_deref(), method, path, below_prefix) {
                continue;
            }
            *count = count.saturating_add(1);
            let first = fault.nth.max(1);
            if met.is_none() && *count >= first && (fault.times == Fault::FOREVER || *count - first < fault.times) {
                met = Some(fault.clone());
            }
        }
        met
    }
}

/// Whether a call is of the method and path that are wanted, where any are.
pub(crate) fn calls(
    wanted_method: Option<&str>,
    wanted_path: Option<&str>,
    method: &str,
    path: &str,
    below_prefix: &str,
) -> bool {
    wanted_method.is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
        && wanted_path.is_none_or(|pattern| glob(pattern, below_prefix) || glob(pattern, path))
}

/// `*` stands for any characters, everything else for itself.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match text.find(piece) {
            Some(at) => text = text.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns() {
        assert!(glob("/leads", "/leads") && !glob("/leads", "/leads/1"));
        assert!(glob("/leads*", "/leads/1") && glob("*", "") && glob("*/search", "/contacts/persons/search"));
        assert!(glob("/leads/*/activities", "/leads/7/activities") && !glob("/a*b*c", "/acb"));
        assert!(!glob("ab*b", "ab"));
    }

    #[test]
    fn a_rule_counts_its_own_calls() {
        let mut faults = Faults::default();
        faults.add(Fault::on("POST", "/leads", Action::status(502)).nth(2).times(2));
        let mut meet = |method: &str, path: &str| faults.meet(method, &format!("/api/v1{path}"), path).is_some();
        assert!(!meet("GET", "/leads"));
        assert!(!meet("POST", "/leads"));
        assert!(meet("POST", "/leads"));
        assert!(!meet("POST", "/leads/1/tags"));
        assert!(meet("post", "/leads"));
        assert!(!meet("POST", "/leads"));
    }

    #[test]
    fn rules_are_read_and_mistakes_named() {
        let read = |value: Value| Fault::from_json(&value);
        let fault = read(json!({"action": "trickle", "ms": 5, "times": "forever", "path": "/get"})).unwrap();
        assert_eq!(fault.action, Action::Trickle(Duration::from_millis(5)));
        assert_eq!(fault.times, Fault::FOREVER);
        for (wrong, message) in [
            (json!([]), "a fault is a JSON object"),
            (json!({}), "action is missing"),
            (json!({"action": "explode"}), "unknown action \"explode\""),
            (json!({"action": "html", "ms": 1}), "html knows no ms"),
            (json!({"action": "status"}), "status needs a status"),
            (json!({"action": "delay_until"}), "delay_until needs requests: a whole number from 1 on"),
            (json!({"action": "delay_until", "requests": 0}), "requests is a whole number from 1 on"),
            (json!({"action": "status", "status": 99}), "status is a number from 200 to 599"),
            (json!({"action": "html", "nth": 0}), "nth is a whole number from 1 on"),
            (json!({"action": "html", "path": 1}), "path is a text"),
        ] {
            assert_eq!(read(wrong).unwrap_err(), message);
        }
    }
}
