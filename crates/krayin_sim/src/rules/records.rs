//! What those who watch the simulator are shown: all records, and what Krayin's own pages could not show of them.

use serde_json::{Value, json};

use crate::crm::Crm;

impl Crm {
    /// What Krayin's own pages cannot show, in words.
    pub(crate) fn broken_pages(&self) -> Vec<String> {
        // The design document's server has no such pages.
        if self.server.is_honest() {
            return Vec::new();
        }
        let mut broken = self.leads_without_page();
        broken.extend(self.blanked_timelines());
        broken
    }

    /// The records that API clients made, as JSON.
    pub(crate) fn records(&self) -> Value {
        json!({
            "persons": self.person_records(),
            "leads": self.lead_records(),
            "organizations": self.organization_records(),
            "activities": self.activity_records(),
            "broken_pages": self.broken_pages(),
        })
    }
}
