//! What a record becomes, as extensions see and change it.

use krayin_core::{
    chatwoot::Conversation,
    mapper::{self, Mapped},
    records::Stored,
    sync::{self, Event},
};
use magnus::{Error, RModule, RString, Ruby, function, prelude::*};
use serde_json::{Value, json};

use crate::{convert, park, settings_cache};

fn payload(ruby: &Ruby, kind: String, record: RString, settings: RString) -> Result<RString, Error> {
    let (kind, known) = (of(ruby, &kind)?, settings_cache::read(ruby, settings)?);
    let record = convert::value(ruby, record)?;
    let payload = park::guard(ruby, || mapper::payload(kind, &record, &known.settings))?;
    convert::string(ruby, &convert::json(&payload))
}

/// `{"record": …}`, or `{"wrong": …}` with a clause that says why the payload cannot be used.
fn with_payload(
    ruby: &Ruby,
    kind: String,
    record: RString,
    payload: RString,
    settings: RString,
) -> Result<RString, Error> {
    let (kind, known) = (of(ruby, &kind)?, settings_cache::read(ruby, settings)?);
    let (record, payload): (Value, Value) = (convert::value(ruby, record)?, convert::value(ruby, payload)?);
    let given = park::guard(ruby, || mapper::with_payload(kind, record, &payload, &known.settings))?;
    let told = given.map_or_else(|wrong| json!({"wrong": wrong.to_string()}), |record| json!({"record": record}));
    convert::string(ruby, &convert::json(&told))
}

/// What the settings map and their rules look at, as a JSON list of texts.
fn setting_sources(ruby: &Ruby, settings: RString) -> Result<RString, Error> {
    let known = settings_cache::read(ruby, settings)?;
    convert::string(ruby, &convert::json(&known.settings.sources()))
}

/// What the mapping would do with the contact of an event.
fn preview_mapping(ruby: &Ruby, name: String, data: RString, settings: RString) -> Result<RString, Error> {
    let known = settings_cache::read(ruby, settings)?;
    let event = convert::read(ruby, data, |data| park::attempt(ruby, || Event::from_json(&name, data)))??;
    let rows = park::attempt(ruby, || sync::preview_mapping(&event, &known.settings))?;
    convert::string(ruby, &convert::json(&rows))
}

/// How the rules for stages stand with a conversation; `stored` is what is kept of it.
fn explain_rules(ruby: &Ruby, conversation: RString, stored: RString, settings: RString) -> Result<RString, Error> {
    let known = settings_cache::read(ruby, settings)?;
    let conversation = convert::read(ruby, conversation, |json| park::guard(ruby, || Conversation::from_json(json)))??;
    let stored: Stored = convert::read(ruby, stored, convert::parsed)?.unwrap_or_default();
    let rows = park::guard(ruby, || sync::explain_rules(&conversation, &stored, &known.settings))?;
    convert::string(ruby, &convert::json(&rows))
}

fn of(ruby: &Ruby, kind: &str) -> Result<Mapped, Error> {
    Mapped::parse(kind).ok_or_else(|| Error::new(ruby.exception_arg_error(), "nothing is mapped of such a record"))
}

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("payload", function!(payload, 3))?;
    native.define_singleton_method("with_payload", function!(with_payload, 4))?;
    native.define_singleton_method("preview_mapping", function!(preview_mapping, 3))?;
    native.define_singleton_method("explain_rules", function!(explain_rules, 3))?;
    native.define_singleton_method("setting_sources", function!(setting_sources, 1))?;
    Ok(())
}
