//! `VerifyLayer` and the extractor through axum, as `docs/http.md` describes them.

use std::convert::Infallible;
use std::future::Ready;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use crate::common::{Down, NOW, ORGANIZATION, SITE, Signer, Store, claims, encoded, generate, record, verifier};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, Response};
use axum::response::IntoResponse;
use axum::routing::get;
use daypass::api::TokenRecord;
use daypass::jwt::JwtType;
use daypass::verify::http::VerifyLayer;
use daypass::verify::{Access, Dpop, RateLimits, Verifier};
use daypass::{Error, Scope, TokenKind};
use serde_json::{Value, json};
use tower::{Layer, Service, ServiceExt};

static READ_PRIVATE: Scope = Scope::literal("floor:readPrivate");
static UPDATE: Scope = Scope::literal("floor:update");

/// A product's API behind the layer, some tokens, and how often a request got through to it.
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
        let temporary = signer.document(JwtType::AccessToken, &claims());
        let (router, calls) = router(verifier().keys(signer.keys()).introspector(store));
        Api { router, calls, publishable, secret, revoked, temporary }
    }

    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// How many requests got through since the last time.
    fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }
}

fn router(verifier: Verifier) -> (Router, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&calls);
    let count = move |request: Request<Body>| {
        seen.fetch_add(1, Ordering::SeqCst);
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

/// Status and error code.
async fn outcome(response: Response<Body>) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = serde_json::from_str(&body(response).await).unwrap_or_default();
    (status, body["error"].as_str().unwrap_or_default().to_owned())
}

