//! Attribute values: beside the columns of a row, one for each attribute that was ever written, in the column of its
//! type. Uniqueness and `attribute_values.…` look at these, and a column that is null is shown as its attribute's value.

use serde_json::{Value, json};

use crate::data::input::{is_empty, text};
use crate::data::row::{Cell, beginning};
use crate::data::text::{long, stored_json};

/// A column of the values' table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueColumn {
    Text,
    Boolean,
    Integer,
    Float,
    DateTime,
    Date,
    Json,
}

impl ValueColumn {
    /// Where the values of an attribute of this type are kept.
    pub(crate) fn of(kind: &str) -> Self {
        match kind {
            "boolean" => Self::Boolean,
            "select" | "lookup" => Self::Integer,
            "price" => Self::Float,
            "datetime" => Self::DateTime,
            "date" => Self::Date,
            "email" | "phone" | "address" => Self::Json,
            _ => Self::Text,
        }
    }
}

/// What one column holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stored {
    Null,
    /// Texts, dates, and JSON as the database keeps it.
    Text(Box<str>),
    /// Whole numbers, yes as 1 and no as 0.
    Number(i64),
    /// A price.
    Float(f64),
}

/// The value of one attribute.
#[derive(Clone, Debug)]
pub(crate) struct AttributeValue {
    pub(crate) attribute: u64,
    pub(crate) column: ValueColumn,
    pub(crate) stored: Stored,
}

/// The values of one record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(Vec<AttributeValue>);

impl Values {
    pub(crate) fn get(&self, attribute: u64) -> Option<&AttributeValue> {
        self.0.iter().find(|value| value.attribute == attribute)
    }

    pub(crate) fn put(&mut self, value: AttributeValue) {
        match self.0.iter_mut().find(|other| other.attribute == value.attribute) {
            Some(other) => *other = value,
            None => self.0.push(value),
        }
    }

    pub(crate) fn remove(&mut self, attribute: u64) {
        self.0.retain(|value| value.attribute != attribute);
    }

    pub(crate) fn clear(&mut self) {
        self.0 = Vec::new();
    }

    /// The value as the API shows it. Null where there is none.
    pub(crate) fn show(&self, attribute: u64) -> Value {
        self.get(attribute).map_or(Value::Null, AttributeValue::show)
    }

    /// Looks at the cells of one column until `found` says yes.
    pub(crate) fn any<'a>(&'a self, column: ValueColumn, found: &mut dyn FnMut(Cell<'a>) -> bool) -> bool {
        self.0.iter().filter(|value| value.column == column).any(|value| found(value.cell()))
    }
}

impl AttributeValue {
    pub(crate) fn cell(&self) -> Cell<'_> {
        match &self.stored {
            Stored::Null => Cell::Null,
            Stored::Number(number) => Cell::Number(*number),
            Stored::Float(number) => Cell::Float(*number),
            Stored::Text(text) if self.column == ValueColumn::Json => Cell::json_or_null(Some(text)),
            Stored::Text(text) => Cell::text(text),
        }
    }

    pub(crate) fn show(&self) -> Value {
        match &self.stored {
            Stored::Null => Value::Null,
            Stored::Number(number) => json!(number),
            // PHP writes no fraction that is zero.
            #[allow(clippy::cast_possible_truncation, reason = "below the limit each whole number is exact")]
            Stored::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => json!(*number as i64),
            Stored::Float(number) => json!(number),
            Stored::Text(text) if self.column == ValueColumn::Json => serde_json::from_str(text).unwrap_or_default(),
            Stored::Text(text) => json!(text),
        }
    }
}

/// What a column of the database makes of what is written into it, in its lenient mode. None: nothing can be written.
pub(crate) fn kept(column: ValueColumn, value: &Value) -> Option<Stored> {
    if column == ValueColumn::Boolean {
        return Some(Stored::Number(i64::from(!is_empty(Some(value)))));
    }
    if value.is_null() {
        return Some(Stored::Null);
    }
    if column == ValueColumn::Json {
        return Some(Stored::Text(stored_json(value).into()));
    }
    let written = text(value)?;
    Some(match column {
        ValueColumn::Integer => Stored::Number(beginning(&written).trunc_to_i64()),
        ValueColumn::Float => Stored::Float(beginning(&written)),
        ValueColumn::Date => Stored::Text(date(&written).into()),
        ValueColumn::DateTime => Stored::Text(date_time(&written).into()),
        _ => Stored::Text(long(&written).into()),
    })
}

