//! Nothing that a visitor writes is code on a page of Krayin: whichever way it takes, and whatever it is.

use std::{sync::Arc, time::Duration};

use krayin_core::{
    api::{Client, Method, Request, ReqwestTransport, Transport},
    chatwoot::{Contact, Conversation, Message},
    harmless::Place,
    krayin::ActivityLink,
    mapper,
    records::{Kind, Records},
    settings::Settings,
};
use krayin_sim::Server;
use krayin_tests::{
    ALL_SERVERS, TOKEN, World,
    generators::hostile_text,
    jane,
    page::{Recorder, check_payload},
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

/// What was seen to run, to blank a page, or comes near to it.
const HOSTILE: [&str; 31] = [
    "{{_openBlock.constructor('alert(9)')()}}",
    "{{7*7}}",
    "{{",
    "}}",
    "{ {7*7} }",
    "{{{",
    "{{}}",
    "}}{{",
    "{7*7}}",
    "x{",
    "}x",
    "{\u{0}{7*7}\u{0}}",
    "｛｛7*7｝｝",
    "&#123;&#123;7*7&#125;&#125;",
    "&#x7b&#x7b;7*7&rcub;&rbrace;",
    "\\u007b\\u007b7*7\\u007d\\u007d",
    "<img src=x onerror=alert(9)>",
    "<img src=x onerror=alert(9)",
    "<script>alert(9)</script>",
    "</script><script>alert(9)</script>",
    "<b v-html=\"x\">y</b>",
    "<div v-on:click=\"alert(9)\">",
    "<x-component>",
    "L'Oréal",
    "O'Reilly\nMedia",
    "'; alert(9); '",
    "Acme\\",
    "a\u{2028}b\u{2029}c",
    "\"quotes\" and `backticks` ${7*7}",
    "{<b>{7*7}</b>}",
    "<\u{0}img src=x onerror=alert(9)>",
];

fn many_braces() -> String {
    "{".repeat(10_000)
}

fn settings() -> Settings {
    let settings = json!({
        "api_url": "https://crm.example.com", "api_token": "1|texts-0123456789", "sync_to_organization": true,
        "sync_conversations": true, "sync_messages": true, "default_pipeline_id": 1, "default_stage_id": 1
    });
    Settings::from_json(settings.to_string().as_bytes()).unwrap()
}

/// A contact that holds `text` wherever a visitor can write.
fn contact(text: &str) -> Value {
    json!({
        "id": 7, "name": text, "last_name": text, "email": "jane@example.com", "phone_number": "+14155550182",
        "additional_attributes": {
            "company_name": text, "job_title": text, "city": text, "country": text, "description": text,
            "company_address": text, "company_city": text, "company_state": text, "company_country": text,
            "company_zipcode": text, "social_profiles": {"twitter": text, "linkedin": text}
        },
        "custom_attributes": {"note": text, "list": [text, text, [text]], "deep": {"in": {text: text}}, text: {text: text}}
    })
}

fn message(text: &str) -> Value {
    json!({
        "id": 9, "message_type": "incoming", "content": text, "created_at": "2026-11-24T10:02:00Z",
        "sender": {"name": text, "type": "Contact"},
        "attachments": [
            {"file_type": "file", "data_url": format!("https://files.example/{text}"), "extension": text},
            {"file_type": text, "file_name": text, "content_type": text, "meta": {"transcribed_text": text}},
            {"file_type": "contact", "fallback_title": text, "meta": {"first_name": text, "lastName": text}},
            {"file_type": "fallback", "fallback_title": text, "external_url": format!("https://a.example/{text}")},
            {"file_type": "share", "external_url": text}
        ],
        "additional_attributes": {"template_params": {"name": text, "processed_params": {"1": text}}},
        "content_attributes": {
            "items": [
                {"title": text, "value": text}, {"label": text, "name": text, "description": text, "link": text},
                {"title": text, "actions": [{"text": text, "uri": text}, {"text": text, "uri": format!("https://a.example/{text}")}]}
            ],
            "submitted_values": [{"name": text, "value": text}, {"title": text}], "submitted_email": text,
            "email": {"subject": text, "cc": [text], "bcc": text}, "cc_emails": text, "bcc_emails": [text], "to_emails": text
        }
    })
}

fn conversation(text: &str) -> Value {
    json!({
        "id": 420, "display_id": 42, "account_id": 1, "status": text, "channel_type": "Channel::Email", "inbox_name": text,
        "assignee_name": text, "team_name": text, "priority": text, "labels": [text, text],
        "created_at": "2026-11-24T10:00:00Z", "last_activity_at": "2026-11-24T10:05:00Z",
        "url": format!("https://chat.example.com/app/{text}"), "contact": contact(text),
        "additional_attributes": {"mail_subject": text}, "custom_attributes": {"note": text}, "messages": [message(text)]
    })
}

/// What the mappers make of it: paths and bodies.
fn mapped(text: &str) -> Vec<(&'static str, Value)> {
    let settings = settings();
    let json = |value: Value| value.to_string().into_bytes();
    let contact = Contact::from_json(&json(contact(text)));
    let conversation = conversation(text);
    let mut message = message(text);
    let activity = mapper::map_to_activity(
        &Conversation::from_json(&json(conversation.clone())),
        ActivityLink::Lead(1),
        &settings,
    );
    message["conversation"] = conversation;
    let reply = mapper::map_message_to_activity(&Message::from_json(&json(message)), ActivityLink::Lead(1), &settings);
    let value = |record: &dyn Fn() -> serde_json::Result<Value>| record().unwrap();
    vec![
        ("contacts/persons", value(&|| serde_json::to_value(mapper::map_to_person(&contact)))),
        ("contacts/organizations", value(&|| serde_json::to_value(mapper::map_to_organization(&contact)))),
        ("leads", value(&|| serde_json::to_value(mapper::map_to_lead(&contact, None, &settings)))),
        ("activities", value(&|| serde_json::to_value(&activity))),
        ("activities", value(&|| serde_json::to_value(&reply))),
    ]
}

async fn sent(path: &str, body: Value) -> Value {
    let recorder = Arc::new(Recorder::default());
    let client = Client::new(settings().connection().unwrap(), recorder.clone());
    drop(client.post(path, body, &[]).await);
    recorder.sent().remove(0).1
}

#[tokio::test]
async fn what_a_mapper_makes_is_harmless_and_is_sent_as_it_is() {
    for text in HOSTILE.iter().map(|text| (*text).to_owned()).chain([many_braces()]) {
        for (path, body) in mapped(&text) {
            check_payload(path, &body);
            assert_eq!(sent(path, body.clone()).await, body, "{path}");
        }
    }
}

#[tokio::test]
async fn no_client_sends_what_a_page_runs() {
    for text in HOSTILE.iter().map(|text| (*text).to_owned()).chain([many_braces()]) {
        let recorder = Arc::new(Recorder::default());
        let client = Client::new(settings().connection().unwrap(), recorder.clone());
        let labelled = || json!([{"value": text, "label": text}]);
        let person = || {
            json!({
                "name": text, "job_title": text, "organization_name": text, "emails": labelled(),
                "contact_numbers": labelled(), "of_their_own": text, "choices": [text]
            })
        };
        let organization = || json!({"name": text, "address": {"address": text, "city": text}, "of_their_own": text});
        let lead = || json!({"title": text, "description": text, "lost_reason": text, "person": person()});
        let activity = || json!({"title": text, "comment": text, "location": text, "schedule_from": text, "type": text, "additional": text});
        let _ = client.create_person(person()).await;
        let _ = client.update_person(7, person()).await;
        let _ = client.create_organization(organization()).await;
        let _ = client.update_organization(7, organization()).await;
        let _ = client.create_lead(lead()).await;
        let _ = client.update_lead(7, lead()).await;
        let _ = client.create_activity(activity()).await;
        let _ = client.update_activity(7, activity()).await;
        let _ = client.create_tag(&text).await;
        let _ = client.post("later/versions", json!({"field": text, "inner": [{"field": text}]}), &[]).await;
        let _ = client.put("products/7", json!({"name": text}), &[]).await;
        let sent = recorder.sent();
        assert!(sent.len() >= 11, "{}", sent.len());
        for (path, body) in sent {
            check_payload(&path, &body);
        }
    }
}

#[tokio::test]
async fn a_hostile_contact_is_in_krayin_once_and_runs_nowhere() {
    for server in ALL_SERVERS {
        for text in HOSTILE {
            let mut world = World::connected(server).await;
            world.set(json!({"sync_conversations": true, "sync_messages": true}));
            let mut message = message(text);
            message["conversation"] = conversation(text);
            world.contact("contact.created", contact(text)).await;
            world.event("conversation.created", json!({"conversation": conversation(text)})).await.unwrap();
            world.event("message.created", json!({"message": message})).await.unwrap();
            for path in world.sim.requests().iter().map(|sent| sent.path.clone()) {
                assert!(!path.contains("{{"), "{path}");
            }
            let again = world.contact("contact.updated", contact(text)).await;
            assert_eq!(again.requests, 0, "{server:?} {text:?} {again:?}");
            let kinds = [world.sim.persons(), world.sim.leads(), world.sim.organizations()];
            for (path, records) in ["persons", "leads", "organizations"].into_iter().zip(kinds) {
                assert_eq!(records.len(), 1, "{server:?} {path} {text:?}");
                check_payload(path, &texts_of(&records[0]));
            }
            for activity in world.sim.activities() {
                check_payload("activities", &texts_of(&activity));
            }
        }
    }
}

/// The fields of a record that hold what a client wrote.
fn texts_of(record: &Value) -> Value {
    let mut record = record.clone();
    if let Some(fields) = record.as_object_mut() {
        fields.retain(|key, _| {
            !["additional", "unique_id", "organization", "user", "stage", "pipeline"].contains(&key.as_str())
        });
    }
    record
}

#[tokio::test]
async fn what_cannot_be_an_address_or_a_number_is_left_out_with_a_reason() {
    for server in ALL_SERVERS {
        for (email, number) in [
            ("{{7*7}}@example.com", "{{7*7}} 415 555 0182"),
            ("<img src=x onerror=alert(9)>@x", "<b>+14155550182</b>"),
            ("`x`@example.com", "+1415555\\0182"),
        ] {
            let world = World::connected(server).await;
            let mut by_number = jane();
            by_number["email"] = json!(email);
            let outcome = world.contact("contact.created", by_number).await;
            assert!(outcome.reasons.iter().any(|reason| reason.to_string().contains("e-mail address")), "{outcome:?}");
            let mut by_email = jane();
            by_email["id"] = json!(8);
            by_email["email"] = json!("joe@example.com");
            by_email["phone_number"] = json!(number);
            let outcome = world.contact("contact.created", by_email).await;
            assert!(outcome.reasons.iter().any(|reason| reason.to_string().contains("phone number")), "{outcome:?}");
            let shown = json!(world.sim.persons()).to_string();
            assert!(!shown.contains("7*7") && !shown.contains("onerror") && !shown.contains('`'), "{shown}");
            let neither = json!({"id": 9, "name": "Nobody", "email": email, "phone_number": number});
            let outcome = world.contact("contact.created", neither).await;
            assert_eq!((outcome.requests, world.sim.persons().len()), (0, 2), "{outcome:?}");
        }
    }
}

/// A colleague writes into Krayin, past the gem.
async fn as_a_colleague(world: &World, method: Method, path: &str, body: Value) {
    let url = world.settings["api_url"].as_str().unwrap().trim_end_matches('/').to_owned();
    let base = if world.server == Server::Documented { "/api/admin" } else { "/api/v1" };
    let url = if url.contains("/api/") { format!("{url}/{path}") } else { format!("{url}{base}/{path}") };
    let headers = [
        ("authorization", format!("Bearer {TOKEN}")),
        ("accept", "application/json".into()),
        ("content-type", "application/json".into()),
    ];
    let request = Request {
        method,
        url,
        headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        body: Some(body.to_string().into_bytes()),
        any_address: true,
        timeout: Duration::from_secs(10),
    };
    let answer = ReqwestTransport::new().unwrap().send(&request).await.unwrap();
    assert!(answer.status < 300, "{path} {} {}", answer.status, String::from_utf8_lossy(&answer.body));
}

#[tokio::test]
async fn an_organization_that_a_colleague_wrote_is_linked_to() {
    for server in ALL_SERVERS {
        for (theirs, ours) in
            [("L'Oréal", "L'Oréal"), ("o'reilly", "O'Reilly"), ("McDonald’s", "McDonald's"), ("R<D", "R<D")]
        {
            let world = World::connected(server).await;
            as_a_colleague(&world, Method::Post, "contacts/organizations", json!({"name": theirs})).await;
            let mut contact = jane();
            contact["additional_attributes"]["company_name"] = json!(ours);
            let outcome = world.contact("contact.created", contact.clone()).await;
            let organizations = world.sim.organizations();
            assert_eq!(organizations.len(), 1, "{server:?} {theirs} {organizations:?}");
            assert_eq!(organizations[0]["name"], theirs, "{server:?}");
            assert_eq!(world.sim.persons()[0]["organization_id"], organizations[0]["id"], "{server:?}");
            contact["additional_attributes"]["job_title"] = json!("CTO");
            world.contact("contact.updated", contact.clone()).await;
            contact["name"] = json!("Jane D.");
            world.contact("contact.updated", contact).await;
            assert_eq!(world.sim.organizations(), organizations, "{server:?} {outcome:?}");
            assert_eq!(world.sim.persons()[0]["organization_id"], organizations[0]["id"], "{server:?}");
        }
    }
}

#[tokio::test]
async fn a_name_that_a_colleague_typed_stays_as_they_did() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let mut contact = jane();
        contact.as_object_mut().unwrap().remove("additional_attributes");
        let path = if server == Server::Documented { "persons" } else { "contacts/persons" };
        let theirs = json!({
            "name": "Jane {{Doe}}", "job_title": "R<D",
            "emails": [{"value": "jane@example.com", "label": "work"}], "contact_numbers": [{"value": "+14155550182", "label": "work"}]
        });
        as_a_colleague(&world, Method::Post, path, theirs).await;
        contact["name"] = json!("Jane {{Doe}}");
        contact["additional_attributes"] = json!({"job_title": "R<D"});
        world.contact("contact.created", contact.clone()).await;
        contact["phone_number"] = json!("+14155550199");
        world.contact("contact.updated", contact).await;
        let person = &world.sim.persons()[0];
        assert_eq!((&person["name"], &person["job_title"]), (&json!("Jane {{Doe}}"), &json!("R<D")), "{server:?}");
    }
}

