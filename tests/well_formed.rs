//! What holds for everything that is sent, whatever it was made of.

use krayin_core::krayin::{ActivityType, LeadLink, NewActivity, NewLead, NewOrganization, NewPerson};
use serde_json::Value;

/// Fails unless `comment` is text within balanced tags of the few kinds that Krayin shows, and nothing is left open.
pub fn check_comment(comment: &str) {
    assert!(comment.len() <= 65_535, "{} bytes", comment.len());
    assert!(!comment.is_empty());
    let mut open: Vec<&str> = Vec::new();
    let mut rest = comment;
    while let Some(at) = rest.find(['<', '>', '"', '\'', '&']) {
        let markup = &rest[at..];
        let (length, name) = if markup.starts_with('&') {
            let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
            let entity = known.into_iter().find(|known| markup.starts_with(known));
            (entity.unwrap_or_else(|| panic!("not an entity: {markup:.40}")).len(), "")
        } else {
            let end = markup.find('>').unwrap_or_else(|| panic!("a tag without end: {markup:.40}"));
            assert!(markup.starts_with('<'), "not escaped: {markup:.40}");
            (end + 1, &markup[1..end])
        };
        match name {
            "" | "br" => {}
            "b" | "i" | "u" => open.push(name),
            "/b" | "/i" | "/u" | "/a" => assert_eq!(open.pop(), Some(&name[1..]), "{comment}"),
            link => {
                let address = link.strip_prefix("a href=\"").and_then(|link| link.strip_suffix("\" target=\"_blank\""));
                let address = address.unwrap_or_else(|| panic!("a tag that is not allowed: {link}"));
                assert!(!address.contains(['"', '<', '>']) && !open.contains(&"a"), "{link}");
                let address = address.to_lowercase();
                let schemes = ["http://", "https://", "mailto:"];
                assert!(schemes.iter().any(|scheme| address.starts_with(scheme)), "{address}");
                open.push("a");
            }
        }
        rest = &markup[length..];
    }
    assert!(open.is_empty(), "{open:?} stay open in {comment}");
    assert!(!comment.chars().any(char::is_control), "{comment:?}");
}

/// Fails unless Krayin takes the activity and shows it as it is meant.
pub fn check_activity(activity: &NewActivity) {
    check_comment(&activity.comment);
    assert!(activity.title.chars().count() <= 255 && !activity.title.contains(','), "{}", activity.title);
    assert_eq!(activity.title, activity.title.trim());
    let schedule = activity.schedule_from.as_ref().zip(activity.schedule_to.as_ref());
    assert_eq!(schedule.is_some(), activity.kind != ActivityType::Note);
    assert_eq!(activity.schedule_from.is_some(), activity.schedule_to.is_some());
    if let Some((from, to)) = schedule {
        assert!(from <= to && from.len() == 19 && to.len() == 19, "{from} {to}");
    }
    assert_eq!(activity.additional.is_some(), activity.kind == ActivityType::Email);
    if let Some(additional) = &activity.additional {
        let additional: Value = serde_json::from_str(additional).unwrap();
        assert!(
            additional["from"].is_string() && additional["to"][0].is_string() && additional["folders"][0].is_string()
        );
    }
}

/// Fails unless the person fits Krayin's columns.
pub fn check_person(person: &NewPerson) {
    check_line(&person.name);
    person.organization_name.iter().for_each(|line| check_line(line));
    person.rest.values().filter_map(Value::as_str).for_each(check_line);
    for entry in person.emails.iter().chain(&person.contact_numbers) {
        check_line(&entry.value);
        assert_eq!(entry.label, "work");
    }
    assert!(person.emails.len() <= 1 && person.contact_numbers.len() <= 1);
}

/// Fails unless the lead fits Krayin's columns.
pub fn check_lead(lead: &NewLead) {
    check_line(lead.fields["title"].as_str().unwrap());
    assert!(lead.fields["lead_value"].as_f64().is_some_and(|value| (0.0..=99_999_999.999_9).contains(&value)));
    let description = lead.fields.get("description").and_then(Value::as_str);
    assert!(description.is_none_or(|text| text.len() <= 65_535 && !text.trim().is_empty()));
    if let Some(LeadLink::New(person)) = &lead.person {
        check_person(person);
    }
}

/// Fails unless the organization fits Krayin's columns.
pub fn check_organization(organization: &NewOrganization) {
    check_line(&organization.name);
}

fn check_line(line: &str) {
    assert!(!line.trim().is_empty() && line.chars().count() <= 255, "{line:?}");
    assert!(!line.chars().any(char::is_control), "{line:?}");
}
