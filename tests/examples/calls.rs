//! Calls of your own, without the sync: `cargo run -p krayin_tests --example calls`

use std::{sync::Arc, time::Duration};

use krayin_core::api::{ApiError, Client, ErrorKind, ReqwestTransport, ServerState};
use krayin_core::krayin::{ActivityLink, ActivityType, Labelled, LeadLink, NewActivity, NewLead, NewPerson};
use krayin_core::retry::Backoff;
use krayin_core::{settings::Settings, setup};
use krayin_sim::{Action, Fault, Options, Sim, Switches};
use serde_json::{json, to_value};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let switches = Switches { calls_a_minute: Some(40), ..Switches::default() };
    let krayin = Sim::start(Options { throttle: true, switches, ..Options::default() })?;
    let typed = json!({"api_url": krayin.url(), "api_token": krayin.token(0)});
    let settings = Settings::from_json(typed.to_string().as_bytes())?;
    let transport = Arc::new(ReqwestTransport::new()?); // one a process
    let state = Arc::new(ServerState::default()); // one a server and token: its budget, and whether it is down
    let first = Client::new(settings.connection()?, transport.clone()).with_state(state.clone());
    let (found, _) = setup::connect(&settings, &first).await?;
    let settings = settings.with_found(&found); // keep `found`: it serializes to the keys of settings that it fills
    let quick = Backoff { base: Duration::from_millis(10), ..Backoff::default() }; // for this example: a second is usual
    let client = Client::new(settings.connection()?, transport).with_state(state).with_backoff(quick);

    // Persons. What is created is a `Value`: that of a typed record, or any attributes by their codes.
    let jane = NewPerson {
        name: "Jane Doe".into(),
        emails: vec![Labelled::work("jane@example.com")],
        contact_numbers: vec![Labelled::work("+14155550182")],
        ..NewPerson::default()
    };
    let jane = client.create_person(to_value(jane)?).await?;
    for (email, phone) in [(Some("Jane@Example.com"), None), (None, Some("+1 (415) 555-0182"))] {
        assert_eq!(client.search_person(email, phone).await?[0].id, jane.id);
    }

    // Leads. A server refuses one without a stage; the set-up found where new ones go.
    let lead = NewLead {
        fields: json!({"title": "Solar panels", "lead_value": 4800}).as_object().cloned().unwrap_or_default(),
        person: Some(LeadLink::Id(jane.id)),
        lead_source_id: found.defaults.default_source_id,
        lead_type_id: found.defaults.default_lead_type_id,
        lead_pipeline_id: found.defaults.default_pipeline_id,
        lead_pipeline_stage_id: found.defaults.default_stage_id,
    };
    let lead = client.create_lead(to_value(lead)?).await?;
    assert_eq!(client.leads_of_person(jane.id).await?[0].id, lead.id);
    let stages = client.stages(lead.lead_pipeline_id).await?;
    client.move_lead(lead.id, stages[1].id).await?;

    // Activities, each of one lead or one person.
    let note = NewActivity {
        kind: ActivityType::Note,
        title: "First talk".into(),
        comment: "<p>Wants an offer.</p>".into(),
        schedule_from: None,
        schedule_to: None,
        additional: None,
        is_done: true,
        link: ActivityLink::Lead(lead.id),
    };
    let note = client.create_activity(to_value(note)?).await?;
    assert_eq!(client.search_activity("First talk").await?[0].id, note.id);

    // What a call repeats by itself: it asks twice more where that doubles nothing.
    krayin.fault(Fault::on("GET", "/leads/*", Action::status(503)).times(2));
    assert_eq!(client.get_lead(lead.id).await?.id, lead.id);
    krayin.fault(Fault::on("POST", "/contacts/persons", Action::CloseAfterActing)); // the answer is lost
    let john = client.create_person(json!({"name": "John", "emails": [{"value": "john@example.com", "label": "work"}],
            "contact_numbers": [{"value": "+14155550183", "label": "work"}]}));
    assert_eq!(john.await?.name.as_deref(), Some("John"));
    assert_eq!(krayin.persons().len(), 2);

    // What it leaves to you.
    let refused = client.create_activity(json!({"title": "Without a type"})).await.unwrap_err();
    assert!(refused.kind == ErrorKind::Validation && refused.names_field("type"));
    assert!(!refused.is_passing()); // it would be refused again
    assert_eq!(client.find_lead(999).await?.map(|lead| lead.id), None); // `get_lead` has an error of NotFound

    // A spent budget is told before anything is sent: come back after `retry_after`.
    let spent: ApiError = loop {
        match client.get_person(jane.id).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(spent.kind == ErrorKind::RateLimit && spent.is_passing() && spent.attempts == 0);
    println!("{spent} Once more in {:?}.", spent.retry_after);
    assert!(krayin.requests().iter().all(|request| request.status != 429));
    Ok(())
}

#[cfg(test)]
#[test]
fn runs() {
    main().unwrap();
}
