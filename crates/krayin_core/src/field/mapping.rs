use serde_json::{Map, Value};

use super::{Entity, Field, KnownAttribute, Label, Source, Write};
use crate::chatwoot::Contact;

/// A field that an administrator added: an attribute of the contact, and the attribute of Krayin's that takes it.
///
/// As a text `lead.website = website`; several with a comma or a new line between them, or a list of texts. The left side
/// is `person`, `lead` or `organization` and the attribute's code; `lead.description` adds a line to the description. The
/// right side is the key of a custom or additional attribute, with dots between the parts of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    entity: Entity,
    attribute: String,
    from: Vec<String>,
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
    /// The attribute holds nothing that a contact could have.
    #[error("has {0}, whose type cannot be filled")]
    Type(String),
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
            if !mapping.is_line() && read.iter().any(|known| known.key() == mapping.key()) {
                return Err(MappingError::Twice(mapping.key()));
            }
            read.push(mapping);
        }
        Ok(read)
    }

    fn line(line: &str) -> Option<Self> {
        let (to, from) = line.split_once('=')?;
        let (entity, attribute) = to.trim().split_once('.')?;
        let from: Vec<String> = from.split('.').map(|part| part.trim().to_owned()).collect();
        let is_code = !attribute.is_empty()
            && attribute.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        (is_code && from.iter().all(|part| !part.is_empty())).then_some(Self {
            entity: Entity::parse(entity)?,
            attribute: attribute.to_owned(),
            from,
        })
    }

    /// `lead.website`.
    pub fn key(&self) -> String {
        format!("{}.{}", self.entity.name(), self.attribute)
    }

    fn is_line(&self) -> bool {
        self.entity == Entity::Lead && self.attribute == "description"
    }

    /// The row, beside those that are built in.
    ///
    /// # Errors
    /// Where Krayin's attributes are `known` and this is none of them, or one of another use.
    pub(crate) fn field(&self, built_in: &[Field], known: &[KnownAttribute]) -> Result<Field, MappingError> {
        let from = self.from.join(".");
        let label = crate::text::label(self.from.last().map(String::as_str).unwrap_or_default());
        let row = |kind, write, label: &str| Field {
            key: if write == Write::AsLine { format!("{}:{from}", self.key()) } else { self.key() }.into(),
            entity: self.entity,
            attribute: self.attribute.clone().into(),
            answered_at: None,
            when_new: None,
            printed_raw: false,
            label: Label::given(label),
            from: from.clone().into(),
            source: Source::Attribute(self.from.clone()),
            kind,
            write,
        };
        if self.is_line() {
            return Ok(row(super::Kind::Line, Write::AsLine, &label));
        }
        if built_in.iter().any(|field| field.entity == self.entity && field.attribute == self.attribute) {
            return Err(MappingError::Twice(self.key()));
        }
        let attribute = known.iter().find(|known| known.entity() == Some(self.entity) && known.code == self.attribute);
        let attribute = attribute.ok_or_else(|| MappingError::Unknown(self.key()))?;
        let kind = attribute.kind().ok_or_else(|| MappingError::Type(self.key()))?;
        Ok(row(kind, Write::OnOurChange, &attribute.name))
    }
}

/// What the contact has at a path: of its custom attributes, else of its additional ones.
pub(super) fn look_up(contact: &Contact, path: &[String]) -> Option<Value> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let within = |attributes: &Map<String, Value>, path: &[&str]| {
        let (first, rest) = path.split_first()?;
        let found = rest.iter().try_fold(attributes.get(*first)?, |value, part| value.get(part))?;
        (!found.is_null()).then(|| found.clone())
    };
    match path.split_first() {
        Some((&"custom_attributes", rest)) => within(&contact.custom_attributes, rest),
        Some((&"additional_attributes", rest)) => within(&contact.additional_attributes, rest),
        _ => within(&contact.custom_attributes, &path).or_else(|| within(&contact.additional_attributes, &path)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Mapping, MappingError, look_up};
    use crate::{
        chatwoot::Contact,
        field::{Entity, Kind, KnownAttribute, Write},
        mapper::FIELDS,
    };

    fn known(entity_type: &str, code: &str, kind: &str) -> KnownAttribute {
        KnownAttribute {
            entity_type: entity_type.into(),
            code: code.into(),
            name: code.to_uppercase(),
            kind: kind.into(),
            options: vec![(1, "Gold".into())],
        }
    }

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
        assert_eq!(Mapping::parse(&json!("lead.description=b,lead.description=c")).unwrap().len(), 2);
    }

    #[test]
    fn a_row_is_checked_against_the_servers_attributes() {
        let attributes =
            [known("leads", "plan", "select"), known("persons", "vip", "boolean"), known("leads", "scan", "file")];
        let row = |text: &str| Mapping::parse(&json!(text)).unwrap()[0].field(FIELDS, &attributes);
        let plan = row("lead.plan = plan").unwrap();
        assert_eq!(
            (plan.entity, plan.write, plan.label.to_string()),
            (Entity::Lead, Write::OnOurChange, "PLAN".into())
        );
        assert_eq!(plan.kind, Kind::Choice(vec![(1, "Gold".into())]));
        assert_eq!(row("person.vip = vip").unwrap().kind, Kind::YesNo);
        assert_eq!(row("lead.vip = vip").unwrap_err(), MappingError::Unknown("lead.vip".into()));
        assert_eq!(row("lead.scan = scan").unwrap_err(), MappingError::Type("lead.scan".into()));
        assert_eq!(row("lead.title = title").unwrap_err(), MappingError::Twice("lead.title".into()));
        let line = row("lead.description = plan_name").unwrap();
        assert_eq!((line.write, line.label.to_string()), (Write::AsLine, "Plan name".into()));
    }

    #[test]
    fn looks_where_the_contact_has_it() {
        let contact = json!({
            "custom_attributes": {"plan": "gold", "both": 1}, "additional_attributes": {"both": 2, "social_profiles": {"github": "jd"}}
        });
        let contact = Contact::from_json(contact.to_string().as_bytes());
        let table = [
            ("plan", json!("gold")),
            ("both", json!(1)),
            ("additional_attributes.both", json!(2)),
            ("social_profiles.github", json!("jd")),
            ("custom_attributes.github", Value::Null),
            ("custom_attributes", Value::Null),
        ];
        for (path, expected) in table {
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            assert_eq!(look_up(&contact, &path).unwrap_or_default(), expected, "{path:?}");
        }
    }
}
