use crate::{
    api::{ApiError, ErrorKind},
    reason::Reason,
    records::{DecisionError, RecordsError},
    settings::SettingsError,
    sync::{Doubt, EventError, ExtensionError},
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
    /// A person's word on a doubtful contact cannot be taken; nothing was kept.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// An extension failed, or gave what cannot be used.
    #[error(transparent)]
    Extension(Box<ExtensionError>),
    /// The ids could not be loaded or stored.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl Error {
    /// Why, as it is kept with a link and said to people.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Settings(error) => Reason::SettingsWrong { problems: error.problems.clone() },
            Self::Event(_) => Reason::EventWrong,
            Self::Doubtful(doubt) => doubt.reason(),
            Self::Decision(_) => Reason::NothingToDecide,
            Self::Records(_) => Reason::RecordsUnavailable,
            Self::Extension(error) => {
                Reason::ExtensionFailed { extension: error.extension.clone(), step: error.step.to_owned() }
            }
            Self::Api(error) => {
                let fields = || error.fields.keys().cloned().collect();
                match error.kind {
                    ErrorKind::Authentication => Reason::TokenRefused,
                    ErrorKind::Permission => Reason::PermissionMissing,
                    ErrorKind::NotFound => Reason::RecordMissing,
                    ErrorKind::Validation => Reason::ValuesRefused { fields: fields() },
                    ErrorKind::Conflict => Reason::ValueTaken { fields: fields() },
                    ErrorKind::RateLimit => Reason::RequestsSpent,
                    ErrorKind::Server => Reason::ServerFailed,
                    ErrorKind::Unavailable => Reason::ServerUnavailable,
                    ErrorKind::Timeout => Reason::NoAnswer,
                    ErrorKind::Blocked => Reason::RequestBlocked,
                    ErrorKind::UnexpectedResponse => Reason::NotKrayin,
                }
            }
        }
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, ErrorKind};
    use crate::api::{ApiError, Executed, Method};
    use crate::detail::Detail;

    #[test]
    fn a_kind_has_the_code_of_its_reason() {
        for kind in ErrorKind::ALL {
            let error = ApiError {
                kind,
                status: None,
                method: Method::Get,
                path: String::new(),
                attempts: 1,
                executed: Executed::No,
                fields: Default::default(),
                retry_after: None,
                response: None,
                detail: Detail::NoAttempt,
                left: None,
            };
            assert_eq!(Error::from(error).reason().code(), kind.code());
        }
    }
}
