//! Changes that a colleague makes in Krayin's own pages, at once or between two calls of a client.

use serde_json::{Map, Value, json};

use crate::fault::calls;

/// A change that a colleague makes, in the administrator's name: only what is named changes, the timeline notes it and
/// workflows fire.
///
/// As JSON (`POST /_sim/changes`) its fields stand beside its name, which `change` holds:
/// `{"change": "edit_lead", "lead": "last", "fields": {"title": "Renamed"}, "after": {"method": "POST", "path": "/leads"}}`.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Writes fields of a person (`edit_person`, with `person` and `fields`): `name`, `job_title`, `user_id`,
    /// `organization_id` or `organization_name`, `emails`, `contact_numbers`, custom attributes by their code.
    EditPerson {
        /// Whose.
        person: Record,
        /// An object.
        fields: Value,
    },
    /// Adds an e-mail address (`add_email`, with `person`, `value`, and `label` if not `work`).
    AddEmail {
        /// Whose.
        person: Record,
        /// The address.
        value: String,
        /// `work` or `home`.
        label: String,
    },
    /// Takes an e-mail address away (`remove_email`, with `person` and `value`).
    RemoveEmail {
        /// Whose.
        person: Record,
        /// The address as it is written there.
        value: String,
    },
    /// Adds a number (`add_number`, with `person`, `value`, and `label` if not `work`).
    AddNumber {
        /// Whose.
        person: Record,
        /// The number.
        value: String,
        /// `work` or `home`.
        label: String,
    },
    /// Takes a number away (`remove_number`, with `person` and `value`).
    RemoveNumber {
        /// Whose.
        person: Record,
        /// The number as it is written there.
        value: String,
    },
    /// Deletes a person as the server does, which refuses it while there are leads (`delete_person`, with `person`).
    DeletePerson {
        /// Which one.
        person: Record,
    },
    /// Writes fields of a lead (`edit_lead`, with `lead` and `fields`): `title`, `description`, `lead_value`,
    /// `expected_close_date`, `user_id`, `person_id`, `lead_source_id`, `lead_type_id`, custom attributes by their code.
    EditLead {
        /// Which one.
        lead: Record,
        /// An object.
        fields: Value,
    },
    /// Moves a lead to a stage of its pipeline (`move_lead`, with `lead` and `stage`, an id or a code).
    MoveLead {
        /// Which one.
        lead: Record,
        /// The stage's id or code.
        stage: Value,
    },
    /// Moves a lead to the stage `won` (`win_lead`, with `lead`).
    WinLead {
        /// Which one.
        lead: Record,
    },
    /// Moves a lead to the stage `lost` (`lose_lead`, with `lead`, and `reason` if there is one).
    LoseLead {
        /// Which one.
        lead: Record,
        /// `lost_reason`.
        reason: Option<String>,
    },
    /// Moves a lead to the first stage that does not end it (`reopen_lead`, with `lead`).
    ReopenLead {
        /// Which one.
        lead: Record,
    },
    /// Puts products in the place of a lead's (`set_products`, with `lead` and `products`).
    SetProducts {
        /// Which one.
        lead: Record,
        /// Objects.
        products: Vec<Value>,
    },
    /// Deletes a lead (`delete_lead`, with `lead`).
    DeleteLead {
        /// Which one.
        lead: Record,
    },
    /// Writes an activity (`add_activity`, with `fields` as a client would send them, and `person` or `lead`).
    AddActivity {
        /// An object.
        fields: Value,
        /// Of which person.
        person: Option<Record>,
        /// Of which lead.
        lead: Option<Record>,
    },
    /// Writes fields of an activity (`edit_activity`, with `activity` and `fields`; `mark_done`, with `activity`, and
    /// `done` if it is false).
    EditActivity {
        /// Which one.
        activity: Record,
        /// An object.
        fields: Value,
    },
    /// Deletes an activity (`delete_activity`, with `activity`).
    DeleteActivity {
        /// Which one.
        activity: Record,
    },
    /// Writes fields of an organization (`edit_organization`, with `organization` and `fields`): `name`, `address`.
    EditOrganization {
        /// Which one.
        organization: Record,
        /// An object.
        fields: Value,
    },
    /// Deletes an organization (`delete_organization`, with `organization`).
    DeleteOrganization {
        /// Which one.
        organization: Record,
    },
    /// Adds a stage to a pipeline (`add_stage`, with `fields`: `code`, `name`, `probability`, `sort_order`; and
    /// `pipeline` if it is not the first).
    AddStage {
        /// Of which pipeline.
        pipeline: Record,
        /// An object.
        fields: Value,
    },
    /// Renames a stage or gives it another place (`edit_stage`, with `stage`, an id or a code, and `fields` as for
    /// `add_stage`).
    EditStage {
        /// The stage's id, or its code in the first pipeline that has it.
        stage: Value,
        /// An object.
        fields: Value,
    },
    /// Deletes a stage; its leads move to the first one (`delete_stage`, with `stage`).
    DeleteStage {
        /// The stage's id, or its code in the first pipeline that has it.
        stage: Value,
    },
    /// Adds an attribute to an entity (`add_attribute`, with `fields` as for `POST settings/attributes`).
    AddAttribute {
        /// An object.
        fields: Value,
    },
    /// Deletes a user's token (`revoke_token`, with `token`).
    RevokeToken {
        /// The whole token.
        token: String,
    },
}

