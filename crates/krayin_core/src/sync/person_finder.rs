use crate::{
    Error,
    api::{self, Client, Traits},
    chatwoot::Contact,
    krayin::{NewPerson, Person},
    mapper,
    reason::Reason,
};

/// Finds a contact's person in Krayin: by the stored id, else by e-mail address or phone number in one request.
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
    /// What the choice between several hits was.
    pub reasons: Vec<Reason>,
    /// Whether the contact's number belongs to someone else in Krayin.
    pub phone_is_anothers: bool,
}

impl FoundPerson {
    /// One that there was no choice about.
    pub(crate) fn alone(person: Person) -> Self {
        Self { person, reasons: Vec::new(), phone_is_anothers: false }
    }
}

impl PersonFinder<'_> {
    /// The person with the contact's e-mail address, else the one with its phone number; the lowest id of several.
    pub async fn find(&self, contact: &Contact) -> Result<Option<FoundPerson>, Error> {
        let email = mapper::sendable_email(contact);
        let phone = mapper::sendable_phone(contact);
        let hits = self.client.search_person(email.as_deref(), phone.as_deref()).await?;
        Ok(choose(hits, email.as_deref(), phone.as_deref()))
    }

    /// The person found, else one created from the contact. The flag says whether it was created.
    pub async fn find_or_create(&self, contact: &Contact, traits: &Traits) -> Result<(Person, bool), Error> {
        if let Some(found) = self.find(contact).await? {
            return Ok((found.person, false));
        }
        let person = complete(mapper::map_to_person(contact), traits);
        let person = self.client.create_person(serde_json::to_value(person).unwrap_or_default()).await?;
        Ok((person, true))
    }
}

fn choose(hits: Vec<Person>, email: Option<&str>, phone: Option<&str>) -> Option<FoundPerson> {
    let by_email = |person: &&Person| email.is_some_and(|email| api::has_email(person, email));
    let by_phone = |person: &&Person| phone.is_some_and(|phone| api::has_phone(person, phone));
    let person = hits.iter().find(by_email).or_else(|| hits.first())?.clone();
    let mut reasons = Vec::new();
    let same_email = hits.iter().filter(by_email).count();
    if same_email > 1 {
        reasons.push(Reason::SeveralWithEmail { count: same_email });
    }
    let phone_is_anothers = hits.iter().filter(by_phone).any(|other| other.id != person.id) && !by_phone(&&person);
    if phone_is_anothers {
        reasons.push(Reason::PhoneAnothers);
    } else if same_email == 0 && hits.len() > 1 {
        reasons.push(Reason::SeveralWithPhone { count: hits.len() });
    }
    Some(FoundPerson { person, reasons, phone_is_anothers })
}

/// Fills in what the server cannot leave empty.
pub(crate) fn complete(mut person: NewPerson, traits: &Traits) -> NewPerson {
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
    use super::choose;
    use crate::krayin::{Labelled, Person};

    fn person(id: u64, email: &str, phone: &str) -> Person {
        Person {
            id,
            emails: vec![Labelled::work(email)],
            contact_numbers: vec![Labelled::work(phone)],
            ..Person::default()
        }
    }

    #[test]
    fn the_email_address_decides_then_age() {
        let email = Some("a@example.com");
        let phone = Some("+14155550182");
        let found =
            choose(vec![person(1, "x@example.com", "+14155550182"), person(2, "A@example.com", "")], email, phone)
                .unwrap();
        assert_eq!((found.person.id, found.phone_is_anothers, found.reasons.len()), (2, true, 1));
        let found = choose(vec![person(3, "a@example.com", ""), person(4, "A@EXAMPLE.com", "")], email, None).unwrap();
        assert_eq!((found.person.id, found.reasons.len()), (3, 1));
        let found = choose(vec![person(5, "x@example.com", "+1 415 555 0182")], email, phone).unwrap();
        assert_eq!((found.person.id, found.phone_is_anothers), (5, false));
        assert!(choose(Vec::new(), email, phone).is_none());
    }
}
