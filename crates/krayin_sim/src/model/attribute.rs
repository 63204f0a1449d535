//! Attributes as rows: which fields an entity has, and those that the installer makes.

use serde_json::{Value, json};

use crate::data::clock::iso;
use crate::data::row::{Cell, Column, Row};
use crate::server::Server;

/// One field of one entity.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) id: u64,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) lookup: Option<String>,
    pub(crate) entity: String,
    pub(crate) sort_order: Option<u64>,
    pub(crate) validation: Option<String>,
    pub(crate) required: bool,
    pub(crate) unique: bool,
    /// Added by an administrator: its values live beside the entity's own columns.
    pub(crate) custom: bool,
    /// What a select, multiselect or checkbox offers.
    pub(crate) options: Vec<AttributeOption>,
    pub(crate) created_at: i64,
}

/// One choice of an attribute.
#[derive(Clone, Debug)]
pub(crate) struct AttributeOption {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) sort_order: u64,
}

impl Row for Attribute {
    const TABLE: &'static str = "attributes";

    fn column(name: &str) -> Option<Column<Self>> {
        Some(match name {
            "id" => |row| Cell::id(row.id),
            "code" => |row| Cell::text(&row.code),
            "name" => |row| Cell::text(&row.name),
            "type" => |row| Cell::text(&row.kind),
            "entity_type" => |row| Cell::text(&row.entity),
            "sort_order" => |row| Cell::id_or_null(row.sort_order),
            "created_at" | "updated_at" => |row| Cell::Number(row.created_at),
            _ => return None,
        })
    }
}

/// Code, name, type, lookup, validation, required, unique; in the order of an entity's form.
pub(crate) type Seed =
    (&'static str, &'static str, &'static str, Option<&'static str>, Option<&'static str>, bool, bool);

pub(crate) const LEADS: [Seed; 9] = [
    ("title", "Title", "text", None, None, true, false),
    ("description", "Description", "textarea", None, None, false, false),
    ("lead_value", "Lead Value", "price", None, Some("decimal"), false, false),
    ("lead_source_id", "Source", "select", Some("lead_sources"), None, true, false),
    ("lead_type_id", "Type", "select", Some("lead_types"), None, true, false),
    ("user_id", "Sales Owner", "select", Some("users"), None, false, false),
    ("expected_close_date", "Expected Close Date", "date", None, None, false, false),
    ("lead_pipeline_id", "Pipeline", "lookup", Some("lead_pipelines"), None, true, false),
    ("lead_pipeline_stage_id", "Stage", "lookup", Some("lead_pipeline_stages"), None, true, false),
];
pub(crate) const PERSONS: [Seed; 6] = [
    ("name", "Name", "text", None, None, true, false),
    ("emails", "Emails", "email", None, None, true, true),
    ("contact_numbers", "Contact Numbers", "phone", None, Some("numeric"), false, true),
    ("job_title", "Job Title", "text", None, None, false, false),
    ("user_id", "Sales Owner", "lookup", Some("users"), None, false, false),
    ("organization_id", "Organization", "lookup", Some("organizations"), None, false, false),
];
pub(crate) const ORGANIZATIONS: [Seed; 3] = [
    ("name", "Name", "text", None, None, true, true),
    ("address", "Address", "address", None, None, false, false),
    ("user_id", "Sales Owner", "lookup", Some("users"), None, false, false),
];
pub(crate) const PRODUCTS: [Seed; 5] = [
    ("name", "Name", "text", None, None, true, false),
    ("description", "Description", "textarea", None, None, false, false),
    ("sku", "SKU", "text", None, None, true, true),
    ("quantity", "Quantity", "text", None, Some("numeric"), true, false),
    ("price", "Price", "price", None, Some("decimal"), true, false),
];
pub(crate) const QUOTES: [Seed; 13] = [
    ("user_id", "Sales Owner", "select", Some("users"), None, true, false),
    ("subject", "Subject", "text", None, None, true, false),
    ("description", "Description", "textarea", None, None, false, false),
    ("billing_address", "Billing Address", "address", None, None, true, false),
    ("shipping_address", "Shipping Address", "address", None, None, false, false),
    ("discount_percent", "Discount Percent", "text", None, Some("decimal"), false, false),
    ("discount_amount", "Discount Amount", "price", None, Some("decimal"), false, false),
    ("tax_amount", "Tax Amount", "price", None, Some("decimal"), false, false),
    ("adjustment_amount", "Adjustment Amount", "price", None, Some("decimal"), false, false),
    ("sub_total", "Sub Total", "price", None, Some("decimal"), true, false),
    ("grand_total", "Grand Total", "price", None, Some("decimal"), true, false),
    ("expired_at", "Expired At", "date", None, None, true, false),
    ("person_id", "Person", "lookup", Some("persons"), None, true, false),
];
pub(crate) const WAREHOUSES: [Seed; 6] = [
    ("name", "Name", "text", None, None, true, false),
    ("description", "Description", "textarea", None, None, false, false),
    ("contact_name", "Contact Name", "text", None, None, true, false),
    ("contact_emails", "Contact Emails", "email", None, None, true, true),
    ("contact_numbers", "Contact Numbers", "phone", None, Some("numeric"), false, true),
    ("contact_address", "Contact Address", "address", None, None, true, false),
];

impl Attribute {
    /// The installer's attributes; the last one has id 60.
    pub(crate) fn installed(now: i64, server: Server) -> Vec<Self> {
        let entities: [(&str, &[Seed]); 6] = [
            ("leads", &LEADS),
            ("persons", &PERSONS),
            ("organizations", &ORGANIZATIONS),
            ("products", &PRODUCTS),
            ("quotes", &QUOTES),
            ("warehouses", &WAREHOUSES),
        ];
        let seeds = entities
            .into_iter()
            .flat_map(|(entity, seeds)| (1..).zip(seeds).map(move |(order, seed)| (entity, order, seed)));
        (19..)
            .zip(seeds)
            .map(|(id, (entity, order, seed))| {
                let (code, name, kind, lookup, validation, required, unique) = *seed;
                Self {
                    id,
                    code: code.into(),
                    name: name.into(),
                    kind: kind.into(),
                    lookup: lookup.map(Into::into),
                    entity: entity.into(),
                    sort_order: Some(order),
                    validation: validation.map(Into::into),
                    required: required || (code == "lead_value" && server.requires_lead_value()),
                    unique,
                    custom: false,
                    options: Vec::new(),
                    created_at: now,
                }
            })
            .collect()
    }

    pub(crate) fn show(&self) -> Value {
        let at = iso(self.created_at);
        let options: Vec<Value> = self
            .options
            .iter()
            .map(|option| {
                json!({
                    "id": option.id, "name": option.name, "sort_order": option.sort_order, "attribute_id": self.id,
                })
            })
            .collect();
        json!({
            "id": self.id,
            "code": self.code,
            "name": self.name,
            "type": self.kind,
            "lookup_type": self.lookup,
            "entity_type": self.entity,
            "sort_order": self.sort_order,
            "validation": self.validation,
            "is_required": i32::from(self.required),
            "is_unique": i32::from(self.unique),
            "quick_add": 1,
            "is_user_defined": i32::from(self.custom),
            "options": options,
            "created_at": at,
            "updated_at": at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installer_ends_at_sixty() {
        let attributes = Attribute::installed(0, Server::default());
        assert_eq!(attributes.last().map(|attribute| attribute.id), Some(60));
    }
}
