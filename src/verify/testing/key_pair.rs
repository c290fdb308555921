//! Keys that sign: [`KeyPair`].

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;

use crate::jwt::Jwk;

/// An Ed25519 key whose id is its thumbprint (RFC 7638).
pub(super) struct KeyPair {
    pub(super) jwk: Jwk,
    pair: Ed25519KeyPair,
}

impl KeyPair {
    pub(super) fn generate() -> KeyPair {
        let pair = Ed25519KeyPair::generate().expect("the operating system has randomness");
        let public_key = pair.public_key().as_ref();
        let x = BASE64URL_NOPAD.encode(public_key);
        let kid = hash(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        KeyPair { jwk: Jwk::ed25519(&kid, public_key), pair }
    }

    /// Signs a JWT with this encoded header.
    pub(super) fn sign(&self, header: &str, payload: &impl Serialize) -> String {
        let payload = serde_json::to_vec(payload).expect("claims are JSON");
        let input = format!("{header}.{}", BASE64URL_NOPAD.encode(&payload));
        let signature = BASE64URL_NOPAD.encode(self.pair.sign(input.as_bytes()).as_ref());
        format!("{input}.{signature}")
    }
}

/// Returns SHA-256 of a text in base64url.
pub(super) fn hash(text: &str) -> String {
    BASE64URL_NOPAD.encode(digest(&SHA256, text.as_bytes()).as_ref())
}
