//! Search terms that find what is meant, and the check that they did.
//!
//! The server's search is `LIKE '%term%'` over JSON columns, case-sensitive, and answers arbitrary rows for a blank term
//! or one with a separator in it. So a term is built here or not at all, and every row is checked here.

use crate::{email, krayin::Person, phone, placeholder::is_placeholder};

/// LIKE patterns for a whole e-mail address in the cases in which people write it: words with a capital at their
/// beginning or inside, and capitals throughout, before the sign, after it or in both. Empty for what is no address.
fn email_patterns(email: &str) -> Vec<String> {
    if !email::is_email(email) {
        return Vec::new();
    }
    // Of two forms of a letter the one that is one character: the other is found by its `%` as well.
    let address = email::composed(email).to_lowercase();
    let Some((local, domain)) = address.rsplit_once('@') else { return Vec::new() };
    let count = |text: &str, told: fn(&char) -> bool| text.chars().filter(told).count();
    let shapes = if count(local, char::is_ascii_lowercase) < TELLING { OF_FEW_LETTERS } else { OF_LETTERS };
    // A placeholder stands as it was made.
    let shapes = shapes.into_iter().take(if is_placeholder(&address) { 1 } else { usize::MAX });
    let mut patterns: Vec<String> = Vec::new();
    for (before, after) in shapes {
        let local = before.pattern(local);
        let is_telling = before != Letters::FirstOpen && count(&local, char::is_ascii_alphanumeric) >= TELLING;
        let domain = if is_telling { Letters::Open } else { after }.pattern(domain);
        // The JSON's own quotes: nothing may stand before it or after it.
        let pattern = format!("\"{local}@{domain}\"");
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    patterns
}

/// With so many letters told before the sign, those after it can be left open: few other addresses are of that shape.
const TELLING: usize = 3;

/// What is left open before the sign and after it.
const OF_LETTERS: [(Letters, Letters); 5] = [
    (Letters::FirstOpen, Letters::FirstOpen),
    (Letters::FirstOpen, Letters::Capitals),
    (Letters::Capitals, Letters::FirstOpen),
    (Letters::EvenOpen, Letters::EvenOpen),
    (Letters::OddOpen, Letters::OddOpen),
];

/// The same for an address with few letters before the sign.
const OF_FEW_LETTERS: [(Letters, Letters); 5] = [
    (Letters::FirstOpen, Letters::FirstOpen),
    (Letters::Open, Letters::FirstOpen),
    (Letters::Open, Letters::Capitals),
    (Letters::Open, Letters::EvenOpen),
    (Letters::Open, Letters::OddOpen),
];

/// Which letters of a word a pattern leaves open, so that it finds them in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letters {
    /// The first.
    FirstOpen,
    /// None: all are capitals.
    Capitals,
    /// The first, third, fifth …
    EvenOpen,
    /// The first, second, fourth …
    OddOpen,
    /// All.
    Open,
}

impl Letters {
    fn pattern(self, text: &str) -> String {
        let mut pattern = String::with_capacity(text.len());
        let mut at = 0;
        for c in text.chars() {
            let is_open = match self {
                Self::FirstOpen => at == 0,
                Self::Capitals => false,
                Self::EvenOpen => at % 2 == 0,
                Self::OddOpen => at == 0 || at % 2 == 1,
                Self::Open => true,
            };
            pattern.push(match c {
                'a'..='z' if is_open => '_',
                'a'..='z' if self == Self::Capitals => c.to_ascii_uppercase(),
                // JSON columns hold other letters escaped, in as many characters as the server likes.
                c if !c.is_ascii() => '%',
                c => c,
            });
            at = if c.is_alphanumeric() { at + 1 } else { 0 };
        }
        pattern
    }
}

/// So many rows an answer has at most. An address that ends as many others do is among them.
pub(in crate::api) const LIMIT: usize = 500;

/// Whom a search is for: who has one of these.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) emails: &'a [&'a str],
    pub(crate) phones: &'a [&'a str],
    /// The country of numbers that say none.
    pub(crate) country: Option<&'a str>,
}

/// What a column must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    column: &'static str,
    pattern: String,
}

impl Term {
    fn new(column: &'static str) -> impl Fn(String) -> Self {
        move |pattern| Self { column, pattern }
    }
}

