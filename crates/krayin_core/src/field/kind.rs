use serde_json::{Map, Value, json};

use super::{Sent, decimal, entries, moment};
use crate::{
    DigestKey, email,
    harmless::{self, Place},
    phone, placeholder,
    server::KnownAttribute,
    text::{cut_bytes, one_line},
};

/// The parts of an address, in the order in which Krayin shows them.
const ADDRESS: [&str; 5] = ["address", "country", "state", "city", "postcode"];

/// What a field's values are: how they are written, compared, merged and cut, and what becomes of a wrong one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A line of text, at most 255 characters.
    Line,
    /// Text of several lines, at most 65,535 bytes.
    Text,
    /// An amount with at most four decimals, up to 99999999.9999.
    Amount,
    /// E-mail addresses with labels.
    Emails,
    /// Phone numbers with labels.
    Phones,
    /// The name of an organization: the same in either case.
    OrganizationName,
    /// Street, country, state, city and postal code.
    Address,
    /// A day, `Y-m-d`.
    Date,
    /// A moment, `Y-m-d H:i:s` on the server's clock.
    DateTime,
    /// One of a list, by id; told by id or name.
    Choice(Vec<(u64, String)>),
    /// Some of a list.
    Choices(Vec<(u64, String)>),
    /// Yes or no.
    YesNo,
    /// Another record, by id; by name or address where these are known.
    Lookup(Vec<(u64, String)>),
}

/// A value that the attribute cannot hold; it is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The value does not fit the attribute.")]
pub struct WrongValue;

/// What a three-way merge comes to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Merge {
    /// Krayin has it.
    Same,
    /// This is to be written.
    Write(Value),
    /// A colleague changed it.
    Theirs,
}

impl Kind {
    /// What a `varchar` column keeps, in characters.
    pub(crate) const LINE: usize = 255;
    /// What a `TEXT` column keeps, in bytes.
    pub(crate) const TEXT: usize = 65_535;

    /// What a value of an attribute is, `None` for a type that nothing of a contact's fits, such as a file.
    pub fn of(attribute: &KnownAttribute) -> Option<Self> {
        Some(match attribute.kind.as_str() {
            "text" => Self::Line,
            "textarea" => Self::Text,
            "price" => Self::Amount,
            "boolean" => Self::YesNo,
            "select" => Self::Choice(attribute.options.clone()),
            "multiselect" | "checkbox" => Self::Choices(attribute.options.clone()),
            "email" => Self::Emails,
            "phone" => Self::Phones,
            "address" => Self::Address,
            "lookup" => Self::Lookup(attribute.options.clone()),
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            _ => return None,
        })
    }

    /// Whether one value of Chatwoot's attributes says it whole.
    pub(super) fn can_be_shown(&self) -> bool {
        match self {
            Self::Line | Self::Text | Self::Amount | Self::YesNo | Self::Choice(_) | Self::Date => true,
            // They stand there with commas between them.
            Self::Choices(options) => options.iter().all(|(_, name)| !name.contains(',')),
            _ => false,
        }
    }

