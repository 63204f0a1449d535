//! One HTTP attempt: what is sent, where it may go and what comes back.

pub(in crate::api) mod attempt;
pub(in crate::api) mod body;
mod chunked_body;
pub(in crate::api) mod path;
mod reqwest_transport;
mod resolver;
pub(in crate::api) mod transport;

pub use attempt::{Attempt, Beginning, Observer};
pub use reqwest_transport::ReqwestTransport;
pub use resolver::{StartThread, start_threads_by};
pub use transport::{Method, Request, Response, Transport, TransportError, TransportErrorKind};
