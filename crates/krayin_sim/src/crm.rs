//! Everything inside a Krayin, and what every entity's rules share.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::answer::Failure;
use crate::data::clock::Clock;
use crate::data::row::{Cell, Reach, Row};
use crate::data::table::Table;
use crate::model::activity::{Activities, Activity};
use crate::model::attribute::Attribute;
use crate::model::automation::{OutgoingCall, Webhook, Workflow};
use crate::model::lead::Lead;
use crate::model::organization::{Organization, OrganizationNames};
use crate::model::person::{Person, PersonIndexes};
use crate::model::pipeline::Pipeline;
use crate::model::product::Product;
use crate::model::source::{LeadSource, LeadType};
use crate::model::tag::Tag;
use crate::model::user::User;
use crate::options::Options;
use crate::server::Server;
use crate::throttle::Throttle;

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
    pub(crate) products: Table<Product>,
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
        let installed = clock.now() - some_days_ago();
        let lines = (1..).zip(&options.tokens);
        let mut users = vec![User::administrator(installed)];
        users.extend(lines.clone().map(|(line, _)| User::bridge(line, options.view_permission, installed)));
        Ok(Self {
            server: options.server,
            production: options.production,
            throttle: Throttle::new(options.server, &options.first_switches()),
            users,
            tokens: lines.map(|(line, token)| (token.clone(), line + 1)).collect(),
            persons: Table::default(),
            person_indexes: PersonIndexes::default(),
            organizations: Table::default(),
            organization_names: OrganizationNames::default(),
            leads: Table::default(),
            activities: Activities::default(),
            pipelines: Pipeline::installed(installed),
            sources: LeadSource::installed(installed),
            types: LeadType::installed(installed),
            attributes: Attribute::installed(installed, options.server),
            products: Table::default(),
            tags: Table::default(),
            webhooks: Table::default(),
            workflows: Workflow::installed(installed),
            outgoing: Vec::new(),
            checks_uniqueness: true,
            version: 0,
            clock,
        })
    }

    /// The user behind a token. What stands before the bar is the token's own id, and may be left out.
    pub(crate) fn user_of(&self, token: &str) -> Option<u64> {
        let found = self.tokens.get(token).or_else(|| {
            let bare = |other: &&String| other.split_once('|').is_some_and(|(_, secret)| secret == token);
            self.tokens.iter().find(|(other, _)| bare(other)).map(|(_, user)| user)
        });
        found.copied()
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

    pub(crate) fn activity(&self, id: u64) -> Option<&Activity> {
        self.activities.table.get(id)
    }
}

impl Reach for Crm {
    fn person(&self, id: Option<u64>, column: &str) -> Cell<'_> {
        cell(id.and_then(|id| self.persons.get(id)), column)
    }

    fn organization(&self, id: Option<u64>, column: &str) -> Cell<'_> {
        cell(id.and_then(|id| self.organizations.get(id)), column)
    }

    fn user(&self, id: Option<u64>, column: &str) -> Cell<'_> {
        cell(id.and_then(|id| Self::user(self, id)), column)
    }
}

fn cell<'a, T: Row>(row: Option<&'a T>, column: &str) -> Cell<'a> {
    row.zip(T::column(column)).map_or(Cell::Null, |(row, column)| column(row))
}

/// Seconds since it was installed: what was installed in one second is taken for one Krayin, and tests start several.
fn some_days_ago() -> i64 {
    const DAYS: u64 = 100 * 86_400;
    i64::try_from(RandomState::new().hash_one(0) % DAYS).unwrap_or_default()
}
