use magnus::{Error, RModule, RString, Ruby, Value, function, prelude::*};

use crate::{convert, session::Session};

/// `params` is a JSON list of pairs of texts, `body` JSON or nil.
fn request(
    ruby: &Ruby,
    session: Value,
    method: String,
    path: String,
    params: RString,
    body: Option<RString>,
) -> Result<RString, Error> {
    let params: Vec<(String, String)> = serde_json::from_slice(&convert::bytes(params)).unwrap_or_default();
    let body: serde_json::Value =
        body.and_then(|body| serde_json::from_slice(&convert::bytes(body)).ok()).unwrap_or_default();
    Session::open(ruby, session)?.run(ruby, |client| async move {
        let params: Vec<(&str, String)> = params.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let answer = match method.as_str() {
            "POST" => client.post(&path, body, &params).await?,
            "PUT" => client.put(&path, body, &params).await?,
            "DELETE" => client.delete(&path, &params).await?,
            _ => client.get(&path, &params).await?,
        };
        Ok(convert::json(&answer))
    })
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("request", function!(request, 5))
}
