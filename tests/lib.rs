//! What the tests of this folder share.

mod support;

pub use support::{SERVERS, TOKEN, World, conversation, jane};
