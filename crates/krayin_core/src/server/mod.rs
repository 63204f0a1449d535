//! The Krayin that is spoken to: where it is, whether the token may go there, which paths it has, and what the set-up
//! learned of it.

mod attribute;
mod connection;
mod destination;
mod dialect;
mod network;
mod profile;

pub use attribute::KnownAttribute;
pub use connection::Connection;
pub use destination::Destinations;
pub(crate) use destination::may_connect;
pub use dialect::Dialect;
pub use network::Network;
pub(crate) use network::Read as ReadNetwork;
pub(crate) use profile::now;
pub use profile::{KnownPipeline, KnownStage, NoPhone, ServerProfile};

/// What is wrong with the settings. Names keys, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The Krayin settings cannot be used: {}.", problems.join("; "))]
pub struct SettingsError {
    /// One clause a problem, each beginning with its key.
    pub problems: Vec<String>,
}

impl SettingsError {
    /// One problem.
    pub fn one(problem: impl Into<String>) -> Self {
        Self { problems: vec![problem.into()] }
    }
}
