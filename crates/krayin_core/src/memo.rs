//! What was made of something, kept for as long as that is the same.

use std::sync::OnceLock;

/// One value and what it was made of: whoever asks for that again need not have it made again. What is made of anything
/// else is not kept.
#[derive(Debug, Clone)]
pub(crate) struct Memo<K, V>(OnceLock<(K, V)>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<K: PartialEq, V: Clone> Memo<K, V> {
    /// What `make` makes of `key`.
    pub(crate) fn of(&self, key: K, make: impl FnOnce(&K) -> V) -> V {
        if let Some((known, made)) = self.0.get() {
            return if *known == key { made.clone() } else { make(&key) };
        }
        let made = make(&key);
        // Another thread that was faster has made the same.
        let _ = self.0.set((key, made.clone()));
        made
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::Memo;

    #[test]
    fn makes_it_once_and_never_of_something_else() {
        let (memo, made) = (Memo::default(), Cell::new(0));
        let length = |text: &str| {
            memo.of(text.to_owned(), |text| {
                made.set(made.get() + 1);
                text.len()
            })
        };
        assert_eq!([length("abc"), length("abc"), length("abcd"), length("abc")], [3, 3, 4, 3]);
        assert_eq!(made.get(), 2);
        let copy = memo.clone();
        assert_eq!(copy.of("abc".to_owned(), |_| unreachable!()), 3);
    }
}
