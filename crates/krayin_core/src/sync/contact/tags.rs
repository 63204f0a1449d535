//! Labels as tags: of the person, and of its lead where the settings say so.
//!
//! The server does not list a record's tags, so what is whose is kept with the contact: where each label comes from (the
//! contact itself, its conversations), and on which record its tag was put, by us or by a colleague before us. What is there
//! is left alone: a label that stays puts no tag back that a colleague took away, and one that goes takes no tag away that a
//! colleague had put there.

use std::{collections::BTreeSet, fmt};

use super::Flow;
use crate::{
    Error,
    api::{ApiError, ErrorKind},
    chatwoot::Conversation,
    field::Entity,
    settings::{LabelTags, LeadPolicy},
};

/// Before a label in `Stored::sent`.
const TAG: &str = "tag:";

/// Whose a tag on a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hand {
    /// We put it there.
    Ours,
    /// It was there.
    Theirs,
    /// It is being put there, and may be.
    InFlight,
}

/// What is kept of a label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Mark {
    /// Its tag's id; 0 while that is not known.
    tag: u64,
    /// Who bears it: the contact itself (0) and conversations.
    by: Vec<u64>,
    on: Vec<(Entity, u64, Hand)>,
    /// Whether the tag was made just now: nobody can have put it anywhere. It is not kept.
    is_new: bool,
}

impl Mark {
    /// Reads `3 by 0,5 on person:7+,lead:8-`.
    fn read(text: &str) -> Self {
        let mut mark = Self::default();
        let (tag, rest) = text.split_once(" by ").unwrap_or_default();
        let (by, on) = rest.split_once(" on ").unwrap_or_default();
        mark.tag = tag.parse().unwrap_or_default();
        mark.by.extend(by.split(',').filter_map(|id| id.parse::<u64>().ok()));
        mark.on.extend(on.split(',').filter_map(|record| {
            let (entity, id) = record.split_once(':')?;
            let hand = match id.chars().next_back()? {
                '+' => Hand::Ours,
                '-' => Hand::Theirs,
                _ => Hand::InFlight,
            };
            Some((Entity::parse(entity)?, id.get(..id.len() - 1)?.parse().ok()?, hand))
        }));
        mark
    }

    fn hand(&self, entity: Entity, id: u64) -> Option<Hand> {
        self.on.iter().find(|(of, known, _)| (*of, *known) == (entity, id)).map(|(_, _, hand)| *hand)
    }

    fn put(&mut self, entity: Entity, id: u64, hand: Option<Hand>) {
        self.on.retain(|(of, known, _)| (*of, *known) != (entity, id));
        self.on.extend(hand.map(|hand| (entity, id, hand)));
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by: Vec<String> = self.by.iter().map(u64::to_string).collect();
        write!(f, "{} by {} on ", self.tag, by.join(","))?;
        for (at, (entity, id, hand)) in self.on.iter().enumerate() {
            let hand = match hand {
                Hand::Ours => '+',
                Hand::Theirs => '-',
                Hand::InFlight => '|',
            };
            write!(f, "{}{}:{id}{hand}", if at == 0 { "" } else { "," }, entity.name())?;
        }
        Ok(())
    }
}

fn key(label: &str) -> String {
    label.trim().to_lowercase()
}

