//! Never two people in one: what a contact has × who has its number in Krayin, on every server, in every combination.

use krayin_core::{
    reason::Reason,
    records::{Kind, Records, Verdict},
    sync::{Outcome, Status},
};
use krayin_tests::{ALL_SERVERS, World, report};
use serde_json::{Value, json};

const NUMBER: &str = "+14155550182";

/// Who has the number in Krayin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Nobody,
    /// Somebody with an address, whom a colleague entered.
    WithAddress,
    /// Somebody without a real one, whom a colleague entered.
    Without,
    /// The person of another contact, which has an address.
    OfContactWithAddress,
    /// The person of another contact, which has the number alone.
    OfContactWithout,
    /// Two, of other names and addresses.
    Several,
}

/// What the contact is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Same,
    New,
    NewWithoutNumber,
    Doubtful,
    NotInKrayin,
}

const HOLDERS: [Holder; 6] = [
    Holder::Nobody,
    Holder::WithAddress,
    Holder::Without,
    Holder::OfContactWithAddress,
    Holder::OfContactWithout,
    Holder::Several,
];

#[derive(Debug, Clone, Copy)]
struct Contact {
    /// The holder's name, another one, none.
    name: Option<&'static str>,
    /// The holder's address, one of its own, none.
    email: Option<&'static str>,
    has_number: bool,
    is_on_telegram: bool,
}

impl Contact {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for name in [Some("Alice Roe"), Some("Bob Poe"), None] {
            for email in [Some("alice@example.com"), Some("bob@example.com"), None] {
                for has_number in [true, false] {
                    all.extend([true, false].map(|is_on_telegram| Self { name, email, has_number, is_on_telegram }));
                }
            }
        }
        all
    }

    fn json(self) -> Value {
        let inboxes = if self.is_on_telegram {
            json!([{"channel_type": "Channel::Telegram", "source_id": "23"}])
        } else {
            json!([])
        };
        json!({"id": 2, "account_id": 1, "name": self.name, "email": self.email, "has_conversation": true,
            "phone_number": self.has_number.then_some(NUMBER), "contact_inboxes": inboxes})
    }

    fn expected(self, holder: Holder) -> Expected {
        let has_address = matches!(holder, Holder::WithAddress | Holder::OfContactWithAddress | Holder::Several);
        let is_of_contact = matches!(holder, Holder::OfContactWithAddress | Holder::OfContactWithout);
        if self.email == Some("alice@example.com") && has_address {
            return Expected::Same;
        }
        if !self.has_number {
            let is_known = self.email.is_some() || self.is_on_telegram;
            return if is_known { Expected::New } else { Expected::NotInKrayin };
        }
        let is_called_so = self.name == Some("Alice Roe");
        match (holder, self.email) {
            (Holder::Nobody, _) => Expected::New,
            (Holder::Several, None) if is_called_so => Expected::Same,
            (Holder::Several, None) => Expected::Doubtful,
            (_, Some(_)) if has_address => Expected::NewWithoutNumber,
            _ if is_called_so => Expected::Same,
            // A person of another contact gives its number to nobody who may be somebody else.
            _ if is_of_contact => Expected::Doubtful,
            (Holder::WithAddress, None) if self.name.is_some() => Expected::Doubtful,
            _ => Expected::Same,
        }
    }
}

async fn person(world: &World, name: &str, email: Option<&str>, id: u64) -> u64 {
    let email = email.map_or_else(|| format!("chatwoot-0123456789a{id}@chatwoot.invalid"), str::to_owned);
    // In other words than the contact's.
    let body = json!({"name": name, "emails": [{"value": email, "label": "work"}],
        "contact_numbers": [{"value": if id == 1 { "(415) 555-0182" } else { "415.555.0182" }, "label": "work"}]});
    world.client().create_person(body).await.unwrap().id
}

/// Makes the holders; the first is Alice.
async fn prepare(world: &World, holder: Holder) -> Option<u64> {
    let contact =
        |email: Value| json!({"id": 1, "account_id": 1, "name": "Alice Roe", "email": email, "phone_number": NUMBER});
    match holder {
        Holder::Nobody => None,
        Holder::WithAddress => Some(person(world, "Alice Roe", Some("alice@example.com"), 1).await),
        Holder::Without => {
            // What tells that somebody came from a contact is the placeholder.
            let body = json!({"name": "Alice Roe", "emails": [{"value": "", "label": "work"}],
                "contact_numbers": [{"value": NUMBER, "label": "work"}]});
            match world.client().create_person(body).await {
                Ok(person) => Some(person.id),
                Err(_) => None,
            }
        }
        Holder::OfContactWithAddress => {
            world.contact("contact.created", contact(json!("alice@example.com"))).await.ids.get("person")
        }
        Holder::OfContactWithout => world.contact("contact.created", contact(json!(null))).await.ids.get("person"),
        Holder::Several => {
            let alice = person(world, "Alice Roe", Some("alice@example.com"), 1).await;
            person(world, "Carl Moe", Some("carl@example.com"), 2).await;
            Some(alice)
        }
    }
}

fn holders(world: &World) -> usize {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let has = |person: &Value| {
        let numbers = person["contact_numbers"].as_array().cloned().unwrap_or_default();
        numbers.iter().any(|entry| digits(&entry["value"].to_string()).ends_with("4155550182"))
    };
    world.sim.persons().iter().filter(|person| has(person)).count()
}

fn told(outcome: &Outcome, alice: Option<u64>) -> Expected {
    match outcome.ids.get("person") {
        _ if !outcome.doubtful.is_empty() => Expected::Doubtful,
        None => Expected::NotInKrayin,
        id if id == alice => Expected::Same,
        _ if outcome.why.contains(&Reason::PhoneAnothers) => Expected::NewWithoutNumber,
        _ => Expected::New,
    }
}