impl Wanted<'_> {
    /// What is looked for, each once.
    fn terms(&self, prefix: &str) -> Vec<Term> {
        let phones: Vec<String> =
            self.phones.iter().filter_map(|phone| phone::pattern_in(phone, self.country)).collect();
        // A column of a person's alone: its first address and its first number, as text without regard to case and to
        // the script of digits.
        let addresses = self.emails.iter().filter(|email| email::is_email(email)).map(|email| email.to_lowercase());
        let mut first: Vec<String> = addresses.collect();
        if first.is_empty() {
            first.clone_from(&phones);
        }
        if !prefix.is_empty() {
            first.clear();
        }
        let emails = self.emails.iter().flat_map(|email| email_patterns(email)).map(Term::new("emails"));
        let phones = phones.into_iter().map(Term::new("contact_numbers"));
        let mut terms: Vec<Term> = Vec::new();
        for term in emails.chain(phones).chain(first.into_iter().map(Term::new("unique_id"))) {
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        terms
    }

    /// The queries of one search: one, but for a crowd of addresses; none where nothing can be searched for. `prefix` is
    /// `person.` for leads by their person.
    pub(in crate::api) fn queries(&self, prefix: &str) -> Vec<Query> {
        self.terms(prefix).chunks(MOST_TERMS).map(|terms| of_terms(terms, prefix)).collect()
    }

    /// Narrower ones, for where the first had more rows than it could bring.
    pub(in crate::api) fn narrower(&self, prefix: &str) -> Vec<Query> {
        let terms = self.terms(prefix);
        let terms = terms.iter().filter(|term| term.column != "unique_id");
        terms
            .flat_map(|term| std::iter::once(term.clone()).chain(at_the_end(term)))
            .map(|term| of_terms(&[term], prefix))
            .collect()
    }

    /// Whether a person has one of the addresses or numbers.
    pub(in crate::api) fn is_of(&self, person: &Person) -> bool {
        self.emails.iter().any(|email| has_email(person, email))
            || self.phones.iter().any(|phone| has_phone(person, phone, self.country))
    }
}

/// So many terms make an address of 4 KB.
const MOST_TERMS: usize = 24;

/// Few digits stand in many numbers, in order: these are the last ones of an entry.
fn at_the_end(term: &Term) -> Option<Term> {
    let is_short = term.column == "contact_numbers" && term.pattern.len() <= FEW_DIGITS * 2;
    is_short.then(|| Term { pattern: format!("{}\"", term.pattern), ..*term })
}

/// So many digits with anything between them are found in one number of some thousand.
const FEW_DIGITS: usize = 6;

pub(in crate::api) type Query = Vec<(String, String)>;

fn of_terms(terms: &[Term], prefix: &str) -> Query {
    let before = |at: usize, column: &str| terms.iter().take(at).filter(|term| term.column == column).count();
    let fields: Vec<String> = terms
        .iter()
        .enumerate()
        .map(|(at, term)| format!("{prefix}{}", spelled(term.column, before(at, term.column))))
        .collect();
    let search: Vec<String> =
        fields.iter().zip(terms).map(|(field, term)| format!("{field}:{}", term.pattern)).collect();
    let fields: Vec<String> = fields.iter().map(|field| format!("{field}:like")).collect();
    vec![
        ("search".to_owned(), search.join(";")),
        ("searchFields".to_owned(), fields.join(";")),
        ("limit".to_owned(), LIMIT.to_string()),
    ]
}

/// A column's name in the `turn`th of its spellings. The server looks for one value a name, and its database takes a
/// column's name in any case: so one search has as many values of a column as its name has spellings.
fn spelled(column: &str, turn: usize) -> String {
    let letter = |(at, c): (usize, char)| {
        let is_capital = u32::try_from(at).is_ok_and(|at| turn.checked_shr(at).is_some_and(|bits| bits & 1 == 1));
        if is_capital { c.to_ascii_uppercase() } else { c }
    };
    column.chars().filter(char::is_ascii).enumerate().map(letter).collect()
}

/// Whether a person has the address, whatever the case and form of its letters.
pub(crate) fn has_email(person: &Person, email: &str) -> bool {
    person.emails.iter().any(|known| email::are_same(&known.value, email))
}

/// Whether a person has the number, however it is written.
pub(crate) fn has_phone(person: &Person, number: &str, country: Option<&str>) -> bool {
    person.contact_numbers.iter().any(|known| phone::same_in(&known.value, number, country))
}

