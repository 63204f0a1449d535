//! The languages that sentences for people are in.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// The language that sentences for people are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Portuguese.
    Pt,
    /// Spanish.
    Es,
}

impl Language {
    /// The one of the three that is in this language.
    pub(crate) fn of_three<T>(self, en: T, pt: T, es: T) -> T {
        match self {
            Self::En => en,
            Self::Pt => pt,
            Self::Es => es,
        }
    }

    /// Reads a locale: `pt`, `pt_BR`, `pt-BR`. English for one that is none of the three.
    pub fn of(locale: &str) -> Self {
        match locale.split(['_', '-']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "pt" => Self::Pt,
            "es" => Self::Es,
            _ => Self::En,
        }
    }
}

/// What people call a field, in each language. A name that an administrator gave is the same in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label([Cow<'static, str>; 3]);

impl Label {
    /// English, Portuguese, Spanish.
    pub const fn new(en: &'static str, pt: &'static str, es: &'static str) -> Self {
        Self([Cow::Borrowed(en), Cow::Borrowed(pt), Cow::Borrowed(es)])
    }

    /// No label: the value speaks for itself.
    pub const fn none() -> Self {
        Self::new("", "", "")
    }

    /// A name that somebody gave.
    pub fn given(name: &str) -> Self {
        let name = || Cow::Owned(name.to_owned());
        Self([name(), name(), name()])
    }

    /// The label in a language.
    pub fn in_language(&self, language: Language) -> &str {
        let [en, pt, es] = &self.0;
        match language {
            Language::En => en,
            Language::Pt => pt,
            Language::Es => es,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_language(Language::En))
    }
}

#[cfg(test)]
mod tests {
    use super::{Label, Language};

    #[test]
    fn reads_locales_as_rails_and_browsers_write_them() {
        let table = [
            ("pt", Language::Pt),
            ("pt_BR", Language::Pt),
            ("PT-br", Language::Pt),
            ("es-419", Language::Es),
            ("en", Language::En),
            ("de", Language::En),
            ("", Language::En),
        ];
        for (locale, expected) in table {
            assert_eq!(Language::of(locale), expected, "{locale}");
        }
        assert_eq!(Label::new("name", "nome", "nombre").in_language(Language::Es), "nombre");
        assert_eq!(Label::given("Plan").in_language(Language::Pt), "Plan");
    }
}
