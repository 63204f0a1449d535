use std::collections::BTreeSet;

use super::names;
use crate::{
    Error,
    api::{self, Client},
    chatwoot::Contact,
    email,
    krayin::{Labelled, NewPerson, Person},
    mapper::{self, is_placeholder},
    phone,
    reason::Reason,
    server::ServerProfile,
};

/// Finds a contact's person in Krayin: by e-mail address or phone number in one request.
#[derive(Debug, Clone, Copy)]
pub struct PersonFinder<'a> {
    /// The client to ask with.
    pub client: &'a Client,
}

/// The person who is the contact.
#[derive(Debug, Clone)]
pub struct FoundPerson {
    /// The person.
    pub person: Person,
    /// What the choice between several hits was, in sentences without personal data.
    pub reasons: Vec<Reason>,
    /// Whether the contact's number belongs to someone else in Krayin.
    pub phone_is_anothers: bool,
}

/// Whom a contact is in Krayin.
#[derive(Debug, Clone)]
pub enum Match {
    /// This person.
    Person(Box<FoundPerson>),
    /// Nobody.
    Nobody {
        /// Whether the contact's number belongs to someone else in Krayin.
        phone_is_anothers: bool,
    },
    /// One of these or somebody else: only a person can tell.
    Doubtful(Doubt),
}

/// A contact that may be one of several persons, or somebody else. Nothing is written of it until a person decides.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Contact {contact} has the phone number of person {} in Krayin and may be somebody else: nothing was written. Give \
     both the same e-mail address where they are one, or take the number from one of them.",
    persons.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
)]
pub struct Doubt {
    /// The contact's id in Chatwoot.
    pub contact: u64,
    /// The ids in Krayin.
    pub persons: Vec<u64>,
}

impl FoundPerson {
    /// One that there was no choice about.
    pub(crate) fn alone(person: Person) -> Self {
        Self { person, reasons: Vec::new(), phone_is_anothers: false }
    }
}

impl PersonFinder<'_> {
    /// Whom the contact is: the person with its e-mail address, else the one with its phone number where nothing speaks
    /// against it. One request; another for each further address of the contact's that is needed.
    pub async fn identify(&self, contact: &Contact) -> Result<Match, Error> {
        let emails = mapper::sendable_emails(contact);
        let phone = mapper::sendable_phone(contact);
        let mut hits = self.client.search_person(emails.first().map(String::as_str), phone.as_deref()).await?;
        for email in emails.iter().skip(1) {
            if hits.iter().any(|person| emails.iter().any(|email| api::has_email(person, email))) {
                break;
            }
            hits.extend(self.client.search_person(Some(email), None).await?);
        }
        let country = self.client.connection().default_country.as_deref();
        let name = mapper::full_name(contact);
        let wanted =
            Wanted { id: contact.id, emails: &emails, phone: phone.as_deref(), name: name.as_deref(), country };
        Ok(wanted.choose(hits))
    }

    /// The person who the contact is; `None` for nobody.
    ///
    /// # Errors
    /// [`Error::Doubtful`] where only a person can tell, and as every call.
    pub async fn find(&self, contact: &Contact) -> Result<Option<FoundPerson>, Error> {
        match self.identify(contact).await? {
            Match::Person(found) => Ok(Some(*found)),
            Match::Nobody { .. } => Ok(None),
            Match::Doubtful(doubt) => Err(doubt.into()),
        }
    }

    /// The person found, else one created from the contact. The flag says whether it was created.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub async fn find_or_create(&self, contact: &Contact, traits: &ServerProfile) -> Result<(Person, bool), Error> {
        let mut person = mapper::map_to_person(contact);
        match self.identify(contact).await? {
            Match::Person(found) => return Ok((found.person, false)),
            Match::Nobody { phone_is_anothers: true } => person.contact_numbers.clear(),
            Match::Nobody { phone_is_anothers: false } => {}
            Match::Doubtful(doubt) => return Err(doubt.into()),
        }
        let person = complete(person, traits);
        let person = self.client.create_person(serde_json::to_value(person).unwrap_or_default()).await?;
        Ok((person, true))
    }
}

/// What is known of the contact.
struct Wanted<'a> {
    id: u64,
    emails: &'a [String],
    phone: Option<&'a str>,
    name: Option<&'a str>,
    country: Option<&'a str>,
}

