//! `GET <collection>/search`: `search=field:value;field:value` with `searchFields=field:like;field:=`.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::answer::{Failure, Outcome};
use crate::data::row::{Cell, Column, Reach, Row, Searched, Visit};
use crate::data::text::fold;

/// One condition of a search.
#[derive(Debug)]
struct Term {
    field: String,
    condition: Condition,
}

#[derive(Debug)]
enum Condition {
    Equals(String),
    Like(Pattern),
}

/// A whole search.
#[derive(Debug)]
pub(crate) struct Search {
    terms: Vec<Term>,
    all: bool,
    limit: usize,
}

/// A field of a search, found once for all rows.
enum Field<T> {
    Column(Column<T>),
    Related(Visit<T>),
}

impl<T: Searched> Field<T> {
    fn find(name: &str) -> Outcome<Self> {
        let column = in_any_case(name);
        T::column(&column)
            .map(Self::Column)
            .or_else(|| T::related(&column).map(Self::Related))
            .ok_or_else(|| unknown::<T>(name))
    }

    fn meets(&self, row: &T, reach: &dyn Reach, condition: &Condition) -> bool {
        match self {
            Self::Column(column) => condition.matches(&column(row)),
            Self::Related(visit) => visit(row, reach, &mut |cell| condition.matches(&cell)),
        }
    }
}

impl Search {
    /// Reads a search as the server does, with what it makes of odd terms:
    /// - a blank or absent `search` asks for everything;
    /// - of `field:a:b` only `a` is looked for;
    /// - a `;` inside a value ends it, and the rest is looked for in all other fields.
    pub(crate) fn parse(query: &[(String, String)], fields: &[&str], blank_becomes_null: bool) -> Outcome<Self> {
        let get = |name: &str| {
            query
                .iter()
                .rev()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value.as_str())
                .filter(|value| !(blank_becomes_null && value.is_empty()))
        };
        let limit = get("limit")
            .and_then(crate::data::input::leading_number)
            .and_then(|limit| usize::try_from(limit).ok())
            .unwrap_or(usize::MAX);
        let all = get("searchJoin").is_some_and(|join| join.eq_ignore_ascii_case("and"));
        let mut terms = Vec::new();
        let search = get("search").unwrap_or_default();
        if !search.is_empty() && search != "0" {
            let values = values(search);
            let bare = bare(search);
            for (field, like) in conditions(get("searchFields"), fields, &values)? {
                let Some(value) = values.get(field.as_str()).copied().or(bare) else {
                    continue;
                };
                let condition = if like {
                    Condition::Like(Pattern::new(value))
                } else if value.is_empty() || value == "0" {
                    continue;
                } else {
                    Condition::Equals(value.to_owned())
                };
                terms.push(Term { field, condition });
            }
        }
        Ok(Self { terms, all, limit })
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// For a search that looks by LIKE for e-mails or numbers alone and takes either: what they must be like. `prefix`
    /// leads from the row to the person.
    pub(crate) fn of_contacts(&self, prefix: &str) -> Option<impl Fn(&str, &str) -> bool + '_> {
        let (mut emails, mut numbers) = (Vec::new(), Vec::new());
        for term in &self.terms {
            let Condition::Like(pattern) = &term.condition else {
                return None;
            };
            match in_any_case(&term.field).strip_prefix(prefix)? {
                "emails" => emails.push(&pattern.binary),
                "contact_numbers" => numbers.push(&pattern.binary),
                _ => return None,
            }
        }
        let either = !self.terms.is_empty() && (!self.all || self.terms.len() == 1);
        either.then_some(move |of_emails: &str, of_numbers: &str| {
            emails.iter().any(|parts| parts.found_in(of_emails))
                || (!of_numbers.is_empty() && numbers.iter().any(|parts| parts.found_in(of_numbers)))
        })
    }

    /// The rows that match, oldest first. A field that does not exist breaks the query.
    pub(crate) fn run<'a, T: Searched + 'a>(
        &self,
        rows: impl Iterator<Item = &'a T>,
        reach: &dyn Reach,
    ) -> Outcome<Vec<&'a T>> {
        let terms: Vec<(Field<T>, &Condition)> =
            self.terms.iter().map(|term| Ok((Field::find(&term.field)?, &term.condition))).collect::<Outcome<_>>()?;
        let matches = |row: &&T| {
            let mut hits = terms.iter().map(|(field, condition)| field.meets(row, reach, condition));
            terms.is_empty() || if self.all { hits.all(|hit| hit) } else { hits.any(|hit| hit) }
        };
        Ok(rows.filter(matches).take(self.limit).collect())
    }
}

