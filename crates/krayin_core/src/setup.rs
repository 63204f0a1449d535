//! Connect: check the address, the token and the user, find where new leads go, learn what the server is like.

use serde::Serialize;
use serde_json::Value;

use crate::{
    Error,
    api::{ApiError, Client, ErrorKind},
    field::Field,
    instance,
    krayin::{Entity, Named, Pipeline, Stage, midnight_offset},
    mapper::FIELDS,
    problem::Problem,
    reason::Reason,
    server::{self, Dialect, KnownAttribute, KnownPipeline, KnownStage, NoPhone, ServerProfile},
    settings::{LabelTags, MappingError, OwnerPolicy, Settings, SettingsError, StageRule, TimeZone},
};

/// What the set-up found: the keys that go into the hook's settings.
/// [`Settings::with_found`](crate::settings::Settings::with_found) takes them over; serialized they are those keys.
#[derive(Debug, Clone, Serialize)]
pub struct Configuration {
    /// The address that answers, as it should be kept.
    pub api_url: String,
    /// The dialect that it speaks.
    pub api_dialect: Dialect,
    /// Where new leads go, and what they are.
    #[serde(flatten)]
    pub defaults: Defaults,
    /// What the server is like.
    pub traits: ServerProfile,
    /// What the administrator should know.
    #[serde(skip)]
    pub warnings: Vec<Reason>,
}

/// Where new leads go, with the names that people see.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Defaults {
    /// The default pipeline.
    pub default_pipeline_id: Option<u64>,
    /// Its name.
    pub default_pipeline_name: Option<String>,
    /// Its first stage.
    pub default_stage_id: Option<u64>,
    /// Its name.
    pub default_stage_name: Option<String>,
    /// The source "Website" or "Web", else the first.
    pub default_source_id: Option<u64>,
    /// Its name.
    pub default_source_name: Option<String>,
    /// The first type.
    pub default_lead_type_id: Option<u64>,
    /// Its name.
    pub default_lead_type_name: Option<String>,
}

impl Settings {
    /// These settings with what [`connect`] found: the address that answers, its dialect
    /// and traits, and where new leads go and what they are wherever the settings do not say.
    #[must_use]
    pub fn with_found(mut self, found: &Configuration) -> Self {
        let defaults = &found.defaults;
        self.api_url = Some(found.api_url.clone());
        self.api_dialect = Some(found.api_dialect);
        self.traits = found.traits.clone();
        self.pipeline_id = self.pipeline_id.or(defaults.default_pipeline_id);
        self.stage_id = self.stage_id.or(defaults.default_stage_id);
        self.source_id = self.source_id.or(defaults.default_source_id);
        self.type_id = self.type_id.or(defaults.default_lead_type_id);
        self
    }
}

