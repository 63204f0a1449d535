//! The Krayin that is spoken to: where it is, whether the token may go there, which paths it has, and what the set-up
//! learned of it.

mod attribute;
mod connection;
mod destination;
mod dialect;
mod network;
mod profile;

pub use attribute::KnownAttribute;
pub use connection::{Connection, plain_address};
pub use destination::Destinations;
pub(crate) use destination::may_connect;
pub use dialect::Dialect;
pub use network::Network;
pub(crate) use network::Read as ReadNetwork;
pub(crate) use profile::now;
pub use profile::{KnownPipeline, KnownStage, NoPhone, ServerProfile};

use crate::{language::Language, problem::Problem};

/// What is wrong with the settings. Names keys, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence(Language::En))]
pub struct SettingsError {
    /// Each thing that is wrong.
    pub problems: Vec<Problem>,
}

impl SettingsError {
    /// One problem.
    pub fn one(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }

    /// The same for people.
    pub fn sentence(&self, language: Language) -> String {
        cannot_be_used(&self.problems, language)
    }
}

/// What is wrong with settings, in a sentence.
pub(crate) fn cannot_be_used(problems: &[Problem], language: Language) -> String {
    let all = language.of_three(
        "The Krayin settings cannot be used",
        "As configurações do Krayin não podem ser usadas",
        "Los ajustes de Krayin no se pueden usar",
    );
    let clauses: Vec<_> = problems.iter().map(|problem| problem.clause(language)).collect();
    if clauses.is_empty() { format!("{all}.") } else { format!("{all}: {}.", clauses.join("; ")) }
}
