use magnus::{Error, RModule, RString, Ruby, Value, function, prelude::*};

use crate::{convert, session::Session};

fn search(ruby: &Ruby, session: Value, email: Option<String>, phone: Option<String>) -> Result<RString, Error> {
    Session::open(ruby, session)?.run(ruby, |client| async move {
        Ok(convert::json(&client.search_person(email.as_deref(), phone.as_deref()).await?))
    })
}

fn create(ruby: &Ruby, session: Value, person: RString) -> Result<RString, Error> {
    let person = convert::value(ruby, person)?;
    Session::open(ruby, session)?
        .run(ruby, |client| async move { Ok(convert::json(&client.create_person(person).await?)) })
}

fn update(ruby: &Ruby, session: Value, person: RString, id: u64) -> Result<RString, Error> {
    let person = convert::value(ruby, person)?;
    Session::open(ruby, session)?
        .run(ruby, |client| async move { Ok(convert::json(&client.update_person(id, person).await?)) })
}

fn get(ruby: &Ruby, session: Value, id: u64) -> Result<RString, Error> {
    Session::open(ruby, session)?.run(ruby, |client| async move { Ok(convert::json(&client.get_person(id).await?)) })
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("search_person", function!(search, 3))?;
    native.define_singleton_method("create_person", function!(create, 2))?;
    native.define_singleton_method("update_person", function!(update, 3))?;
    native.define_singleton_method("get_person", function!(get, 2))
}
