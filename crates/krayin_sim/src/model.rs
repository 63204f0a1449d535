//! The rows of each table: their columns, and what the installer puts there.

pub(crate) mod activity;
pub(crate) mod attribute;
pub(crate) mod automation;
pub(crate) mod lead;
pub(crate) mod organization;
pub(crate) mod person;
pub(crate) mod pipeline;
pub(crate) mod product;
pub(crate) mod source;
pub(crate) mod tag;
pub(crate) mod user;
pub(crate) mod value;
