use std::collections::BTreeMap;

use crate::{
    api::{Traits, same_company},
    digest::DigestKey,
    harmless::Place,
    krayin::{Labelled, NewPerson, Person},
    mapper::is_placeholder,
    phone,
    sync::person_finder::complete,
};

/// The person as it should be written, and what of the contact was left out on purpose.
#[derive(Debug)]
pub(crate) struct Merged {
    /// The whole person: a partial write would clear the owner.
    pub(crate) person: NewPerson,
    /// Whether it differs from what is there.
    pub(crate) differs: bool,
    /// The fields that someone changed in Krayin since they were last sent.
    pub(crate) kept: Vec<&'static str>,
}

/// Puts the contact's values into the person, so that nothing is lost that people in Krayin entered.
///
/// `fields` are those to put in, `sent` the digests of what was last sent. A value is replaced where it is our own old
/// one, blank or a placeholder; addresses and numbers are added beside those that are there.
pub(crate) fn merge(
    current: &Person,
    wanted: &NewPerson,
    fields: &[&str],
    sent: &BTreeMap<String, String>,
    (key, traits): (&DigestKey, &Traits),
) -> Merged {
    let is_ours = |current: &str, field: &str| is_placeholder(current) || key.was_sent(sent.get(field), current);
    let mut kept = Vec::new();
    let mut text = |field: &'static str, current: Option<&str>, wanted: Option<&str>| -> Option<String> {
        let current = current.map(str::trim).filter(|value| !value.is_empty());
        let wanted = wanted.filter(|_| fields.contains(&field));
        match (current, wanted) {
            (Some(current), Some(wanted)) if field == "organization" && same_company(current, wanted) => {
                Some(current.to_owned())
            }
            // Theirs, made harmless, is ours: they wrote it, and it stays as they did.
            (Some(current), Some(wanted)) if place(field).harmless(current) == wanted && !is_ours(current, field) => {
                Some(current.to_owned())
            }
            (Some(current), Some(wanted)) if current != wanted && !is_ours(current, field) => {
                kept.push(field);
                Some(current.to_owned())
            }
            (current, wanted) => wanted.or(current).map(str::to_owned),
        }
    };
    let name = text("name", current.name.as_deref(), Some(&wanted.name)).unwrap_or_default();
    let job_title = text("job_title", current.job_title.as_deref(), wanted.job_title.as_deref());
    let company = current.organization.as_ref().and_then(|organization| organization.name.as_deref());
    let organization_name = text("organization", company, wanted.organization_name.as_deref());
    let same_company =
        company.is_some_and(|company| organization_name.as_ref().is_some_and(|name| same_company(name, company)));

    let emails = if fields.contains(&"email") { &*wanted.emails } else { &[] };
    let numbers = if fields.contains(&"phone") { &*wanted.contact_numbers } else { &[] };
    let person = NewPerson {
        name,
        emails: list(&current.emails, emails, |ours| is_ours(ours, "email"), |a, b| a.trim().eq_ignore_ascii_case(b)),
        contact_numbers: list(&current.contact_numbers, numbers, |ours| is_ours(ours, "phone"), phone::same),
        job_title,
        organization_id: current
            .organization
            .as_ref()
            .map(|organization| organization.id)
            .filter(|_| organization_name.is_none() || same_company),
        organization_name: organization_name.filter(|_| !same_company),
        user_id: current.sales_owner.as_ref().map(|owner| owner.id),
    };
    let differs = person.name != current.name.as_deref().unwrap_or_default().trim()
        || person.job_title.as_deref() != current.job_title.as_deref().map(str::trim).filter(|title| !title.is_empty())
        || person.emails != current.emails
        || person.contact_numbers != current.contact_numbers
        || person.organization_name.is_some();
    Merged { person: complete(person, traits), differs, kept }
}

/// How Krayin prints a person's field.
fn place(field: &str) -> Place {
    match field {
        "job_title" => Place::Raw,
        "organization" => Place::Company,
        _ => Place::Line,
    }
}

