//! Public keys of JWTs: [`KeySource`].

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, ParsedPublicKey};

use super::ResponseFuture;
use crate::jwt::{Jwk, Jwks, JwtType, VerifySignature};

/// A key that is ready to verify, and the type of JWT whose header named it.
#[derive(Debug, Clone)]
pub struct PublicKey {
    pub(in crate::verify) jwt_type: JwtType,
    pub(in crate::verify) key: Arc<Key>,
}

/// A public key with its id and its end.
#[derive(Debug)]
pub(in crate::verify) struct Key {
    pub(in crate::verify) kid: Box<str>,
    /// The first second in which no JWT that it signed is valid any more.
    pub(in crate::verify) expires_at: Option<u64>,
    parsed: ParsedPublicKey,
}

impl Key {
    fn new(jwk: &Jwk) -> Option<Key> {
        let parsed = ParsedPublicKey::new(&ED25519, jwk.public_key()?).ok()?;
        Some(Key { kid: jwk.kid.as_str().into(), expires_at: jwk.exp, parsed })
    }
}

/// Verifies Ed25519 signatures (RFC 8037).
impl VerifySignature for PublicKey {
    fn is_signature(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        self.key.parsed.verify_sig(signing_input, signature).is_ok()
    }
}

/// What a [`KeySource`] knows of a JWT's key.
#[derive(Debug, Clone)]
pub enum KeyLookup {
    /// The key, whose signatures are accepted.
    Known(PublicKey),
    /// No accepted key has this header: the JWT is not authentic.
    Unknown,
    /// The key may be newer than what the source knows. The request is refused with 503, and the
    /// caller should retry it.
    ///
    /// SECURITY: anyone can name a key that does not exist. The attempt counts as one with an invalid
    /// token, and is not logged as an outage.
    Undetermined,
}

impl From<Option<PublicKey>> for KeyLookup {
    fn from(key: Option<PublicKey>) -> KeyLookup {
        key.map_or(KeyLookup::Unknown, KeyLookup::Known)
    }
}

/// Finds public keys.
pub trait KeySource: Send + Sync {
    /// Finds the key whose JWTs start with exactly this encoded header.
    ///
    /// SECURITY: a source answers `Unknown` only from knowledge that is newer than the call. A JWT of
    /// a key that was made a moment ago is valid.
    ///
    /// # Errors
    /// [`Unavailable`](super::Unavailable) if the source does not answer.
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, KeyLookup>;
}

/// Keys that are known beforehand, each under the exact headers of the JWTs that it signs.
#[derive(Debug, Clone, Default)]
pub struct StaticKeys(HashMap<String, PublicKey>);

impl StaticKeys {
    /// Returns the key for this encoded header.
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
                        .map(|jwt_type| (jwt_type.header(&key.kid), PublicKey { jwt_type, key: Arc::clone(&key) }))
                })
                .collect(),
        )
    }
}

impl KeySource for StaticKeys {
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, KeyLookup> {
        Box::pin(std::future::ready(Ok(self.get(header).cloned().into())))
    }
}
