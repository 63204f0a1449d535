//! Yes/no attributes: Krayin sets each that a write leaves out to no.

use serde_json::{Value, json};

use super::{Attributes, Flow};
use crate::{
    Error,
    field::{Entity, Kind, Merged},
    harmless::Place,
    server::Dialect,
    settings::OnYesNo,
};

impl<'a> Flow<'a> {
    /// The yes/no attributes that must be sent along with a write, each as the record has it; `None` where they cannot be
    /// known and the record is not to be written then.
    pub(super) async fn yes_no(
        &self,
        entity: Entity,
        id: u64,
        record: &Value,
        merged: &Merged<'a>,
    ) -> Result<Option<Attributes>, Error> {
        let attributes = &self.context.settings.traits.attributes;
        let codes: Vec<&str> = attributes
            .iter()
            .filter(|known| known.is_yes_no() && known.entity() == Some(entity))
            .map(|known| known.code.as_str())
            .filter(|code| !merged.body.contains_key(*code))
            .collect();
        match self.context.settings.on_yes_no {
            _ if codes.is_empty() => return Ok(Some(Attributes::new())),
            OnYesNo::WriteAnyway => return Ok(Some(Attributes::new())),
            OnYesNo::LeaveOut => return Ok(None),
            OnYesNo::Carry => {}
        }
        let told: Option<Attributes> = codes
            .iter()
            .map(|code| {
                let flag = Kind::YesNo.canonical(record.get(*code)?, Place::Line).concat();
                Some(((*code).to_owned(), json!(u8::from(flag == "1"))))
            })
            .collect();
        if told.is_some() || self.context.client.connection().dialect == Dialect::Documented {
            return Ok(told);
        }
        // The server does not tell them, but can be asked whether any of them is a yes.
        let any = self.context.client.has_yes(entity, id).await?;
        Ok(match (any, codes.as_slice()) {
            (false, _) => Some(Attributes::new()),
            (true, [only]) => Some(Attributes::from_iter([((*only).to_owned(), json!(1))])),
            (true, _) => None,
        })
    }
}
