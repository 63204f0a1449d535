//! What each resource does: one file each, all of them methods of [`Crm`](crate::crm::Crm).

pub(crate) mod activity;
pub(crate) mod attribute;
pub(crate) mod automation;
pub(crate) mod colleague;
pub(crate) mod documented;
pub(crate) mod lead;
pub(crate) mod organization;
pub(crate) mod person;
pub(crate) mod pipeline;
pub(crate) mod product;
pub(crate) mod records;
pub(crate) mod source;
pub(crate) mod tag;
pub(crate) mod trigger;
pub(crate) mod user;
pub(crate) mod value;
