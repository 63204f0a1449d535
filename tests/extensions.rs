//! What a host adds to the sync, by one example: it marks what it brings over and counts the calls of an event.

use std::sync::{Arc, Mutex};

use krayin_core::{
    BoxFuture, Error,
    api::{Client, Request, ReqwestTransport, Response, Transport, TransportError},
    mapper::Mapped,
    records::Memory,
    sync::{EventError, EventName, Extension, ExtensionFailure, Extensions, Outcome},
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
    fn name(&self) -> &str {
        self.0
    }

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
    let Err(Error::Extension(refused)) = refused else { panic!("{refused:?}") };
    assert!(matches!(refused.cause, ExtensionFailure::Said(Error::Event(EventError::NotJson))));
    assert_eq!((refused.extension.as_str(), refused.step), ("a", "before_mapping"));
    assert_eq!(*heard.lock().unwrap(), ["a: contact.created"]);
}

/// The example of a map: the sales team's own score, and whom it leaves out.
struct Scoring;

impl Extension for Scoring {
    fn name(&self) -> &str {
        "scoring"
    }

    fn skip<'a>(&'a self, _event: EventName, data: &'a Value) -> BoxFuture<'a, Result<Option<String>, Error>> {
        let is_test = data["contact"]["name"].as_str().is_some_and(|name| name.starts_with("Test "));
        Box::pin(async move { Ok(is_test.then(|| "a test contact".to_owned())) })
    }

    fn map<'a>(&'a self, kind: Mapped, mut payload: Value, snapshot: &'a Value) -> BoxFuture<'a, Result<Value, Error>> {
        if kind == Mapped::Contact {
            payload["person"]["job_title"] = json!("<i>Buyer</i>");
            payload["lead"]["lead_value"] = json!(1500);
            if snapshot["name"] == "Wrong" {
                payload["lead"]["shoe_size"] = json!(42);
            }
        }
        Box::pin(async move { Ok(payload) })
    }

    fn other_event<'a>(&'a self, name: &'a str, _data: &'a Value) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move { Ok(name == "conversation.typing_on") })
    }
}

#[tokio::test]
async fn a_map_gives_fields_on_every_server() {
    for server in SERVERS {
        let world = World::connected(server).await;
        let (extensions, settings) = (Extensions::default().and(Scoring), world.settings());
        let records = Memory::default();
        let run = async |name: &str, data: Value| {
            let client = Client::new(settings.connection().unwrap(), Arc::new(ReqwestTransport::new().unwrap()));
            extensions.process(name, data.to_string().as_bytes(), &settings, &client, &records).await
        };
        let outcome = run("contact.created", json!({"contact": jane()})).await.unwrap();
        let lead = world.sim.leads().into_iter().find(|lead| lead["id"] == outcome.ids.get("lead").unwrap()).unwrap();
        assert!(lead["lead_value"].to_string().contains("1500"), "{lead}");
        let person = outcome.ids.get("person").unwrap();
        let person = world.sim.persons().into_iter().find(|known| known["id"] == person).unwrap();
        assert_eq!(person["job_title"], "‹i›Buyer‹/i›");
        // What is given again is nothing new.
        assert_eq!(run("contact.updated", json!({"contact": jane()})).await.unwrap().requests, 0);

        let skipped =
            run("contact.created", json!({"contact": {"id": 8, "name": "Test Jane", "email": "t@example.com"}}));
        let skipped = skipped.await.unwrap();
        assert_eq!((skipped.requests, skipped.why[0].code()), (0, "extension_skipped".to_owned()));
        assert_eq!(skipped.reasons, ["The extension scoring leaves it out: a test contact."]);

        let wrong =
            run("contact.created", json!({"contact": {"id": 9, "name": "Wrong", "email": "w@example.com"}})).await;
        let wrong = wrong.unwrap_err();
        assert_eq!(wrong.reason().code(), "extension_failed");
        assert!(
            wrong.to_string().starts_with("The extension scoring failed at map: it gives lead.shoe_size"),
            "{wrong}"
        );

        assert_eq!(run("conversation.typing_on", json!({})).await.unwrap().requests, 0);
        assert!(matches!(run("conversation.odd", json!({})).await, Err(Error::Event(EventError::Unknown))));
    }
}
