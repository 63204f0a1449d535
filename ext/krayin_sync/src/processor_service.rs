//! `KrayinSync::ProcessorService`, and the finders that it is made of.

use krayin_core::{
    chatwoot::Contact,
    krayin::Entity,
    sync::{self, Event},
};
use magnus::{Error, RModule, RString, Ruby, Value, function, prelude::*};

use crate::{convert, park, session::Session};

fn process(ruby: &Ruby, session: Value, name: String, data: RString) -> Result<RString, Error> {
    let session = Session::open(ruby, session)?.reserving(2);
    let event = convert::read(ruby, data, |data| park::attempt(ruby, || Event::from_json(&name, data)))??;
    let (known, records) = (session.known(), session.records());
    session.run(ruby, |client| async move {
        let outcome = sync::process(&event, &known.settings, &client, &records).await?;
        Ok(convert::json(&outcome))
    })
}

fn find_person(ruby: &Ruby, session: Value, contact: RString) -> Result<RString, Error> {
    let contact = convert::read(ruby, contact, |contact| park::guard(ruby, || Contact::from_json(contact)))??;
    let session = Session::open(ruby, session)?;
    let (known, records) = (session.known(), session.records());
    session.run(ruby, |client| async move {
        Ok(convert::json(&sync::find_person(&contact, &known.settings, &client, &records).await?))
    })
}

fn find_lead(ruby: &Ruby, session: Value, contact: RString, person_id: u64) -> Result<RString, Error> {
    let contact = convert::read(ruby, contact, |contact| park::guard(ruby, || Contact::from_json(contact)))??;
    let session = Session::open(ruby, session)?;
    let (known, records) = (session.known(), session.records());
    session.run(ruby, |client| async move {
        Ok(convert::json(&sync::find_lead(&contact, person_id, &known.settings, &client, &records).await?))
    })
}

/// What a page of Krayin's persons is found by.
fn person_page(ruby: &Ruby, session: Value, page: u64, limit: u64, newest: bool) -> Result<RString, Error> {
    Session::open(ruby, session)?.run(ruby, move |client| async move {
        Ok(convert::json(&sync::person_page(&client, page, limit, newest).await?))
    })
}

/// Some of Krayin's persons and their leads: both or neither, since one without the other is read in vain.
fn people(ruby: &Ruby, session: Value, ids: Vec<u64>) -> Result<RString, Error> {
    Session::open(ruby, session)?
        .reserving(2)
        .run(ruby, move |client| async move { Ok(convert::json(&sync::people(&client, &ids).await?)) })
}

/// A page of all that Krayin has of one kind: of persons where none is named.
fn inventory_page(ruby: &Ruby, session: Value, entity: String, page: u64) -> Result<RString, Error> {
    let entity = Entity::parse(&entity).unwrap_or(Entity::Person);
    Session::open(ruby, session)?
        .run(ruby, move |client| async move { Ok(convert::json(&sync::inventory_page(&client, entity, page).await?)) })
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("process", function!(process, 3))?;
    native.define_singleton_method("find_person", function!(find_person, 2))?;
    native.define_singleton_method("find_lead", function!(find_lead, 3))?;
    native.define_singleton_method("person_page", function!(person_page, 4))?;
    native.define_singleton_method("people", function!(people, 2))?;
    native.define_singleton_method("inventory_page", function!(inventory_page, 3))
}
