//! Switches that a running simulator can be told to turn: how fast, how long a connection, how packed, how often.

use std::time::Duration;

use serde_json::{Value, json};

/// How a server is set up in front of its code. Turned at the start by [`Options`](crate::Options), later by [`Sim::switch`] or
/// `POST /_sim/switches`.
///
/// [`Sim::switch`]: crate::Sim::switch
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switches {
    /// Each answer comes this much later.
    pub latency: Duration,
    /// Requests that one connection may carry; its last answer says `Connection: close`. Any number when None.
    pub keep_alive_requests: Option<u32>,
    /// How long a connection may lie idle before it is closed without a word. 30 seconds when None. A connection keeps
    /// the time that it began with.
    pub keep_alive_idle: Option<Duration>,
    /// Packs bodies for clients that accept gzip.
    pub gzip: bool,
    /// Whether calls are counted against a limit.
    pub throttle: bool,
    /// Calls a minute for each user. None: as the server has it, 60 or no limit.
    pub calls_a_minute: Option<u32>,
    /// Whether `X-RateLimit-…` headers are sent, where the server sends them.
    pub rate_headers: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            keep_alive_requests: None,
            keep_alive_idle: None,
            gzip: false,
            throttle: true,
            calls_a_minute: None,
            rate_headers: true,
        }
    }
}

impl Switches {
    /// The same switches with those turned that the JSON names, as `POST /_sim/switches` names them.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn with(&self, value: &Value) -> Result<Self, String> {
        let mut switches = self.clone();
        for (name, value) in value.as_object().ok_or("switches are a JSON object")? {
            match name.as_str() {
                "latency_ms" => switches.latency = Duration::from_millis(number(name, value)?),
                "keep_alive_requests" => switches.keep_alive_requests = optional(name, value, count)?,
                "keep_alive_seconds" => {
                    switches.keep_alive_idle =
                        optional(name, value, count)?.map(|count| Duration::from_secs(count.into()));
                }
                "gzip" => switches.gzip = flag(name, value)?,
                "throttle" => switches.throttle = flag(name, value)?,
                "calls_a_minute" => switches.calls_a_minute = optional(name, value, count)?,
                "rate_headers" => switches.rate_headers = flag(name, value)?,
                other => return Err(format!("no switch {other:?}")),
            }
        }
        Ok(switches)
    }

    pub(crate) fn show(&self) -> Value {
        json!({
            "latency_ms": u64::try_from(self.latency.as_millis()).unwrap_or(u64::MAX),
            "keep_alive_requests": self.keep_alive_requests,
            "keep_alive_seconds": self.keep_alive_idle.map(|idle| idle.as_secs()),
            "gzip": self.gzip,
            "throttle": self.throttle,
            "calls_a_minute": self.calls_a_minute,
            "rate_headers": self.rate_headers,
        })
    }
}

fn number(name: &str, value: &Value) -> Result<u64, String> {
    value.as_u64().ok_or_else(|| format!("{name} is a whole number, not below 0"))
}

fn count(name: &str, value: &Value) -> Result<u32, String> {
    let count = value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
    count.ok_or_else(|| format!("{name} is a whole number from 1 on, or null"))
}

fn optional<T>(
    name: &str,
    value: &Value,
    read: impl Fn(&str, &Value) -> Result<T, String>,
) -> Result<Option<T>, String> {
    if value.is_null() { Ok(None) } else { read(name, value).map(Some) }
}

fn flag(name: &str, value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("{name} is true or false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_turned_and_mistakes_are_told() {
        let switches = Switches::default();
        let turned = switches.with(&json!({"latency_ms": 5, "keep_alive_seconds": 2, "throttle": false})).unwrap();
        assert_eq!(turned.latency, Duration::from_millis(5));
        assert_eq!(turned.keep_alive_idle, Some(Duration::from_secs(2)));
        assert_eq!(turned.with(&json!({"keep_alive_seconds": null})).unwrap().keep_alive_idle, None);
        assert_eq!(turned.with(&turned.show()).unwrap(), turned);
        for (wrong, message) in [
            (json!([]), "switches are a JSON object"),
            (json!({"speed": 1}), "no switch \"speed\""),
            (json!({"gzip": 1}), "gzip is true or false"),
            (json!({"latency_ms": -1}), "latency_ms is a whole number, not below 0"),
            (json!({"calls_a_minute": 0}), "calls_a_minute is a whole number from 1 on, or null"),
        ] {
            assert_eq!(switches.with(&wrong).unwrap_err(), message);
        }
    }
}
