use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::krayin::{Entity, Named};

/// An attribute that somebody added to Krayin's own, as the set-up saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownAttribute {
    /// `persons`, `leads` or `organizations`.
    pub entity_type: String,
    /// The key that its value is written under.
    pub code: String,
    /// The name that people see.
    pub name: String,
    /// Krayin's type: `text`, `select`, `boolean` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// What a lookup looks up: `users`, `products` and so on.
    #[serde(rename = "lookup_type", skip_serializing_if = "String::is_empty")]
    pub lookup: String,
    /// The choices of a list, id and name; of a lookup that is mapped, what it can be told by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<(u64, String)>,
}

impl KnownAttribute {
    /// An entry of `settings/attributes`, where it is one that somebody added to an entity which the sync writes.
    pub(crate) fn of(attribute: &Named) -> Option<Self> {
        let text = |key: &str| attribute.rest.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        // Krayin's own carry 0; the server that has just made one says null of it.
        let is_own = attribute.says("is_user_defined") == Some(false);
        let known = Self {
            entity_type: text("entity_type"),
            code: text("code"),
            name: attribute.name.clone().unwrap_or_default(),
            kind: text("type"),
            lookup: text("lookup_type"),
            options: options(attribute.rest.get("options")),
        };
        (!is_own && known.entity().is_some() && !known.code.is_empty()).then_some(known)
    }

    /// Whose it is.
    pub fn entity(&self) -> Option<Entity> {
        Entity::ALL.into_iter().find(|entity| entity.entity_type() == self.entity_type)
    }

    /// `person.plan`, as the mapping has it.
    pub(crate) fn key(&self) -> Option<String> {
        Some(format!("{}.{}", self.entity()?.name(), self.code))
    }

    /// Whether it is a yes/no attribute, which a write that leaves it out sets to no.
    pub(crate) fn is_yes_no(&self) -> bool {
        self.kind == "boolean"
    }
}

fn options(options: Option<&Value>) -> Vec<(u64, String)> {
    let entries = options.and_then(Value::as_array).into_iter().flatten();
    entries
        .filter_map(|option| Some((option.get("id")?.as_u64()?, option.get("name")?.as_str()?.trim().to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::KnownAttribute;
    use crate::krayin::Named;

    #[test]
    fn knows_what_somebody_added() {
        let read = |value| KnownAttribute::of(&serde_json::from_value::<Named>(value).unwrap());
        let plan = json!({
            "id": 61, "code": "plan", "name": "Plan", "type": "select", "entity_type": "leads", "is_user_defined": 1,
            "options": [{"id": 4, "name": " Gold "}, {"id": null}]
        });
        let known = read(plan).unwrap();
        assert_eq!((known.code.as_str(), known.options.as_slice()), ("plan", [(4, "Gold".to_owned())].as_slice()));
        for other in [
            json!({"id": 1, "code": "title", "type": "text", "entity_type": "leads", "is_user_defined": 0}),
            json!({"id": 2, "code": "x", "type": "text", "entity_type": "products", "is_user_defined": 1}),
            json!({"id": 3, "type": "text", "entity_type": "leads", "is_user_defined": 1}),
        ] {
            assert_eq!(read(other.clone()), None, "{other}");
        }
        let new = json!({"id": 9, "code": "vip", "type": "boolean", "entity_type": "persons", "is_user_defined": null});
        assert!(read(new).unwrap().is_yes_no());
    }
}
