//! A signing key, and a verifier that accepts it.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::Error;
use daypass::jwt::{Jwk, Jwks, JwtType};
use daypass::verify::{Access, Credentials, StaticKeys, TokenLocation, Verifier};

pub const ISSUER: &str = "https://tokens.example";
pub const AUDIENCE: &str = "floor-api";
/// The time of the verifier's clock, which has no leeway.
pub const NOW: u64 = 1_800_000_000;
const KID: &str = "k1";

pub struct Signer(Ed25519KeyPair);

impl Default for Signer {
    fn default() -> Signer {
        Signer(Ed25519KeyPair::from_seed_unchecked(&[1; 32]).expect("a seed has 32 bytes"))
    }
}

impl Signer {
    /// Makes a verifier that accepts the key.
    pub fn verifier(&self) -> Verifier {
        let jwks = Jwks { keys: vec![Jwk::ed25519(KID, self.0.public_key().as_ref())] };
        Verifier::new(ISSUER, AUDIENCE).keys(StaticKeys::from(&jwks)).leeway(0).clock(|| NOW)
    }

    /// Signs a payload as a JWT of a type.
    pub fn jwt(&self, jwt_type: JwtType, payload: &[u8]) -> String {
        self.sign(jwt_type.header(KID), payload)
    }

    /// Signs a payload under any header.
    pub fn jwt_with_header(&self, header: &[u8], payload: &[u8]) -> String {
        self.sign(encode(header), payload)
    }

    fn sign(&self, header: String, payload: &[u8]) -> String {
        let input = format!("{header}.{}", encode(payload));
        let signature = encode(self.0.sign(input.as_bytes()).as_ref());
        format!("{input}.{signature}")
    }

    /// Returns the public key as the member `x` of a JWK.
    pub fn x(&self) -> String {
        encode(self.0.public_key().as_ref())
    }

    /// Makes a JWT with any bytes as its signature.
    pub fn forge(jwt_type: JwtType, payload: &[u8], signature: &[u8]) -> String {
        [jwt_type.header(KID), encode(payload), encode(signature)].join(".")
    }
}

/// Returns the SHA-256 hash in base64url.
pub fn sha256(bytes: &[u8]) -> String {
    encode(digest(&SHA256, bytes).as_ref())
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Verifies a bearer token.
pub fn verify_bearer(verifier: &Verifier, text: &str) -> Result<Access, Error> {
    verify(verifier, Credentials::new(text, TokenLocation::Bearer))
}

/// Verifies credentials.
///
/// # Panics
/// If the verifier waits: its keys are in memory.
pub fn verify(verifier: &Verifier, credentials: Credentials<'_>) -> Result<Access, Error> {
    match pin!(verifier.verify(&credentials, None)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(verdict) => verdict,
        Poll::Pending => panic!("the keys are in memory"),
    }
}
