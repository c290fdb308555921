//! The verifier beside jose, PyJWT and joserfc: `cargo xtask test --only differential`.
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

#[path = "../verify/common/mod.rs"]
mod common;
mod documents;
mod libraries;

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use common::{AUDIENCE, ISSUER};
use daypass::jwt::Jwks;
use daypass::verify::{Credentials, TokenLocation, Verifier};
use serde_json::{Value, json};

use documents::{Document, good, good_claims, odd, private_key, signer, typ};

/// The others know no clock but the system's.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What the scripts read: documents to judge and payloads to sign.
fn batch(documents: &[Document], payloads: &[Value]) -> Value {
    json!({
        "jwks": Jwks { keys: vec![signer().jwk()] },
        "privateKey": private_key(),
        "issuer": ISSUER,
        "audience": AUDIENCE,
        // RFC 9068, section 2.2.
        "required": ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"],
        "documents": documents,
        "payloads": payloads,
    })
}

async fn is_accepted(text: &str) -> bool {
    let verifier = Verifier::new(ISSUER, AUDIENCE).keys(signer().keys()).leeway(0);
    verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await.is_ok()
}

#[tokio::test]
async fn what_we_issue_the_others_accept_too() {
    let documents = good();
    for document in &documents {
        assert!(is_accepted(&document.text).await, "{}", document.what);
    }
    let reports = libraries::ask("issued", &batch(&documents, &[]));
    assert_eq!(reports.keys().collect::<Vec<_>>(), ["PyJWT", "jose", "joserfc"]);
    for (library, report) in reports {
        assert_eq!(report.verdicts.len(), documents.len());
        for (document, is_accepted) in documents.iter().zip(report.verdicts) {
            assert!(is_accepted, "{library} refuses {}", document.what);
        }
    }
}

#[tokio::test]
async fn what_one_of_the_others_refuses_we_refuse_too() {
    let documents = odd();
    let reports = libraries::ask("odd", &batch(&documents, &[]));
    let (mut by_all, mut by_none, mut by_us_alone) = (0, 0, BTreeSet::new());
    for (number, document) in documents.iter().enumerate() {
        let is_refused = reports.values().any(|report| !report.verdicts[number]);
        match (is_accepted(&document.text).await, is_refused) {
            (true, true) => drop(by_us_alone.insert(&*document.what)),
            (true, false) => by_all += 1,
            (false, _) => by_none += 1,
        }
    }
    assert!(by_us_alone.is_empty(), "{by_us_alone:?}");
    // Both are there, so that a script that always says the same is noticed.
    assert!(by_all >= 50 && by_none >= 1_000, "{by_all} accepted by all, {by_none} not by us");
}

#[tokio::test]
async fn what_the_others_sign_with_our_key_our_claims_and_our_header_we_accept() {
    let claims = good_claims();
    let payload = |(document, claims): &(_, Value)| {
        // As text, since a map would not keep the order.
        let header = format!(r#"{{"typ":"{}","alg":"EdDSA","kid":"{}"}}"#, typ(*document), signer().kid);
        json!({ "header": header, "claims": claims })
    };
    let reports = libraries::ask("payloads", &batch(&[], &claims.iter().map(payload).collect::<Vec<_>>()));
    for (library, report) in reports {
        assert_eq!(report.signed.len(), claims.len());
        for ((document, claims), text) in claims.iter().zip(report.signed) {
            assert!(text.starts_with(&document.header(signer().kid)), "{library} writes another header");
            assert!(is_accepted(&text).await, "signed by {library}: {claims}");
        }
    }
}
