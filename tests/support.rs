//! A simulated Krayin, a connection to it and records: what the tests of whole flows begin with.

use std::{sync::Arc, time::Duration};

use krayin_core::{
    Error,
    api::{Client, ReqwestTransport},
    records::{Kind, Memory, Records, Stored},
    retry::Backoff,
    settings::Settings,
    setup,
    sync::{self, Event, Outcome},
};
use krayin_sim::{Action, Options, Server, Sim};
use serde_json::{Value, json};

/// The recorded servers.
pub const SERVERS: [Server; 3] = [Server::Krayin210, Server::Krayin223Official, Server::Krayin223Community];

/// All servers: the recorded ones and the one that the document describes.
pub const ALL_SERVERS: [Server; 4] = [SERVERS[0], SERVERS[1], SERVERS[2], Server::Documented];

/// What may come of a request: a refusal, a connection that ends, and a page that is none of the server's.
pub fn failures() -> [Action; 6] {
    let refuses = |status| Action::Status { status, body: "{}".into(), headers: Vec::new() };
    [
        refuses(500),
        refuses(503),
        Action::CloseBeforeActing,
        Action::CloseAfterActing,
        Action::CloseHalfway,
        Action::Html,
    ]
}

/// The token of every world.
pub const TOKEN: &str = "1|end-to-end-0123456789";

/// A server, a hook's settings and records.
pub struct World {
    /// The server.
    pub sim: Sim,
    /// Which one it imitates.
    pub server: Server,
    /// The hook's settings.
    pub settings: Value,
    /// The ids that were kept.
    pub records: Memory,
    transport: Arc<ReqwestTransport>,
}

impl World {
    /// A server that nobody has connected to.
    pub fn new(server: Server) -> Self {
        Self::start(Options { server, tokens: vec![TOKEN.to_owned()], throttle: false, ..Options::default() })
    }

    fn start(options: Options) -> Self {
        let server = options.server;
        let sim = Sim::start(options).unwrap();
        let settings = json!({"api_url": sim.url(), "api_token": TOKEN, "sync_to_organization": true});
        Self {
            sim,
            server,
            settings,
            records: Memory::default(),
            transport: Arc::new(ReqwestTransport::new().unwrap()),
        }
    }

    /// A server that the set-up has connected to.
    pub async fn connected(server: Server) -> Self {
        Self::new(server).connect().await
    }

    /// A server of one's own that the set-up has connected to.
    pub async fn on(options: Options) -> Self {
        Self::start(options).connect().await
    }

    /// The world once the set-up has looked at its server.
    pub async fn connect(mut self) -> Self {
        let world = &mut self;
        let settings = world.settings();
        let (found, _) = setup::connect(&settings, &world.client()).await.unwrap();
        world.set(serde_json::to_value(found).unwrap());
        world.sim.clear_requests();
        self
    }

    /// Puts settings beside those that are there.
    pub fn set(&mut self, settings: Value) {
        for (key, value) in settings.as_object().unwrap() {
            self.settings[key] = value.clone();
        }
    }

    /// The settings, read.
    pub fn settings(&self) -> Settings {
        Settings::from_json(self.settings.to_string().as_bytes()).unwrap()
    }

    /// A client of the server that tries again at once.
    pub fn client(&self) -> Client {
        let backoff = Backoff { base: Duration::from_millis(2), cap: Duration::from_millis(5) };
        Client::new(self.settings().connection().unwrap(), self.transport.clone()).with_backoff(backoff)
    }

    /// Runs an event. The requests that it says it took are those that the server counted.
    pub async fn event(&self, name: &str, data: Value) -> Result<Outcome, Error> {
        self.sim.clear_requests();
        let event = Event::from_json(name, data.to_string().as_bytes()).unwrap();
        let outcome = sync::process(&event, &self.settings(), &self.client(), &self.records).await;
        if let Ok(outcome) = &outcome {
            assert_eq!(self.sim.requests().len(), outcome.requests as usize, "{outcome:?}");
        }
        outcome
    }

    /// Runs an event of a contact.
    pub async fn contact(&self, name: &str, contact: Value) -> Outcome {
        self.event(name, json!({"contact": contact})).await.unwrap()
    }

    /// Forgets what is kept of a record.
    pub async fn forget(&self, kind: Kind, id: u64) {
        self.records.store(kind, id, &Stored::default()).await.unwrap();
    }
}

/// A contact with everything.
pub fn jane() -> Value {
    json!({
        "id": 7, "name": "Jane Doe", "email": "jane@example.com", "phone_number": "+14155550182",
        "additional_attributes": {"company_name": "Acme, Inc."}
    })
}

/// Her conversation over `channel`.
pub fn conversation(channel: &str) -> Value {
    json!({
        "id": 420, "display_id": 42, "account_id": 1, "status": "open", "channel_type": channel, "inbox_name": "Support",
        "created_at": "2026-11-24T10:00:00Z", "last_activity_at": "2026-11-24T10:05:00Z",
        "url": "https://chat.example.com/app/accounts/1/conversations/42", "contact": jane(),
        "messages": [{
            "id": 1, "message_type": "incoming", "content": "Hello **there**", "created_at": "2026-11-24T10:00:00Z",
            "sender": {"name": "Jane Doe", "type": "Contact"}
        }]
    })
}

/// A record with these fields as well, or with nothing else where it is none.
pub fn with(mut record: Value, fields: Value) -> Value {
    if !record.is_object() {
        record = json!({});
    }
    for (key, value) in fields.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

/// Shows what a test has counted. `println!` is shown of failing tests alone.
pub fn report(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}
