use serde::Deserialize;
use serde_json::{Map, Value};

use super::lenient;

/// A contact of Chatwoot, `db/schema.rb`'s `contacts`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Its id in Chatwoot; 0 where there is none.
    #[serde(deserialize_with = "lenient::id")]
    pub id: u64,
    /// The account that it belongs to.
    #[serde(deserialize_with = "lenient::id")]
    pub account_id: u64,
    /// The whole name, or the first one.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// The middle name.
    #[serde(deserialize_with = "lenient::text")]
    pub middle_name: Option<String>,
    /// The last name.
    #[serde(deserialize_with = "lenient::text")]
    pub last_name: Option<String>,
    /// The e-mail address, which Chatwoot writes in small letters.
    #[serde(deserialize_with = "lenient::text")]
    pub email: Option<String>,
    /// The phone number, E.164 where Chatwoot checked it.
    #[serde(deserialize_with = "lenient::text")]
    pub phone_number: Option<String>,
    /// The id that the installation's own system gave.
    #[serde(deserialize_with = "lenient::text")]
    pub identifier: Option<String>,
    /// What channels and agents noted: company, city, country, social profiles, but also IP addresses.
    #[serde(deserialize_with = "lenient::object")]
    pub additional_attributes: Map<String, Value>,
    /// The fields that the administrator defined.
    #[serde(deserialize_with = "lenient::object")]
    pub custom_attributes: Map<String, Value>,
    /// Its labels, where the settings ask for them.
    #[serde(deserialize_with = "lenient::texts")]
    pub labels: Vec<String>,
    /// The two-letter code of the country that its number is of where it says none; not Chatwoot's, the installation's.
    #[serde(skip)]
    pub(crate) default_country: Option<String>,
}

impl Contact {
    /// Reads a snapshot; total.
    pub fn from_json(json: &[u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    /// The first of `keys` among the additional attributes that holds text. `{"name": …}` counts as its name.
    pub(crate) fn attribute(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| {
            let value = self.additional_attributes.get(*key)?;
            lenient::as_text(value.get("name").unwrap_or(value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Contact;

    #[test]
    fn reads_any_shape() {
        let contact = Contact::from_json(
            br#"{"id": "7", "name": 5, "email": ["x"], "phone_number": " ", "additional_attributes": "none", "later": {}}"#,
        );
        assert_eq!((contact.id, contact.name.as_deref()), (7, Some("5")));
        assert_eq!((contact.email, contact.phone_number), (None, None));
        for junk in ["", "[]", "null", "{", "1", r#"{"id": -1}"#, r#"{"id": {}}"#] {
            assert_eq!(Contact::from_json(junk.as_bytes()).id, 0, "{junk}");
        }
    }
}
