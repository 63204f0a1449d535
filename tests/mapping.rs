//! Fields that an administrator mapped: each type of Krayin's attributes, right values and wrong ones, on each server, and
//! whatever fails meanwhile.

use krayin_core::{settings::Settings, setup};
use krayin_sim::{Action, Change, Fault, Outage, Record, Server};
use krayin_tests::{SERVERS, World, conversation, failures, jane, with};
use serde_json::{Value, json};

/// A type, a value of Chatwoot's, and what Krayin holds then; null where it is left out and told of.
fn values() -> Vec<(&'static str, Value, Value)> {
    let emails = |text: &str| json!([{"value": text, "label": "work"}]);
    vec![
        ("text", json!("Gold & more"), json!("Gold & more")),
        ("text", json!(12), json!("12")),
        ("text", json!(["a", "b"]), json!("a, b")),
        ("textarea", json!("one\ntwo"), json!("one two")),
        ("price", json!("12.5"), json!(12.5)),
        ("price", json!("a lot"), Value::Null),
        ("boolean", json!("no"), json!(false)),
        ("boolean", json!(true), json!(true)),
        ("boolean", json!("perhaps"), Value::Null),
        ("select", json!("gold"), json!("Gold")),
        ("select", json!("  GOLD\n"), json!("Gold")),
        ("select", json!("Silver"), Value::Null),
        ("multiselect", json!(["Gold", "Free"]), json!(["Gold", "Free"])),
        ("multiselect", json!("Silver"), Value::Null),
        ("checkbox", json!("free"), json!(["Free"])),
        ("email", json!("a@example.com"), emails("a@example.com")),
        ("email", json!("no address"), Value::Null),
        ("phone", json!("+14155550100"), emails("+14155550100")),
        ("phone", json!("none"), Value::Null),
        ("address", json!("1 Main St"), json!({"address": "1 Main St"})),
        ("date", json!("2031-05-05T00:00:00.000Z"), json!("2031-05-05")),
        ("date", json!("05/05/2031"), Value::Null),
        ("datetime", json!("2031-05-05T20:00:00Z"), json!("2031-05-06 01:30:00")),
        ("datetime", json!("soon"), Value::Null),
        ("lookup", json!(1), json!(1)),
        ("lookup", json!("Nobody"), Value::Null),
    ]
}

async fn add_attribute(world: &World, entity: &str, kind: &str, more: Value) {
    let options = ["select", "multiselect", "checkbox"].contains(&kind);
    let mut attribute = json!({"code": format!("x_{kind}"), "name": format!("X {kind}"), "type": kind,
                               "entity_type": entity, "is_required": 0, "is_unique": 0, "quick_add": 0});
    if options {
        attribute["option_type"] = json!("options");
        attribute["options"] = json!({"option_1": {"name": "Gold", "sort_order": 1},
                                      "option_2": {"name": "Free", "sort_order": 2},
                                      "option_3": {"name": "Mint", "sort_order": 3}});
    }
    if kind == "lookup" {
        attribute["lookup_type"] = json!("users");
    }
    world.client().post("settings/attributes", with(attribute, more), &[]).await.unwrap();
}

/// What the record holds under the attribute, as people name it.
fn held(record: &Value, code: &str, options: &[(u64, String)]) -> Value {
    let named = |id: &Value| {
        let id = id.as_u64().or_else(|| id.as_str()?.trim().parse().ok());
        options.iter().find(|(known, _)| Some(*known) == id).map(|(_, name)| json!(name)).unwrap_or_default()
    };
    match &record[code] {
        Value::String(ids) if !options.is_empty() && ids.contains(',') => {
            ids.split(',').map(|id| named(&json!(id))).collect()
        }
        Value::Array(ids) if !options.is_empty() => ids.iter().map(named).collect(),
        id if !options.is_empty() => named(id),
        value => value.clone(),
    }
}

#[tokio::test]
async fn each_type_takes_what_it_can_hold_and_says_what_it_cannot() {
    for server in SERVERS {
        for (entity, of) in [("persons", "person"), ("leads", "lead"), ("organizations", "organization")] {
            for (kind, value, expected) in values() {
                let told = format!("{server:?} {of} {kind} {value}");
                let mut world = World::new(server);
                add_attribute(&world, entity, kind, json!({})).await;
                world.set(json!({"field_mapping": format!("{of}.x_{kind} = wanted"), "on_yes_no": "write_anyway"}));
                let mut world = world.connect().await;
                world.settings["traits"]["utc_offset_minutes"] = json!(330);
                let contact = with(jane(), json!({"custom_attributes": {"wanted": value}}));
                let outcome = world.contact("contact.created", contact.clone()).await;
                let codes: Vec<String> = outcome.why.iter().map(|why| why.code()).collect();
                assert_eq!(codes.contains(&"field_wrong".to_owned()), expected.is_null(), "{told}: {outcome:?}");
                let records = match of {
                    "person" => world.sim.persons(),
                    "lead" => world.sim.leads(),
                    _ => written_organizations(&world, &contact).await,
                };
                assert_eq!(records.len(), 1, "{told}");
                let known = world.settings().traits.attributes;
                let options = if kind == "lookup" { &[] } else { known[0].options.as_slice() };
                let held = held(&records[0], &format!("x_{kind}"), options);
                if expected.is_null() && kind == "boolean" {
                    // Krayin's own default.
                    assert_ne!(held, json!(true), "{told}");
                    assert_ne!(held, json!(1), "{told}");
                } else if expected.is_null() {
                    assert!(held.is_null() || held == json!(""), "{told}: {held}");
                } else {
                    assert!(is_same(&held, &expected), "{told}: {held}");
                }
                assert_eq!(world.contact("contact.updated", contact).await.requests, 0, "{told}: told once");
            }
        }
    }
}