/// Connects; the number is that of the requests it took. Six: user, pipelines, sources, types, attributes, workflows; more
/// only where the address was typed with another ending than the server answers to.
///
/// # Errors
/// [`Error::Settings`] where address, token, user or pipelines are not as the sync needs them; [`Error::Api`] where a call
/// failed.
pub async fn connect(settings: &Settings, client: &Client) -> Result<(Configuration, u32), Error> {
    let packaged = client.at(client.connection().at_package_path());
    let (client, tried) = match packaged.current_user().await {
        Ok(user) => {
            check(user.view_permission.as_deref())?;
            (packaged, 0)
        }
        Err(error)
            if error.kind == ErrorKind::UnexpectedResponse
                && packaged.connection().url() != client.connection().url() =>
        {
            let typed = client.at(client.connection().clone());
            let user = typed.current_user().await?;
            check(user.view_permission.as_deref())?;
            (typed, packaged.requests())
        }
        Err(error) => return Err(error.into()),
    };
    let (pipelines, blanks_become_null) = client.pipelines_and_paging().await?;
    let pipeline =
        pick_pipeline(&pipelines, settings.pipeline_id).ok_or_else(|| SettingsError::one(Problem::PipelineMissing))?;
    let stages = match client.connection().dialect {
        Dialect::RestApi => pipeline.stages.clone(),
        Dialect::Documented => client.stages(Some(pipeline.id)).await?,
    };
    let stage = stages.first().cloned().unwrap_or_default();
    if stage.id == 0 {
        return Err(SettingsError::one(Problem::StageMissing).into());
    }
    let mut known: Vec<KnownPipeline> = pipelines.iter().map(KnownPipeline::from).collect();
    for known in known.iter_mut().filter(|known| known.id == pipeline.id) {
        known.stages = stages.iter().map(KnownStage::from).collect();
    }
    let sources = client.sources().await?;
    let types = client.types().await?;
    let mut traits = ServerProfile {
        no_phone: if blanks_become_null { NoPhone::Placeholder } else { NoPhone::Blank },
        pipelines: known,
        ..settings.traits.clone()
    };
    let mut attributes = Vec::new();
    if client.connection().dialect == Dialect::RestApi {
        attributes = client.attributes().await?;
        traits.email_required = email_required(&attributes);
        traits.attributes = attributes.iter().filter_map(KnownAttribute::of).collect();
        traits.person_workflow = client.workflows().await?.iter().any(for_persons);
    }
    traits.gone = check_mappings(settings, &traits.attributes, client.connection().dialect)?;
    read_lookups(settings, &client, &mut traits.attributes).await?;
    let mut not_served = read_lists(settings, &client, &mut traits).await?;
    traits.sources.clear();
    if !settings.lead_sources.is_empty() {
        traits.sources = sources.iter().cloned().map(named).collect();
        if settings.make_sources && client.connection().dialect == Dialect::Documented {
            not_served.push(Reason::NotServed { setting: "make_sources".to_owned() });
        }
    }
    if settings.time_zone == TimeZone::Krayin && traits.utc_offset_minutes.is_none() {
        // Before the first text is written: closing dates tell it, and later every call and e-mail.
        let leads = client.newest_leads().await?;
        traits.utc_offset_minutes = leads.iter().find_map(|lead| midnight_offset(lead.expected_close_date.as_deref()?));
    }
    traits.rate_headers = client.sends_rate_headers();
    instance::recognise(&attributes, &pipelines, &mut traits);
    if traits.installed.is_none() {
        // It does not tell: its address stands for it.
        traits.instance = client.connection().fingerprint();
    }
    (traits.learned_at, traits.stages_at) = (server::now(), server::now());
    let mut warnings = wrong_ids(settings, &pipelines, &sources, &types);
    warnings.extend(not_served);
    for (what, list) in [("source", &sources), ("type", &types)] {
        if list.is_empty() {
            warnings.push(Reason::NoneThere { place: what.to_owned() });
        }
    }
    warnings.extend(rules_without_stage(settings, &traits));
    warnings.extend(rules_without_source(settings, &traits));
    warnings.extend(required_unfilled(settings, &attributes));
    if !traits.gone.is_empty() {
        warnings.push(Reason::MappedGone { attributes: traits.gone.clone() });
    }
    warnings.extend(yes_no_at_stake(settings, &traits));
    let defaults = defaults(pipeline, &stage, &sources, &types);
    let configuration = Configuration {
        api_url: client.connection().url().to_owned(),
        api_dialect: client.connection().dialect,
        defaults,
        traits,
        warnings,
    };
    Ok((configuration, client.requests() + tried))
}

