/// A short digest of a value that was sent: enough to see whether it changed, not enough to read it back.
///
/// FNV-1a over 64 bits, since it has to be the same in every process and release: it is stored.
pub(crate) fn digest(value: &str) -> String {
    let hash = value
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{:012x}", (hash ^ (hash >> 48)) & 0xffff_ffff_ffff)
}

/// What is kept of a field while `digest` is on its way: until the answer is there, the server may have the one or the
/// other.
pub(crate) fn beside(kept: &str, digest: &str) -> String {
    let known = kept.split(BESIDE).filter(|known| !known.is_empty() && *known != digest);
    known.chain([digest]).collect::<Vec<_>>().join(BESIDE)
}

/// Whether the value is one that was sent, or may have been.
pub(crate) fn was_sent(kept: Option<&String>, value: &str) -> bool {
    let digest = digest(value);
    kept.is_some_and(|kept| kept.split(BESIDE).any(|known| known == digest))
}

/// Whether it is not known which of several values the server has.
pub(crate) fn is_uncertain(kept: &str) -> bool {
    kept.contains(BESIDE)
}

const BESIDE: &str = "|";

#[cfg(test)]
mod tests {
    use super::{beside, digest, is_uncertain, was_sent};

    #[test]
    fn what_is_on_its_way_is_known_beside_what_was_sent() {
        let (old, new) = (digest("old"), digest("new"));
        assert_eq!(beside("", &new), new);
        let kept = beside(&old, &new);
        assert!(is_uncertain(&kept) && !is_uncertain(&new));
        assert_eq!(beside(&kept, &new), kept);
        assert!(was_sent(Some(&kept), "old") && was_sent(Some(&kept), "new"));
        assert!(!was_sent(Some(&kept), "another") && !was_sent(None, "new"));
    }

    #[test]
    fn is_stable_short_and_tells_values_apart() {
        assert_eq!(digest(""), "9ce48422e8d7");
        assert_eq!(digest("jane@example.com"), digest("jane@example.com"));
        assert_ne!(digest("jane@example.com"), digest("Jane@example.com"));
        assert_eq!(digest("x").len(), 12);
    }
}
