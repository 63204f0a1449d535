//! `KrayinSync::SetupService`.

use krayin_core::setup;
use magnus::{Error, RModule, RString, Ruby, Value, function, prelude::*};

use crate::{convert, session::Session};

fn connect(ruby: &Ruby, session: Value) -> Result<RString, Error> {
    let session = Session::open(ruby, session)?;
    let known = session.known();
    session.run(ruby, |client| async move {
        let (configuration, requests) = setup::connect(&known.settings, &client).await?;
        Ok(convert::json(&serde_json::json!({
            "configuration": configuration, "warnings": configuration.warnings, "requests": requests
        })))
    })
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("connect", function!(connect, 1))
}
