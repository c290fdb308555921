//! Payloads that our key signed: whatever they are, only claims for this verifier, living and of a fitting kind, pass.
#![no_main]

use std::sync::LazyLock;

use daypass::jwt::JwtType;
use daypass::verify::Verifier;
use daypass::TokenKind;
use daypass_fuzz::{AUDIENCE, ISSUER, NOW, Signer, verdict};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static SIGNER: LazyLock<Signer> = LazyLock::new(Signer::default);
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| SIGNER.verifier());

fuzz_target!(|payload: &[u8]| {
    for document in JwtType::ALL {
        if let Ok(access) = verdict(&VERIFIER, &SIGNER.document(document, payload)) {
            let claims: Value = serde_json::from_slice(payload).expect("what passes is JSON");
            assert_eq!((&claims["iss"], &claims["aud"]), (&ISSUER.into(), &AUDIENCE.into()));
            assert!(claims["exp"].as_u64() > Some(NOW) && access.expires_at() == claims["exp"].as_u64());
            assert_eq!(access.kind() == TokenKind::Bundle, document == JwtType::Bundle);
            assert!(!access.kind().is_backend_only());
        }
    }
});
