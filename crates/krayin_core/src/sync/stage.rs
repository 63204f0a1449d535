use std::borrow::Cow;

use super::{Context, Outcome, Owner};
use crate::{
    Error,
    api::{ApiError, ErrorKind},
    chatwoot::{Contact, Conversation},
    krayin::Lead,
    reason::Reason,
    records::Stored,
    server::{Dialect, KnownPipeline, KnownStage, ServerProfile},
    settings::StageRef,
};

/// What moves a lead along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The conversation began.
    Created,
    /// A colleague replied for the first time.
    FirstResponse,
    /// The conversation was resolved.
    Resolved,
}

impl Rule {
    fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::FirstResponse => "first_response",
            Self::Resolved => "resolved",
        }
    }
}

/// Kept for the first rule where it named no stage: a conversation begins once, and the setting may be corrected later.
const WAITS: &str = "created_waits";

/// The rules that a conversation's state calls for and that have not fired for it. `is_new` says that it has just begun:
/// a conversation from before the connection does not begin again.
pub(super) fn due<'a>(
    conversation: &Conversation,
    is_new: bool,
    stored: &Stored,
    context: &Context<'a>,
) -> Vec<(Rule, &'a StageRef)> {
    let settings = context.settings;
    if !settings.stage_progression_enabled {
        return Vec::new();
    }
    let is_new = is_new || stored.stages.iter().any(|rule| rule == WAITS);
    let replied = conversation.first_reply_created_at.is_some();
    let resolved = conversation.status.as_deref() == Some("resolved");
    [
        (Rule::Created, is_new, &settings.stage_on_conversation_created),
        (Rule::FirstResponse, replied, &settings.stage_on_first_response),
        (Rule::Resolved, resolved, &settings.stage_on_conversation_resolved),
    ]
    .into_iter()
    .filter(|(rule, applies, _)| *applies && !stored.stages.iter().any(|fired| fired == rule.name()))
    .filter_map(|(rule, _, stage)| Some((rule, stage.as_ref()?)))
    .collect()
}

/// What a rule means for a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    To(u64),
    /// It is there or further, or was won or lost.
    None,
    /// Its pipeline has no such stage.
    Unknown,
}

fn is_wanted(stage: &KnownStage, wanted: &StageRef) -> bool {
    match wanted {
        StageRef::Id(id) => stage.id == *id,
        StageRef::Named(name) => {
            [&stage.code, &stage.name].iter().any(|known| known.trim().to_lowercase() == name.to_lowercase())
        }
    }
}

/// Where `wanted` takes a lead that is at `current`: forward only, and never out of won or lost.
fn decide(stages: &[KnownStage], current: Option<u64>, wanted: &StageRef) -> Move {
    let Some(to) = stages.iter().position(|stage| is_wanted(stage, wanted)) else { return Move::Unknown };
    let from = stages.iter().position(|stage| Some(stage.id) == current);
    let ended =
        from.and_then(|from| stages.get(from)).is_some_and(|stage| matches!(stage.code.as_str(), "won" | "lost"));
    match (from, stages.get(to)) {
        (Some(from), Some(stage)) if !ended && to > from => Move::To(stage.id),
        (None, Some(stage)) if current.is_none() => Move::To(stage.id),
        _ => Move::None,
    }
}

/// Seconds for which the stages that were read once are the server's. Administrators add, rename and reorder them.
const FRESH: u64 = 3600;

/// Seconds after which a stage that is not among them is looked for again.
const SOON: u64 = 300;

/// What is known of a server's stages, read anew where it may have changed.
struct Stages<'a> {
    context: &'a Context<'a>,
    traits: Cow<'a, ServerProfile>,
}

impl Stages<'_> {
    fn has(&self, wanted: &StageRef) -> bool {
        self.traits.pipelines.iter().flat_map(|pipeline| &pipeline.stages).any(|stage| is_wanted(stage, wanted))
    }

    fn of(&self, pipeline: Option<u64>) -> &[KnownStage] {
        let known = self.traits.pipelines.iter().find(|known| Some(known.id) == pipeline);
        known.map(|known| known.stages.as_slice()).unwrap_or_default()
    }

    async fn read(&mut self, pipeline: Option<u64>, outcome: &mut Outcome) -> Result<(), Error> {
        let client = self.context.client;
        let read = match client.connection().dialect {
            Dialect::RestApi => client.pipelines().await?.iter().map(KnownPipeline::from).collect(),
            Dialect::Documented => {
                let stages = client.stages(pipeline).await?.iter().map(KnownStage::from).collect();
                vec![KnownPipeline { id: pipeline.unwrap_or_default(), stages }]
            }
        };
        let traits = self.traits.to_mut();
        traits.learn_stages(read);
        outcome.pipelines = Some(traits.pipelines.clone());
        Ok(())
    }
}

/// Whether a move was refused because the stage or the lead is not there any more.
fn is_about_what_went(error: &ApiError) -> bool {
    matches!(error.kind, ErrorKind::NotFound | ErrorKind::Validation)
}

