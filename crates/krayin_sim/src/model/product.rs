//! Products as rows, and how a lead shows one of its own.

use serde_json::{Value, json};

use crate::data::clock::iso;
use crate::data::row::{Cell, Column, Row, Searched, Visit};
use crate::model::lead::decimal;

/// A product.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) id: u64,
    pub(crate) sku: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) quantity: i64,
    /// In ten-thousandths.
    pub(crate) price: Option<u64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl Row for Product {
    const TABLE: &'static str = "products";

    fn column(name: &str) -> Option<Column<Self>> {
        Some(match name {
            "id" => |row| Cell::id(row.id),
            "sku" => |row| Cell::text(&row.sku),
            "name" => |row| Cell::text_or_null(row.name.as_deref()),
            "description" => |row| Cell::text_or_null(row.description.as_deref()),
            "quantity" => |row| Cell::Number(row.quantity),
            "price" => |row| row.price.map_or(Cell::Null, |price| Cell::Text(decimal(price).into())),
            "created_at" => |row| Cell::Number(row.created_at),
            "updated_at" => |row| Cell::Number(row.updated_at),
            _ => return None,
        })
    }
}

impl Searched for Product {
    const FIELDS: &'static [&'static str] = &["sku", "name", "description"];

    fn related(_: &str) -> Option<Visit<Self>> {
        None
    }
}

impl Product {
    pub(crate) fn show(&self) -> Value {
        json!({
            "id": self.id,
            "sku": self.sku,
            "name": self.name,
            "description": self.description,
            "quantity": self.quantity,
            "price": self.price.map(decimal),
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
        })
    }
}

/// A product on a lead, as the lead shows it.
pub(crate) fn on_lead(id: u64, product: &Product, quantity: i64, price: u64, now: i64) -> Value {
    json!({
        "id": id,
        "quantity": quantity,
        "price": decimal(price),
        "amount": decimal(price.saturating_mul(u64::try_from(quantity).unwrap_or(0))),
        "product": product.show(),
        "created_at": iso(now),
        "updated_at": iso(now),
    })
}
