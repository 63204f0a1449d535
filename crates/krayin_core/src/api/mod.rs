//! Calls to Krayin: one HTTP attempt behind a port, typed calls on top, and between them the loop that tells what an
//! answer means and whether the call may be repeated.

mod calls;
mod client;
mod error;
mod http;
mod recovery;

pub(crate) use calls::{has_email, has_phone, in_order};
pub use client::Client;
pub use error::{ApiError, ErrorKind, Executed};
pub use http::{
    Attempt, Beginning, Method, Observer, Request, ReqwestTransport, Response, StartThread, Transport, TransportError,
    TransportErrorKind, start_threads_by,
};
pub use recovery::{Change, LimiterStore, MemoryStore, RateLimiter, ServerState};
