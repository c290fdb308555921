//! `Error` and `ErrorBody`.

use std::collections::BTreeSet;

use daypass::{Error, ErrorBody, Scope, TokenKind};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test(unsupported = test)]
fn every_error_has_its_code_status_and_challenge() {
    const INVALID: &str = r#"Bearer error="invalid_token""#;
    let cases = [
        ("missing_token", 401, false, Some("Bearer")),
        ("invalid_token", 401, false, Some(INVALID)),
        (
            "token_expired",
            401,
            false,
            Some(r#"Bearer error="invalid_token", error_description="The token has expired.""#),
        ),
        (
            "token_not_yet_valid",
            401,
            true,
            Some(r#"Bearer error="invalid_token", error_description="The token is not valid yet.""#),
        ),
        (
            "token_revoked",
            401,
            false,
            Some(r#"Bearer error="invalid_token", error_description="The token was revoked.""#),
        ),
        ("organization_suspended", 403, false, None),
        ("invalid_client", 401, false, Some(r#"Basic realm="daypass", charset="UTF-8""#)),
        (
            "dpop_required",
            401,
            false,
            Some(
                r#"DPoP error="invalid_token", error_description="The token is bound to a key, and was sent without a proof.", algs="ES256 EdDSA Ed25519""#,
            ),
        ),
        (
            "invalid_dpop_proof",
            401,
            false,
            Some(
                r#"DPoP error="invalid_dpop_proof", error_description="The proof was used before.", algs="ES256 EdDSA Ed25519""#,
            ),
        ),
        (
            "use_dpop_nonce",
            401,
            false,
            Some(
                r#"DPoP error="use_dpop_nonce", error_description="The proof lacks a current nonce.", algs="ES256 EdDSA Ed25519""#,
            ),
        ),
        ("too_many_requests", 429, true, None),
        ("invalid_request", 400, false, Some(r#"Bearer error="invalid_request""#)),
        ("invalid_body", 400, false, None),
        ("body_too_large", 413, false, None),
        ("too_slow", 408, true, None),
        ("secret_in_query", 400, false, Some(r#"Bearer error="invalid_request""#)),
        ("secret_in_browser", 403, false, None),
        ("kind_not_accepted", 403, false, None),
        ("origin_required", 403, false, None),
        ("origin_not_allowed", 403, false, None),
        ("insufficient_scope", 403, false, Some(r#"Bearer error="insufficient_scope", scope="floor:readPrivate""#)),
        ("invalid_scope", 400, false, None),
        ("duration_out_of_range", 400, false, None),
        ("not_found", 404, false, None),
        ("method_not_allowed", 405, false, None),
        ("already_exists", 409, false, None),
        ("limit_reached", 409, false, None),
        ("version_conflict", 409, false, None),
        ("scopes_in_use", 409, false, None),
        ("token_immutable", 403, false, None),
        ("bundle_used", 403, false, None),
        ("not_signed_in", 401, false, Some("Bearer")),
        ("sign_in_failed", 401, false, Some("Bearer")),
        ("cross_site_request", 403, false, None),
        ("insufficient_role", 403, false, None),
        ("invalid_invitation", 403, false, None),
        ("misconfigured", 500, false, None),
        ("unavailable", 503, true, None),
    ];
    let errors = Error::examples();
    let table: Vec<_> =
        errors.iter().map(|d| (d.code().as_str(), d.status(), d.is_retryable(), d.www_authenticate())).collect();
    let expected =
        cases.map(|(code, status, retryable, challenge)| (code, status, retryable, challenge.map(String::from)));
    assert_eq!(table, expected);
    assert_eq!(table.iter().map(|row| row.0).collect::<BTreeSet<_>>().len(), table.len(), "one code for each error");
    // RFC 6750: every 401 has a challenge.
    assert!(table.iter().all(|row| row.1 != 401 || row.3.is_some()));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_body_says_what_happened_and_what_to_do() {
    for error in Error::examples() {
        let body = serde_json::to_value(error.body()).unwrap();
        let mut expected = json!({ "error": error.code().as_str(), "message": error.to_string(), "help": error.help(), "status": error.status() });
        match &error {
            Error::OriginNotAllowed(origin) => expected["origin"] = json!(origin),
            Error::InsufficientScope { scope, tenant: None } => expected["scope"] = json!(scope),
            _ => {}
        }
        assert_eq!(body, expected);
        for sentence in [error.to_string(), error.help().to_owned()] {
            assert!(sentence.starts_with(char::is_uppercase) || sentence.starts_with('`'), "{sentence}");
            assert!(sentence.ends_with('.'), "{sentence}");
        }
        assert_eq!(serde_json::from_value::<ErrorBody>(body).unwrap(), error.body());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_bodies_are_these_bytes() {
    let cases = [
        (
            Error::InvalidToken,
            r#"{"error":"invalid_token","message":"The token is not valid.","help":"Check that the whole token was copied, and that this service issued it.","status":401}"#,
        ),
        (
            Error::InsufficientScope { scope: Scope::literal("floor:readPrivate"), tenant: None },
            r#"{"error":"insufficient_scope","message":"The token lacks the scope floor:readPrivate for this tenant or resource.","help":"Use a token with this scope for the tenant and the resources of the request.","status":403,"scope":"floor:readPrivate"}"#,
        ),
        (
            Error::InsufficientScope { scope: Scope::literal("floor:readPrivate"), tenant: Some("org_1".into()) },
            r#"{"error":"insufficient_scope","message":"The token lacks the scope floor:readPrivate: it has no grant for the tenant org_1.","help":"Use a token with this scope for the tenant and the resources of the request.","status":403,"scope":"floor:readPrivate","tenant":"org_1"}"#,
        ),
        (
            Error::OriginNotAllowed("https://a\"b".into()),
            r#"{"error":"origin_not_allowed","message":"The token does not allow the origin https://a\"b.","help":"Add the page's origin to the token, or use a token made for it.","status":403,"origin":"https://a\"b"}"#,
        ),
        (
            Error::SecretInBrowser(TokenKind::Application),
            r#"{"error":"secret_in_browser","message":"A token of kind application was sent by a browser.","help":"Give browsers a publishable or a temporary token, and replace this token: visitors may have read it.","status":403}"#,
        ),
    ];
    for (error, bytes) in cases {
        assert_eq!(serde_json::to_string(&error.body()).unwrap(), bytes);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_of_another_server_or_another_version_is_read_too() {
    let cases = [
        (r#"{"error":"invalid_token","message":"No."}"#, "invalid_token", 0),
        (r#"{"error":"out_of_tea","message":"No.","help":"Brew.","status":418,"requestId":"r1"}"#, "out_of_tea", 418),
    ];
    for (json, error, status) in cases {
        let body: ErrorBody = serde_json::from_str(json).unwrap();
        assert_eq!((body.error.as_str(), body.status, body.origin, body.scope), (error, status, None, None));
    }
}