impl Flow<'_> {
    /// The labels of which something is to be done, as they are borne now.
    fn labels_due(&self, about: Option<&Conversation>) -> Vec<(String, Mark)> {
        let settings = self.context.settings;
        if settings.label_tags == LabelTags::Never || settings.traits.tags.is_none() {
            return Vec::new();
        }
        let about = about.filter(|conversation| conversation.id != 0);
        let of_contact = self.contact.labels.is_known().then_some((0, &*self.contact.labels));
        let of_conversation = about.map(|conversation| (conversation.id, conversation.labels.as_slice()));
        let sources: Vec<(u64, &[String])> = of_contact.into_iter().chain(of_conversation).collect();
        let borne = sources.iter().flat_map(|(_, labels)| labels.iter()).map(|label| key(label));
        let kept = self.stored.sent.keys().filter_map(|known| known.strip_prefix(TAG)).map(str::to_owned);
        let labels: BTreeSet<String> = borne.chain(kept).filter(|label| !label.is_empty()).collect();
        let due = labels.into_iter().filter_map(|label| {
            let kept = self.mark(&label);
            let mut mark = kept.clone();
            for (source, labels) in &sources {
                mark.by.retain(|by| by != source);
                if labels.iter().any(|known| key(known) == label) {
                    mark.by.push(*source);
                }
            }
            mark.by.sort_unstable();
            let lacks = self.tagged(&mark, about).any(|(entity, id)| !mark.hand(entity, id).is_some_and(is_settled));
            (lacks || mark.by != kept.by).then_some((label, mark))
        });
        due.collect()
    }

    pub(super) fn are_labels_due(&self, about: Option<&Conversation>) -> bool {
        !self.labels_due(about).is_empty()
    }

    fn mark(&self, label: &str) -> Mark {
        self.stored.sent.get(&format!("{TAG}{label}")).map(|kept| Mark::read(kept)).unwrap_or_default()
    }

    /// The records that are to bear the tag.
    fn tagged(&self, mark: &Mark, about: Option<&Conversation>) -> impl Iterator<Item = (Entity, u64)> + use<> {
        let settings = self.context.settings;
        let is_borne = !mark.by.is_empty();
        // A conversation's own lead bears what that conversation does.
        let is_leads = settings.lead_policy != LeadPolicy::PerConversation
            || (!self.lead_is_anothers
                && (mark.by.contains(&0) || about.is_some_and(|conversation| mark.by.contains(&conversation.id))));
        let lead = (settings.label_tags == LabelTags::PersonAndLead && is_leads).then(|| self.stored.ids.get("lead"));
        let person = self.stored.ids.get("person").map(|id| (Entity::Person, id));
        let lead = lead.flatten().map(|id| (Entity::Lead, id));
        person.into_iter().chain(lead).filter(move |_| is_borne)
    }

    /// Brings the tags to what the labels are now.
    pub(super) async fn sync_tags(&mut self, about: Option<&Conversation>) -> Result<(), Error> {
        if self.stored.ids.get("person").is_none() {
            return Ok(());
        }
        for (label, mut mark) in self.labels_due(about) {
            let records: Vec<_> = self.tagged(&mark, about).collect();
            let is_borne = |entity: Entity, id: u64| {
                let is_this_lead = entity == Entity::Lead && Some(id) == self.stored.ids.get("lead");
                !mark.by.is_empty() && (!is_this_lead || self.lead_is_anothers || records.contains(&(entity, id)))
            };
            let (on, off) = mark.on.iter().partition(|(entity, id, _)| is_borne(*entity, *id));
            mark.on = on;
            self.take_off(mark.tag, off).await?;
            for (entity, id) in records {
                if !mark.hand(entity, id).is_some_and(is_settled) {
                    self.put_tag_on(&label, &mut mark, (entity, id), about).await?;
                }
            }
            self.keep(&label, &mark).await?;
        }
        Ok(())
    }

    async fn keep(&mut self, label: &str, mark: &Mark) -> Result<(), Error> {
        let key = format!("{TAG}{label}");
        match mark.by.is_empty() {
            true => drop(self.stored.sent.remove(&key)),
            false => drop(self.stored.sent.insert(key, mark.to_string())),
        }
        self.store().await
    }

    /// Takes off what we put on. Where it is gone already a colleague was first.
    async fn take_off(&mut self, tag: u64, records: Vec<(Entity, u64, Hand)>) -> Result<(), Error> {
        for (entity, id, hand) in records {
            if hand == Hand::Theirs || tag == 0 {
                continue;
            }
            match self.context.client.untag(entity, id, tag).await {
                Err(error) if error.kind == ErrorKind::NotFound => {}
                done => {
                    done?;
                    self.outcome.updated.push("tags");
                }
            }
        }
        Ok(())
    }

    async fn put_tag_on(
        &mut self,
        label: &str,
        mark: &mut Mark,
        (entity, id): (Entity, u64),
        about: Option<&Conversation>,
    ) -> Result<(), Error> {
        let client = self.context.client;
        if mark.tag == 0 {
            (mark.tag, mark.is_new) = self.tag_of(label, about, false).await?;
        }
        let is_alone = mark.is_new || self.outcome.created.contains(&entity.name());
        let mut hand = Hand::Ours;
        if mark.hand(entity, id).is_none() && !is_alone {
            match client.is_tagged(entity, id, mark.tag).await? {
                Some(true) => {
                    mark.put(entity, id, Some(Hand::Theirs));
                    return Ok(());
                }
                Some(false) => {}
                // What cannot be seen may have been there.
                None => hand = Hand::Theirs,
            }
        }
        mark.put(entity, id, Some(Hand::InFlight));
        self.keep(label, mark).await?;
        let mut attached = client.tag(entity, id, mark.tag).await;
        if attached.as_ref().is_err_and(may_be_about_the_tag) {
            let (tag, _) = self.tag_of(label, about, true).await?;
            if tag != mark.tag {
                // A colleague has deleted the one that was known.
                mark.tag = tag;
                self.keep(label, mark).await?;
                attached = client.tag(entity, id, mark.tag).await;
            }
        }
        match attached {
            // The record is gone: what writes it next finds out.
            Err(error) if error.kind == ErrorKind::NotFound => mark.put(entity, id, None),
            attached => {
                attached?;
                mark.put(entity, id, Some(hand));
                self.outcome.updated.push("tags");
            }
        }
        Ok(())
    }

    /// The tag of a label: known, found or made, and whether it was made just now.
    async fn tag_of(&self, label: &str, about: Option<&Conversation>, anew: bool) -> Result<(u64, bool), Error> {
        let client = self.context.client;
        let known = self.context.settings.traits.tags.iter().flatten().find(|(_, name)| key(name) == label);
        if let Some((id, _)) = known.filter(|_| !anew) {
            return Ok((*id, false));
        }
        if let Some(found) = client.find_tag(label).await? {
            return Ok((found.id, false));
        }
        let colours = [about.map(|conversation| &conversation.label_colors), Some(&self.contact.label_colors)];
        let colour = colours.into_iter().flatten().find_map(|colours| colours.get(label)?.as_str());
        match client.create_coloured_tag(label, colour).await {
            // Somebody made it since the look.
            Err(error) if error.kind == ErrorKind::Conflict => match client.find_tag(label).await? {
                Some(found) => Ok((found.id, false)),
                None => Err(error.into()),
            },
            made => Ok((made?.id, true)),
        }
    }
}

