use std::borrow::Cow;

use serde_json::{Number, Value, json};

use super::{
    Mapping, SourceRule, StageRule,
    table::{Words, word},
};
use crate::{
    language::Language,
    phone,
    problem::{Problem, Wanted},
    server::{Dialect, ServerProfile},
};

/// What a setting's value is: how it may be written, and the one form that it is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line of text.
    Text,
    /// A text that no page shows again.
    Secret,
    /// Yes or no, as forms and people write it: a boolean, 1 or 0, `true`, `t`, `yes`, `y`, `on`, and their opposites.
    Toggle,
    /// The number of a record in Krayin, or a text that holds one.
    Id,
    /// A stage: its number, or its code or name. A text is a number where it has digits alone.
    Stage,
    /// Texts: a list, or a text that has commas between them.
    Texts,
    /// `rest_api` or `documented`.
    Dialect,
    /// One of these words; what people call each.
    OneOf(&'static [(&'static str, Words)]),
    /// A locale, read as `en`, `pt` or `es`: English for any other.
    Language,
    /// Lines that say which attribute of Krayin's takes what of a contact: a list of texts, or a text.
    Mapping,
    /// Rules that move a lead along: a list of texts, or a text.
    StageRules,
    /// Lines that say which source a lead of an inbox or a channel has: a list of texts, or a text.
    LeadSources,
    /// A country by its two letters, in either case.
    Country,
    /// A number of seconds, at most an hour, or a text that holds one.
    Seconds,
    /// What the set-up learned of the server.
    ServerProfile,
}

impl Kind {
    /// The name that other languages know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Secret => "secret",
            Self::Toggle => "toggle",
            Self::Id => "id",
            Self::Stage => "stage",
            Self::Texts => "texts",
            Self::Dialect => "dialect",
            Self::OneOf(_) => "choice",
            Self::Language => "language",
            Self::Mapping => "mapping",
            Self::StageRules => "stage_rules",
            Self::LeadSources => "lead_sources",
            Self::Country => "country",
            Self::Seconds => "seconds",
            Self::ServerProfile => "traits",
        }
    }

    /// The words that it may be, each with what people call it; none where they cannot be listed.
    pub fn choices(self) -> &'static [(&'static str, Words)] {
        const DIALECTS: &[(&str, Words)] =
            &[("rest_api", word("Krayin's REST API package")), ("documented", word("/api/admin"))];
        const LANGUAGES: &[(&str, Words)] =
            &[("en", word("English")), ("pt", word("Português")), ("es", word("Español"))];
        match self {
            Self::OneOf(choices) => choices,
            Self::Dialect => DIALECTS,
            Self::Language => LANGUAGES,
            _ => &[],
        }
    }

    /// What a value must be, after "must be".
    pub(super) fn must_be(self) -> Cow<'static, str> {
        match self {
            Self::OneOf(_) | Self::Dialect => self.words().join(" or ").into(),
            _ => self.wanted().words(Language::En).into(),
        }
    }

    /// What is wrong with a value of `key` that is none of the kind.
    pub(super) fn problem(self, key: &str, value: &Value) -> Problem {
        if let (Self::Mapping, Err(error)) = (self, Mapping::parse(value)) {
            return error.problem();
        }
        let choices = match self.wanted() {
            Wanted::Choice => self.words().into_iter().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        Problem::ValueWrong { key: key.to_owned(), wanted: self.wanted(), choices }
    }

    fn words(self) -> Vec<&'static str> {
        self.choices().iter().map(|(word, _)| *word).collect()
    }

    fn wanted(self) -> Wanted {
        match self {
            Self::Text | Self::Secret => Wanted::Text,
            Self::Toggle => Wanted::Toggle,
            Self::Id => Wanted::Id,
            Self::Stage => Wanted::Stage,
            Self::Texts => Wanted::Texts,
            Self::Dialect | Self::OneOf(_) => Wanted::Choice,
            Self::Language => Wanted::Language,
            Self::Mapping => Wanted::Mapping,
            Self::StageRules => Wanted::StageRules,
            Self::LeadSources => Wanted::LeadSources,
            Self::Country => Wanted::Country,
            Self::Seconds => Wanted::Seconds,
            Self::ServerProfile => Wanted::Traits,
        }
    }

    /// The value in the kind's own form; `None` where it is none of the kind.
    pub(super) fn read(self, value: &Value) -> Option<Value> {
        match self {
            Self::Text | Self::Secret => value.as_str().map(|text| json!(text.trim())),
            Self::Toggle => toggle(value).map(Value::Bool),
            Self::Id => id(value).map(|id| json!(id)),
            Self::Stage => stage(value),
            Self::Texts => texts(value),
            Self::Dialect => Dialect::parse(value.as_str()?.trim()).map(|dialect| json!(dialect)),
            Self::OneOf(words) => {
                let chosen = choice(value.as_str()?);
                words.iter().any(|(known, _)| *known == chosen).then(|| json!(chosen))
            }
            Self::Language => value.as_str().map(|locale| json!(Language::of(locale.trim()))),
            Self::Mapping => Mapping::parse(value).is_ok().then(|| value.clone()),
            Self::StageRules => StageRule::parse(value).map(|_| value.clone()),
            Self::LeadSources => SourceRule::parse(value).map(|_| value.clone()),
            Self::Country => {
                let code = value.as_str()?.trim().to_ascii_uppercase();
                phone::is_country(&code).then(|| json!(code))
            }
            Self::Seconds => seconds(value).map(|seconds| json!(seconds)),
            Self::ServerProfile => {
                let known = value.is_object() && serde_json::from_value::<ServerProfile>(value.clone()).is_ok();
                known.then(|| value.clone())
            }
        }
    }
}

