//! `VerifyLayer` and the extractors in axum, as `docs/reference/http.md` describes them.

mod challenges;
mod cors;
mod credentials;
mod extract;
mod foreign_values;
mod pages;
mod rates;
mod resource;

use std::convert::Infallible;
use std::future::Ready;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use crate::common::{Down, NOW, ORGANIZATION, SITE, Signer, Store, claims, generate, record, verifier, without_stall};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, Response};
use axum::routing::get;
use daypass::api::TokenRecord;
use daypass::jwt::JwtType;
use daypass::verify::http::VerifyLayer;
use daypass::verify::{Access, RateLimits, Verifier};
use daypass::{Error, Scope, TokenKind};
use serde_json::{Value, json};
use tower::{Layer, Service, ServiceExt};

static READ_PRIVATE: Scope = Scope::literal("floor:readPrivate");
static UPDATE: Scope = Scope::literal("floor:update");

/// The headers that pages may read, unless a product sets more.
const EXPOSED: &str = "Accept-Ranges, Content-Range, Content-Encoding, Content-Disposition, ETag, Link, \
                       WWW-Authenticate, Retry-After, Date, DPoP-Nonce, RateLimit, RateLimit-Policy";

/// A product's API behind the layer, some tokens, and the number of requests that reached it.
struct Api {
    router: Router,
    calls: Arc<AtomicUsize>,
    publishable: String,
    secret: String,
    revoked: String,
    temporary: String,
}

impl Api {
    fn new() -> Api {
        let mut store = Store::default();
        let [publishable, secret] = [TokenKind::Publishable, TokenKind::Secret].map(|kind| store.add(record(kind)));
        let revoked = store.add(TokenRecord { revoked_at: Some(NOW), ..record(TokenKind::Publishable) });
        let signer = Signer::new("k1", 1);
        let temporary = signer.jwt(JwtType::AccessToken, &claims());
        let (router, calls) = router(verifier().keys(signer.keys()).introspector(store));
        Api { router, calls, publishable, secret, revoked, temporary }
    }

    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The number of requests that reached the API since the last call.
    fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }
}

fn router(verifier: Verifier) -> (Router, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let count = move |request: Request<Body>| {
        counter.fetch_add(1, Ordering::SeqCst);
        std::future::ready(request)
    };
    let routes = Router::new()
        .route("/floor", get(async |access: Access| access.id().to_owned()))
        .route(
            "/private",
            get(async |access: Access| access.require(&READ_PRIVATE).tenant(ORGANIZATION).check().map(|()| "private")),
        )
        .route("/update", get(async |access: Access| access.require(&UPDATE).tenant(ORGANIZATION).check()))
        .route("/cached", get(async || ([("cache-control", "private, max-age=60"), ("vary", "Accept")], "cached")))
        .layer(axum::middleware::map_request(count));
    (routes.layer(VerifyLayer::new(verifier)), calls)
}

/// A GET request with these headers.
fn get_with(path: &str, headers: &[(&'static str, &str)]) -> Request<Body> {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request.body(Body::empty()).unwrap()
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

async fn body(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), 100_000).await.unwrap().to_vec()).unwrap()
}

/// The status and the error code.
async fn outcome(response: Response<Body>) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = serde_json::from_str(&body(response).await).unwrap_or_default();
    (status, body["error"].as_str().unwrap_or_default().to_owned())
}

