//! Everything inside a Krayin, and what every entity's rules share.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::activity::{Activities, Activity};
use crate::answer::Failure;
use crate::attribute::Attribute;
use crate::automation::{Webhook, Workflow};
use crate::clock::Clock;
use crate::lead::Lead;
use crate::options::Options;
use crate::organization::{Organization, OrganizationNames};
use crate::person::{Person, PersonIndexes};
use crate::pipeline::Pipeline;
use crate::search::Reach;
use crate::server::Server;
use crate::source::{LeadSource, LeadType};
use crate::switches::Switches;
use crate::table::Table;
use crate::tag::Tag;
use crate::throttle::Throttle;
use crate::trigger::OutgoingCall;
use crate::user::User;

/// The state of one Krayin.
pub(crate) struct Crm {
    pub(crate) server: Server,
    pub(crate) production: bool,
    pub(crate) clock: Clock,
    pub(crate) throttle: Throttle,
    pub(crate) users: Vec<User>,
    /// User ids by token.
    pub(crate) tokens: HashMap<String, u64>,
    pub(crate) persons: Table<Person>,
    pub(crate) person_indexes: PersonIndexes,
    pub(crate) organizations: Table<Organization>,
    pub(crate) organization_names: OrganizationNames,
    pub(crate) leads: Table<Lead>,
    pub(crate) activities: Activities,
    pub(crate) pipelines: Table<Pipeline>,
    pub(crate) sources: Table<LeadSource>,
    pub(crate) types: Table<LeadType>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) tags: Table<Tag>,
    pub(crate) webhooks: Table<Webhook>,
    pub(crate) workflows: Table<Workflow>,
    /// Webhook calls that the current request has caused and that go out before it is answered.
    pub(crate) outgoing: Vec<OutgoingCall>,
    /// False while a request is carried out that was checked before.
    pub(crate) checks_uniqueness: bool,
    /// Counts every change, for those who watch.
    pub(crate) version: u64,
}

impl Crm {
    /// A Krayin as its installer leaves it.
    pub(crate) fn installed(options: &Options) -> Result<Self, String> {
        let clock = Clock::new(&options.timezone)?;
        let now = clock.now();
        let lines = (1..).zip(&options.tokens);
        let mut users = vec![User::administrator(now)];
        users.extend(lines.clone().map(|(line, _)| User::bridge(line, options.view_permission, now)));
        Ok(Self {
            server: options.server,
            production: options.production,
            throttle: Throttle::new(options.server, &Switches::of(options)),
            users,
            tokens: lines.map(|(line, token)| (token.clone(), line + 1)).collect(),
            persons: Table::default(),
            person_indexes: PersonIndexes::default(),
            organizations: Table::default(),
            organization_names: OrganizationNames::default(),
            leads: Table::default(),
            activities: Activities::default(),
            pipelines: Pipeline::installed(now),
            sources: LeadSource::installed(now),
            types: LeadType::installed(now),
            attributes: Attribute::installed(now, options.server),
            tags: Table::default(),
            webhooks: Table::default(),
            workflows: Workflow::installed(now),
            outgoing: Vec::new(),
            checks_uniqueness: true,
            version: 0,
            clock,
        })
    }

    pub(crate) fn user(&self, id: u64) -> Option<&User> {
        self.users.get(usize::try_from(id).ok()?.checked_sub(1)?)
    }

    /// Searches ask for the groups of a user who may not see everything, and break on it.
    pub(crate) fn check_view_permission(&self, user: u64) -> Result<(), Failure> {
        use crate::options::ViewPermission::Global;
        if self.user(user).is_none_or(|user| user.view_permission == Global) {
            return Ok(());
        }
        Err(Failure::php("Attempt to read property \"groups\" on null"))
    }

    /// What Krayin's own pages cannot show, in words.
    pub(crate) fn broken_pages(&self) -> Vec<String> {
        // The design document's server has no such pages.
        if self.server == Server::Documented {
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

    pub(crate) fn activity(&self, id: u64) -> Option<&Activity> {
        self.activities.table.get(id)
    }
}

impl Reach for Crm {
    fn person(&self, id: u64) -> Option<&Person> {
        self.persons.get(id)
    }

    fn organization_name(&self, id: u64) -> Option<&str> {
        self.organizations.get(id)?.name.as_deref()
    }

    fn user_name(&self, id: u64) -> Option<&str> {
        self.user(id).map(|user| user.name.as_str())
    }
}
