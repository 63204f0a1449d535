//! Calls to Krayin: one HTTP attempt behind a port, typed calls on top, and between them the loop that tells what an
//! answer means and whether the call may be repeated.

mod activity;
mod answer;
mod attempt;
mod body;
mod client;
mod connection;
mod destination;
mod dialect;
mod error;
mod exchange;
mod failure;
mod lead;
mod look;
mod organization;
mod path;
mod person;
mod pieces;
mod rate_limiter;
mod reqwest_transport;
mod resolver;
mod search;
mod settings;
mod state;
mod tag;
mod traits;
mod transport;
mod yes_no;

pub use attempt::{Attempt, Observer};
pub use client::Client;
pub use connection::Connection;
pub use destination::Destinations;
pub use dialect::Dialect;
pub use error::{ApiError, ErrorKind, Executed};
pub use rate_limiter::{Change, LimiterStore, MemoryStore, RateLimiter};
pub use reqwest_transport::ReqwestTransport;
pub(crate) use search::{has_email, has_phone, is_email};
pub use state::ServerState;
pub(crate) use traits::now;
pub use traits::{KnownPipeline, KnownStage, NoPhone, Traits};
pub use transport::{Method, Request, Response, Transport, TransportError, TransportErrorKind};
