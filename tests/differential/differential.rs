//! The verifier beside jose, PyJWT and joserfc: `cargo xtask test --only differential`.
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

#[path = "../verify/common/mod.rs"]
mod common;
mod libraries;
mod tokens;

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use common::{AUDIENCE, ISSUER};
use daypass::jwt::Jwks;
use daypass::verify::{Credentials, TokenLocation, Verifier};
use serde_json::{Value, json};

use tokens::{Token, good, good_claims, odd, private_key, signer, typ};

/// Returns the time in Unix seconds, by the system's clock, which the other libraries read.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Makes the input of the scripts: tokens to verify and payloads to sign.
fn batch(tokens: &[Token], payloads: &[Value]) -> Value {
    json!({
        "jwks": Jwks { keys: vec![signer().jwk()] },
        "privateKey": private_key(),
        "issuer": ISSUER,
        "audience": AUDIENCE,
        // RFC 9068, section 2.2.
        "required": ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"],
        "tokens": tokens,
        "payloads": payloads,
    })
}

async fn is_accepted(text: &str) -> bool {
    let verifier = Verifier::new(ISSUER, AUDIENCE).keys(signer().keys()).leeway(0);
    // Of the origins that some of the tokens are bound to.
    let credentials = Credentials::new(text, TokenLocation::Bearer).from_origin("https://example.com");
    verifier.verify(&credentials, None).await.is_ok()
}

#[tokio::test]
async fn other_libraries_accept_what_we_issue() {
    let tokens = good();
    for token in &tokens {
        assert!(is_accepted(&token.text).await, "{}", token.what);
    }
    let reports = libraries::ask("issued", &batch(&tokens, &[]));
    assert_eq!(reports.keys().collect::<Vec<_>>(), ["PyJWT", "jose", "joserfc"]);
    for (library, report) in reports {
        assert_eq!(report.verdicts.len(), tokens.len());
        for (token, is_accepted) in tokens.iter().zip(report.verdicts) {
            assert!(is_accepted, "{library} refuses {}", token.what);
        }
    }
}

#[tokio::test]
async fn we_refuse_what_another_library_refuses() {
    let tokens = odd();
    let reports = libraries::ask("odd", &batch(&tokens, &[]));
    let (mut by_all, mut not_by_us, mut by_us_alone) = (0, 0, BTreeSet::new());
    for (number, token) in tokens.iter().enumerate() {
        let is_refused = reports.values().any(|report| !report.verdicts[number]);
        match (is_accepted(&token.text).await, is_refused) {
            (true, true) => drop(by_us_alone.insert(&*token.what)),
            (true, false) => by_all += 1,
            (false, _) => not_by_us += 1,
        }
    }
    assert!(by_us_alone.is_empty(), "{by_us_alone:?}");
    // Both verdicts occur, so that a script with a constant verdict fails here.
    assert!(by_all >= 50 && not_by_us >= 1_000, "{by_all} accepted by all, {not_by_us} refused by us");
}

#[tokio::test]
async fn we_accept_what_other_libraries_sign_with_our_key_claims_and_header() {
    let claims = good_claims();
    let payload = |(jwt_type, claims): &(_, Value)| {
        // As text, since a map loses the order.
        let header = format!(r#"{{"typ":"{}","alg":"EdDSA","kid":"{}"}}"#, typ(*jwt_type), signer().kid);
        json!({ "header": header, "claims": claims })
    };
    let reports = libraries::ask("payloads", &batch(&[], &claims.iter().map(payload).collect::<Vec<_>>()));
    for (library, report) in reports {
        assert_eq!(report.signed.len(), claims.len());
        for ((jwt_type, claims), text) in claims.iter().zip(report.signed) {
            assert!(text.starts_with(&jwt_type.header(signer().kid)), "{library} writes another header");
            assert!(is_accepted(&text).await, "signed by {library}: {claims}");
        }
    }
}