/// Which record of its kind: as JSON an id, `"first"` or `"last"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// The one with this id.
    Id(u64),
    /// The oldest that is there.
    First,
    /// The newest that is there.
    Last,
}

/// When a change is made: before or after a call of the client. Calls are counted from the moment on when it was set.
///
/// As JSON `before` or `after` with an object: `{"nth": 2}`, `{"method": "POST", "path": "/leads*"}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// After the call was carried out and before it is answered; else before it is carried out.
    pub after: bool,
    /// Only calls of this method count; any when None.
    pub method: Option<String>,
    /// Only calls of this path below the server's prefix count, or of this whole path; `*` stands for any characters.
    pub path: Option<String>,
    /// Which of these calls, from 1.
    pub nth: u32,
}

impl Moment {
    /// Before the nth call.
    #[must_use]
    pub fn before(nth: u32) -> Self {
        Self { after: false, method: None, path: None, nth }
    }

    /// After the nth call.
    #[must_use]
    pub fn after(nth: u32) -> Self {
        Self { after: true, ..Self::before(nth) }
    }

    /// The same moment, with calls of this method and path alone counted.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.into());
        self.path = Some(path.into());
        self
    }

    fn from_json(after: bool, value: &Value) -> Result<Self, String> {
        let fields = value.as_object().ok_or("before and after are objects")?;
        let mut moment = Self { after, ..Self::before(1) };
        for (name, value) in fields {
            let text = || value.as_str().map(str::to_owned).ok_or_else(|| format!("{name} is a text"));
            match name.as_str() {
                "method" => moment.method = Some(text()?),
                "path" => moment.path = Some(text()?),
                "nth" => {
                    let nth = value.as_u64().and_then(|nth| u32::try_from(nth).ok()).filter(|nth| *nth > 0);
                    moment.nth = nth.ok_or("nth is a whole number from 1 on")?;
                }
                other => return Err(format!("a moment knows no {other}")),
            }
        }
        Ok(moment)
    }
}

