//! `Access` and `Option<Access>` as extractors: with the layer, without it, and where a token is
//! optional.

use super::{Api, bearer, body, get_with, outcome};
use crate::common::{SITE, Signer, verifier};
use axum::Router;
use axum::routing::get;
use daypass::verify::http::VerifyLayer;
use daypass::verify::{Access, Dpop, Verifier};
use tower::ServiceExt;

/// An API with a handler for each extractor.
fn handlers() -> Router {
    Router::new().route("/required", get(async |access: Access| access.id().to_owned())).route(
        "/optional",
        get(async |access: Option<Access>| access.map_or("none".to_owned(), |access| access.id().to_owned())),
    )
}

fn with_keys() -> Verifier {
    verifier().keys(Signer::new("k1", 1).keys())
}

#[tokio::test]
async fn without_the_layer_both_extractors_answer_500_misconfigured_and_no_handler_runs() {
    for path in ["/required", "/optional"] {
        for headers in [&[][..], &[("authorization", "Bearer hunter2")]] {
            let response = handlers().oneshot(get_with(path, headers)).await.unwrap();
            assert_eq!(outcome(response).await, (500, "misconfigured".into()), "{path}");
        }
    }
}

#[tokio::test]
async fn where_a_token_may_be_missing_one_handler_gets_nothing_and_the_other_answers_401() {
    let router = handlers().layer(VerifyLayer::new(with_keys()).allow_missing_token());
    let response = router.clone().oneshot(get_with("/required", &[("origin", SITE)])).await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert_eq!(outcome(response).await, (401, "missing_token".into()));

    let response = router.clone().oneshot(get_with("/optional", &[("origin", SITE)])).await.unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], SITE);
    assert_eq!((response.headers()["vary"].to_str().unwrap(), response.status().as_u16()), ("Origin", 200));
    assert_eq!(body(response).await, "none");

    let token = bearer(&Api::new().temporary);
    for path in ["/required", "/optional"] {
        let response = router.clone().oneshot(get_with(path, &[("authorization", &token)])).await.unwrap();
        assert_eq!(body(response).await, "tmp_1", "{path}");
    }
}

#[tokio::test]
async fn a_token_that_is_present_is_verified_even_where_it_may_be_missing() {
    let api = Api::new();
    let router = handlers().layer(VerifyLayer::new(with_keys()).allow_missing_token());
    let temporary = bearer(&api.temporary);
    let in_query = format!("/optional?pubtoken={}", api.temporary);
    for (path, headers, expected) in [
        ("/optional", vec![("authorization", "Bearer hunter2")], (401, "invalid_token")),
        ("/optional", vec![("authorization", "Bearer")], (401, "invalid_token")),
        ("/optional?pubtoken=", vec![], (401, "invalid_token")),
        ("/optional", vec![("authorization", &*temporary), ("x-api-key", "dp_x")], (400, "invalid_request")),
        (&in_query, vec![], (400, "secret_in_query")),
    ] {
        let response = router.clone().oneshot(get_with(path, &headers)).await.unwrap();
        assert_eq!(outcome(response).await, (expected.0, expected.1.into()), "{}", headers.len());
    }
}

#[tokio::test]
async fn the_layer_refuses_a_missing_token_unless_it_is_told_otherwise() {
    let router = handlers().layer(VerifyLayer::new(with_keys()));
    for path in ["/required", "/optional"] {
        let response = router.clone().oneshot(get_with(path, &[])).await.unwrap();
        assert_eq!(outcome(response).await, (401, "missing_token".into()), "{path}");
    }
}

#[tokio::test]
async fn a_route_that_is_added_or_merged_after_the_layer_is_public() {
    let health = || Router::new().route("/health", get(async || "ok"));
    let merged = health().merge(handlers().layer(VerifyLayer::new(with_keys())));
    let added = handlers().layer(VerifyLayer::new(with_keys())).route("/health", get(async || "ok"));
    for router in [merged, added] {
        let response = router.clone().oneshot(get_with("/health", &[])).await.unwrap();
        assert_eq!((response.status().as_u16(), body(response).await.as_str()), (200, "ok"));
        let response = router.oneshot(get_with("/required", &[])).await.unwrap();
        assert_eq!(outcome(response).await, (401, "missing_token".into()));
    }
}

#[tokio::test]
async fn a_request_that_may_miss_its_token_is_no_decision() {
    let verifier = with_keys().dpop(Dpop::new("https://api.example")).on_decision(|_| panic!("a decision was made"));
    let router = handlers().layer(VerifyLayer::new(verifier).allow_missing_token());
    assert_eq!(body(router.oneshot(get_with("/optional", &[])).await.unwrap()).await, "none");
}
