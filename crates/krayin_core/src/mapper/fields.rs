use serde_json::{Value, json};

use super::{contact_lead as lead, contact_organization as organization, contact_person as person};
use crate::{
    chatwoot::Contact,
    field::{self, Entity, Entity::*, Field, Kind, Kind::*, Source, Write, Write::*},
    language::Label,
    render::attribute::masked_unless_shown,
    settings::{Mapping, Settings},
};

/// The fields that every contact has. One more is one more row.
#[rustfmt::skip]
pub static FIELDS: &[Field] = &[
    own("name", Person, "name", Label::new("name", "nome", "nombre"), Line, ThreeWay,
        "name, middle_name and last_name; where they are blank the channel handle, the phone number, the e-mail address, Contact #7",
        |contact, _| Some(person::name(contact).into()))
        .required(),
    own("email", Person, "emails", Label::new("e-mail address", "e-mail", "correo electrónico"), Emails, ThreeWay,
        "email; none where Krayin would not take it",
        |contact, _| list(person::emails(contact), contact.email.is_some())),
    own("phone", Person, "contact_numbers", Label::new("phone number", "telefone", "teléfono"), Phones, ThreeWay,
        "phone_number in E.164, as it is where it cannot be understood",
        |contact, _| list(person::numbers(contact), contact.phone_number.is_some())),
    own("job_title", Person, "job_title", Label::new("job title", "cargo", "cargo"), Line, ThreeWay,
        "job_title; without e-mail address and number the handle of a contact's channel, `Telegram: @jane`",
        |contact, settings| masked(attribute(contact, &["job_title"]), settings).or_else(|| person::channel_handle(contact).map(Value::from)))
        .printed_raw(),
    own("organization", Person, "organization_name", Label::new("organization", "organização", "organización"), OrganizationName, ThreeWay,
        "company_name, company or organization, where sync_to_organization is on",
        |contact, settings| settings.sync_to_organization.then(|| organization::name(contact))?.map(Value::from))
        .answered_at("/organization/name"),
    own("address", Organization, "address", Label::new("address", "endereço", "dirección"), Address, FillIfBlank,
        "company_address, company_country, company_state, company_city, company_zipcode or company_postcode",
        |contact, settings| settings.sync_to_organization.then(|| organization::address(contact))?),
    own("title", Lead, "title", Label::new("title", "título", "título"), Line, ThreeWay,
        "the person's name",
        |contact, _| Some(person::name(contact).into()))
        .required(),
    own("lead_value", Lead, "lead_value", Label::new("value", "valor", "valor"), Amount, ThreeWay,
        "lead_value, deal_value or budget among the custom or additional attributes, as people write money; nothing where none of them says one sum",
        |contact, _| lead::worth(contact, &["lead_value", "deal_value", "budget"]).map(|worth| json!(worth)))
        .when_new(0.0),
    own("description", Lead, "description", Label::new("description", "descrição", "descripción"), Text, ThreeWay,
        "the lines below; never IP addresses, tokens, sessions",
        lines),
    line("about", Label::none(), Text, "description",
        |contact, settings| masked(attribute(contact, &["description"]), settings)),
    line("location", Label::new("Location", "Location", "Location"), Line, "city and country",
        |contact, settings| masked(lead::location(contact).map(Value::from), settings)),
    line("facebook", network("Facebook"), Line, "social_profiles.facebook", |contact, _| lead::profile(contact, "facebook")),
    line("github", network("Github"), Line, "social_profiles.github", |contact, _| lead::profile(contact, "github")),
    line("instagram", network("Instagram"), Line, "social_profiles.instagram", |contact, _| lead::profile(contact, "instagram")),
    line("linkedin", network("Linkedin"), Line, "social_profiles.linkedin", |contact, _| lead::profile(contact, "linkedin")),
    line("telegram", network("Telegram"), Line, "social_profiles.telegram", |contact, _| lead::profile(contact, "telegram")),
    line("tiktok", network("Tiktok"), Line, "social_profiles.tiktok", |contact, _| lead::profile(contact, "tiktok")),
    line("twitter", network("Twitter"), Line, "social_profiles.twitter", |contact, _| lead::profile(contact, "twitter")),
    line("website", Label::new("Website", "Website", "Website"), Line, "company_website or website",
        |contact, settings| masked(attribute(contact, &["company_website", "website"]), settings)),
    line("custom_attributes", Label::none(), Text, "the custom attributes, those of the setting custom_attributes where it lists any",
        |contact, settings| lead::custom_lines(contact, settings).map(Value::from)),
];

/// The networks that a contact without a name is known by, the first of them that there is.
pub(super) const HANDLES: [&str; 6] = ["instagram", "telegram", "twitter", "facebook", "linkedin", "github"];

type Map = fn(&Contact, &Settings) -> Option<Value>;

/// A field with an attribute of its own.
#[expect(clippy::too_many_arguments, reason = "a row of the table")]
const fn own(
    key: &'static str,
    entity: Entity,
    attribute: &'static str,
    label: Label,
    kind: Kind,
    write: Write,
    from: &'static str,
    map: Map,
) -> Field {
    Field {
        key: std::borrow::Cow::Borrowed(key),
        entity,
        attribute: std::borrow::Cow::Borrowed(attribute),
        answered_at: None,
        looks_up_organizations: false,
        when_new: None,
        printed_raw: false,
        required: false,
        label,
        from: std::borrow::Cow::Borrowed(from),
        source: Source::Mapped(map),
        kind,
        write,
    }
}

