use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Amount, NewPerson, Person, lenient};

/// A lead as Krayin shows it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Lead {
    /// Its id.
    pub id: u64,
    /// Its title.
    #[serde(default, deserialize_with = "lenient")]
    pub title: Option<String>,
    /// What stands under it, plain text.
    #[serde(default, deserialize_with = "lenient")]
    pub description: Option<String>,
    /// Its value: text with four decimals, or right after its creation the number that was sent.
    #[serde(default, deserialize_with = "lenient")]
    pub lead_value: Value,
    /// When it was won or lost.
    #[serde(default, deserialize_with = "lenient")]
    pub closed_at: Option<String>,
    /// When it is expected to close.
    #[serde(default, deserialize_with = "lenient")]
    pub expected_close_date: Option<String>,
    /// Its pipeline.
    #[serde(default, deserialize_with = "lenient")]
    pub lead_pipeline_id: Option<u64>,
    /// Its stage.
    #[serde(default, deserialize_with = "lenient")]
    pub lead_pipeline_stage_id: Option<u64>,
    /// The person it is about.
    #[serde(default, deserialize_with = "lenient")]
    pub person: Option<Person>,
    /// Everything else that the server sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Whom a new lead is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum LeadLink {
    /// A person who is there.
    #[serde(rename = "person_id")]
    Id(u64),
    /// One to be created with the lead, in the same request.
    #[serde(rename = "person")]
    New(Box<NewPerson>),
}

/// A lead to be created.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewLead {
    /// Its title, at most 255 characters.
    pub title: String,
    /// What stands under it, plain text of at most 65,535 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its value; `None`, where nothing says any, is sent as 0 with a new lead and never written to one that is there.
    #[serde(serialize_with = "or_zero")]
    pub lead_value: Option<Amount>,
    /// Whom it is about.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub person: Option<LeadLink>,
    /// Its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_source_id: Option<u64>,
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_type_id: Option<u64>,
    /// Its pipeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_pipeline_id: Option<u64>,
    /// Its stage; a server refuses a lead without the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_pipeline_stage_id: Option<u64>,
}

fn or_zero<S: Serializer>(value: &Option<Amount>, serializer: S) -> Result<S::Ok, S::Error> {
    value.unwrap_or_default().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::{LeadLink, NewLead, NewPerson};

    #[test]
    fn names_the_link_as_krayin_does() {
        let mut lead = NewLead {
            title: "T".into(),
            description: None,
            lead_value: None,
            person: Some(LeadLink::Id(5)),
            lead_source_id: None,
            lead_type_id: None,
            lead_pipeline_id: None,
            lead_pipeline_stage_id: Some(1),
        };
        assert_eq!(serde_json::to_value(&lead).unwrap()["person_id"], 5);
        assert_eq!(serde_json::to_value(&lead).unwrap()["lead_value"], 0.0);
        lead.person = Some(LeadLink::New(Box::new(NewPerson { name: "N".into(), ..NewPerson::default() })));
        assert_eq!(serde_json::to_value(&lead).unwrap()["person"]["name"], "N");
    }
}
