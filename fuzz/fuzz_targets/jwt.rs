//! Unsigned JWTs: the parser accepts any bytes without a panic, and no such JWT is authentic.
#![no_main]

use std::sync::LazyLock;

use daypass::Error;
use daypass::jwt::{JwtType, UnverifiedJwt, VerifySignature};
use daypass::verify::Verifier;
use daypass_fuzz::{Signer, verify_bearer};
use libfuzzer_sys::fuzz_target;

/// A key that accepts every signature, so that every payload is parsed.
struct AcceptAll;

impl VerifySignature for AcceptAll {
    fn is_signature(&self, _: &[u8], _: &[u8]) -> bool {
        true
    }
}

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Signer::default().verifier());

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Some(jwt) = UnverifiedJwt::parse(text) {
            assert!(text.starts_with(jwt.header()));
            let _ = jwt.verify(&AcceptAll).and_then(|jwt| jwt.claims::<serde_json::Value>());
        }
        assert_eq!(verify_bearer(&VERIFIER, text).err(), Some(Error::InvalidToken));
    }
    // Our header and a signature of the right length, so that the verifier checks the signature.
    let mut signature = [0; 64];
    let (start, payload) = bytes.split_at(bytes.len().min(signature.len()));
    signature[..start.len()].copy_from_slice(start);
    for jwt_type in JwtType::ALL {
        let forged = Signer::forge(jwt_type, payload, &signature);
        assert_eq!(verify_bearer(&VERIFIER, &forged).err(), Some(Error::InvalidToken));
    }
});
