//! What pages of other origins may send and read, as `Cors` sets it.

use std::time::Duration;

use super::{Api, EXPOSED, bearer, body, get_with, headers, outcome};
use crate::common::{SITE, Signer, Store, claims, generate, record, verifier};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response};
use axum::routing::{any, get};
use daypass::TokenKind;
use daypass::jwt::JwtType;
use daypass::verify::http::{Cors, VerifyLayer};
use daypass::verify::{Access, Verifier};
use tower::ServiceExt;

const CREDENTIALS: &str = "access-control-allow-credentials";
const ELSEWHERE: &str = "https://elsewhere.example";

/// An API with settings of CORS, a publishable and a temporary token.
struct World {
    verifier: Verifier,
    publishable: String,
    personal: String,
    temporary: String,
}

impl World {
    fn new() -> World {
        let mut store = Store::default();
        let [publishable, personal] = [TokenKind::Publishable, TokenKind::Personal].map(|kind| store.add(record(kind)));
        let signer = Signer::new("k1", 1);
        let temporary = signer.jwt(JwtType::AccessToken, &claims());
        World { verifier: verifier().keys(signer.keys()).introspector(store), publishable, personal, temporary }
    }

    async fn send(&self, layer: impl FnOnce(VerifyLayer) -> VerifyLayer, request: Request<Body>) -> Response<Body> {
        let required = async |access: Access| access.id().to_owned();
        let optional = async |access: Option<Access>| access.map_or_else(String::new, |access| access.id().to_owned());
        let routes = Router::new().route("/floor", get(required)).route("/optional", any(optional));
        routes.layer(layer(VerifyLayer::new(self.verifier.clone()))).oneshot(request).await.unwrap()
    }
}

