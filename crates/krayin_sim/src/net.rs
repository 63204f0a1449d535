//! What is on the wire: connections, faults, webhooks, the calls of `/_sim` and the pages.

pub(crate) mod control;
pub(crate) mod dress;
pub(crate) mod exchange;
pub(crate) mod http;
pub(crate) mod page;
pub(crate) mod shared;
pub(crate) mod webhook;
