//! Mistakes in the product's program or settings: each is one line, which names what is missing and what to do. The
//! process tells each once, so that no two tests may make the same one.

use std::sync::Arc;

use daypass::jwt::JwtType;
use daypass::verify::{Credentials, RateLimits, Revocations, SealedError, TokenLocation};
use daypass::{Error, TokenKind};
use serde_json::{Value, json};
use tracing::Level;

use super::bearer;
use crate::common::{
    AUDIENCE, ISSUER, NOW, ORGANIZATION, Signer, Store, access_token, claims, record, signer, stored, verifier,
};
use crate::log::Log;

/// Checks that there is one line, an error with these texts.
fn assert_told(lines: &[String], texts: &[&str]) {
    let is_told = |line: &String| line.starts_with("ERROR") && texts.iter().all(|text| line.contains(text));
    assert!(matches!(lines, [line] if is_told(line)), "not one line with {texts:?}: {lines:#?}");
}

#[cfg(feature = "axum")]
#[test]
fn the_log_names_the_layer_that_a_route_lacks_once_for_each_route() {
    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::routing::get;
    use daypass::verify::{Access, Scoped};
    use tower::ServiceExt;

    daypass::scopes! { READ: Read = "floor:read"; }

    Log::capture(Level::WARN, async |log| {
        let router = Router::new()
            .route("/floor/{id}", get(async |_: Access| "open"))
            .nest("/v2", Router::new().route("/site", get(async |_: Option<Scoped<Read>>| "open")))
            .fallback(async |_: Option<Access>| "open");
        let send = async |path: &str| {
            for _ in 0..3 {
                let request = Request::get(path).body(Body::empty()).unwrap();
                assert_eq!(router.clone().oneshot(request).await.unwrap().status(), 500);
            }
            log.take_lines()
        };
        assert_told(&send("/floor/1").await, &["extracts Access", "/floor/{id}", "VerifyLayer", "Router::layer"]);
        assert_eq!(send("/floor/2").await, [""; 0], "it is the same route");
        assert_told(&send("/v2/site").await, &["extracts Option<Scoped>", "/v2/site", "VerifyLayer"]);
        assert_told(&send("/made-up").await, &["extracts Option<Access>", "VerifyLayer"]);
        assert_eq!(send("/made-up-too").await, [""; 0], "callers do not fill the log");
    });
}

#[test]
fn a_wrong_issuer_and_a_wrong_audience_are_told_with_both_names() {
    Log::capture(Level::WARN, async |log| {
        let verifier = verifier().keys(signer().keys());
        let send = async |name: &str, value: &str| {
            for id in 0..3 {
                let text = access_token(&[(name, json!(value)), ("jti", json!(format!("tmp_{id}")))]);
                assert_eq!(bearer(&verifier, &text).await, Err(Error::InvalidToken));
                assert!(text.split('.').all(|part| !log.text().contains(part)), "a part of the token is in the log");
            }
            log.take_lines()
        };
        assert_told(&send("iss", "https://other.example").await, &["https://other.example", ISSUER, "--issuer"]);
        assert_told(&send("aud", "other-api").await, &["other-api", AUDIENCE, "--audience"]);
        assert_told(&send("aud", "third-api").await, &["third-api", AUDIENCE]);
        assert_eq!(send("aud", "other-api").await, [""; 0]);
        // A caller without the key cannot fill the log.
        let mut foreign = claims();
        foreign["aud"] = json!("forged-api");
        let forged = Signer::new("k1", 2).jwt(JwtType::AccessToken, &foreign);
        assert_eq!(bearer(&verifier, &forged).await, Err(Error::InvalidToken));
        assert_eq!(bearer(&verifier, &access_token(&[])).await, Ok(()));
        assert_eq!(log.take_lines(), [""; 0]);
    });
}

