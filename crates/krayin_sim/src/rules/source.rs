//! Where leads come from and of what type they are: `settings/sources`, `settings/types`.

use crate::answer::{Answer, Failure, Outcome};
use crate::crm::Crm;
use crate::data::input::{Input, is_absent, leading_number};
use crate::data::text::{fold, short};
use crate::model::source::{LeadSource, LeadType};
use crate::query::list::{ListQuery, list};

/// Defines the calls of a table of names.
macro_rules! calls {
    (
        $name:ident, $model:literal, $label:literal;
        $rows:ident, $of_lead:ident, $list:ident, $get:ident, $create:ident, $update:ident, $delete:ident
    ) => {
        impl Crm {
            pub(crate) fn $list(&self, query: &ListQuery<'_>) -> Outcome {
                list(query, self.$rows.iter(), |id| self.$rows.get(id), $name::show)
            }

            pub(crate) fn $get(&self, id: &str) -> Outcome {
                match leading_number(id).and_then(|id| self.$rows.get(id)) {
                    Some(row) => Answer::data(row.show()),
                    None => Err(self.missing_record($model, id)),
                }
            }

            pub(crate) fn $create(&mut self, input: &Input) -> Outcome {
                let name = new_name(input, self.$rows.iter().map(|row| (row.id, row.name.as_str())), None)?;
                let now = self.clock.now();
                let id = self.$rows.reserve();
                let row = $name { id, name, created_at: now, updated_at: now };
                let shown = row.show();
                self.$rows.put(id, row);
                Answer::data_and_message(shown, concat!($label, " created successfully."))
            }

            pub(crate) fn $update(&mut self, id: &str, input: &Input) -> Outcome {
                let key = leading_number(id).unwrap_or(0);
                if self.server.looks_before_checking() && self.$rows.get(key).is_none() {
                    return Err(Failure::missing($model, id));
                }
                let name = new_name(input, self.$rows.iter().map(|row| (row.id, row.name.as_str())), Some(key))?;
                let now = self.clock.now();
                let Some(row) = self.$rows.get_mut(key) else {
                    return Err(Failure::missing($model, id));
                };
                row.name = name;
                row.updated_at = now;
                Answer::data_and_message(row.show(), concat!($label, " updated successfully."))
            }

            /// One that leads have cannot go. The official package tells of a failure with status 200.
            pub(crate) fn $delete(&mut self, id: &str) -> Outcome {
                let key = leading_number(id).unwrap_or(0);
                let strict = self.server.looks_before_checking();
                if strict && self.$rows.get(key).is_none() {
                    return Err(Failure::missing($model, id));
                }
                if self.leads.iter().any(|lead| lead.$of_lead == Some(key)) || self.$rows.remove(key).is_none() {
                    let message = concat!($label, " delete failed.");
                    return if strict { Answer::failed(500, message) } else { Answer::wrapped_message(message) };
                }
                Answer::wrapped_message(concat!($label, " deleted successfully."))
            }
        }
    };
}

calls!(
    LeadSource, "Webkul\\Lead\\Models\\Source", "Source";
    sources, source_id, source_list, source_get, source_create, source_update, source_delete
);
calls!(
    LeadType, "Webkul\\Lead\\Models\\Type", "Type";
    types, type_id, type_list, type_get, type_create, type_update, type_delete
);

/// The name that a request gives, if no other row has it.
fn new_name<'a>(input: &Input, mut rows: impl Iterator<Item = (u64, &'a str)>, own: Option<u64>) -> Outcome<String> {
    let invalid = |message: &str| Err(Failure::Invalid(vec![("name".into(), message.into())]));
    if is_absent(input.0.get("name")) {
        return invalid("The name field is required.");
    }
    let name = input.text("name").unwrap_or_default();
    if rows.any(|(id, other)| Some(id) != own && fold(other) == fold(&name)) {
        return invalid("The name has already been taken.");
    }
    Ok(short(&name).to_owned())
}