impl Change {
    /// Reads one change and when it is made; None: at once.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_json(value: &Value) -> Result<(Self, Option<Moment>), String> {
        let mut fields = Fields(value.as_object().ok_or("a change is a JSON object")?.clone());
        let moment = match (fields.0.remove("before"), fields.0.remove("after")) {
            (Some(_), Some(_)) => return Err("before or after, not both".into()),
            (Some(moment), None) => Some(Moment::from_json(false, &moment)?),
            (None, Some(moment)) => Some(Moment::from_json(true, &moment)?),
            (None, None) => None,
        };
        let name = fields.text("change")?;
        let change = Self::named(&name, &mut fields)?;
        match fields.0.keys().next() {
            Some(unknown) => Err(format!("{name} knows no {unknown}")),
            None => Ok((change, moment)),
        }
    }

    fn named(name: &str, fields: &mut Fields) -> Result<Self, String> {
        let label = |fields: &mut Fields| Ok::<_, String>(fields.optional_text("label")?.unwrap_or("work".into()));
        Ok(match name {
            "edit_person" => Self::EditPerson { person: fields.record("person")?, fields: fields.object("fields")? },
            "add_email" => {
                Self::AddEmail { person: fields.record("person")?, value: fields.text("value")?, label: label(fields)? }
            }
            "remove_email" => Self::RemoveEmail { person: fields.record("person")?, value: fields.text("value")? },
            "add_number" => Self::AddNumber {
                person: fields.record("person")?,
                value: fields.text("value")?,
                label: label(fields)?,
            },
            "remove_number" => Self::RemoveNumber { person: fields.record("person")?, value: fields.text("value")? },
            "delete_person" => Self::DeletePerson { person: fields.record("person")? },
            "edit_lead" => Self::EditLead { lead: fields.record("lead")?, fields: fields.object("fields")? },
            "move_lead" => Self::MoveLead { lead: fields.record("lead")?, stage: fields.stage()? },
            "win_lead" => Self::WinLead { lead: fields.record("lead")? },
            "lose_lead" => Self::LoseLead { lead: fields.record("lead")?, reason: fields.optional_text("reason")? },
            "reopen_lead" => Self::ReopenLead { lead: fields.record("lead")? },
            "set_products" => Self::SetProducts { lead: fields.record("lead")?, products: fields.objects("products")? },
            "delete_lead" => Self::DeleteLead { lead: fields.record("lead")? },
            "add_activity" => Self::AddActivity {
                fields: fields.object("fields")?,
                person: fields.optional_record("person")?,
                lead: fields.optional_record("lead")?,
            },
            "edit_activity" => {
                Self::EditActivity { activity: fields.record("activity")?, fields: fields.object("fields")? }
            }
            "mark_done" => {
                let done = match fields.0.remove("done") {
                    None => true,
                    Some(done) => done.as_bool().ok_or("done is true or false")?,
                };
                Self::EditActivity { activity: fields.record("activity")?, fields: json!({"is_done": i32::from(done)}) }
            }
            "delete_activity" => Self::DeleteActivity { activity: fields.record("activity")? },
            "edit_organization" => Self::EditOrganization {
                organization: fields.record("organization")?,
                fields: fields.object("fields")?,
            },
            "delete_organization" => Self::DeleteOrganization { organization: fields.record("organization")? },
            "add_stage" => Self::AddStage {
                pipeline: fields.optional_record("pipeline")?.unwrap_or(Record::First),
                fields: fields.object("fields")?,
            },
            "edit_stage" => Self::EditStage { stage: fields.stage()?, fields: fields.object("fields")? },
            "delete_stage" => Self::DeleteStage { stage: fields.stage()? },
            "add_attribute" => Self::AddAttribute { fields: fields.object("fields")? },
            "revoke_token" => Self::RevokeToken { token: fields.text("token")? },
            other => return Err(format!("unknown change {other:?}")),
        })
    }
}

/// The fields that are still to be read.
struct Fields(Map<String, Value>);

