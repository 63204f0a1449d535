//! Keeps a Krayin CRM in step with Chatwoot: contacts become persons, leads and organizations, conversations and
//! messages become activities, each exactly once.
//!
//! Data flows one way: [`chatwoot`] (what comes in) → [`mapper`] (pure) → [`sync`] (decides) → [`api`] (calls) →
//! Krayin. Two ports connect the crate to its surroundings: [`api::Transport`] performs one HTTP attempt,
//! [`records::Records`] keeps the ids that Krayin gave and a digest of what was last sent.
//!
//! Mapping needs nothing but the record:
//!
//! ```
//! use krayin_core::{chatwoot::Contact, mapper};
//!
//! let contact = Contact::from_json(br#"{"id": 7, "name": "Jane Doe", "phone_number": "(415) 555-0182",
//!     "additional_attributes": {"country_code": "US", "company_name": "Acme"}}"#);
//! let person = mapper::map_to_person(&contact);
//! assert_eq!(person.contact_numbers[0].value, "+14155550182");
//! assert_eq!(serde_json::to_value(&person)?["name"], "Jane Doe");
//! assert_eq!(mapper::map_to_organization(&contact).map(|company| company.name).as_deref(), Some("Acme"));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! Syncing needs a Krayin, settings and a place for its ids:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use krayin_core::{
//!     Error,
//!     api::{Client, ReqwestTransport},
//!     records::Memory,
//!     settings::Settings,
//!     setup,
//!     sync::{self, Event},
//! };
//!
//! # async fn run() -> Result<(), Error> {
//! let typed = br#"{"api_url": "https://crm.example.com", "api_token": "1|secret", "sync_to_organization": true}"#;
//! let settings = Settings::from_json(typed)?;
//! let transport = Arc::new(ReqwestTransport::new()?); // one a process
//! let (found, _) = setup::connect(&settings, &Client::new(settings.connection()?, transport.clone())).await?;
//! let settings = settings.with_found(&found);
//!
//! let client = Client::new(settings.connection()?, transport); // one an event
//! let records = Memory::default(); // your own `records::Records` where ids must outlive the process
//! let contact = br#"{"contact": {"id": 7, "name": "Jane Doe", "email": "jane@example.com"}}"#;
//! let event = Event::from_json("contact.created", contact)?;
//! match sync::process(&event, &settings, &client, &records).await {
//!     Ok(outcome) => println!("{}: {:?} after {} requests", outcome.status, outcome.created, outcome.requests),
//!     Err(Error::Api(error)) if error.is_passing() => println!("once more in {:?}: {error}", error.retry_after),
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! It runs on tokio. `tests/examples/sync_contact.rs` in the repository does the same against the simulated Krayin of
//! `crates/krayin_sim`.

pub mod api;
mod body;
mod calendar;
pub mod chatwoot;
mod coded;
pub mod detail;
mod digest;
mod email;
mod error;
pub mod external_id;
pub mod field;
pub mod harmless;
mod instance;
mod json;
pub mod krayin;
pub mod language;
pub mod mapper;
mod memo;
pub mod phone;
mod placeholder;
pub mod problem;
pub mod reason;
pub mod records;
mod render;
pub mod retry;
pub mod server;
pub mod settings;
pub mod setup;
pub mod sync;
pub mod text;

pub use digest::{Digest, DigestKey};
pub use error::Error;

/// A boxed future, so that the ports can be trait objects.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
