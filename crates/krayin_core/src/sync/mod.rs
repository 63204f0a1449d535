//! The processor: which calls bring Krayin to the state that an event asks for, with the fewest requests.

mod activity;
mod assignee;
mod comment;
mod contact;
mod conversation;
mod deleted;
mod event;
mod extension;
mod index;
mod inventory;
mod lead_finder;
mod lead_policy;
mod message;
mod names;
mod outcome;
mod owner;
mod person_finder;
mod preview;
mod stage;
mod together;
mod unfinished;
mod verify;

pub use event::{Event, EventError, EventName};
pub use extension::{Extension, ExtensionError, ExtensionFailure, Extensions};
pub use index::{PersonPage, person_page};
pub use inventory::inventory_page;
pub use lead_finder::{FoundLead, LeadFinder};
pub use outcome::{Outcome, Status};
pub use person_finder::{Doubt, FoundPerson, Match, PersonFinder};
pub use preview::{ExplainedRule, MappedField, MappedState, RuleState, explain_rules, preview_mapping};
pub use together::people;

use owner::Owner;
use serde_json::Value;

use crate::{
    Error,
    api::Client,
    chatwoot::Contact,
    krayin::{Lead, Person},
    mapper::Fields,
    records::{Kind, Records, Server, Stored},
    settings::Settings,
};

/// What a flow works with.
pub(crate) struct Context<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) fields: Fields,
    pub(crate) client: &'a Client,
    pub(crate) records: &'a dyn Records,
}

/// Runs one event. Run it again after any error: nothing is done twice and nothing is lost.
///
/// # Errors
/// [`Error::Event`] where the event lacks its record, before anything is sent. [`Error::Settings`] where a lead must be
/// created and the settings have no stage, before anything is created. [`Error::Api`] where a call failed for good.
/// [`Error::Records`] where ids could not be loaded or stored; what Krayin got before that is found again.
pub async fn process(
    event: &Event,
    settings: &Settings,
    client: &Client,
    records: &dyn Records,
) -> Result<Outcome, Error> {
    let fields = event.contacts().fold(Fields::of(settings), |fields, contact| fields.and_given(contact, settings));
    let context = Context { settings, fields, client, records };
    let mut told = settings.default_country.as_deref().map(|country| event.clone().in_country(Some(country)));
    if settings.maps_conversations() {
        told = Some(told.unwrap_or_else(|| event.clone()).with_sources());
    }
    let done = run(&context, told.as_ref().unwrap_or(event)).await;
    let kept = unfinished::keep(&context, event).await;
    let mut outcome = match done {
        // Nothing is written of either before someone has decided.
        Err(Error::Doubtful(doubt)) => {
            let outcome = Outcome { requests: client.requests(), tokens: client.tokens(), ..Outcome::doubtful(doubt) };
            return Ok(outcome.in_language(settings.language));
        }
        done => done?,
    };
    kept?;
    outcome.requests = client.requests();
    outcome.tokens = client.tokens();
    Ok(outcome.in_language(settings.language))
}

/// The person who the contact is: by the id that is kept of it, else found, else created. One request, and one for a
/// create.
///
/// # Errors
/// [`Error::Doubtful`] where only a person can tell; as every call.
pub async fn find_person(
    contact: &Contact,
    settings: &Settings,
    client: &Client,
    records: &dyn Records,
) -> Result<Person, Error> {
    let context = Context { settings, fields: Fields::of(settings), client, records };
    let finder = PersonFinder { client };
    let stored = context.known(contact).await?;
    if let Some(id) = stored.ids.get("person") {
        // What nobody has looked at yet must be the contact's; else a colleague may have changed all of it.
        let person = match stored.unverified {
            true => finder.find_by_id(contact, id).await?,
            false => client.find_person(id).await?,
        };
        if let Some(person) = person {
            return Ok(person);
        }
    }
    Ok(finder.find_or_create(contact, &settings.traits).await?.0)
}

/// The person's lead: by the id that is kept of the contact, else found, else created.
///
/// # Errors
/// As every call; [`Error::Settings`] where a lead must be created and no stage is known.
pub async fn find_lead(
    contact: &Contact,
    person_id: u64,
    settings: &Settings,
    client: &Client,
    records: &dyn Records,
) -> Result<Lead, Error> {
    let context = Context { settings, fields: Fields::of(settings), client, records };
    let finder = LeadFinder { client, settings };
    if let Some(id) = context.known(contact).await?.ids.get("lead")
        && let Some(lead) = finder.find_by_id(person_id, id).await?
    {
        return Ok(lead);
    }
    Ok(finder.find_or_create(contact, person_id).await?.lead)
}

async fn run(context: &Context<'_>, event: &Event) -> Result<Outcome, Error> {
    unfinished::begin(context, event);
    Ok(match event.name {
        EventName::ContactCreated | EventName::ContactUpdated => contact::sync(context, event.contact()?, None).await?,
        EventName::ConversationCreated | EventName::ConversationUpdated | EventName::ConversationResolved => {
            conversation::sync(context, event.name, event.conversation()?).await?
        }
        EventName::MessageCreated | EventName::MessageUpdated => {
            message::sync(context, event.name, event.message()?).await?
        }
        EventName::ContactMerged => contact::sync_merged(context, event.contact()?, event.merged()?).await?,
        EventName::ContactDeleted => contact::sync_deleted(context, event.contact()?).await?,
        EventName::ContactErased => contact::erase(context, event.contact()?).await?,
        EventName::ConversationDeleted => deleted::sync(context, Kind::Conversation, event.conversation()?.id).await?,
        EventName::MessageDeleted => deleted::sync(context, Kind::Message, event.message()?.id).await?,
    })
}

impl Context<'_> {
    /// What is kept of a record, for the server that is spoken to.
    async fn load(&self, kind: Kind, id: u64) -> Result<Stored, Error> {
        let stored = self.records.load(kind, id).await?.for_server(&self.server());
        unfinished::take(self, kind, &stored);
        Ok(stored)
    }

    /// What is kept of a contact; nothing of one without an id.
    async fn known(&self, contact: &Contact) -> Result<Stored, Error> {
        if contact.id == 0 { Ok(Stored::default()) } else { self.load(Kind::Contact, contact.id).await }
    }

    /// Keeps what is known of a record.
    async fn store(&self, kind: Kind, id: u64, stored: &mut Stored) -> Result<(), Error> {
        self.records.store(kind, id, stored).await?;
        stored.revision += 1;
        Ok(())
    }

    fn server(&self) -> Server {
        let address = self.client.connection().fingerprint();
        let instance = &self.settings.traits.instance;
        Server { instance: if instance.is_empty() { address.clone() } else { instance.clone() }, address }
    }
}

fn value<T: serde::Serialize>(record: &T) -> Value {
    serde_json::to_value(record).unwrap_or_default()
}
