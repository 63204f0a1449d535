//! `KrayinSync::Mappers::ContactMapper`.

use krayin_core::{chatwoot::Contact, krayin::LeadLink, mapper, settings::Settings};
use magnus::{Error, RModule, RString, Ruby, function, prelude::*};

use crate::{convert, park};

fn person(ruby: &Ruby, contact: RString) -> Result<RString, Error> {
    let contact = convert::bytes(contact);
    let mapped = park::guard(ruby, || convert::json(&mapper::map_to_person(&Contact::from_json(&contact))))?;
    convert::string(ruby, &mapped)
}

fn lead(ruby: &Ruby, contact: RString, person_id: Option<u64>, settings: RString) -> Result<RString, Error> {
    let (contact, settings) = (convert::bytes(contact), convert::bytes(settings));
    let settings = park::attempt(ruby, || Settings::from_json(&settings))?;
    let link = person_id.map(LeadLink::Id);
    let mapped =
        park::guard(ruby, || convert::json(&mapper::map_to_lead(&Contact::from_json(&contact), link, &settings)))?;
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