/// What was written of the organization: the simulator shows no attributes of it. One that was made by name gets what is
/// its own with the next event at the latest.
async fn written_organizations(world: &World, contact: &Value) -> Vec<Value> {
    let written = || world.sim.requests().into_iter().filter(|sent| sent.method == "PUT").map(|sent| sent.json());
    let first: Vec<Value> = written().collect();
    world.contact("contact.updated", contact.clone()).await;
    let mut all = first.into_iter().chain(written()).fold(json!({}), with);
    if !all.is_object() {
        all = json!({});
    }
    vec![all]
}

fn is_same(held: &Value, expected: &Value) -> bool {
    let flag = |value: &Value| value.as_bool().or_else(|| value.as_u64().map(|number| number != 0));
    match expected {
        Value::Bool(wanted) => flag(held) == Some(*wanted),
        Value::Number(wanted) => held.as_str().map_or(held.as_f64(), |text| text.parse().ok()) == wanted.as_f64(),
        Value::Object(parts) => parts.iter().all(|(key, value)| held[key] == *value),
        Value::Array(list) if !held.is_array() => list.len() == 1 && list[0] == *held,
        Value::String(text) => held.as_str().is_some_and(|held| held.starts_with(text.as_str())),
        other => other == held,
    }
}

#[tokio::test]
async fn what_cannot_be_filled_is_refused_before_anything_is_sent() {
    for server in SERVERS {
        let world = World::new(server);
        for kind in ["image", "file"] {
            add_attribute(&world, "leads", kind, json!({})).await;
        }
        for (mapping, told) in [
            (
                "lead.x_image = photo",
                "has lead.x_image, whose type cannot be filled: Krayin takes images and files as uploads",
            ),
            ("lead.x_file = photo", "has lead.x_file, whose type cannot be filled"),
            ("lead.none = plan", "has lead.none, which Krayin does not have"),
            ("person.x_file = plan", "has person.x_file, which Krayin does not have"),
            ("lead.title = plan", "has lead.title twice"),
            ("lead.x_file = conversation.mood", "has conversation.mood, which Chatwoot does not have"),
            ("lead.description = conversation.priority", "as a line of the description"),
        ] {
            let settings = with(world.settings.clone(), json!({"field_mapping": mapping}));
            let settings = Settings::from_json(settings.to_string().as_bytes()).unwrap();
            let error = setup::connect(&settings, &world.client()).await.unwrap_err().to_string();
            assert!(error.contains(told), "{server:?} {mapping}: {error}");
        }
    }
    // The document's dialect does not tell its attributes.
    let mut world = World::new(Server::Documented);
    world.set(json!({"field_mapping": "lead.plan = plan"}));
    let error = setup::connect(&world.settings(), &world.client()).await.unwrap_err().to_string();
    assert!(error.contains("lead.plan, and this Krayin's API does not tell which attributes there are"), "{error}");
    world.set(json!({"field_mapping": "lead.description = plan"}));
    setup::connect(&world.settings(), &world.client()).await.unwrap();
}

