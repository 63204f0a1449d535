//! The processor: which calls bring Krayin to the state that an event asks for, with the fewest requests.

mod contact;
mod event;
mod lead_finder;
mod outcome;
mod person_finder;
mod person_merge;

pub use event::{Event, EventError, EventName};
pub use lead_finder::{FoundLead, LeadFinder};
pub use outcome::{Outcome, Status};
pub use person_finder::{FoundPerson, PersonFinder};

use crate::{Error, api::Client, records::Records, settings::Settings};

/// What a flow works with.
pub(crate) struct Context<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) client: &'a Client,
    pub(crate) records: &'a dyn Records,
}

/// Runs one event. Run it again after any error: nothing is done twice and nothing is lost.
pub async fn process(
    event: &Event,
    settings: &Settings,
    client: &Client,
    records: &dyn Records,
) -> Result<Outcome, Error> {
    let context = Context { settings, client, records };
    let mut outcome = match event.name {
        EventName::ContactCreated | EventName::ContactUpdated => contact::sync(&context, event.contact()?).await?,
        name => return Err(EventError::NotYet(name.dotted()).into()),
    };
    outcome.requests = client.requests();
    Ok(outcome)
}
