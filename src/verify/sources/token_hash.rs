//! The hash that a store keeps of an opaque token: [`TokenHash`].

use aws_lc_rs::digest::{SHA256, digest};

use crate::OpaqueToken;

/// SHA-256 of an opaque token: all that a store keeps of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Hashes a token.
    #[must_use]
    pub fn of(token: &OpaqueToken) -> TokenHash {
        let hash = digest(&SHA256, token.expose_secret().as_bytes());
        TokenHash(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    /// Returns the 32 bytes, for a store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
