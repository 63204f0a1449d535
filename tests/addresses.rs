//! E-mail addresses in spellings that nobody has written down: found in Krayin, and no second person made.

use krayin_core::{chatwoot::Contact, sync::PersonFinder};
use krayin_sim::Server;
use krayin_tests::{ALL_SERVERS, SERVERS, World, report};
use serde_json::json;

const ADDRESSES: [&str; 10] = [
    "jane.doe@example.com",
    "jo@x.io",
    "o'brien@sub.example.co.uk",
    "jane+news@example.com",
    "jane_doe-2@exa-mple.com",
    "zoë@example.com",
    "özgür.ipek@example.com",
    "иван@почта.рф",
    "info@münchen.de",
    "7up@123.com",
];

/// As a contact may have it.
fn spellings(address: &str) -> Vec<String> {
    let (local, domain) = address.split_once('@').unwrap();
    let unseen = [
        "\u{200e}", "\u{200f}", "\u{200b}", "\u{feff}", "\u{ad}", "\u{2060}", "\u{202a}", "\u{fe0f}", "\u{180e}", "\0",
    ];
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
        c => c,
    };
    let mut all: Vec<String> = unseen
        .iter()
        .flat_map(|c| {
            [
                format!("{c}{address}"),
                format!("{address}{c}"),
                format!("{local}{c}@{domain}"),
                format!("{local}@{c}{domain}"),
            ]
        })
        .collect();
    all.extend([
        address.to_uppercase(),
        format!("{}@{}", local.to_uppercase(), domain),
        format!("{local}@{}", domain.to_uppercase()),
        format!("mailto:{address}"),
        format!("MAILTO:{address}?subject=Hi%20there&cc=x@example.net"),
        format!("mailto://{address}"),
        format!("<{address}>"),
        format!("Jane Doe <{address}>"),
        format!("\"Doe, Jane (Sales)\" <{address}>"),
        format!("Jane [{address}]"),
        format!("({address})"),
        format!("{address} (Jane)"),
        format!("{local}(work)@{domain}"),
        format!("\"{local}\"@{domain}"),
        format!("'{address}'"),
        format!("“{address}”"),
        format!("«{address}»"),
        format!("{address}."),
        format!("{address},"),
        format!("{address};"),
        format!("{address}…"),
        format!("\t{address}\r\n"),
        format!("\u{a0}{address}\u{3000}"),
        format!("E-mail: {address}"),
        format!("email:{address}"),
        format!("{local} @ {domain}"),
        format!("{local}＠{domain}"),
        format!("{local}﹫{domain}"),
        address.chars().map(wide).collect(),
        format!("{address}, other@example.org"),
        format!("other@example.org; {address}"),
        format!("other@example.org / {address}"),
        format!("other@example.org、{address}"),
        format!("other@example.org\n{address}"),
    ]);
    all
}

async fn clear(world: &World) {
    let client = world.client();
    for lead in world.sim.leads() {
        client.delete(&format!("leads/{}", lead["id"]), &[]).await.unwrap();
    }
    for person in world.sim.persons() {
        let persons = if world.server == Server::Documented { "persons" } else { "contacts/persons" };
        client.delete(&format!("{persons}/{}", person["id"]), &[]).await.unwrap();
    }
}

/// The address as somebody else writes it: as it is, in capitals, with a capital inside a word, with its domain in
/// capitals.
fn in_another_case(address: &str, turn: usize) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap();
    let inner = |text: &str, at: usize| -> String {
        text.char_indices().map(|(n, c)| if n == at { c.to_ascii_uppercase() } else { c }).collect()
    };
    match turn % 6 {
        0 => address.to_owned(),
        1 => address.to_ascii_uppercase(),
        2 => format!("{}@{domain}", local.to_ascii_uppercase()),
        3 => format!("{}@{domain}", inner(local, local.len() / 2)),
        4 => format!("{local}@{}", inner(domain, domain.len() / 3)),
        _ => format!("{local}@{}", domain.to_ascii_uppercase()),
    }
}

