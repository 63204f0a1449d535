//! How PHP and the database read, keep and compare values.

pub(crate) mod clock;
pub(crate) mod contacts;
pub(crate) mod input;
pub(crate) mod moment;
pub(crate) mod row;
pub(crate) mod table;
pub(crate) mod text;
