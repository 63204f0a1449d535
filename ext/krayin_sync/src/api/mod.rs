//! `KrayinSync::Api`: one file a client class.

mod activity_client;
mod base_client;
mod lead_client;
mod organization_client;
mod person_client;

use magnus::{Error, RModule};

pub(crate) fn init(native: RModule) -> Result<(), Error> {
    activity_client::init(native)?;
    base_client::init(native)?;
    lead_client::init(native)?;
    organization_client::init(native)?;
    person_client::init(native)
}
