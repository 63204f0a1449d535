//! Whom a contact is taken for: addresses and numbers as people write them, on every server, and what cannot be decided.

use krayin_core::{phone, sync::Status};
use krayin_sim::Server;
use krayin_tests::{SERVERS, World};
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil};
use serde_json::{Value, json};

fn work(value: &str) -> Value {
    json!({"value": value, "label": "work"})
}

async fn person(world: &World, name: &str, emails: &[&str], numbers: &[&str]) -> u64 {
    let entries = |values: &[&str]| values.iter().map(|value| work(value)).collect::<Vec<_>>();
    let person = json!({"name": name, "emails": entries(emails), "contact_numbers": entries(numbers)});
    world.client().create_person(person).await.unwrap().id
}

#[tokio::test]
async fn an_address_is_found_however_it_is_written() {
    let table = [
        (vec!["JANE.DOE@Example.COM"], "jane.doe@example.com"),
        (vec!["McDonald@Example.com"], "mcdonald@example.com"),
        (vec!["info@ExampleCorp.com"], "info@examplecorp.com"),
        (vec!["ÖZGÜR@example.com"], "özgür@example.com"),
        (vec!["other@example.com", "Jane.Doe@Example.com"], "jane.doe@example.com"),
        (vec!["jo@x.io"], "jo@x.io"),
        (vec!["a@b.co"], "a@b.co"),
        (vec!["jane@example.com"], "jane@exa\u{200b}mple.com"),
        (vec!["jane@example.com"], "\u{feff}jane@example.com"),
        (vec!["jane@example.com"], "jane@example.com\u{202c}"),
        (vec!["jane@example.com"], "ja\u{2060}ne@example.com"),
        (vec!["jane@example.com"], "mailto:Jane@Example.com"),
        (vec!["jane@example.com"], "Jane Doe <jane@example.com>"),
        (vec!["jane@example.com"], "(jane@example.com)."),
        (vec!["jane@example.com"], "joe@example.org, jane@example.com"),
    ];
    for server in SERVERS {
        for (theirs, ours) in &table {
            let world = World::connected(server).await;
            let known = person(&world, "J", theirs, &["+14155550100"]).await;
            let outcome = world.contact("contact.created", json!({"id": 7, "name": "J", "email": ours})).await;
            assert_eq!(outcome.ids.get("person"), Some(known), "{server:?} {theirs:?} {ours:?} {outcome:?}");
            assert_eq!(world.sim.persons().len(), 1);
        }
    }
}

#[tokio::test]
async fn near_hits_hide_nobody() {
    for server in SERVERS {
        let world = World::connected(server).await;
        for n in 0..60 {
            let (near, number) = (format!("caro{n}ana@example.com"), format!("+1415555{n:04}"));
            person(&world, "Near", &[&near], &[&number]).await;
        }
        let known = person(&world, "Ana", &["ana@example.com"], &["+14155559999"]).await;
        let ana = json!({"id": 7, "name": "Ana", "email": "ana@example.com", "phone_number": "+14155559999"});
        let outcome = world.contact("contact.created", ana).await;
        assert_eq!((outcome.ids.get("person"), world.sim.persons().len()), (Some(known), 61), "{server:?} {outcome:?}");
    }
}

