//! Keeps a Krayin CRM in step with Chatwoot: contacts become persons, leads and organizations, conversations and
//! messages become activities, each exactly once.
//!
//! Data flows one way: [`chatwoot`] (what comes in) → [`mapper`] (pure) → [`sync`] (decides) → [`api`] (calls) →
//! Krayin. Two ports connect the crate to its surroundings: [`api::Transport`] performs one HTTP attempt,
//! [`records::Records`] keeps the ids that Krayin gave and a digest of what was last sent.
//!
//! ```no_run
//! # async fn run() -> Result<(), krayin_core::Error> {
//! use std::sync::Arc;
//! use krayin_core::{api, records, settings::Settings, sync};
//!
//! let settings = Settings::from_json(br#"{"api_url": "https://crm.example.com", "api_token": "1|secret",
//!     "default_stage_id": 1, "default_source_id": 1, "default_lead_type_id": 1}"#)?;
//! let transport = Arc::new(api::ReqwestTransport::new()?);
//! let client = api::Client::new(settings.connection()?, transport);
//! let records = records::Memory::default();
//! let event = sync::Event::from_json("contact.created", br#"{"contact": {"id": 7, "name": "Jane", "email": "j@example.com"}}"#)?;
//! let outcome = sync::process(&event, &settings, &client, &records).await?;
//! println!("{} after {} requests", outcome.status, outcome.requests);
//! # Ok(())
//! # }
//! ```

pub mod api;
mod calendar;
pub mod chatwoot;
mod digest;
mod error;
pub mod external_id;
pub mod krayin;
pub mod mapper;
pub mod phone;
pub mod records;
pub mod retry;
pub mod settings;
pub mod setup;
pub mod sync;
pub mod text;

pub use error::Error;

/// A boxed future, so that the ports can be trait objects.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
