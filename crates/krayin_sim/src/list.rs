//! `GET <collection>`: filters by column, order, pages.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::answer::{Answer, Failure, Outcome};
use crate::input::leading_number;
use crate::server::Server;
use crate::text::fold;

/// A column's value in one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Number(i64),
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
            Self::Number(number) => *number == numeric(wanted),
            Self::Text(text) => fold(text) == fold(wanted),
            Self::Json(json) => json == wanted,
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            (Self::Number(one), Self::Number(two)) => one.cmp(two),
            (Self::Text(one), Self::Text(two)) => fold(one).cmp(&fold(two)),
            (Self::Json(one), Self::Json(two)) => one.cmp(two),
            _ => Ordering::Equal,
        }
    }
}

/// A text where the database wants a number: the digits it begins with, else 0.
fn numeric(text: &str) -> i64 {
    leading_number(text).and_then(|number| i64::try_from(number).ok()).unwrap_or(0)
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

/// The parameters of a list that are no filter.
const PARAMETERS: [&str; 5] = ["limit", "page", "pagination", "sort", "order"];

/// A request for a list.
pub(crate) struct ListQuery<'a> {
    pub(crate) server: Server,
    pub(crate) pairs: &'a [(String, String)],
    /// The address of the collection without a query, for the links between pages.
    pub(crate) url: &'a str,
}

impl ListQuery<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !(self.server.blank_becomes_null() && value.is_empty()))
    }

    fn number(&self, name: &str) -> Option<usize> {
        let number = leading_number(self.get(name)?)?;
        usize::try_from(number).ok().filter(|number| *number > 0)
    }
}

/// Which rows a list asks for: every parameter that is none of its own is `column IN (value split at commas)`.
/// `ignored` names columns whose filter the collection ignores.
fn filters<T: Row>(query: &ListQuery<'_>, ignored: bool) -> Outcome<Vec<(Column<T>, Vec<String>)>> {
    let mut filters: Vec<(Column<T>, Vec<String>)> = Vec::new();
    for (name, value) in query.pairs {
        if ignored || PARAMETERS.contains(&name.as_str()) {
            continue;
        }
        // A comma in the value makes two values of it.
        let values = value.split(',').map(|part| part.trim().to_owned()).collect();
        match T::column(name) {
            Some(column) => filters.push((column, values)),
            None if query.server.ignores_unknown_filter() => {}
            None => {
                return Err(Failure::query(format!(
                    "SQLSTATE[42S22]: Column not found: 1054 Unknown column '{name}' in 'WHERE' (Connection: mysql, \
                     SQL: select count(*) as aggregate from `{}` where `{name}` in ({value}))",
                    T::TABLE
                )));
            }
        }
    }
    Ok(filters)
}

/// Answers a list: `rows` are all rows by id, `get` finds one, `show` renders one.
pub(crate) fn list<'a, T: Row + 'a>(
    query: &ListQuery<'_>,
    rows: impl DoubleEndedIterator<Item = &'a T>,
    get: impl Fn(u64) -> Option<&'a T>,
    show: impl Fn(&T) -> Value,
) -> Outcome {
    answer(query, select(query, rows, get, false)?, show)
}

/// As `list`, where the collection ignores every filter.
pub(crate) fn list_unfiltered<'a, T: Row + 'a>(
    query: &ListQuery<'_>,
    rows: impl DoubleEndedIterator<Item = &'a T>,
    show: impl Fn(&T) -> Value,
) -> Outcome {
    answer(query, select(query, rows, |_| None, true)?, show)
}

