//! `KrayinSync::Mappers::ContactMapper`.

use krayin_core::{chatwoot::Contact, krayin::LeadLink, mapper};
use magnus::{Error, RModule, RString, Ruby, function, prelude::*};

use crate::{convert, park, settings_cache};

fn person(ruby: &Ruby, contact: RString) -> Result<RString, Error> {
    let contact = convert::bytes(contact);
    let mapped = park::guard(ruby, || convert::json(&mapper::map_to_person(&Contact::from_json(&contact))))?;
    convert::string(ruby, &mapped)
}

fn lead(ruby: &Ruby, contact: RString, person_id: Option<u64>, settings: RString) -> Result<RString, Error> {
    let contact = convert::bytes(contact);
    let known = settings_cache::read(ruby, settings)?;
    let link = person_id.map(LeadLink::Id);
    let mapped = park::guard(ruby, || {
        convert::json(&mapper::map_to_lead(&Contact::from_json(&contact), link, &known.settings))
    })?;
    convert::string(ruby, &mapped)
}

fn organization(ruby: &Ruby, contact: RString) -> Result<RString, Error> {
    let contact = convert::bytes(contact);
    let mapped = park::guard(ruby, || convert::json(&mapper::map_to_organization(&Contact::from_json(&contact))))?;
    convert::string(ruby, &mapped)
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("map_to_person", function!(person, 1))?;
    native.define_singleton_method("map_to_lead", function!(lead, 3))?;
    native.define_singleton_method("map_to_organization", function!(organization, 1))
}
