//! What a host adds to the sync, by one example: it marks what it brings over and counts the calls of an event.

use std::sync::{Arc, Mutex};

use krayin_core::{
    BoxFuture, Error,
    api::{Client, Request, ReqwestTransport, Response, Transport, TransportError},
    records::Memory,
    sync::{EventError, EventName, Extension, Extensions, Outcome},
};
use krayin_tests::{SERVERS, World, jane};
use serde_json::{Value, json};

#[derive(Clone, Default)]
struct Tracing(&'static str, Arc<Mutex<Vec<String>>>);

impl Tracing {
    fn note(&self, what: impl Into<String>) {
        self.1.lock().unwrap().push(format!("{}: {}", self.0, what.into()));
    }
}

impl Extension for Tracing {
    fn before_mapping(&self, event: EventName, mut data: Value) -> BoxFuture<'_, Result<Value, Error>> {
        Box::pin(async move {
            self.note(event.dotted());
            if data["contact"]["name"] == "Nobody" {
                return Err(EventError::NotJson.into());
            }
            let said = data["contact"]["additional_attributes"]["description"].as_str().unwrap_or_default().to_owned();
            data["contact"]["additional_attributes"]["description"] = json!(format!("{said}{}", self.0));
            Ok(data)
        })
    }

    fn around_call<'a>(
        &'a self,
        request: &'a Request,
        next: &'a dyn Transport,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            self.note(format!("{} begins", request.method.name()));
            let answer = next.send(request).await;
            self.note(format!("{} ends", request.method.name()));
            answer
        })
    }

    fn after_sync<'a>(&'a self, _event: EventName, outcome: &'a Outcome) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.note(format!("{} with {} requests", outcome.status, outcome.requests)) })
    }
}

#[tokio::test]
async fn extensions_stand_around_each_other_in_their_order() {
    let world = World::connected(SERVERS[0]).await;
    let heard = Arc::default();
    let tracing = |name| Tracing(name, Arc::clone(&heard));
    let extensions = Extensions::default().and(tracing("a")).and(tracing("b"));
    let settings = world.settings();
    let transport = extensions.around(Arc::new(ReqwestTransport::new().unwrap()));
    let client = Client::new(settings.connection().unwrap(), transport);
    let data = json!({"contact": jane()}).to_string();
    let outcome =
        extensions.process("contact.created", data.as_bytes(), &settings, &client, &Memory::default()).await.unwrap();

    let expected = [
        "a: contact.created",
        "b: contact.created",
        "a: GET begins",
        "b: GET begins",
        "b: GET ends",
        "a: GET ends",
        "a: POST begins",
        "b: POST begins",
        "b: POST ends",
        "a: POST ends",
        "b: synced with 2 requests",
        "a: synced with 2 requests",
    ];
    assert_eq!(*heard.lock().unwrap(), expected);
    let lead = outcome.ids.get("lead").unwrap();
    let lead = world.sim.leads().into_iter().find(|known| known["id"] == lead).unwrap();
    assert!(lead["description"].as_str().unwrap().contains("ab"), "{lead}");
}

#[tokio::test]
async fn one_that_refuses_ends_the_event_before_anything_is_sent() {
    let world = World::connected(SERVERS[0]).await;
    let heard = Arc::default();
    let extensions = Extensions::default().and(Tracing("a", Arc::clone(&heard)));
    let settings = world.settings();
    let transport = extensions.around(Arc::new(ReqwestTransport::new().unwrap()));
    let client = Client::new(settings.connection().unwrap(), transport);
    let data = json!({"contact": {"id": 9, "name": "Nobody", "email": "nobody@example.com"}}).to_string();
    let refused = extensions.process("contact.created", data.as_bytes(), &settings, &client, &Memory::default()).await;
    assert!(matches!(refused, Err(Error::Event(EventError::NotJson))));
    assert_eq!(*heard.lock().unwrap(), ["a: contact.created"]);
}
