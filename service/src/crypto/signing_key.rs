//! One Ed25519 key pair, and what it signs: [`SigningKey`].

use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::jwt::{Jwk, Jwks, JwtType};
use daypass::verify::{DpopNonces, PublicKey, StaticKeys};

use super::master_key::MasterKey;
use crate::domain::key::StoredKey;

/// Separates the nonces of proofs from anything else that may be derived from a signing key.
const NONCES: &[u8] = b"daypass DPoP nonces";

/// An Ed25519 key pair and its id.
pub(crate) struct SigningKey {
    kid: String,
    pair: Ed25519KeyPair,
    public: StaticKeys,
    nonces: DpopNonces,
}

impl SigningKey {
    /// Reads a stored key.
    ///
    /// # Errors
    /// When the master key did not seal it, or it is not PKCS #8 of Ed25519.
    pub(crate) fn load(stored: &StoredKey, master_key: &MasterKey) -> anyhow::Result<SigningKey> {
        let pkcs8 = master_key.open(&stored.kid, &stored.private)?;
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).context("cannot read a signing key of the store")?;
        let kid = thumbprint(pair.public_key().as_ref());
        let public = StaticKeys::from(&Jwks { keys: vec![Jwk::ed25519(&kid, pair.public_key().as_ref())] });
        Ok(SigningKey { kid, pair, public, nonces: nonces(&pkcs8) })
    }

    /// Generates a key, created now, that signs from a time on. The master key seals it.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    pub(crate) fn generate(master_key: &MasterKey, now: u64, signs_from: u64) -> StoredKey {
        let pair = Ed25519KeyPair::generate().expect("the operating system gives randomness");
        let pkcs8 = pair.to_pkcs8().expect("a generated key has a PKCS #8 form");
        let kid = thumbprint(pair.public_key().as_ref());
        let private = master_key.seal(&kid, pkcs8.as_ref());
        StoredKey { kid, private, created_at: now, signs_from, revoked_at: None, mark: 0 }
    }

    /// Returns its id.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// Returns the JWT with this payload (RFC 7515, compact).
    pub(crate) fn sign(&self, jwt_type: JwtType, payload: &[u8]) -> String {
        let input = format!("{}.{}", jwt_type.header(&self.kid), Base64UrlUnpadded::encode_string(payload));
        let signature = self.pair.sign(input.as_bytes());
        format!("{input}.{}", Base64UrlUnpadded::encode_string(signature.as_ref()))
    }

    /// Returns the public key.
    pub(crate) fn jwk(&self) -> Jwk {
        Jwk::ed25519(&self.kid, self.pair.public_key().as_ref())
    }

    /// Returns the nonces of proofs that are derived from the key, so that all nodes know them.
    pub(crate) fn nonces(&self) -> &DpopNonces {
        &self.nonces
    }

    /// Returns the public key if a JWT with exactly this header is signed by it.
    pub(crate) fn public_key(&self, header: &str) -> Option<&PublicKey> {
        self.public.get(header)
    }
}

/// Returns a key's thumbprint, which is its id (RFC 7638; RFC 8037, appendix A.3).
fn thumbprint(public_key: &[u8]) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, Base64UrlUnpadded::encode_string(public_key));
    Base64UrlUnpadded::encode_string(digest(&SHA256, members.as_bytes()).as_ref())
}

fn nonces(pkcs8: &[u8]) -> DpopNonces {
    let mut secret = [0; 32];
    Salt::new(HKDF_SHA256, &[])
        .extract(pkcs8)
        .expand(&[NONCES], HKDF_SHA256)
        .and_then(|output| output.fill(&mut secret))
        .expect("HKDF gives 32 bytes");
    DpopNonces::new(&secret)
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