/// Fires the rules that are due: one read and one write, however many are due at once, and one more read where the
/// stages are not known to be the server's; all once more where a colleague deleted the stage or the lead meanwhile. Each
/// that came to an end is noted in `stored` as fired, which the caller stores; one that names no stage of the lead's
/// pipeline says so, and fires when there is one.
pub(super) async fn progress(
    context: &Context<'_>,
    (owner, contact): (&mut Owner<'_>, &Contact),
    due: &[(Rule, &StageRef)],
    stored: &mut Stored,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let mut stages = Stages { context, traits: Cow::Borrowed(&context.settings.traits) };
    let has_all = context.client.connection().dialect == Dialect::RestApi;
    let is_known =
        |(_, wanted): &&(Rule, &StageRef)| !has_all || !stages.traits.knows_stages_since(SOON) || stages.has(wanted);
    let (due, unknown): (Vec<_>, Vec<_>) = due.iter().partition(is_known);
    for (rule, _) in unknown {
        wait(rule, stored, outcome);
    }
    if due.is_empty() {
        return Ok(());
    }
    for is_last in [false, true] {
        let Some(lead) = lead_of(context, owner, contact).await? else {
            outcome.why.push(Reason::StageLeadGone);
            stored.stages.extend(due.iter().map(|(rule, _)| rule.name().to_owned()));
            return Ok(());
        };
        let pipeline = lead.lead_pipeline_id;
        let is_unknown =
            |(_, wanted): &(Rule, &StageRef)| !stages.of(pipeline).iter().any(|stage| is_wanted(stage, wanted));
        let is_old = is_last || !stages.traits.knows_stages_since(FRESH);
        if is_old || due.iter().any(is_unknown) && !stages.traits.knows_stages_since(SOON) {
            stages.read(pipeline, outcome).await?;
        }
        let mut at = lead.lead_pipeline_stage_id;
        let (mut fired, mut waits) = (Vec::new(), Vec::new());
        for (rule, wanted) in &due {
            match decide(stages.of(pipeline), at, wanted) {
                Move::Unknown => {
                    waits.push(*rule);
                    continue;
                }
                Move::To(stage) => at = Some(stage),
                Move::None => {}
            }
            fired.push(rule.name().to_owned());
        }
        if let Some(stage) = at.filter(|_| at != lead.lead_pipeline_stage_id) {
            match context.client.move_lead(lead.id, stage).await {
                Err(error) if !is_last && is_about_what_went(&error) => continue,
                moved => moved?,
            };
            outcome.updated.push("stage");
        }
        for rule in waits {
            wait(rule, stored, outcome);
        }
        stored.stages.extend(fired);
        break;
    }
    Ok(())
}

/// The lead as it is now, or the one that its contact has in its place.
async fn lead_of(context: &Context<'_>, owner: &mut Owner<'_>, contact: &Contact) -> Result<Option<Lead>, Error> {
    let Some(id) = owner.lead else { return Ok(None) };
    if let Some(lead) = context.client.find_lead(id).await? {
        return Ok(Some(lead));
    }
    if !owner.relink(context, contact).await? {
        return Ok(None);
    }
    match owner.lead {
        Some(id) => Ok(context.client.find_lead(id).await?),
        None => Ok(None),
    }
}

/// Says that a rule names no stage, and leaves it to be fired later.
fn wait(rule: Rule, stored: &mut Stored, outcome: &mut Outcome) {
    if rule == Rule::Created && !stored.stages.iter().any(|rule| rule == WAITS) {
        stored.stages.push(WAITS.to_owned());
    }
    outcome.why.push(Reason::StageUnknown { rule: rule.name().to_owned() });
}

#[cfg(test)]
mod tests {
    use super::{Move, decide};
    use crate::{server::KnownStage, settings::StageRef};

    #[test]
    fn moves_forward_only_and_never_out_of_won_or_lost() {
        let stages: Vec<KnownStage> = [(1, "new"), (2, "follow-up"), (3, "negotiation"), (4, "won"), (5, "lost")]
            .map(|(id, code)| KnownStage { id, code: code.into(), name: code.to_uppercase() })
            .into();
        let named = |name: &str| StageRef::Named(name.into());
        let table = [
            (Some(1), StageRef::Id(2), Move::To(2)),
            (Some(1), named("Negotiation"), Move::To(3)),
            (Some(1), named("won"), Move::To(4)),
            (Some(3), StageRef::Id(2), Move::None),
            (Some(2), StageRef::Id(2), Move::None),
            (Some(4), StageRef::Id(5), Move::None),
            (Some(5), StageRef::Id(2), Move::None),
            (Some(1), StageRef::Id(9), Move::Unknown),
            (Some(1), named("nope"), Move::Unknown),
            (None, StageRef::Id(2), Move::To(2)),
            (Some(77), StageRef::Id(2), Move::None),
        ];
        for (current, wanted, expected) in table {
            assert_eq!(decide(&stages, current, &wanted), expected, "{current:?} {wanted:?}");
        }
        assert_eq!(decide(&[], Some(1), &StageRef::Id(1)), Move::Unknown);
    }
}