/// A field with its column's name as the tables spell it: to the database all cases of it are one name, while a search
/// takes each spelling for a field of its own. A relation's name is the program's, and has one.
fn in_any_case(field: &str) -> Cow<'_, str> {
    let column = field.rfind('.').map_or(0, |dot| dot + 1);
    match field.split_at_checked(column) {
        Some((relation, column)) if column.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Cow::Owned(format!("{relation}{}", column.to_ascii_lowercase()))
        }
        _ => Cow::Borrowed(field),
    }
}

fn unknown<T: Row>(field: &str) -> Failure {
    if let Some((relation, _)) = field.split_once('.') {
        Failure::Broken {
            exception: "BadMethodCallException",
            message: format!("Call to undefined method {}::{relation}()", T::TABLE),
        }
    } else {
        Failure::query(format!(
            "SQLSTATE[42S22]: Column not found: 1054 Unknown column '{}.{field}' in 'WHERE'",
            T::TABLE
        ))
    }
}

/// `field:value` pairs. A pair with two colons keeps its first two parts; one without a colon is none.
fn values(search: &str) -> HashMap<&str, &str> {
    search
        .split(';')
        .filter_map(|pair| {
            let mut parts = pair.split(':');
            Some((parts.next()?, parts.next()?))
        })
        .collect()
}

/// The value without a field: the first part without a colon.
fn bare(search: &str) -> Option<&str> {
    search.split(';').find(|part| !part.contains(':'))
}

/// Which fields are compared, and whether by LIKE. Without `searchFields` all of the collection's, by `=`.
fn conditions(
    search_fields: Option<&str>,
    known: &[&str],
    values: &HashMap<&str, &str>,
) -> Outcome<Vec<(String, bool)>> {
    let Some(search_fields) = search_fields else {
        return Ok(known.iter().map(|field| ((*field).to_owned(), false)).collect());
    };
    let mut conditions: Vec<(String, bool)> = Vec::new();
    for part in search_fields.split(';') {
        match part.split_once(':') {
            Some((field, "like")) => conditions.push((field.to_owned(), true)),
            Some((field, "=")) => conditions.push((field.to_owned(), false)),
            _ if known.contains(&part) => conditions.push((part.to_owned(), false)),
            _ => {}
        }
    }
    for field in values.keys() {
        if known.contains(field) && !conditions.iter().any(|(listed, _)| listed == field) {
            conditions.push(((*field).to_owned(), false));
        }
    }
    if conditions.is_empty() {
        return Err(Failure::Broken { exception: "Exception", message: "fields_not_accepted".into() });
    }
    Ok(conditions)
}

impl Condition {
    fn matches(&self, cell: &Cell<'_>) -> bool {
        match self {
            Self::Equals(wanted) => cell.equals(wanted),
            Self::Like(pattern) => pattern.matches(cell),
        }
    }
}

/// `LIKE '%value%'`: `%` stands for any characters, `_` for one. A JSON column is compared byte by byte, so with regard
/// to case, and as it is stored; a text column without regard to case.
#[derive(Debug)]
struct Pattern {
    binary: Parts,
    folded: Parts,
}

impl Pattern {
    fn new(value: &str) -> Self {
        Self { binary: Parts::new(value), folded: Parts::new(&value.to_lowercase()) }
    }

    fn matches(&self, cell: &Cell<'_>) -> bool {
        match cell {
            Cell::Null => false,
            Cell::Number(number) => self.binary.found_in(&number.to_string()),
            Cell::Float(number) => self.binary.found_in(&format!("{number:.4}")),
            Cell::Text(text) => self.folded.found_in(&fold(text)),
            Cell::Json(json) => self.binary.found_in(json),
        }
    }
}

/// The pieces between `%`; each must come after the one before.
#[derive(Debug)]
struct Parts(Vec<Piece>);