#[cfg(test)]
mod tests {
    use super::{MOST_TERMS, Wanted, email_patterns, has_email, has_phone, spelled};
    use crate::email::is_email;
    use crate::krayin::{Labelled, Person};

    fn query(email: Option<&str>, phone: Option<&str>, prefix: &str) -> Option<super::Query> {
        let (emails, phones): (Vec<&str>, Vec<&str>) = (email.into_iter().collect(), phone.into_iter().collect());
        let mut queries = Wanted { emails: &emails, phones: &phones, country: None }.queries(prefix);
        assert!(queries.len() < 2, "{queries:?}");
        queries.pop()
    }

    #[test]
    fn leaves_the_first_letter_of_each_word_open() {
        let table = [
            ("jane.doe@example.com", "_ane._oe@_xample._om"),
            ("Jane.Doe@Example.com", "_ane._oe@_xample._om"),
            ("a+b@example.com", "_+_@_xample._om"),
            ("j_d@example.com", "___@_xample._om"),
            ("zoë@example.com", "_o%@_xample._om"),
            ("7up@example.com", "7up@_xample._om"),
            ("a@b.co", "_@_._o"),
        ];
        for (email, expected) in table {
            assert_eq!(email_patterns(email).first(), Some(&format!("\"{expected}\"")), "{email}");
        }
    }

    #[test]
    fn refuses_what_could_return_arbitrary_rows() {
        for email in [
            "",
            " ",
            "@",
            "a@",
            "@b.co",
            "a:b@example.com",
            "a;b@example.com",
            "a b@example.com",
            "a,b@example.com",
            "\"a\"@example.com",
            "a\\@example.com",
            "a@@example.com",
            ".a@example.com",
            "a..b@example.com",
            "a@-x.com",
            "a@x..com",
            "%@%.%",
            "no at sign",
            "a@b@c.de",
        ] {
            assert!(!is_email(email), "{email}");
            assert_eq!(email_patterns(email), Vec::<String>::new(), "{email}");
        }
        assert_eq!(query(None, None, ""), None);
        assert_eq!(query(Some("nope"), Some("12"), ""), None);
    }

    /// LIKE with `_` alone, of the whole text.
    fn is_like(text: &str, pattern: &str) -> bool {
        text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(|(a, b)| b == b'_' || a == b)
    }

    #[test]
    fn an_address_is_found_in_the_cases_in_which_people_write_it() {
        let found = [
            "jane.roe@example.com",
            "Jane.Roe@Example.com",
            "JANE.ROE@EXAMPLE.COM",
            "JANE.ROE@example.com",
            "Jane.Roe@EXAMPLE.COM",
            "jane.roe@eXample.Com",
            "jAnE.roe@example.com",
            "JaNe.RoE@ExAmPlE.CoM",
        ];
        for written in found {
            let quoted = format!("\"{written}\"");
            assert!(email_patterns("jane.roe@example.com").iter().any(|p| is_like(&quoted, p)), "{written}");
        }
        let table = [
            ("info@acme.com", ["INFO@ACME.COM", "Info@AcmE.com", "info@aCme.com", "Info@Acme.Com"]),
            (
                "janeroe@mycompany.co.uk",
                [
                    "JaneRoe@MyCompany.co.uk",
                    "janeRoe@MYCOMPANY.CO.UK",
                    "JANEROE@MyCompany.co.uk",
                    "Janeroe@mycompanY.co.UK",
                ],
            ),
            ("me@x.io", ["ME@X.IO", "Me@x.io", "me@X.io", "mE@x.iO"]),
            (
                "o'brien@sub.example.co.uk",
                [
                    "o'brien@SUB.EXAMPLE.CO.UK",
                    "O'BRIEN@SUB.EXAMPLE.CO.UK",
                    "O'Brien@Sub.Example.co.uk",
                    "O'BRIEN@sub.example.co.uk",
                ],
            ),
            ("7up@123.com", ["7UP@123.com", "7up@123.COM", "7Up@123.Com", "7UP@123.COM"]),
        ];
        for (address, found) in table {
            for written in found {
                let quoted = format!("\"{written}\"");
                assert!(email_patterns(address).iter().any(|p| is_like(&quoted, p)), "{written}");
            }
        }
        // Letters that tell addresses apart stay in every pattern.
        for other in ["john.roe@example.com", "jane.doering@example.com", "inga@acme.com"] {
            let quoted = format!("\"{other}\"");
            for ours in ["jane.roe@example.com", "info@acme.com"] {
                assert!(!email_patterns(ours).iter().any(|p| is_like(&quoted, p)), "{other} {ours}");
            }
        }
        assert_eq!(email_patterns("1@2.34"), ["\"1@2.34\""]);
        assert_eq!(email_patterns("chatwoot-0123456789ab0123456789ab@chatwoot.invalid").len(), 1);
    }

