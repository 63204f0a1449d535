/// A short digest of a value that was sent: enough to see whether it changed, not enough to read it back.
///
/// FNV-1a over 64 bits, since it has to be the same in every process and release: it is stored.
pub(crate) fn digest(value: &str) -> String {
    let hash = value
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{:012x}", (hash ^ (hash >> 48)) & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn is_stable_short_and_tells_values_apart() {
        assert_eq!(digest(""), "9ce48422e8d7");
        assert_eq!(digest("jane@example.com"), digest("jane@example.com"));
        assert_ne!(digest("jane@example.com"), digest("Jane@example.com"));
        assert_eq!(digest("x").len(), 12);
    }
}
