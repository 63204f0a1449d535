//! Products as rows, and how a lead shows one of its own.

use serde_json::{Value, json};

use crate::data::clock::iso;
use crate::data::input::text;
use crate::data::row::{Cell, Column, Row, Searched, Visit};

/// The most that a price holds, in ten-thousandths: 99999999.9999.
const LARGEST: f64 = 999_999_999_999.0;

/// A product.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) id: u64,
    pub(crate) sku: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) quantity: i64,
    /// In ten-thousandths.
    pub(crate) price: Option<i64>,
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
pub(crate) fn on_lead(id: u64, product: &Product, quantity: i64, price: i64, now: i64) -> Value {
    json!({
        "id": id,
        "quantity": quantity,
        "price": decimal(price),
        "amount": decimal(price.saturating_mul(quantity)),
        "product": product.show(),
        "created_at": iso(now),
        "updated_at": iso(now),
    })
}

/// Ten-thousandths as the database shows them.
pub(crate) fn decimal(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}.{:04}", value.unsigned_abs() / 10_000, value.unsigned_abs() % 10_000)
}

/// What was sent as ten-thousandths, if it is a number.
pub(crate) fn amount(value: Option<&Value>) -> Option<i64> {
    let number: f64 = value.and_then(text)?.trim().parse().ok()?;
    #[allow(clippy::cast_possible_truncation, reason = "cut to what the column holds before")]
    Some((number * 10_000.0).round().clamp(-LARGEST, LARGEST) as i64)
}
