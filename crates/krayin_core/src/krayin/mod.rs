//! What goes out and comes back: Krayin's records.
//!
//! What comes back is read leniently: a field that this crate does not know is kept in `rest`, one that is not there is
//! `None`, and the forms that an empty list takes (`null`, `[]`, a blank entry) are all an empty list.

mod activity;
mod amount;
mod date;
mod entity;
mod lead;
mod organization;
mod person;
mod pipeline;

pub use activity::{Activity, ActivityLink, ActivityType, NewActivity};
pub use amount::Amount;
pub(crate) use date::{ClosingDay, midnight_offset, offset_minutes};
pub use entity::Entity;
pub use lead::{Lead, LeadLink, NewLead};
pub use organization::{Address, NewOrganization, Organization};
pub(crate) use person::entry_text;
pub use person::{Labelled, NewPerson, Person};
pub use pipeline::{Named, Pipeline, Stage, User};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// `default` where the value is null or of another shape: a server's odd field must not cost the whole record.
fn lenient<'de, T: DeserializeOwned + Default, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}
