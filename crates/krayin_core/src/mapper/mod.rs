//! Chatwoot → Krayin, one file a pair. Pure and total: no I/O, no clock, no panic, the same result for the same input.

mod activity_title;
mod activity_type;
mod amount;
mod contact_identity;
mod contact_lead;
mod contact_organization;
mod contact_person;
mod contact_profile;
mod conversation_activity;
mod email_envelope;
mod fields;
mod full_name;
mod message_activity;
mod payload;
mod schedule;

pub use crate::placeholder::{is_placeholder, no_email, no_phone};
pub(crate) use activity_title::{of_conversation as conversation_title, says_where};
pub(crate) use contact_identity::{Identity, is_known_by_channel_alone, is_on_network};
pub use contact_lead::map_to_lead;
pub(crate) use contact_lead::{lead_title, new_lead};
pub(crate) use contact_organization::company_name;
pub use contact_organization::map_to_organization;
pub use contact_person::{map_to_person, sendable_email, sendable_emails, sendable_phone, sendable_phones};
pub(crate) use contact_profile::map_to_profile_note;
pub use conversation_activity::map_to_activity;
pub use fields::{FIELDS, Fields};
pub(crate) use full_name::full_name;
pub use message_activity::map_message_to_activity;
pub use payload::{Mapped, PayloadError, payload, with_payload};
