//! What the tests of this folder share.

mod cases;
mod file_records;
pub mod fuzzed;
mod support;
pub mod well_formed;

pub use cases::{Case, cases};
pub use file_records::FileRecords;
pub use support::{SERVERS, TOKEN, World, conversation, jane};