    /// As Krayin's forms and the list of fields name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Text => "text",
            Self::Amount => "amount",
            Self::Emails => "e-mails",
            Self::Phones => "phones",
            Self::OrganizationName => "organization name",
            Self::Address => "address",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Choice(_) => "choice",
            Self::Choices(_) => "choices",
            Self::YesNo => "yes/no",
            Self::Lookup(_) => "lookup",
        }
    }

    /// The value as it is written: in the form that the server takes and within its limits. `None` where it is blank.
    ///
    /// # Errors
    /// Where the attribute cannot hold it.
    pub(crate) fn fit(
        &self,
        value: Value,
        place: Place,
        utc_offset_minutes: Option<i32>,
    ) -> Result<Option<Value>, WrongValue> {
        let is_blank = match &value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        if is_blank {
            return Ok(None);
        }
        let fitted = match self {
            Self::Line | Self::OrganizationName => {
                Value::String(place.fitted(&one_line(&plain(&value).ok_or(WrongValue)?), Self::LINE))
            }
            Self::Text => {
                Value::String(cut_bytes(&place.harmless(plain(&value).ok_or(WrongValue)?.trim()), Self::TEXT))
            }
            Self::Amount => {
                decimal::of(&value).ok_or(WrongValue)?;
                value
            }
            Self::Emails | Self::Phones => self.fit_entries(value)?,
            Self::Address => address(&value, place).ok_or(WrongValue)?,
            Self::Date => {
                moment::local_day(&plain(&value).ok_or(WrongValue)?, utc_offset_minutes).ok_or(WrongValue)?.into()
            }
            Self::DateTime => {
                let offset = utc_offset_minutes.ok_or(WrongValue)?;
                moment::date_time(&plain(&value).ok_or(WrongValue)?, offset).ok_or(WrongValue)?.into()
            }
            Self::Choice(options) => json!(option(options, &value).ok_or(WrongValue)?),
            Self::Choices(options) => {
                let ids: Vec<u64> = listed(&value).iter().filter_map(|value| option(options, value)).collect();
                if ids.is_empty() {
                    return Err(WrongValue);
                }
                json!(ids)
            }
            // A word such as "no" is a yes to Krayin.
            Self::YesNo => json!(u8::from(yes(&value).ok_or(WrongValue)?)),
            Self::Lookup(records) => json!(option(records, &value).or_else(|| id(&value)).ok_or(WrongValue)?),
        };
        Ok((fitted != "").then_some(fitted))
    }

    /// How Krayin's pages print it, where nothing else is said.
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Text => Place::Text,
            Self::OrganizationName => Place::Company,
            Self::Address => Place::Raw,
            _ => Place::Line,
        }
    }

    /// What is compared and digested: one text an entry, none for a blank value. What Krayin answers and what was sent
    /// have the same.
    pub(crate) fn canonical(&self, value: &Value, place: Place) -> Vec<String> {
        let one = match self {
            Self::Emails | Self::Phones => return entries::of(value).filter_map(entries::text).collect(),
            Self::Choices(_) => {
                let mut ids: Vec<String> = listed(value).iter().filter_map(id).map(|id| id.to_string()).collect();
                ids.sort();
                return ids;
            }
            Self::Line | Self::OrganizationName => {
                plain(value).map(|text| place.harmless(&one_line(&text)).into_owned())
            }
            Self::Text => plain(value).map(|text| place.harmless(text.trim()).into_owned()),
            Self::Amount => decimal::of(value).map(|amount| amount.to_string()),
            Self::Address => address(value, place).map(|address| address_text(&address)),
            Self::Date => plain(value).and_then(|text| moment::day(&text)),
            Self::DateTime => plain(value).map(|text| text.trim().to_owned()),
            Self::Choice(_) | Self::Lookup(_) => id(value).map(|id| id.to_string()),
            Self::YesNo => yes(value).map(|yes| u8::from(yes).to_string()),
        };
        one.filter(|text| !text.is_empty()).into_iter().collect()
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_blank(&self, value: Option<&Value>) -> bool {
        value.is_none_or(|value| self.canonical(value, self.place()).is_empty())
    }

    /// Whether nobody has entered anything: Krayin gives a lead without value a 0.
    pub(crate) fn is_unset(&self, value: Option<&Value>) -> bool {
        self.is_blank(value)
            || (*self == Self::Amount
                && value.and_then(decimal::of).is_some_and(|amount| amount.ten_thousandths() == 0))
    }

    /// Whether a text is ours and stands for none.
    pub(crate) fn is_placeholder(&self, text: &str, key: &DigestKey) -> bool {
        matches!(self, Self::Line | Self::Emails | Self::Phones) && placeholder::is_ours(text, key)
    }

    /// Whether two entries are of one address or number.
    pub(crate) fn same_entry(&self, a: &str, b: &str) -> bool {
        match self {
            Self::Phones => phone::same(a, b) || a == b,
            _ => email::are_same(a, b),
        }
    }

    /// Whether both mean the same.
    pub(crate) fn same(&self, a: &Value, b: &Value, place: Place) -> bool {
        let (a, b) = (self.canonical(a, place), self.canonical(b, place));
        match self {
            Self::OrganizationName => {
                a.iter().map(|name| name.to_lowercase()).eq(b.iter().map(|name| name.to_lowercase()))
            }
            _ => a == b,
        }
    }

    /// Brings what Krayin has, what the contact has and the digest of what was last sent together. `wanted` is `None`
    /// where the contact says nothing: only addresses and numbers of ours are taken away then.
    pub(super) fn merge(&self, current: Option<&Value>, wanted: Option<&Value>, place: Place, sent: Sent<'_>) -> Merge {
        let current = current.unwrap_or(&Value::Null);
        if matches!(self, Self::Emails | Self::Phones) {
            let merged = entries::merge(self, current, wanted.unwrap_or(&Value::Null), sent);
            let texts = |list: &[Value]| list.iter().filter_map(entries::text).collect::<Vec<_>>();
            return if texts(&merged) == self.canonical(current, place) {
                Merge::Same
            } else {
                Merge::Write(merged.into())
            };
        }
        let Some(wanted) = wanted else { return Merge::Same };
        let is_ours = |known: &String| self.is_placeholder(known, sent.key()) || sent.has(known);
        let known = self.canonical(current, place);
        // One of ours from before texts were made harmless is mended; a colleague's stays as it was written.
        let as_written = plain(current).map(|text| text.trim().to_owned());
        let is_unsafe = as_written.is_some_and(|text| !known.contains(&one_line(&text)) && sent.has(&text));
        let has_text = matches!(self, Self::Line | Self::OrganizationName | Self::Text);
        if self.same(current, wanted, place) && !(has_text && is_unsafe) {
            Merge::Same
        } else if known.iter().all(is_ours) || (has_text && is_unsafe) {
            Merge::Write(wanted.clone())
        } else {
            Merge::Theirs
        }
    }

    fn fit_entries(&self, value: Value) -> Result<Value, WrongValue> {
        let entries: Vec<Value> = match value {
            Value::Array(list) if list.iter().all(Value::is_object) => list,
            value => listed(&value).iter().filter_map(plain).map(|text| labelled(&text)).collect(),
        };
        let is_one = |entry: &Value| match (self, entries::text(entry)) {
            (_, None) => false,
            (Self::Emails, Some(text)) => is_address(&text),
            (_, Some(text)) => {
                text.chars().count() <= Self::LINE
                    && text.contains(|c: char| c.is_ascii_digit())
                    && !harmless::is_code(&text)
            }
        };
        let fitted: Vec<Value> = entries.into_iter().filter(is_one).collect();
        if fitted.is_empty() { Err(WrongValue) } else { Ok(fitted.into()) }
    }
}

