use std::sync::Arc;

use serde_json::Value;

use super::{Event, EventError, EventName, Outcome};
use crate::{
    BoxFuture, Error,
    api::{Client, Request, Response, Transport, TransportError},
    json,
    mapper::{Mapped, PayloadError, payload, with_payload},
    reason::Reason,
    records::Records,
    settings::Settings,
};

/// What a host adds to the sync: before an event is mapped, while it is, around each HTTP attempt, and after the event. A
/// step that is not implemented changes nothing.
///
/// Whatever is added to a record is mapped as if Chatwoot had said it, and what is added to a payload is fitted and made
/// harmless after that: the sync's own rules hold for both.
pub trait Extension: Send + Sync {
    /// What errors and reasons call it.
    fn name(&self) -> &str {
        std::any::type_name::<Self>()
    }

    /// The event's data, as it is to be mapped.
    ///
    /// # Errors
    /// End the event before anything is sent.
    fn before_mapping(&self, event: EventName, data: Value) -> BoxFuture<'_, Result<Value, Error>> {
        let _ = event;
        Box::pin(std::future::ready(Ok(data)))
    }

    /// Why the event is to be left out, in words without personal data; `None` where it is not.
    ///
    /// # Errors
    /// End the event before anything is sent.
    fn skip<'a>(&'a self, event: EventName, data: &'a Value) -> BoxFuture<'a, Result<Option<String>, Error>> {
        let _ = (event, data);
        Box::pin(std::future::ready(Ok(None)))
    }

    /// What a record of the event becomes, as [`payload`] tells it, before it is fitted.
    ///
    /// # Errors
    /// End the event before anything is sent, as what gives an attribute that Krayin does not have does.
    fn map<'a>(&'a self, kind: Mapped, payload: Value, snapshot: &'a Value) -> BoxFuture<'a, Result<Value, Error>> {
        let _ = (kind, snapshot);
        Box::pin(std::future::ready(Ok(payload)))
    }

    /// An event that the sync does not know. `true` where it was taken.
    ///
    /// # Errors
    /// Are the event's.
    fn other_event<'a>(&'a self, name: &'a str, data: &'a Value) -> BoxFuture<'a, Result<bool, Error>> {
        let _ = (name, data);
        Box::pin(std::future::ready(Ok(false)))
    }

    /// One attempt. `next` is the attempt itself, with the extensions that were added after this one. Retries, the
    /// limiter and what an answer means stand above it.
    fn around_call<'a>(
        &'a self,
        request: &'a Request,
        next: &'a dyn Transport,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        next.send(request)
    }

    /// Krayin is as the event asks, and everything is kept.
    fn after_sync<'a>(&'a self, event: EventName, outcome: &'a Outcome) -> BoxFuture<'a, ()> {
        let _ = (event, outcome);
        Box::pin(std::future::ready(()))
    }
}

/// An extension failed, or gave what cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("The extension {extension} failed at {step}: {cause}")]
pub struct ExtensionError {
    /// Its name.
    pub extension: String,
    /// Where: `before_mapping`, `skip`, `map` or `other_event`.
    pub step: &'static str,
    /// What it said.
    pub cause: ExtensionFailure,
}

/// What became of an extension.
#[derive(Debug, thiserror::Error)]
pub enum ExtensionFailure {
    /// It ended the event.
    #[error(transparent)]
    Said(Error),
    /// What it gave cannot be used.
    #[error("{0}.")]
    Payload(#[from] PayloadError),
}

/// Extensions in their order: the first one sees an event first and its end last.
#[derive(Clone, Default)]
pub struct Extensions(Vec<Arc<dyn Extension>>);

impl Extensions {
    /// With one more, after the others.
    #[must_use]
    pub fn and(mut self, extension: impl Extension + 'static) -> Self {
        self.0.push(Arc::new(extension));
        self
    }

    /// `transport` with all of them around it, for the client that [`process`](Self::process) is given.
    pub fn around(&self, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
        self.0.iter().rev().fold(transport, |next, extension| {
            Arc::new(Around { extension: Arc::clone(extension), next }) as Arc<dyn Transport>
        })
    }

    /// [`sync::process`](super::process) between their steps. `data` is the event's, as [`Event::from_json`] takes it.
    ///
    /// # Errors
    /// As [`sync::process`](super::process), and [`Error::Extension`] for what a step before it says.
    pub async fn process(
        &self,
        name: &str,
        data: &[u8],
        settings: &Settings,
        client: &Client,
        records: &dyn Records,
    ) -> Result<Outcome, Error> {
        let mut data: Value = json::strict(data).ok_or(EventError::NotJson)?;
        let event = match EventName::parse(name) {
            Ok(event) => event,
            Err(unknown) => {
                return if self.hear(name, &data).await? { Ok(Outcome::default()) } else { Err(unknown.into()) };
            }
        };
        for extension in &self.0 {
            let before = extension.before_mapping(event, data).await;
            data = before.map_err(|error| failed(&**extension, "before_mapping", error))?;
        }
        for extension in &self.0 {
            let skipped = extension.skip(event, &data).await;
            if let Some(reason) = skipped.map_err(|error| failed(&**extension, "skip", error))? {
                let extension = extension.name().to_owned();
                let reason = Reason::ExtensionSkipped { extension, reason: Some(reason) };
                return Ok(Outcome::skipped(Default::default(), reason).in_language(settings.language));
            }
        }
        if event.has_payload() {
            data = self.map(data, settings).await?;
        }
        let data = serde_json::to_vec(&data).map_err(|_| EventError::NotJson)?;
        let outcome = super::process(&Event::from_json(name, &data)?, settings, client, records).await?;
        for extension in self.0.iter().rev() {
            extension.after_sync(event, &outcome).await;
        }
        Ok(outcome)
    }

    async fn hear(&self, name: &str, data: &Value) -> Result<bool, Error> {
        let mut is_heard = false;
        for extension in &self.0 {
            let heard = extension.other_event(name, data).await;
            is_heard |= heard.map_err(|error| failed(&**extension, "other_event", error))?;
        }
        Ok(is_heard)
    }

    async fn map(&self, mut data: Value, settings: &Settings) -> Result<Value, Error> {
        for kind in Mapped::ALL {
            for place in kind.places() {
                for extension in &self.0 {
                    let Some(record) = data.pointer(place).filter(|record| record.is_object()) else { break };
                    let before = payload(kind, record, settings);
                    if before.is_null() {
                        break;
                    }
                    let after = extension.map(kind, before.clone(), record).await;
                    let after = after.map_err(|error| failed(&**extension, "map", error))?;
                    if after == before {
                        continue;
                    }
                    let given = with_payload(kind, record.clone(), &after, settings).map_err(|error| {
                        let extension = extension.name().to_owned();
                        Error::Extension(Box::new(ExtensionError { extension, step: "map", cause: error.into() }))
                    })?;
                    if let Some(record) = data.pointer_mut(place) {
                        *record = given;
                    }
                }
            }
        }
        Ok(data)
    }
}

fn failed(extension: &dyn Extension, step: &'static str, error: Error) -> Error {
    let extension = extension.name().to_owned();
    Error::Extension(Box::new(ExtensionError { extension, step, cause: ExtensionFailure::Said(error) }))
}

struct Around {
    extension: Arc<dyn Extension>,
    next: Arc<dyn Transport>,
}

impl Transport for Around {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        self.extension.around_call(request, &*self.next)
    }
}
