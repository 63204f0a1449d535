//! `KrayinSync::ExternalId`.

use krayin_core::external_id::ExternalIds;
use magnus::{Error, RHash, RModule, RString, Ruby, function, prelude::*};

use crate::{convert, park};

fn parse(ruby: &Ruby, source: RString) -> Result<RHash, Error> {
    let source = convert::bytes(ruby, source)?;
    let ids = park::guard(ruby, || ExternalIds::parse(&String::from_utf8_lossy(&source)))?;
    let hash = ruby.hash_new();
    for (kind, id) in ids.iter() {
        hash.aset(kind, id)?;
    }
    Ok(hash)
}

fn build(ruby: &Ruby, ids: RHash) -> Result<String, Error> {
    let mut built = ExternalIds::default();
    ids.foreach(|kind: String, id: u64| {
        if built.set(&kind, id) {
            Ok(magnus::r_hash::ForEach::Continue)
        } else {
            let message = "ids must be positive, and types words of small letters and underscores";
            Err(Error::new(ruby.exception_arg_error(), message))
        }
    })?;
    Ok(built.to_string())
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("external_id_parse", function!(parse, 1))?;
    native.define_singleton_method("external_id_build", function!(build, 1))
}
