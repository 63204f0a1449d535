//! What a contact of Chatwoot is in Krayin, without any Krayin: `cargo run -p krayin_core --example map_contact`

use krayin_core::{chatwoot::Contact, krayin::LeadLink, mapper, settings::Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let contact = Contact::from_json(
        br#"{
            "id": 7, "name": "Jane Doe", "email": "jane@example.com", "phone_number": "(415) 555-0182",
            "additional_attributes": {"company_name": "Acme, Inc.", "city": "Berkeley", "country_code": "US"},
            "custom_attributes": {"deal_value": "1,200.50", "plan": "Team"}
        }"#,
    );
    let settings = Settings::from_json(br#"{"lead_pipeline_stage_id": 1, "lead_source_id": 2}"#)?;

    let person = mapper::map_to_person(&contact);
    let organization = mapper::map_to_organization(&contact);
    let lead = mapper::map_to_lead(&contact, Some(LeadLink::New(Box::new(person.clone()))), &settings);
    println!("person: {}", serde_json::to_string_pretty(&person)?);
    println!("organization: {}", serde_json::to_string_pretty(&organization)?);
    println!("lead: {}", serde_json::to_string_pretty(&lead)?);

    assert_eq!(person.contact_numbers.first().map(|number| number.value.as_str()), Some("+14155550182"));
    assert_eq!(lead.fields.get("lead_value").and_then(serde_json::Value::as_f64), Some(1200.5));
    Ok(())
}
