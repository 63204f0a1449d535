//! Typed calls, one file a kind of record.

mod activity;
pub(in crate::api) mod answer;
mod lead;
mod organization;
mod person;
pub(in crate::api) mod search;
mod settings;
mod tag;
mod timeline;
mod yes_no;

pub(crate) use answer::in_order;
pub(crate) use search::{has_email, has_phone};