fn preflight(path: &str, method: &str) -> Request<Body> {
    let headers = [("origin", SITE), ("access-control-request-method", method)];
    let mut request = get_with(path, &headers);
    *request.method_mut() = Method::OPTIONS;
    request
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_product_exposes_more_headers_and_allows_other_methods() {
    let world = World::new();
    let propfind = Method::from_bytes(b"PROPFIND").unwrap();
    let settings = |layer: VerifyLayer| {
        let cors = Cors::new().expose(&["X-Total-Count"]).expose(&["X-Next"]).max_age(Duration::from_secs(60));
        layer.cors(cors.methods(&[Method::GET, propfind.clone()]))
    };
    let authorization = bearer(&world.temporary);
    let page = [("authorization", authorization.as_str()), ("origin", SITE)];
    let response = world.send(settings, get_with("/floor", &page)).await;
    let exposed = format!("{EXPOSED}, X-Total-Count, X-Next");
    assert_eq!(header(&response, "access-control-expose-headers"), Some(&*exposed));
    assert_eq!(header(&response, CREDENTIALS), None);
    let response = world.send(settings, preflight("/floor", "PROPFIND")).await;
    assert_eq!(header(&response, "access-control-allow-methods"), Some("GET, PROPFIND"));
    assert_eq!(header(&response, "access-control-max-age"), Some("60"));
    assert_eq!(header(&response, CREDENTIALS), None);
}

#[test]
#[should_panic(expected = "an exposed header must have a header's name")]
fn an_exposed_header_is_one() {
    let _ = Cors::new().expose(&["X-Total-Count, X-Next"]);
}

/// The page's exact origin stands beside the permission: browsers refuse `*` there.
#[tokio::test]
async fn a_page_that_a_token_allows_may_send_cookies_where_the_product_says_so() {
    let world = World::new();
    let settings = |layer: VerifyLayer| layer.cors(Cors::new().credentials());
    let (authorization, in_query) = (bearer(&world.temporary), format!("/floor?pubtoken={}", world.publishable));
    let invalid = [("authorization", "Bearer hunter2"), ("origin", SITE)];
    let unknown = format!("/floor?pubtoken={}", generate(TokenKind::Publishable).expose_secret());
    for (path, headers, status, allowed) in [
        ("/floor", vec![("authorization", authorization.as_str()), ("origin", SITE)], 200, true),
        (&in_query, vec![("origin", SITE)], 200, true),
        // A cookie might be the credential instead.
        ("/floor", vec![("origin", SITE)], 401, false),
        ("/floor", invalid.to_vec(), 401, false),
        (&unknown, vec![("origin", SITE)], 401, true),
        (&in_query, vec![("origin", ELSEWHERE)], 403, false),
        (&in_query, vec![], 403, false),
        ("/floor", vec![("authorization", authorization.as_str())], 200, false),
    ] {
        let origin = headers.iter().find(|(name, _)| *name == "origin").map(|(_, origin)| *origin);
        let response = world.send(settings, get_with(path, &headers)).await;
        assert_eq!(response.status().as_u16(), status, "{origin:?}");
        assert_eq!(header(&response, CREDENTIALS), allowed.then_some("true"), "{origin:?}");
        let readable = origin.filter(|_| status != 403);
        assert_eq!(header(&response, "access-control-allow-origin"), readable);
    }
    let response = world.send(settings, preflight("/floor", "PUT")).await;
    assert_eq!(header(&response, CREDENTIALS), Some("true"));
    assert_eq!(header(&response, "access-control-allow-origin"), Some(SITE));
}

/// SECURITY: with the visitor's cookies, a page reads the same whether or not one of them holds a token.
#[tokio::test]
async fn no_page_finds_out_whether_a_visitor_has_a_token_in_a_cookie() {
    let world = World::new();
    let [personal, unknown] =
        [world.personal.as_str(), generate(TokenKind::Personal).expose_secret()].map(|text| format!("authn={text}"));
    let two = format!("{personal}; {unknown}");
    let in_query = format!("/floor?pubtoken={}", world.publishable);
    let [temporary, invalid, unrecognized] = [
        bearer(&world.temporary),
        bearer(generate(TokenKind::Secret).expose_secret()),
        bearer("session-of-the-product"),
    ];
    for layer in [
        |layer: VerifyLayer| layer.cors(Cors::new().credentials()),
        |layer: VerifyLayer| layer.cors(Cors::new().credentials()).allow_missing_token(),
    ] {
        for origin in [SITE, ELSEWHERE] {
            for (path, authorization) in [
                ("/floor", None),
                ("/floor", Some(&unrecognized)),
                ("/floor", Some(&invalid)),
                ("/floor", Some(&temporary)),
                (in_query.as_str(), None),
                (&in_query, Some(&unrecognized)),
                (&in_query, Some(&temporary)),
            ] {
                let seen = async |cookie: Option<&String>| {
                    let mut list = vec![("origin", origin)];
                    list.extend(authorization.map(|value| ("authorization", value.as_str())));
                    list.extend(cookie.map(|value| ("cookie", value.as_str())));
                    let response = world.send(layer, get_with(path, &list)).await;
                    // What a script sees of a request with `credentials: 'include'`.
                    let is_readable = header(&response, CREDENTIALS) == Some("true")
                        && header(&response, "access-control-allow-origin") == Some(origin);
                    is_readable.then_some((response.status().as_u16(), headers(&response)))
                };
                let without = seen(None).await;
                for cookie in [&personal, &unknown, &two] {
                    assert_eq!(seen(Some(cookie)).await, without, "{origin} {authorization:?}");
                }
            }
        }
    }
}

/// SECURITY: nobody knows whether such a page may use the cookies.
#[tokio::test]
async fn a_page_without_a_token_gets_nothing_that_a_cookie_opened() {
    let world = World::new();
    let settings = |layer: VerifyLayer| layer.cors(Cors::new().credentials()).allow_missing_token();
    let response = world.send(settings, get_with("/optional", &[("origin", ELSEWHERE), ("cookie", "s=1")])).await;
    assert_eq!((response.status().as_u16(), header(&response, CREDENTIALS)), (200, None));
    let response = world.send(settings, preflight("/optional", "POST")).await;
    assert_eq!((response.status().as_u16(), header(&response, CREDENTIALS)), (204, None));
    // With a token, it says which pages may.
    let path = format!("/optional?pubtoken={}", world.publishable);
    let response = world.send(settings, get_with(&path, &[("origin", SITE)])).await;
    assert_eq!((response.status().as_u16(), header(&response, CREDENTIALS)), (200, Some("true")));
}

#[tokio::test]
async fn a_preflight_is_answered_for_every_origin_without_a_token_and_reaches_no_handler() {
    let api = Api::new();
    for origin in [SITE, "https://elsewhere.example", "null"] {
        let preflight = |headers: &[(&'static str, &str)]| {
            let mut request = get_with("/floor", headers);
            *request.method_mut() = axum::http::Method::OPTIONS;
            request
        };
        let preflight_headers = [
            ("origin", origin),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let response = api.send(preflight(&preflight_headers)).await;
        let allowed_origin = format!("access-control-allow-origin: {origin}");
        let expected = [
            "access-control-allow-headers: authorization,content-type",
            "access-control-allow-methods: GET, HEAD, POST, PUT, PATCH, DELETE",
            &allowed_origin,
            "access-control-max-age: 7200",
            "allow: GET,HEAD", // axum's own
            "vary: access-control-request-headers",
            "vary: access-control-request-method",
            "vary: origin",
        ];
        assert_eq!((response.status().as_u16(), headers(&response)), (204, expected.map(String::from).to_vec()));
        assert_eq!(body(response).await, "");

        let response = api.send(preflight(&preflight_headers[..2])).await;
        assert_eq!(response.status(), 204);
        assert!(!response.headers().contains_key("access-control-allow-headers"));
        // Without a requested method this is no preflight.
        assert_eq!(outcome(api.send(preflight(&preflight_headers[..1])).await).await, (401, "missing_token".into()));
    }
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn a_page_can_read_the_headers_that_the_product_exposes_as_well() {
    let api = Api::new();
    let respond = async || ([("access-control-expose-headers", "X-Total-Count"), ("x-total-count", "7")], "open");
    let signer = Signer::new("k1", 1);
    let router = Router::new().route("/floor", get(respond)).layer(VerifyLayer::new(verifier().keys(signer.keys())));
    let request = get_with("/floor", &[("authorization", &bearer(&api.temporary)), ("origin", SITE)]);
    let response = router.oneshot(request).await.unwrap();
    let exposed: Vec<_> = response.headers().get_all("access-control-expose-headers").iter().collect();
    assert_eq!(exposed, ["X-Total-Count", EXPOSED]);
}
