use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Map, Value, json};

use super::{Organization, User, lenient};

/// An e-mail address or a number with its label. One that was read is written back as it was: servers keep numbers as
/// JSON numbers, and labels that are null.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// The address or number.
    pub value: String,
    /// `work` or `home`; an entry without one answers 500 and leaves the person behind.
    pub label: String,
    as_read: Option<Value>,
}

impl Labelled {
    /// A value at work.
    pub fn work(value: impl Into<String>) -> Self {
        Self { value: value.into(), label: "work".into(), as_read: None }
    }
}

impl PartialEq for Labelled {
    fn eq(&self, other: &Self) -> bool {
        (&self.value, &self.label) == (&other.value, &other.label)
    }
}

impl Eq for Labelled {}

impl Serialize for Labelled {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.as_read {
            Some(read) if entry_text(read).as_ref() == Some(&self.value) => read.serialize(serializer),
            _ => json!({"value": self.value, "label": self.label}).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Labelled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Value::deserialize(deserializer)?;
        let value = entry_text(&read).ok_or_else(|| D::Error::custom("an entry without a value"))?;
        let label = read.get("label").and_then(Value::as_str).unwrap_or("work").to_owned();
        Ok(Self { value, label, as_read: Some(read) })
    }
}

/// What an entry holds, as text: servers keep numbers and texts alike.
pub(crate) fn entry_text(entry: &Value) -> Option<String> {
    let text = match entry.get("value").unwrap_or(entry) {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
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
    Ok(entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect())
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
    /// The organization of that name, found or created by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    /// The organization with that id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<u64>,
    /// The owner; a write without it clears the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u64>,
    /// Its other attributes, by their codes.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl NewPerson {
    /// A person of attributes by their codes.
    pub(crate) fn of(mut attributes: Map<String, Value>) -> Self {
        let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        let list =
            |value: Option<Value>| value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
        Self {
            name: text(attributes.remove("name")).unwrap_or_default(),
            emails: list(attributes.remove("emails")),
            contact_numbers: list(attributes.remove("contact_numbers")),
            organization_name: text(attributes.remove("organization_name")),
            organization_id: None,
            user_id: None,
            rest: attributes,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Labelled, Person};

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

    #[test]
    fn an_entry_goes_back_as_it_came() {
        let numbers = json!([
            {"value": 4_155_550_100_u64, "label": "home"}, {"value": " 5 ", "label": null}, {"value": "6", "since": 2020},
            {"value": true, "label": "work"}, "7"
        ]);
        let person: Person = serde_json::from_value(json!({"id": 1, "contact_numbers": numbers})).unwrap();
        assert_eq!(serde_json::to_value(&person).unwrap()["contact_numbers"], numbers);
        let values: Vec<&str> = person.contact_numbers.iter().map(|entry| entry.value.as_str()).collect();
        assert_eq!(values, ["4155550100", "5", "6", "true", "7"]);
        assert_eq!(serde_json::to_value(Labelled::work("8")).unwrap(), json!({"value": "8", "label": "work"}));
    }
}