trait Truncated {
    fn trunc_to_i64(self) -> i64;
}

impl Truncated for f64 {
    #[allow(clippy::cast_possible_truncation, reason = "the database cuts what is too large, as `as` does")]
    fn trunc_to_i64(self) -> i64 {
        self.round() as i64
    }
}

/// A date as the database reads it: year, month and day by any signs between them, whatever follows. What is no date is
/// the zero date.
pub(crate) fn date(written: &str) -> String {
    match parts(written) {
        Some((date, _)) => date.to_string(),
        None => "0000-00-00".into(),
    }
}

/// As [`date`], with the time. An offset is dropped.
pub(crate) fn date_time(written: &str) -> String {
    let Some((date, rest)) = parts(written) else {
        return "0000-00-00 00:00:00".into();
    };
    let mut clock = [0_u32; 3];
    let numbers = rest.trim_start_matches(['T', 't', ' ']).split(':');
    for (slot, part) in clock.iter_mut().zip(numbers) {
        let end = part.find(|character: char| !character.is_ascii_digit()).unwrap_or(part.len());
        *slot = part.get(..end).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        if end < part.len() {
            break;
        }
    }
    let [hour, minute, second] = clock;
    if hour > 23 || minute > 59 || second > 59 {
        return "0000-00-00 00:00:00".into();
    }
    format!("{date} {hour:02}:{minute:02}:{second:02}")
}

fn parts(written: &str) -> Option<(jiff::civil::Date, &str)> {
    let mut rest = written.trim_start();
    let mut numbers = [0_i16; 3];
    for (at, number) in numbers.iter_mut().enumerate() {
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        let most = if at == 0 { 4 } else { 2 };
        if end == 0 || end > most {
            return None;
        }
        *number = rest.get(..end)?.parse().ok()?;
        if at == 0 && end <= 2 {
            *number += if *number < 70 { 2000 } else { 1900 };
        }
        rest = rest.get(end..)?;
        if at < 2 {
            rest = rest.strip_prefix(|character: char| character.is_ascii_punctuation())?;
        }
    }
    let [year, month, day] = numbers;
    let date = jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some((date, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_make_of_a_value_what_the_database_makes_of_it() {
        use ValueColumn as C;
        let text = |text: &str| Some(Stored::Text(text.into()));
        for (column, written, stored) in [
            (C::Text, json!(5), text("5")),
            (C::Text, json!(true), text("1")),
            (C::Text, json!(""), text("")),
            (C::Text, json!(["a"]), None),
            (C::Boolean, json!("no"), Some(Stored::Number(1))),
            (C::Boolean, json!("0"), Some(Stored::Number(0))),
            (C::Boolean, json!(null), Some(Stored::Number(0))),
            (C::Integer, json!("One"), Some(Stored::Number(0))),
            (C::Integer, json!("7 of them"), Some(Stored::Number(7))),
            (C::Float, json!("12.5"), Some(Stored::Float(12.5))),
            (C::Float, json!("abc"), Some(Stored::Float(0.0))),
            (C::Float, json!(null), Some(Stored::Null)),
            (C::Date, json!("2031-05-05"), text("2031-05-05")),
            (C::Date, json!("2031-05-05T10:00:00Z"), text("2031-05-05")),
            (C::Date, json!("05/05/2031"), text("0000-00-00")),
            (C::Date, json!("2031-02-30"), text("0000-00-00")),
            (C::DateTime, json!("2031-05-05T10:00:00-05:00"), text("2031-05-05 10:00:00")),
            (C::DateTime, json!("2031-05-05"), text("2031-05-05 00:00:00")),
            (C::Json, json!("text"), text("\"text\"")),
        ] {
            assert_eq!(kept(column, &written), stored, "{column:?} {written}");
        }
    }

    #[test]
    fn a_number_is_what_a_text_begins_with() {
        assert_eq!(["1e3", "-5", " 7x", "12.5.1", "x", ""].map(beginning), [1000.0, -5.0, 7.0, 12.5, 0.0, 0.0]);
    }
}