fn select<'a, T: Row + 'a>(
    query: &ListQuery<'_>,
    rows: impl DoubleEndedIterator<Item = &'a T>,
    get: impl Fn(u64) -> Option<&'a T>,
    unfiltered: bool,
) -> Outcome<Vec<&'a T>> {
    let filters = filters::<T>(query, unfiltered)?;
    let matches = |row: &T| {
        filters.iter().all(|(column, values)| {
            let cell = column(row);
            values.iter().any(|value| cell.equals(value))
        })
    };
    let ids = (!unfiltered).then(|| query.get("id")).flatten();
    let mut found: Vec<&T> = match ids {
        // The primary key answers this one without looking at every row.
        Some(ids) => {
            let mut ids: Vec<u64> = ids.split(',').filter_map(leading_number).collect();
            ids.sort_unstable_by(|one, two| two.cmp(one));
            ids.dedup();
            ids.into_iter().filter_map(get).filter(|row| matches(row)).collect()
        }
        None => rows.rev().filter(|row| matches(row)).collect(),
    };
    // Without an order the newest come first.
    let sort = query.get("sort").unwrap_or("id");
    let descending = !query.get("order").is_some_and(|order| order.eq_ignore_ascii_case("asc"));
    let Some(column) = T::column(sort) else {
        return Err(unknown_sort::<T>(query.server, sort));
    };
    if sort != "id" {
        found.sort_by(|one, two| {
            let order = column(one).order(&column(two));
            if descending { order.reverse() } else { order }
        });
    } else if !descending {
        found.reverse();
    }
    Ok(found)
}

fn unknown_sort<T: Row>(server: Server, sort: &str) -> Failure {
    if server.validates_sort() {
        Failure::Invalid(vec![("sort".into(), "The selected sort is invalid.".into())])
    } else {
        Failure::query(format!(
            "SQLSTATE[42S22]: Column not found: 1054 Unknown column '{sort}' in 'ORDER BY' (Connection: mysql, SQL: \
             select * from `{}` order by `{sort}` desc limit 10 offset 0)",
            T::TABLE
        ))
    }
}

fn answer<T>(query: &ListQuery<'_>, found: Vec<&T>, show: impl Fn(&T) -> Value) -> Outcome {
    // Blank and 0 mean everything, without `links` and `meta`.
    if query.get("pagination").is_some_and(|value| value.is_empty() || value == "0") {
        return Answer::data(found.into_iter().map(show).collect());
    }
    let limit = query.number("limit").unwrap_or(10);
    let page = query.number("page").unwrap_or(1);
    let total = found.len();
    let start = (page - 1).saturating_mul(limit).min(total);
    let rows: Vec<Value> = found.into_iter().skip(start).take(limit).map(show).collect();
    let (links, meta) = pages(query, page, limit, total, start, rows.len());
    Ok(Answer { status: 200, body: json!({"data": rows, "links": links, "meta": meta}) })
}

fn pages(query: &ListQuery<'_>, page: usize, limit: usize, total: usize, start: usize, shown: usize) -> (Value, Value) {
    let last = total.div_ceil(limit).max(1);
    let url = |page: usize| json!(format!("{}?page={page}", query.url));
    let previous = if page > 1 { url(page - 1) } else { Value::Null };
    let next = if page < last { url(page + 1) } else { Value::Null };
    let link = |url: Value, label: &str, number: Option<usize>, active: bool| {
        let mut link = json!({"url": url, "label": label, "active": active});
        if query.server.page_links_have_number() {
            link["page"] = json!(number);
        }
        link
    };
    let mut links = vec![link(previous.clone(), "&laquo; Previous", (page > 1).then(|| page - 1), false)];
    let mut shown_before = 0;
    for number in window(page, last) {
        if number != shown_before + 1 {
            links.push(link(Value::Null, "...", None, false));
        }
        links.push(link(url(number), &number.to_string(), Some(number), number == page));
        shown_before = number;
    }
    links.push(link(next.clone(), "Next &raquo;", (page < last).then(|| page + 1), false));
    let nothing = shown == 0;
    (
        json!({"first": url(1), "last": url(last), "prev": previous, "next": next}),
        json!({
            "current_page": page,
            "from": if nothing { Value::Null } else { json!(start + 1) },
            "last_page": last,
            "links": links,
            "path": query.url,
            "per_page": limit,
            "to": if nothing { Value::Null } else { json!(start + shown) },
            "total": total,
        }),
    )
}

/// The page numbers that get a link: all of a few, else both ends and three around the page.
fn window(page: usize, last: usize) -> Vec<usize> {
    (1..=last).filter(|number| last < 14 || *number <= 2 || *number + 1 >= last || number.abs_diff(page) <= 3).collect()
}
