use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{Organization, User, lenient};

/// An e-mail address or a number with its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelled {
    /// The address or number.
    pub value: String,
    /// `work` or `home`; an entry without one answers 500 and leaves the person behind.
    #[serde(default = "work")]
    pub label: String,
}

fn work() -> String {
    "work".into()
}

impl Labelled {
    /// A value at work.
    pub fn work(value: impl Into<String>) -> Self {
        Self { value: value.into(), label: work() }
    }
}

/// A person as Krayin shows it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Person {
    /// Its id.
    pub id: u64,
    /// Its name; empty where it was created without one.
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
    /// Its e-mail addresses, without blank entries.
    #[serde(default, deserialize_with = "labelled")]
    pub emails: Vec<Labelled>,
    /// Its phone numbers, without blank entries.
    #[serde(default, deserialize_with = "labelled")]
    pub contact_numbers: Vec<Labelled>,
    /// Its job title.
    #[serde(default, deserialize_with = "lenient")]
    pub job_title: Option<String>,
    /// Its organization.
    #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub organization: Option<Organization>,
    /// The colleague who owns it.
    #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub sales_owner: Option<User>,
    /// Everything else that the server sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

fn labelled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Labelled>, D::Error> {
    let entries: Vec<Value> = lenient(deserializer)?;
    let entries = entries.into_iter().filter_map(|entry| serde_json::from_value::<Labelled>(entry).ok());
    Ok(entries.filter(|entry| !entry.value.trim().is_empty()).collect())
}

/// A person to be created or written. Absent fields are not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewPerson {
    /// Its name, at most 255 characters.
    pub name: String,
    /// Its e-mail addresses.
    pub emails: Vec<Labelled>,
    /// Its phone numbers.
    pub contact_numbers: Vec<Labelled>,
    /// Its job title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// The organization of that name, found or created by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    /// The organization with that id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<u64>,
    /// The owner; a write without it clears the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::Person;

    #[test]
    fn reads_no_phone_in_each_of_its_forms() {
        for numbers in
            ["null", "[]", r#"[{"value":"","label":"work"}]"#, r#"[{"value":null,"label":"work"}]"#, r#""x""#]
        {
            let json = format!(r#"{{"id": 1, "name": null, "contact_numbers": {numbers}, "custom": 5}}"#);
            let person: Person = serde_json::from_str(&json).unwrap();
            assert!(person.contact_numbers.is_empty(), "{numbers}");
            assert_eq!(person.rest["custom"], 5);
        }
        let person: Person = serde_json::from_str(r#"{"id": 1}"#).unwrap();
        assert_eq!(person.name, None);
    }
}
