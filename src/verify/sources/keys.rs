//! Public keys for signed tokens: [`Keys`].

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, ParsedPublicKey};

use super::{ResponseFuture, Unavailable};
use crate::jwt::{Jwk, Jwks, JwtType, VerifySignature};

/// A key that is ready to verify, and the type of document whose header named it.
#[derive(Debug, Clone)]
pub struct PublicKey {
    pub(in crate::verify) document: JwtType,
    pub(in crate::verify) key: Arc<Key>,
}

/// What is known of a key.
#[derive(Debug)]
pub(in crate::verify) struct Key {
    pub(in crate::verify) kid: Box<str>,
    /// The first second in which nothing that it signed counts any more.
    pub(in crate::verify) ends_at: Option<u64>,
    parsed: ParsedPublicKey,
}

impl Key {
    fn new(jwk: &Jwk) -> Option<Key> {
        let parsed = ParsedPublicKey::new(&ED25519, jwk.public_key()?).ok()?;
        Some(Key { kid: jwk.kid.as_str().into(), ends_at: jwk.exp, parsed })
    }
}

/// Ed25519 (RFC 8037).
impl VerifySignature for PublicKey {
    fn is_signature(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        self.key.parsed.verify_sig(signing_input, signature).is_ok()
    }
}

/// Where public keys come from.
pub trait KeySource: Send + Sync {
    /// The key whose documents start with exactly this encoded header.
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, Option<PublicKey>>;
}

/// KeySource that are known beforehand, by the exact header of what they sign.
#[derive(Debug, Clone, Default)]
pub struct StaticKeys(HashMap<String, PublicKey>);

impl StaticKeys {
    /// The key for this header.
    #[must_use]
    pub fn get(&self, header: &str) -> Option<&PublicKey> {
        self.0.get(header)
    }
}

impl From<&Jwks> for StaticKeys {
    fn from(jwks: &Jwks) -> StaticKeys {
        let usable = jwks.keys.iter().filter_map(Key::new).map(Arc::new);
        StaticKeys(
            usable
                .flat_map(|key| {
                    JwtType::ALL
                        .map(|document| (document.header(&key.kid), PublicKey { document, key: Arc::clone(&key) }))
                })
                .collect(),
        )
    }
}

impl KeySource for StaticKeys {
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, Option<PublicKey>> {
        let found: Result<_, Unavailable> = Ok(self.get(header).cloned());
        Box::pin(std::future::ready(found))
    }
}
