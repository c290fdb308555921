//! The memory for proofs, of which each key and each organization has a share.

use super::{API, Browser, PATH, send, with_dpop};
use crate::common::NOW;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use daypass::Error;
use daypass::verify::http::VerifyLayer;
use daypass::verify::{Dpop, Verifier};
use serde_json::json;
use tower::ServiceExt;

/// How long it is until the memory is free again.
const WAIT: u64 = 180 - NOW % 180;

async fn send_another(verifier: &Verifier, browser: &Browser) -> Result<(), Error> {
    let token = browser.token();
    send(verifier, &token, &browser.proof(&token, &json!({}))).await.map(|_| ())
}

#[tokio::test]
async fn row_36_a_flood_of_proofs_is_refused_and_the_proofs_of_others_are_not() {
    let verifier = with_dpop(Dpop::new(API).max_proofs(320));
    let [flooder, other] = [(); 2].map(|()| Browser::ed25519());
    let mut results = Vec::new();
    for _ in 0..12 {
        results.push(send_another(&verifier, &flooder).await);
    }
    let refused = results.iter().position(Result::is_err);
    assert_eq!((refused, results.last()), (Some(10), Some(&Err(Error::TooManyRequests(WAIT)))));
    for _ in 0..8 {
        assert_eq!(send_another(&verifier, &other).await, Ok(()));
    }
}

#[tokio::test]
async fn row_36_more_proofs_than_can_be_remembered_are_refused_from_all() {
    let verifier = with_dpop(Dpop::new(API).max_proofs(1));
    let browsers = [(); 2].map(|()| Browser::ed25519());
    assert_eq!(send_another(&verifier, &browsers[0]).await, Ok(()));
    assert_eq!(send_another(&verifier, &browsers[1]).await, Err(Error::Unavailable));
}

#[tokio::test]
async fn row_36_the_keys_of_one_organization_take_half_of_what_is_free() {
    let verifier = with_dpop(Dpop::new(API).max_proofs(12));
    for browser in 0..6 {
        let expected = if browser < 4 { Ok(()) } else { Err(Error::TooManyRequests(WAIT)) };
        assert_eq!(send_another(&verifier, &Browser::ed25519()).await, expected, "{browser}");
    }
}

#[tokio::test]
async fn the_response_names_the_limit_of_proofs_if_that_refuses() {
    let browser = Browser::ed25519();
    let token = browser.token();
    for (max_proofs, refusal) in [(1, (503, None)), (2, (429, Some(format!(r#""proofs";r=0;t={WAIT}"#))))] {
        let layer = VerifyLayer::new(with_dpop(Dpop::new(API).max_proofs(max_proofs)));
        let router = Router::new().route(PATH, get(async || "open")).layer(layer);
        for expected in [(200, None), refusal] {
            let proof = browser.proof(&token, &json!({}));
            let request = Request::get(PATH).header("authorization", format!("DPoP {token}")).header("dpop", proof);
            let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let limit = response.headers().get("ratelimit").map(|value| value.to_str().unwrap().to_owned());
            assert_eq!((response.status().as_u16(), limit), expected);
            assert!(!response.headers().contains_key("ratelimit-policy"));
        }
    }
}
