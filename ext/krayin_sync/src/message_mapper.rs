//! `KrayinSync::Mappers::MessageMapper`.

use krayin_core::{chatwoot::Message, krayin::ActivityLink, mapper};
use magnus::{Error, RModule, RString, Ruby, function, prelude::*};

use crate::{convert, settings_cache};

fn activity(ruby: &Ruby, message: RString, person_id: u64, settings: RString) -> Result<RString, Error> {
    let known = settings_cache::read(ruby, settings)?;
    let link = ActivityLink::Person(person_id);
    convert::answer(ruby, message, Message::from_json, |message, json| {
        match mapper::map_message_to_activity(message, link, &known.settings) {
            Some(activity) => activity.write_json(json),
            None => convert::write(json, &()),
        }
    })
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("map_message", function!(activity, 3))
}
