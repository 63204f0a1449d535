//! Pipelines with their stages: `settings/pipelines`.

use serde_json::Value;

use crate::answer::{Answer, Errors, Failure, Outcome};
use crate::crm::Crm;
use crate::data::input::{Input, is_absent, is_empty, leading_number, number, text};
use crate::data::text::{fold, short};
use crate::model::pipeline::{PIPELINE_MODEL, Pipeline, ROTTEN_DAYS, STAGE_MODEL, Stage, numbered};
use crate::query::list::{ListQuery, list};

impl Crm {
    pub(crate) fn pipeline_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.pipelines.iter(), |id| self.pipelines.get(id), Pipeline::show)
    }

    pub(crate) fn pipeline_get(&self, id: &str) -> Outcome {
        match leading_number(id).and_then(|id| self.pipelines.get(id)) {
            Some(pipeline) => Answer::data(pipeline.show()),
            None => Err(self.missing_record(PIPELINE_MODEL, id)),
        }
    }

    pub(crate) fn stage(&self, id: u64) -> Option<(&Pipeline, &Stage)> {
        self.pipelines.iter().find_map(|pipeline| {
            let stage = pipeline.stages.iter().find(|stage| stage.id == id)?;
            Some((pipeline, stage))
        })
    }

    pub(crate) fn default_pipeline(&self) -> Option<&Pipeline> {
        self.pipelines.iter().find(|pipeline| pipeline.is_default).or_else(|| self.pipelines.iter().next())
    }

    /// The next id of a stage, whatever its pipeline.
    fn next_stage_id(&self) -> u64 {
        self.pipelines.iter().flat_map(|pipeline| &pipeline.stages).map(|stage| stage.id).max().unwrap_or(0) + 1
    }

    /// Adds a pipeline with these stages (code and name) and answers its id.
    pub(crate) fn add_pipeline(&mut self, name: &str, stages: &[(&str, &str)]) -> u64 {
        let stages = numbered(self.next_stage_id(), stages);
        self.insert_pipeline(name.to_owned(), false, ROTTEN_DAYS, stages)
    }

    fn insert_pipeline(&mut self, name: String, is_default: bool, rotten_days: i64, stages: Vec<Stage>) -> u64 {
        let id = self.pipelines.reserve();
        let now = self.clock.now();
        self.pipelines
            .put(id, Pipeline { id, name, is_default, rotten_days, stages, created_at: now, updated_at: now });
        if is_default {
            self.leave_one_default(id);
        }
        id
    }

    fn leave_one_default(&mut self, id: u64) {
        for other in self.pipelines.iter_mut().filter(|pipeline| pipeline.id != id) {
            other.is_default = false;
        }
    }

    pub(crate) fn pipeline_create(&mut self, input: &Input) -> Outcome {
        self.check_pipeline(input, None)?;
        let id = self.insert_pipeline(
            short(&input.text("name").unwrap_or_default()).to_owned(),
            self.wants_default(input),
            input.get("rotten_days").and_then(integer).unwrap_or(ROTTEN_DAYS),
            Vec::new(),
        );
        if let Err(failure) = self.write_stages(id, input, true) {
            if self.server.writes_pipelines_whole() {
                self.pipelines.remove(id);
            }
            return Err(failure);
        }
        self.answer_pipeline(id, "Pipeline created successfully.")
    }

    pub(crate) fn pipeline_update(&mut self, id: &str, input: &Input) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        if self.server.looks_before_checking() && self.pipelines.get(key).is_none() {
            return Err(Failure::missing(PIPELINE_MODEL, id));
        }
        self.check_pipeline(input, Some(key))?;
        let Some(old) = self.pipelines.get(key).cloned() else {
            return Err(Failure::php("Call to a member function update() on null"));
        };
        let (wants_default, now) = (self.wants_default(input), self.clock.now());
        if let Some(pipeline) = self.pipelines.get_mut(key) {
            pipeline.name = short(&input.text("name").unwrap_or_default()).to_owned();
            pipeline.is_default = wants_default;
            pipeline.rotten_days = input.get("rotten_days").and_then(integer).unwrap_or(pipeline.rotten_days);
            pipeline.updated_at = now;
        }
        if let Err(failure) = self.write_stages(key, input, false) {
            if self.server.writes_pipelines_whole() {
                self.pipelines.put(key, old);
            }
            return Err(failure);
        }
        if wants_default {
            self.leave_one_default(key);
        }
        self.answer_pipeline(key, "Pipeline updated successfully.")
    }

    /// The leads of a pipeline that goes are moved to the first stage of the default one.
    pub(crate) fn pipeline_delete(&mut self, id: &str) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        let Some(pipeline) = self.pipelines.get(key) else {
            return Err(Failure::missing(PIPELINE_MODEL, id));
        };
        if pipeline.is_default {
            let message = "Default pipeline can not be deleted.";
            return if self.server.looks_before_checking() {
                Answer::failed(400, message)
            } else {
                Answer::wrapped_message(message)
            };
        }
        let to = self.default_pipeline().map(|pipeline| (pipeline.id, pipeline.stages.first().map(|stage| stage.id)));
        for lead in self.leads.iter_mut().filter(|lead| lead.pipeline_id == Some(key)) {
            lead.pipeline_id = to.map(|(pipeline, _)| pipeline);
            lead.stage_id = to.and_then(|(_, stage)| stage);
        }
        self.pipelines.remove(key);
        Answer::wrapped_message("Pipeline deleted successfully.")
    }

    fn answer_pipeline(&self, id: u64, message: &str) -> Outcome {
        match self.pipelines.get(id) {
            Some(pipeline) => Answer::data_and_message(pipeline.show(), message),
            None => Err(Failure::missing(PIPELINE_MODEL, id)),
        }
    }

    /// The official package asks whether the key is there, whatever it holds.
    fn wants_default(&self, input: &Input) -> bool {
        if self.server.writes_pipelines_whole() {
            matches!(input.text("is_default").as_deref(), Some("1" | "true" | "on" | "yes"))
        } else {
            input.has("is_default")
        }
    }

    fn check_pipeline(&self, input: &Input, own: Option<u64>) -> Outcome<()> {
        let mut errors: Errors = Vec::new();
        let mut required = |field: &str| {
            if is_absent(input.0.get(field)) {
                errors.push((field.to_owned(), format!("The {} field is required.", field.replace('_', " "))));
            }
        };
        required("name");
        if self.server.writes_pipelines_whole() {
            let name = input.text("name").unwrap_or_default();
            let taken = |other: &Pipeline| Some(other.id) != own && fold(&other.name) == fold(&name);
            if !name.is_empty() && self.pipelines.iter().any(taken) {
                errors.push(("name".into(), "The name has already been taken.".into()));
            }
            errors.extend(self.check_stages(input, own));
        } else {
            if own.is_none() {
                required("rotten_days");
            }
            errors.extend(doubled_stages(input));
        }
        if errors.is_empty() { Ok(()) } else { Err(Failure::Invalid(errors)) }
    }

    /// What the community package says of stages.
    fn check_stages(&self, input: &Input, own: Option<u64>) -> Errors {
        let Some(Value::Array(stages)) = input.get("stages").filter(|stages| !is_absent(Some(stages))) else {
            return vec![("stages".into(), "The stages field is required.".into())];
        };
        let mut errors = Vec::new();
        for (at, stage) in stages.iter().enumerate() {
            for field in ["name", "code"] {
                let value = stage.get(field);
                let same = |other: &&Value| text_of(other, field).is_some() && other.get(field) == value;
                if is_absent(value) {
                    errors
                        .push((format!("stages.{at}.{field}"), format!("The stages.{at}.{field} field is required.")));
                } else if stages.iter().filter(same).count() > 1 {
                    let message = format!("The stages.{at}.{field} field has a duplicate value.");
                    errors.push((format!("stages.{at}.{field}"), message));
                }
            }
            let id = stage.get("id").filter(|id| !is_empty(Some(id))).and_then(number);
            let is_own = |id| self.stage(id).is_some_and(|(pipeline, _)| Some(pipeline.id) == own);
            if own.is_some() && id.is_some_and(|id| !is_own(id)) {
                errors.push((format!("stages.{at}.id"), format!("The selected stages.{at}.id is invalid.")));
            }
        }
        errors
    }

    /// Writes a pipeline's stages one by one. A key with `stage_` in it makes one, and every key does in a new pipeline;
    /// any other is the id of one that there is. Those that are not named go, and their leads move to the first stage.
    fn write_stages(&mut self, id: u64, input: &Input, is_new: bool) -> Outcome<()> {
        let whole = self.server.writes_pipelines_whole();
        let named: Vec<(Option<u64>, Value)> = match input.get("stages") {
            None => return Err(Failure::undefined_key("stages")),
            Some(Value::Array(stages)) => (0..)
                .zip(stages)
                .map(|(at, stage)| {
                    let own = stage.get("id").filter(|id| !is_empty(Some(id))).and_then(number);
                    (if whole { own } else { Some(at) }, stage.clone())
                })
                .collect(),
            Some(Value::Object(stages)) => stages
                .iter()
                .map(|(key, stage)| {
                    ((!key.contains("stage_")).then(|| leading_number(key).unwrap_or(0)), stage.clone())
                })
                .collect(),
            Some(_) => return Err(Failure::php("foreach() argument must be of type array|object, string given")),
        };
        let mut kept = Vec::with_capacity(named.len());
        for (at, (stage_id, fields)) in (0..).zip(named) {
            let stage_id = stage_id.filter(|_| !is_new);
            let order = if whole { Some(at) } else { None };
            kept.push(self.write_stage(id, stage_id, &fields, order)?);
        }
        let stages = self.pipelines.get(id).into_iter().flat_map(|pipeline| &pipeline.stages);
        let gone: Vec<u64> = stages.map(|stage| stage.id).filter(|id| !kept.contains(id)).collect();
        self.remove_stages(id, &gone);
        Ok(())
    }

    /// The leads of stages that go are moved to the first one.
    pub(crate) fn remove_stages(&mut self, pipeline: u64, gone: &[u64]) {
        let Some(pipeline) = self.pipelines.get_mut(pipeline) else {
            return;
        };
        pipeline.stages.retain(|stage| !gone.contains(&stage.id));
        let first = pipeline.stages.first().map(|stage| stage.id);
        for lead in self.leads.iter_mut().filter(|lead| lead.stage_id.is_some_and(|stage| gone.contains(&stage))) {
            lead.stage_id = first;
        }
    }

    /// Writes one stage and answers its id. `order` is its place, where the package gives it one.
    pub(crate) fn write_stage(
        &mut self,
        pipeline: u64,
        id: Option<u64>,
        fields: &Value,
        order: Option<i64>,
    ) -> Outcome<u64> {
        let next = self.next_stage_id();
        let refused = || Failure::query("SQLSTATE[23000]: Integrity constraint violation: lead_pipeline_stages");
        let (code, name) = (text_of(fields, "code"), text_of(fields, "name"));
        let whole_number = |field: &str| fields.get(field).and_then(integer);
        let Some(pipeline) = self.pipelines.get_mut(pipeline) else {
            return Err(refused());
        };
        let taken = |stage: &Stage| {
            let same = |one: &Option<String>, other: &str| one.as_ref().is_some_and(|one| fold(one) == fold(other));
            Some(stage.id) != id && (same(&code, &stage.code) || same(&name, &stage.name))
        };
        if pipeline.stages.iter().any(taken) {
            return Err(refused());
        }
        let written = match id {
            Some(id) => {
                let Some(stage) = pipeline.stages.iter_mut().find(|stage| stage.id == id) else {
                    return Err(Failure::missing(STAGE_MODEL, id));
                };
                stage.code = code.unwrap_or_else(|| stage.code.clone());
                stage.name = name.unwrap_or_else(|| stage.name.clone());
                stage.probability = whole_number("probability").unwrap_or(stage.probability);
                stage.sort_order = whole_number("sort_order").or(order).unwrap_or(stage.sort_order);
                id
            }
            None => {
                let (Some(code), Some(name)) = (code, name) else {
                    return Err(refused());
                };
                pipeline.stages.push(Stage {
                    id: next,
                    code,
                    name,
                    probability: whole_number("probability").unwrap_or(if order.is_some() { 100 } else { 0 }),
                    sort_order: whole_number("sort_order").or(order).unwrap_or(0),
                });
                next
            }
        };
        pipeline.stages.sort_by_key(|stage| (stage.sort_order, stage.id));
        Ok(written)
    }
}

fn text_of(fields: &Value, field: &str) -> Option<String> {
    fields.get(field).and_then(text).map(|text| short(&text).to_owned())
}

/// A whole number, in whatever way it is written.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| text(value)?.trim().parse().ok())
}

/// What the official package says of stages: names and codes that are there twice.
fn doubled_stages(input: &Input) -> Errors {
    let stages: Vec<(String, &Value)> = match input.get("stages") {
        Some(Value::Array(stages)) => stages.iter().enumerate().map(|(at, stage)| (at.to_string(), stage)).collect(),
        Some(Value::Object(stages)) => stages.iter().map(|(key, stage)| (key.clone(), stage)).collect(),
        _ => return Vec::new(),
    };
    let fields = [("name", "The \"Name\" field cannot be duplicate"), ("code", "validation.unique_key")];
    let mut errors = Vec::new();
    for (field, message) in fields {
        for (key, stage) in &stages {
            let Some(value) = stage.get(field) else {
                continue;
            };
            if stages.iter().filter(|(_, other)| other.get(field) == Some(value)).count() > 1 {
                errors.push((format!("stages.{key}.{field}"), message.to_owned()));
            }
        }
    }
    errors
}