/// A choice as people write it: `with a conversation` is `with_conversation`.
fn choice(text: &str) -> String {
    let small = text.to_lowercase();
    let words = small.split(|c: char| c.is_whitespace() || matches!(c, '_' | '-')).filter(|word| !word.is_empty());
    words.filter(|word| *word != "a").collect::<Vec<_>>().join("_")
}

fn toggle(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_f64() {
            Some(0.0) => Some(false),
            Some(1.0) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "t" | "1" | "on" | "yes" | "y" => Some(true),
            "false" | "f" | "0" | "off" | "no" | "n" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn id(value: &Value) -> Option<u64> {
    let id = match value {
        Value::Number(number) => whole(number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    id.filter(|id| *id > 0)
}

fn stage(value: &Value) -> Option<Value> {
    match value {
        // A pipeline may have a stage that is called "Infinity" or "1.0".
        Value::String(text) if !text.trim().bytes().all(|byte| byte.is_ascii_digit()) => Some(json!(text.trim())),
        _ => id(value).map(|id| json!(id)),
    }
}

fn texts(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => {
            Some(text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(Value::from).collect())
        }
        Value::Array(list) => {
            list.iter().map(|text| Some(json!(text.as_str()?.trim()))).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        _ => None,
    }
}

fn seconds(value: &Value) -> Option<f64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.filter(|seconds: &f64| *seconds > 0.0 && *seconds <= 3600.0)
}

/// FormKit and JSON columns hand whole numbers on as 3.0 now and then.
fn whole(number: &Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        number.as_f64().filter(|float| float.fract() == 0.0 && *float > 0.0 && *float < 9e15).map(|float| float as u64)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Kind, Words, word};

    const CHOICES: [(&str, Words); 2] = [("with_conversation", word("x")), ("never", word("y"))];

    #[test]
    fn reads_each_kind_as_forms_and_people_write_it() {
        let table = [
            (Kind::Toggle, json!("t"), json!(true)),
            (Kind::Toggle, json!(" NO "), json!(false)),
            (Kind::Toggle, json!(1.0), json!(true)),
            (Kind::Toggle, json!("maybe"), Value::Null),
            (Kind::Toggle, json!([]), Value::Null),
            (Kind::Stage, json!("Infinity"), json!("Infinity")),
            (Kind::Stage, json!("1.0"), json!("1.0")),
            (Kind::Stage, json!("-5"), json!("-5")),
            (Kind::Stage, json!("1e3"), json!("1e3")),
            (Kind::Stage, json!("NaN"), json!("NaN")),
            (Kind::Stage, json!(" 5 "), json!(5)),
            (Kind::Stage, json!(5.0), json!(5)),
            (Kind::Stage, json!("0"), Value::Null),
            (Kind::Stage, json!(true), Value::Null),
            (Kind::Id, json!("7"), json!(7)),
            (Kind::Id, json!("1.5"), Value::Null),
            (Kind::Seconds, json!("2.5"), json!(2.5)),
            (Kind::Seconds, json!("inf"), Value::Null),
            (Kind::Seconds, json!("NaN"), Value::Null),
            (Kind::Texts, json!("a, b"), json!(["a", "b"])),
            (Kind::Texts, json!(["a", 1]), Value::Null),
            (Kind::Dialect, json!("documented"), json!("documented")),
            (Kind::Dialect, json!("other"), Value::Null),
            (Kind::Country, json!(" de "), json!("DE")),
            (Kind::Country, json!("Germany"), Value::Null),
            (Kind::OneOf(&CHOICES), json!("With a conversation"), json!("with_conversation")),
            (Kind::OneOf(&CHOICES), json!(" with-conversation "), json!("with_conversation")),
            (Kind::OneOf(&CHOICES), json!("sometimes"), Value::Null),
            (Kind::Text, json!(" x "), json!("x")),
            (Kind::Secret, json!(1), Value::Null),
            (Kind::ServerProfile, json!([]), Value::Null),
        ];
        for (kind, value, expected) in table {
            assert_eq!(kind.read(&value).unwrap_or_default(), expected, "{kind:?} {value}");
        }
    }
}
