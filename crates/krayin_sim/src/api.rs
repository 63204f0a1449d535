//! From a request to its answer: which path is which call, authentication, throttle, the words of a failure.

pub(crate) mod dispatch;
pub(crate) mod message;
pub(crate) mod router;
