use std::borrow::Cow;

use serde_json::Value;

use super::{Context, Outcome, Owner};
use crate::{
    Error,
    api::{ApiError, ErrorKind},
    chatwoot::{Contact, Conversation},
    krayin::Lead,
    reason::Reason,
    records::Stored,
    server::{Dialect, KnownPipeline, KnownStage, ServerProfile},
    settings::{Cause, StageRef, StageRule},
};

/// Kept for the first rule where it named no stage: a conversation begins once, and the setting may be corrected later.
const WAITS: &str = "created_waits";

/// Kept of what is there, where a rule waits for its end.
const SEEN: &str = "~";

/// The rules that a conversation's state calls for and that have not fired for it. `is_new` says that it has just begun:
/// a conversation from before the connection does not begin again.
pub(super) fn due(
    (contact, conversation): (&Contact, &Conversation),
    is_new: bool,
    stored: &Stored,
    context: &Context<'_>,
) -> Vec<StageRule> {
    let of = About { contact, conversation, is_new, stored };
    let mut due = context.settings.rules();
    due.retain(|rule| !has_fired(&rule.cause, stored) && of.applies(&rule.cause));
    due
}

/// What has to be kept of a conversation's state, so that a rule sees its end.
pub(super) fn seen(
    (contact, conversation): (&Contact, &Conversation),
    stored: &Stored,
    context: &Context<'_>,
) -> Vec<String> {
    let of = About { contact, conversation, is_new: false, stored };
    let rules = context.settings.rules();
    let begins = rules.iter().filter(|rule| !has_fired(&rule.cause, stored)).filter_map(|rule| begin_of(&rule.cause));
    let mut seen: Vec<String> = begins
        .filter(|begin| of.applies(begin))
        .map(|begin| format!("{SEEN}{}", begin.key()))
        .filter(|begin| !stored.stages.contains(begin))
        .collect();
    seen.dedup();
    seen
}

/// How a cause stands.
pub(super) enum Standing {
    Fired,
    Due,
    NotYet,
}

/// How a cause stands with a conversation that is no new one.
pub(super) fn standing((contact, conversation): (&Contact, &Conversation), cause: &Cause, stored: &Stored) -> Standing {
    if has_fired(cause, stored) {
        return Standing::Fired;
    }
    let of = About { contact, conversation, is_new: false, stored };
    if of.applies(cause) { Standing::Due } else { Standing::NotYet }
}

fn has_fired(cause: &Cause, stored: &Stored) -> bool {
    stored.stages.contains(&cause.key())
}

/// What must have been before.
fn begin_of(cause: &Cause) -> Option<Cause> {
    match cause {
        Cause::Reopened => Some(Cause::Resolved),
        Cause::Label { name, of_contact, removed: true } => {
            Some(Cause::Label { name: name.clone(), of_contact: *of_contact, removed: false })
        }
        _ => None,
    }
}

/// What a cause is looked for in.
struct About<'a> {
    contact: &'a Contact,
    conversation: &'a Conversation,
    is_new: bool,
    stored: &'a Stored,
}

