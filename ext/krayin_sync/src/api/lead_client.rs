use magnus::{Error, RModule, RString, Ruby, Value, function, prelude::*};

use crate::{convert, session::Session};

fn search(ruby: &Ruby, session: Value, email: Option<String>, phone: Option<String>) -> Result<RString, Error> {
    Session::open(ruby, session)?.run(ruby, |client| async move {
        Ok(convert::json(&client.search_lead(email.as_deref(), phone.as_deref()).await?))
    })
}

fn create(ruby: &Ruby, session: Value, lead: RString) -> Result<RString, Error> {
    let lead = convert::value(ruby, lead)?;
    Session::open(ruby, session)?.run(ruby, |client| async move { Ok(convert::json(&client.create_lead(lead).await?)) })
}

fn update(ruby: &Ruby, session: Value, lead: RString, id: u64) -> Result<RString, Error> {
    let lead = convert::value(ruby, lead)?;
    Session::open(ruby, session)?
        .run(ruby, |client| async move { Ok(convert::json(&client.update_lead(id, lead).await?)) })
}

fn get(ruby: &Ruby, session: Value, id: u64) -> Result<RString, Error> {
    Session::open(ruby, session)?.run(ruby, |client| async move { Ok(convert::json(&client.get_lead(id).await?)) })
}

fn pipelines(ruby: &Ruby, session: Value) -> Result<RString, Error> {
    Session::open(ruby, session)?.run(ruby, |client| async move { Ok(convert::json(&client.pipelines().await?)) })
}

fn stages(ruby: &Ruby, session: Value, pipeline_id: Option<u64>) -> Result<RString, Error> {
    Session::open(ruby, session)?
        .run(ruby, |client| async move { Ok(convert::json(&client.stages(pipeline_id).await?)) })
}

fn sources(ruby: &Ruby, session: Value) -> Result<RString, Error> {
    Session::open(ruby, session)?.run(ruby, |client| async move { Ok(convert::json(&client.sources().await?)) })
}

fn types(ruby: &Ruby, session: Value) -> Result<RString, Error> {
    Session::open(ruby, session)?.run(ruby, |client| async move { Ok(convert::json(&client.types().await?)) })
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("search_lead", function!(search, 3))?;
    native.define_singleton_method("create_lead", function!(create, 2))?;
    native.define_singleton_method("update_lead", function!(update, 3))?;
    native.define_singleton_method("get_lead", function!(get, 2))?;
    native.define_singleton_method("pipelines", function!(pipelines, 1))?;
    native.define_singleton_method("stages", function!(stages, 2))?;
    native.define_singleton_method("sources", function!(sources, 1))?;
    native.define_singleton_method("types", function!(types, 1))
}
