//! Which Krayin is played, and where the servers differ: one method a quirk, so that a rule is told in one place.

use std::str::FromStr;

/// A server whose answers were recorded, or the dialect of the design document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Server {
    /// Krayin 2.1.0 with the official REST package 2.1.1.
    #[default]
    Krayin210,
    /// Krayin 2.2.3 with the official REST package 2.1.1.
    Krayin223Official,
    /// Krayin 2.2.3 with the community REST package 3.2.1.
    Krayin223Community,
    /// The API as the design document tells it: `/api/admin`, honest statuses, no quirks.
    Documented,
}

impl FromStr for Server {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "2.1.0" => Ok(Self::Krayin210),
            "2.2.3-official" => Ok(Self::Krayin223Official),
            "2.2.3-community" => Ok(Self::Krayin223Community),
            "documented" => Ok(Self::Documented),
            other => Err(format!("unknown server {other:?}: 2.1.0, 2.2.3-official, 2.2.3-community or documented")),
        }
    }
}

impl Server {
    /// The path that every call of this server begins with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Documented => "/api/admin",
            _ => "/api/v1",
        }
    }

    /// How each Laravel spells the type of its pages.
    pub(crate) fn html_type(self) -> &'static str {
        if self.page_links_have_number() { "text/html; charset=utf-8" } else { "text/html; charset=UTF-8" }
    }
}

/// Defines one method a quirk, each from its row: whether 2.1.0, 2.2.3 with the official package, 2.2.3 with the community
/// package and the design document's server have it.
macro_rules! quirks {
    ($($(#[$docs:meta])* $name:ident: $first:ident $official:ident $community:ident $documented:ident;)*) => {
        impl Server {
            $(
                $(#[$docs])*
                pub(crate) fn $name(self) -> bool {
                    match self {
                        Self::Krayin210 => said!($first),
                        Self::Krayin223Official => said!($official),
                        Self::Krayin223Community => said!($community),
                        Self::Documented => said!($documented),
                    }
                }
            )*
        }
    };
}

macro_rules! said {
    (yes) => {
        true
    };
    (no) => {
        false
    };
}

// The columns: 2.1.0, 2.2.3 official, 2.2.3 community, documented.
quirks! {
    /// Honest statuses, partial updates, and none of the quirks.
    is_honest:
        no no no yes;

    /// 60 calls a minute for each user; 2.2.3 has no throttle.
    throttles_every_call:
        yes no no yes;

    /// 2.2.3 throttles one call alone: a person's DELETE, 100 an hour.
    throttles_person_delete:
        no yes yes no;

    /// 2.2.3 turns every blank string of a request into null.
    blank_becomes_null:
        no yes yes no;

    /// Since a blank text is null and null is no value, the newer servers cannot empty a text by an update.
    null_keeps_text:
        no yes yes no;

    /// Laravel 12 names the page's number in `meta.links[]`.
    page_links_have_number:
        no yes yes no;

    /// Production answers 500 for 401, 405 and 429; the community package keeps the 401.
    hides_unauthenticated:
        yes yes no yes;

    /// The community package answers JSON whatever the client accepts.
    always_answers_json:
        no no yes no;

    /// GET of a missing person, organization or pipeline: 404 from the community package, a 500 from the official one.
    missing_record_is_404:
        no no yes yes;

    /// The community package looks whether a setting's record is there before it checks what is to be written, and tells
    /// of a failed delete with a status of its own.
    looks_before_checking:
        no no yes no;

    /// The community package writes a pipeline and its stages in one transaction, from a list.
    writes_pipelines_whole:
        no no yes no;

    /// The community package reads organizations by numbers alone, as every package reads persons and leads.
    organization_ids_are_numbers:
        no no yes no;

    /// The community package ignores a filter on an unknown column; the official one breaks on it.
    ignores_unknown_filter:
        no no yes no;

    /// The community package refuses an unknown `sort`; the official one breaks on it.
    validates_sort:
        no no yes no;

    /// The community package sorts in descending order where the order is none; the official one breaks on it.
    takes_any_order:
        no no yes yes;

    /// The community package takes a person without a number; the official one reads `contact_numbers[0]` unasked.
    needs_contact_numbers:
        yes yes no yes;

    /// The community package shows custom attributes as top-level keys of persons.
    shows_custom_attributes:
        no no yes no;

    /// The community package puts a lead without a stage into the default pipeline's first one.
    defaults_stage:
        no no yes no;

    /// The official package's `PUT leads/{id}` forgets the closing date.
    lead_put_wipes_closing_date:
        yes yes no yes;

    /// 2.1.0 refuses a closing date in the past or of another form.
    validates_closing_date:
        yes no no yes;

    /// 2.1.0 refuses a lead's value that is there and blank.
    requires_lead_value:
        yes no no no;

    /// The official package reads a new activity back, so its answer shows the cut texts.
    rereads_new_activity:
        yes yes no yes;

    /// Deletes answer `{"data": {"message"}}` instead of `{"message"}`.
    wraps_delete_message:
        no no yes no;

    /// The community package wants the tag's id to detach it.
    detach_needs_tag:
        no no yes no;

    /// 2.2.3 sends a webhook's payload as a JSON list; 2.1.0 as a form.
    webhook_sends_json:
        no yes yes no;

    /// The official package's DELETE of a missing person breaks, of a missing organization it tells in words.
    breaks_on_missing_delete:
        yes yes no no;

    /// 2.2.3 writes a lead's closing date as it comes, and answers with what it reads in it.
    writes_closing_date_raw:
        no yes yes no;
}
