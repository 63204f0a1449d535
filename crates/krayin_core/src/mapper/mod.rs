//! Chatwoot → Krayin, one file a pair. Pure and total: no I/O, no clock, no panic, the same result for the same input.

mod contact_lead;
mod contact_organization;
mod contact_person;
mod placeholder;

pub use contact_lead::map_to_lead;
pub use contact_organization::map_to_organization;
pub use contact_person::{map_to_person, sendable_email, sendable_phone};
pub use placeholder::{is_placeholder, no_email, no_phone};
