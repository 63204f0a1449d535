use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::{Contact, Conversation, Message, lenient};

/// The records of an event's data, each blank where it is not there or is none.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct EventData {
    #[serde(deserialize_with = "blank_or")]
    pub(crate) contact: Contact,
    #[serde(deserialize_with = "blank_or")]
    pub(crate) merged: Contact,
    #[serde(deserialize_with = "blank_or")]
    pub(crate) conversation: Conversation,
    #[serde(deserialize_with = "blank_or")]
    pub(crate) message: Message,
}

impl EventData {
    /// `None` for what is no object.
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        lenient::read(json)
    }
}

fn blank_or<'de, T: DeserializeOwned + Default, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    lenient::nested(deserializer).map(Option::unwrap_or_default)
}
