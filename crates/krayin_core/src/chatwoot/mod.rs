//! What comes in: the records of one Chatwoot event, as plain data.
//!
//! A snapshot is a JSON object with Chatwoot's columns by their names: the contact of a conversation under `contact`, the
//! conversation of a message under `conversation`, the channel's class under `channel_type`. A webhook's body has some of
//! that elsewhere (`meta.sender`, `channel`, `account.id`); `tests/examples/webhook.rs` in the repository makes one of
//! the other.
//!
//! Reading is total: a field of an unexpected type is an absent field, never an error.

mod contact;
mod conversation;
mod event_data;
mod instant;
mod lenient;
mod message;
mod source;

pub use contact::{Contact, ContactInbox, Inbox, Labels};
pub use conversation::{Channel, Conversation};
pub(crate) use event_data::EventData;
pub(crate) use instant::{Clock, Instant};
pub use message::{Attachment, ContentAttributes, Direction, Message, Sender};
pub(crate) use source::{is_first_touch, is_of_conversation, is_unknown as is_unknown_source};
