//! Calls to Krayin: one HTTP attempt behind a port, typed calls on top, and between them the loop that tells what an
//! answer means and whether the call may be repeated.

mod activity;
mod client;
mod connection;
mod dialect;
mod error;
mod lead;
mod organization;
mod person;
mod reqwest_transport;
mod search;
mod settings;
mod traits;
mod transport;

pub use client::{Attempt, Client, Observer, ServerState};
pub use connection::Connection;
pub use dialect::Dialect;
pub use error::{ApiError, ErrorKind, Executed};
pub use reqwest_transport::ReqwestTransport;
pub(crate) use search::{has_email, has_phone, is_email};
pub use traits::{KnownPipeline, KnownStage, NoPhone, Traits};
pub use transport::{Method, Request, Response, Transport, TransportError, TransportErrorKind};
