//! Persons and their leads, read together for who works through many contacts.

#[allow(dead_code, reason = "what the other tests use of it")]
mod support;

use krayin_core::sync;
use krayin_sim::{Action, Fault, Server};
use serde_json::{Value, json};

use support::{World, jane, with};

async fn three(server: Server) -> (World, Vec<u64>) {
    let world = World::connected(server).await;
    let mut ids = Vec::new();
    for n in 1..=3 {
        let email = format!("together-{n}@example.com");
        let contact = with(jane(), json!({"id": n, "email": email, "phone_number": format!("+141555501{n}0")}));
        ids.push(world.contact("contact.created", contact).await.ids.get("person").unwrap());
    }
    (world, ids)
}

async fn people(world: &World, ids: &[u64]) -> Vec<Value> {
    let read = sync::people(&world.client(), ids).await.unwrap();
    read["people"].as_array().unwrap().clone()
}

#[tokio::test]
async fn shows_each_person_as_it_is_and_its_own_leads_in_two_requests() {
    for server in [Server::Krayin210, Server::Krayin223Official, Server::Krayin223Community] {
        let (world, ids) = three(server).await;
        let gone = ids[2] + 100;
        let before = world.sim.requests().len();
        let read = people(&world, &[ids[0], ids[2], gone]).await;
        assert_eq!(world.sim.requests().len() - before, 2, "{server:?}");
        let mut shown: Vec<u64> = read.iter().map(|one| one["id"].as_u64().unwrap()).collect();
        shown.sort_unstable();
        assert_eq!(shown, [ids[0], ids[2]], "{server:?}");
        for one in &read {
            let id = one["id"].as_u64().unwrap();
            let alone = serde_json::to_value(world.client().get_person(id).await.unwrap()).unwrap();
            assert_eq!(one["person"]["emails"], alone["emails"], "{server:?}");
            let leads: Vec<u64> =
                one["leads"].as_array().unwrap().iter().map(|lead| lead["id"].as_u64().unwrap()).collect();
            let theirs: Vec<u64> =
                world.client().leads_of_person(id).await.unwrap().iter().map(|lead| lead.id).collect();
            assert_eq!((leads.len(), leads), (1, theirs), "{server:?}");
        }
        assert_eq!(people(&world, &[gone]).await, Vec::<Value>::new(), "{server:?}");
    }
}

/// What one server's lists do with a filter that they do not know.
#[tokio::test]
async fn leads_of_everybody_are_nobodys() {
    let (world, ids) = three(Server::Krayin210).await;
    let all = world.client().get("leads", &[]).await.unwrap();
    let answer = Action::Status { status: 200, body: all.to_string(), headers: Vec::new() };
    world.sim.fault(Fault::on("GET", "/leads", answer));
    let read = people(&world, &ids[..2]).await;
    assert_eq!(read.iter().map(|one| &one["leads"]).collect::<Vec<_>>(), [&Value::Null, &Value::Null]);
}