/// The digest of a field as versions before kept it.
fn digest(value: &str) -> String {
    let hash = value
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{:012x}", (hash ^ (hash >> 48)) & 0xffff_ffff_ffff)
}

#[tokio::test]
async fn what_an_earlier_version_wrote_is_mended_if_nobody_changed_it() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        let mut contact = jane();
        contact["name"] = json!("Jane");
        contact["additional_attributes"] = json!({"company_name": "Loréal", "job_title": "CTO"});
        let first = world.contact("contact.created", contact.clone()).await;
        let (person, lead, organization) =
            (first.ids.get("person").unwrap(), first.ids.get("lead").unwrap(), first.ids.get("organization").unwrap());
        // As it stood then.
        let mut stored = world.records.get(Kind::Contact, 7);
        let (persons, leads) = match server {
            Server::Documented => ("persons", "leads"),
            _ => ("contacts/persons", "leads/attributes/edit"),
        };
        let work = |value: &str| json!([{"value": value, "label": "work"}]);
        for (path, id, fields) in [
            (
                persons,
                person,
                json!({
                    "name": "{{7*7}}", "job_title": "<i>", "emails": work("jane@example.com"), "organization_id": organization,
                    "contact_numbers": work("+14155550182")
                }),
            ),
            (leads, lead, json!({"title": "{{7*7}}"})),
            ("contacts/organizations", organization, json!({"name": "L'Oréal"})),
        ] {
            as_a_colleague(&world, Method::Put, &format!("{path}/{id}"), fields).await;
        }
        for (field, value) in
            [("name", "{{7*7}}"), ("job_title", "<i>"), ("title", "{{7*7}}"), ("organization", "L'Oréal")]
        {
            stored.sent.insert(field.into(), digest(value));
        }
        world.records.store(Kind::Contact, 7, &stored).await.unwrap();
        contact["name"] = json!("{{7*7}}");
        contact["additional_attributes"] = json!({"company_name": "L'Oréal", "job_title": "<i>"});
        world.contact("contact.updated", contact.clone()).await;
        let shown = (&world.sim.persons()[0], &world.sim.leads()[0], &world.sim.organizations()[0]);
        assert_eq!(shown.0["name"], "{ {7*7} }", "{server:?}");
        assert_eq!(shown.0["job_title"], "‹i›", "{server:?}");
        assert_eq!(shown.1["title"], "{ {7*7} }", "{server:?}");
        assert_eq!(shown.2["name"], "L’Oréal", "{server:?}");
        let again = world.contact("contact.updated", contact).await;
        assert_eq!(again.requests, 0, "{server:?} {again:?}");
    }
}

