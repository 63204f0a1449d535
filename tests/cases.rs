use krayin_sim::{Server, Sim};
use serde_json::{Value, json};

use crate::{conversation, jane};

/// An event with what comes before it, and what must be in Krayin after it: once, and linked.
pub struct Case {
    /// What it is called.
    pub name: &'static str,
    /// Settings beside the usual ones.
    pub settings: Value,
    /// Whether a workflow waits for new persons.
    pub workflow: bool,
    /// A person who is there without being known.
    pub theirs: Option<Value>,
    /// Events that went well before.
    pub before: Vec<(&'static str, Value)>,
    /// What is deleted in Krayin then: `person` (with its leads), `lead` or `activity`.
    pub deleted: Option<&'static str>,
    /// The event.
    pub event: (&'static str, Value),
    /// What runs after a failure instead of the same event: the record has changed meanwhile.
    pub later: Option<(&'static str, Value)>,
    /// Persons, leads, organizations and activities in the end.
    pub counts: [usize; 4],
    /// What must be read somewhere in the end.
    pub shown: Option<(&'static str, &'static str)>,
}

fn case(name: &'static str, event: &'static str, data: Value, counts: [usize; 4]) -> Case {
    Case {
        name,
        settings: json!({}),
        workflow: false,
        theirs: None,
        before: Vec::new(),
        deleted: None,
        event: (event, data),
        later: None,
        counts,
        shown: None,
    }
}

fn changed(mut record: Value, field: &str, value: Value) -> Value {
    record[field] = value;
    record
}

fn contact(contact: Value) -> Value {
    json!({"contact": contact})
}

/// Every flow of the sync that a server knows.
///
/// The document has no workflows. It finds an organization by its exact name, in which a comma separates two.
pub fn cases(server: Server) -> Vec<Case> {
    let mut cases = every_case();
    for case in cases.iter_mut().filter(|case| case.deleted.is_some()) {
        case.settings["on_deleted_in_krayin"] = json!("make_again");
    }
    if server == Server::Documented {
        cases.retain(|case| !case.workflow && !case.is_of_lists());
        let plain =
            |data: &mut Value| *data = serde_json::from_str(&data.to_string().replace("Acme, Inc.", "Acme")).unwrap();
        for case in &mut cases {
            plain(&mut case.event.1);
            case.before.iter_mut().chain(&mut case.later).for_each(|(_, data)| plain(data));
        }
    }
    cases
}

fn every_case() -> Vec<Case> {
    let known = || vec![("contact.created", contact(jane()))];
    let conversations = || json!({"sync_conversations": true});
    let talk = || json!({"conversation": conversation("Channel::Whatsapp")});
    let resolved = || json!({"conversation": changed(conversation("Channel::Whatsapp"), "status", json!("resolved"))});
    let begun = || vec![("contact.created", contact(jane())), ("conversation.created", talk())];
    let smith = || contact(changed(jane(), "name", json!("Jane Smith")));
    let message = |sender: &str| {
        json!({"message": {
            "id": 9, "message_type": "outgoing", "content": "A reply", "created_at": "2026-11-24T10:02:00Z",
            "sender": {"name": sender, "type": "User"}, "conversation": conversation("Channel::Api")
        }})
    };
    let rewritten =
        || json!({"message": changed(message("Ann")["message"].clone(), "content", json!("Another reply"))});
    let stages = || json!({"stage_progression_enabled": true, "stage_on_conversation_created": 2});
    let channel = |fields: Value| {
        let mut contact = json!({
            "id": 31, "account_id": 1, "name": "Sojan Jose", "additional_attributes": {"username": "sojan"},
            "contact_inboxes": [{"channel_type": "Channel::Telegram", "source_id": "23423423"}], "has_conversation": true
        });
        for (key, value) in fields.as_object().unwrap() {
            contact[key] = value.clone();
        }
        self::contact(contact)
    };
    let no_company = |fields: Value| {
        let mut jane = jane();
        jane.as_object_mut().unwrap().remove("additional_attributes");
        for (key, value) in fields.as_object().unwrap() {
            jane[key] = value.clone();
        }
        contact(jane)
    };
    vec![
        case("new contact", "contact.created", contact(jane()), [1, 1, 1, 0]),
        case("new contact without phone", "contact.created", no_company(json!({"phone_number": null})), [1, 1, 0, 0]),
        case("new contact without e-mail", "contact.created", no_company(json!({"email": null})), [1, 1, 0, 0]),
        case("new contact of a channel", "contact.created", channel(json!({})), [1, 1, 0, 1]),
        Case {
            before: vec![("contact.created", channel(json!({})))],
            shown: Some(("persons", "sojan@example.com")),
            ..case("address turns up", "contact.updated", channel(json!({"email": "sojan@example.com"})), [1, 1, 0, 1])
        },
        Case { workflow: true, ..case("new contact, workflow", "contact.created", contact(jane()), [1, 1, 1, 0]) },
        Case {
            theirs: Some(json!({
                "name": "Jane", "emails": [{"value": "Jane@example.com", "label": "work"}],
                "contact_numbers": [{"value": "+1 (415) 555-0182", "label": "work"}]
            })),
            ..case("person there, no lead", "contact.created", no_company(json!({})), [1, 1, 0, 0])
        },
        Case {
            before: known(),
            shown: Some(("persons", "Jane Smith")),
            ..case("contact renamed", "contact.updated", smith(), [1, 1, 1, 0])
        },
        Case {
            before: known(),
            deleted: Some("person"),
            shown: Some(("leads", "Jane Smith")),
            ..case("person deleted", "contact.updated", smith(), [1, 1, 1, 0])
        },
        Case {
            before: known(),
            deleted: Some("lead"),
            ..case("lead deleted", "contact.updated", smith(), [1, 1, 1, 0])
        },
        Case {
            settings: conversations(),
            ..case("conversation, new contact", "conversation.created", talk(), [1, 1, 1, 1])
        },
        Case {
            settings: conversations(),
            before: known(),
            ..case("conversation, known contact", "conversation.created", talk(), [1, 1, 1, 1])
        },
        Case {
            settings: conversations(),
            before: begun(),
            shown: Some(("activities", "esolved")),
            ..case("conversation resolved", "conversation.updated", resolved(), [1, 1, 1, 1])
        },
        Case {
            settings: conversations(),
            before: begun(),
            deleted: Some("activity"),
            ..case("activity deleted", "conversation.updated", resolved(), [1, 1, 1, 1])
        },
        Case {
            settings: json!({"sync_messages": true}),
            before: known(),
            ..case("message", "message.created", message("Ann"), [1, 1, 1, 1])
        },
        Case {
            settings: json!({"sync_messages": true}),
            before: [known(), vec![("message.created", message("Ann"))]].concat(),
            shown: Some(("activities", "Another reply")),
            ..case("message changed", "message.updated", rewritten(), [1, 1, 1, 1])
        },
        Case {
            settings: stages(),
            before: known(),
            shown: Some(("leads", "\"lead_pipeline_stage_id\":2")),
            ..case("stage", "conversation.created", talk(), [1, 1, 1, 0])
        },
        Case {
            later: Some(("contact.updated", smith())),
            shown: Some(("leads", "Jane Smith")),
            ..case("new contact, renamed meanwhile", "contact.created", contact(jane()), [1, 1, 1, 0])
        },
        Case {
            settings: json!({"sync_messages": true}),
            before: known(),
            later: Some(("message.created", message("Anna"))),
            ..case("message, sender renamed meanwhile", "message.created", message("Ann"), [1, 1, 1, 1])
        },
        Case {
            settings: conversations(),
            before: known(),
            deleted: Some("person"),
            ..case("conversation, person deleted", "conversation.created", talk(), [1, 1, 1, 1])
        },
        Case {
            settings: json!({"sync_messages": true}),
            before: known(),
            deleted: Some("person"),
            ..case("message, person deleted", "message.created", message("Ann"), [1, 1, 1, 1])
        },
        Case {
            settings: json!({"sync_conversations": true, "lead_policy": "never"}),
            ..case("conversation, no leads", "conversation.created", talk(), [1, 0, 1, 1])
        },
        Case {
            settings: json!({"sync_conversations": true, "lead_policy": "per_conversation"}),
            shown: Some(("leads", "Conversation #42")),
            ..case("conversation's lead, new contact", "conversation.created", talk(), [1, 1, 1, 1])
        },
        Case {
            settings: json!({"lead_policy": "per_conversation"}),
            before: known(),
            shown: Some(("leads", "Conversation #42")),
            ..case("conversation's lead, known contact", "conversation.created", talk(), [1, 1, 1, 0])
        },
        Case {
            settings: json!({"sync_conversations": true, "lead_policy": "on_label", "lead_labels": "vip"}),
            before: begun(),
            ..case(
                "labelled",
                "conversation.updated",
                json!({"conversation": changed(conversation("Channel::Whatsapp"), "labels", json!(["vip"]))}),
                [1, 1, 1, 1],
            )
        },
        Case {
            settings: json!({"owner_policy": "follow"}),
            before: known(),
            shown: Some(("leads", "\"user_id\":2")),
            ..case(
                "assigned",
                "conversation.updated",
                json!({"conversation": changed(conversation("Channel::Api"), "assignee_email", json!("bridge1@example.com"))}),
                [1, 1, 1, 0],
            )
        },
        Case {
            settings: json!({"label_tags": "person_and_lead"}),
            before: known(),
            shown: Some(("leads", "\"tag_ids\":[1]")),
            ..case("tagged", "contact.updated", contact(changed(jane(), "labels", json!(["vip"]))), [1, 1, 1, 0])
        },
        Case {
            settings: stages(),
            before: known(),
            deleted: Some("lead"),
            shown: Some(("leads", "\"lead_pipeline_stage_id\":2")),
            ..case("stage, lead deleted", "conversation.created", talk(), [1, 1, 1, 0])
        },
    ]
}

impl Case {
    /// Whether the settings need lists that the document does not serve.
    fn is_of_lists(&self) -> bool {
        ["owner_policy", "label_tags"].iter().any(|key| self.settings.get(key).is_some())
    }

    /// Puts what the set-up would have learned for the case's own settings beside what it has learned without them.
    pub fn learn(&self, settings: &mut Value) {
        if self.settings.get("owner_policy").is_some() {
            settings["traits"]["users"] = json!([[1, "admin@example.com"], [2, "bridge1@example.com"]]);
        }
        if self.settings.get("label_tags").is_some() {
            settings["traits"]["tags"] = json!([]);
        }
    }

    /// What is deleted before the event, as the server's paths.
    pub fn deletions(&self, sim: &Sim, server: Server) -> Vec<String> {
        let id = |list: Vec<Value>| list[0]["id"].clone();
        let persons = if server == Server::Documented { "persons" } else { "contacts/persons" };
        match self.deleted {
            Some("activity") => vec![format!("activities/{}", id(sim.activities()))],
            Some("lead") => vec![format!("leads/{}", id(sim.leads()))],
            Some(_) => vec![format!("leads/{}", id(sim.leads())), format!("{persons}/{}", id(sim.persons()))],
            None => Vec::new(),
        }
    }

    /// What runs after a failure.
    pub fn again(&self) -> &(&'static str, Value) {
        self.later.as_ref().unwrap_or(&self.event)
    }

    /// What is wrong in the end: too many of something, too few, not linked, not shown.
    pub fn wrong(&self, sim: &Sim, dialect_links_leads: bool) -> Vec<String> {
        let [persons, leads, organizations, activities] =
            [sim.persons(), sim.leads(), sim.organizations(), sim.activities()];
        let mut wrong = Vec::new();
        let lists =
            [("persons", &persons), ("leads", &leads), ("organizations", &organizations), ("activities", &activities)];
        for ((name, list), wanted) in lists.iter().zip(self.counts) {
            if list.len() != wanted {
                wrong.push(format!("{} {name} instead of {wanted}", list.len()));
            }
        }
        let id = |list: &[Value]| list.first().map(|record| record["id"].clone()).unwrap_or_default();
        if leads.iter().any(|lead| lead["person"]["id"] != id(&persons) && lead["person_id"] != id(&persons)) {
            wrong.push("the lead is not the person's".into());
        }
        if self.counts[2] == 1 && persons.iter().any(|person| person["organization_id"] != id(&organizations)) {
            wrong.push("the person is not the organization's".into());
        }
        for activity in &activities {
            let is_profile = activity["title"].as_str().is_some_and(|title| title.contains(" profile of contact"));
            let both = !self.event.0.starts_with("message.") && !is_profile && dialect_links_leads;
            let is_persons = activity["person_ids"] == json!([id(&persons)]);
            let is_leads = match self.counts[1] {
                0 => activity["lead_ids"] == json!([]),
                _ => activity["lead_ids"] == json!([id(&leads)]),
            };
            if !is_persons || (both && !is_leads) {
                wrong.push(format!("the activity is not linked: {} {}", activity["person_ids"], activity["lead_ids"]));
            }
        }
        if let Some((list, text)) = self.shown
            && !lists
                .iter()
                .any(|(name, records)| *name == list && records.iter().any(|record| record.to_string().contains(text)))
        {
            wrong.push(format!("{text} is not among the {list}"));
        }
        wrong
    }
}
