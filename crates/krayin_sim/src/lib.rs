//! A Krayin that runs on loopback.
//!
//! It answers as live servers were recorded to answer, quirks included, and fails on request. Tests start one with
//! [`Sim::start`]; the binary `krayin_sim` runs one for demos and for other languages.
//!
//! ```
//! use krayin_sim::{Options, Server, Sim};
//!
//! let sim = Sim::start(Options { server: Server::Krayin210, ..Options::default() })?;
//! assert!(sim.url().ends_with("/api/v1"));
//! assert_eq!(sim.persons(), Vec::<serde_json::Value>::new());
//! # Ok::<(), std::io::Error>(())
//! ```

mod answer;
mod api;
mod change;
mod crm;
mod data;
mod fault;
mod log;
mod model;
mod net;
mod options;
mod query;
mod rules;
mod server;
mod sim;
mod switches;
mod throttle;

pub use change::{Change, Moment, Record};
pub use fault::{Action, Fault, Outage, RetryAfter};
pub use log::Logged;
pub use options::{Options, ViewPermission};
pub use server::Server;
pub use sim::Sim;
pub use switches::Switches;
