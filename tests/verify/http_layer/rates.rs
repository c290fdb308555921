//! The headers `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11).

use std::num::NonZeroU32;

use super::{bearer, get_with};
use crate::common::{SITE, Store, generate, record, verifier, without_stall};
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::http::request::Parts;
use axum::routing::get;
use daypass::TokenKind;
use daypass::verify::http::{VerifyLayer, client_address};
use daypass::verify::{Cache, RateLimits};
use tower::ServiceExt;

/// An API that one proxy stands before, and tokens of it.
struct Api {
    router: Router,
    publishable: String,
    secret: String,
}

impl Api {
    fn new(limits: RateLimits) -> Api {
        let mut store = Store::default();
        let [publishable, secret] = [TokenKind::Publishable, TokenKind::Secret].map(|kind| store.add(record(kind)));
        let verifier = verifier().introspector(store).cache(Cache::new(1 << 20)).rate_limits(limits);
        let proxy = "192.0.2.1".parse().unwrap();
        let client = move |parts: &Parts| {
            let has_address = parts.headers.contains_key("x-forwarded-for");
            has_address.then(|| client_address(proxy, &parts.headers, 1))
        };
        let router = Router::new()
            .route("/floor", get(async || "open"))
            .route("/limited", get(async || ([("ratelimit", r#""export";r=7;t=60"#)], "limited")))
            .layer(VerifyLayer::new(verifier).client(client));
        Api { router, publishable, secret }
    }

    async fn visit(&self, path: &str, forwarded_for: &str) -> Response<Body> {
        let path = format!("{path}?pubtoken={}", self.publishable);
        let headers = [("origin", SITE), ("x-forwarded-for", forwarded_for)];
        let headers = if forwarded_for.is_empty() { &headers[..1] } else { &headers };
        self.router.clone().oneshot(get_with(&path, headers)).await.unwrap()
    }

    async fn call(&self, token: &str) -> Response<Body> {
        let headers = [("authorization", &*bearer(token)), ("x-forwarded-for", "198.51.100.1")];
        self.router.clone().oneshot(get_with("/floor", &headers)).await.unwrap()
    }
}

/// The status, and the headers on rates.
fn rates(response: &Response<Body>) -> String {
    let lines = ["ratelimit-policy", "ratelimit", "retry-after"].map(|name| {
        let values = response.headers().get_all(name).iter().map(|value| value.to_str().unwrap());
        values.collect::<Vec<_>>().join(", ")
    });
    format!("{} {}", response.status().as_u16(), lines.join(" | "))
}

/// One a second, and two at once.
const ONE: NonZeroU32 = NonZeroU32::MIN;

#[tokio::test]
async fn a_response_tells_how_much_the_client_has_left_of_its_rate() {
    let responses = without_stall(async || {
        let api = Api::new(RateLimits::new().publishable(ONE));
        let visit = async |forwarded_for| rates(&api.visit("/floor", forwarded_for).await);
        [
            // The first request is not cached.
            visit("198.51.100.1").await,
            visit("198.51.100.1").await,
            visit("198.51.100.1").await,
            visit("198.51.100.2").await,
            // What the client writes itself does not make it another one.
            visit("198.51.100.9, 198.51.100.1").await,
        ]
    })
    .await;
    let policy = r#""client";q=2;w=2"#;
    let expected = [
        format!(r#"200 {policy} | "client";r=1;t=1 | "#),
        format!(r#"200 {policy} | "client";r=0;t=2 | "#),
        format!(r#"429 {policy} | "client";r=0;t=1 | 1"#),
        format!(r#"200 {policy} | "client";r=1;t=1 | "#),
        format!(r#"429 {policy} | "client";r=0;t=1 | 1"#),
    ];
    assert_eq!(responses, expected);
}

#[tokio::test]
async fn how_busy_others_are_is_told_only_when_they_use_all() {
    let responses = without_stall(async || {
        let api = Api::new(RateLimits::new().publishable_total(ONE));
        let visit = async |forwarded_for| rates(&api.visit("/floor", forwarded_for).await);
        // The second address is unknown: that client has no rate of its own.
        [visit("198.51.100.1").await, visit("").await, visit("198.51.100.2").await]
    })
    .await;
    let expected = [
        r#"200 "client";q=200;w=2 | "client";r=199;t=1 | "#,
        r#"200 "token";q=2;w=2 | "token";r=0;t=2 | "#,
        r#"429 "token";q=2;w=2 | "token";r=0;t=1 | 1"#,
    ];
    assert_eq!(responses, expected);
}

#[tokio::test]
async fn tokens_of_an_organization_share_its_rate_and_others_have_none() {
    let api = Api::new(RateLimits::new());
    assert_eq!(rates(&api.call(&api.secret).await), "200  |  | ");
    let responses = without_stall(async || {
        let api = Api::new(RateLimits::new().organization(ONE));
        let visit = async || rates(&api.visit("/floor", "198.51.100.1").await);
        let call = async || rates(&api.call(&api.secret).await);
        [call().await, visit().await, call().await]
    })
    .await;
    let policy = r#""organization";q=2;w=2"#;
    let expected = [
        format!(r#"200 {policy} | "organization";r=1;t=1 | "#),
        r#"200 "client";q=200;w=2 | "client";r=199;t=1 | "#.to_owned(),
        format!(r#"429 {policy} | "organization";r=0;t=1 | 1"#),
    ];
    assert_eq!(responses, expected);
}

#[tokio::test]
async fn the_count_of_invalid_tokens_is_told_to_none_but_who_must_wait() {
    let limits = || RateLimits::new().invalid_tokens(ONE);
    let responses = without_stall(async || {
        let api = Api::new(limits());
        let attempt = async || rates(&api.call(generate(TokenKind::Secret).expose_secret()).await);
        [attempt().await, attempt().await, attempt().await, attempt().await]
    })
    .await;
    let told = r#"429 "invalid-tokens";q=2;w=2 | "invalid-tokens";r=0;t=1 | 1"#;
    assert_eq!(responses, ["401  |  | ", "401  |  | ", "401  |  | ", told]);
    let api = Api::new(limits());
    // A secret one that comes from a page is refused for that, and counts for nothing.
    let headers = [("authorization", &*bearer(&api.secret)), ("origin", SITE)];
    let response = api.router.clone().oneshot(get_with("/floor", &headers)).await.unwrap();
    assert_eq!(rates(&response), "403  |  | ");
}

#[tokio::test]
async fn a_limit_of_the_products_own_stands_beside_ours() {
    let api = Api::new(RateLimits::new());
    let response = rates(&api.visit("/limited", "198.51.100.1").await);
    assert_eq!(response, r#"200 "client";q=200;w=2 | "export";r=7;t=60, "client";r=199;t=1 | "#);
}
