//! Bytes across the boundary: JSON strings, copied, so that nothing of Ruby's is touched without the GVL.

use std::time::Duration;

use magnus::{Error, RString, Ruby, encoding::EncodingCapable};
use serde::Serialize;

/// A copy of a Ruby string's bytes.
pub(crate) fn bytes(string: RString) -> Vec<u8> {
    // SAFETY: the slice is copied before Ruby runs again, so the string cannot move or change meanwhile.
    unsafe { string.as_slice().to_vec() }
}

/// JSON of a value that has no map with keys other than text, so that writing it cannot fail.
pub(crate) fn json<T: Serialize>(value: &T) -> Vec<u8> {
    // What most values fit into: growing to it would copy it four times.
    let mut json = Vec::with_capacity(1_000);
    match serde_json::to_writer(&mut json, value) {
        Ok(()) => json,
        Err(_) => b"null".to_vec(),
    }
}

/// That many seconds, at most `most`; none where it is no number.
pub(crate) fn seconds(value: f64, most: f64) -> Duration {
    Duration::try_from_secs_f64(value.clamp(0.0, most)).unwrap_or_default()
}

/// A Ruby string in UTF-8.
pub(crate) fn string(ruby: &Ruby, bytes: &[u8]) -> Result<RString, Error> {
    let string = ruby.str_from_slice(bytes);
    string.enc_associate(ruby.utf8_encindex())?;
    Ok(string)
}

/// The JSON value in a Ruby string; an `ArgumentError` where it is none.
pub(crate) fn value(ruby: &Ruby, string: RString) -> Result<serde_json::Value, Error> {
    serde_json::from_slice(&bytes(string)).map_err(|_| Error::new(ruby.exception_arg_error(), "the data is not JSON"))
}