#[test]
fn no_text_is_code_after_it_was_mapped() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&hostile_text(), |text| {
            for (path, body) in mapped(&text) {
                check_payload(path, &body);
                assert_eq!(runtime.block_on(sent(path, body.clone())), body);
            }
            for path in ["contacts/persons", "contacts/organizations", "leads", "activities", "settings/tags", "later"]
            {
                let fields = json!({
                    "name": text, "title": text, "job_title": text, "organization_name": text, "description": text,
                    "comment": text, "address": {"city": text}, "of_their_own": [text], "additional": text
                });
                let once = runtime.block_on(sent(path, fields));
                check_payload(path, &once);
                assert_eq!(runtime.block_on(sent(path, once.clone())), once, "twice is not once");
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn text_without_such_things_is_the_same_byte_for_byte() {
    let plain = "[^{}<>&'\\\\\\x00\\x0a-\\x0d\\u{85}\\u{2028}\\u{2029}]{0,80}";
    let config = ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&plain, |text| {
            for place in [Place::Text, Place::Line, Place::Raw, Place::Company, Place::Comment] {
                assert_eq!(place.harmless(&text), text.as_str());
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_page_reads_references_between_tags_as_a_browser_does() {
    let is_code =
        |html: &str| std::panic::catch_unwind(|| check_payload("activities", &json!({"comment": html}))).is_err();
    assert!(!is_code("&<br>#123; &#12<br>3;"));
    for html in ["&#123;<br>", "{<br>{", "&#x7d;&rbrace;", "<b>a</b>&lcub;"] {
        assert!(is_code(html), "{html}");
    }
}
