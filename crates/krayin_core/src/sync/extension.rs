use std::sync::Arc;

use serde_json::Value;

use super::{Event, EventError, EventName, Outcome};
use crate::{
    BoxFuture, Error,
    api::{Client, Request, Response, Transport, TransportError},
    records::Records,
    settings::Settings,
};

/// What a host adds to the sync: before an event is mapped, around each HTTP attempt, and after the event. A step that is
/// not implemented changes nothing.
///
/// Whatever is added to a record is mapped as if Chatwoot had said it: the sync's own rules hold for it.
pub trait Extension: Send + Sync {
    /// The event's data, as it is to be mapped.
    ///
    /// # Errors
    /// End the event before anything is sent.
    fn before_mapping(&self, event: EventName, data: Value) -> BoxFuture<'_, Result<Value, Error>> {
        let _ = event;
        Box::pin(std::future::ready(Ok(data)))
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
    /// As [`sync::process`](super::process), and what a step before it says.
    pub async fn process(
        &self,
        name: &str,
        data: &[u8],
        settings: &Settings,
        client: &Client,
        records: &dyn Records,
    ) -> Result<Outcome, Error> {
        let event = EventName::parse(name)?;
        let mut data: Value = serde_json::from_slice(data).map_err(|_| EventError::NotJson)?;
        for extension in &self.0 {
            data = extension.before_mapping(event, data).await?;
        }
        let data = serde_json::to_vec(&data).map_err(|_| EventError::NotJson)?;
        let outcome = super::process(&Event::from_json(name, &data)?, settings, client, records).await?;
        for extension in self.0.iter().rev() {
            extension.after_sync(event, &outcome).await;
        }
        Ok(outcome)
    }
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
