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

/// The records by their ids, the lowest first. One sort of places serves records of all kinds: one for
/// each would be a hundred times its size.
pub(crate) fn in_order<T>(found: Vec<T>, id: fn(&T) -> u64) -> Vec<T> {
    let mut places: Vec<(u64, usize)> = found.iter().map(id).zip(0..).collect();
    places.sort_unstable();
    let mut found: Vec<Option<T>> = found.into_iter().map(Some).collect();
    places.into_iter().filter_map(|(_, at)| found.get_mut(at)?.take()).collect()
}

fn data(mut body: Value) -> Value {
    match body.get_mut("data") {
        Some(data) => data.take(),
        None => body,
    }
}
