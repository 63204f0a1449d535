//! Settings that were read before: the hooks of a process come again with every event.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use krayin_core::{
    server::Connection,
    settings::{Settings, SettingsError},
};
use magnus::{Error, RString, Ruby};

use crate::{convert, park, stack};

/// More are forgotten at once, so that it does not grow with the number of hooks that a process ever saw.
const MOST: usize = 64;

/// Held with the GVL alone, which a fork takes as well.
static KNOWN: Mutex<Option<HashMap<Vec<u8>, Arc<Known>>>> = Mutex::new(None);

/// Settings, and the connection that they say.
pub(crate) struct Known {
    pub(crate) settings: Settings,
    connection: OnceLock<Result<Connection, SettingsError>>,
    identity: OnceLock<String>,
}

impl Known {
    pub(crate) fn connection(&self) -> Result<&Connection, SettingsError> {
        self.connection.get_or_init(|| self.settings.connection()).as_ref().map_err(Clone::clone)
    }

    /// That of the connection, a digest.
    pub(crate) fn identity(&self, connection: &Connection) -> &str {
        self.identity.get_or_init(|| connection.identity())
    }
}

/// Reads settings from JSON, or remembers what the same JSON said.
pub(crate) fn read(ruby: &Ruby, json: RString) -> Result<Arc<Known>, Error> {
    stack::probe(ruby)?;
    let known = convert::read(ruby, json, |json| {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().and_then(|all| all.get(json)).map(Arc::clone)
    })?;
    if let Some(known) = known {
        return Ok(known);
    }
    let json = convert::bytes(ruby, json)?;
    let settings = park::attempt(ruby, || Settings::from_json(&json))?;
    let read = Arc::new(Known { settings, connection: OnceLock::new(), identity: OnceLock::new() });
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(json, Arc::clone(&read));
    Ok(read)
}