/// What the settings name that is not there.
fn wrong_ids(settings: &Settings, pipelines: &[Pipeline], sources: &[Named], types: &[Named]) -> Vec<Reason> {
    let named = |list: &[Named]| list.iter().map(|row| (row.id, row.name.clone())).collect::<Vec<_>>();
    let stages = pipelines.iter().flat_map(|pipeline| &pipeline.stages);
    let stages: Vec<_> = stages.map(|stage| (stage.id, stage.name.clone())).collect();
    let pipelines: Vec<_> = pipelines.iter().map(|pipeline| (pipeline.id, pipeline.name.clone())).collect();
    let chosen = settings.chosen;
    let places = [
        ("pipeline", chosen.pipeline, pipelines),
        // The document's dialect tells no stages beside the pipelines.
        ("stage", chosen.stage.filter(|_| !stages.is_empty()), stages),
        ("source", chosen.source, named(sources)),
        ("type", chosen.kind, named(types)),
    ];
    let unknown = places.into_iter().filter_map(|(place, id, there)| {
        let id = id.filter(|id| there.iter().all(|(known, _)| known != id))?;
        let known = there.into_iter().filter_map(|(_, name)| name).take(MOST_NAMED).collect();
        Some(Reason::PlaceUnknown { place: place.to_owned(), entered: id.to_string(), known })
    });
    unknown.collect()
}

/// The stages that rules name and no pipeline has. The document's dialect does not tell all of them.
fn rules_without_stage(settings: &Settings, traits: &ServerProfile) -> Vec<Reason> {
    let stages: Vec<_> = traits.pipelines.iter().flat_map(|pipeline| &pipeline.stages).collect();
    if stages.is_empty() {
        return Vec::new();
    }
    let known: Vec<String> = stages.iter().map(|stage| stage.name.clone()).take(MOST_NAMED).collect();
    let unknown = |rule: StageRule| {
        let is_there = stages.iter().any(|stage| rule.stage.is(stage));
        (!is_there).then(|| Reason::PlaceUnknown {
            place: "stage".to_owned(),
            entered: rule.stage.to_string(),
            known: known.clone(),
        })
    };
    settings.rules().into_iter().filter_map(unknown).collect()
}

/// The sources that the settings name, and that are neither there nor to be made.
fn rules_without_source(settings: &Settings, traits: &ServerProfile) -> Vec<Reason> {
    if settings.make_sources {
        return Vec::new();
    }
    let known: Vec<String> = traits.sources.iter().map(|(_, name)| name.clone()).take(MOST_NAMED).collect();
    let unknown = settings.lead_sources.iter().filter(|rule| traits.source(&rule.source).is_none());
    let unknown = unknown.map(|rule| Reason::PlaceUnknown {
        place: "source".to_owned(),
        entered: rule.source.clone(),
        known: known.clone(),
    });
    unknown.collect()
}

/// What somebody made required and nothing fills: Krayin's own forms ask for it, and a server may refuse a write without.
fn required_unfilled(settings: &Settings, attributes: &[Named]) -> Option<Reason> {
    let is_required = |attribute: &&Named| attribute.says("is_required") == Some(true);
    let unfilled: Vec<String> = attributes
        .iter()
        .filter(is_required)
        .filter_map(KnownAttribute::of)
        .filter_map(|known| known.key())
        .filter(|key| !settings.mappings.iter().any(|mapping| mapping.key() == *key))
        .collect();
    (!unfilled.is_empty()).then_some(Reason::RequiredUnfilled { attributes: unfilled })
}

/// Of what could be chosen instead, no more are named.
const MOST_NAMED: usize = 12;

/// What a write may do to the yes/no attributes that there are, for the administrator to choose.
fn yes_no_at_stake(settings: &Settings, traits: &ServerProfile) -> Option<Reason> {
    let attributes: Vec<String> = Entity::ALL
        .into_iter()
        .flat_map(|entity| traits.yes_no(entity))
        .map(|known| format!("{}.{}", known.entity_type, known.code))
        .collect();
    (!attributes.is_empty()).then_some(Reason::YesNoAtStake { attributes, choice: settings.on_yes_no })
}