fn list(
    current: &[Labelled],
    wanted: &[Labelled],
    is_ours: impl Fn(&str) -> bool,
    same: impl Fn(&str, &str) -> bool,
) -> Vec<Labelled> {
    let mut entries = current.to_vec();
    for wanted in wanted {
        if entries.iter().any(|entry| same(&entry.value, &wanted.value)) {
            continue;
        }
        match entries.iter_mut().find(|entry| is_ours(&entry.value)) {
            Some(ours) => ours.value.clone_from(&wanted.value),
            None => entries.push(wanted.clone()),
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::merge;
    use crate::{
        api::Traits,
        digest::DigestKey,
        krayin::{Labelled, NewPerson, Person},
    };

    const ALL: [&str; 5] = ["name", "email", "phone", "job_title", "organization"];

    fn current() -> Person {
        serde_json::from_value(json!({
            "id": 1, "name": "Jane", "job_title": "CTO", "sales_owner": {"id": 3}, "organization": {"id": 4, "name": "Acme"},
            "emails": [{"value": "old@example.com", "label": "home"}, {"value": "theirs@example.com", "label": "work"}],
            "contact_numbers": [{"value": "+1 (415) 555-0182", "label": "work"}]
        }))
        .unwrap()
    }

    fn wanted() -> NewPerson {
        NewPerson {
            name: "Jane Doe".into(),
            emails: vec![Labelled::work("new@example.com")],
            contact_numbers: vec![Labelled::work("+14155550182")],
            job_title: Some("CEO".into()),
            organization_name: Some("ACME".into()),
            ..NewPerson::default()
        }
    }

    fn sent(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(field, value)| ((*field).to_owned(), DigestKey::default().digest(value).text().to_owned()))
            .collect()
    }

    #[test]
    fn replaces_our_own_old_values_and_nothing_else() {
        let sent = sent(&[("name", "Jane"), ("email", "old@example.com"), ("job_title", "Engineer")]);
        let merged = merge(&current(), &wanted(), &ALL, &sent, (&DigestKey::default(), &Traits::default()));
        let expected = json!({
            "name": "Jane Doe", "job_title": "CTO", "user_id": 3, "organization_id": 4,
            "emails": [{"value": "new@example.com", "label": "home"}, {"value": "theirs@example.com", "label": "work"}],
            "contact_numbers": [{"value": "+1 (415) 555-0182", "label": "work"}]
        });
        assert_eq!(serde_json::to_value(&merged.person).unwrap(), expected);
        assert!(merged.differs);
        assert_eq!(merged.kept, ["job_title"]);
    }

    #[test]
    fn a_person_of_theirs_gets_what_is_missing() {
        let theirs: Person = serde_json::from_value(json!({"id": 1, "name": "J. Doe", "emails": [
            {"value": "chatwoot-0123456789ab@chatwoot.invalid", "label": "work"}], "contact_numbers": null}))
        .unwrap();
        let merged = merge(&theirs, &wanted(), &ALL, &BTreeMap::new(), (&DigestKey::default(), &Traits::default()));
        assert_eq!(merged.person.name, "J. Doe");
        assert_eq!(merged.person.emails, [Labelled::work("new@example.com")]);
        assert_eq!(merged.person.contact_numbers, [Labelled::work("+14155550182")]);
        assert_eq!(merged.person.organization_name.as_deref(), Some("ACME"));
        assert_eq!(merged.kept, ["name"]);
    }

    #[test]
    fn nothing_differs_when_all_is_there() {
        let mut wanted = wanted();
        wanted.name = "Jane".into();
        wanted.job_title = None;
        wanted.emails = vec![Labelled::work("THEIRS@example.com")];
        let merged = merge(&current(), &wanted, &ALL, &BTreeMap::new(), (&DigestKey::default(), &Traits::default()));
        assert!(!merged.differs && merged.kept.is_empty());
    }

    #[test]
    fn fields_that_did_not_change_here_are_not_touched() {
        let merged = merge(
            &current(),
            &wanted(),
            &["job_title"],
            &sent(&[("job_title", "CTO")]),
            (&DigestKey::default(), &Traits::default()),
        );
        assert_eq!((merged.person.name.as_str(), merged.person.job_title.as_deref()), ("Jane", Some("CEO")));
        assert_eq!(merged.person.emails, current().emails);
    }
}
