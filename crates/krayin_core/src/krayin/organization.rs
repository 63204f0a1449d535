use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lenient;

/// Where an organization is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The country's two-letter code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The state's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
}

/// An organization as Krayin shows it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: u64,
    /// Its name, unique without regard to case.
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
    /// Where it is.
    #[serde(default, deserialize_with = "lenient")]
    pub address: Option<Address>,
    /// Everything else that the server sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An organization to be created.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewOrganization {
    /// Its name, at most 255 characters.
    pub name: String,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}