impl About<'_> {
    fn applies(&self, cause: &Cause) -> bool {
        let talk = self.conversation;
        let is_named = |name: &Option<String>, wanted: &str| name.as_deref().is_some_and(|name| same(name, wanted));
        let was =
            || begin_of(cause).is_some_and(|begin| self.stored.stages.contains(&format!("{SEEN}{}", begin.key())));
        match cause {
            Cause::Created => self.is_new || self.stored.stages.iter().any(|rule| rule == WAITS),
            Cause::FirstReply => talk.first_reply_created_at.is_some(),
            Cause::Resolved => is_named(&talk.status, "resolved"),
            Cause::Reopened => is_named(&talk.status, "open") && was(),
            Cause::Label { name, of_contact, removed } => {
                let labels: &[String] = if *of_contact { &self.contact.labels } else { &talk.labels };
                let is_there = labels.iter().any(|label| same(label, name));
                if *removed { !is_there && was() } else { is_there }
            }
            Cause::Agent(None) => talk.assignee_name.is_some() || talk.assignee_email.is_some(),
            Cause::Agent(Some(who)) => is_named(&talk.assignee_name, who) || is_named(&talk.assignee_email, who),
            Cause::Team(None) => talk.team_name.is_some(),
            Cause::Team(Some(team)) => is_named(&talk.team_name, team),
            Cause::Priority(priority) => is_named(&talk.priority, priority),
            Cause::Inbox(inbox) => {
                is_named(&talk.inbox_name, inbox) || (talk.inbox_id != 0 && talk.inbox_id.to_string() == *inbox)
            }
            Cause::Csat(ratings) => talk
                .csat_rating
                .as_deref()
                .and_then(|rating| rating.trim().parse().ok())
                .is_some_and(|rating: u64| ratings.contains(&rating)),
            Cause::Attribute { key, value, of_contact } => {
                let attributes = if *of_contact { &self.contact.custom_attributes } else { &talk.custom_attributes };
                attributes.get(key).is_some_and(|known| has(known, value.as_deref()))
            }
        }
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// Whether a custom attribute has the value, or any.
fn has(known: &Value, wanted: Option<&str>) -> bool {
    let words: &[&str] = match known {
        Value::Null => return false,
        Value::Bool(true) => &["true", "yes"],
        Value::Bool(false) => &["false", "no"],
        Value::Array(list) => return list.iter().any(|known| has(known, wanted)),
        Value::String(text) => {
            return match wanted {
                Some(wanted) => same(text, wanted),
                None => !text.trim().is_empty(),
            };
        }
        other => return wanted.is_none_or(|wanted| same(&other.to_string(), wanted)),
    };
    wanted.is_none_or(|wanted| words.iter().any(|word| same(word, wanted)))
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

/// Where `wanted` takes a lead that is at `current`: forward only, and never out of won or lost, unless it may go back.
fn decide(stages: &[KnownStage], current: Option<u64>, wanted: &StageRef, back: bool) -> Move {
    let Some(to) = stages.iter().position(|stage| wanted.is(stage)) else { return Move::Unknown };
    let from = stages.iter().position(|stage| Some(stage.id) == current);
    let ended =
        from.and_then(|from| stages.get(from)).is_some_and(|stage| matches!(stage.code.as_str(), "won" | "lost"));
    match (from, stages.get(to)) {
        (Some(from), Some(stage)) if to != from && (back || !ended && to > from) => Move::To(stage.id),
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
        self.traits.pipelines.iter().flat_map(|pipeline| &pipeline.stages).any(|stage| wanted.is(stage))
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
                vec![KnownPipeline { id: pipeline.unwrap_or_default(), stages, ..KnownPipeline::default() }]
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
    due: &[StageRule],
    stored: &mut Stored,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let mut stages = Stages { context, traits: Cow::Borrowed(&context.settings.traits) };
    let has_all = context.client.connection().dialect == Dialect::RestApi;
    let is_known = |rule: &&StageRule| !has_all || !stages.traits.knows_stages_since(SOON) || stages.has(&rule.stage);
    let (due, unknown): (Vec<&StageRule>, Vec<_>) = due.iter().partition(is_known);
    for rule in unknown {
        wait(&rule.cause, stored, outcome);
    }
    if due.is_empty() {
        return Ok(());
    }
    for is_last in [false, true] {
        let Some(lead) = lead_of(context, owner, contact).await? else {
            outcome.why.push(Reason::StageLeadGone);
            stored.stages.extend(due.iter().map(|rule| rule.cause.key()));
            return Ok(());
        };
        let pipeline = lead.lead_pipeline_id;
        let is_unknown = |rule: &&StageRule| !stages.of(pipeline).iter().any(|stage| rule.stage.is(stage));
        let is_old = is_last || !stages.traits.knows_stages_since(FRESH);
        if is_old || due.iter().any(is_unknown) && !stages.traits.knows_stages_since(SOON) {
            stages.read(pipeline, outcome).await?;
        }
        let (mut at, mut reason) = (lead.lead_pipeline_stage_id, None);
        let (mut fired, mut waits) = (Vec::new(), Vec::new());
        for rule in &due {
            match decide(stages.of(pipeline), at, &rule.stage, rule.back) {
                Move::Unknown => {
                    waits.push(&rule.cause);
                    continue;
                }
                Move::To(stage) => (at, reason) = (Some(stage), rule.lost_reason.as_deref()),
                Move::None => {}
            }
            fired.push(rule.cause.key());
        }
        if let Some(stage) = at.filter(|_| at != lead.lead_pipeline_stage_id) {
            match context.client.move_lead_because(lead.id, stage, reason).await {
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
fn wait(cause: &Cause, stored: &mut Stored, outcome: &mut Outcome) {
    if *cause == Cause::Created && !stored.stages.iter().any(|rule| rule == WAITS) {
        stored.stages.push(WAITS.to_owned());
    }
    outcome.why.push(Reason::StageUnknown { rule: cause.key() });
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
            assert_eq!(decide(&stages, current, &wanted, false), expected, "{current:?} {wanted:?}");
        }
        let table = [
            (Some(3), StageRef::Id(2), Move::To(2)),
            (Some(4), StageRef::Id(2), Move::To(2)),
            (Some(5), named("won"), Move::To(4)),
            (Some(2), StageRef::Id(2), Move::None),
        ];
        for (current, wanted, expected) in table {
            assert_eq!(decide(&stages, current, &wanted, true), expected, "{current:?} {wanted:?}, back");
        }
        assert_eq!(decide(&[], Some(1), &StageRef::Id(1), false), Move::Unknown);
    }
}