/// The headers, sorted, as `name: value`, without the length, which the server adds.
fn headers(response: &Response<Body>) -> Vec<String> {
    let lines = response.headers().iter().filter(|(name, _)| *name != "content-length");
    let mut lines: Vec<_> = lines.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn a_page_that_may_use_the_token_can_read_the_response() {
    let api = Api::new();
    let path = format!("/floor?pubtoken={}", api.publishable);
    let response = api.send(get_with(&path, &[("origin", SITE)])).await;
    let expected = [
        "access-control-allow-origin: https://www.northlight.example",
        &format!("access-control-expose-headers: {EXPOSED}"),
        "cache-control: no-store",
        "content-type: text/plain; charset=utf-8",
        "vary: Origin",
    ];
    assert_eq!((response.status().as_u16(), headers(&response)), (200, expected.map(String::from).to_vec()));
    assert_eq!((body(response).await.as_str(), api.calls()), ("publishable_1", 1));
}

#[tokio::test]
async fn row_2_a_page_on_another_origin_cannot_read_the_response_and_no_handler_runs() {
    let api = Api::new();
    for (token, origin) in [
        (&api.publishable, "https://elsewhere.example"),
        (&api.publishable, "https://evilnorthlight.example"),
        (&api.publishable, "null"),
        // Nor does it learn that the token is revoked.
        (&api.revoked, "https://elsewhere.example"),
    ] {
        let response = api.send(get_with(&format!("/floor?pubtoken={token}"), &[("origin", origin)])).await;
        let expected = ["cache-control: no-store", "content-type: application/json", "vary: Origin"];
        assert_eq!((response.status().as_u16(), headers(&response)), (403, expected.map(String::from).to_vec()));
        let error: Value = serde_json::from_str(&body(response).await).unwrap();
        assert_eq!((&error["error"], &error["origin"]), (&json!("origin_not_allowed"), &json!(origin)));
    }
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn rows_4_and_16_no_other_header_replaces_the_origin() {
    let api = Api::new();
    let path = format!("/floor?pubtoken={}", api.publishable);
    for name in ["x-forwarded-host", "x-forwarded-origin", "x-origin", "host", "forwarded", "sec-fetch-site"] {
        let response = api.send(get_with(&path, &[(name, SITE)])).await;
        assert!(!response.headers().contains_key("access-control-allow-origin"));
        assert_eq!(outcome(response).await, (403, "origin_required".into()), "{name}");
    }
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn row_4_two_origins_or_one_that_is_not_text_are_an_invalid_request() {
    let api = Api::new();
    let path = format!("/floor?pubtoken={}", api.publishable);
    for origins in [
        [SITE, SITE].as_slice(),
        &[SITE, "https://elsewhere.example"],
        &["https://elsewhere.example", SITE],
        &["https://é"],
    ] {
        let origins: Vec<_> = origins.iter().map(|origin| ("origin", *origin)).collect();
        assert_eq!(outcome(api.send(get_with(&path, &origins)).await).await, (400, "invalid_request".into()));
    }
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn the_page_can_read_every_other_error() {
    let api = Api::new();
    let [temporary, secret] = [bearer(&api.temporary), bearer(&api.secret)];
    let revoked = format!("/floor?pubtoken={}", api.revoked);
    let cases = [
        ("/floor", None, 401, "missing_token", Some("Bearer")),
        ("/floor", Some("Bearer hunter2"), 401, "invalid_token", Some(r#"Bearer error="invalid_token""#)),
        ("/floor", Some(secret.as_str()), 403, "secret_in_browser", None),
        (
            &revoked,
            None,
            401,
            "token_revoked",
            Some(r#"Bearer error="invalid_token", error_description="The token was revoked.""#),
        ),
        (
            "/update",
            Some(&temporary),
            403,
            "insufficient_scope",
            Some(r#"Bearer error="insufficient_scope", scope="floor:update""#),
        ),
        ("/private", Some(&temporary), 200, "", None),
    ];
    for (path, authorization, status, error, challenge) in cases {
        let mut request = vec![("origin", SITE)];
        request.extend(authorization.map(|value| ("authorization", value)));
        let response = api.send(get_with(path, &request)).await;
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("access-control-allow-origin"), Some(SITE), "{error}");
        assert_eq!(header("access-control-expose-headers"), Some(EXPOSED), "{error}");
        assert_eq!((header("vary"), header("cache-control")), (Some("Origin"), Some("no-store")), "{error}");
        assert_eq!(header("www-authenticate"), challenge, "{error}");
        assert_eq!(outcome(response).await, (status, error.into()));
    }
    assert_eq!(api.calls(), 2);
}

#[tokio::test]
async fn row_6_a_response_varies_by_origin_and_is_not_cached_unless_the_product_says_otherwise() {
    let api = Api::new();
    let own = bearer(&api.secret);
    let response = api.send(get_with("/floor", &[("authorization", &own)])).await;
    let expected = ["cache-control: no-store", "content-type: text/plain; charset=utf-8", "vary: Origin"];
    assert_eq!(headers(&response), expected);

    let response = api.send(get_with("/cached", &[("authorization", &own)])).await;
    let vary: Vec<_> = response.headers().get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(
        (response.headers()["cache-control"].to_str().unwrap(), vary),
        ("private, max-age=60", vec!["Accept", "Origin"])
    );
    let response = api.send(get_with("/nowhere", &[("authorization", &own)])).await;
    assert_eq!((response.status().as_u16(), headers(&response)[0].as_str()), (404, "cache-control: no-store"));
}

#[tokio::test]
async fn every_invalid_token_gets_the_same_response() {
    let api = Api::new();
    let unknown = generate(TokenKind::Secret).expose_secret().to_owned();
    let (start, last) = api.secret.split_at(api.secret.len() - 1);
    let typo = format!("{start}{}", if last == "0" { "1" } else { "0" });
    let [header, payload, signature]: [&str; 3] = api.temporary.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut foreign = claims();
    foreign["aud"] = json!("viewer-api");
    let invalid = [
        String::new(),
        "hunter2".into(),
        unknown,
        typo,
        format!("{header}.{payload}."),
        format!("{header}.{payload}A.{signature}"),
        format!("e30.{payload}.{signature}"),
        Signer::new("k1", 2).jwt(JwtType::AccessToken, &claims()),
        Signer::new("k2", 2).jwt(JwtType::AccessToken, &claims()),
        Signer::new("k1", 1).jwt(JwtType::AccessToken, &foreign),
        Signer::new("k1", 1).jwt(JwtType::Bundle, &claims()),
        "x".repeat(20_000),
    ];
    let mut responses = Vec::new();
    for text in &invalid {
        for (path, name, value) in [
            ("/floor", "authorization", bearer(text)),
            ("/private", "authorization", format!("AL-Secret-Token {text}")),
            (format!("/nowhere?pubtoken={text}").as_str(), "x-nothing", String::new()),
        ] {
            let response = api.send(get_with(path, &[(name, &value), ("origin", SITE)])).await;
            responses.push((response.status().as_u16(), headers(&response), body(response).await));
        }
    }
    assert_eq!((responses.len(), responses[0].0), (3 * invalid.len(), 401));
    assert!(responses.iter().all(|response| response == &responses[0]), "{responses:#?}");
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn row_22_every_token_is_refused_while_the_service_does_not_respond() {
    let (router, calls) = router(verifier().keys(Down).introspector(Down));
    for token in [Api::new().temporary, Api::new().secret] {
        let response = router.clone().oneshot(get_with("/floor", &[("authorization", &bearer(&token))])).await.unwrap();
        let text = body(response).await;
        assert!(
            text.contains(r#""error":"unavailable""#) && text.contains("503") && !text.contains("respond"),
            "{text}"
        );
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn row_18_clients_are_distinguished_by_the_address_that_the_product_finds() {
    let find = |parts: &Parts| parts.headers.get("x-client")?.to_str().ok()?.parse().ok();
    let statuses = without_stall(async || {
        let limits = RateLimits::new().invalid_tokens(NonZeroU32::MIN);
        let verifier = verifier().introspector(Store::default()).rate_limits(limits);
        let router = Router::new().route("/floor", get(async || "open")).layer(VerifyLayer::new(verifier).client(find));
        let mut statuses = Vec::new();
        for client in ["192.0.2.1", "192.0.2.2", "unknown"] {
            for _ in 0..4 {
                let request = get_with("/floor", &[("authorization", "Bearer hunter2"), ("x-client", client)]);
                statuses.push(router.clone().oneshot(request).await.unwrap().status().as_u16());
            }
        }
        statuses
    })
    .await;
    let limited = [401, 401, 401, 429];
    assert_eq!(statuses, [limited, limited, [401; 4]].concat());
}

/// A service that is never ready.
#[derive(Clone)]
struct Busy;

impl Service<Request<Body>> for Busy {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        panic!("it was not ready")
    }
}

#[test]
fn a_service_that_is_not_ready_is_not_called() {
    let mut service = VerifyLayer::new(verifier()).layer(Busy);
    assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[tokio::test]
async fn every_error_is_a_response() {
    for error in Error::examples() {
        let response: Response<String> = error.response();
        let expected: HeaderMap = [
            ("content-type", Some("application/json".to_owned())),
            ("cache-control", Some("no-store".into())),
            ("www-authenticate", error.www_authenticate()),
            ("retry-after", matches!(error, Error::TooManyRequests(_) | Error::Unavailable).then(|| "1".into())),
            ("dpop-nonce", matches!(error, Error::UseDpopNonce(_)).then(|| "bm9uY2U".into())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.parse().ok()?, value?.parse().ok()?)))
        .collect();
        assert_eq!((response.status().as_u16(), response.headers()), (error.status(), &expected));
        assert_eq!(response.into_body(), serde_json::to_string(&error.body()).unwrap());
    }
}
