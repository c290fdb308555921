//! Secrets of sessions and invitations: 256 random bits, of which the store has the SHA-256.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64UrlUnpadded, Encoding};

use super::random;

/// A secret that is given out once. `Debug` does not show it.
pub(crate) struct Secret(String);

impl Secret {
    /// Makes a secret.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    pub(crate) fn generate() -> Secret {
        let mut bytes = [0; 32];
        random::fill(&mut bytes);
        Secret(Base64UrlUnpadded::encode_string(&bytes))
    }

    /// Returns the secret itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Returns its hash, by which the store finds what it belongs to.
    pub(crate) fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Returns the hash of a text that may be a secret.
pub(crate) fn hash(text: &str) -> [u8; 32] {
    hash_parts(&[text])
}

/// Returns the hash of texts, each with its length, so that no other texts have the same.
pub(crate) fn hash_parts(texts: &[&str]) -> [u8; 32] {
    let mut bytes = Vec::new();
    for text in texts {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_256_bits_and_is_not_shown() {
        let [one, other] = [(); 2].map(|()| Secret::generate());
        assert_eq!((one.expose().len(), one.hash()), (43, hash(one.expose())));
        assert!(one.expose() != other.expose() && one.hash() != other.hash());
        assert_eq!(format!("{one:?}"), "Secret");
        assert_ne!(hash_parts(&["a", "bc"]), hash_parts(&["ab", "c"]));
    }
}
