//! Payloads signed by our key: only unexpired claims of a matching kind for this verifier pass.
#![no_main]

use std::sync::LazyLock;

use daypass::TokenKind;
use daypass::jwt::JwtType;
use daypass::verify::Verifier;
use daypass_fuzz::{AUDIENCE, ISSUER, NOW, Signer, verify_bearer};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static SIGNER: LazyLock<Signer> = LazyLock::new(Signer::default);
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| SIGNER.verifier());

fuzz_target!(|payload: &[u8]| {
    for jwt_type in JwtType::ALL {
        if let Ok(access) = verify_bearer(&VERIFIER, &SIGNER.jwt(jwt_type, payload)) {
            let claims: Value = serde_json::from_slice(payload).expect("the payload is JSON");
            assert_eq!((&claims["iss"], &claims["aud"]), (&ISSUER.into(), &AUDIENCE.into()));
            assert!(claims["exp"].as_u64() > Some(NOW) && access.expires_at() == claims["exp"].as_u64());
            assert_eq!(access.kind() == TokenKind::Bundle, jwt_type == JwtType::Bundle);
            assert!(!access.kind().is_backend_only());
        }
    }
});
