//! All that a Krayin has of one kind, read page by page, as it is held against what is kept of it.

use serde_json::{Value, json};

use super::{index::key, verify};
use crate::{
    DigestKey,
    api::{ApiError, Client},
    email,
    harmless::Place,
    krayin::{Entity, Person},
    phone,
};

/// A page of all of one kind, from 1 on, a thousand by their ids: `rows`, how many they are (`count`), and how many
/// there are in all where the server says so (`total`). One request.
///
/// Of a person a row is its id, digests of all that a contact may be known by, keys of all that no two persons have who
/// are two, and its organization's id. Of a lead it is its id and its person's. Of an organization it is its id and the key
/// of its name.
///
/// # Errors
/// As every call.
pub async fn inventory_page(client: &Client, entity: Entity, page: u64) -> Result<Value, ApiError> {
    let connection = client.connection();
    let (rows, total) = client.inventory(entity, page).await?;
    let count = rows.len();
    let told = |row: Value| match entity {
        Entity::Person => of_person(row, &connection.digest_key, connection.default_country.as_deref()),
        Entity::Lead => Some(of_lead(&row)),
        Entity::Organization => Some(of_organization(&row, &connection.digest_key)),
    };
    let rows: Vec<Value> = rows.into_iter().filter_map(told).collect();
    Ok(json!({"rows": rows, "count": count, "total": total}))
}

fn of_lead(row: &Value) -> Value {
    json!([row.get("id"), row.get("person_id").or_else(|| row.pointer("/person/id"))])
}

/// Names count as one however they are spaced and made harmless, and in either case: as the server's own search has it.
fn of_organization(row: &Value, digest: &DigestKey) -> Value {
    let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let key = (!name.is_empty()).then(|| key(digest, 'o', &Place::Company.harmless(&name).to_lowercase()));
    json!([row.get("id"), key])
}

/// One that cannot be read is there all the same.
fn of_person(row: Value, digest: &DigestKey, country: Option<&str>) -> Option<Value> {
    let id = row.get("id")?.as_u64()?;
    // Servers do not show one that there is not.
    let organization = row.pointer("/organization/id").or_else(|| row.get("organization_id")).cloned();
    let person: Person = serde_json::from_value(row).unwrap_or_default();
    Some(json!([id, verify::proofs(digest, &person), keys(&person, digest, country), organization]))
}

/// Colleagues of one desk share a number, but hardly a name.
fn keys(person: &Person, digest: &DigestKey, country: Option<&str>) -> Vec<String> {
    let name = person.name.as_deref().unwrap_or_default().trim().to_lowercase();
    let mut keys: Vec<String> = Vec::new();
    let mut add = |kind: char, value: &str| {
        let key = key(digest, kind, value);
        if !keys.contains(&key) {
            keys.push(key);
        }
    };
    for entry in &person.emails {
        add('e', &email::fold(entry.value.trim()));
    }
    for entry in &person.contact_numbers {
        let number = phone::e164(&entry.value, country);
        if let Some(number) = number.filter(|_| !name.is_empty()) {
            add('t', &format!("{number} {name}"));
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys_of(person: Value) -> Vec<String> {
        keys(&serde_json::from_value(person).unwrap(), &DigestKey::default(), Some("US"))
    }

    #[test]
    fn two_persons_that_are_one_share_a_key() {
        let person = |name: &str, email: &str, number: &str| {
            keys_of(
                json!({"id": 1, "name": name, "emails": [{"value": email}], "contact_numbers": [{"value": number}]}),
            )
        };
        let shares = |a: &[String], b: &[String]| a.iter().any(|key| b.contains(key));
        let known = person("Joe Shop", "joe@shop.example", "+14155550100");
        for (name, email, number, is_one) in [
            ("Someone", "Joe@Shop.example", "-", true),
            ("JOE SHOP", "other@shop.example", "(415) 555-0100", true),
            ("Ann Shop", "ann@shop.example", "+14155550100", false),
            ("", "", "+14155550100", false),
            ("Joe Shop", "other@shop.example", "+14155550101", false),
        ] {
            assert_eq!(shares(&known, &person(name, email, number)), is_one, "{name} {email} {number}");
        }
    }

    #[test]
    fn who_cannot_be_read_is_there() {
        let row = of_person(json!({"id": 7, "emails": 5, "name": {"x": 1}}), &DigestKey::default(), None);
        assert_eq!(row, Some(json!([7, [], [], null])));
        assert_eq!(of_person(json!({"id": "x"}), &DigestKey::default(), None), None);
        for (row, organization) in [
            (json!({"id": 7, "organization": {"id": 4, "name": "Acme"}, "organization_id": 5}), json!(4)),
            (json!({"id": 7, "organization": null}), json!(null)),
            (json!({"id": 7, "organization_id": 5}), json!(5)),
        ] {
            let row = of_person(row, &DigestKey::default(), None).unwrap();
            assert_eq!(row.get(3), Some(&organization));
        }
        assert_eq!(of_lead(&json!({"id": 3, "person": {"id": 9}})), json!([3, 9]));
        assert_eq!(of_lead(&json!({"id": 3, "person_id": 8})), json!([3, 8]));
    }

    #[test]
    fn two_organizations_of_one_name_share_a_key() {
        let key = |name: Value| of_organization(&json!({"id": 3, "name": name}), &DigestKey::default());
        let known = key(json!("L'Or\u{e9}al & Sons"));
        for (name, is_one) in [
            ("L\u{2019}OR\u{c9}AL & sons ", true),
            ("L'Or\u{e9}al\u{a0} &\nSons", true),
            ("L'Or\u{e9}al", false),
            ("Loreal & Sons", false),
        ] {
            assert_eq!(known == key(json!(name)), is_one, "{name}");
        }
        assert_eq!(key(json!(" \n")), json!([3, null]));
        assert_eq!(key(json!({"x": 1})), json!([3, null]));
    }
}
