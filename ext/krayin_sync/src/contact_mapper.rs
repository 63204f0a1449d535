//! `KrayinSync::Mappers::ContactMapper`.

use krayin_core::{chatwoot::Contact, krayin::LeadLink, mapper};
use magnus::{Error, RModule, RString, Ruby, function, prelude::*};

use crate::{convert, settings_cache};

fn person(ruby: &Ruby, contact: RString) -> Result<RString, Error> {
    convert::answer(ruby, contact, Contact::from_json, |contact, json| {
        convert::write(json, &mapper::map_to_person(contact));
    })
}

fn lead(ruby: &Ruby, contact: RString, person_id: Option<u64>, settings: RString) -> Result<RString, Error> {
    let known = settings_cache::read(ruby, settings)?;
    let link = person_id.map(LeadLink::Id);
    convert::answer(ruby, contact, Contact::from_json, |contact, json| {
        convert::write(json, &mapper::map_to_lead(contact, link, &known.settings));
    })
}

fn organization(ruby: &Ruby, contact: RString) -> Result<RString, Error> {
    convert::answer(ruby, contact, Contact::from_json, |contact, json| {
        convert::write(json, &mapper::map_to_organization(contact));
    })
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("map_to_person", function!(person, 1))?;
    native.define_singleton_method("map_to_lead", function!(lead, 3))?;
    native.define_singleton_method("map_to_organization", function!(organization, 1))
}
