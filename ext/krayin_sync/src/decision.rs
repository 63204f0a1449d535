//! `KrayinSync.decide`.

use krayin_core::records;
use magnus::{Error, RModule, RString, Ruby, function, prelude::*};

use crate::{convert, park};

fn decide(ruby: &Ruby, stored: RString, verdict: String, person: Option<u64>) -> Result<RString, Error> {
    let stored = convert::bytes(ruby, stored)?;
    let decided = park::attempt(ruby, || records::decide(&stored, &verdict, person))?;
    convert::string(ruby, &decided)
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("decide", function!(decide, 3))
}
