use magnus::{Error, RModule, RString, Ruby, Value, function, prelude::*};

use crate::{convert, session::Session};

fn search(ruby: &Ruby, session: Value, name: String) -> Result<RString, Error> {
    Session::open(ruby, session)?
        .run(ruby, |client| async move { Ok(convert::json(&client.search_organization(&name).await?)) })
}

fn create(ruby: &Ruby, session: Value, organization: RString) -> Result<RString, Error> {
    let organization = convert::value(ruby, organization)?;
    Session::open(ruby, session)?
        .run(ruby, |client| async move { Ok(convert::json(&client.create_organization(organization).await?)) })
}

fn update(ruby: &Ruby, session: Value, organization: RString, id: u64) -> Result<RString, Error> {
    let organization = convert::value(ruby, organization)?;
    Session::open(ruby, session)?
        .run(ruby, |client| async move { Ok(convert::json(&client.update_organization(id, organization).await?)) })
}

fn get(ruby: &Ruby, session: Value, id: u64) -> Result<RString, Error> {
    Session::open(ruby, session)?
        .run(ruby, |client| async move { Ok(convert::json(&client.get_organization(id).await?)) })
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("search_organization", function!(search, 2))?;
    native.define_singleton_method("create_organization", function!(create, 2))?;
    native.define_singleton_method("update_organization", function!(update, 3))?;
    native.define_singleton_method("get_organization", function!(get, 2))
}
