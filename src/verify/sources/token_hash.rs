//! The hash that a store keeps of an opaque token: [`TokenHash`].

use aws_lc_rs::digest::{Context, SHA256};

use crate::OpaqueToken;

/// SHA-256 of an opaque token, after the name of its format if that is another system's: all that a store keeps of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Hashes a token.
    #[must_use]
    pub fn of(token: &OpaqueToken) -> TokenHash {
        let mut context = Context::new(&SHA256);
        if let Some(format) = token.format() {
            // No token of ours and no tag has a space.
            context.update(format.tag().as_bytes());
            context.update(b" ");
        }
        context.update(token.expose_secret().as_bytes());
        let hash = context.finish();
        TokenHash(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    /// Returns the 32 bytes, for a store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
