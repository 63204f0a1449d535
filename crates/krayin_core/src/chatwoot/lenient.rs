//! Deserializers that take what is there and never fail, in one pass and without a tree in between.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Number, Value};

use crate::json;

/// Reads a whole record.
pub(super) fn record<T: DeserializeOwned + Default>(json: &[u8]) -> T {
    read(json).unwrap_or_default()
}

/// The same where what is no record is to be told. A key that stands twice is an error to serde, but none to a tree, which
/// has it once.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    let of_tree = |_| json::read::<Value>(json).and_then(|tree| serde_json::from_str(&tree.to_string()));
    json::read(json).or_else(of_tree).ok().map(|Whole(record)| record)
}

/// Text without surrounding blanks; numbers and booleans as text; `None` for blank text and everything else.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text_of(Scalar::deserialize(deserializer)?))
}

fn text_of(scalar: Scalar<'_>) -> Option<String> {
    match scalar {
        Scalar::Text(text) => trimmed(text),
        Scalar::Number(number) => Some(number.to_string()),
        Scalar::Flag(flag) => Some(flag.to_string()),
        Scalar::Nothing | Scalar::Compound => None,
    }
}

/// The same of what is mostly one of Chatwoot's own words: those take no room.
pub(super) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'static, str>>, D::Error> {
    let scalar = Scalar::deserialize(deserializer)?;
    if let Scalar::Text(text) = &scalar
        && let Some(word) = WORDS.iter().find(|word| **word == *text)
    {
        return Ok(Some(Cow::Borrowed(*word)));
    }
    Ok(text_of(scalar).map(Cow::Owned))
}

const WORDS: [&str; 4] = ["incoming", "outgoing", "Contact", "User"];

fn trimmed(text: Cow<'_, str>) -> Option<String> {
    let inner = text.trim();
    if inner.is_empty() {
        None
    } else if inner.len() == text.len() {
        Some(text.into_owned())
    } else {
        Some(inner.to_owned())
    }
}

/// The same of a value that was read already.
pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => trimmed(Cow::Borrowed(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A positive whole number, also as text; 0 for everything else.
pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Number(number) => number.as_u64().unwrap_or_default(),
        Scalar::Text(text) => text.trim().parse().unwrap_or_default(),
        Scalar::Nothing | Scalar::Flag(_) | Scalar::Compound => 0,
    })
}

/// A number, also as text; 0 for everything else.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let number = match Scalar::deserialize(deserializer)? {
        Scalar::Number(number) => number.as_f64(),
        Scalar::Text(text) => text.trim().parse().ok(),
        Scalar::Nothing | Scalar::Flag(_) | Scalar::Compound => None,
    };
    Ok(number.filter(|number: &f64| number.is_finite()).unwrap_or_default())
}

/// `true` for everything but a clear no: what may be private is.
pub(super) fn unless_no<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Nothing => false,
        Scalar::Flag(flag) => flag,
        Scalar::Number(number) => number.as_f64() != Some(0.0),
        Scalar::Text(text) => !matches!(text.trim(), "" | "false" | "0"),
        Scalar::Compound => true,
    })
}

/// An object; empty for everything else.
pub(super) fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    nested(deserializer).map(Option::unwrap_or_default)
}

/// A nested record; `None` for what is no object. A column of JSON that was encoded twice holds a text with the object.
pub(super) fn nested<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(Entry::deserialize(deserializer)?.0)
}

/// The records of a list; empty for everything else.
pub(super) fn list<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(ListVisitor(PhantomData, |entry: Entry<T>| entry.0))
}

/// The texts of a list; empty for everything else.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = |scalar| if let Scalar::Text(text) = scalar { trimmed(text) } else { None };
    deserializer.deserialize_any(ListVisitor(PhantomData, text))
}

/// A value that has no parts, or that it has some.
enum Scalar<'de> {
    Nothing,
    Flag(bool),
    Number(Number),
    Text(Cow<'de, str>),
    Compound,
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(number).map_or(Scalar::Nothing, Scalar::Number))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(list).map(|_| Scalar::Compound)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_map(object).map(|_| Scalar::Compound)
    }
}

/// The methods of a visitor to whom values without parts are nothing.
macro_rules! pass_over_scalars {
    ($nothing:expr) => {
        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("any value")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

/// A record that is an object: serde would take a list for one as well. It is read as one within another is, so that no
/// record needs a second reader.
struct Whole<T>(T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WholeVisitor(PhantomData))
    }
}

struct WholeVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for WholeVisitor<T> {
    type Value = Whole<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(Whole)
    }
}

/// A record, where there is one.
struct Entry<T>(Option<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor(PhantomData))
    }
}

struct EntryVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for EntryVisitor<T> {
    type Value = Entry<T>;

    pass_over_scalars!(Entry(None));

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim_start();
        // Some are encoded once more.
        let inner = if text.starts_with('"') { json::read::<String>(text.as_bytes()).ok() } else { None };
        let object = inner.as_deref().map_or(text, str::trim_start);
        Ok(Entry(if object.starts_with('{') { read(object.as_bytes()) } else { None }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(list).map(|_| Entry(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(|record| Entry(Some(record)))
    }
}

/// Reads each entry of a list as an `R` and keeps what the function makes of it.
struct ListVisitor<R, F>(PhantomData<R>, F);

impl<'de, R: Deserialize<'de>, T, F: Fn(R) -> Option<T>> Visitor<'de> for ListVisitor<R, F> {
    type Value = Vec<T>;

    pass_over_scalars!(Vec::new());

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(entry) = list.next_element()? {
            kept.extend(self.1(entry));
        }
        Ok(kept)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_map(object).map(|_| Vec::new())
    }
}
