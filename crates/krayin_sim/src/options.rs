//! What a simulator is started with.

use std::str::FromStr;

use crate::server::Server;
use crate::switches::Switches;

/// How to start a simulator.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which server's answers.
    pub server: Server,
    /// `APP_DEBUG=false`: other statuses and no exception texts.
    pub production: bool,
    /// Bearer tokens, each of its own user: the first belongs to user 2. User 1 is the seeded administrator.
    pub tokens: Vec<String>,
    /// The server's own time zone, an IANA name.
    pub timezone: String,
    /// Whether the server throttles, where it does at all. Wins over the same switch of `switches`.
    pub throttle: bool,
    /// How the server is set up in front of its code.
    pub switches: Switches,
    /// An address that webhooks are set up for: each change of a lead is sent there, as [`Sim::add_webhooks`] tells.
    ///
    /// [`Sim::add_webhooks`]: crate::Sim::add_webhooks
    pub webhook: Option<String>,
    /// Address to listen on. Port 0 takes a free one.
    pub listen: String,
    /// `view_permission` of every user. Searches break unless it is `Global`.
    pub view_permission: ViewPermission,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            server: Server::default(),
            production: false,
            tokens: (1..=3).map(|number| format!("{number}|simulated-token-of-user-{}", number + 1)).collect(),
            timezone: "Asia/Kolkata".into(),
            throttle: true,
            switches: Switches::default(),
            webhook: None,
            listen: "127.0.0.1:0".into(),
            view_permission: ViewPermission::default(),
        }
    }
}

impl Options {
    /// The switches as they stand at the start.
    pub(crate) fn first_switches(&self) -> Switches {
        Switches { throttle: self.throttle, ..self.switches.clone() }
    }
}

/// Whose records a user may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ViewPermission {
    /// Everybody's.
    #[default]
    Global,
    /// Those of the user's groups.
    Group,
    /// The user's own.
    Individual,
}

impl ViewPermission {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Group => "group",
            Self::Individual => "individual",
        }
    }
}

impl FromStr for ViewPermission {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "global" => Ok(Self::Global),
            "group" => Ok(Self::Group),
            "individual" => Ok(Self::Individual),
            other => Err(format!("unknown view permission {other:?}: global, group or individual")),
        }
    }
}
