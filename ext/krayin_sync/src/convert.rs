//! Bytes across the boundary: JSON strings, copied, so that nothing of Ruby's is touched without the GVL.

use std::{cell::Cell, time::Duration};

use magnus::{Error, RString, Ruby, encoding::EncodingCapable};
use serde::{Serialize, de::DeserializeOwned};

use crate::{error, park};

/// Whether there may be what the core takes for so many bytes of JSON: a process that runs out in the middle is ended by the
/// allocator. That is many times their size where each is a value, or is written as `&lt;`. What is not touched is not taken.
pub(crate) fn is_room_for(bytes: usize) -> bool {
    const COPIES: usize = 32;
    // So much is in any process's hands.
    const SMALL: usize = 64 * 1024;
    bytes <= SMALL || Vec::<u8>::new().try_reserve_exact(bytes.saturating_mul(COPIES)).is_ok()
}

/// A copy of a Ruby string's bytes.
pub(crate) fn bytes(ruby: &Ruby, string: RString) -> Result<Vec<u8>, Error> {
    read(ruby, string, <[u8]>::to_vec)
}

/// What `read` makes of a Ruby string's bytes, which are not copied: it must touch nothing of Ruby's, and never give the
/// GVL away.
pub(crate) fn read<T>(ruby: &Ruby, string: RString, read: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
    // SAFETY: Ruby does not run before `read` is over, so the string cannot move, change or be collected meanwhile.
    let bytes = unsafe { string.as_slice() };
    if is_room_for(bytes.len()) { Ok(read(bytes)) } else { Err(error::no_room(ruby, "memory")) }
}

/// A Ruby string with what `map` writes of the record in `input`, without a panic of either.
pub(crate) fn answer<R>(
    ruby: &Ruby,
    input: RString,
    record: impl FnOnce(&[u8]) -> R,
    map: impl FnOnce(&R, &mut Vec<u8>),
) -> Result<RString, Error> {
    let mut json = SCRATCH.take();
    // Freed after Ruby has taken room for the string: glibc puts the small blocks of a record together again when it is
    // asked for a large one, and has to part them for the next record.
    let _record = park::guard(ruby, || {
        read(ruby, input, |input| {
            let record = record(input);
            map(&record, &mut json);
            record
        })
    })??;
    let answer = string(ruby, &json);
    json.clear();
    if json.capacity() <= MOST_SCRATCH {
        SCRATCH.set(json);
    }
    answer
}

thread_local! {
    /// Where JSON is written that becomes a Ruby string at once.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

const MOST_SCRATCH: usize = 128 * 1024;

/// JSON of a value that has no map with keys other than text, so that writing it cannot fail.
pub(crate) fn json<T: Serialize>(value: &T) -> Vec<u8> {
    // What most values fit into: growing to it would copy it four times.
    let mut json = Vec::with_capacity(1_000);
    write(&mut json, value);
    json
}

pub(crate) fn write<T: Serialize>(json: &mut Vec<u8>, value: &T) {
    if serde_json::to_writer(&mut *json, value).is_err() {
        json.clear();
        json.extend_from_slice(b"null");
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

/// What the JSON is of; read as text, as the core reads all of it.
pub(crate) fn parsed<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_str(std::str::from_utf8(json).ok()?).ok()
}

/// The JSON value in a Ruby string; an `ArgumentError` where it is none.
pub(crate) fn value(ruby: &Ruby, string: RString) -> Result<serde_json::Value, Error> {
    read(ruby, string, parsed)?.ok_or_else(|| Error::new(ruby.exception_arg_error(), "the data is not JSON"))
}