/// Every attribute that the settings map to is there, and is one that can be filled. Of those that were once, and are no more,
/// the rows: a colleague who changes an attribute of Krayin's stops no connection.
fn check_mappings(
    settings: &Settings,
    known: &[KnownAttribute],
    dialect: Dialect,
) -> Result<Vec<String>, SettingsError> {
    let told = |error: MappingError| match error {
        MappingError::Unknown(attribute) if dialect == Dialect::Documented => MappingError::Untold(attribute),
        error => error,
    };
    let before = &settings.traits;
    let (mut gone, mut problems) = (Vec::new(), Vec::new());
    for mapping in &settings.mappings {
        let Err(error) = Field::mapped(mapping, FIELDS, known) else { continue };
        let was_there =
            before.gone.contains(&mapping.key()) || Field::mapped(mapping, FIELDS, &before.attributes).is_ok();
        if was_there && matches!(error, MappingError::Unknown(_) | MappingError::Type(_) | MappingError::OneWay(_)) {
            gone.push(mapping.key());
        } else {
            problems.push(told(error).problem());
        }
    }
    if problems.is_empty() { Ok(gone) } else { Err(SettingsError { problems }) }
}

/// What the lookups that are mapped can be told by: users by address and name, products by name and number. One request for
/// each of the two, where it is mapped.
async fn read_lookups(settings: &Settings, client: &Client, attributes: &mut [KnownAttribute]) -> Result<(), Error> {
    let is_mapped = |known: &KnownAttribute| {
        known.kind == "lookup" && settings.mappings.iter().any(|mapping| Some(mapping.key()) == known.key())
    };
    for (lookup, told_by) in [("users", ["email", "name"]), ("products", ["name", "sku"])] {
        if !attributes.iter().any(|known| known.lookup == lookup && is_mapped(known)) {
            continue;
        }
        let records = if lookup == "users" { client.users().await? } else { client.products().await? };
        let mut options = Vec::new();
        for record in &records {
            for key in told_by {
                let name =
                    if key == "name" { record.name.as_deref() } else { record.rest.get(key).and_then(Value::as_str) };
                options.extend(name.map(|name| (record.id, name.trim().to_owned())));
            }
        }
        for known in attributes.iter_mut().filter(|known| known.lookup == lookup && is_mapped(known)) {
            known.options.clone_from(&options);
        }
    }
    Ok(())
}

/// What the settings need to know beside that, each by one request; told where the server does not serve it.
async fn read_lists(settings: &Settings, client: &Client, traits: &mut ServerProfile) -> Result<Vec<Reason>, Error> {
    let mut not_served = Vec::new();
    traits.users.clear();
    if settings.owner_policy != OwnerPolicy::Never {
        match served(client, client.users()).await? {
            Some(users) => traits.users = users.iter().filter_map(enabled).collect(),
            None => not_served.push(Reason::NotServed { setting: "owner_policy".to_owned() }),
        }
    }
    traits.tags = None;
    if settings.label_tags != LabelTags::Never {
        traits.tags = served(client, client.tags()).await?.map(|tags| tags.into_iter().map(named).collect());
        if traits.tags.is_none() {
            not_served.push(Reason::NotServed { setting: "label_tags".to_owned() });
        }
    }
    Ok(not_served)
}

fn named(row: Named) -> (u64, String) {
    (row.id, row.name.unwrap_or_default())
}

/// Nothing where the server has no such path. The document's dialect has none for users and tags.
async fn served<T>(
    client: &Client,
    list: impl Future<Output = Result<Vec<T>, ApiError>>,
) -> Result<Option<Vec<T>>, Error> {
    if client.connection().dialect == Dialect::Documented {
        return Ok(None);
    }
    match list.await {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        list => Ok(Some(list?)),
    }
}

/// A user who may be given a record, with the address.
fn enabled(user: &Named) -> Option<(u64, String)> {
    let status = user.rest.get("status");
    let is_off = status.is_some_and(|status| status.as_u64() == Some(0) || *status == Value::Bool(false));
    let email = user.rest.get("email").and_then(Value::as_str).map(str::trim).filter(|email| !email.is_empty())?;
    (!is_off).then(|| (user.id, email.to_owned()))
}

fn check(view_permission: Option<&str>) -> Result<(), SettingsError> {
    match view_permission {
        None | Some("global") => Ok(()),
        Some(_) => Err(SettingsError::one(Problem::UserSeesNotAll)),
    }
}

