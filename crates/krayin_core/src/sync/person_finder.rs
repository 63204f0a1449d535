use super::{Context, index, names};
use crate::{
    DigestKey, Error,
    api::{self, Client},
    chatwoot::Contact,
    email,
    krayin::{Labelled, NewPerson, Person},
    language::Language,
    mapper::{self, Identity, is_placeholder},
    phone,
    reason::Reason,
    server::{Dialect, ServerProfile},
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
    /// Whether nothing but the number speaks for it: no address, no channel's id and no name.
    pub(super) has_number_alone: bool,
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
#[error("{}", self.reason().sentence(Language::En))]
pub struct Doubt {
    /// The contact's id in Chatwoot.
    pub contact: u64,
    /// The ids in Krayin.
    pub persons: Vec<u64>,
    /// Whether it was the person before, and nothing of the person is the contact's any more.
    pub has_changed_hands: bool,
}

impl Doubt {
    /// Why nothing was written.
    pub fn reason(&self) -> Reason {
        let (contact, persons) = (self.contact, self.persons.clone());
        match self.has_changed_hands {
            true => Reason::ChangedHands { contact, persons },
            false => Reason::Doubtful { contact, persons },
        }
    }
}

impl FoundPerson {
    /// One that there was no choice about.
    pub(crate) fn alone(person: Person) -> Self {
        Self { person, reasons: Vec::new(), phone_is_anothers: false, has_number_alone: false }
    }
}

impl PersonFinder<'_> {
    /// Whom the contact is: the person with its e-mail address, else the one that its channel's id was given for, else the
    /// one with its phone number where nothing speaks against it. One request; on a server of [`Dialect::Documented`]
    /// another for each further address, id and form of a number that is needed.
    pub async fn identify(&self, contact: &Contact) -> Result<Match, Error> {
        self.identify_with(contact, &Known::default()).await
    }

    pub(super) async fn identify_with(&self, contact: &Contact, known: &Known<'_>) -> Result<Match, Error> {
        let connection = self.client.connection();
        let identity = Identity::of(contact);
        let emails = mapper::sendable_emails(contact);
        let phones = mapper::sendable_phones(contact);
        let mut placeholders = identity.placeholders(&connection.digest_key);
        if known.may_have_own_placeholder {
            placeholders.push(identity.own_placeholder(&connection.digest_key));
        }
        let addresses: Vec<&str> = emails.iter().chain(&placeholders).map(String::as_str).collect();
        let numbers: Vec<&str> = phones.iter().map(String::as_str).collect();
        let country = connection.default_country.as_deref();
        let shown = match known.index {
            Some(context) => context.shown_with(&index::wanted(&connection.digest_key, &addresses, &numbers)).await?,
            None => None,
        };
        let hits = match (shown, connection.dialect) {
            (Some(shown), _) => shown,
            (None, Dialect::RestApi) => self.client.search_persons(&addresses, &numbers).await?,
            (None, Dialect::Documented) => self.search_by_turns(&addresses, &numbers, country).await?,
        };
        let name = mapper::full_name(contact);
        let wanted = Wanted {
            id: contact.id,
            emails: &emails,
            placeholders: &placeholders,
            phones: &phones,
            is_number_vouched: identity.is_number_vouched(),
            name: name.as_deref(),
            country,
            others: known.others,
        };
        Ok(wanted.choose(hits))
    }

    /// The document's search takes one address and one number, and knows none of the number's other forms: it is asked
    /// until an address and a number are found.
    async fn search_by_turns(
        &self,
        addresses: &[&str],
        numbers: &[&str],
        country: Option<&str>,
    ) -> Result<Vec<Person>, Error> {
        let first = (addresses.first().copied(), numbers.first().copied());
        let mut hits = self.client.search_person(first.0, first.1).await?;
        let is_found =
            |hits: &[Person]| hits.iter().any(|person| addresses.iter().any(|address| api::has_email(person, address)));
        for address in addresses.iter().skip(1) {
            if is_found(&hits) {
                break;
            }
            hits.extend(self.client.search_person(Some(address), None).await?);
        }
        let is_held = |hits: &[Person]| {
            hits.iter().any(|person| numbers.iter().any(|number| api::has_phone(person, number, country)))
        };
        let variants = numbers.iter().flat_map(|number| phone::variants(number, country));
        for number in numbers.iter().skip(1).map(|number| (*number).to_owned()).chain(variants) {
            if is_held(&hits) {
                break;
            }
            hits.extend(self.client.search_person(None, Some(&number)).await?);
        }
        Ok(hits)
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

    /// The person whose id is kept, where it is the contact still: one request, and no search.
    ///
    /// # Errors
    /// As every call.
    pub async fn find_by_id(&self, contact: &Contact, id: u64) -> Result<Option<Person>, Error> {
        let person = self.client.find_person(id).await?;
        Ok(person.filter(|person| self.has_something_of(contact, person)))
    }

    /// Whether the person has an address, a number or a placeholder of the contact's.
    pub(super) fn has_something_of(&self, contact: &Contact, person: &Person) -> bool {
        let connection = self.client.connection();
        let identity = Identity::of(contact);
        let numbers = mapper::sendable_phones(contact);
        let mut addresses = mapper::sendable_emails(contact);
        addresses.extend(identity.placeholders(&connection.digest_key));
        addresses.push(identity.own_placeholder(&connection.digest_key));
        addresses.iter().any(|address| api::has_email(person, address))
            || has_one_of(&numbers, person, connection.default_country.as_deref())
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
        let person = complete(person, contact, PlaceholderOf::Identity, traits, &self.client.connection().digest_key);
        let person = self.client.create_person(serde_json::to_value(person).unwrap_or_default()).await?;
        Ok((person, true))
    }
}

/// What is known of a contact beside itself.
#[derive(Default)]
pub(super) struct Known<'a> {
    /// Who may know whom Krayin has that may be the contact.
    pub(super) index: Option<&'a Context<'a>>,
    /// Persons of whom someone has said that they are others.
    pub(super) others: &'a [u64],
    /// Whether an earlier run may have created the person when nothing but its record was known of the contact.
    pub(super) may_have_own_placeholder: bool,
}