#[tokio::test]
async fn a_required_attribute_that_nothing_fills_is_told_at_the_set_up() {
    for server in SERVERS {
        let mut world = World::new(server);
        add_attribute(&world, "persons", "text", json!({"is_required": 1})).await;
        let warned = async |world: &World| {
            let (found, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
            found.warnings.iter().map(|why| why.code()).collect::<Vec<_>>()
        };
        assert_eq!(warned(&world).await, ["required_unfilled"], "{server:?}");
        world.set(json!({"field_mapping": "person.x_text = contact.identifier"}));
        assert_eq!(warned(&world).await, Vec::<String>::new(), "{server:?}");
    }
}

#[tokio::test]
async fn a_lookup_is_told_by_name_or_address_with_one_request_at_the_set_up() {
    for server in SERVERS {
        for (lookup, name) in [("users", None), ("products", Some("Chair")), ("products", Some("c-1"))] {
            let mut world = World::new(server);
            let user = world.client().users().await.unwrap().remove(0);
            let email = user.rest["email"].as_str().unwrap().to_uppercase();
            let chair = json!({"name": "Chair", "sku": "C-1", "price": 5, "quantity": 1});
            world.client().post("products", chair, &[]).await.unwrap();
            add_attribute(&world, "leads", "lookup", json!({"lookup_type": lookup})).await;
            world.sim.clear_requests();
            setup::connect(&world.settings(), &world.client()).await.unwrap();
            let without = world.sim.requests().len();
            world.set(json!({"field_mapping": "lead.x_lookup = who"}));
            world.sim.clear_requests();
            let (found, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
            assert_eq!(world.sim.requests().len(), without + 1, "{server:?} {lookup}");
            world.set(serde_json::to_value(found).unwrap());
            let contact = with(jane(), json!({"custom_attributes": {"who": name.unwrap_or(&email)}}));
            let outcome = world.contact("contact.created", contact).await;
            let expected = if name.is_some() { 1 } else { user.id };
            assert_eq!(world.sim.leads()[0]["x_lookup"].as_u64(), Some(expected), "{server:?} {lookup} {outcome:?}");
        }
    }
}

/// Sources, what of the records has them, and the text that Krayin holds then.
fn sources() -> Vec<(&'static str, Value, &'static str)> {
    let of_contact = |fields: Value| json!({"contact": with(jane(), fields)});
    vec![
        ("contact.identifier", of_contact(json!({"identifier": "crm-7"})), "crm-7"),
        ("contact.email", json!({}), "jane@example.com"),
        ("contact.labels", of_contact(json!({"labels": ["vip", "beta"]})), "vip, beta"),
        ("company.name", json!({}), "Acme, Inc."),
        ("location.city", of_contact(json!({"additional_attributes": {"city": "Lisbon"}})), "Lisbon"),
        ("conversation.status", json!({"status": "open"}), "open"),
        ("conversation.priority", json!({"priority": "high"}), "high"),
        ("conversation.labels", json!({"labels": ["vip"]}), "vip"),
        ("conversation.subject", json!({"additional_attributes": {"mail_subject": "Order 9"}}), "Order 9"),
        ("conversation.custom_attributes.order.total", json!({"custom_attributes": {"order": {"total": 5}}}), "5"),
        ("conversation.first_reply_seconds", json!({"first_reply_created_at": "2026-11-24T10:02:00Z"}), "120"),
        ("conversation.resolution_seconds", json!({"resolution_seconds": 3600.0}), "3600"),
        ("assignee.email", json!({"assignee_email": "ann@example.com"}), "ann@example.com"),
        ("assignee.name", json!({"assignee_name": "Ann"}), "Ann"),
        ("team.name", json!({"team_name": "Sales"}), "Sales"),
        ("inbox.name", json!({}), "Support"),
        ("channel.name", json!({}), "API"),
        ("campaign.title", json!({"campaign_title": "Spring"}), "Spring"),
        (
            "referral.headline",
            json!({"messages": [
                {"id": 3, "message_type": 0, "content": "Again", "content_attributes": {"referral": {"headline": "Later"}}},
                {"id": 2, "message_type": 0, "content": "Hi", "content_attributes": {"referral": {"headline": "Spring sale"}}},
                {"id": 1, "message_type": 0, "content": "Hello"}
            ]}),
            "Spring sale",
        ),
        ("referral.ctwa_clid", json!({"additional_attributes": {"referral": {"ctwa_clid": "AR-7"}}}), "AR-7"),
        ("csat.rating", json!({"csat_rating": 5}), "5"),
        ("csat.feedback", json!({"csat_feedback": "Great {{x}}"}), "Great { {x} }"),
        (
            "first_touch.utm_source",
            json!({"additional_attributes": {"referer": "https://x.example/?utm_source=ads"}}),
            "ads",
        ),
    ]
}

#[tokio::test]
async fn each_source_reaches_person_and_lead_once_and_is_not_taken_away_by_the_contacts_own_events() {
    for server in SERVERS {
        for (source, fields, expected) in sources() {
            for (entity, of) in [("persons", "person"), ("leads", "lead")] {
                let told = format!("{server:?} {of} {source}");
                let mut world = World::new(server);
                add_attribute(&world, entity, "text", json!({})).await;
                world.set(json!({"field_mapping": format!("{of}.x_text = {source}")}));
                let world = world.connect().await;
                let talk = json!({"conversation": with(conversation("Channel::Api"), fields.clone())});
                world.contact("contact.created", fields.get("contact").cloned().unwrap_or_else(jane)).await;
                let outcome = world.event("conversation.created", talk.clone()).await.unwrap();
                let held = || match of {
                    "person" => world.sim.persons()[0]["x_text"].clone(),
                    _ => world.sim.leads()[0]["x_text"].clone(),
                };
                assert_eq!(held(), expected, "{told}: {outcome:?}");
                assert_eq!(world.event("conversation.updated", talk.clone()).await.unwrap().requests, 0, "{told}");
                if fields.get("contact").is_none() {
                    assert_eq!(world.contact("contact.updated", jane()).await.requests, 0, "{told}");
                    assert_eq!(held(), expected, "{told}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_changes_in_a_conversation_is_written_and_its_first_touch_is_not() {
    for server in SERVERS {
        let mut world = World::new(server);
        add_attribute(&world, "leads", "text", json!({})).await;
        add_attribute(&world, "leads", "textarea", json!({})).await;
        world.set(json!({
            "field_mapping": "lead.x_text = conversation.priority, lead.x_textarea = first_touch.referer", "sync_conversations": true
        }));
        let world = world.connect().await;
        let talk = |id: u64, priority: &str, referer: &str| {
            json!({"conversation": with(conversation("Channel::Api"), json!({
                "id": id, "display_id": id, "priority": priority, "additional_attributes": {"referer": referer}
            }))})
        };
        world.event("conversation.created", talk(1, "low", "https://a.example/")).await.unwrap();
        world.event("conversation.updated", talk(1, "high", "https://a.example/")).await.unwrap();
        world.event("conversation.created", talk(2, "urgent", "https://b.example/")).await.unwrap();
        let leads = world.sim.leads();
        assert_eq!(leads.len(), 1, "{server:?}");
        assert_eq!((&leads[0]["x_text"], &leads[0]["x_textarea"]), (&json!("urgent"), &json!("https://a.example/")));
        assert_eq!(world.sim.activities().len(), 2, "{server:?}");
    }
}

#[tokio::test]
async fn whatever_fails_meanwhile_a_mapped_value_is_there_in_the_end_and_once() {
    let outages = [Outage::NoDatabase, Outage::Maintenance].map(Action::Outage);
    let actions: Vec<Action> = failures().into_iter().chain(outages).collect();
    for server in SERVERS {
        for action in &actions {
            for nth in 1..=4 {
                let told = format!("{server:?} {action:?} at {nth}");
                let mut world = World::new(server);
                add_attribute(&world, "leads", "select", json!({})).await;
                world.set(json!({"field_mapping": "lead.x_select = conversation.custom_attributes.plan"}));
                let world = world.connect().await;
                let run = async |plan: &str| {
                    let talk = with(conversation("Channel::Api"), json!({"custom_attributes": {"plan": plan}}));
                    let mut tries = 0;
                    while let Err(error) = world.event("conversation.updated", json!({"conversation": talk})).await {
                        tries += 1;
                        assert!(tries < 4, "{told}: {error}");
                        world.sim.clear_faults();
                    }
                };
                for plan in ["Gold", "Free"] {
                    world.sim.fault(Fault { nth, times: 3, ..Fault::next(action.clone()) });
                    run(plan).await;
                    world.sim.clear_faults();
                    run(plan).await;
                    let options = world.settings().traits.attributes[0].options.clone();
                    let leads = world.sim.leads();
                    assert_eq!((leads.len(), world.sim.persons().len()), (1, 1), "{told}");
                    assert_eq!(held(&leads[0], "x_select", &options), plan, "{told}");
                }
            }
        }
    }
}

/// A world whose persons have a unique customer number, and one person who has it and nothing that Jane is known by.
async fn with_customer(server: Server, name: &str) -> World {
    let mut world = World::new(server);
    add_attribute(&world, "persons", "text", json!({"is_unique": 1})).await;
    let person = json!({"name": name, "emails": [{"value": "office@example.org", "label": "work"}],
                        "contact_numbers": [{"value": "+12025550100", "label": "work"}], "x_text": "C-100"});
    world.client().create_person(person).await.unwrap();
    // The search finds her too.
    let namesake = json!({"name": "C-100", "emails": [{"value": "c@example.org", "label": "work"}],
                          "contact_numbers": [{"value": "+12025550101", "label": "work"}]});
    world.client().create_person(namesake).await.unwrap();
    world.set(json!({"field_mapping": "person.x_text = customer"}));
    world.connect().await
}

#[tokio::test]
async fn a_unique_value_tells_who_it_is_where_no_visitor_can_have_written_it() {
    let of = |fields: Value| with(with(jane(), json!({"custom_attributes": {"customer": "c-100"}})), fields);
    let by_colleagues = json!({"is_written_by_colleagues": true});
    let table = [
        ("Jane Doe", of(by_colleagues.clone()), Some("one")),
        ("J. Doe", of(by_colleagues.clone()), Some("one")),
        ("Somebody Else", of(by_colleagues.clone()), None),
        ("Jane Doe", of(json!({})), Some("two")),
        ("Jane Doe", of(json!({"is_written_by_colleagues": false})), Some("two")),
        // What a channel notes is its visitor's.
        (
            "Jane Doe",
            of(json!({"is_written_by_colleagues": true, "custom_attributes": {},
                      "additional_attributes": {"customer": "C-100"}})),
            Some("two"),
        ),
        (
            "Jane Doe",
            of(json!({"is_written_by_colleagues": true, "mapped": {"person": {"x_text": "C-100"}}})),
            Some("two"),
        ),
        (
            "Jane Doe",
            of(json!({"is_written_by_colleagues": true, "custom_attributes": {"customer": "C-200"}})),
            Some("new"),
        ),
    ];
    for server in SERVERS {
        for (name, contact, expected) in &table {
            let told = format!("{server:?} {name} {contact}");
            let world = with_customer(server, name).await;
            let outcome = world.contact("contact.created", contact.clone()).await;
            let codes: Vec<String> = outcome.why.iter().map(|why| why.code()).collect();
            let persons = world.sim.persons();
            let is_told = codes.contains(&"field_anothers".to_owned());
            match expected {
                Some("one") => {
                    assert_eq!((persons.len(), outcome.ids.get("person")), (2, Some(1)), "{told} {outcome:?}");
                    assert_eq!(persons[0]["emails"].as_array().map(Vec::len), Some(2), "{told}: a colleague's stays");
                    assert_eq!(world.sim.leads().len(), 1, "{told}");
                }
                // A person decides.
                None => assert_eq!((persons.len(), codes.contains(&"doubtful".to_owned())), (2, true), "{told}"),
                Some(word) => assert_eq!((persons.len(), is_told), (3, *word == "two"), "{told} {outcome:?}"),
            }
            if *expected == Some("one") {
                assert_eq!(world.contact("contact.updated", contact.clone()).await.requests, 0, "{told}");
            }
        }
    }
}

#[tokio::test]
async fn whose_value_it_is_already_is_a_question_to_a_person() {
    for server in SERVERS {
        let world = with_customer(server, "Jane Doe").await;
        let of = |id: u64, email: &str| {
            with(
                jane(),
                json!({"id": id, "email": email, "phone_number": null, "is_written_by_colleagues": true,
                                "custom_attributes": {"customer": "C-100"}}),
            )
        };
        assert_eq!(world.contact("contact.created", of(7, "jane@example.com")).await.ids.get("person"), Some(1));
        let other = world.contact("contact.created", of(8, "jane.doe@example.net")).await;
        assert!(other.why.iter().any(|why| why.code() == "doubtful"), "{server:?} {other:?}");
        assert_eq!(world.sim.persons().len(), 2, "{server:?}");
    }
}

#[tokio::test]
async fn a_person_is_found_by_a_unique_value_whatever_fails_meanwhile() {
    for server in SERVERS {
        for action in failures() {
            for nth in 1..=5 {
                let world = with_customer(server, "Jane Doe").await;
                let contact =
                    with(jane(), json!({"is_written_by_colleagues": true, "custom_attributes": {"customer": "C-100"}}));
                world.sim.fault(Fault { nth, times: 3, ..Fault::next(action.clone()) });
                let _ = world.event("contact.created", json!({"contact": contact})).await;
                world.sim.clear_faults();
                world.contact("contact.updated", contact).await;
                let (persons, leads) = (world.sim.persons(), world.sim.leads());
                assert_eq!((persons.len(), leads.len()), (2, 1), "{server:?} {action:?} at {nth}");
                assert_eq!(persons[0]["emails"].as_array().map(Vec::len), Some(2), "{server:?} {action:?} at {nth}");
            }
        }
    }
}

#[tokio::test]
async fn attributes_of_one_code_on_person_and_lead_are_two() {
    for server in SERVERS {
        for (entity, other) in [("persons", "lead"), ("leads", "person")] {
            let mut world = World::new(server);
            for of in ["persons", "leads"] {
                add_attribute(&world, of, "text", json!({"is_unique": u8::from(of == entity)})).await;
            }
            let taken = json!({"name": "Ann", "emails": [{"value": "ann@example.org", "label": "work"}],
                               "contact_numbers": [{"value": "+12025550100", "label": "work"}], "x_text": "gold"});
            let ann = world.client().create_person(taken).await.unwrap().id;
            let lead = json!({"title": "Ann's", "person_id": ann, "lead_pipeline_stage_id": 1, "lead_value": 1,
                              "lead_source_id": 1, "lead_type_id": 1, "x_text": "gold"});
            world.client().create_lead(lead).await.unwrap();
            world.set(json!({"field_mapping": "person.x_text = plan, lead.x_text = plan"}));
            let world = world.connect().await;
            let outcome =
                world.contact("contact.created", with(jane(), json!({"custom_attributes": {"plan": "gold"}}))).await;
            let (persons, leads) = (world.sim.persons(), world.sim.leads());
            let is_filled = |records: &[Value]| records[1]["x_text"] == "gold";
            let filled = [("person", is_filled(&persons)), ("lead", is_filled(&leads))];
            for (of, is_filled) in filled {
                assert_eq!(is_filled, of == other, "{server:?} {entity} {of} {outcome:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_organization_is_looked_up_by_its_whole_name_once_for_each_name() {
    for server in SERVERS {
        for (entity, of) in [("leads", "lead"), ("persons", "person")] {
            let told = format!("{server:?} {of}");
            let mut world = World::new(server);
            let mut ids = Vec::new();
            for name in ["Partner", "Partner, North", "L'Oréal"] {
                ids.push(world.client().create_organization(json!({"name": name})).await.unwrap().id);
            }
            add_attribute(&world, entity, "lookup", json!({"lookup_type": "organizations"})).await;
            world.set(json!({"field_mapping": format!("{of}.x_lookup = partner")}));
            let world = world.connect().await;
            let with_partner = |name: Value| with(jane(), json!({"custom_attributes": {"partner": name}}));
            let held = || match of {
                "lead" => world.sim.leads()[0]["x_lookup"].as_u64(),
                _ => world.sim.persons()[0]["x_lookup"].as_u64(),
            };
            let names =
                [json!("partner"), json!(" Partner, north"), json!("L'Oréal"), json!(ids[0]), json!("PARTNER, North")];
            for (name, id) in names.iter().zip([ids[0], ids[1], ids[2], ids[0], ids[1]]) {
                let outcome = world.contact("contact.updated", with_partner(name.clone())).await;
                assert_eq!(held(), Some(id), "{told} {name} {outcome:?}");
                assert_eq!(
                    world.contact("contact.updated", with_partner(name.clone())).await.requests,
                    0,
                    "{told} {name}"
                );
            }
            // Part of a name is no name. It is told, looked for once, and again when something else is written.
            let outcome = world.contact("contact.updated", with_partner(json!("Part"))).await;
            assert!(outcome.why.iter().any(|why| why.code() == "field_wrong"), "{told} {outcome:?}");
            assert_eq!(world.contact("contact.updated", with_partner(json!("Part"))).await.requests, 0, "{told}");
            assert_eq!(held(), Some(ids[1]), "{told}");
            let part = world.client().create_organization(json!({"name": "Part"})).await.unwrap().id;
            let renamed = with(with_partner(json!("Part")), json!({"name": "Jane Roe"}));
            world.contact("contact.updated", renamed).await;
            assert_eq!(held(), Some(part), "{told}");
            // What a colleague chose stays.
            let fields = json!({"x_lookup": ids[2]});
            let change = match of {
                "lead" => Change::EditLead { lead: Record::Last, fields },
                _ => Change::EditPerson { person: Record::Last, fields },
            };
            world.sim.change(&change).unwrap();
            let outcome = world.contact("contact.updated", with_partner(json!("Partner"))).await;
            assert!(outcome.why.iter().any(|why| why.code() == "field_kept"), "{told} {outcome:?}");
            assert_eq!(held(), Some(ids[2]), "{told}");
        }
    }
}

#[tokio::test]
async fn a_contacts_own_organization_is_looked_up_once_the_server_has_made_it() {
    for server in SERVERS {
        let mut world = World::new(server);
        add_attribute(&world, "leads", "lookup", json!({"lookup_type": "organizations"})).await;
        world.set(json!({"field_mapping": "lead.x_lookup = company.name"}));
        let world = world.connect().await;
        for (company, expected) in [("Acme, Inc.", "Acme, Inc."), ("Globex", "Globex")] {
            let contact = with(jane(), json!({"additional_attributes": {"company_name": company}}));
            for _ in 0..2 {
                world.contact("contact.updated", contact.clone()).await;
            }
            let organizations = world.client().search_organization(expected).await.unwrap();
            assert_eq!(organizations.len(), 1, "{server:?}");
            let lead = world.sim.leads().remove(0);
            assert_eq!(lead["x_lookup"].as_u64(), Some(organizations[0].id), "{server:?} {company}");
            assert_eq!(world.contact("contact.updated", contact).await.requests, 0, "{server:?} {company}");
        }
    }
}

#[tokio::test]
async fn an_organization_is_looked_up_whatever_fails_meanwhile() {
    for server in SERVERS {
        for action in failures() {
            for nth in 1..=5 {
                let told = format!("{server:?} {action:?} at {nth}");
                let mut world = World::new(server);
                let partner = world.client().create_organization(json!({"name": "Partner"})).await.unwrap().id;
                add_attribute(&world, "leads", "lookup", json!({"lookup_type": "organizations"})).await;
                world.set(json!({"field_mapping": "lead.x_lookup = partner"}));
                let world = world.connect().await;
                let contact = with(jane(), json!({"custom_attributes": {"partner": "Partner"}}));
                world.sim.fault(Fault { nth, times: 3, ..Fault::next(action.clone()) });
                let mut tries = 0;
                while let Err(error) = world.event("contact.updated", json!({"contact": contact})).await {
                    tries += 1;
                    assert!(tries < 4, "{told}: {error}");
                    world.sim.clear_faults();
                }
                world.sim.clear_faults();
                world.contact("contact.updated", contact.clone()).await;
                let leads = world.sim.leads();
                assert_eq!((leads.len(), leads[0]["x_lookup"].as_u64()), (1, Some(partner)), "{told}");
                assert_eq!(world.contact("contact.updated", contact).await.requests, 0, "{told}");
            }
        }
    }
}

/// A type, what the contact has one after the other, what a colleague writes and what it is then.
fn edits() -> Vec<(&'static str, [Value; 3], Value)> {
    let email = |text: &str| json!([{"value": text, "label": "work"}]);
    vec![
        ("text", [json!("one"), json!("two"), json!("three")], json!("theirs")),
        ("textarea", [json!("one"), json!("two"), json!("three")], json!("theirs")),
        ("price", [json!(1), json!(2), json!(3)], json!("99.5")),
        ("boolean", [json!(true), json!(false), json!(true)], json!(1)),
        ("select", [json!("Gold"), json!("Free"), json!("Gold")], json!(3)),
        ("multiselect", [json!("Gold"), json!("Free"), json!("Gold")], json!([1, 2])),
        ("address", [json!("1 Main St"), json!("2 Main St"), json!("3 Main St")], json!({"address": "9 High St"})),
        ("date", [json!("2031-05-05"), json!("2031-05-06"), json!("2031-05-07")], json!("2040-01-01")),
        ("lookup", [json!(1), json!(2), json!(1)], json!(3)),
        ("email", [json!("a@example.com"), json!("b@example.com"), json!("c@example.com")], email("x@example.org")),
    ]
}

#[tokio::test]
async fn what_a_colleague_wrote_last_stays_also_where_no_answer_shows_it() {
    for server in SERVERS {
        for (entity, of) in [("persons", "person"), ("leads", "lead")] {
            for (kind, [one, two, three], theirs) in edits() {
                let told = format!("{server:?} {of} {kind}");
                let mut world = World::new(server);
                add_attribute(&world, entity, kind, json!({})).await;
                world.set(json!({"field_mapping": format!("{of}.x_{kind} = wanted")}));
                let world = world.connect().await;
                let code = format!("x_{kind}");
                let attributes = world.settings().traits.attributes;
                let first = attributes[0].options.first().map_or(0, |(id, _)| *id);
                let theirs = match &theirs {
                    Value::Number(id) if first > 0 => json!(first + id.as_u64().unwrap() - 1),
                    Value::Array(ids) if first > 0 => {
                        ids.iter().map(|id| json!(first + id.as_u64().unwrap() - 1)).collect()
                    }
                    other => other.clone(),
                };
                let held = || if of == "person" { world.sim.persons() } else { world.sim.leads() }[0][&code].clone();
                let wants = |value: &Value| with(jane(), json!({"custom_attributes": {"wanted": value}}));
                world.contact("contact.created", wants(&one)).await;
                world.contact("contact.updated", wants(&two)).await;
                let ours = held();
                let fields = json!({&code: theirs});
                let change = match of {
                    "person" => Change::EditPerson { person: Record::Last, fields },
                    _ => Change::EditLead { lead: Record::Last, fields },
                };
                world.sim.change(&change).unwrap();
                let edited = held();
                assert_ne!(ours, edited, "{told}");
                let outcome = world.contact("contact.updated", wants(&three)).await;
                // Addresses go entry by entry; and a yes that both say is the same.
                match kind {
                    "email" => assert!(held().to_string().contains("x@example.org"), "{told} {}", held()),
                    "boolean" => assert_eq!(held(), edited, "{told}"),
                    _ => {
                        assert_eq!(held(), edited, "{told} {outcome:?}");
                        assert!(outcome.why.iter().any(|why| why.code() == "field_kept"), "{told} {outcome:?}");
                    }
                }
                assert_eq!(world.contact("contact.updated", wants(&three)).await.requests, 0, "{told}");
            }
        }
    }
}

#[tokio::test]
async fn a_found_record_keeps_what_it_has_where_no_answer_shows_it() {
    for server in SERVERS {
        for (entity, of) in [("persons", "person"), ("leads", "lead")] {
            let told = format!("{server:?} {of}");
            let mut world = World::new(server);
            add_attribute(&world, entity, "text", json!({})).await;
            world.set(json!({"field_mapping": format!("{of}.x_text = plan")}));
            let world = world.connect().await;
            let person = json!({"name": "Jane Doe", "emails": [{"value": "jane@example.com", "label": "work"}],
                                "contact_numbers": [{"value": "+14155550182", "label": "work"}]});
            let is_person = of == "person";
            let person = if is_person { with(person, json!({"x_text": "theirs"})) } else { person };
            let id = world.client().create_person(person).await.unwrap().id;
            let lead = json!({"title": "Deal", "person_id": id, "lead_pipeline_stage_id": 1, "lead_value": 1,
                              "lead_source_id": 1, "lead_type_id": 1});
            let lead = if is_person { lead } else { with(lead, json!({"x_text": "theirs"})) };
            world.client().create_lead(lead).await.unwrap();
            let wants = |plan: &str| with(jane(), json!({"custom_attributes": {"plan": plan}}));
            let held = || if is_person { world.sim.persons() } else { world.sim.leads() }.remove(0)["x_text"].clone();
            world.contact("contact.created", wants("gold")).await;
            assert_eq!(held(), "theirs", "{told}");
            let fields = json!({"x_text": "gold"});
            let change = match is_person {
                true => Change::EditPerson { person: Record::Last, fields },
                false => Change::EditLead { lead: Record::Last, fields },
            };
            world.sim.change(&change).unwrap();
            world.contact("contact.updated", wants("silver")).await;
            assert_eq!(held(), "silver", "{told}: as we would have it");
        }
    }
}

#[tokio::test]
async fn attributes_of_one_name_are_told_apart_where_their_changes_are_told_by_name() {
    for server in SERVERS {
        for (entity, of) in [("persons", "person"), ("leads", "lead")] {
            let told = format!("{server:?} {of}");
            let mut world = World::new(server);
            for kind in ["text", "textarea"] {
                add_attribute(&world, entity, kind, json!({"name": "Plan"})).await;
            }
            world.set(json!({"field_mapping": format!("{of}.x_text = plan, {of}.x_textarea = notes")}));
            let world = world.connect().await;
            let held = || if of == "person" { world.sim.persons() } else { world.sim.leads() }.remove(0);
            let steps = [("gold", "one"), ("silver", "one"), ("silver", "two"), ("bronze", "three"), ("gold", "four")];
            for (plan, notes) in steps {
                let attributes = json!({"custom_attributes": {"plan": plan, "notes": notes}});
                let outcome = world.contact("contact.updated", with(jane(), attributes)).await;
                assert_eq!(
                    (&held()["x_text"], &held()["x_textarea"]),
                    (&json!(plan), &json!(notes)),
                    "{told} {outcome:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_becomes_of_an_attribute_in_krayin_is_told_and_stops_neither_the_other_rows_nor_the_connection() {
    let codes = |found: &setup::Configuration| found.warnings.iter().map(|why| why.code()).collect::<Vec<_>>();
    for server in SERVERS {
        for becomes in [None, Some("file"), Some("select"), Some("price"), Some("multiselect"), Some("lookup")] {
            let told = format!("{server:?} {becomes:?}");
            let mut world = World::new(server);
            add_attribute(&world, "leads", "text", json!({})).await;
            add_attribute(&world, "leads", "textarea", json!({})).await;
            world.set(json!({"field_mapping": "lead.x_text = plan, lead.x_textarea = notes"}));
            let mut world = world.connect().await;
            let wants =
                |plan: &str, notes: &str| with(jane(), json!({"custom_attributes": {"plan": plan, "notes": notes}}));
            world.contact("contact.created", wants("Gold", "one")).await;
            let id = world
                .client()
                .attributes()
                .await
                .unwrap()
                .into_iter()
                .find(|one| one.rest["code"] == "x_text")
                .unwrap()
                .id;
            world.client().delete(&format!("settings/attributes/{id}"), &[]).await.unwrap();
            if let Some(kind) = becomes {
                add_attribute(&world, "leads", kind, json!({"code": "x_text"})).await;
            }
            // Before anybody has looked: the other row goes on.
            let outcome = world.event("contact.updated", json!({"contact": wants("Gold", "two")})).await;
            assert!(outcome.is_ok(), "{told} {outcome:?}");
            assert_eq!(world.sim.leads()[0]["x_textarea"], "two", "{told}");
            // However often it is looked at anew.
            for notes in ["three", "four"] {
                let (found, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
                let is_gone = matches!(becomes, None | Some("file"));
                assert_eq!(codes(&found).contains(&"mapped_gone".to_owned()), is_gone, "{told} {:?}", found.warnings);
                world.set(serde_json::to_value(found).unwrap());
                world.contact("contact.updated", wants("Free", notes)).await;
                let lead = world.sim.leads().remove(0);
                assert_eq!(lead["x_textarea"], *notes, "{told}");
                if becomes == Some("select") {
                    let known = world.settings().traits.attributes;
                    let select = known.iter().find(|known| known.code == "x_text").unwrap();
                    assert_eq!(held(&lead, "x_text", &select.options), "Free", "{told}");
                }
            }
            if becomes.is_none() {
                // It comes back, and is filled again.
                add_attribute(&world, "leads", "text", json!({})).await;
                let (found, _) = setup::connect(&world.settings(), &world.client()).await.unwrap();
                assert_eq!(codes(&found), Vec::<String>::new(), "{told}");
                world.set(serde_json::to_value(found).unwrap());
                world.contact("contact.updated", wants("Silver", "five")).await;
                assert_eq!(world.sim.leads()[0]["x_text"], "Silver", "{told}");
                // A row that never was one is refused as ever.
                world.set(json!({"field_mapping": "lead.x_text = plan, lead.none = notes"}));
                setup::connect(&world.settings(), &world.client()).await.unwrap_err();
            }
        }
    }
}

#[tokio::test]
async fn an_answer_to_a_survey_that_is_given_anew_is_the_last_one() {
    for server in SERVERS {
        let mut world = World::new(server);
        add_attribute(&world, "persons", "text", json!({})).await;
        add_attribute(&world, "leads", "text", json!({})).await;
        world.set(json!({
            "field_mapping": "person.x_text = csat.rating, lead.x_text = csat.feedback",
            "stage_progression_enabled": true, "stage_rules": "csat 1-2 -> Negotiation; csat 4-5 -> Prospect"
        }));
        let world = world.connect().await;
        let answered = async |rating: u8, feedback: &str| {
            let said = json!({"csat_rating": rating, "csat_feedback": feedback});
            let talk = with(conversation("Channel::Api"), said);
            world.event("conversation.updated", json!({"conversation": talk})).await.unwrap()
        };
        let held = || {
            let (person, lead) = (world.sim.persons().remove(0), world.sim.leads().remove(0));
            (person["x_text"].clone(), lead["x_text"].clone(), lead["lead_pipeline_stage_id"].clone())
        };
        answered(1, "Slow").await;
        assert_eq!(held(), (json!("1"), json!("Slow"), json!(4)), "{server:?}");
        answered(5, "Mended").await;
        let (rating, feedback, stage) = held();
        assert_eq!((rating, feedback), (json!("5"), json!("Mended")), "{server:?}");
        assert_eq!(stage, 4, "{server:?}: a rule goes forward only");
        assert_eq!(answered(5, "Mended").await.requests, 0, "{server:?}");
        // The rule of the first answer has fired, and does not fire again.
        world.sim.change(&Change::MoveLead { lead: Record::Last, stage: json!("new") }).unwrap();
        answered(2, "Slow again").await;
        let (rating, feedback, stage) = held();
        assert_eq!((rating, feedback, stage), (json!("2"), json!("Slow again"), json!(1)), "{server:?}");
    }
}

#[test]
fn an_address_with_its_schemes_port_is_the_same() {
    let of = |address: &str| {
        let settings = json!({"api_url": address, "api_token": "1|a", "allow_private_addresses": true});
        let connection = Settings::from_json(settings.to_string().as_bytes()).unwrap().connection().unwrap();
        (connection.fingerprint(), connection.identity())
    };
    for (one, same) in [
        ("https://crm.example.com", "https://crm.example.com:443/"),
        ("https://crm.example.com/crm/api/v1", "HTTPS://CRM.example.com:443/crm/api/v1/"),
    ] {
        assert_eq!(of(one), of(same), "{one}");
    }
    for other in ["https://crm.example.com:8443", "https://crm.example.com:80"] {
        assert_ne!(of("https://crm.example.com"), of(other), "{other}");
    }
}