/// The headers, sorted, as `name: value`. The length is the server's to write.
fn headers(response: &Response<Body>) -> Vec<String> {
    let told = response.headers().iter().filter(|(name, _)| *name != "content-length");
    let mut lines: Vec<_> = told.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn a_page_that_may_use_the_token_can_read_the_answer() {
    let api = Api::new();
    let path = format!("/floor?pubtoken={}", api.publishable);
    let response = api.send(get_with(&path, &[("origin", SITE)])).await;
    let expected = [
        "access-control-allow-origin: https://www.northlight.example",
        "access-control-expose-headers: WWW-Authenticate, Retry-After, Date, DPoP-Nonce",
        "cache-control: no-store",
        "content-type: text/plain; charset=utf-8",
        "vary: Origin",
    ];
    assert_eq!((response.status().as_u16(), headers(&response)), (200, expected.map(String::from).to_vec()));
    assert_eq!((body(response).await.as_str(), api.calls()), ("publishable_1", 1));
}

#[tokio::test]
async fn row_2_a_page_on_another_origin_cannot_read_the_answer_and_no_handler_runs() {
    let api = Api::new();
    for (token, origin) in [
        (&api.publishable, "https://elsewhere.example"),
        (&api.publishable, "https://evilnorthlight.example"),
        (&api.publishable, "null"),
        // It is not told that the token is revoked either.
        (&api.revoked, "https://elsewhere.example"),
    ] {
        let response = api.send(get_with(&format!("/floor?pubtoken={token}"), &[("origin", origin)])).await;
        let expected = ["cache-control: no-store", "content-type: application/json", "vary: Origin"];
        assert_eq!((response.status().as_u16(), headers(&response)), (403, expected.map(String::from).to_vec()));
        let refusal: Value = serde_json::from_str(&body(response).await).unwrap();
        assert_eq!((&refusal["error"], &refusal["origin"]), (&json!("origin_not_allowed"), &json!(origin)));
    }
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn rows_4_and_16_no_other_header_stands_in_for_the_origin() {
    let api = Api::new();
    let path = format!("/floor?pubtoken={}", api.publishable);
    for name in ["referer", "x-forwarded-host", "x-forwarded-origin", "x-origin", "host", "forwarded", "sec-fetch-site"]
    {
        let response = api.send(get_with(&path, &[(name, SITE)])).await;
        assert!(!response.headers().contains_key("access-control-allow-origin"));
        assert_eq!(outcome(response).await, (403, "origin_required".into()), "{name}");
    }
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn row_4_two_origins_or_one_that_is_not_text_are_a_wrong_request() {
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
async fn every_other_refusal_is_readable_by_the_page_and_says_why() {
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
        assert_eq!(
            header("access-control-expose-headers"),
            Some("WWW-Authenticate, Retry-After, Date, DPoP-Nonce"),
            "{error}"
        );
        assert_eq!((header("vary"), header("cache-control")), (Some("Origin"), Some("no-store")), "{error}");
        assert_eq!(header("www-authenticate"), challenge, "{error}");
        assert_eq!(outcome(response).await, (status, error.into()));
    }
    assert_eq!(api.calls(), 2);
}

#[tokio::test]
async fn row_6_an_answer_varies_by_origin_and_is_not_stored_unless_the_product_says_otherwise() {
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
async fn a_preflight_is_answered_for_every_origin_before_any_token_and_reaches_no_handler() {
    let api = Api::new();
    for origin in [SITE, "https://elsewhere.example", "null"] {
        let preflight = |headers: &[(&'static str, &str)]| {
            let mut request = get_with("/floor", headers);
            *request.method_mut() = axum::http::Method::OPTIONS;
            request
        };
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let response = api.send(preflight(&asked)).await;
        let allowed_origin = format!("access-control-allow-origin: {origin}");
        let expected = [
            "access-control-allow-headers: authorization,content-type",
            "access-control-allow-methods: GET, HEAD, POST, PUT, PATCH, DELETE",
            &allowed_origin,
            "access-control-max-age: 600",
            "allow: GET,HEAD", // axum's own
            "vary: access-control-request-headers",
            "vary: access-control-request-method",
            "vary: origin",
        ];
        assert_eq!((response.status().as_u16(), headers(&response)), (204, expected.map(String::from).to_vec()));
        assert_eq!(body(response).await, "");

        let response = api.send(preflight(&asked[..2])).await;
        assert_eq!(response.status(), 204);
        assert!(!response.headers().contains_key("access-control-allow-headers"));
        // Without a method that is asked for it is a request like any other.
        assert_eq!(outcome(api.send(preflight(&asked[..1])).await).await, (401, "missing_token".into()));
    }
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn row_1_one_credential_is_taken_and_two_are_a_wrong_request() {
    let api = Api::new();
    let (publishable, secret, temporary) = (&api.publishable, bearer(&api.secret), bearer(&api.temporary));
    let (by_query, both_names) =
        (format!("?pubtoken={publishable}"), format!("?pubtoken={publishable}&bearer_token={publishable}"));
    let twice = format!("?pubtoken={publishable}&pubtoken={publishable}");
    let al = format!("AL-Secret-Token {}", api.secret);
    let [lower, spaced] = [format!("bearer {}", api.secret), format!("Bearer   {}", api.secret)];
    let [tabbed, beyond] = [format!("Bearer \t{}", api.secret), format!("Bearer {}é", api.secret)];
    let none: &[(&'static str, &str)] = &[];
    let cases = [
        ("", none, "missing_token"),
        ("", &[("authorization", "Basic dXNlcjpwdw==")], "missing_token"),
        ("", &[("authorization", "é")], "missing_token"),
        ("?pubtokens=x", none, "missing_token"),
        ("", &[("authorization", "Bearer")], "invalid_token"),
        ("", &[("authorization", "Bearer ")], "invalid_token"),
        ("", &[("authorization", &tabbed)], "invalid_token"),
        ("", &[("authorization", &beyond)], "invalid_token"),
        ("?pubtoken=", none, "invalid_token"),
        ("", &[("x-api-key", "é")], "invalid_token"),
        ("", &[("authorization", &secret)], ""),
        ("", &[("authorization", &lower)], ""),
        ("", &[("authorization", &spaced)], ""),
        ("", &[("authorization", &al)], ""),
        ("", &[("authorization", &secret), ("authorization", "Basic dXNlcjpwdw==")], ""),
        ("", &[("authorization", &secret), ("authorization", &secret)], "invalid_request"),
        ("", &[("authorization", &secret), ("authorization", &temporary)], "invalid_request"),
        ("", &[("authorization", &secret), ("x-api-key", "x")], "invalid_request"),
        ("", &[("x-api-key", "x"), ("x-api-token", "x")], "invalid_request"),
        (&by_query, &[("authorization", &temporary), ("origin", SITE)], "invalid_request"),
        (&by_query, &[("authorization", "Bearer"), ("origin", SITE)], "invalid_request"),
        (&both_names, &[("origin", SITE)], "invalid_request"),
        (&twice, &[("origin", SITE)], "invalid_request"),
    ];
    for (query, request, error) in cases {
        let (status, code) = outcome(api.send(get_with(&format!("/floor{query}"), request)).await).await;
        assert_eq!((code.as_str(), api.calls()), (error, usize::from(error.is_empty())), "{}", request.len());
        assert_eq!(
            status,
            match error {
                "" => 200,
                "invalid_request" => 400,
                _ => 401,
            }
        );
    }
}

#[tokio::test]
async fn row_20_a_secret_in_a_query_is_refused_by_every_name_and_not_repeated() {
    let api = Api::new();
    for name in ["pubtoken", "bearer_token", "access_token", "accessTokenId", "embedToken"] {
        for token in [&api.secret, &api.temporary] {
            let path = format!("/floor?x=1&{name}={token}&y");
            let response = api.send(get_with(&path, &[("origin", SITE)])).await;
            let shown = headers(&response).join("\n");
            let (status, text) = (response.status().as_u16(), body(response).await);
            assert_eq!((status, text.contains(r#""error":"secret_in_query""#)), (400, true), "{name}");
            assert!(!text.contains(&token[7..]) && !shown.contains(&token[7..]), "{name}");
        }
        let path = format!("/floor?{name}={}", api.publishable);
        assert_eq!(api.send(get_with(&path, &[("origin", SITE)])).await.status(), 200, "{name}");
    }
    assert_eq!(api.calls(), 5);
}

#[tokio::test]
async fn row_20_a_name_in_a_query_is_the_same_however_it_is_written() {
    let api = Api::new();
    for name in ["pub%74oken", "%70%75%62%74%6F%6b%65%6e", "bearer%5Ftoken"] {
        let path = format!("/floor?{name}={}", api.secret);
        assert_eq!(outcome(api.send(get_with(&path, &[])).await).await, (400, "secret_in_query".into()), "{name}");
        let path = format!("/floor?{name}={}", api.publishable);
        assert_eq!(api.send(get_with(&path, &[("origin", SITE)])).await.status(), 200, "{name}");
        let path = format!("/floor?{name}=x&pubtoken={}", api.publishable);
        let two = api.send(get_with(&path, &[("origin", SITE)])).await;
        assert_eq!(outcome(two).await, (400, "invalid_request".into()), "{name}");
    }
    assert_eq!(api.calls(), 3);
    // Values are taken as they stand, and what is no name is none.
    let path = format!("/floor?pubtoken={}", api.publishable.replace('_', "%5F"));
    let encoded = api.send(get_with(&path, &[("origin", SITE)])).await;
    assert_eq!(outcome(encoded).await, (401, "invalid_token".into()));
    for name in ["pub%2574oken", "pub%7", "pubtoken%00", "%FF"] {
        let path = format!("/floor?{name}={}", api.publishable);
        let other = api.send(get_with(&path, &[("origin", SITE)])).await;
        assert_eq!(outcome(other).await, (401, "missing_token".into()), "{name}");
    }
}

#[tokio::test]
async fn a_token_that_is_no_text_is_one_that_is_not_valid() {
    let api = Api::new();
    let value = HeaderValue::from_bytes(b"Bearer \xff").unwrap();
    let request = Request::get("/floor").header("authorization", value).body(Body::empty()).unwrap();
    assert_eq!(outcome(api.send(request).await).await, (401, "invalid_token".into()));
}

#[tokio::test]
async fn whatever_is_not_genuine_gets_the_same_bytes() {
    let api = Api::new();
    let [unknown, typo] = [generate(TokenKind::Secret).expose_secret().to_owned(), format!("{}0", &api.secret[..44])];
    let [header, payload, signature]: [&str; 3] = api.temporary.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut foreign = claims();
    foreign["aud"] = json!("viewer-api");
    let forged = [
        String::new(),
        "hunter2".into(),
        unknown,
        typo,
        format!("{header}.{payload}."),
        format!("{header}.{payload}A.{signature}"),
        format!("e30.{payload}.{signature}"),
        Signer::new("k1", 2).document(JwtType::AccessToken, &claims()),
        Signer::new("k2", 2).document(JwtType::AccessToken, &claims()),
        Signer::new("k1", 1).document(JwtType::AccessToken, &foreign),
        Signer::new("k1", 1).document(JwtType::Bundle, &claims()),
        "x".repeat(20_000),
    ];
    let mut answers = Vec::new();
    for text in &forged {
        for (path, name, value) in [
            ("/floor", "authorization", bearer(text)),
            ("/private", "x-api-key", text.clone()),
            (format!("/nowhere?pubtoken={text}").as_str(), "x-nothing", String::new()),
        ] {
            let response = api.send(get_with(path, &[(name, &value), ("origin", SITE)])).await;
            answers.push((response.status().as_u16(), headers(&response), body(response).await));
        }
    }
    assert_eq!((answers.len(), answers[0].0), (3 * forged.len(), 401));
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:#?}");
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn row_22_nothing_passes_while_the_service_is_away() {
    let (router, calls) = router(verifier().keys(Down).introspector(Down));
    for token in [Api::new().temporary, Api::new().secret] {
        let response = router.clone().oneshot(get_with("/floor", &[("authorization", &bearer(&token))])).await.unwrap();
        let text = body(response).await;
        assert!(text.contains(r#""error":"unavailable""#) && text.contains("503") && !text.contains("away"), "{text}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn row_18_clients_are_told_apart_by_the_address_that_the_product_finds() {
    let two = NonZeroU32::new(2).unwrap();
    let verifier = verifier().introspector(Store::default()).rate_limits(RateLimits::new().invalid_tokens(two));
    let find = |parts: &Parts| parts.headers.get("x-client")?.to_str().ok()?.parse().ok();
    let router = Router::new().route("/floor", get(async || "open")).layer(VerifyLayer::new(verifier).client(find));
    for (client, last) in [("192.0.2.1", 429), ("192.0.2.2", 429), ("nobody knows", 401)] {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            let request = get_with("/floor", &[("authorization", "Bearer hunter2"), ("x-client", client)]);
            statuses.push(router.clone().oneshot(request).await.unwrap().status().as_u16());
        }
        assert_eq!((statuses[0], statuses[5]), (401, last), "{client}");
    }
}

/// A service that has too much to do.
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
async fn a_handler_that_wants_access_without_the_layer_does_not_run() {
    let router = Router::new().route("/floor", get(async |_: Access| "open"));
    for headers in [&[][..], &[("authorization", "Bearer hunter2")]] {
        let response = router.clone().oneshot(get_with("/floor", headers)).await.unwrap();
        assert_eq!(outcome(response).await, (503, "unavailable".into()));
    }
}

#[tokio::test]
async fn a_refusal_is_an_answer_of_its_own() {
    for error in Error::examples() {
        let response: Response<String> = error.response();
        let expected: HeaderMap = [
            ("content-type", Some("application/json".to_owned())),
            ("cache-control", Some("no-store".into())),
            ("www-authenticate", error.www_authenticate()),
            ("retry-after", matches!(error, Error::TooManyRequests(_)).then(|| "1".into())),
            ("dpop-nonce", matches!(error, Error::UseDpopNonce(_)).then(|| "bm9uY2U".into())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.parse().ok()?, value?.parse().ok()?)))
        .collect();
        assert_eq!((response.status().as_u16(), response.headers()), (error.status(), &expected));
        assert_eq!(response.into_body(), serde_json::to_string(&error.body()).unwrap());
    }
}

#[tokio::test]
async fn whoever_sends_proofs_is_challenged_in_their_scheme() {
    let api = Api::new();
    for (authorization, challenge) in [
        ("DPoP hunter2".to_owned(), r#"DPoP error="invalid_token", algs="ES256 EdDSA""#),
        ("Bearer hunter2".to_owned(), r#"Bearer error="invalid_token""#),
        (
            format!("DPoP {}", api.temporary),
            r#"DPoP error="invalid_dpop_proof", error_description="The token is not bound to a key: send it as Bearer.", algs="ES256 EdDSA""#,
        ),
    ] {
        let response = api.send(get_with("/floor", &[("authorization", &authorization)])).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["www-authenticate"].to_str().unwrap()),
            (401, challenge)
        );
    }
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn a_handlers_own_refusal_is_in_the_senders_scheme_too() {
    let refuse = async || {
        let mut refusal = Error::InsufficientScope { scope: UPDATE.clone(), tenant: None }.into_response();
        refusal.headers_mut().append("www-authenticate", HeaderValue::from_static("Basic realm=\"old clients\""));
        refusal
    };
    let router = Router::new()
        .route("/floor", get(refuse))
        .layer(VerifyLayer::new(verifier().keys(Signer::new("k1", 1).keys()).dpop(Dpop::new("https://api.example"))));
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let x = encoded(pair.public_key());
    let thumbprint = digest(&SHA256, format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#).as_bytes());
    let mut claims = claims();
    claims["cnf"] = json!({ "jkt": encoded(thumbprint) });
    let token = Signer::new("k1", 1).document(JwtType::AccessToken, &claims);
    let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": { "kty": "OKP", "crv": "Ed25519", "x": x } });
    let ath = encoded(digest(&SHA256, token.as_bytes()));
    let payload = json!({ "jti": "1", "htm": "GET", "htu": "https://api.example/floor", "iat": NOW, "ath": ath });
    let input = format!("{}.{}", encoded(header.to_string()), encoded(payload.to_string()));
    let proof = format!("{input}.{}", encoded(pair.sign(input.as_bytes())));
    let sent = [("authorization", format!("DPoP {token}")), ("dpop", proof)];
    let sent: Vec<_> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let response = router.oneshot(get_with("/floor", &sent)).await.unwrap();
    assert_eq!(response.status(), 403);
    let challenges: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(challenges.len(), 2, "{challenges:?}");
    let challenge = challenges[0].to_str().unwrap();
    assert!(challenge.starts_with(r#"DPoP error="insufficient_scope""#), "{challenge}");
    assert!(challenge.ends_with(r#"algs="ES256 EdDSA""#), "{challenge}");
    assert_eq!(challenges[1], r#"Basic realm="old clients""#);
}

#[tokio::test]
async fn a_page_may_read_what_the_product_lets_it_read_as_well() {
    let api = Api::new();
    let answer = async || ([("access-control-expose-headers", "ETag"), ("etag", "\"1\"")], "open");
    let signer = Signer::new("k1", 1);
    let router = Router::new().route("/floor", get(answer)).layer(VerifyLayer::new(verifier().keys(signer.keys())));
    let request = get_with("/floor", &[("authorization", &bearer(&api.temporary)), ("origin", SITE)]);
    let response = router.oneshot(request).await.unwrap();
    let readable: Vec<_> = response.headers().get_all("access-control-expose-headers").iter().collect();
    assert_eq!(readable, ["ETag", "WWW-Authenticate, Retry-After, Date, DPoP-Nonce"]);
}

#[tokio::test]
async fn a_personal_token_travels_bare_or_in_a_cookie_and_no_other_cookie_is_a_credential() {
    let mut store = Store::default();
    let personal = store.add(record(TokenKind::Personal));
    let (router, _) = router(verifier().introspector(store));
    let bare = personal.clone();
    let cookie = format!("theme=dark; authn={personal}; other=1");
    let beyond = format!("city=Zürich;authn={personal}");
    for (headers, expected) in [
        (vec![("authorization", &*bare)], 200),
        (vec![("cookie", &*cookie)], 200),
        (vec![("cookie", &*cookie), ("origin", SITE)], 403),
        (vec![("cookie", &*cookie), ("authorization", &*bare)], 400),
        (vec![("cookie", &*beyond)], 200),
        (vec![("cookie", &*beyond), ("authorization", &*bare)], 400),
        (vec![("cookie", "authn=somebody-elses-session")], 401),
        (vec![("cookie", "authn=somebody-elses-session"), ("authorization", &*bare)], 200),
    ] {
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let response = router.clone().oneshot(get_with("/floor", &headers)).await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{names:?}");
    }
}