    #[test]
    fn a_columns_spellings_are_as_many_as_a_search_has_terms() {
        for column in ["emails", "contact_numbers", "unique_id"] {
            let mut spellings: Vec<String> = (0..MOST_TERMS).map(|turn| spelled(column, turn)).collect();
            assert_eq!(spellings.first().map(String::as_str), Some(column));
            assert!(spellings.iter().all(|name| name.eq_ignore_ascii_case(column)));
            spellings.sort();
            spellings.dedup();
            assert_eq!(spellings.len(), MOST_TERMS, "{column}");
        }
    }

    #[test]
    fn asks_for_several_addresses_and_numbers_in_one_request() {
        let (emails, phones) = (["a@b.co", "c@d.co"], ["+14155550182", "+14155550183"]);
        let queries = Wanted { emails: &emails, phones: &phones, country: None }.queries("");
        let [query] = queries.as_slice() else { panic!("{queries:?}") };
        let mut fields: Vec<&str> = query[1].1.split(';').collect();
        let terms = fields.len();
        fields.sort_unstable();
        fields.dedup();
        assert_eq!(fields.len(), terms, "each field once");
        assert_eq!(query[0].1.split(';').count(), terms);
        for (email, phone) in emails.iter().zip(phones) {
            assert!(query[0].1.contains(&format!("nique_id:{email}")), "{email}");
            assert!(
                query[0].1.contains(&format!("ontact_numbers:{}", crate::phone::pattern(phone).unwrap())),
                "{phone}"
            );
        }
        let crowd: Vec<String> = (0..30).map(|n| format!("jane{n}@example.com")).collect();
        let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
        assert!(Wanted { emails: &crowd, phones: &[], country: None }.queries("").len() > 1);
    }

    #[test]
    fn asks_for_all_in_one_request() {
        let table = [
            (
                (Some("Jane@example.com"), Some("+14155550182")),
                "",
                "emails:\"_ane@_xample._om\";Emails:\"_ane@EXAMPLE.COM\";eMails:\"JANE@_______.___\";\
                 EMails:\"_a_e@_x_m_l_._o_\";emAils:\"__n_@__a_p_e.__m\";contact_numbers:4%1%5%5%5%5%0%1%8%2;unique_id:jane@example.com",
            ),
            (
                (Some("jane@example.com"), Some("+14155550182")),
                "person.",
                "person.emails:\"_ane@_xample._om\";person.Emails:\"_ane@EXAMPLE.COM\";\
                 person.eMails:\"JANE@_______.___\";person.EMails:\"_a_e@_x_m_l_._o_\";\
                 person.emAils:\"__n_@__a_p_e.__m\";\
                 person.contact_numbers:4%1%5%5%5%5%0%1%8%2",
            ),
            ((None, Some("+50051234")), "", "contact_numbers:5%1%2%3%4;unique_id:5%1%2%3%4"),
        ];
        for ((email, phone), prefix, expected) in table {
            let query = query(email, phone, prefix).unwrap();
            assert_eq!(query[0].1, expected);
            let fields: Vec<&str> = expected.split(';').map(|term| term.split(':').next().unwrap()).collect();
            assert_eq!(query[1].1, fields.iter().map(|field| format!("{field}:like")).collect::<Vec<_>>().join(";"));
        }
    }

    #[test]
    fn a_hit_counts_only_when_it_has_the_same_address_or_number() {
        let person = Person {
            emails: vec![Labelled::work("Jane.Doe@Example.com")],
            contact_numbers: vec![Labelled::work("+1 (415) 555-0182")],
            ..Person::default()
        };
        assert!(has_email(&person, "jane.doe@example.com"));
        assert!(!has_email(&person, "ane.doe@example.com"));
        assert!(has_phone(&person, "+14155550182", None));
        assert!(!has_phone(&person, "+14155550183", None));
    }
}