impl Wanted<'_> {
    fn choose(&self, mut hits: Vec<Person>) -> Match {
        hits.sort_by_key(|person| person.id);
        hits.dedup_by_key(|person| person.id);
        let has_email = |person: &&Person| self.emails.iter().any(|email| api::has_email(person, email));
        let has_phone = |person: &&Person| self.phone.is_some_and(|phone| api::has_phone(person, phone, self.country));
        let by_email: Vec<&Person> = hits.iter().filter(has_email).collect();
        let mut holders: Vec<&Person> = hits.iter().filter(has_phone).collect();
        // A number without its country may be another country's: it counts where nobody has the number with it.
        let has_full = |person: &&Person| {
            let full = |number: &&Labelled| phone::is_full(&number.value, self.country);
            let numbers = person.contact_numbers.iter().filter(full).cloned().collect();
            has_phone(&&Person { contact_numbers: numbers, ..Person::default() })
        };
        if holders.iter().any(has_full) {
            holders.retain(has_full);
        }
        let Some(oldest) = by_email.first() else { return self.by_number(&holders) };
        // Of several with the address the one that has the number as well.
        let person = by_email.iter().find(|person| has_phone(person)).filter(|_| by_email.len() > 1).unwrap_or(oldest);
        let mut reasons = Vec::new();
        if by_email.len() > 1 && person.id == oldest.id {
            reasons.push(Reason::SeveralWithEmail { count: by_email.len() });
        }
        let phone_is_anothers = !has_phone(person) && !holders.is_empty();
        if phone_is_anothers {
            reasons.push(Reason::PhoneAnothers);
        }
        Match::Person(Box::new(FoundPerson { person: (*person).clone(), reasons, phone_is_anothers }))
    }

    /// A number alone tells who someone is only where nothing speaks against it.
    fn by_number(&self, holders: &[&Person]) -> Match {
        let nobody = Match::Nobody { phone_is_anothers: !holders.is_empty() };
        // Two real addresses are two people.
        let candidates: Vec<&Person> =
            holders.iter().filter(|person| self.emails.is_empty() || !has_real_email(person)).copied().collect();
        if !self.emails.is_empty() && (candidates.is_empty() || is_shared(holders)) {
            return nobody;
        }
        let of_the_name: Vec<&Person> = candidates.iter().filter(|person| self.has_name_of(person)).copied().collect();
        let found = match (of_the_name.first(), candidates.first()) {
            (Some(person), _) => person,
            (None, Some(person)) if !is_shared(&candidates) && !self.is_called_otherwise(person) => person,
            (None, Some(_)) => {
                let persons = candidates.iter().map(|person| person.id).collect();
                return Match::Doubtful(Doubt { contact: self.id, persons });
            }
            (None, None) => return nobody,
        };
        let mut reasons = Vec::new();
        if candidates.len() > 1 && of_the_name.len() != 1 {
            reasons.push(Reason::SeveralWithPhone { count: candidates.len() });
        }
        Match::Person(Box::new(FoundPerson { person: (*found).clone(), reasons, phone_is_anothers: false }))
    }

    fn has_name_of(&self, person: &Person) -> bool {
        let names = self.name.zip(person.name.as_deref());
        names.is_some_and(|(ours, theirs)| names::agree(ours, theirs))
    }

    /// Whether the person is known to be called otherwise: one with an address of its own, or one whose name came from a
    /// contact, has no nickname or note for a name.
    fn is_called_otherwise(&self, person: &Person) -> bool {
        let is_known = has_real_email(person) || person.emails.iter().any(|entry| is_placeholder(&entry.value));
        let names = self.name.zip(person.name.as_deref());
        is_known && names.is_some_and(|(ours, theirs)| names::are_anothers(ours, theirs))
    }
}

fn has_real_email(person: &Person) -> bool {
    person.emails.iter().any(|entry| !is_placeholder(&entry.value))
}

/// Whether several people answer a number, a front desk's or a family's: they have different addresses or names.
fn is_shared(holders: &[&Person]) -> bool {
    let addresses: BTreeSet<String> = holders
        .iter()
        .filter_map(|person| person.emails.iter().find(|entry| !is_placeholder(&entry.value)))
        .map(|entry| email::fold(&entry.value))
        .collect();
    let differ = |a: &Person, b: &Person| {
        a.name.as_deref().zip(b.name.as_deref()).is_some_and(|(a, b)| names::are_anothers(a, b))
    };
    addresses.len() > 1 || holders.windows(2).any(|pair| matches!(pair, [a, b] if differ(a, b)))
}

