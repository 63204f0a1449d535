//! Leads as rows.

use serde_json::Value;

use crate::data::input::text;
use crate::data::row::{Cell, Column, Row, Searched, Visit, beginning};
use crate::model::value::{ValueColumn, Values};

pub(crate) const MODEL: &str = "Webkul\\Lead\\Models\\Lead";

/// A lead.
#[derive(Clone, Debug)]
pub(crate) struct Lead {
    pub(crate) id: u64,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    /// In ten-thousandths.
    pub(crate) value: Option<i64>,
    pub(crate) status: Option<u64>,
    pub(crate) lost_reason: Option<String>,
    pub(crate) closed_at: Option<i64>,
    pub(crate) user_id: Option<u64>,
    pub(crate) person_id: Option<u64>,
    pub(crate) source_id: Option<u64>,
    pub(crate) type_id: Option<u64>,
    pub(crate) pipeline_id: Option<u64>,
    pub(crate) stage_id: Option<u64>,
    pub(crate) closes_on: Option<ClosingDate>,
    pub(crate) products: Vec<Value>,
    pub(crate) values: Values,
    pub(crate) tags: Vec<u64>,
    pub(crate) activities: Vec<u64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// When a lead is expected to close.
#[derive(Clone, Debug)]
pub(crate) struct ClosingDate {
    /// As the database keeps it: `2031-07-31`, `0000-00-00` for what is no date.
    pub(crate) date: Box<str>,
    /// The day's midnight in the server's zone, as a Unix second.
    pub(crate) midnight: i64,
}

impl Row for Lead {
    const TABLE: &'static str = "leads";

    fn column(name: &str) -> Option<Column<Self>> {
        Some(match name {
            "id" => |row| Cell::id(row.id),
            "title" => |row| Cell::text(&row.title),
            "description" => |row| Cell::text_or_null(row.description.as_deref()),
            "lead_value" => |row| match row.value {
                #[allow(clippy::cast_precision_loss, reason = "the column holds no more")]
                Some(value) => Cell::Float(value as f64 / 10_000.0),
                None => Cell::Null,
            },
            "status" => |row| Cell::id_or_null(row.status),
            "lost_reason" => |row| Cell::text_or_null(row.lost_reason.as_deref()),
            "closed_at" => |row| row.closed_at.map_or(Cell::Null, Cell::Number),
            "user_id" => |row| Cell::id_or_null(row.user_id),
            "person_id" => |row| Cell::id_or_null(row.person_id),
            "lead_source_id" => |row| Cell::id_or_null(row.source_id),
            "lead_type_id" => |row| Cell::id_or_null(row.type_id),
            "lead_pipeline_id" => |row| Cell::id_or_null(row.pipeline_id),
            "lead_pipeline_stage_id" => |row| Cell::id_or_null(row.stage_id),
            "expected_close_date" => |row| Cell::text_or_null(row.closes_on.as_ref().map(|day| &*day.date)),
            "created_at" => |row| Cell::Number(row.created_at),
            "updated_at" => |row| Cell::Number(row.updated_at),
            _ => return None,
        })
    }
}

impl Searched for Lead {
    const FIELDS: &'static [&'static str] = &[
        "title",
        "lead_value",
        "status",
        "user_id",
        "user.name",
        "person.name",
        "person_id",
        "lead_source_id",
        "lead_type_id",
        "lead_pipeline_id",
        "lead_pipeline_stage_id",
        "created_at",
        "closed_at",
        "expected_close_date",
    ];

    fn related(field: &str) -> Option<Visit<Self>> {
        Some(match field {
            "user.name" => |row, reach, found| found(reach.user(row.user_id, "name")),
            "tags.id" => |row, _, found| row.tags.iter().any(|tag| found(Cell::id(*tag))),
            "attribute_values.text_value" => |row, _, found| row.values.any(ValueColumn::Text, found),
            "attribute_values.boolean_value" => |row, _, found| row.values.any(ValueColumn::Boolean, found),
            "attribute_values.integer_value" => |row, _, found| row.values.any(ValueColumn::Integer, found),
            "attribute_values.float_value" => |row, _, found| row.values.any(ValueColumn::Float, found),
            "attribute_values.datetime_value" => |row, _, found| row.values.any(ValueColumn::DateTime, found),
            "attribute_values.date_value" => |row, _, found| row.values.any(ValueColumn::Date, found),
            "attribute_values.json_value" => |row, _, found| row.values.any(ValueColumn::Json, found),
            "person.id" => |row, reach, found| found(reach.person(row.person_id, "id")),
            "person.name" => |row, reach, found| found(reach.person(row.person_id, "name")),
            "person.emails" => |row, reach, found| found(reach.person(row.person_id, "emails")),
            "person.contact_numbers" => |row, reach, found| found(reach.person(row.person_id, "contact_numbers")),
            "person.job_title" => |row, reach, found| found(reach.person(row.person_id, "job_title")),
            "person.user_id" => |row, reach, found| found(reach.person(row.person_id, "user_id")),
            "person.organization_id" => |row, reach, found| found(reach.person(row.person_id, "organization_id")),
            "person.organization.name" => |row, reach, found| {
                let organization = match reach.person(row.person_id, "organization_id") {
                    Cell::Number(id) => u64::try_from(id).ok(),
                    _ => None,
                };
                found(reach.organization(organization, "name"))
            },
            _ => return None,
        })
    }
}

/// The most that the column holds, in ten-thousandths: 99999999.9999.
const LARGEST: f64 = 999_999_999_999.0;

/// Ten-thousandths as the database shows them.
pub(crate) fn decimal(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}.{:04}", value.abs() / 10_000, value.abs() % 10_000)
}

/// What was sent as ten-thousandths: the number that it begins with, rounded; more than the column holds becomes the most
/// that it holds.
pub(crate) fn amount(value: Option<&Value>) -> Option<i64> {
    let written = value.and_then(text)?;
    #[allow(clippy::cast_possible_truncation, reason = "cut to what the column holds before")]
    Some((beginning(&written) * 10_000.0).round().clamp(-LARGEST, LARGEST) as i64)
}

/// The amount as people read it: `$1,000.00`.
pub(crate) fn price(value: Option<i64>) -> String {
    let value = value.unwrap_or(0);
    let sign = if value < 0 { "-" } else { "" };
    let cents = value.unsigned_abs().saturating_add(50) / 100;
    let whole = (cents / 100).to_string();
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}${grouped}.{:02}", cents % 100)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_cut_and_capped() {
        let shown = |value: Value| amount(Some(&value)).map(decimal);
        assert_eq!(shown(json!(0)).unwrap(), "0.0000");
        assert_eq!(shown(json!("99999999999")).unwrap(), "99999999.9999");
        assert_eq!(shown(json!("12.5")).unwrap(), "12.5000");
        assert_eq!(shown(json!("9".repeat(60))).unwrap(), "99999999.9999");
        assert_eq!(shown(json!("-5")).unwrap(), "-5.0000");
        assert_eq!(shown(json!("1e3")).unwrap(), "1000.0000");
        assert_eq!(shown(json!("1,000")).unwrap(), "1.0000");
        assert_eq!(shown(json!("abc")).unwrap(), "0.0000");
        assert_eq!(shown(Value::Null), None);
    }

    #[test]
    fn prices_read_well() {
        assert_eq!(price(Some(100_000)), "$10.00");
        assert_eq!(price(Some(12_345_670_000)), "$1,234,567.00");
        assert_eq!(price(Some(-5000)), "-$0.50");
        assert_eq!(price(None), "$0.00");
    }
}