impl Fields {
    fn optional_text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{name} is a text")),
        }
    }

    fn text(&mut self, name: &str) -> Result<String, String> {
        self.optional_text(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    fn optional_record(&mut self, name: &str) -> Result<Option<Record>, String> {
        let wrong = || format!("{name} is an id, \"first\" or \"last\"");
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(word)) if word == "first" => Ok(Some(Record::First)),
            Some(Value::String(word)) if word == "last" => Ok(Some(Record::Last)),
            Some(value) => Ok(Some(Record::Id(value.as_u64().ok_or_else(wrong)?))),
        }
    }

    fn record(&mut self, name: &str) -> Result<Record, String> {
        self.optional_record(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    fn object(&mut self, name: &str) -> Result<Value, String> {
        let value = self.0.remove(name).ok_or_else(|| format!("{name} is missing"))?;
        if value.is_object() { Ok(value) } else { Err(format!("{name} is an object")) }
    }

    fn objects(&mut self, name: &str) -> Result<Vec<Value>, String> {
        match self.0.remove(name) {
            Some(Value::Array(items)) if items.iter().all(Value::is_object) => Ok(items),
            Some(_) => Err(format!("{name} is a list of objects")),
            None => Err(format!("{name} is missing")),
        }
    }

    fn stage(&mut self) -> Result<Value, String> {
        match self.0.remove("stage") {
            Some(stage) if stage.is_u64() || stage.is_string() => Ok(stage),
            Some(_) => Err("stage is an id or a code".into()),
            None => Err("stage is missing".into()),
        }
    }
}

/// The changes that wait for their moment, each with how many calls it has counted.
#[derive(Debug, Default)]
pub(crate) struct Plan(Vec<(Moment, Change, u32)>);

/// The changes around one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around {
    pub(crate) before: Vec<Change>,
    pub(crate) after: Vec<Change>,
}

impl Plan {
    pub(crate) fn add(&mut self, moment: Moment, change: Change) {
        self.0.push((moment, change, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Counts a call and takes out the changes whose moment it is, in the order in which they were set.
    pub(crate) fn meet(&mut self, method: &str, path: &str, below_prefix: &str) -> Around {
        let mut around = Around::default();
        self.0.retain_mut(|(moment, change, count)| {
            if !calls(moment.method.as_deref(), moment.path.as_deref(), method, path, below_prefix) {
                return true;
            }
            *count = count.saturating_add(1);
            if *count < moment.nth.max(1) {
                return true;
            }
            if moment.after { &mut around.after } else { &mut around.before }.push(change.clone());
            false
        });
        around
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_and_mistakes_named() {
        let read = |value: Value| Change::from_json(&value);
        let (change, moment) =
            read(json!({"change": "mark_done", "activity": 7, "after": {"path": "/leads*", "nth": 2}})).unwrap();
        assert_eq!(change, Change::EditActivity { activity: Record::Id(7), fields: json!({"is_done": 1}) });
        let wanted = Moment { after: true, method: None, path: Some("/leads*".into()), nth: 2 };
        assert_eq!(moment, Some(wanted));
        assert_eq!(read(json!({"change": "win_lead", "lead": "last"})).unwrap().1, None);
        for (wrong, message) in [
            (json!([]), "a change is a JSON object"),
            (json!({}), "change is missing"),
            (json!({"change": "explode"}), "unknown change \"explode\""),
            (json!({"change": "win_lead"}), "lead is missing"),
            (json!({"change": "win_lead", "lead": "any"}), "lead is an id, \"first\" or \"last\""),
            (json!({"change": "win_lead", "lead": 1, "stage": 2}), "win_lead knows no stage"),
            (json!({"change": "edit_lead", "lead": 1, "fields": 2}), "fields is an object"),
            (json!({"change": "win_lead", "lead": 1, "before": {"nth": 0}}), "nth is a whole number from 1 on"),
            (json!({"change": "win_lead", "lead": 1, "before": {"times": 1}}), "a moment knows no times"),
            (json!({"change": "win_lead", "lead": 1, "before": {}, "after": {}}), "before or after, not both"),
        ] {
            assert_eq!(read(wrong).unwrap_err(), message);
        }
    }

    #[test]
    fn each_change_waits_for_its_own_call() {
        let mut plan = Plan::default();
        let win = Change::WinLead { lead: Record::First };
        let drop = Change::DeleteLead { lead: Record::First };
        plan.add(Moment::before(2), win.clone());
        plan.add(Moment::after(1).on("POST", "/leads"), drop.clone());
        let mut meet = |method: &str, path: &str| plan.meet(method, &format!("/api/v1{path}"), path);
        let first = meet("GET", "/leads");
        assert!(first.before.is_empty() && first.after.is_empty());
        let second = meet("POST", "/leads");
        assert_eq!((second.before, second.after), (vec![win], vec![drop]));
        let third = meet("POST", "/leads");
        assert!(third.before.is_empty() && third.after.is_empty());
        assert_eq!(plan.len(), 0);
    }
}
