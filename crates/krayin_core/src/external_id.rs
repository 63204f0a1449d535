//! The codec of external ids: `krayin:person:1|krayin:lead:2|krayin:organization:3|krayin:activity:4`.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const PREFIX: &str = "krayin";
const KNOWN: [&str; 4] = ["person", "lead", "organization", "activity"];

/// The ids that Krayin gave to one record of Chatwoot, by type.
///
/// Written with the four known types first, then others (a later version's) by name. Read from anything: parts that
/// are not `krayin:<type>:<positive number>` are passed over, and of a type that stands twice the last one counts.
///
/// ```
/// use krayin_core::external_id::ExternalIds;
/// let ids: ExternalIds = "krayin:lead:2|junk|krayin:person:1".parse().unwrap_or_default();
/// assert_eq!(ids.get("person"), Some(1));
/// assert_eq!(ids.to_string(), "krayin:person:1|krayin:lead:2");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExternalIds(Vec<(String, u64)>);

impl ExternalIds {
    /// Reads whatever `source` holds; total, so text without ids gives an empty set.
    pub fn parse(source: &str) -> Self {
        let mut ids = Self::default();
        for part in source.split('|') {
            let mut words = part.trim().split(':');
            if let (Some(PREFIX), Some(kind), Some(id), None) = (words.next(), words.next(), words.next(), words.next())
                && id.bytes().all(|byte| byte.is_ascii_digit())
                && let Ok(id) = id.parse()
            {
                ids.set(kind, id);
            }
        }
        ids
    }

    /// The id of `kind` (`person`, `lead`, `organization`, `activity`).
    pub fn get(&self, kind: &str) -> Option<u64> {
        self.0.iter().find(|(known, _)| known == kind).map(|(_, id)| *id)
    }

    /// Puts one id in. An id of 0 and a kind that cannot be written are no ids: they change nothing and give `false`.
    pub fn set(&mut self, kind: &str, id: u64) -> bool {
        let writable = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if !writable || id == 0 {
            return false;
        }
        self.forget(kind);
        self.0.push((kind.to_owned(), id));
        self.0.sort_by(|(a, _), (b, _)| order(a, b));
        true
    }

    /// Takes in all of `newer`, which wins where both have an id.
    pub fn merge(&mut self, newer: &Self) {
        for (kind, id) in &newer.0 {
            self.set(kind, *id);
        }
    }

    /// Drops the id of `kind` and returns it.
    pub fn forget(&mut self, kind: &str) -> Option<u64> {
        let at = self.0.iter().position(|(known, _)| known == kind)?;
        Some(self.0.remove(at).1)
    }

    /// Whether there is no id at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Type and id of each, in the order in which they are written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(kind, id)| (kind.as_str(), *id))
    }
}

fn order(a: &str, b: &str) -> Ordering {
    let rank = |kind: &str| KNOWN.iter().position(|known| *known == kind).unwrap_or(KNOWN.len());
    rank(a).cmp(&rank(b)).then_with(|| a.cmp(b))
}

impl fmt::Display for ExternalIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (kind, id)) in self.iter().enumerate() {
            let separator = if at == 0 { "" } else { "|" };
            write!(f, "{separator}{PREFIX}:{kind}:{id}")?;
        }
        Ok(())
    }
}

impl FromStr for ExternalIds {
    type Err = std::convert::Infallible;

    fn from_str(source: &str) -> Result<Self, Self::Err> {
        Ok(Self::parse(source))
    }
}

impl<'a> FromIterator<(&'a str, u64)> for ExternalIds {
    fn from_iter<I: IntoIterator<Item = (&'a str, u64)>>(pairs: I) -> Self {
        let mut ids = Self::default();
        for (kind, id) in pairs {
            ids.set(kind, id);
        }
        ids
    }
}

impl Serialize for ExternalIds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ExternalIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::ExternalIds;

    #[test]
    fn reads_what_it_wrote_in_any_order() {
        let text = "krayin:person:123|krayin:lead:456|krayin:organization:789|krayin:activity:101";
        assert_eq!(ExternalIds::parse(text).to_string(), text);
        let turned = "krayin:activity:101|krayin:organization:789|krayin:lead:456|krayin:person:123";
        assert_eq!(ExternalIds::parse(turned).to_string(), text);
    }

    #[test]
    fn passes_over_what_is_no_id() {
        let junk = [
            "",
            "|",
            "||krayin||",
            "krayin",
            "krayin:person",
            "krayin:person:",
            "krayin:person:0",
            "krayin:person:-1",
            "krayin:person:+1",
            "krayin:person:1.5",
            "krayin:person: 1",
            "krayin:person:١",
            "krayin:person:99999999999999999999999",
            "krayin:person:1:2",
            "krayin::1",
            "krayin:Per son:1",
            "hubspot:person:1",
            "whatsapp:+14155550182",
            "\u{0}\u{fffd}|日本:日:本",
        ];
        for text in junk {
            assert!(ExternalIds::parse(text).is_empty(), "{text:?}");
        }
        assert_eq!(ExternalIds::parse("+1415|krayin:person:7|x").to_string(), "krayin:person:7");
    }

    #[test]
    fn keeps_types_that_it_does_not_know_behind_those_that_it_does() {
        assert_eq!(ExternalIds::parse("krayin:quote:9|krayin:lead:2").to_string(), "krayin:lead:2|krayin:quote:9");
    }

    #[test]
    fn the_last_of_a_type_counts() {
        assert_eq!(ExternalIds::parse("krayin:lead:1|krayin:lead:2").get("lead"), Some(2));
    }

    #[test]
    fn merges_and_forgets() {
        let mut ids = ExternalIds::parse("krayin:person:1|krayin:lead:2");
        ids.merge(&ExternalIds::parse("krayin:lead:3|krayin:organization:4"));
        assert_eq!(ids.to_string(), "krayin:person:1|krayin:lead:3|krayin:organization:4");
        assert_eq!(ids.forget("person"), Some(1));
        assert_eq!(ids.forget("person"), None);
        assert_eq!(ids.to_string(), "krayin:lead:3|krayin:organization:4");
    }

    #[test]
    fn refuses_what_could_not_be_read_again() {
        let mut ids = ExternalIds::default();
        for (kind, id) in [("person", 0), ("", 1), ("a:b", 1), ("a|b", 1)] {
            assert!(!ids.set(kind, id), "{kind}");
        }
        assert!(ids.is_empty());
    }
}