/// A piece without `%`.
#[derive(Debug)]
struct Piece {
    /// None stands for any character.
    characters: Vec<Option<char>>,
    /// The same as bytes, for a text that is ASCII throughout. None: such a text cannot match.
    bytes: Option<Vec<Option<u8>>>,
    /// Where in the piece the character stands that is looked for first. None: the piece has none but wildcards.
    anchor: Option<usize>,
}

impl Parts {
    fn new(pattern: &str) -> Self {
        let mut pieces = vec![Vec::new()];
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            let token = match character {
                '%' => {
                    pieces.push(Vec::new());
                    continue;
                }
                '_' => None,
                // A backslash takes the next character's meaning away.
                '\\' => Some(characters.next().unwrap_or('\\')),
                other => Some(other),
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(token);
            }
        }
        Self(pieces.into_iter().filter(|piece| !piece.is_empty()).map(Piece::new).collect())
    }

    fn found_in(&self, text: &str) -> bool {
        let is_ascii = text.is_ascii();
        let mut rest = text;
        for piece in &self.0 {
            match if is_ascii { piece.find_in_ascii(rest) } else { piece.find(rest) } {
                Some(end) => rest = rest.get(end..).unwrap_or_default(),
                None => return false,
            }
        }
        true
    }
}

impl Piece {
    fn new(characters: Vec<Option<char>>) -> Self {
        let byte = |token: &Option<char>| match token {
            None => Some(None),
            Some(character) if character.is_ascii() => u8::try_from(*character).ok().map(Some),
            Some(_) => None,
        };
        // An address has one `@`, so hardly any row needs a second look.
        let anchor = characters
            .iter()
            .position(|token| *token == Some('@'))
            .or_else(|| characters.iter().position(Option::is_some));
        Self { bytes: characters.iter().map(byte).collect(), anchor, characters }
    }

    /// Where the first match ends.
    fn find_in_ascii(&self, text: &str) -> Option<usize> {
        let (text, wanted) = (text.as_bytes(), self.bytes.as_ref()?);
        let Some((anchor, byte)) = self.anchor.and_then(|at| Some((at, (*wanted.get(at)?)?))) else {
            return (wanted.len() <= text.len()).then_some(wanted.len());
        };
        memchr::memchr_iter(byte, text).find_map(|at| {
            let start = at.checked_sub(anchor)?;
            let here = text.get(start..start + wanted.len())?;
            let fits = here.iter().zip(wanted).all(|(byte, wanted)| wanted.is_none_or(|wanted| wanted == *byte));
            fits.then_some(start + wanted.len())
        })
    }

    fn find(&self, text: &str) -> Option<usize> {
        text.char_indices().find_map(|(start, _)| {
            let mut rest = text.get(start..)?.chars();
            for token in &self.characters {
                let character = rest.next()?;
                if token.is_some_and(|token| token != character) {
                    return None;
                }
            }
            Some(text.len() - rest.as_str().len())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(pattern: &str, text: &str) -> bool {
        Parts::new(pattern).found_in(text)
    }

    #[test]
    fn like_knows_its_wildcards() {
        let stored = r#"[{"value":"Jane.Doe@Example.com","label":"work"}]"#;
        assert!(like("_ane._oe@_xample._om", stored));
        assert!(!like("jane.doe@example.com", stored));
        assert!(like("ane.Doe", stored));
        assert!(like("415%555%0182", r#"[{"value":"+1 (415) 555-0182"}]"#));
        assert!(!like("555%415", "415 555"));
        assert!(like("", "anything"));
        assert!(like("a\\_b", "a_b") && !like("a\\_b", "axb"));
        assert!(like("__é_", "xxéy") && !like("__é_", "xé"));
        assert!(like("%", "") && !like("_", ""));
        assert!(like("aab", "aaab") && like("_aab", "aaab") && like("aab", "éaaab"));
        assert!(like("é", "caffé") && !like("é", "caffe") && like("_", "é") && like("a%é_", "a-éx"));
    }

    #[test]
    fn a_colon_or_semicolon_cuts_the_value() {
        assert_eq!(values("emails:a:b@x")["emails"], "a");
        assert_eq!(values("emails:a;b@x").len(), 1);
        assert_eq!(bare("emails:a;b@x"), Some("b@x"));
        assert_eq!(bare("emails:a"), None);
    }
}
