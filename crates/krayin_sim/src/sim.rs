//! A running simulator, and the handle on it.

use std::io;
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::change::{Change, Moment};
use crate::crm::Crm;
use crate::fault::Fault;
use crate::log::Logged;
use crate::model::automation::OutgoingCall;
use crate::net::exchange::send;
use crate::net::http::serve;
use crate::net::shared::Shared;
use crate::options::Options;
use crate::switches::Switches;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 16_384;

/// A simulator on its own thread with its own runtime, so that it serves blocking and async tests alike. It stops when
/// the handle is dropped.
pub struct Sim {
    shared: Arc<Shared>,
    runtime: tokio::runtime::Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Listens with room for thousands of clients that connect at the same moment.
fn listen(address: &str) -> io::Result<TcpListener> {
    let mut refused = io::Error::new(io::ErrorKind::InvalidInput, "no address");
    for address in address.to_socket_addrs()? {
        let attempt = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(BACKLOG)
        };
        match attempt() {
            Ok(listener) => return Ok(listener),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

impl Shared {
    /// Turns the switches.
    pub(crate) fn switch(&self, switches: Switches) {
        let mut state = self.lock();
        state.crm.throttle.turn(&switches);
        state.switches = switches;
    }

    /// Back to what the installer leaves: records, log, faults, clock, throttle and switches.
    pub(crate) fn reset(&self) -> Result<(), String> {
        let crm = Crm::set_up(&self.options)?;
        let mut state = self.lock();
        let version = state.crm.version;
        state.crm = crm;
        state.crm.version = version + 1;
        state.log.clear();
        state.faults.clear();
        state.drop_held();
        state.plan.clear();
        state.refused.clear();
        state.calls.clear();
        state.switches = self.options.first_switches();
        Ok(())
    }
}

impl Sim {
    /// Starts one. It accepts connections when this returns.
    ///
    /// # Errors
    /// `InvalidInput` when the options make no sense (an unknown time zone, an address that is none); else what the
    /// system says of the address.
    pub fn start(options: Options) -> io::Result<Self> {
        let crm = Crm::set_up(&options).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _guard = runtime.enter();
            listen(&options.listen)?
        };
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(options, address, crm));
        let (stop, stopped) = oneshot::channel();
        let handle = runtime.handle().clone();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("krayin_sim".into())
            .spawn(move || runtime.block_on(serve(listener, serving, stopped)))?;
        Ok(Self { shared, runtime: handle, stop: Some(stop), thread: Some(thread) })
    }

    /// The address that clients are given, without a slash at its end: `http://127.0.0.1:4321/api/v1`.
    #[must_use]
    pub fn url(&self) -> String {
        self.shared.url()
    }

    /// The server's root: `http://127.0.0.1:4321`, where `/_sim` and the page are.
    #[must_use]
    pub fn root(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// The token of this number, counted from 0; it belongs to user `number + 2`. Empty when there is none.
    #[must_use]
    pub fn token(&self, number: usize) -> String {
        self.shared.options.tokens.get(number).cloned().unwrap_or_default()
    }

    /// The requests that have come, oldest first. Calls of `/_sim` and of the page are not among them. The log holds
    /// the last 32 MiB.
    #[must_use]
    pub fn requests(&self) -> Vec<Logged> {
        self.shared.lock().log.after(0)
    }

    /// Empties the log.
    pub fn clear_requests(&self) {
        self.shared.lock().log.clear();
    }

    /// All persons, as the API shows them, with `organization_id`, `user_id`, `tag_ids` and custom attributes.
    #[must_use]
    pub fn persons(&self) -> Vec<Value> {
        self.shared.lock().crm.person_records()
    }

    /// All leads, as the API shows them, with `person_id`, `user_id`, `tag_ids` and custom attributes.
    #[must_use]
    pub fn leads(&self) -> Vec<Value> {
        self.shared.lock().crm.lead_records()
    }

    /// All organizations, as the API shows them.
    #[must_use]
    pub fn organizations(&self) -> Vec<Value> {
        self.shared.lock().crm.organization_records()
    }

    /// The activities that API clients made, with `lead_ids`, `person_ids` and `user_id`. The server's own notes of
    /// changes (`type` `system`) are not among them.
    #[must_use]
    pub fn activities(&self) -> Vec<Value> {
        self.shared.lock().crm.activity_records()
    }

    /// What the sales team would see broken in Krayin, a sentence each: a lead whose person's `contact_numbers` is null
    /// has an error for a page, an e-mail without `additional` empties the timelines that it is in.
    #[must_use]
    pub fn broken_pages(&self) -> Vec<String> {
        self.shared.lock().crm.broken_pages()
    }

    /// Sets up a webhook to `to` for each of these events (`lead.create.after`, `lead.update.after`, `lead.delete.before`,
    /// the same of `contacts.person` and `activity`), and the workflow that triggers it. `payload` holds keys and values
    /// with placeholders; None sends the event's name and what the record is called, a lead's stage too.
    ///
    /// # Errors
    /// What is wrong with the address or an event, in words.
    pub fn add_webhooks(
        &self,
        to: &str,
        events: &[String],
        payload: Option<&[(String, String)]>,
    ) -> Result<(), String> {
        self.shared.lock().crm.add_webhooks(to, events, payload)
    }

    /// The calls that webhooks made, oldest first: `method`, `url`, `headers`, `body`, and `lost` where a value that was
    /// placed into one broke it, so that it was not sent. The last thousand are kept.
    #[must_use]
    pub fn webhook_calls(&self) -> Vec<Value> {
        self.shared.lock().calls.iter().map(OutgoingCall::show).collect()
    }

    /// Makes a colleague's change at once.
    ///
    /// # Errors
    /// Why the server refused it, in words.
    pub fn change(&self, change: &Change) -> Result<(), String> {
        let (outcome, calls) = {
            let mut state = self.shared.lock();
            let outcome = state.crm.change(change);
            (outcome, state.take_calls())
        };
        self.runtime.spawn(send(calls));
        outcome
    }

    /// Makes a colleague's change when its moment comes.
    pub fn change_at(&self, moment: Moment, change: Change) {
        self.shared.lock().plan.add(moment, change);
    }

    /// How many changes still wait for their moment.
    #[must_use]
    pub fn waiting_changes(&self) -> usize {
        self.shared.lock().plan.len()
    }

    /// The changes that were refused when their moment came, and why, a line each.
    #[must_use]
    pub fn refused_changes(&self) -> Vec<String> {
        self.shared.lock().refused.clone()
    }

    /// Makes calls fail: see [`Fault`].
    pub fn fault(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// Takes all faults away. What waited for other requests has been carried out when this returns.
    pub fn clear_faults(&self) {
        let held = {
            let mut state = self.shared.lock();
            state.faults.clear();
            state.release_held()
        };
        for mut carried_out in held {
            while carried_out.try_recv() == Err(TryRecvError::Empty) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// How the switches stand.
    #[must_use]
    pub fn switches(&self) -> Switches {
        self.shared.lock().switches.clone()
    }

    /// Turns the switches, for all requests that come from now on.
    pub fn switch(&self, switches: Switches) {
        self.shared.switch(switches);
    }

    /// Moves the server's clock: the throttle's window, and every date that it writes from now on.
    pub fn advance(&self, by: Duration) {
        self.shared.lock().crm.clock.advance(by);
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections()
    }

    /// Back to what the installer leaves: records, log, faults, clock, throttle and switches.
    pub fn reset(&self) {
        // The options made a CRM once, so they make one again.
        let _ = self.shared.reset();
    }

    /// Requires an attribute of an entity (`persons`, `emails`), or requires it no longer. False when there is none.
    pub fn require_attribute(&self, entity: &str, code: &str, required: bool) -> bool {
        let mut state = self.shared.lock();
        let found =
            state.crm.attributes.iter_mut().find(|attribute| attribute.entity == entity && attribute.code == code);
        found.map(|attribute| attribute.required = required).is_some()
    }

    /// Adds a pipeline with stages, each a code and a name, and answers the pipeline's id.
    pub fn add_pipeline(&self, name: &str, stages: &[(&str, &str)]) -> u64 {
        self.shared.lock().crm.add_pipeline(name, stages)
    }

    /// Puts a product on a lead, as a salesperson does. False when there is no such lead.
    pub fn add_product(&self, lead: u64, product: Value) -> bool {
        self.shared.lock().crm.add_product(lead, product)
    }

    /// Revokes a token: every later call with it is refused.
    pub fn revoke(&self, token: &str) {
        self.shared.lock().crm.tokens.remove(token);
    }

    /// Stops and closes every connection.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.end();
    }
}
