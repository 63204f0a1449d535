//! `KrayinSync::Mappers::ConversationMapper`.

use krayin_core::{chatwoot::Conversation, krayin::ActivityLink, mapper};
use magnus::{Error, RModule, RString, Ruby, function, prelude::*};

use crate::{convert, settings_cache};

fn activity(ruby: &Ruby, conversation: RString, person_id: u64, settings: RString) -> Result<RString, Error> {
    let known = settings_cache::read(ruby, settings)?;
    let link = ActivityLink::Person(person_id);
    convert::answer(ruby, conversation, Conversation::from_json, |conversation, json| {
        mapper::map_to_activity(conversation, link, &known.settings).write_json(json);
    })
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("map_conversation", function!(activity, 3))
}
