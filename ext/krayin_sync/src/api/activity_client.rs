use magnus::{Error, RModule, RString, Ruby, Value, function, prelude::*};

use crate::{convert, session::Session};

fn search(ruby: &Ruby, session: Value, title: String) -> Result<RString, Error> {
    Session::open(ruby, session)?
        .run(ruby, |client| async move { Ok(convert::json(&client.search_activity(&title).await?)) })
}

fn create(ruby: &Ruby, session: Value, activity: RString) -> Result<RString, Error> {
    let activity = convert::value(ruby, activity)?;
    Session::open(ruby, session)?
        .run(ruby, |client| async move { Ok(convert::json(&client.create_activity(activity).await?)) })
}

fn update(ruby: &Ruby, session: Value, activity: RString, id: u64) -> Result<RString, Error> {
    let activity = convert::value(ruby, activity)?;
    Session::open(ruby, session)?
        .run(ruby, |client| async move { Ok(convert::json(&client.update_activity(id, activity).await?)) })
}

fn get(ruby: &Ruby, session: Value, id: u64) -> Result<RString, Error> {
    Session::open(ruby, session)?.run(ruby, |client| async move { Ok(convert::json(&client.get_activity(id).await?)) })
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("search_activity", function!(search, 2))?;
    native.define_singleton_method("create_activity", function!(create, 2))?;
    native.define_singleton_method("update_activity", function!(update, 3))?;
    native.define_singleton_method("get_activity", function!(get, 2))
}