#[test]
fn a_verifier_without_a_source_for_a_form_of_tokens_is_told() {
    Log::capture(Level::WARN, async |log| {
        let (opaque, _) = stored(record(TokenKind::Secret));
        for (text, names) in [(opaque, ["opaque tokens", "introspector"]), (access_token(&[]), ["JWTs", "keys"])] {
            for _ in 0..3 {
                assert_eq!(bearer(&verifier(), &text).await, Err(Error::InvalidToken));
            }
            assert_told(&log.take_lines(), &[names[0], names[1], AUDIENCE, "Verifier::connect"]);
        }
        assert_eq!(bearer(&verifier(), "dp_sec_nonsense").await, Err(Error::InvalidToken));
        assert_eq!(log.take_lines(), [""; 0]);
    });
}

#[test]
fn a_missing_sealing_key_and_a_wrong_one_are_told() {
    Log::capture(Level::WARN, async |log| {
        for (cause, name) in [(SealedError::MissingKey, "no sealing key"), (SealedError::WrongKey, "another key")] {
            for _ in 0..3 {
                assert_eq!(Error::from(cause), Error::Misconfigured);
            }
            assert_told(&log.take_lines(), &[name, "sealed parameters", "daypass key sealing"]);
        }
    });
}

#[test]
fn a_verifier_without_dpop_is_told_when_a_bound_token_comes() {
    Log::capture(Level::WARN, async |log| {
        let verifier = verifier().keys(signer().keys());
        let text = access_token(&[("cnf", json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }))]);
        for _ in 0..3 {
            assert_eq!(bearer(&verifier, &text).await, Err(Error::KindNotAccepted(TokenKind::Temporary)));
        }
        assert_told(&log.take_lines(), &["no Dpop", "Verifier::dpop"]);
    });
}

#[test]
fn a_clock_that_is_behind_is_told_and_a_token_for_later_is_not() {
    Log::capture(Level::WARN, async |log| {
        let verifier = verifier().keys(signer().keys());
        let send = async |changes: &[(&str, Value)]| {
            for _ in 0..3 {
                assert_eq!(bearer(&verifier, &access_token(changes)).await, Err(Error::TokenNotYetValid));
            }
            log.take_lines()
        };
        assert_eq!(send(&[("nbf", json!(NOW + 300))]).await, [""; 0]);
        assert_told(&send(&[("iat", json!(NOW + 300))]).await, &["clock", "behind", "300 s", "NTP"]);
        assert_eq!(send(&[("iat", json!(NOW + 400))]).await, [""; 0]);
    });
}

#[test]
fn a_feed_of_one_organization_is_told_with_the_first_other_one() {
    Log::capture(Level::WARN, async |log| {
        let feed = Arc::new(Revocations::new());
        let verifier = verifier().keys(signer().keys()).revocations(Arc::clone(&feed));
        feed.heartbeat(0, 0, Some("org_api"));
        for organization in [ORGANIZATION, ORGANIZATION, "org_third"] {
            let mut claims = claims();
            claims["sub"] = json!(organization);
            let text = signer().jwt(JwtType::AccessToken, &claims);
            assert_eq!(bearer(&verifier, &text).await, Err(Error::InvalidToken));
        }
        assert_told(&log.take_lines(), &["the feed does not cover", "org_api", ORGANIZATION, "every tenant"]);
    });
}

#[test]
fn rate_limits_that_see_no_address_of_a_client_are_told_once() {
    Log::capture(Level::WARN, async |log| {
        let verifier = verifier().introspector(Store::default()).rate_limits(RateLimits::new());
        let address = "192.0.2.1".parse().unwrap();
        let with_address = Credentials::new("hunter2", TokenLocation::Bearer).from_client(address);
        assert!(verifier.verify(&with_address, None).await.is_err());
        assert_eq!(log.take_lines(), [""; 0]);
        for _ in 0..3 {
            assert_eq!(bearer(&verifier, "hunter2").await, Err(Error::InvalidToken));
        }
        assert_told(&log.take_lines(), &["VerifyLayer::client"]);
    });
}
