//! Digests of what was sent: enough to see whether a value changed, and to know an old one again, without holding it.

use std::fmt;

use ring::hmac;

/// Makes digests with a key of the installation's: whoever reads what is kept, and does not know the key, cannot try
/// values against it.
///
/// ```
/// use krayin_core::DigestKey;
///
/// let key = DigestKey::new(b"a secret of the installation");
/// assert_eq!(key.digest("+14155550182").text(), key.digest("+14155550182").text());
/// assert_ne!(key.digest("+14155550182").text(), DigestKey::new(b"another").digest("+14155550182").text());
/// ```
#[derive(Clone)]
pub struct DigestKey(hmac::Key);

/// Bytes of the code that are kept: 96 bits, so that no two values of an installation meet.
const BYTES: usize = 12;

impl DigestKey {
    /// The key for a secret of any length. It must stay the same, or every field counts as edited in Krayin.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The digest of a value.
    pub fn digest(&self, value: &str) -> Digest {
        let code = hmac::sign(&self.0, value.as_bytes());
        Digest { text: hex(code.as_ref().iter().take(BYTES)), before: short(value) }
    }
}

/// Without a secret, for those who keep their records where nobody else reads them.
impl Default for DigestKey {
    fn default() -> Self {
        Self::new(b"")
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey")
    }
}

/// The digest of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    text: String,
    before: String,
}

impl Digest {
    /// What is kept of it: 24 hexadecimal digits.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `kept` is of the same value, also where a version before digests had a key kept it.
    pub fn is(&self, kept: &str) -> bool {
        kept == self.text || kept == self.before
    }
}

/// A short digest without a key, for what is no secret: FNV-1a over 64 bits, the same in every process and release.
pub(crate) fn short(value: &str) -> String {
    let hash = value
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{:012x}", (hash ^ (hash >> 48)) & 0xffff_ffff_ffff)
}

/// A digest of a secret that is not kept, for keys of what is shared: nobody finds a token by trying.
pub(crate) fn one_way(value: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, value.as_bytes());
    hex(digest.as_ref().iter().take(BYTES))
}

fn hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// Whether it is not known which of several values the server has.
pub(crate) fn is_uncertain(kept: &str) -> bool {
    kept.contains(BESIDE)
}

const BESIDE: &str = "|";

#[cfg(test)]
mod tests {
    use super::{DigestKey, one_way, short};

    #[test]
    fn is_an_hmac_that_only_the_key_makes() {
        // RFC 4231, case 2, cut off after twelve bytes.
        assert_eq!(DigestKey::new(b"Jefe").digest("what do ya want for nothing?").text(), "5bdcc146bf60754e6a042426");
        assert_ne!(DigestKey::default().digest("a"), DigestKey::new(b"key").digest("a"));
        assert_eq!(format!("{:?}", DigestKey::new(b"secret")), "DigestKey");
    }

    #[test]
    fn knows_what_earlier_versions_kept() {
        let key = DigestKey::new(b"key");
        let kept = short("Jane");
        assert!(key.digest("Jane").is(&kept) && !key.digest("Joan").is(&kept));
    }

    #[test]
    fn the_short_ones_are_stable() {
        assert_eq!(short(""), "9ce48422e8d7");
        assert_eq!((short("x").len(), one_way("x").len()), (12, 24));
        assert_ne!(short("jane@example.com"), short("Jane@example.com"));
    }
}
