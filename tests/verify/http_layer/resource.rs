//! The API as a protected resource (RFC 9728).

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response};
use axum::response::IntoResponse;
use axum::routing::get;
use daypass::verify::http::VerifyLayer;
use daypass::verify::{Dpop, Verifier};
use daypass::{Catalog, Error};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{UPDATE, bearer, body, get_with, headers};
use crate::common::{Signer, claims, verifier};
use daypass::jwt::JwtType;

fn api(verifier: Verifier, resource: &str) -> Router {
    let refuse = async || {
        let mut response = Error::InsufficientScope { scope: UPDATE.clone(), tenant: None }.into_response();
        response.headers_mut().append("www-authenticate", HeaderValue::from_static("Basic realm=\"old clients\""));
        response
    };
    Router::new().route("/floor", get(refuse)).layer(VerifyLayer::new(verifier).resource(resource))
}

async fn send(router: &Router, path: &str, headers: &[(&'static str, &str)]) -> Response<Body> {
    router.clone().oneshot(get_with(path, headers)).await.unwrap()
}

#[tokio::test]
async fn the_metadata_is_served_without_a_token_where_rfc_9728_says() {
    for (resource, path) in [
        ("https://api.example", "/.well-known/oauth-protected-resource"),
        ("https://api.example/", "/.well-known/oauth-protected-resource"),
        ("https://api.example:8443/v2", "/.well-known/oauth-protected-resource/v2"),
        ("http://127.0.0.1:3000/v2/", "/.well-known/oauth-protected-resource/v2/"),
    ] {
        let router = api(verifier(), resource);
        let response = send(&router, path, &[("origin", "https://any.example")]).await;
        let expected =
            ["access-control-allow-origin: *", "cache-control: public, max-age=300", "content-type: application/json"];
        assert_eq!((response.status().as_u16(), headers(&response)), (200, expected.map(String::from).to_vec()));
        let metadata: Value = serde_json::from_str(&body(response).await).unwrap();
        let expected = json!({
            "resource": resource,
            "authorization_servers": ["https://tokens.example"],
            "bearer_methods_supported": ["header"],
        });
        assert_eq!(metadata, expected);

        let post = Request::post(path).body(Body::empty()).unwrap();
        assert_eq!(router.clone().oneshot(post).await.unwrap().status(), 401);
        assert_eq!(send(&router, "/.well-known/oauth-protected-resource/other", &[]).await.status(), 401);
    }
}

#[tokio::test]
async fn the_metadata_has_the_catalogues_scopes_and_the_algorithms_of_proofs() {
    let verifier = verifier().catalog(Catalog::space_api()).dpop(Dpop::new("https://api.example"));
    let response = send(&api(verifier, "https://api.example"), "/.well-known/oauth-protected-resource", &[]).await;
    let metadata: Value = serde_json::from_str(&body(response).await).unwrap();
    assert_eq!(metadata["scopes_supported"].as_array().unwrap().len(), 16);
    assert_eq!(metadata["dpop_signing_alg_values_supported"], json!(["ES256", "EdDSA", "Ed25519"]));
}

#[tokio::test]
async fn every_challenge_names_the_metadata() {
    let signer = Signer::new("k1", 1);
    let token = bearer(&signer.jwt(JwtType::AccessToken, &claims()));
    let router = api(verifier().keys(signer.keys()), "https://api.example/v2");
    let url = r#"resource_metadata="https://api.example/.well-known/oauth-protected-resource/v2""#;
    let cases = [
        (None, vec![format!("Bearer {url}")]),
        (Some("Bearer hunter2"), vec![format!(r#"Bearer error="invalid_token", {url}"#)]),
        (Some("DPoP hunter2"), vec![format!(r#"DPoP error="invalid_token", algs="ES256 EdDSA Ed25519", {url}"#)]),
        (
            Some(token.as_str()),
            vec![
                format!(r#"Bearer error="insufficient_scope", scope="floor:update", {url}"#),
                r#"Basic realm="old clients""#.to_owned(),
            ],
        ),
    ];
    // The second time the token is cached.
    for (authorization, expected) in cases.iter().chain(&cases) {
        let request: Vec<_> = authorization.iter().map(|value| ("authorization", *value)).collect();
        let response = send(&router, "/floor", &request).await;
        let challenges = response.headers().get_all("www-authenticate");
        let challenges: Vec<_> = challenges.iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(&challenges, expected);
    }
}

#[tokio::test]
async fn an_api_without_a_resource_has_no_metadata() {
    let router = Router::new().route("/floor", get(async || "open")).layer(VerifyLayer::new(verifier()));
    let response = send(&router, "/.well-known/oauth-protected-resource", &[]).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["www-authenticate"]),
        (401, &"Bearer".parse().unwrap())
    );
}

#[test]
fn a_resource_is_a_url_that_a_challenge_can_quote() {
    for wrong in [
        "",
        "api.example",
        "/v2",
        "https://",
        "https://api.example/?a=b",
        "https://api.example/#a",
        "https://api.example/\"",
        "https://api.example/\\",
        "https://api.example/a b",
        "https://api.example/é",
    ] {
        let layer = VerifyLayer::new(verifier());
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| layer.resource(wrong)));
        assert!(made.is_err(), "{wrong:?}");
    }
}