#[tokio::test]
async fn a_number_is_found_however_it_is_written() {
    let table = [
        ("(11) 9 8765-4321", "+5511987654321"),
        ("0207 946 0018", "+442079460018"),
        ("030 / 90 18 20", "+4930901820"),
        ("0631 966 540", "+213631966540"),
        ("+91 987 654 3210", "+919876543210"),
        ("0645678901", "+390645678901"),
        ("001 650 253 0000", "+16502530000"),
        ("011 49 30 901820", "+4930901820"),
        ("+551187654321", "+5511987654321"),
        ("+5511987654321", "+551187654321"),
        ("+5215512345678", "+525512345678"),
        ("+525512345678", "+5215512345678"),
        ("0351 15 234-5678", "+5493512345678"),
        ("51234", "+50051234"),
        ("22722", "+29022722"),
        ("+682 71234", "+68271234"),
        ("＋４９ ３０ ９０１８２０", "+4930901820"),
        ("+٤٩٣٠٩٠١٨٢٠", "+4930901820"),
        ("\u{202a}+49 30 90\u{200b}1820\u{202c}", "+4930901820"),
    ];
    for server in SERVERS {
        for (theirs, ours) in table {
            let world = World::connected(server).await;
            let known = person(&world, "Jane", &["jane@example.com"], &["+14155550100", theirs]).await;
            let outcome =
                world.contact("contact.created", json!({"id": 7, "name": "Jane", "phone_number": ours})).await;
            let is_plain = theirs.is_ascii();
            if is_plain {
                assert_eq!(outcome.ids.get("person"), Some(known), "{server:?} {theirs} {ours} {outcome:?}");
                assert_eq!(world.sim.persons().len(), 1);
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_number_is_nobody_elses() {
    for server in SERVERS {
        let world = World::connected(server).await;
        person(&world, "Luc", &["luc@example.com"], &["+33672829916"]).await;
        person(&world, "Hotline", &["hotline@example.com"], &["+18005550199"]).await;
        for (id, number) in [(7, "+3367a829916"), (8, "1-800-555-0199 ext 5")] {
            let contact = json!({"id": id, "name": "Someone", "phone_number": number});
            let outcome = world.contact("contact.created", contact).await;
            assert_eq!(outcome.created, ["person", "lead"], "{server:?} {number} {outcome:?}");
        }
        assert_eq!(world.sim.persons().len(), 4);
    }
}

#[tokio::test]
async fn the_installations_country_is_that_of_numbers_without_one() {
    for server in SERVERS {
        let mut world = World::connected(server).await;
        world.set(json!({"default_country": "gb"}));
        let london = person(&world, "Ann", &["ann@example.com"], &["020 7946 0958"]).await;
        let pune = json!({"id": 7, "name": "Asha", "phone_number": "+912079460958"});
        assert_eq!(world.contact("contact.created", pune).await.created, ["person", "lead"], "{server:?}");
        let known = json!({"id": 8, "name": "Ann", "phone_number": "0207 946 0958"});
        assert_eq!(world.contact("contact.created", known).await.ids.get("person"), Some(london), "{server:?}");
    }
}

#[tokio::test]
async fn two_people_at_one_phone_stay_two() {
    for server in SERVERS {
        let world = World::connected(server).await;
        let number = "+14155550182";
        let alice = json!({"id": 1, "name": "Alice", "email": "alice@example.com", "phone_number": number});
        let alice = world.contact("contact.created", alice).await.ids.get("person");
        let bob = json!({"id": 2, "name": "Bob", "email": "bob@example.com", "phone_number": number});
        let outcome = world.contact("contact.created", bob).await;
        assert_eq!(outcome.created, ["person", "lead"], "{server:?}");
        assert_eq!(
            outcome.reasons,
            ["The phone number belongs to another person in Krayin and stays with that one."],
            "{server:?}"
        );
        let holders: Vec<Value> = world.sim.persons();
        let holders: Vec<_> =
            holders.iter().filter(|person| person["contact_numbers"].to_string().contains(number)).collect();
        assert_eq!((holders.len(), holders[0]["id"].as_u64()), (1, alice), "{server:?}");
        assert_eq!(holders[0]["name"], "Alice");

        // With the number alone nobody can tell whether Carl is Alice.
        let before = (world.sim.persons(), world.sim.leads());
        let carl = json!({"id": 3, "name": "Carl", "phone_number": number});
        let outcome = world.contact("contact.created", carl.clone()).await;
        assert_eq!((outcome.status, outcome.doubtful.as_slice()), (Status::Skipped, alice.as_slice()), "{outcome:?}");
        let named = format!("Contact 3 has the phone number of person {}", alice.unwrap());
        assert!(outcome.reasons[0].starts_with(&named), "{outcome:?}");
        assert_eq!((world.sim.persons(), world.sim.leads()), before, "{server:?}: nothing is written");
        // A person decides by giving one of them an address.
        let mut decided = carl;
        decided["email"] = json!("carl@example.com");
        assert_eq!(world.contact("contact.updated", decided).await.created, ["person", "lead"], "{server:?}");
    }
}

#[tokio::test]
async fn a_shared_number_is_nobodys_alone() {
    for server in SERVERS {
        let world = World::connected(server).await;
        let eve = person(&world, "Eve Poe", &["eve@example.com"], &["(415) 555-0182"]).await;
        let bob = person(&world, "Bob Roe", &["bob@example.com"], &["415.555.0182"]).await;
        let contact = |id: u64, name: &str| json!({"id": id, "name": name, "phone_number": "+14155550182"});
        let outcome = world.contact("contact.created", contact(7, "Front desk")).await;
        assert_eq!(outcome.doubtful, [eve, bob], "{server:?} {outcome:?}");
        let outcome = world.contact("contact.created", contact(8, "Bob")).await;
        assert_eq!(outcome.ids.get("person"), Some(bob), "{server:?} {outcome:?}");
    }
}

/// The spellings of a number within and outside of its country.
fn spellings(plans: &PhoneNumberUtil, number: &PhoneNumber) -> Vec<String> {
    let text = |form| plans.format(number, form).into_owned();
    let (e164, international, national) =
        (text(PhoneNumberFormat::E164), text(PhoneNumberFormat::International), text(PhoneNumberFormat::National));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let apart = |text: &str, by: &str| digits(text).chars().map(String::from).collect::<Vec<_>>().join(by);
    let pairs = |text: &str| {
        let digits: Vec<char> = digits(text).chars().collect();
        digits.chunks(2).map(String::from_iter).collect::<Vec<_>>().join(" ")
    };
    vec![
        format!("+{}", apart(&e164, " ")),
        format!("+{}", pairs(&e164)),
        international.replace(' ', "-"),
        international.replace(' ', "."),
        format!("00{}", digits(&e164)),
        format!("00 {}", pairs(&e164)),
        format!("011 {}", international.trim_start_matches('+')),
        digits(&e164),
        national.clone(),
        national.replace([' ', '-'], "/"),
        format!("({})", apart(&national, " ")),
        pairs(&national),
        digits(&national),
        international,
        e164,
    ]
}

/// The numbers that each country's plan gives as examples, each in E.164 with its spellings.
fn examples() -> Vec<(String, Vec<String>)> {
    let plans = PhoneNumberUtil::new().unwrap();
    let mut numbers = Vec::new();
    for region in plans.get_supported_regions() {
        for kind in [PhoneNumberType::FixedLine, PhoneNumberType::Mobile] {
            if let Ok(number) = plans.get_example_number_for_type_and_region(region, kind) {
                let e164 = plans.format(&number, PhoneNumberFormat::E164).into_owned();
                numbers.push((e164, spellings(&plans, &number)));
            }
        }
    }
    numbers.sort();
    numbers.dedup();
    assert!(numbers.len() > 400, "{}", numbers.len());
    numbers
}

/// Whether `LIKE '%pattern%'` finds the text, a pattern of characters with `%` between them.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut rest = text.chars();
    pattern.split('%').all(|part| part.chars().all(|wanted| rest.any(|c| c == wanted)))
}

#[test]
fn every_countrys_number_is_searched_for_and_known_in_every_spelling() {
    let numbers = examples();
    let (mut found, mut missed) = (0, Vec::new());
    for (e164, spellings) in &numbers {
        let pattern = phone::pattern(e164).unwrap();
        for spelling in spellings {
            let column = json!([work(spelling)]).to_string();
            if is_like(&column, &pattern) && phone::same(e164, spelling) && phone::same(spelling, e164) {
                found += 1;
            } else {
                missed.push(format!("{e164} as {spelling}"));
            }
        }
    }
    println!("{found} of {} spellings of {} numbers known", found + missed.len(), numbers.len());
    assert!(missed.is_empty(), "{} of {}: {missed:?}", missed.len(), found + missed.len());
}

#[tokio::test]
async fn every_countrys_number_makes_no_second_person() {
    let numbers = examples();
    let world = World::connected(Server::Krayin223Official).await;
    let client = world.client();
    let mut missed = Vec::new();
    for (n, (e164, spellings)) in numbers.iter().enumerate() {
        let spelling = spellings[n % spellings.len()].as_str();
        let known = person(&world, "J", &["j@example.com"], &[spelling]).await;
        let outcome = world.contact("contact.created", json!({"id": n + 1, "name": "J", "phone_number": e164})).await;
        if outcome.ids.get("person") != Some(known) || world.sim.persons().len() != 1 {
            missed.push(format!("{e164} as {spelling}"));
        }
        // Numbers of several countries are written alike: each stands alone.
        for lead in world.sim.leads() {
            client.delete(&format!("leads/{}", lead["id"]), &[]).await.unwrap();
        }
        for person in world.sim.persons() {
            client.delete(&format!("contacts/persons/{}", person["id"]), &[]).await.unwrap();
        }
    }
    println!("{} of {} persons found", numbers.len() - missed.len(), numbers.len());
    assert!(missed.is_empty(), "{missed:?}");
}
