//! Lists and searches over any table.

pub(crate) mod list;
pub(crate) mod search;
