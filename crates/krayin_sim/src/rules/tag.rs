//! Tags: `settings/tags`, and their links to persons and leads.

use serde_json::{Value, json};

use crate::answer::{Answer, Failure, Outcome};
use crate::crm::Crm;
use crate::data::clock::iso;
use crate::data::input::{Input, is_absent, leading_number};
use crate::data::row::Searched;
use crate::data::text::{fold, short};
use crate::model::tag::Tag;
use crate::query::list::{ListQuery, list};
use crate::query::search::Search;

impl Crm {
    fn show_tag(&self, tag: &Tag) -> Value {
        json!({
            "id": tag.id,
            "name": tag.name,
            "color": tag.color,
            "user": self.user(tag.user_id).map(crate::model::user::User::show),
            "created_at": iso(tag.created_at),
            "updated_at": iso(tag.updated_at),
        })
    }

    pub(crate) fn tag_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.tags.iter(), |id| self.tags.get(id), |tag| self.show_tag(tag))
    }

    pub(crate) fn tag_search(&self, pairs: &[(String, String)]) -> Outcome {
        let search = Search::parse(pairs, Tag::FIELDS, self.server.blank_becomes_null())?;
        let found = search.run(self.tags.iter(), self)?;
        Answer::data(found.into_iter().map(|tag| self.show_tag(tag)).collect())
    }

    pub(crate) fn tag_get(&self, id: &str) -> Outcome {
        match leading_number(id).and_then(|id| self.tags.get(id)) {
            Some(tag) => Answer::data(self.show_tag(tag)),
            None => Err(Failure::missing("Webkul\\Tag\\Models\\Tag", id)),
        }
    }

    pub(crate) fn tag_create(&mut self, input: &Input, user: u64) -> Outcome {
        if is_absent(input.0.get("name")) {
            return Err(Failure::Invalid(vec![("name".into(), "The name field is required.".into())]));
        }
        let name = input.text("name").unwrap_or_default();
        if self.tags.iter().any(|tag| fold(&tag.name) == fold(&name)) {
            return Err(Failure::Invalid(vec![("name".into(), "The name has already been taken.".into())]));
        }
        let now = self.clock.now();
        let id = self.tags.reserve();
        let tag = Tag {
            id,
            name: short(&name).to_owned(),
            color: input.text("color"),
            user_id: user,
            created_at: now,
            updated_at: now,
        };
        let shown = self.show_tag(&tag);
        self.tags.put(id, tag);
        Answer::data_and_message(shown, "Tag created successfully.")
    }

    pub(crate) fn tag_delete(&mut self, id: &str) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        if self.tags.remove(key).is_none() {
            return Err(Failure::missing("Webkul\\Tag\\Models\\Tag", id));
        }
        for person in self.persons.iter_mut() {
            person.tags.retain(|tag| *tag != key);
        }
        for lead in self.leads.iter_mut() {
            lead.tags.retain(|tag| *tag != key);
        }
        Answer::deleted(self.server, "Tag deleted successfully.")
    }

    fn attach(&self, tags: &mut Vec<u64>, input: &Input) -> Outcome<()> {
        let tag = input.id("tag_id").unwrap_or(0);
        if tags.contains(&tag) {
            return Ok(());
        }
        if self.tags.get(tag).is_none() {
            return Err(Failure::foreign_key("lead_tags", "tag_id", "tags"));
        }
        tags.push(tag);
        Ok(())
    }

    /// Without a tag's id the official package detaches **all** tags.
    fn detach(&self, tags: &mut Vec<u64>, input: &Input) -> Outcome<()> {
        match input.id("tag_id") {
            Some(tag) if self.server.detach_needs_tag() && !tags.contains(&tag) => {
                Err(Failure::NotFound("The tag is not attached to this record."))
            }
            Some(tag) => {
                tags.retain(|other| *other != tag);
                Ok(())
            }
            None if self.server.detach_needs_tag() => Err(Failure::NotFound("The tag is not attached to this record.")),
            None => {
                tags.clear();
                Ok(())
            }
        }
    }

    pub(crate) fn person_tags(&mut self, id: &str, input: &Input, attach: bool) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        let Some(person) = self.persons.get(key) else {
            return Err(Failure::missing(crate::model::person::MODEL, id));
        };
        let mut tags = person.tags.clone();
        self.change_tags(&mut tags, input, attach)?;
        if let Some(person) = self.persons.get_mut(key) {
            person.tags = tags;
        }
        Answer::message(tags_message(attach))
    }

    /// A lead's tags answer in another form than a person's.
    pub(crate) fn lead_tags(&mut self, id: &str, input: &Input, attach: bool) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        let Some(lead) = self.leads.get(key) else {
            return Err(Failure::missing(crate::model::lead::MODEL, id));
        };
        let mut tags = lead.tags.clone();
        self.change_tags(&mut tags, input, attach)?;
        if let Some(lead) = self.leads.get_mut(key) {
            lead.tags = tags;
        }
        Answer::wrapped_message(tags_message(attach))
    }

    fn change_tags(&self, tags: &mut Vec<u64>, input: &Input, attach: bool) -> Outcome<()> {
        if attach { self.attach(tags, input) } else { self.detach(tags, input) }
    }
}

fn tags_message(attach: bool) -> &'static str {
    if attach { "Tag attached successfully." } else { "Tag detached successfully." }
}
