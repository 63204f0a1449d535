//! `/_sim`: what a test or a demo asks the simulator itself. Neither logged nor throttled.

use serde_json::{Value, json};

use crate::api::message::{Request, Response};
use crate::change::Change;
use crate::fault::Fault;
use crate::model::automation::LEAD_EVENTS;
use crate::net::shared::Shared;

/// Is this path one of the simulator's own?
pub(crate) fn is_ours(path: &str) -> bool {
    path.starts_with("/_sim/")
}

/// The answer to a call of `/_sim`, None for every other path.
pub(crate) fn answer(shared: &Shared, request: &Request) -> Option<Response> {
    let path = request.path.strip_prefix("/_sim")?;
    if path == "/page.js" {
        let headers = vec![("content-type", "text/javascript; charset=utf-8".into())];
        return Some(Response { status: 200, headers, body: crate::net::page::SCRIPT.into() });
    }
    let outcome = match (request.method.as_str(), path) {
        ("GET", "/records") => Ok(shared.lock().crm.records()),
        ("GET", "/requests") => requests(shared, &request.query),
        ("DELETE", "/requests") => {
            shared.lock().log.clear();
            Ok(json!({}))
        }
        ("GET", "/webhooks") => {
            let state = shared.lock();
            Ok(state.calls.iter().map(crate::model::automation::OutgoingCall::show).collect())
        }
        ("POST", "/webhooks") => webhooks(shared, &request.body),
        ("DELETE", "/webhooks") => {
            shared.lock().calls.clear();
            Ok(json!({}))
        }
        ("GET", "/changes") => {
            let state = shared.lock();
            Ok(json!({"waiting": state.plan.len(), "refused": state.refused}))
        }
        ("POST", "/changes") => changes(shared, &request.body),
        ("DELETE", "/changes") => {
            let mut state = shared.lock();
            state.plan.clear();
            state.refused.clear();
            Ok(json!({}))
        }
        ("POST", "/faults") => faults(shared, &request.body),
        ("DELETE", "/faults") => {
            let mut state = shared.lock();
            state.faults.clear();
            // They are carried out next.
            drop(state.release_held());
            Ok(json!({}))
        }
        ("GET", "/version") => Ok(json!({"version": shared.lock().crm.version})),
        ("GET", "/switches") => Ok(shared.lock().switches.show()),
        ("POST", "/switches") => switches(shared, &request.body),
        ("POST", "/clock") => clock(shared, &request.body),
        ("POST", "/reset") => shared.reset().map(|()| json!({})),
        _ => return Some(reply(404, &json!({"message": "no such call of the simulator"}))),
    };
    Some(match outcome {
        Ok(body) => reply(200, &body),
        Err(message) => reply(422, &json!({ "message": message })),
    })
}

/// The log, oldest first; with `after`, of the requests with a higher number alone.
fn requests(shared: &Shared, query: &str) -> Result<Value, String> {
    let after = match query.strip_prefix("after=") {
        Some(number) => number.parse().map_err(|_| "after is a request's number")?,
        None if query.is_empty() => 0,
        None => return Err(format!("the log knows no {query}")),
    };
    let entries = shared.lock().log.after(after);
    Ok(entries.iter().map(crate::log::Logged::show).collect())
}

/// Makes one change or a list of them, or has them wait for their moments; none when one cannot be read. The first that
/// is refused ends it.
fn changes(shared: &Shared, body: &[u8]) -> Result<Value, String> {
    let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let changes = match body {
        Value::Array(changes) => changes,
        change => vec![change],
    };
    let changes: Vec<_> = changes.iter().map(Change::from_json).collect::<Result<_, _>>()?;
    let mut state = shared.lock();
    let (mut made, mut waiting) = (0, 0);
    for (change, moment) in changes {
        match moment {
            Some(moment) => {
                state.plan.add(moment, change);
                waiting += 1;
            }
            None => {
                state.crm.change(&change)?;
                made += 1;
            }
        }
    }
    Ok(json!({"made": made, "waiting": waiting}))
}

/// Sets one rule or a list of them; none when one is wrong.
fn faults(shared: &Shared, body: &[u8]) -> Result<Value, String> {
    let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let rules = match body {
        Value::Array(rules) => rules,
        rule => vec![rule],
    };
    let rules: Vec<Fault> = rules.iter().map(Fault::from_json).collect::<Result<_, _>>()?;
    let count = rules.len();
    let mut state = shared.lock();
    for rule in rules {
        state.faults.add(rule);
    }
    Ok(json!({ "set": count }))
}

/// Sets webhooks up: `to`, and `events` and `payload` if they are not all changes of leads.
fn webhooks(shared: &Shared, body: &[u8]) -> Result<Value, String> {
    let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let fields = body.as_object().ok_or("webhooks are set up by a JSON object")?;
    if let Some(unknown) = fields.keys().find(|name| !["to", "events", "payload"].contains(&name.as_str())) {
        return Err(format!("webhooks know no {unknown}"));
    }
    let to = fields.get("to").and_then(Value::as_str).ok_or("to is missing: an address")?;
    let events: Vec<String> = match fields.get("events") {
        None => LEAD_EVENTS.map(str::to_owned).into(),
        Some(events) => {
            let texts = events.as_array().into_iter().flatten().map(|event| event.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().ok_or("events is a list of texts")?
        }
    };
    let payload: Option<Vec<(String, String)>> = match fields.get("payload") {
        None => None,
        Some(payload) => {
            let pairs = payload.as_object().ok_or("payload is an object of texts")?.iter();
            let pairs = pairs.map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
            Some(pairs.collect::<Option<_>>().ok_or("payload is an object of texts")?)
        }
    };
    shared.lock().crm.add_webhooks(to, &events, payload.as_deref())?;
    Ok(json!({"set": events.len()}))
}

/// Turns the switches that are named; none when one is wrong.
fn switches(shared: &Shared, body: &[u8]) -> Result<Value, String> {
    let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let turned = shared.lock().switches.with(&body)?;
    let shown = turned.show();
    shared.switch(turned);
    Ok(shown)
}

fn clock(shared: &Shared, body: &[u8]) -> Result<Value, String> {
    let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let seconds = body
        .get("advance_seconds")
        .and_then(Value::as_u64)
        .ok_or("advance_seconds is missing: a whole number of seconds")?;
    let mut state = shared.lock();
    state.crm.clock.advance(std::time::Duration::from_secs(seconds));
    Ok(json!({"now": crate::data::clock::iso(state.crm.clock.now())}))
}

pub(crate) fn reply(status: u16, body: &Value) -> Response {
    Response { status, headers: vec![("content-type", "application/json".into())], body: body.to_string().into_bytes() }
}
