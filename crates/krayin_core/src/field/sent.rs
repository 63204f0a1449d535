use crate::digest::{Digest, DigestKey};

/// What is known of the values of a field that were sent: the digest of each, of a list's entries with a comma between
/// them, of values whose answer was not seen with a bar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    key: &'a DigestKey,
    kept: Option<&'a str>,
}

impl<'a> Sent<'a> {
    /// What is kept of a field.
    pub(crate) fn of(key: &'a DigestKey, kept: Option<&'a String>) -> Self {
        Self { key, kept: kept.map(String::as_str) }
    }

    pub(crate) fn key(self) -> &'a DigestKey {
        self.key
    }

    /// Whether anything was sent.
    pub(crate) fn is_any(self) -> bool {
        self.kept.is_some()
    }

    /// Whether the text was sent, or may have been.
    pub(crate) fn has(self, text: &str) -> bool {
        let Some(kept) = self.kept else { return false };
        let digest = self.key.digest(text);
        kept.split(['|', ',']).any(|known| digest.is(known))
    }
}

/// The digest of a value: one an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ValueDigest(Vec<Digest>);

impl ValueDigest {
    pub(crate) fn of(key: &DigestKey, texts: &[String]) -> Self {
        Self(texts.iter().map(|text| key.digest(text)).collect())
    }

    /// What is kept of it.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(Digest::text).collect::<Vec<_>>().join(",")
    }

    /// Whether `kept` is of the same value.
    pub(crate) fn is(&self, kept: &str) -> bool {
        let kept: Vec<&str> = kept.split(',').filter(|kept| !kept.is_empty()).collect();
        kept.len() == self.0.len() && kept.iter().zip(&self.0).all(|(kept, digest)| digest.is(kept))
    }

    /// What is kept while this is on its way, beside what was sent before. Where that was nothing, a bar alone stands
    /// before it: it may never arrive.
    pub(crate) fn add_in_flight(&self, kept: &str) -> String {
        let known: Vec<&str> = kept.split('|').filter(|known| !known.is_empty() && !self.is(known)).collect();
        format!("{}|{}", known.join("|"), self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::{Sent, ValueDigest};
    use crate::{DigestKey, digest::is_uncertain};

    #[test]
    fn what_is_on_its_way_is_known_beside_what_was_sent() {
        let key = DigestKey::new(b"key");
        let digest =
            |texts: &[&str]| ValueDigest::of(&key, &texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        let (old, new) = (digest(&["old", "older"]), digest(&["new"]));
        let first = new.add_in_flight("");
        assert!(is_uncertain(&first) && !new.is(&first) && Sent::of(&key, Some(&first)).has("new"), "{first}");
        assert_eq!(new.add_in_flight(&first), first);
        let kept = new.add_in_flight(&old.text());
        assert!(is_uncertain(&kept) && !is_uncertain(&new.text()));
        assert_eq!(new.add_in_flight(&kept), kept);
        let sent = Sent::of(&key, Some(&kept));
        assert!(sent.has("old") && sent.has("older") && sent.has("new") && !sent.has("another"));
        assert!(!Sent::of(&key, None).has("new"));
        assert!(
            old.is(&old.text()) && !old.is(&new.text()) && !new.is(&old.text()) && !digest(&["old"]).is(&old.text())
        );
        assert!(ValueDigest::default().is("") && !ValueDigest::default().is(&new.text()));
    }
}
