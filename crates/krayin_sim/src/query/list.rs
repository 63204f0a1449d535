//! `GET <collection>`: filters by column, order, pages.

use serde_json::{Value, json};

use crate::answer::{Answer, Failure, Outcome};
use crate::data::input::leading_number;
use crate::data::row::{Column, Row};
use crate::server::Server;

/// The parameters of a list that are no filter.
const PARAMETERS: [&str; 6] = ["entity_type", "limit", "page", "pagination", "sort", "order"];

/// Rows of a page when nothing is asked for.
const ROWS: usize = 10;
/// Rows of a page when none are: the models' own number.
const MODEL_ROWS: usize = 15;

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

    /// Which page: a whole number from 1 on, else the first.
    fn page(&self) -> usize {
        let wanted = self.get("page").unwrap_or_default().trim();
        let wanted = wanted.strip_prefix('+').unwrap_or(wanted);
        let plain = wanted.bytes().all(|byte| byte.is_ascii_digit()) && !wanted.starts_with('0');
        if plain { wanted.parse().unwrap_or(1) } else { 1 }
    }

    /// How many rows a page has. What is no number breaks; 0 and blank take the model's own number; less than 0 is no
    /// limit, and an offset without one is no SQL.
    fn rows(&self, table: &str, total: usize) -> Outcome<usize> {
        let Some(wanted) = self.get("limit") else {
            return Ok(ROWS);
        };
        if wanted.is_empty() || wanted == "0" {
            return Ok(MODEL_ROWS);
        }
        let number: f64 = match wanted.trim().parse() {
            Ok(number) if f64::is_finite(number) => number,
            _ => return Err(Failure::type_error("Unsupported operand types: string * int")),
        };
        if number < 0.0 && total > 0 {
            return Err(Failure::query(format!(
                "SQLSTATE[42000]: Syntax error or access violation: 1064 You have an error in your SQL syntax (Connection: \
                 mysql, SQL: select * from `{table}` order by `id` desc offset 0)"
            )));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number cut as PHP cuts it")]
        Ok((number as usize).max(1))
    }
}

/// A parameter's name as PHP takes it: dots and spaces become underscores, and brackets make a list of it.
fn php_name(name: &str) -> (String, bool) {
    let (name, is_list) = match name.split_once('[') {
        Some((name, _)) if !name.is_empty() => (name, true),
        _ => (name, false),
    };
    (name.replace(['.', ' '], "_"), is_list)
}

/// Which rows a list asks for: every parameter that is none of its own is `column IN (value split at commas)`.
/// `ignored` names columns whose filter the collection ignores.
fn filters<T: Row>(query: &ListQuery<'_>, ignored: bool) -> Outcome<Vec<(Column<T>, Vec<String>)>> {
    let mut filters: Vec<(Column<T>, Vec<String>)> = Vec::new();
    for (name, value) in query.pairs {
        let (name, is_list) = php_name(name);
        if ignored || PARAMETERS.contains(&name.as_str()) {
            continue;
        }
        // A comma in the value makes two values of it.
        let values = value.split(',').map(|part| part.trim().to_owned()).collect();
        match T::column(&name) {
            Some(_) if is_list => {
                return Err(Failure::type_error(
                    "explode(): Argument #2 ($string) must be of type string, array given",
                ));
            }
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
    // Without a column to sort by the newest come first, whatever the order.
    let (sort, descending) = match query.get("sort").filter(|sort| !sort.is_empty() && *sort != "0") {
        Some(sort) => (sort, descending(query)?),
        None => ("id", true),
    };
    let Some(column) = T::column(sort) else {
        // A page of nothing is not asked for.
        if found.is_empty() && !query.server.validates_sort() && !unpaged(query) {
            return Ok(found);
        }
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

/// Whether the order is descending. The official package breaks on an order that is none.
fn descending(query: &ListQuery<'_>) -> Outcome<bool> {
    match query.get("order").map(str::to_ascii_lowercase).as_deref() {
        Some("asc") => Ok(false),
        None | Some("desc") => Ok(true),
        Some(_) if query.server.takes_any_order() => Ok(true),
        Some(_) => Err(Failure::Broken {
            exception: "InvalidArgumentException",
            message: "Order direction must be \"asc\" or \"desc\".".into(),
        }),
    }
}

/// Blank and 0 mean everything, without `links` and `meta`.
fn unpaged(query: &ListQuery<'_>) -> bool {
    query.get("pagination").is_some_and(|value| value.is_empty() || value == "0")
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

fn answer<T: Row>(query: &ListQuery<'_>, found: Vec<&T>, show: impl Fn(&T) -> Value) -> Outcome {
    if unpaged(query) {
        return Answer::data(found.into_iter().map(show).collect());
    }
    let total = found.len();
    let limit = query.rows(T::TABLE, total)?;
    let page = query.page();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_make_no_sense_are_the_first() {
        let page = |wanted: &str| {
            let pairs = [("page".to_owned(), wanted.to_owned())];
            ListQuery { server: Server::Krayin210, pairs: &pairs, url: "" }.page()
        };
        assert_eq!(["2", " 3 ", "+4"].map(page), [2, 3, 4]);
        assert_eq!(["0", "-1", "abc", "5abc", "1.5", "02", ""].map(page), [1; 7]);
    }

    #[test]
    fn limits_that_make_no_sense() {
        let rows = |wanted: &str, total: usize| {
            let pairs = [("limit".to_owned(), wanted.to_owned())];
            ListQuery { server: Server::Krayin210, pairs: &pairs, url: "" }.rows("leads", total)
        };
        assert_eq!(["3", "0", "", "5.9"].map(|wanted| rows(wanted, 1).unwrap()), [3, 15, 15, 5]);
        assert!(["-1", "abc", "5abc"].iter().all(|wanted| rows(wanted, 1).is_err()));
        assert!(rows("-1", 0).is_ok() && rows("abc", 0).is_err());
    }
}