/// A line of the lead's description.
const fn line(key: &'static str, label: Label, kind: Kind, from: &'static str, map: Map) -> Field {
    own(key, Lead, "description", label, kind, Write::AsLine, from, map)
}

const fn network(name: &'static str) -> Label {
    Label::new(name, name, name)
}

/// Text in which no card and no account is.
fn masked(text: Option<Value>, settings: &Settings) -> Option<Value> {
    let text = text?;
    Some(text.as_str().map_or_else(|| text.clone(), |text| json!(masked_unless_shown(text, settings))))
}

fn attribute(contact: &Contact, keys: &[&str]) -> Option<Value> {
    contact.attribute(keys).map(Value::from)
}

/// What the contact has and cannot be sent is a value that fits nothing, so that it is told of.
fn list<T: serde::Serialize>(entries: Vec<T>, is_given: bool) -> Option<Value> {
    match (entries.is_empty(), is_given) {
        (false, _) => Some(json!(entries)),
        (true, true) => Some(Value::Bool(false)),
        (true, false) => None,
    }
}

/// The rows of one connection: [`FIELDS`], and after them those that its administrator mapped.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<Field>);

impl Fields {
    /// Makes rows of the settings' mappings, as far as the server's attributes are known, and of owners; the set-up tells of
    /// the others.
    pub fn of(settings: &Settings) -> Self {
        let known = &settings.traits.attributes;
        let mapped = settings.mappings.iter().filter_map(|mapping| Field::mapped(mapping, FIELDS, known).ok());
        Self(mapped.chain(Field::owners(settings)).collect())
    }

    /// With rows for what a host gives of a contact and nothing else fills.
    pub(crate) fn and_given(mut self, contact: &Contact, settings: &Settings) -> Self {
        for entity in Entity::ALL {
            let given = contact.mapped.get(entity.name()).and_then(Value::as_object);
            for attribute in given.into_iter().flat_map(|given| given.keys()) {
                let is_known = self.own(entity).any(|field| field.attribute == *attribute);
                let mapping = Mapping { entity, attribute: attribute.clone(), from: Vec::new(), both_ways: false };
                let row = Field::mapped(&mapping, FIELDS, &settings.traits.attributes);
                if let Some(row) = row.ok().filter(|row| !is_known && row.is_own()) {
                    self.0.push(row);
                }
            }
        }
        self
    }

    /// Those that are not built in.
    pub(super) fn added(&self) -> impl Iterator<Item = &Field> {
        self.0.iter()
    }

    /// Every field of the entity that is written for itself.
    pub(crate) fn own(&self, entity: Entity) -> impl Iterator<Item = &Field> {
        field::own(FIELDS, entity).chain(field::own(&self.0, entity))
    }
}

/// The lines of the description, each after its label.
fn lines(contact: &Contact, settings: &Settings) -> Option<Value> {
    let mapped = Fields::of(settings);
    let rows = FIELDS.iter().chain(&mapped.0).filter(|field| field.write == Write::AsLine);
    let lines: Vec<String> = rows
        .filter_map(|field| {
            let value = field.value(contact, settings).ok()??;
            let (label, text) = (field.label.to_string(), value.as_str()?.to_owned());
            Some(if label.is_empty() { text } else { format!("{label}: {text}") })
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n").into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::FIELDS;

    /// Keys that are words for something else too: a record, a column of Chatwoot's, a parameter of a call, a setting.
    const WORDS: [&str; 7] = ["name", "email", "phone", "title", "organization", "address", "custom_attributes"];
    /// Where a key is a word for something else: what an administrator can map, a source of leads, the text that lines of
    /// a mapping go to, and that of a card.
    const ELSEWHERE: [(&str, &str); 5] = [
        ("location", "chatwoot/source.rs"),
        ("website", "chatwoot/source.rs"),
        ("website", "setup.rs"),
        ("description", "settings/mapping.rs"),
        ("description", "render/structured.rs"),
    ];

    /// Where networks are known for more than a handle: their ids, and the pages of profiles.
    const OF_NETWORKS: [&str; 2] = ["mapper/contact_identity.rs", "mapper/contact_profile.rs"];

    fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(path);
            }
        }
    }

    #[test]
    fn a_field_stands_in_this_file_alone() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        sources(&root, &mut files);
        assert!(files.len() > 100);
        let mut strays = Vec::new();
        for path in files {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            for field in FIELDS.iter().filter(|field| !WORDS.contains(&&*field.key)) {
                let is_there = code.contains(&format!("\"{}\"", field.key));
                let is_network = field.from.starts_with("social_profiles.") && OF_NETWORKS.contains(&name.as_str());
                if is_there
                    && !is_network
                    && name != "mapper/fields.rs"
                    && !ELSEWHERE.contains(&(&*field.key, name.as_str()))
                {
                    strays.push(format!("{} in {name}", field.key));
                }
            }
        }
        assert!(strays.is_empty(), "{strays:?}");
    }

    #[test]
    fn keys_are_unique_and_every_row_says_where_it_comes_from() {
        let keys: BTreeSet<_> = FIELDS.iter().map(|field| &field.key).collect();
        assert_eq!(keys.len(), FIELDS.len());
        for field in FIELDS {
            assert!(
                !field.from.is_empty() && (!field.is_own() || !field.label.to_string().is_empty()),
                "{}",
                field.key
            );
        }
    }
}