fn is_settled(hand: Hand) -> bool {
    hand != Hand::InFlight
}

/// A tag that is gone is a failure inside, or a value that is none.
fn may_be_about_the_tag(error: &ApiError) -> bool {
    matches!(error.kind, ErrorKind::Server | ErrorKind::Validation | ErrorKind::Conflict)
}

#[cfg(test)]
mod tests {
    use super::{Hand, Mark};
    use crate::field::Entity;

    #[test]
    fn what_is_kept_reads_back_and_anything_else_is_nothing() {
        let mark = Mark {
            tag: 3,
            by: vec![0, 5],
            on: vec![
                (Entity::Person, 7, Hand::Ours),
                (Entity::Lead, 8, Hand::Theirs),
                (Entity::Lead, 9, Hand::InFlight),
            ],
            is_new: false,
        };
        assert_eq!(mark.to_string(), "3 by 0,5 on person:7+,lead:8-,lead:9|");
        for kept in [mark, Mark::default(), Mark { by: vec![4], ..Mark::default() }] {
            assert_eq!(Mark::read(&kept.to_string()), kept);
        }
        for text in ["", "x", "3 by", " by  on ", "1 by a on b", "1 by  on person:,lead:7,:+,person:é"] {
            assert!(Mark::read(text).by.is_empty(), "{text}");
        }
    }
}
