use crate::{
    api::ApiError,
    records::RecordsError,
    settings::SettingsError,
    sync::{Doubt, EventError},
};

/// Everything that can go wrong. No variant's message carries a token, an e-mail address, a phone number or a body.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings cannot be used; nothing was sent.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The event cannot be read; nothing was sent.
    #[error(transparent)]
    Event(#[from] EventError),
    /// A call to Krayin failed.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// Only a person can tell whom the contact is; nothing was written.
    #[error(transparent)]
    Doubtful(#[from] Doubt),
    /// The ids could not be loaded or stored.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}