/// The longest that an address may be before and after its `@`, and between the dots there.
fn is_address(email: &str) -> bool {
    let (local, domain) = email.rsplit_once('@').unwrap_or_default();
    let is_short = local.len() <= 64 && domain.len() <= 253 && domain.split('.').all(|label| label.len() <= 63);
    is_short
        && !local.is_empty()
        && !domain.is_empty()
        && !email.contains(char::is_whitespace)
        && !harmless::is_code(email)
}

fn labelled(text: &str) -> Value {
    json!({"value": text.trim(), "label": "work"})
}

/// The value as text.
fn plain(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => {
            text.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}'), "")
        }
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::Array(list) => list.iter().filter_map(plain).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Object(_) => return None,
    })
}

/// The entries of a list, or of a text with commas between them.
fn listed(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list.clone(),
        Value::String(text) => text.split(',').map(|word| Value::String(word.trim().to_owned())).collect(),
        other => vec![other.clone()],
    }
}

fn id(value: &Value) -> Option<u64> {
    let value = value.get("id").unwrap_or(value);
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|id| *id > 0)
}

fn option(options: &[(u64, String)], value: &Value) -> Option<u64> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let name = words(&plain(value)?);
    let by_name = options.iter().find(|(_, known)| words(known) == name);
    by_name.or_else(|| options.iter().find(|(known, _)| Some(*known) == id(value))).map(|(id, _)| *id)
}

