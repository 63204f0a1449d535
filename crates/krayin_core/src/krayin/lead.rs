use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ClosingDay, NewPerson, Person, lenient};

/// A lead as Krayin shows it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Lead {
    /// Its id.
    pub id: u64,
    /// Its title.
    #[serde(default, deserialize_with = "lenient")]
    pub title: Option<String>,
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

impl Lead {
    /// Whether it was won or lost.
    pub fn is_closed(&self) -> bool {
        self.closed_at.is_some()
    }

    /// When it is expected to close, on the server's calendar.
    pub(crate) fn closing_day(&self, utc_offset_minutes: Option<i32>) -> ClosingDay {
        let date = self.expected_close_date.as_deref();
        date.map_or(ClosingDay::None, |date| ClosingDay::of(date, utc_offset_minutes))
    }
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
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NewLead {
    /// Its own attributes, by their codes.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
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

#[cfg(test)]
mod tests {
    use super::{LeadLink, NewLead, NewPerson};

    #[test]
    fn names_the_link_as_krayin_does() {
        let mut lead = NewLead { person: Some(LeadLink::Id(5)), lead_pipeline_stage_id: Some(1), ..NewLead::default() };
        lead.fields.insert("title".into(), "T".into());
        let sent = serde_json::to_value(&lead).unwrap();
        assert_eq!((&sent["person_id"], &sent["title"]), (&5.into(), &"T".into()));
        lead.person = Some(LeadLink::New(Box::new(NewPerson { name: "N".into(), ..NewPerson::default() })));
        assert_eq!(serde_json::to_value(&lead).unwrap()["person"]["name"], "N");
    }
}
