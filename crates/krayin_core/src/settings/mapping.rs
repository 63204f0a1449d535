use serde_json::Value;

use crate::{
    chatwoot::is_of_conversation,
    krayin::Entity,
    problem::{Problem, Wanted},
};

/// A field that an administrator added: an attribute of the contact, and the attribute of Krayin's that takes it.
///
/// As a text `lead.website = website`; several with a comma or a new line between them, or a list of texts. The left side
/// is `person`, `lead` or `organization` and the attribute's code; `lead.description` adds a line to the description. The
/// right side is the key of a custom or additional attribute, with dots between the parts of a path, or what else Chatwoot
/// knows: `contact.identifier`, `company.name`, `location.city`, `conversation.priority`, `assignee.email` and others.
///
/// `lead.plan <-> plan` goes both ways, and so does `person.plan <-> plan`: the contact's custom attribute shows what Krayin
/// has, and an agent's change of it is Krayin's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub(crate) entity: Entity,
    pub(crate) attribute: String,
    pub(crate) from: Vec<String>,
    pub(crate) both_ways: bool,
}

/// Why a mapping cannot be used. Names keys, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// It has not the form of one.
    #[error(
        "must be lines such as lead.website = website: an entity, an attribute of Krayin's, and a key of the contact's"
    )]
    Form,
    /// Two lines are of one attribute, or the attribute is filled already.
    #[error("has {0} twice, or the sync fills it already")]
    Twice(String),
    /// Krayin has no such attribute.
    #[error("has {0}, which Krayin does not have: create the attribute under Settings, Attributes, then connect again")]
    Unknown(String),
    /// The server's API does not tell which attributes it has.
    #[error("has {0}, and this Krayin's API does not tell its attributes: map lines of lead.description alone")]
    Untold(String),
    /// Chatwoot has nothing that is called so.
    #[error("has {0}, which Chatwoot does not have: take one of those that docs/administrators.md lists")]
    Source(String),
    /// A line of the description cannot be a conversation's.
    #[error(
        "has {0} as a line of the description, where only what is the contact's own can be: map it to an attribute"
    )]
    Line(String),
    /// What the line names does not go both ways.
    #[error("has {0} both ways, which goes one way alone: write it with =")]
    OneWay(String),
    /// The attribute holds nothing that a contact could have.
    #[error("has {0}, whose type cannot be filled")]
    Type(String),
}

impl MappingError {
    /// The same as a problem of the settings.
    pub fn problem(self) -> Problem {
        match self {
            Self::Form => {
                Problem::ValueWrong { key: "field_mapping".to_owned(), wanted: Wanted::Mapping, choices: Vec::new() }
            }
            Self::Twice(attribute) => Problem::MappedTwice { attribute },
            Self::Unknown(attribute) => Problem::MappedUnknown { attribute },
            Self::Untold(attribute) => Problem::MappedUntold { attribute },
            Self::Source(source) => Problem::MappedSource { source },
            Self::Line(source) => Problem::MappedLine { source },
            Self::OneWay(attribute) => Problem::MappedOneWay { attribute },
            Self::Type(attribute) => Problem::MappedUnfillable { attribute },
        }
    }
}

impl Mapping {
    /// Reads a text or a list of texts.
    ///
    /// # Errors
    /// [`MappingError::Form`] and [`MappingError::Twice`].
    pub fn parse(value: &Value) -> Result<Vec<Self>, MappingError> {
        let lines: Vec<&str> = match value {
            Value::String(text) => text.split([',', '\n']).collect(),
            Value::Array(list) => list.iter().map(Value::as_str).collect::<Option<_>>().ok_or(MappingError::Form)?,
            _ => return Err(MappingError::Form),
        };
        let mut read: Vec<Self> = Vec::new();
        for line in lines.into_iter().map(str::trim).filter(|line| !line.is_empty()) {
            let mapping = Self::line(line).ok_or(MappingError::Form)?;
            let is_shown_by = |known: &Self| known.shows().is_some() && known.shows() == mapping.shows();
            if !mapping.is_line() && read.iter().any(|known| known.key() == mapping.key() || is_shown_by(known)) {
                return Err(MappingError::Twice(mapping.key()));
            }
            read.push(mapping);
        }
        Ok(read)
    }

    fn line(line: &str) -> Option<Self> {
        let (sides, both_ways) = match line.split_once("<->") {
            Some(sides) => (sides, true),
            None => (line.split_once('=')?, false),
        };
        let (to, from) = sides;
        let (entity, attribute) = to.trim().split_once('.')?;
        let from: Vec<String> = from.split('.').map(|part| part.trim().to_owned()).collect();
        let is_code = !attribute.is_empty()
            && attribute.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        (is_code && from.iter().all(|part| !part.is_empty())).then_some(Self {
            entity: Entity::parse(entity)?,
            attribute: attribute.to_owned(),
            from,
            both_ways,
        })
    }

    /// The key of the contact's custom attribute that shows what Krayin has.
    pub(crate) fn shows(&self) -> Option<&str> {
        match self.from.as_slice() {
            _ if !self.both_ways => None,
            [key] => Some(key),
            [of, key] if of == "custom_attributes" => Some(key),
            _ => None,
        }
    }

    /// `lead.website`.
    pub fn key(&self) -> String {
        format!("{}.{}", self.entity.name(), self.attribute)
    }

    /// Whether it is known in a conversation alone.
    pub(crate) fn is_of_conversation(&self) -> bool {
        is_of_conversation(&self.from)
    }

    /// Whether it adds a line to the description.
    pub(crate) fn is_line(&self) -> bool {
        self.entity == Entity::Lead && self.attribute == "description"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Mapping, MappingError};

    #[test]
    fn reads_lines() {
        let text = Mapping::parse(&json!("lead.website = website, persons.vip=custom_attributes.vip\n")).unwrap();
        let list = Mapping::parse(&json!(["lead.website=website", "person.vip = custom_attributes . vip"])).unwrap();
        assert_eq!(text, list);
        assert_eq!(text.iter().map(Mapping::key).collect::<Vec<_>>(), ["lead.website", "person.vip"]);
        for wrong in [
            json!(5),
            json!([5]),
            json!("website"),
            json!("lead = a"),
            json!("deal.a = b"),
            json!("lead.a b = c"),
            json!("lead.a = "),
        ] {
            assert_eq!(Mapping::parse(&wrong), Err(MappingError::Form), "{wrong}");
        }
        assert_eq!(Mapping::parse(&json!("lead.a=b,lead.a=c")), Err(MappingError::Twice("lead.a".into())));
        let both = Mapping::parse(&json!("lead.a <-> b, lead.c<->custom_attributes . d, lead.e = b")).unwrap();
        assert_eq!(both.iter().map(Mapping::shows).collect::<Vec<_>>(), [Some("b"), Some("d"), None]);
        assert_eq!(
            Mapping::parse(&json!("lead.a <-> b, lead.c <-> custom_attributes.b")),
            Err(MappingError::Twice("lead.c".into()))
        );
        assert_eq!(Mapping::parse(&json!("lead.description=b,lead.description=c")).unwrap().len(), 2);
    }
}
