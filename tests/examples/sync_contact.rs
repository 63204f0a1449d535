//! A contact of Chatwoot into a simulated Krayin: `cargo run -p krayin_tests --example sync_contact`

use std::sync::Arc;

use krayin_core::api::{Client, ReqwestTransport};
use krayin_core::{records::Memory, settings::Settings, setup, sync};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let krayin = krayin_sim::Sim::start(Default::default())?; // or your own: its address and token below
    let typed = serde_json::json!({"api_url": krayin.url(), "api_token": krayin.token(0)});
    let settings = Settings::from_json(typed.to_string().as_bytes())?;
    let transport = Arc::new(ReqwestTransport::new()?);
    let (found, _) = setup::connect(&settings, &Client::new(settings.connection()?, transport.clone())).await?;
    let settings = settings.with_found(&found);

    let contact = br#"{"contact": {"id": 7, "name": "Jane Doe", "email": "jane@example.com"}}"#;
    let event = sync::Event::from_json("contact.created", contact)?;
    let client = Client::new(settings.connection()?, transport);
    let outcome = sync::process(&event, &settings, &client, &Memory::default()).await?;
    println!("{}: created {:?} with {} requests", outcome.status, outcome.created, outcome.requests);
    assert_eq!(krayin.leads()[0]["title"], "Jane Doe");
    Ok(())
}

#[cfg(test)]
#[test]
fn runs() {
    main().unwrap();
}
