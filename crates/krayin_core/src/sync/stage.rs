use super::{Context, Outcome, Owner};
use crate::{
    Error,
    api::{KnownPipeline, KnownStage},
    chatwoot::{Contact, Conversation},
    records::Stored,
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

/// Where `wanted` takes a lead that is at `current`: forward only, and never out of won or lost.
fn decide(stages: &[KnownStage], current: Option<u64>, wanted: &StageRef) -> Move {
    let is_wanted = |stage: &KnownStage| match wanted {
        StageRef::Id(id) => stage.id == *id,
        StageRef::Named(name) => {
            [&stage.code, &stage.name].iter().any(|known| known.trim().to_lowercase() == name.to_lowercase())
        }
    };
    let Some(to) = stages.iter().position(is_wanted) else { return Move::Unknown };
    let from = stages.iter().position(|stage| Some(stage.id) == current);
    let ended =
        from.and_then(|from| stages.get(from)).is_some_and(|stage| matches!(stage.code.as_str(), "won" | "lost"));
    match (from, stages.get(to)) {
        (Some(from), Some(stage)) if !ended && to > from => Move::To(stage.id),
        (None, Some(stage)) if current.is_none() => Move::To(stage.id),
        _ => Move::None,
    }
}

/// Fires the rules that are due: one read and one write, however many are due at once. Each is noted in `stored` as
/// fired; the caller stores it.
pub(super) async fn progress(
    context: &Context<'_>,
    (owner, contact): (&mut Owner, &Contact),
    due: &[(Rule, &StageRef)],
    stored: &mut Stored,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    if due.is_empty() {
        return Ok(());
    }
    let client = context.client;
    let traits = &context.settings.traits;
    let mut lead = client.find_lead(owner.lead).await?;
    if lead.is_none() && owner.heal(context, contact).await? {
        lead = client.find_lead(owner.lead).await?;
    }
    match lead {
        None => outcome.reasons.push("The lead is gone from Krayin; its stage was not moved.".into()),
        Some(lead) => {
            let read;
            let mut pipeline = traits.pipelines.iter().find(|known| Some(known.id) == lead.lead_pipeline_id);
            if pipeline.is_none_or(|known| known.stages.is_empty()) {
                read = KnownPipeline {
                    id: lead.lead_pipeline_id.unwrap_or_default(),
                    stages: client.stages(lead.lead_pipeline_id).await?.iter().map(KnownStage::from).collect(),
                };
                pipeline = Some(&read);
            }
            let stages = pipeline.map(|known| known.stages.as_slice()).unwrap_or_default();
            let mut at = lead.lead_pipeline_stage_id;
            for (rule, wanted) in due {
                match decide(stages, at, wanted) {
                    Move::To(stage) => at = Some(stage),
                    Move::None => {}
                    Move::Unknown => outcome.reasons.push(format!(
                        "The lead's pipeline in Krayin has no stage as the setting for {} names it.",
                        rule.name()
                    )),
                }
            }
            if let Some(stage) = at.filter(|_| at != lead.lead_pipeline_stage_id) {
                client.move_lead(&lead, stage, traits.utc_offset_minutes).await?;
                outcome.updated.push("stage");
            }
        }
    }
    stored.stages.extend(due.iter().map(|(rule, _)| rule.name().to_owned()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Move, decide};
    use crate::{api::KnownStage, settings::StageRef};

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
