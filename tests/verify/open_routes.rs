//! Routes that a layer leaves open. What is open is a route that the router chose: whatever else a path looks like, and
//! wherever a route was forgotten, a token is required.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Path;
use axum::http::{Method, Request, Response};
use axum::routing::{any, get, post};
use daypass::verify::Access;
use daypass::verify::http::VerifyLayer;
use tower::{Layer, ServiceExt};

use crate::common::{SITE, access_token, signer, verifier};

fn layer() -> VerifyLayer {
    VerifyLayer::new(verifier().keys(signer().keys()))
}

fn open(routes: &[&str]) -> VerifyLayer {
    layer().open(routes)
}

async fn send(router: &Router, method: Method, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn status(router: &Router, path: &str) -> u16 {
    send(router, Method::GET, path, &[]).await.status().as_u16()
}

/// An API of which two routes are open: one alone, and one for all that is below it.
fn router() -> Router {
    Router::new()
        .route("/health", get(async || "ok").post(async || "posted"))
        .route("/docs/{*path}", get(async |Path(path): Path<String>| path))
        .route("/floor", get(async || "a floor, by a handler that forgot to ask for a token"))
        .route("/floor/{id}", get(async |access: Access| access.id().to_owned()))
}

#[tokio::test]
async fn every_route_that_is_not_named_needs_a_token() {
    let router = router().layer(open(&["/health"]).open(&["/docs/{*path}"]));
    for (path, expected) in [
        ("/health", 200),
        ("/health?x=1", 200),
        ("/docs/a", 200),
        ("/docs/a/b", 200),
        // As for the router, an encoded letter is another path. Here it has no route.
        ("/he%61lth", 401),
        ("/health/", 401),
        ("//health", 401),
        ("/Health", 401),
        ("/health/../floor", 401),
        ("/docs", 401),
        ("/docs/", 401),
        ("/floor", 401),
        ("/floor/health", 401),
        ("/floor/%2e%2e%2fhealth", 401),
        ("/floor/..%2fhealth?pubtoken=", 401),
        ("/no-such-route", 401),
        ("/", 401),
    ] {
        assert_eq!(status(&router, path).await, expected, "{path}");
    }
    // The router chose the open route here: its handler gets the path as it was sent, and decodes it.
    let response = send(&router, Method::GET, "/docs/..%2f..%2ffloor", &[]).await;
    assert_eq!(&to_bytes(response.into_body(), 100).await.unwrap()[..], b"../../floor");
}

#[tokio::test]
async fn for_an_open_route_it_is_as_if_there_were_no_layer() {
    let layered = router().layer(open(&["/health"]));
    let headers = |response: &Response<Body>| format!("{} {:?}", response.status(), response.headers());
    let token = format!("Bearer {}", access_token(&[]));
    let preflight = [("origin", SITE), ("access-control-request-method", "POST")];
    for (method, headers_sent) in [
        (Method::GET, &[("origin", SITE), ("authorization", "Bearer hunter2")][..]),
        (Method::GET, &[("authorization", &token), ("x-api-key", "x")]),
        (Method::POST, &[]),
        (Method::HEAD, &[]),
        (Method::DELETE, &[]),
        (Method::OPTIONS, &preflight),
    ] {
        let bare = send(&router(), method.clone(), "/health", headers_sent).await;
        let response = send(&layered, method.clone(), "/health", headers_sent).await;
        assert_eq!(headers(&response), headers(&bare), "{method}");
        assert!(!response.headers().contains_key("access-control-allow-origin"));
    }
    // The layer answers the preflight of every other path.
    for path in ["/floor", "/no-such-route"] {
        let response = send(&layered, Method::OPTIONS, path, &preflight).await;
        assert_eq!(response.status(), 204, "{path}");
        assert_eq!(response.headers()["access-control-allow-origin"], SITE);
    }
}

#[tokio::test]
async fn an_open_route_whose_handler_needs_an_access_fails() {
    let router = router().layer(open(&["/floor/{id}"]));
    let token = format!("Bearer {}", access_token(&[]));
    for headers in [&[][..], &[("authorization", &*token)]] {
        assert_eq!(send(&router, Method::GET, "/floor/1", headers).await.status(), 500);
    }
}

#[tokio::test]
async fn a_nested_route_is_named_with_its_prefixes() {
    let nested = |layer: VerifyLayer| Router::new().nest("/api", Router::new().nest("/v2", router())).layer(layer);
    // Where the layer is on the inner router, too, the router has the whole route.
    let inside = |layer: VerifyLayer| Router::new().nest("/api/v2", router().layer(layer));
    for (routes, path, expected) in [
        (["/api/v2/health"], "/api/v2/health", 200),
        (["/api/v2/docs/{*path}"], "/api/v2/docs/a", 200),
        (["/health"], "/api/v2/health", 401),
        (["/v2/health"], "/api/v2/health", 401),
        (["/api/v2/health"], "/api/v2/floor", 401),
    ] {
        assert_eq!(status(&nested(open(&routes)), path).await, expected, "{path} {routes:?}");
        assert_eq!(status(&inside(open(&routes)), path).await, expected, "{path} {routes:?} inside");
    }
}

#[tokio::test]
async fn merged_routers_keep_their_layers_and_a_layer_around_them_names_the_routes_of_all() {
    let public = || Router::new().route("/health", get(async || "ok"));
    let protected = || Router::new().route("/floor", get(async || "a floor"));
    let routers = [
        // Each router has the layers from before the merger.
        protected().layer(layer()).merge(public()),
        public().merge(protected().layer(layer())),
        protected().layer(layer()).route("/health", get(async || "ok")),
        // One layer around all.
        public().merge(protected()).layer(open(&["/health"])),
        protected().merge(public()).route_layer(open(&["/health"])),
    ];
    for (case, router) in routers.iter().enumerate() {
        assert_eq!((status(router, "/health").await, status(router, "/floor").await), (200, 401), "case {case}");
    }
    // Two methods of one path, in two routers.
    let split = Router::new().route("/floor", post(async || "posted")).merge(protected().layer(layer()));
    assert_eq!(send(&split, Method::POST, "/floor", &[]).await.status(), 200);
    assert_eq!(status(&split, "/floor").await, 401);
}

#[tokio::test]
async fn a_path_without_a_route_is_behind_layer_and_not_behind_route_layer() {
    let fallback = || router().fallback(async || (axum::http::StatusCode::NOT_FOUND, "nothing here"));
    for (router, expected) in [
        (router().layer(open(&["/health"])), 401),
        (fallback().layer(open(&["/health"])), 401),
        (router().route_layer(open(&["/health"])), 404),
        (fallback().route_layer(open(&["/health"])), 404),
        // A fallback that is added later is not behind the layer.
        (router().layer(open(&["/health"])).fallback(async || "public"), 200),
        // Nor is that of a router that is merged later, or in which the layer is nested.
        (router().layer(open(&["/health"])).merge(Router::new().route("/x", get(async || "x"))), 404),
        (Router::new().nest("/nothing", router().layer(open(&["/health"]))), 404),
    ] {
        assert_eq!(status(&router, "/nothing").await, expected);
    }
}

#[tokio::test]
async fn without_a_router_that_chose_the_route_nothing_is_open() {
    // In front of the router.
    let in_front = open(&["/health"]).layer(router());
    let request = || Request::get("/health").body(Body::empty()).unwrap();
    assert_eq!(in_front.oneshot(request()).await.unwrap().status(), 401);
    // Of a nested service, such as files, the router knows the first path alone.
    let files = Router::new().nest_service("/docs", any(async || "a file")).layer(open(&["/docs", "/docs/{*path}"]));
    for (path, expected) in [("/docs", 200), ("/docs/", 401), ("/docs/a", 401)] {
        assert_eq!(status(&files, path).await, expected, "{path}");
    }
    // Files are merged after the layer instead.
    let files = router().layer(layer()).nest_service("/files", any(async || "a file"));
    assert_eq!((status(&files, "/files/a").await, status(&files, "/floor").await), (200, 401));
}

#[test]
fn a_text_that_no_router_takes_is_refused_with_the_right_form() {
    for route in ["", "health", "*", "/docs/*", "/docs/*path", "/floor/:id", "https://api.example/health"] {
        let made = catch_unwind(AssertUnwindSafe(|| drop(open(&[route]))));
        let message = made.unwrap_err().downcast_ref::<String>().cloned().unwrap();
        assert!(message.contains("`/docs/{*path}`") && message.contains(route), "{message}");
    }
    let _ = open(&["/", "/health", "/floor/{id}", "/docs/{*path}", "/a:b", "/a*"]);
}
