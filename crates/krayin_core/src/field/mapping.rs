use serde_json::{Map, Value};

use super::{Entity, Field, Kind, Source, Write};
use crate::{
    chatwoot::{Contact, is_first_touch, is_of_conversation, is_unknown_source},
    language::Label,
    server::KnownAttribute,
    settings::{Mapping, MappingError},
};

impl Field {
    /// The row, beside those that are built in.
    ///
    /// # Errors
    /// Where Krayin's attributes are `known` and this is none of them, or one of another use.
    pub(crate) fn mapped(
        mapping: &Mapping,
        built_in: &[Field],
        known: &[KnownAttribute],
    ) -> Result<Self, MappingError> {
        let from = mapping.from.join(".");
        let label = crate::text::label(mapping.from.last().map(String::as_str).unwrap_or_default());
        let row = |kind, write, label: &str| Self {
            key: if write == Write::AsLine { format!("{}:{from}", mapping.key()) } else { mapping.key() }.into(),
            entity: mapping.entity,
            attribute: mapping.attribute.clone().into(),
            answered_at: None,
            looks_up_organizations: false,
            when_new: None,
            printed_raw: false,
            required: false,
            label: Label::given(label),
            from: from.clone().into(),
            source: Source::Attribute(mapping.from.clone()),
            kind,
            write,
        };
        if is_unknown_source(&mapping.from) {
            return Err(MappingError::Source(from));
        }
        let one_way = || MappingError::OneWay(mapping.key());
        // What the gem shows under names of its own is no row's.
        if mapping.both_ways
            && (mapping.entity == Entity::Organization
                || mapping.is_line()
                || mapping.shows().is_none_or(|key| key.starts_with("krayin_")))
        {
            return Err(one_way());
        }
        if mapping.is_line() {
            // A contact's own event would take such a line away again.
            if is_of_conversation(&mapping.from) {
                return Err(MappingError::Line(from));
            }
            return Ok(row(Kind::Line, Write::AsLine, &label));
        }
        if built_in.iter().any(|field| field.entity == mapping.entity && field.attribute == mapping.attribute) {
            return Err(MappingError::Twice(mapping.key()));
        }
        let attribute =
            known.iter().find(|known| known.entity() == Some(mapping.entity) && known.code == mapping.attribute);
        let attribute = attribute.ok_or_else(|| MappingError::Unknown(mapping.key()))?;
        let kind = Kind::of(attribute).ok_or_else(|| MappingError::Type(mapping.key()))?;
        if mapping.both_ways && !kind.can_be_shown() {
            return Err(one_way());
        }
        let fills = mapping.both_ways || is_first_touch(&mapping.from);
        let write = if fills { Write::FillIfBlank } else { Write::OnOurChange };
        let looks_up_organizations = attribute.lookup == "organizations" && matches!(kind, Kind::Lookup(_));
        Ok(Self { looks_up_organizations, ..row(kind, write, &attribute.name) })
    }

    /// Whether no visitor can have written the contact's value: its number in Chatwoot, or what of a contact of colleagues'
    /// alone stands in its custom attributes or its identifier. What channels note and what is a conversation's may be any
    /// visitor's words, and what a host gives may be made of them.
    pub(crate) fn is_colleagues(&self, contact: &Contact) -> bool {
        let Source::Attribute(path) = &self.source else { return false };
        if contact.given(self.entity, &self.attribute).is_some() {
            return false;
        }
        match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["contact", "id"] => true,
            _ if !contact.is_written_by_colleagues => false,
            ["contact", "identifier"] | ["custom_attributes", _, ..] => true,
            [first, ..] => contact.source(path).is_none() && contact.custom_attributes.contains_key(*first),
            [] => false,
        }
    }
}

/// What the contact has at a path: of its custom attributes, else of its additional ones.
pub(super) fn look_up(contact: &Contact, path: &[String]) -> Option<Value> {
    if let Some(found) = contact.source(path) {
        return Some(found);
    }
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

    use super::look_up;
    use crate::{
        chatwoot::Contact,
        field::{Entity, Field, Kind, Write},
        mapper::FIELDS,
        server::KnownAttribute,
        settings::{Mapping, MappingError},
    };

    fn known(entity_type: &str, code: &str, kind: &str) -> KnownAttribute {
        KnownAttribute {
            entity_type: entity_type.into(),
            code: code.into(),
            name: code.to_uppercase(),
            kind: kind.into(),
            lookup: String::new(),
            options: vec![(1, "Gold".into())],
        }
    }

    #[test]
    fn a_row_is_checked_against_the_servers_attributes() {
        let attributes =
            [known("leads", "plan", "select"), known("persons", "vip", "boolean"), known("leads", "scan", "file")];
        let row = |text: &str| Field::mapped(&Mapping::parse(&json!(text)).unwrap()[0], FIELDS, &attributes);
        let plan = row("lead.plan = plan").unwrap();
        assert_eq!(
            (plan.entity, plan.write, plan.label.to_string()),
            (Entity::Lead, Write::OnOurChange, "PLAN".into())
        );
        assert_eq!(plan.kind, Kind::Choice(vec![(1, "Gold".into())]));
        assert_eq!(row("person.vip = vip").unwrap().kind, Kind::YesNo);
        assert_eq!(row("lead.vip = vip").unwrap_err(), MappingError::Unknown("lead.vip".into()));
        assert_eq!(row("lead.scan = scan").unwrap_err(), MappingError::Type("lead.scan".into()));
        let both = row("lead.plan <-> plan").unwrap();
        assert_eq!((both.write, both.label.to_string()), (Write::FillIfBlank, "PLAN".into()));
        assert_eq!(row("person.vip <-> vip").unwrap().write, Write::FillIfBlank);
        for key in ["lead.plan", "lead.description", "organization.vip"] {
            let wrong = if key == "lead.plan" { "contact.name" } else { "plan" };
            assert_eq!(row(&format!("{key} <-> {wrong}")).unwrap_err(), MappingError::OneWay(key.into()));
        }
        let of_several = |name: &str| {
            let options = vec![(1, "Gold".into()), (2, name.into())];
            let many = KnownAttribute { options, ..known("persons", "many", "multiselect") };
            let parsed = Mapping::parse(&json!("person.many <-> many")).unwrap();
            Field::mapped(&parsed[0], FIELDS, &[many]).map(|field| field.write)
        };
        assert_eq!(of_several("Free"), Ok(Write::FillIfBlank));
        assert_eq!(of_several("Two, too"), Err(MappingError::OneWay("person.many".into())));
        assert_eq!(row("lead.plan <-> krayin_stage").unwrap_err(), MappingError::OneWay("lead.plan".into()));
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