#[tokio::test]
async fn every_combination_is_one_two_or_a_question() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for server in ALL_SERVERS {
        for holder in HOLDERS {
            for contact in Contact::all() {
                let world = World::connected(server).await;
                let alice = prepare(&world, holder).await;
                if holder == Holder::Without && alice.is_none() {
                    // This server wants an address of everybody.
                    continue;
                }
                tried += 1;
                let (before, held) = (world.sim.persons(), holders(&world));
                let outcome = world.contact("contact.created", contact.json()).await;
                let (expected, found) = (contact.expected(holder), told(&outcome, alice));
                let what =
                    format!("{server:?} {holder:?} {contact:?}: {found:?}, not {expected:?} {:?}", outcome.reasons);
                let made = world.sim.persons().len() - before.len();
                let is_right = found == expected
                    && made == usize::from(matches!(expected, Expected::New | Expected::NewWithoutNumber))
                    && (expected != Expected::Doubtful || world.sim.persons() == before)
                    && (held == 0 || holders(&world) == held);
                if !is_right {
                    wrong.push(what);
                    continue;
                }
                // What is said once stays.
                let again = world.contact("contact.updated", contact.json()).await;
                assert!(again.requests == 0 || expected == Expected::Doubtful, "{what} {again:?}");
                if expected == Expected::Doubtful {
                    decide(&world, contact, alice.unwrap(), tried % 2 == 0).await;
                }
                let alice = world.sim.persons().into_iter().find(|person| person["id"].as_u64() == alice);
                let is_alices = alice.is_none_or(|alice| alice["name"] == "Alice Roe");
                assert!(is_alices, "{what}");
            }
        }
    }
    report(&format!("{} of {tried} combinations right", tried - wrong.len()));
    assert!(wrong.is_empty(), "{}: {:#?}", wrong.len(), &wrong[..wrong.len().min(25)]);
}

/// A person says that they are one, or two; nothing that comes later undoes it.
async fn decide(world: &World, contact: Contact, alice: u64, are_one: bool) {
    let mut stored = world.records.get(Kind::Contact, 2);
    let verdict = if are_one { Verdict::Same } else { Verdict::Another };
    stored.decide(verdict, are_one.then_some(alice)).unwrap();
    world.records.store(Kind::Contact, 2, &stored).await.unwrap();
    let persons = world.sim.persons().len();
    let mut value = contact.json();
    let outcome = world.contact("contact.updated", value.clone()).await;
    let what = format!("{:?} {contact:?} {are_one} {outcome:?}", world.server);
    assert_eq!(outcome.ids.get("person") == Some(alice), are_one, "{what}");
    assert_eq!(world.sim.persons().len(), persons + usize::from(!are_one), "{what}");
    let ids = outcome.ids;
    for (field, later) in [("name", "Bob P. Poe"), ("email", "bob@example.org"), ("name", "Robert Poe")] {
        value[field] = json!(later);
        let outcome = world.contact("contact.updated", value.clone()).await;
        assert_eq!(
            (outcome.status, outcome.ids.get("person")),
            (Status::Synced, ids.get("person")),
            "{what} {outcome:?}"
        );
    }
    assert_eq!(world.sim.persons().len(), persons + usize::from(!are_one), "{what}");
}

/// As Chatwoot keeps a contact of each channel that knows neither address nor number.
const CHANNELS: [(&str, &str); 7] = [
    ("Telegram", "23423423"),
    ("Instagram", "17841401"),
    ("FacebookPage", "5423421"),
    ("Line", "U4af498"),
    ("Tiktok", "conv-9"),
    ("TwitterProfile", "14890961"),
    ("Whatsapp", "US.13491208655302741918"),
];

#[tokio::test]
async fn what_turns_up_later_and_is_another_persons_stays_with_that_one() {
    for server in ALL_SERVERS {
        for (channel, source_id) in CHANNELS {
            for (email, number) in [(true, false), (false, true), (true, true)] {
                let world = World::connected(server).await;
                let other = json!({"name": "Alice Roe", "emails": [{"value": "alice@example.com", "label": "work"}],
                    "contact_numbers": [{"value": NUMBER, "label": "work"}]});
                let alice = world.client().create_person(other).await.unwrap().id;
                let mut contact = json!({"id": 2, "account_id": 1, "name": "Bob Poe", "has_conversation": true,
                    "contact_inboxes": [{"channel_type": format!("Channel::{channel}"), "source_id": source_id}]});
                let ids = world.contact("contact.created", contact.clone()).await.ids;
                assert!(ids.get("person").is_some_and(|id| id != alice), "{server:?} {channel}");
                if email {
                    contact["email"] = json!("alice@example.com");
                }
                if number {
                    contact["phone_number"] = json!(NUMBER);
                }
                let before = world.sim.persons().into_iter().find(|person| person["id"].as_u64() == Some(alice));
                let outcome = world.contact("contact.updated", contact.clone()).await;
                let what = format!("{server:?} {channel} {email} {number} {outcome:?}");
                assert_eq!(outcome.ids.get("person"), ids.get("person"), "{what}");
                assert!(!outcome.why.is_empty(), "{what}: it says so");
                assert_eq!((world.sim.persons().len(), world.sim.leads().len(), holders(&world)), (2, 1, 1), "{what}");
                let after = world.sim.persons().into_iter().find(|person| person["id"].as_u64() == Some(alice));
                assert_eq!(after, before, "{what}");
                assert_eq!(world.contact("contact.updated", contact).await.requests, 0, "{what}");
            }
        }
    }
}
