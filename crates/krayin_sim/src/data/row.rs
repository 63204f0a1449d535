//! Rows as lists and searches see them: columns, the cells in them, and the ways to related rows.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::data::text::fold;

/// A column's value in one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Number(i64),
    /// A number with a fraction.
    Float(f64),
    /// Compared without regard to case.
    Text(Cow<'a, str>),
    /// A JSON document: compared byte by byte, and as a whole.
    Json(Cow<'a, str>),
}

impl<'a> Cell<'a> {
    pub(crate) fn id(id: u64) -> Self {
        Self::Number(i64::try_from(id).unwrap_or(i64::MAX))
    }

    pub(crate) fn id_or_null(id: Option<u64>) -> Self {
        id.map_or(Self::Null, Self::id)
    }

    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub(crate) fn text_or_null(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::text)
    }

    pub(crate) fn json_or_null(json: Option<&'a str>) -> Self {
        json.map_or(Self::Null, |json| Self::Json(Cow::Borrowed(json)))
    }

    /// SQL's `=` with a text on the right.
    pub(crate) fn equals(&self, wanted: &str) -> bool {
        match self {
            Self::Null => false,
            Self::Number(number) => same_number(*number, wanted),
            #[allow(clippy::float_cmp, reason = "the database compares them so")]
            Self::Float(number) => *number == beginning(wanted),
            Self::Text(text) => fold(text) == fold(wanted),
            Self::Json(json) => json == wanted,
        }
    }

    /// How `ORDER BY` puts two values of one column.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            (Self::Number(one), Self::Number(two)) => one.cmp(two),
            (Self::Float(one), Self::Float(two)) => one.total_cmp(two),
            (Self::Text(one), Self::Text(two)) => fold(one).cmp(&fold(two)),
            (Self::Json(one), Self::Json(two)) => one.cmp(two),
            _ => Ordering::Equal,
        }
    }
}

/// A text where the database wants a number: the number it begins with, else 0.
fn same_number(number: i64, text: &str) -> bool {
    let text = text.trim_start();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = digits.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(digits.len());
    let begin = text.len() - digits.len();
    let begins_with = text.get(..begin + end).unwrap_or_default();
    match begins_with.parse::<i64>() {
        Ok(wanted) => number == wanted,
        #[allow(clippy::cast_precision_loss, reason = "the database compares a number with a text as floats")]
        Err(_) => begins_with.parse::<f64>().unwrap_or(0.0) == number as f64,
    }
}

/// The number that a text begins with, else 0.
pub(crate) fn beginning(text: &str) -> f64 {
    let text = text.trim_start();
    let mut end = 0;
    for (at, character) in text.char_indices() {
        if text.get(..=at).is_some_and(|begin| begin.parse::<f64>().is_ok()) && character.is_ascii() {
            end = at + 1;
        }
        if !(character.is_ascii_digit() || "+-.eE".contains(character)) {
            break;
        }
    }
    text.get(..end).and_then(|number| number.parse().ok()).unwrap_or(0.0)
}

/// Reads one column of a row.
pub(crate) type Column<T> = fn(&T) -> Cell<'_>;

/// A row that lists and searches can look at.
pub(crate) trait Row: Sized {
    /// The table's name, as database errors show it.
    const TABLE: &'static str;

    /// The column of this name, if the table has it.
    fn column(name: &str) -> Option<Column<Self>>;
}

/// Looks at the cells that a field reaches, the row's own or those of related rows, until `found` says yes.
pub(crate) type Visit<T> = for<'a> fn(&'a T, &'a dyn Reach, &mut dyn FnMut(Cell<'a>) -> bool) -> bool;

/// A row that can be searched for.
pub(crate) trait Searched: Row {
    /// The fields that a search without `searchFields` compares.
    const FIELDS: &'static [&'static str];

    /// A field beyond the row's own columns: one of a related row.
    fn related(field: &str) -> Option<Visit<Self>>;
}

/// What a search needs to follow a relation: columns of the related row, null where there is none.
pub(crate) trait Reach {
    fn person(&self, id: Option<u64>, column: &str) -> Cell<'_>;
    fn organization(&self, id: Option<u64>, column: &str) -> Cell<'_>;
    fn user(&self, id: Option<u64>, column: &str) -> Cell<'_>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_the_database_does() {
        for text in ["7", " 7", "7abc", "7.0", "+7", "07"] {
            assert!(same_number(7, text), "{text}");
        }
        for text in ["7.5", "-7", "abc7", ""] {
            assert!(!same_number(7, text), "{text}");
        }
        assert!(same_number(0, "abc") && same_number(0, "") && same_number(-3, "-3"));
    }
}