/// What is known of the contact.
struct Wanted<'a> {
    id: u64,
    emails: &'a [String],
    placeholders: &'a [String],
    phones: &'a [String],
    is_number_vouched: bool,
    name: Option<&'a str>,
    country: Option<&'a str>,
    others: &'a [u64],
}

impl Wanted<'_> {
    fn choose(&self, hits: Vec<Person>) -> Match {
        let mut hits = api::in_order(hits, |person| person.id);
        hits.dedup_by_key(|person| person.id);
        let has_address =
            |addresses: &[String], person: &Person| addresses.iter().any(|address| api::has_email(person, address));
        let has_email = |person: &&Person| has_address(self.emails, person);
        let has_phone = |person: &&Person| has_one_of(self.phones, person, self.country);
        let mut by_email: Vec<&Person> = hits.iter().filter(has_email).collect();
        if by_email.is_empty() {
            by_email = hits.iter().filter(|person| has_address(self.placeholders, person)).collect();
        }
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
        let person = (*person).clone();
        Match::Person(Box::new(FoundPerson { person, reasons, phone_is_anothers, has_number_alone: false }))
    }

    /// A number alone tells who someone is only where nothing speaks against it.
    fn by_number(&self, holders: &[&Person]) -> Match {
        let nobody = Match::Nobody { phone_is_anothers: !holders.is_empty() };
        // Two real addresses are two people.
        let may_be = |person: &&&Person| {
            !self.others.contains(&person.id) && (self.emails.is_empty() || !has_real_email(person))
        };
        let candidates: Vec<&Person> = holders.iter().filter(may_be).copied().collect();
        if !self.emails.is_empty() && (candidates.is_empty() || is_shared(holders)) {
            return nobody;
        }
        let of_the_name: Vec<&Person> = candidates.iter().filter(|person| self.has_name_of(person)).copied().collect();
        let found = match (of_the_name.first(), candidates.first()) {
            (Some(person), _) => person,
            (None, Some(person)) if !is_shared(&candidates) && !self.is_called_otherwise(person) => person,
            (None, Some(_)) => {
                let persons = candidates.iter().map(|person| person.id).collect();
                return Match::Doubtful(Doubt { contact: self.id, persons, has_changed_hands: false });
            }
            (None, None) => return nobody,
        };
        let mut reasons = Vec::new();
        if candidates.len() > 1 && of_the_name.len() != 1 {
            reasons.push(Reason::SeveralWithPhone { count: candidates.len() });
        }
        let has_number_alone = of_the_name.is_empty();
        let person = (*found).clone();
        Match::Person(Box::new(FoundPerson { person, reasons, phone_is_anothers: false, has_number_alone }))
    }

    fn has_name_of(&self, person: &Person) -> bool {
        let names = self.name.zip(person.name.as_deref());
        names.is_some_and(|(ours, theirs)| names::agree(ours, theirs))
    }

    /// Whether the person is known to be called otherwise: one with an address of its own, or one whose name came from a
    /// contact, has no nickname or note for a name. Where a network has delivered from the number, whoever has it alone is
    /// its subscriber, whatever they call themselves there.
    fn is_called_otherwise(&self, person: &Person) -> bool {
        if self.is_number_vouched {
            return false;
        }
        let is_known = has_real_email(person) || person.emails.iter().any(|entry| is_placeholder(&entry.value));
        let names = self.name.zip(person.name.as_deref());
        is_known && names.is_some_and(|(ours, theirs)| names::are_anothers(ours, theirs))
    }
}