fn pick_pipeline(pipelines: &[Pipeline], wanted: Option<u64>) -> Option<&Pipeline> {
    pipelines
        .iter()
        .find(|pipeline| Some(pipeline.id) == wanted)
        .or_else(|| pipelines.iter().find(|pipeline| pipeline.is_default()))
        .or_else(|| pipelines.first())
}

fn defaults(pipeline: &Pipeline, stage: &Stage, sources: &[Named], types: &[Named]) -> Defaults {
    let is_web = |source: &&Named| {
        let name = source.name.as_deref().unwrap_or_default().trim().to_lowercase();
        name == "website" || name == "web"
    };
    let source = sources.iter().find(is_web).or_else(|| sources.iter().min_by_key(|source| source.id));
    let kind = types.iter().min_by_key(|kind| kind.id);
    Defaults {
        default_pipeline_id: Some(pipeline.id),
        default_pipeline_name: pipeline.name.clone(),
        default_stage_id: Some(stage.id),
        default_stage_name: stage.name.clone(),
        default_source_id: source.map(|source| source.id),
        default_source_name: source.and_then(|source| source.name.clone()),
        default_lead_type_id: kind.map(|kind| kind.id),
        default_lead_type_name: kind.and_then(|kind| kind.name.clone()),
    }
}

fn email_required(attributes: &[Named]) -> bool {
    let text =
        |attribute: &Named, key: &str| attribute.rest.get(key).and_then(|value| value.as_str().map(str::to_owned));
    let emails = attributes.iter().find(|attribute| {
        text(attribute, "code").as_deref() == Some("emails")
            && text(attribute, "entity_type").as_deref() == Some("persons")
    });
    let required = emails.and_then(|attribute| attribute.rest.get("is_required"));
    required.is_none_or(|required| required.as_bool().unwrap_or_else(|| required.as_u64() != Some(0)))
}

fn for_persons(workflow: &Named) -> bool {
    let is = |key: &str, wanted: &str| workflow.rest.get(key).and_then(|value| value.as_str()) == Some(wanted);
    is("entity_type", "persons")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Configuration, Defaults, enabled};
    use crate::{
        krayin::Named,
        server::{Dialect, ServerProfile},
        settings::Settings,
    };

    #[test]
    fn who_may_own_a_record_is_enabled_and_has_an_address() {
        for (user, expected) in [
            (json!({"id": 5, "email": " ann@example.com "}), Some((5, "ann@example.com".to_owned()))),
            (json!({"id": 5, "email": "ann@example.com", "status": 1}), Some((5, "ann@example.com".to_owned()))),
            (json!({"id": 5, "email": "ann@example.com", "status": 0}), None),
            (json!({"id": 5, "email": "ann@example.com", "status": false}), None),
            (json!({"id": 5, "email": null, "status": 1}), None),
            (json!({"id": 5, "name": "Ann"}), None),
        ] {
            assert_eq!(enabled(&serde_json::from_value::<Named>(user.clone()).unwrap()), expected, "{user}");
        }
    }

    #[test]
    fn what_the_set_up_found_fills_what_is_not_set() {
        let found = Configuration {
            api_url: "https://crm.example.com/api/admin".into(),
            api_dialect: Dialect::Documented,
            defaults: Defaults {
                default_pipeline_id: Some(1),
                default_stage_id: Some(2),
                default_source_id: Some(3),
                default_lead_type_id: Some(4),
                ..Defaults::default()
            },
            traits: ServerProfile { email_required: false, ..ServerProfile::default() },
            warnings: Vec::new(),
        };
        let typed = br#"{"api_url": "https://crm.example.com", "api_token": "1|abc", "lead_source_id": 13}"#;
        let typed = Settings::from_json(typed).unwrap();
        let settings = typed.with_found(&found);
        assert_eq!(
            (settings.pipeline_id, settings.stage_id, settings.source_id, settings.type_id),
            (Some(1), Some(2), Some(13), Some(4))
        );
        assert_eq!(settings.traits, found.traits);
        let connection = settings.connection().unwrap();
        assert_eq!((connection.url(), connection.dialect), (found.api_url.as_str(), Dialect::Documented));
    }
}
