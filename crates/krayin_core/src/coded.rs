//! Enums that are JSON objects with a code and its parameters, `{"code": "file_missing", "key": "ca_file"}`. serde writes
//! them; the reader that it would make buffers the object and has code of its own for each variant, thrice as much as all
//! that is said of them.

use serde_json::{Map, Value};

/// Defines such an enum, and how it is read. What a variant has in parentheses is read from the same object.
macro_rules! coded {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $(
                $(#[$about:meta])*
                $variant:ident
                $({ $($(#[$about_parameter:meta])* $parameter:ident: $kind:ty,)+ })?
                $(($whole:ty))?,
            )+
        }
    ) => {
        $(#[$attribute])*
        pub enum $name {
            $(
                $(#[$about])*
                $variant $({ $($(#[$about_parameter])* $parameter: $kind,)+ })? $(($whole))?,
            )+
        }

        impl $name {
            /// What each is called here, in the order of the declaration: its code in capitals and without dashes.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($variant)),+];

            fn of_code(given: &serde_json::Map<String, serde_json::Value>) -> Option<Self> {
                let code = given.get("code")?.as_str()?;
                $(
                    if $crate::coded::is_code_of(code, stringify!($variant)) {
                        return Some(Self::$variant
                            $({ $($parameter: $crate::coded::parameter(given, stringify!($parameter))?,)+ })?
                            $((<$whole as $crate::coded::Whole>::of(given)?))?
                        );
                    }
                )+
                None
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let given = serde_json::Map::deserialize(deserializer)?;
                <Self as $crate::coded::Whole>::of(&given)
                    .ok_or_else(|| serde::de::Error::custom(concat!("no ", stringify!($name))))
            }
        }
    };
}
pub(crate) use coded;

/// What is read from the whole object.
pub(crate) trait Whole: Sized {
    fn of(given: &Map<String, Value>) -> Option<Self>;
}

/// What is read from one of its values, which is null where it is not there.
pub(crate) trait Parameter: Sized {
    fn read(value: &Value) -> Option<Self>;
}

/// A parameter of that name.
pub(crate) fn parameter<T: Parameter>(given: &Map<String, Value>, name: &str) -> Option<T> {
    T::read(given.get(name).unwrap_or(&Value::Null))
}

/// Whether serde's `snake_case` makes the code of the variant's name.
#[inline(never)]
pub(crate) fn is_code_of(code: &str, variant: &str) -> bool {
    let mut code = code.bytes();
    let is_begun = variant.bytes().enumerate().all(|(at, letter)| {
        let is_parted = at == 0 || letter.is_ascii_lowercase() || code.next() == Some(b'_');
        is_parted && code.next() == Some(letter.to_ascii_lowercase())
    });
    is_begun && code.next().is_none()
}

impl Parameter for String {
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Parameter for Option<String> {
    fn read(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { String::read(value).map(Some) }
    }
}

impl Parameter for u64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()
    }
}

impl Parameter for usize {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

/// An empty list may not have been written.
impl<T: Parameter> Parameter for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::new()),
            value => value.as_array()?.iter().map(T::read).collect(),
        }
    }
}

/// Words that serde knows.
macro_rules! words {
    ($($kind:ty),+) => {
        $(
            impl $crate::coded::Parameter for $kind {
                fn read(value: &serde_json::Value) -> Option<Self> {
                    serde::Deserialize::deserialize(value).ok()
                }
            }
        )+
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::is_code_of;

    #[test]
    fn a_code_is_the_name_in_small_letters() {
        for (code, variant) in [("no_identity", "NoIdentity"), ("merged", "Merged"), ("not_a_b", "NotAB")] {
            assert!(is_code_of(code, variant), "{code}");
        }
        for code in ["", "no", "no_", "no_identit", "noidentity", "no_identity_", "No_identity", "_no_identity"] {
            assert!(!is_code_of(code, "NoIdentity"), "{code}");
        }
    }
}
