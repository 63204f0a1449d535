//! What the tests of this folder share.

mod cases;
mod file_records;
pub mod fuzzed;
pub mod generators;
pub mod page;
mod spoiling_proxy;
mod support;
pub mod well_formed;

pub use cases::{Case, cases};
pub use file_records::FileRecords;
pub use spoiling_proxy::SpoilingProxy;
pub use support::{ALL_SERVERS, SERVERS, TOKEN, World, conversation, failures, jane, report, with};

/// The examples, run as doc tests.
#[cfg(doctest)]
mod examples {
    #[doc = concat!("```rust\n", include_str!("../crates/krayin_core/examples/map_contact.rs"), "```")]
    struct MapContact;
    #[doc = concat!("```rust\n", include_str!("examples/sync_contact.rs"), "```")]
    struct SyncContact;
}
