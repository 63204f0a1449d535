//! What was said and is to be said no longer.

use serde_json::{Map, Value};

use super::{
    Context, Outcome,
    activity::{COMMENT, TITLE},
    comment::{self, Merged},
};
use crate::{
    Error,
    api::ErrorKind,
    reason::Reason,
    records::{Kind, State},
};

/// A conversation or message that was deleted: its activity loses its words, and its sender's name in the title. One that
/// is not in Krayin has none to lose.
pub(super) async fn sync(context: &Context<'_>, kind: Kind, id: u64) -> Result<Outcome, Error> {
    let mut stored = context.load(kind, id).await?;
    if stored.removed == GONE || stored.unverified {
        return Ok(Outcome::skipped(stored.ids, Reason::NotInKrayin));
    }
    let client = context.client;
    let found = match (stored.ids.get("activity"), stored.sent.get(TITLE).filter(|_| stored.pending)) {
        (Some(activity), _) => client.find_activity(activity).await?,
        // Whether it was created was not seen.
        (None, Some(title)) => client.search_activity(title).await?.into_iter().next(),
        (None, None) => None,
    };
    let mut outcome = Outcome::default();
    match found {
        Some(activity) => {
            let mut body = Map::new();
            let notice = format!("<i>This {} was deleted in Chatwoot.</i>", kind.name());
            let current = activity.comment.as_deref().unwrap_or_default();
            let words = match stored.sent.get(COMMENT) {
                // What a colleague wrote beside it stays.
                Some(kept) => comment::merge(current, &notice, kept, &context.settings.digest_key),
                None => Merged::Write(notice),
            };
            if let Merged::Write(words) = words {
                body.insert("comment".into(), words.into());
            }
            if let Some((_, place)) = activity.title.as_deref().and_then(|title| {
                let said = title.strip_prefix("Message from ")?;
                said.split_once(" - Conversation")
            }) {
                body.insert("title".into(), format!("Message - Conversation{place}").into());
            }
            match client.write_activity(&activity, Value::Object(body)).await {
                Ok(_) => outcome.updated.push("activity"),
                // Someone has deleted it in Krayin as well.
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
            stored.ids.set("activity", activity.id);
        }
        None => outcome = Outcome::skipped(Default::default(), Reason::NotInKrayin),
    }
    if stored.revision > 0 {
        stored.sent.clear();
        stored.pending = false;
        stored.removed = GONE.to_owned();
        stored.state = Some(State::Skipped);
        stored.reason = Some(Reason::DeletedInChatwoot.kept());
        context.store(kind, id, &mut stored).await?;
    }
    outcome.ids = stored.ids;
    Ok(outcome)
}

/// What `Stored::removed` says of a record whose words were taken out of Krayin.
pub(super) const GONE: &str = "deleted";
