//! `KrayinSync::Mappers::ConversationMapper`.

use krayin_core::{chatwoot::Conversation, krayin::ActivityLink, mapper};
use magnus::{Error, RModule, RString, Ruby, function, prelude::*};

use crate::{convert, park, settings_cache};

fn activity(ruby: &Ruby, conversation: RString, person_id: u64, settings: RString) -> Result<RString, Error> {
    let conversation = convert::bytes(conversation);
    let known = settings_cache::read(ruby, settings)?;
    let link = ActivityLink::Person(person_id);
    let mapped = park::guard(ruby, || {
        convert::json(&mapper::map_to_activity(&Conversation::from_json(&conversation), link, &known.settings))
    })?;
    convert::string(ruby, &mapped)
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("map_conversation", function!(activity, 3))
}
