//! `KrayinSync::Mappers::MessageMapper`.

use krayin_core::{chatwoot::Message, krayin::ActivityLink, mapper};
use magnus::{Error, RModule, RString, Ruby, function, prelude::*};

use crate::{convert, park, settings_cache};

fn activity(ruby: &Ruby, message: RString, person_id: u64, settings: RString) -> Result<RString, Error> {
    let message = convert::bytes(message);
    let known = settings_cache::read(ruby, settings)?;
    let link = ActivityLink::Person(person_id);
    let mapped = park::guard(ruby, || {
        convert::json(&mapper::map_message_to_activity(&Message::from_json(&message), link, &known.settings))
    })?;
    convert::string(ruby, &mapped)
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("map_message", function!(activity, 3))
}
