use serde_json::Value;

use crate::api::{
    ApiError, Client, Method,
    calls::answer::{in_order, record, records},
    recovery::create_recovery::Creates,
};
use crate::server::Dialect;
use crate::{harmless::Place, krayin::Organization};

pub(super) const ORGANIZATIONS: &str = "contacts/organizations";

impl Client {
    /// The organizations of that name, without regard to case, the lowest id first. One that a colleague wrote as people
    /// write it is found too: `L'Oréal`, where this crate writes `L’Oréal`.
    pub async fn search_organization(&self, name: &str) -> Result<Vec<Organization>, ApiError> {
        let wanted = name.trim();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let harmless = Place::Company.harmless(wanted);
        // A comma in a filter makes two values of it; the lookup takes the whole text, anywhere in the name.
        let body = if wanted.contains(',') && self.connection().dialect == Dialect::RestApi {
            let query = if harmless == wanted { wanted } else { longest_plain(wanted) };
            self.get("settings/attributes/lookup/organizations", &[("query", query.to_owned())]).await?
        } else {
            let names = if harmless == wanted { wanted.to_owned() } else { format!("{wanted},{harmless}") };
            self.get(ORGANIZATIONS, &[("name", names)]).await?
        };
        let mut found: Vec<Organization> = records((Method::Get, ORGANIZATIONS), body)?;
        found.retain(|organization| organization.name.as_ref().is_some_and(|name| same_company(name, wanted)));
        Ok(in_order(found, |organization| organization.id))
    }

    /// Writes an organization that is there as `current`; what it holds already is sent back as it is.
    pub(crate) async fn write_organization(
        &self,
        current: &Organization,
        organization: Value,
    ) -> Result<Organization, ApiError> {
        let path = format!("{ORGANIZATIONS}/{}", current.id);
        let known = serde_json::to_value(current).unwrap_or_default();
        record((Method::Put, &path), self.write(&path, organization, &known).await?)
    }

    /// The organization.
    pub async fn get_organization(&self, id: u64) -> Result<Organization, ApiError> {
        let path = format!("{ORGANIZATIONS}/{id}");
        record((Method::Get, &path), self.get(&path, &[]).await?)
    }

    /// Whether it is there, however a server answers for one that is not.
    pub(crate) async fn has_organization(&self, id: u64) -> Result<bool, ApiError> {
        let body = self.get(ORGANIZATIONS, &[("id", id.to_string())]).await?;
        let found: Vec<Value> = records((Method::Get, ORGANIZATIONS), body)?;
        Ok(found.iter().any(|one| one.get("id").and_then(Value::as_u64) == Some(id)))
    }

    /// Creates an organization, exactly one: where the answer is lost, it is looked for by its name.
    pub async fn create_organization(&self, organization: Value) -> Result<Organization, ApiError> {
        record((Method::Post, ORGANIZATIONS), self.create(Creates::Organization, ORGANIZATIONS, organization).await?)
    }

    /// Writes an organization; absent fields stay.
    pub async fn update_organization(&self, id: u64, organization: Value) -> Result<Organization, ApiError> {
        let path = format!("{ORGANIZATIONS}/{id}");
        record((Method::Put, &path), self.put(&path, organization, &[]).await?)
    }
}

/// Whether two names are of one organization, however the one or the other was made harmless.
fn same_company(a: &str, b: &str) -> bool {
    let canonical = |name: &str| Place::Company.harmless(name.trim()).to_lowercase();
    canonical(a) == canonical(b)
}

/// The longest piece of a name that is written alike by everyone.
fn longest_plain(name: &str) -> &str {
    let written_otherwise = |c: char| {
        let c = c.to_string();
        Place::Company.harmless(&c) != c
    };
    let pieces = name.split(|c: char| matches!(c, ',' | '&' | '{' | '}') || written_otherwise(c));
    pieces.map(str::trim).max_by_key(|piece| piece.len()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{longest_plain, same_company};

    #[test]
    fn knows_a_name_in_both_spellings() {
        for (a, b) in [("L'Oréal", "l’oréal "), ("O'Reilly\nMedia", "O’Reilly Media"), ("{{x}}", "{ {x} }")] {
            assert!(same_company(a, b), "{a} {b}");
        }
        assert!(!same_company("L'Oréal", "Loréal"));
    }

    #[test]
    fn looks_up_what_every_spelling_has() {
        for (name, piece) in [("O'Reilly, Media & Sons", "Reilly"), ("Acme, Ltd", "Acme"), ("{{x}}, GmbH", "GmbH")] {
            assert_eq!(longest_plain(name), piece, "{name}");
        }
    }
}
