//! A webhook of Chatwoot's into a simulated Krayin: `cargo run -p krayin_tests --example webhook`

use std::sync::Arc;

use krayin_core::api::{Client, ReqwestTransport};
use krayin_core::{mapper, records::Memory, settings::Settings, setup, sync};
use serde_json::{Value, json};

/// The event of a webhook's body: the record as the crate reads it, where a webhook has it elsewhere.
fn event_of(body: &Value) -> Result<sync::Event, sync::EventError> {
    let name = body["event"].as_str().unwrap_or_default(); // contact_created: with an underscore it is known too
    let data = match name.split('_').next() {
        Some("contact") => json!({"contact": contact_of(body)}),
        Some("conversation") => json!({"conversation": conversation_of(body)}),
        _ => {
            let mut message = body.clone();
            message["conversation"] = conversation_of(&body["conversation"]);
            json!({"message": message})
        }
    };
    sync::Event::from_json(name, data.to_string().as_bytes())
}

fn contact_of(body: &Value) -> Value {
    let mut contact = body.clone();
    contact["account_id"] = body["account"]["id"].clone();
    contact
}

fn conversation_of(body: &Value) -> Value {
    let mut conversation = body.clone();
    let meta = &body["meta"];
    conversation["display_id"] = body["id"].clone(); // a webhook has no other: it is unique in its account alone
    conversation["account_id"] = body["account"]["id"].clone();
    conversation["contact"] = meta["sender"].clone();
    conversation["channel_type"] = body["channel"].clone();
    conversation["source_id"] = body["contact_inbox"]["source_id"].clone();
    conversation["assignee_name"] = meta["assignee"]["name"].clone();
    conversation["assignee_email"] = meta["assignee"]["email"].clone();
    conversation["team_name"] = meta["team"]["name"].clone();
    conversation
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let contact = json!({"event": "contact_created", "account": {"id": 1, "name": "Sunny"}, "id": 12, "name": "Jane Doe",
        "email": "jane@example.com", "phone_number": "+14155550182", "identifier": null, "thumbnail": "", "blocked": false,
        "additional_attributes": {"company_name": "Acme"}, "custom_attributes": {"plan": "gold"}});
    let conversation = json!({"event": "conversation_created", "account": {"id": 1, "name": "Sunny"}, "id": 42,
        "inbox_id": 3, "channel": "Channel::WebWidget", "status": "open", "priority": null, "labels": ["vip"],
        "additional_attributes": {}, "custom_attributes": {}, "created_at": 1764260000, "last_activity_at": 1764260000,
        "contact_inbox": {"contact_id": 12, "source_id": "7c1f"}, "meta": {"sender": contact.clone(), "assignee": null},
        "messages": [{"id": 9, "message_type": 0, "private": false, "content": "Hello", "created_at": 1764260000}]});

    // Mapping alone asks nobody.
    let person = mapper::map_to_person(&krayin_core::chatwoot::Contact::from_json(contact.to_string().as_bytes()));
    assert_eq!((person.name.as_str(), person.contact_numbers[0].value.as_str()), ("Jane Doe", "+14155550182"));

    let krayin = krayin_sim::Sim::start(Default::default())?;
    let typed = json!({"api_url": krayin.url(), "api_token": krayin.token(0), "sync_conversations": true});
    let settings = Settings::from_json(typed.to_string().as_bytes())?;
    let transport = Arc::new(ReqwestTransport::new()?);
    let (found, _) = setup::connect(&settings, &Client::new(settings.connection()?, transport.clone())).await?;
    let settings = settings.with_found(&found);
    let records = Memory::default(); // one an account
    for body in [&contact, &conversation, &contact] {
        let client = Client::new(settings.connection()?, transport.clone());
        let outcome = sync::process(&event_of(body)?, &settings, &client, &records).await?;
        println!("{}: {}, {} requests", body["event"], outcome.status, outcome.requests);
    }
    assert_eq!((krayin.persons().len(), krayin.leads().len(), krayin.activities().len()), (1, 1, 1));
    let comment = krayin.activities()[0]["comment"].to_string();
    assert!(comment.contains("Hello") && comment.contains("Web chat"), "{comment}");
    Ok(())
}

#[cfg(test)]
#[test]
fn runs() {
    main().unwrap();
}
