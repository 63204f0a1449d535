//! What is read out of a good answer.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::{ApiError, Method, recovery::failure::wrong_shape};

/// The record under `data`, or the body itself where a server wraps nothing.
pub(crate) fn record<T: DeserializeOwned>((method, path): (Method, &str), body: Value) -> Result<T, ApiError> {
    serde_json::from_value(data(body)).map_err(|_| wrong_shape(method, path))
}

/// The records under `data` that can be read.
pub(crate) fn records<T: DeserializeOwned>((method, path): (Method, &str), body: Value) -> Result<Vec<T>, ApiError> {
    let Value::Array(rows) = data(body) else { return Err(wrong_shape(method, path)) };
    Ok(rows.into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect())
}

fn data(mut body: Value) -> Value {
    match body.get_mut("data") {
        Some(data) => data.take(),
        None => body,
    }
}
