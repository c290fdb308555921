//! The keys, and what they sign: [`SigningKeys`].

use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::Denied;
use daypass::signed::{DocumentType, Jwk, Jwks, MAX_DOCUMENT};
use serde::Serialize;

use crate::store::StoredKey;

/// The service's keys: the newest signs, all are published.
pub(crate) struct SigningKeys {
    newest: SigningKey,
    jwks: Jwks,
}

impl SigningKeys {
    /// The keys of a store, newest first.
    pub(crate) fn load(stored: &[StoredKey]) -> anyhow::Result<SigningKeys> {
        let keys = stored.iter().map(|key| SigningKey::from_pkcs8(&key.pkcs8)).collect::<anyhow::Result<Vec<_>>>()?;
        let jwks = Jwks { keys: keys.iter().map(SigningKey::jwk).collect() };
        let newest = keys.into_iter().next().context("the store has no signing key")?;
        Ok(SigningKeys { newest, jwks })
    }

    /// The public keys.
    pub(crate) fn jwks(&self) -> &Jwks {
        &self.jwks
    }

    /// The signed document with these claims (RFC 7515, compact).
    ///
    /// # Errors
    /// [`Denied::InvalidRequest`] when it is longer than readers take: what was asked for is too much.
    pub(crate) fn sign(&self, document: DocumentType, claims: &impl Serialize) -> Result<String, Denied> {
        let payload = serde_json::to_vec(claims).expect("claims are JSON");
        let input = format!("{}.{}", document.header(&self.newest.kid), Base64UrlUnpadded::encode_string(&payload));
        let signature = self.newest.pair.sign(input.as_bytes());
        let text = format!("{input}.{}", Base64UrlUnpadded::encode_string(signature.as_ref()));
        if text.len() > MAX_DOCUMENT {
            return Err(Denied::InvalidRequest(format!(
                "The signed document would have {} bytes, and {MAX_DOCUMENT} are the most: ask for fewer parameters, scopes or origins.",
                text.len()
            )));
        }
        Ok(text)
    }
}

/// One Ed25519 key pair and its name.
struct SigningKey {
    kid: String,
    pair: Ed25519KeyPair,
}

impl SigningKey {
    fn from_pkcs8(pkcs8: &[u8]) -> anyhow::Result<SigningKey> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).context("a signing key of the store cannot be read")?;
        Ok(SigningKey { kid: thumbprint(pair.public_key().as_ref()), pair })
    }

    fn jwk(&self) -> Jwk {
        Jwk::ed25519(&self.kid, self.pair.public_key().as_ref())
    }
}

/// A new key, to be stored.
///
/// # Panics
/// If the operating system gives no randomness.
pub(crate) fn generate() -> StoredKey {
    let pair = Ed25519KeyPair::generate().expect("the operating system gives randomness");
    let pkcs8 = pair.to_pkcs8().expect("a key that was just made can be written").as_ref().to_vec();
    StoredKey { kid: thumbprint(pair.public_key().as_ref()), pkcs8 }
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
