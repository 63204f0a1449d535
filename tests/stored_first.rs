//! What a contact's event is about to write is stored before as being on its way: whoever comes after a process that has
//! died knows by that whether the server may be at something still.

use std::sync::{Arc, Mutex};

use krayin_core::{
    BoxFuture,
    api::{Client, Method, Request, ReqwestTransport, Response, Transport, TransportError},
    records::{Kind, Memory},
    sync::{self, Event},
};
use krayin_sim::Server;
use krayin_tests::{ALL_SERVERS, Case, World, cases, jane, with};
use serde_json::{Value, json};

/// What a contact brings along is not its own: nothing is stored of it, and a look comes before each.
const BROUGHT_ALONG: [&str; 2] = ["/settings/tags", "/settings/sources"];

fn is_a_write(request: &Request) -> bool {
    // The document's dialect searches by POST.
    request.method != Method::Get && !request.url.contains("/search")
}

/// Notes each write of which nothing was stored when it was sent.
struct Watch {
    wire: ReqwestTransport,
    records: Arc<Memory>,
    contact: u64,
    writes: Mutex<usize>,
    untold: Mutex<Vec<String>>,
}

impl Transport for Watch {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        if is_a_write(request) {
            *self.writes.lock().unwrap() += 1;
            let is_its_own = !BROUGHT_ALONG.iter().any(|path| request.url.ends_with(path));
            if is_its_own && !self.records.get(Kind::Contact, self.contact).pending {
                self.untold.lock().unwrap().push(format!("{request:?}"));
            }
        }
        self.wire.send(request)
    }
}

async fn run(world: &World, client: &Client, records: &Memory, (name, data): &(&'static str, Value)) {
    let event = Event::from_json(name, data.to_string().as_bytes()).unwrap();
    sync::process(&event, &world.settings(), client, records).await.unwrap();
}

/// How many writes the case's event has sent, and those of which nothing was stored.
async fn watched(case: &Case, server: Server) -> (usize, Vec<String>) {
    let mut world = World::connected(server).await;
    let client = world.client();
    if case.workflow {
        let workflow = json!({
            "name": "Greet", "description": "d", "entity_type": "persons", "event": "contacts.person.create.after",
            "condition_type": "and", "conditions": [], "actions": []
        });
        client.post("settings/workflows", workflow, &[]).await.unwrap();
        world = world.connect().await;
    }
    if let Some(theirs) = &case.theirs {
        client.create_person(theirs.clone()).await.unwrap();
    }
    world.set(case.settings.clone());
    case.learn(&mut world.settings);
    let records = Arc::new(Memory::default());
    for event in &case.before {
        run(&world, &client, &records, event).await;
    }
    for path in case.deletions(&world.sim, server) {
        client.delete(&path, &[]).await.unwrap();
    }
    let contact = case.event.1["contact"]["id"].as_u64().unwrap();
    let wire = ReqwestTransport::new().unwrap();
    let watch =
        Arc::new(Watch { wire, records: records.clone(), contact, writes: Mutex::default(), untold: Mutex::default() });
    run(&world, &Client::new(world.settings().connection().unwrap(), watch.clone()), &records, &case.event).await;
    let untold = watch.untold.lock().unwrap().clone();
    let writes = *watch.writes.lock().unwrap();
    assert!(!records.get(Kind::Contact, contact).pending, "{server:?}, {}: it has not ended", case.name);
    (writes, untold)
}

/// A new contact whose lead has a source that is to be made.
fn new_source() -> Case {
    let inbox = json!({"id": 9, "name": "Shop", "channel_type": "Channel::Whatsapp"});
    Case {
        name: "new contact, new source",
        settings: json!({"lead_sources": "channel whatsapp = Messengers", "make_sources": true}),
        workflow: false,
        theirs: None,
        before: Vec::new(),
        deleted: None,
        event: ("contact.created", json!({"contact": with(jane(), json!({"first_inbox": inbox}))})),
        later: None,
        counts: [1, 1, 1, 0],
        shown: None,
    }
}

#[tokio::test]
async fn nothing_is_written_of_a_contact_that_was_not_stored_as_being_on_its_way() {
    let mut wrong = Vec::new();
    for server in ALL_SERVERS {
        let cases = cases(server).into_iter().chain([new_source()]);
        for case in cases.filter(|case| case.event.0.starts_with("contact.")) {
            let (writes, untold) = watched(&case, server).await;
            assert!(writes > 0, "{server:?}, {}: nothing was written", case.name);
            wrong.extend(untold.iter().map(|what| format!("{server:?}, {}: {what}", case.name)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
