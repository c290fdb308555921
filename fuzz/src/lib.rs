//! A key, and a verifier that knows it.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::jwt::{Jwk, Jwks, JwtType};
use daypass::verify::{Access, Credentials, StaticKeys, TokenLocation, Verifier};
use daypass::Error;

pub const ISSUER: &str = "https://tokens.example";
pub const AUDIENCE: &str = "floor-api";
/// The time that the verifier's clock shows, which forgives nothing.
pub const NOW: u64 = 1_800_000_000;
const KID: &str = "k1";

pub struct Signer(Ed25519KeyPair);

impl Default for Signer {
    fn default() -> Signer {
        Signer(Ed25519KeyPair::from_seed_unchecked(&[1; 32]).expect("a seed has 32 bytes"))
    }
}

impl Signer {
    /// A verifier that knows the key.
    pub fn verifier(&self) -> Verifier {
        let jwks = Jwks { keys: vec![Jwk::ed25519(KID, self.0.public_key().as_ref())] };
        Verifier::new(ISSUER, AUDIENCE).keys(StaticKeys::from(&jwks)).leeway(0).clock(|| NOW)
    }

    /// This payload, signed.
    pub fn document(&self, document: JwtType, payload: &[u8]) -> String {
        let input = format!("{}.{}", document.header(KID), encoded(payload));
        let signature = encoded(self.0.sign(input.as_bytes()).as_ref());
        format!("{input}.{signature}")
    }

    /// This payload, signed, under a header of any kind.
    pub fn jwt(&self, header: &[u8], payload: &[u8]) -> String {
        let input = format!("{}.{}", encoded(header), encoded(payload));
        let signature = encoded(self.0.sign(input.as_bytes()).as_ref());
        format!("{input}.{signature}")
    }

    /// The public key, as it stands in a JWK.
    pub fn x(&self) -> String {
        encoded(self.0.public_key().as_ref())
    }

    /// This payload with these bytes for a signature.
    pub fn unsigned(document: JwtType, payload: &[u8], signature: &[u8]) -> String {
        [document.header(KID), encoded(payload), encoded(signature)].join(".")
    }
}

/// SHA-256 in base64url.
pub fn sha256(bytes: &[u8]) -> String {
    encoded(digest(&SHA256, bytes).as_ref())
}

fn encoded(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The verdict on a bearer token.
pub fn verdict(verifier: &Verifier, text: &str) -> Result<Access, Error> {
    verdict_on(verifier, Credentials::new(text, TokenLocation::Bearer))
}

/// The verdict, for which there is nothing to wait.
pub fn verdict_on(verifier: &Verifier, credentials: Credentials<'_>) -> Result<Access, Error> {
    match pin!(verifier.verify(&credentials, None)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(verdict) => verdict,
        Poll::Pending => panic!("the keys are at hand"),
    }
}
