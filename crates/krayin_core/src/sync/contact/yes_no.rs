//! Yes/no attributes: Krayin sets each that a write leaves out to no.

use serde_json::{Value, json};

use super::{Attributes, Flow};
use crate::{
    Error,
    field::{Entity, Kind, Merged},
    harmless::Place,
    json,
    reason::Reason,
    server::Dialect,
    settings::OnYesNo,
};

impl<'a> Flow<'a> {
    /// The yes/no attributes that must be sent along with a write, each as the record has it; else why the record is not to
    /// be written: they cannot be known, or the settings say so.
    pub(super) async fn yes_no(
        &self,
        entity: Entity,
        id: u64,
        record: &Value,
        merged: &Merged<'a>,
    ) -> Result<Result<Attributes, Reason>, Error> {
        let settings = self.context.settings;
        let codes: Vec<&str> = settings
            .traits
            .yes_no(entity)
            .map(|known| known.code.as_str())
            .filter(|code| !merged.body.contains_key(*code))
            .collect();
        match settings.on_yes_no {
            _ if codes.is_empty() => return Ok(Ok(Attributes::new())),
            OnYesNo::WriteAnyway => return Ok(Ok(Attributes::new())),
            OnYesNo::LeaveOut => return Ok(Err(Reason::YesNoLeftOut { entity })),
            OnYesNo::Carry => {}
        }
        let unknown = Reason::YesNoUnknown { entity };
        let told: Option<Vec<(String, Value)>> = codes
            .iter()
            .map(|code| {
                let flag = Kind::YesNo.canonical(record.get(*code)?, Place::Line).concat();
                Some(((*code).to_owned(), json!(u8::from(flag == "1"))))
            })
            .collect();
        let is_silent =
            self.context.client.connection().dialect == Dialect::Documented || entity == Entity::Organization;
        if told.is_some() || is_silent {
            return Ok(told.map(json::object).ok_or(unknown));
        }
        // The server does not tell them, but can be asked whether any of them is a yes.
        let any = self.context.client.has_yes(entity, id).await?;
        Ok(match (any, codes.as_slice()) {
            (false, _) => Ok(Attributes::new()),
            (true, [only]) => Ok(json::object([((*only).to_owned(), json!(1))])),
            (true, _) => Err(unknown),
        })
    }
}
