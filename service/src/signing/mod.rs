//! The keys, and what they sign: [`SigningKeys`].

mod state;

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::Error;
use daypass::jwt::{Claims, Jwk, Jwks, JwtType, MAX_JWT_BYTES, UnverifiedJwt};
use daypass::verify::{KeySource, PublicKey, ResponseFuture, StaticKeys};
use serde::Serialize;

pub(crate) use state::{JWKS_MAX_AGE, KeyState, PUBLISHED_BEFORE};

use crate::store::StoredKey;
use crate::unique;

/// The service's keys, as the store had them when it was last looked at. Clones share them.
#[derive(Clone)]
pub(crate) struct SigningKeys(Arc<RwLock<Arc<Ring>>>);

impl SigningKeys {
    /// The keys of a store, in the order in which they sign.
    pub(crate) fn load(stored: &[StoredKey]) -> anyhow::Result<SigningKeys> {
        Ok(SigningKeys(Arc::new(RwLock::new(Arc::new(Ring::load(stored)?)))))
    }

    /// Goes on with these keys, if they are others. With keys that cannot be read it goes on without any: one of those it had
    /// may be revoked.
    pub(crate) fn follow(&self, stored: &[StoredKey]) {
        if self.ring().stored == stored {
            return;
        }
        let ring = Ring::load(stored).unwrap_or_else(|cause| {
            tracing::error!(%cause, "nothing is signed and nothing that was signed is accepted");
            Ring { stored: stored.to_vec(), keys: vec![] }
        });
        tracing::info!(keys = ring.keys.len(), "the signing keys have changed");
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    /// The public keys of what counts now or soon.
    pub(crate) fn jwks(&self) -> Jwks {
        let ring = self.ring();
        let published = ring.at(unique::now()).filter_map(|(key, state)| {
            let exp = match state {
                KeyState::Published | KeyState::Signing => None,
                KeyState::Replaced(end) => Some(end),
                KeyState::Ended | KeyState::Revoked => return None,
            };
            Some(Jwk { exp, ..key.jwk() })
        });
        Jwks { keys: published.collect() }
    }

    /// The signed document with these claims (RFC 7515, compact).
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when it is longer than readers take: what was asked for is too much.
    pub(crate) fn sign(&self, document: JwtType, claims: &impl Serialize) -> Result<String, Error> {
        let ring = self.ring();
        let Some((key, _)) = ring.at(unique::now()).find(|(_, state)| *state == KeyState::Signing) else {
            tracing::error!("no key signs at this time: check the clock, and `daypass key list`");
            return Err(Error::Unavailable);
        };
        let payload = serde_json::to_vec(claims).expect("claims are JSON");
        let input = format!("{}.{}", document.header(&key.kid), Base64UrlUnpadded::encode_string(&payload));
        let signature = key.pair.sign(input.as_bytes());
        let text = format!("{input}.{}", Base64UrlUnpadded::encode_string(signature.as_ref()));
        if text.len() > MAX_JWT_BYTES {
            return Err(Error::InvalidRequest(format!(
                "The signed document would have {} bytes, and {MAX_JWT_BYTES} are the most: ask for fewer parameters, scopes or origins.",
                text.len()
            )));
        }
        Ok(text)
    }

    /// What a document claims that one of these keys has signed, whether or not its time is over.
    pub(crate) fn claims(&self, text: &str) -> Option<Claims> {
        let jwt = UnverifiedJwt::parse(text)?;
        let key = self.ring().public_key(jwt.header())?;
        jwt.verify(&key)?.claims()
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl KeySource for SigningKeys {
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, Option<PublicKey>> {
        Box::pin(std::future::ready(Ok(self.ring().public_key(header))))
    }
}

/// All keys of the store at one time.
struct Ring {
    stored: Vec<StoredKey>,
    keys: Vec<SigningKey>,
}

impl Ring {
    fn load(stored: &[StoredKey]) -> anyhow::Result<Ring> {
        let keys = stored.iter().map(SigningKey::load).collect::<anyhow::Result<_>>()?;
        Ok(Ring { stored: stored.to_vec(), keys })
    }

    /// Each key, and what it is for at this time.
    fn at(&self, now: u64) -> impl Iterator<Item = (&SigningKey, KeyState)> {
        self.keys.iter().zip(KeyState::of(&self.stored, now))
    }

    /// The key whose documents start with exactly this header, while they count.
    fn public_key(&self, header: &str) -> Option<PublicKey> {
        let counts = |state| !matches!(state, KeyState::Ended | KeyState::Revoked);
        self.at(unique::now()).find_map(|(key, state)| key.public.get(header).filter(|_| counts(state)).cloned())
    }
}

/// One Ed25519 key pair and its name.
struct SigningKey {
    kid: String,
    pair: Ed25519KeyPair,
    public: StaticKeys,
}

impl SigningKey {
    fn load(stored: &StoredKey) -> anyhow::Result<SigningKey> {
        let pair = Ed25519KeyPair::from_pkcs8(&stored.pkcs8).context("a signing key of the store cannot be read")?;
        let kid = thumbprint(pair.public_key().as_ref());
        let public = StaticKeys::from(&Jwks { keys: vec![Jwk::ed25519(&kid, pair.public_key().as_ref())] });
        Ok(SigningKey { kid, pair, public })
    }

    fn jwk(&self) -> Jwk {
        Jwk::ed25519(&self.kid, self.pair.public_key().as_ref())
    }
}

/// A new key, to be stored now, that signs from a time on.
///
/// # Panics
/// If the operating system gives no randomness.
pub(crate) fn generate(now: u64, signs_from: u64) -> StoredKey {
    let pair = Ed25519KeyPair::generate().expect("the operating system gives randomness");
    let pkcs8 = pair.to_pkcs8().expect("a key that was just made can be written").as_ref().to_vec();
    StoredKey { kid: thumbprint(pair.public_key().as_ref()), pkcs8, created_at: now, signs_from, revoked_at: None }
}

/// A key's name is its thumbprint (RFC 7638; RFC 8037, appendix A.3).
fn thumbprint(public_key: &[u8]) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, Base64UrlUnpadded::encode_string(public_key));
    Base64UrlUnpadded::encode_string(digest(&SHA256, members.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let public_key = Base64UrlUnpadded::decode_vec(x).expect("base64url");
        assert_eq!(thumbprint(&public_key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