fn has_one_of(numbers: &[String], person: &Person, country: Option<&str>) -> bool {
    numbers.iter().any(|number| api::has_phone(person, number, country))
}

fn has_real_email(person: &Person) -> bool {
    person.emails.iter().any(|entry| !is_placeholder(&entry.value))
}

/// Whether several people answer a number, a front desk's or a family's: they have different addresses or names.
fn is_shared(holders: &[&Person]) -> bool {
    let mut addresses: Vec<String> = holders
        .iter()
        .filter_map(|person| person.emails.iter().find(|entry| !is_placeholder(&entry.value)))
        .map(|entry| email::fold(&entry.value))
        .collect();
    addresses.sort();
    addresses.dedup();
    let differ = |a: &Person, b: &Person| {
        a.name.as_deref().zip(b.name.as_deref()).is_some_and(|(a, b)| names::are_anothers(a, b))
    };
    addresses.len() > 1 || holders.windows(2).any(|pair| matches!(pair, [a, b] if differ(a, b)))
}

/// What the placeholder of an address is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceholderOf {
    /// What the contact is known by.
    Identity,
    /// The contact's record, where its number's is taken.
    Record,
}

/// Fills in what the server cannot leave empty.
///
/// Where the contact has neither an address nor a number nothing but the placeholder would tell that the person was
/// created, so it is there on every server.
pub(crate) fn complete(
    mut person: NewPerson,
    contact: &Contact,
    by: PlaceholderOf,
    traits: &ServerProfile,
    key: &DigestKey,
) -> NewPerson {
    let identity = Identity::of(contact);
    let (has_email, has_number) = (!person.emails.is_empty(), !person.contact_numbers.is_empty());
    if !has_email && (traits.email_required || !has_number) {
        person.emails.push(mapper::no_email(&identity.for_email(has_number && by == PlaceholderOf::Identity), key));
    }
    if !has_number {
        person.contact_numbers.push(mapper::no_phone(&identity.for_number(has_email), key, traits.no_phone));
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
        told_of(name, email, hits, false, &[])
    }

    fn told_of(name: &str, email: Option<&str>, hits: Vec<Person>, is_number_vouched: bool, others: &[u64]) -> String {
        let emails: Vec<String> = email.into_iter().map(str::to_owned).collect();
        let phones = [PHONE.to_owned()];
        let wanted = Wanted {
            id: 7,
            emails: &emails,
            placeholders: &[],
            phones: &phones,
            is_number_vouched,
            name: Some(name),
            country: None,
            others,
        };
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

    #[test]
    fn a_network_s_word_for_a_number_counts_more_than_a_nickname_and_less_than_several_holders() {
        let maria = || person(1, "Maria Silva", "maria@example.com", PHONE);
        let table = [
            ("Mimi 🌸", None, vec![maria()], "person 1"),
            ("Bob Roe", None, vec![maria()], "person 1"),
            ("Mimi", Some("mimi@example.com"), vec![maria()], "nobody without the number"),
            ("Mimi", None, vec![maria(), person(2, "Eve Poe", "eve@example.com", PHONE)], "1 or 2"),
            ("Eve", None, vec![maria(), person(2, "Eve Poe", "eve@example.com", PHONE)], "person 2"),
        ];
        for (name, email, hits, expected) in table {
            assert_eq!(told_of(name, email, hits.clone(), true, &[]), expected, "{name} {email:?}");
        }
        assert_eq!(told("Mimi", None, vec![maria()]), "1");
    }

    #[test]
    fn who_is_said_to_be_another_is_not_taken_and_keeps_the_number() {
        let (maria, eve) =
            (person(1, "Maria Silva", "maria@example.com", PHONE), person(2, "Eve Poe", "eve@example.com", PHONE));
        let hits = || vec![maria.clone(), eve.clone()];
        assert_eq!(told_of("Mimi", None, hits(), false, &[1, 2]), "nobody without the number");
        assert_eq!(told_of("Maria", None, vec![maria.clone()], false, &[1]), "nobody without the number");
        assert_eq!(told_of("Mimi", None, hits(), false, &[1]), "2");
    }
}
