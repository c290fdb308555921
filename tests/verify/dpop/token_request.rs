//! Proofs at a token endpoint (RFC 9449, section 5).

use daypass::Error;
use daypass::verify::TokenRequestProof;
use serde_json::{Value, json};

use super::{Browser, payload};

const ENDPOINT: &str = "https://tokens.example/daypass/oauth/token";

/// A proof for the endpoint, but for these changes to its claims.
fn proof(browser: &Browser, changes: &Value) -> String {
    let mut claims = json!({ "htm": "POST", "htu": ENDPOINT, "ath": null });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    browser.sign(&browser.header(), &payload("", &claims))
}

#[test]
fn the_proof_says_the_key_and_the_nonce() {
    for browser in [Browser::p256(), Browser::ed25519()] {
        let nonce = json!({ "nonce": "once" });
        let verified = TokenRequestProof::verify(&proof(&browser, &nonce), "POST", ENDPOINT).unwrap();
        assert_eq!((verified.jkt(), verified.nonce()), (browser.thumbprint().as_str(), Some("once")));
        // Its age is for the nonce to tell, and there is no access token yet.
        let old = json!({ "iat": 5, "ath": "x" });
        let verified = TokenRequestProof::verify(&proof(&browser, &old), "POST", ENDPOINT).unwrap();
        assert_eq!(verified.nonce(), None);
    }
}

#[test]
fn a_proof_for_another_request_is_refused() {
    let browser = Browser::p256();
    let malformed = [String::new(), "x".to_owned(), format!("{}A", proof(&browser, &json!({})))];
    let wrong = [
        json!({ "htm": "GET" }),
        json!({ "htu": "https://tokens.example/oauth/token" }),
        json!({ "htu": "https://tokens.example/daypass/oauth/token/" }),
        json!({ "htu": "https://evil.example/daypass/oauth/token" }),
        json!({ "htm": null }),
        json!({ "jti": "" }),
        json!({ "jti": "j".repeat(257) }),
        json!({ "iat": null }),
    ];
    for proof in wrong.iter().map(|changes| proof(&browser, changes)).chain(malformed) {
        let error = TokenRequestProof::verify(&proof, "POST", ENDPOINT).unwrap_err();
        assert!(matches!(error, Error::InvalidDpopProof(_)), "{error}");
    }
}
