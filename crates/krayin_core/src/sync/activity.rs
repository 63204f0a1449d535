//! What `Stored::sent` knows the parts of an activity by.

/// What a pending activity is looked for by.
pub(super) const TITLE: &str = "title";

/// The words, by [`digests`](super::comment::digests) of their lines.
pub(super) const COMMENT: &str = "comment";

/// Whether it is done. A schedule and all else are a colleague's once they are there.
pub(super) const DONE: &str = "is_done";
