//! Proofs (RFC 9449) for an authentic token that is bound to a key: only a proof by that key for this request passes.
#![no_main]

use std::sync::LazyLock;

use daypass::jwt::JwtType;
use daypass::verify::{Credentials, Dpop, ProofContext, TokenLocation, Verifier};
use daypass_fuzz::{AUDIENCE, ISSUER, NOW, Signer, sha256, verify};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

static SIGNER: LazyLock<Signer> = LazyLock::new(Signer::default);
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| SIGNER.verifier().dpop(Dpop::new("https://api.example")));
static JWK: LazyLock<String> = LazyLock::new(|| format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, SIGNER.x()));
static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let claims = json!({
        "iss": ISSUER, "sub": "org_1", "aud": AUDIENCE, "iat": NOW, "exp": NOW + 60, "jti": "tmp_1", "client_id": "sec_1",
        "root_serial": 1, "kind": "temporary", "grants": [], "cnf": { "jkt": sha256(JWK.as_bytes()) },
    });
    SIGNER.jwt(JwtType::AccessToken, claims.to_string().as_bytes())
});

fn is_accepted(proof: &str) -> bool {
    let proof = ProofContext { proof, method: "GET", path: "/f" };
    verify(&VERIFIER, Credentials::new(&TOKEN, TokenLocation::Dpop).with_proof(proof)).is_ok()
}

fuzz_target!(|bytes: &[u8]| {
    // An unsigned proof.
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(!is_accepted(text));
    }
    // A proof of any content, signed by the token's key.
    let header = format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{}}}"#, *JWK);
    if is_accepted(&SIGNER.jwt_with_header(header.as_bytes(), bytes)) {
        let claims: Value = serde_json::from_slice(bytes).expect("the payload is JSON");
        assert_eq!((&claims["htm"], &claims["ath"]), (&json!("GET"), &json!(sha256(TOKEN.as_bytes()))));
        assert!(claims["htu"].as_str().is_some_and(|url| url.to_lowercase().starts_with("https://api.example/f")));
        assert!(claims["iat"].as_u64().is_some_and(|iat| iat.abs_diff(NOW) <= 60));
    }
    // A valid proof under any header, signed by the token's key.
    let claims = json!({
        "jti": sha256(bytes), "htm": "GET", "htu": "https://api.example/f", "iat": NOW, "ath": sha256(TOKEN.as_bytes()),
    });
    if is_accepted(&SIGNER.jwt_with_header(bytes, claims.to_string().as_bytes())) {
        let header: Value = serde_json::from_slice(bytes).expect("the header is JSON");
        assert_eq!((&header["typ"], &header["jwk"]["x"]), (&json!("dpop+jwt"), &json!(SIGNER.x())));
        assert!(header["jwk"].get("d").is_none() && header.get("crit").is_none());
    }
});