fn yes(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(yes) => Some(*yes),
        Value::Number(number) => match number.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim().to_lowercase().as_str() {
            "1" | "true" | "yes" | "on" | "sim" | "sí" | "si" => Some(true),
            "0" | "false" | "no" | "off" | "não" | "nao" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The parts of an address that hold something; a text alone is the street.
fn address(value: &Value, place: Place) -> Option<Value> {
    let street = value.as_str().map(|street| json!({"address": street}));
    let fields = street.as_ref().unwrap_or(value).as_object()?;
    let mut parts = Map::new();
    for part in ADDRESS {
        let text = fields.get(part).and_then(plain).map(|text| place.fitted(&one_line(&text), Kind::LINE));
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            parts.insert(part.into(), text.into());
        }
    }
    (!parts.is_empty()).then_some(Value::Object(parts))
}

fn address_text(address: &Value) -> String {
    let part = |name: &str| Some(format!("{}:{}", json!(name), address.get(name)?));
    format!("{{{}}}", ADDRESS.into_iter().filter_map(part).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Kind, Merge, WrongValue};
    use crate::{DigestKey, field::Sent, harmless::Place};

    fn plans() -> Vec<(u64, String)> {
        vec![(4, "Gold".to_owned()), (7, "Two, too".to_owned())]
    }

    #[test]
    fn each_kind_writes_what_the_server_takes() {
        let left_out = Err(WrongValue);
        let some = |value: Value| Ok(Some(value));
        let table = [
            (Kind::Line, json!(" a\n b "), some(json!("a b"))),
            (Kind::Line, json!(5), some(json!("5"))),
            (Kind::Line, json!(["a", 5]), some(json!("a, 5"))),
            (Kind::Line, json!({"a": 1}), left_out.clone()),
            (Kind::Line, json!(" \u{7} "), Ok(None)),
            (Kind::Text, json!(" a\nb\0 "), some(json!("a\nb"))),
            (Kind::Amount, json!("12.5"), some(json!("12.5"))),
            (Kind::Amount, json!("a lot"), left_out.clone()),
            (Kind::Amount, json!(-1), left_out.clone()),
            (Kind::Emails, json!("a@b.example"), some(json!([{"value": "a@b.example", "label": "work"}]))),
            (Kind::Emails, json!("a"), left_out.clone()),
            (Kind::Phones, json!([{"value": "1", "label": "home"}]), some(json!([{"value": "1", "label": "home"}]))),
            (Kind::Address, json!({"city": " SF ", "zip": "x"}), some(json!({"city": "SF"}))),
            (Kind::Address, json!("1 Main St"), some(json!({"address": "1 Main St"}))),
            (Kind::Address, json!({"city": " "}), left_out.clone()),
            (Kind::Date, json!("2024-05-01T00:00:00.000Z"), some(json!("2024-05-01"))),
            (Kind::Date, json!("2024-05-01T20:00:00Z"), some(json!("2024-05-02"))),
            (Kind::Date, json!("2024-05-01T01:00:00+05:00"), some(json!("2024-05-01"))),
            (Kind::Date, json!("2024-05-01 noon"), left_out.clone()),
            (Kind::Date, json!("05/05/2031"), left_out.clone()),
            (Kind::DateTime, json!("2024-05-01T10:00:00Z"), some(json!("2024-05-01 15:30:00"))),
            (Kind::Choice(plans()), json!("gold"), some(json!(4))),
            (Kind::Choice(plans()), json!("7"), some(json!(7))),
            (Kind::Choice(plans()), json!(" two,  TOO\n"), some(json!(7))),
            (Kind::Choice(plans()), json!("Silver"), left_out.clone()),
            (Kind::Choice(plans()), json!(9), left_out.clone()),
            (Kind::Choices(plans()), json!(["Gold", "Two, too", "x"]), some(json!([4, 7]))),
            (Kind::Choices(plans()), json!("gold"), some(json!([4]))),
            (Kind::Choices(plans()), json!("x"), left_out.clone()),
            (Kind::YesNo, json!("no"), some(json!(0))),
            (Kind::YesNo, json!(true), some(json!(1))),
            (Kind::YesNo, json!("perhaps"), left_out.clone()),
            (Kind::Lookup(plans()), json!("12"), some(json!(12))),
            (Kind::Lookup(plans()), json!("GOLD"), some(json!(4))),
            (Kind::Lookup(Vec::new()), json!("Jane"), left_out),
            (Kind::Lookup(Vec::new()), json!(null), Ok(None)),
        ];
        for (kind, value, expected) in table {
            assert_eq!(kind.fit(value.clone(), kind.place(), Some(330)), expected, "{} {value}", kind.name());
        }
        assert_eq!(
            Kind::DateTime.fit(json!("2024-05-01T10:00:00Z"), Place::Line, None),
            Err(WrongValue),
            "whose clock?"
        );
        let long = Kind::Line.fit(json!("é".repeat(300)), Place::Line, None).unwrap().unwrap();
        assert_eq!(long.as_str().unwrap().chars().count(), 255);
    }

    #[test]
    fn what_the_server_answers_equals_what_was_sent() {
        let key = DigestKey::default();
        let nothing = Sent::of(&key, None);
        let table = [
            (Kind::Amount, json!(1000.5), json!("1000.5000")),
            (Kind::OrganizationName, json!("ACME"), json!("Acme ")),
            (Kind::Address, json!({"city": "SF"}), json!({"city": "SF", "state": "", "postcode": null})),
            (Kind::Choice(plans()), json!(4), json!("4")),
            (Kind::Choices(plans()), json!([7, 4]), json!("4,7")),
            (Kind::YesNo, json!(1), json!(true)),
            (Kind::Date, json!("2024-05-01"), json!("2024-05-01T00:00:00.000000Z")),
            (Kind::Lookup(Vec::new()), json!(5), json!({"id": 5, "name": "x"})),
        ];
        for (kind, sent, answered) in table {
            assert_eq!(
                kind.merge(Some(&answered), Some(&sent), kind.place(), nothing),
                Merge::Same,
                "{} {answered}",
                kind.name()
            );
        }
    }

    #[test]
    fn ours_is_replaced_theirs_stays() {
        let key = DigestKey::default();
        let kept = key.digest("Jane").text().to_owned();
        let sent = Sent::of(&key, Some(&kept));
        let table = [
            (json!("Jane"), Merge::Write(json!("Ann"))),
            (json!(null), Merge::Write(json!("Ann"))),
            (json!(" Ann "), Merge::Same),
            (json!("Dr. Jane"), Merge::Theirs),
            (json!("chatwoot-0123456789ab"), Merge::Write(json!("Ann"))),
        ];
        for (current, expected) in table {
            assert_eq!(Kind::Line.merge(Some(&current), Some(&json!("Ann")), Place::Line, sent), expected, "{current}");
        }
        assert_eq!(Kind::Line.merge(Some(&json!("Jane")), None, Place::Line, sent), Merge::Same);
        assert_eq!(
            Kind::Amount.merge(Some(&json!("0.0000")), Some(&json!(5)), Place::Line, Sent::of(&key, None)),
            Merge::Theirs
        );
        let raw = key.digest("{{x}}").text().to_owned();
        let mended = |kept: Option<&String>| {
            Kind::Line.merge(Some(&json!("{{x}}")), Some(&json!("{ {x} }")), Place::Line, Sent::of(&key, kept))
        };
        assert_eq!((mended(Some(&raw)), mended(None)), (Merge::Write(json!("{ {x} }")), Merge::Same));
        assert!(Kind::Amount.is_unset(Some(&json!("0.0000"))) && !Kind::Amount.is_blank(Some(&json!("0.0000"))));
    }
}