/// Fills in what the server cannot leave empty.
pub(crate) fn complete(mut person: NewPerson, traits: &ServerProfile) -> NewPerson {
    let email = person.emails.first().map(|entry| entry.value.clone());
    let phone = person.contact_numbers.first().map(|entry| entry.value.clone());
    if person.emails.is_empty() && traits.email_required {
        person.emails.push(mapper::no_email(phone.as_deref().unwrap_or(&person.name)));
    }
    if person.contact_numbers.is_empty() {
        person.contact_numbers.push(mapper::no_phone(email.as_deref().unwrap_or(&person.name), traits.no_phone));
    }
    person
}

#[cfg(test)]
mod tests {
    use super::{Match, Wanted};
    use crate::krayin::{Labelled, Person};

    const PHONE: &str = "+14155550182";

    fn person(id: u64, name: &str, email: &str, phone: &str) -> Person {
        let entries = |value: &str| if value.is_empty() { Vec::new() } else { vec![Labelled::work(value)] };
        Person {
            id,
            name: Some(name.into()),
            emails: entries(email),
            contact_numbers: entries(phone),
            ..Person::default()
        }
    }

    /// `person 2`, `person 2 without the number`, `nobody`, `nobody without the number`, `1 or 2`.
    fn told(name: &str, email: Option<&str>, hits: Vec<Person>) -> String {
        let emails: Vec<String> = email.into_iter().map(str::to_owned).collect();
        let wanted = Wanted { id: 7, emails: &emails, phone: Some(PHONE), name: Some(name), country: None };
        let (who, left_out) = match wanted.choose(hits) {
            Match::Person(found) => (format!("person {}", found.person.id), found.phone_is_anothers),
            Match::Nobody { phone_is_anothers } => ("nobody".to_owned(), phone_is_anothers),
            Match::Doubtful(doubt) => {
                (doubt.persons.iter().map(u64::to_string).collect::<Vec<_>>().join(" or "), false)
            }
        };
        if left_out { format!("{who} without the number") } else { who }
    }

    #[test]
    fn an_address_decides_and_a_number_where_nothing_speaks_against_it() {
        let table = [
            // By address.
            (
                Some("a@example.com"),
                vec![person(1, "X", "x@example.com", PHONE), person(2, "A", "A@Example.com", "")],
                "person 2 without the number",
            ),
            (
                Some("a@example.com"),
                vec![person(3, "A", "a@example.com", ""), person(4, "A", "A@EXAMPLE.com", "")],
                "person 3",
            ),
            (
                Some("a@example.com"),
                vec![person(3, "A", "a@example.com", ""), person(4, "A", "A@EXAMPLE.com", PHONE)],
                "person 4",
            ),
            (Some("a@example.com"), vec![], "nobody"),
            // By number: another real address is another person.
            (Some("a@example.com"), vec![person(1, "Jane Doe", "x@example.com", PHONE)], "nobody without the number"),
            (Some("a@example.com"), vec![person(1, "J.", "", "(415) 555-0182")], "person 1"),
            (Some("a@example.com"), vec![person(1, "J.", "chatwoot-0123456789ab@chatwoot.invalid", PHONE)], "person 1"),
            (Some("a@example.com"), vec![person(1, "Bob Roe", "chatwoot-0123456789ab@chatwoot.invalid", PHONE)], "1"),
            // A contact with the number alone.
            (None, vec![person(1, "Jane", "x@example.com", PHONE)], "person 1"),
            (None, vec![person(1, "J. Doe", "x@example.com", PHONE)], "person 1"),
            (None, vec![person(1, "Bob Roe", "x@example.com", PHONE)], "1"),
            (None, vec![person(1, "Bob Roe", "", PHONE)], "person 1"),
            // A number that several answer.
            (
                Some("a@example.com"),
                vec![person(1, "Bob", "b@example.com", PHONE), person(2, "Eve", "", PHONE)],
                "nobody without the number",
            ),
            (None, vec![person(1, "Bob", "b@example.com", PHONE), person(2, "Eve", "e@example.com", PHONE)], "1 or 2"),
            (
                None,
                vec![person(1, "Bob", "b@example.com", PHONE), person(2, "Jane Doe", "e@example.com", PHONE)],
                "person 2",
            ),
            (
                None,
                vec![person(1, "Ann", "a@example.com", "415 555 0182"), person(2, "Bob", "b@example.com", PHONE)],
                "2",
            ),
            (None, vec![person(1, "Front desk", "", PHONE), person(2, "Front desk", "", PHONE)], "person 1"),
        ];
        for (email, hits, expected) in table {
            assert_eq!(told("Jane Doe", email, hits.clone()), expected, "{email:?} {hits:?}");
        }
    }
}