#[tokio::test]
async fn several_addresses_and_numbers_are_one_search() {
    for server in SERVERS {
        let world = World::connected(server).await;
        let person = json!({
            "name": "Jane",
            "emails": [{"value": "other@example.net", "label": "work"}, {"value": "JANE.ROE@EXAMPLE.COM", "label": "home"}],
            "contact_numbers": [{"value": "+14155550100", "label": "work"}],
        });
        let known = world.client().create_person(person).await.unwrap().id;
        for (n, email) in
            ["jane@example.org, jane.roe@example.com", "a@b.co; c@d.co; jane.roe@example.com"].iter().enumerate()
        {
            world.sim.clear_requests();
            let contact = json!({"id": n + 1, "name": "Jane", "email": email, "phone_number": "+14155550199"});
            let contact = Contact::from_json(contact.to_string().as_bytes());
            let client = world.client();
            let found = PersonFinder { client: &client }.find(&contact).await.unwrap();
            assert_eq!(found.map(|found| found.person.id), Some(known), "{server:?} {email}");
            assert_eq!(world.sim.requests().len(), 1, "{server:?} {email}");
        }
    }
}

#[tokio::test]
async fn every_spelling_finds_the_person_and_makes_no_second() {
    let mut n = 0;
    let mut missed = Vec::new();
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        for address in ADDRESSES {
            for ours in spellings(address) {
                n += 1;
                // In Krayin it stands alone, beside another, or in other letters.
                let first: String =
                    address.chars().take(1).flat_map(char::to_uppercase).chain(address.chars().skip(1)).collect();
                let second = in_another_case(address, n / 3);
                let theirs = match n % 3 {
                    0 => vec![address],
                    1 => vec!["theirs@example.net", &*second],
                    _ if address.is_ascii() => vec![&*first],
                    _ => vec![address],
                };
                let emails: Vec<_> = theirs.iter().map(|value| json!({"value": value, "label": "work"})).collect();
                let person = json!({"name": "J", "emails": emails, "contact_numbers": [{"value": "+14155550100", "label": "work"}]});
                let known = world.client().create_person(person).await.unwrap().id;
                let contact = json!({"id": n, "account_id": 1, "name": "J", "email": ours});
                let outcome = world.contact("contact.created", contact.clone()).await;
                let persons = world.sim.persons();
                let has = persons[0]["emails"].to_string().to_lowercase().matches(&address.to_lowercase()).count();
                let is_once = has == 1 || !address.is_ascii();
                let is_settled = world.contact("contact.updated", contact).await.requests == 0;
                if (outcome.ids.get("person"), persons.len(), is_once, is_settled) != (Some(known), 1, true, true) {
                    missed.push(format!("{server:?} {theirs:?} {ours:?} {is_once} {is_settled} {persons:?}"));
                }
                clear(&world).await;
            }
        }
    }
    report(&format!("{} of {n} spellings of addresses found, no second person", n - missed.len()));
    assert!(missed.is_empty(), "{}: {:#?}", missed.len(), &missed[..missed.len().min(20)]);
}

#[tokio::test]
async fn what_is_another_address_is_another_person() {
    for server in ALL_SERVERS {
        let world = World::connected(server).await;
        for (n, (theirs, ours)) in [
            ("jane@example.com", "jane+news@example.com"),
            ("jane+news@example.com", "jane@example.com"),
            ("jane@example.com", "ane@example.com"),
            ("ane@example.com", "jane@example.com"),
            ("jane@example.com.br", "jane@example.com"),
            ("jane@example.com", "janet@example.com"),
            ("jane.doe@example.com", "janedoe@example.com"),
            ("zoe@example.com", "zoë@example.com"),
            ("j_d@example.com", "jxd@example.com"),
            ("a%b@example.com", "axb@example.com"),
            ("x@münchen.de", "x@munchen.de"),
        ]
        .into_iter()
        .enumerate()
        {
            let person = json!({"name": "J", "emails": [{"value": theirs, "label": "work"}],
                "contact_numbers": [{"value": "+14155550100", "label": "work"}]});
            let known = world.client().create_person(person).await.unwrap().id;
            let outcome = world.contact("contact.created", json!({"id": n + 1, "name": "J", "email": ours})).await;
            assert_ne!(outcome.ids.get("person"), Some(known), "{server:?} {theirs} {ours} {outcome:?}");
            assert_eq!(world.sim.persons().len(), 2, "{server:?} {theirs} {ours} {outcome:?}");
            clear(&world).await;
        }
    }
}
