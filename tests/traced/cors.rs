//! What the log says of preflights.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use daypass::verify::http::{Cors, VerifyLayer};
use tower::ServiceExt;
use tracing::Level;

use crate::common::verifier;
use crate::log::Log;

#[test]
fn a_method_that_cors_does_not_allow_is_logged_once() {
    Log::capture(Level::WARN, async |log| {
        let router = Router::new().layer(VerifyLayer::new(verifier()));
        let preflight = async |method: &str| {
            let request = Request::options("/floor")
                .header("origin", "https://shop.example")
                .header("access-control-request-method", method)
                .body(Body::empty());
            let response = router.clone().oneshot(request.unwrap()).await.unwrap();
            assert_eq!(response.status(), 204);
            log.take_lines()
        };
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "not a method"] {
            assert_eq!(preflight(method).await, [""; 0], "{method}");
        }
        let line = |method: &str, help: &str| {
            format!(
                "WARN daypass::verify::http::cors: page asks for a method that CORS does not allow method=\"{method}\" \
                 allowed=\"GET, HEAD, POST, PUT, PATCH, DELETE\" help=\"{help}\""
            )
        };
        let other = "add the method with `Cors::methods`, if the API has it";
        assert_eq!(preflight("PROPFIND").await, [line("PROPFIND", other)]);
        assert_eq!(preflight("PROPFIND").await, [""; 0]);
        assert_eq!(preflight("patch").await, [line("patch", "write the method in upper case in the page")]);
        // Methods that always differ do not fill the log, however long they are.
        let mut lines = Vec::new();
        for method in 0..20 {
            lines.extend(preflight(&format!("{}{method}", "M".repeat(100))).await);
        }
        assert_eq!((lines.len(), &lines[0]), (8, &line(&"M".repeat(32), other)));
        // Nor do they hide one that a product may have.
        assert_eq!(preflight("MKCOL").await, [line("MKCOL", other)]);
        assert_eq!(preflight("mkcol").await, [""; 0]);
    });
}

#[test]
fn a_method_that_pages_may_always_use_is_not_logged() {
    Log::capture(Level::WARN, async |log| {
        let cors = Cors::new().methods(&[Method::PUT]);
        let router = Router::new().layer(VerifyLayer::new(verifier()).cors(cors));
        for (method, lines) in [("GET", 0), ("HEAD", 0), ("POST", 0), ("PUT", 0), ("PATCH", 1)] {
            let request = Request::options("/floor")
                .header("origin", "https://shop.example")
                .header("access-control-request-method", method)
                .body(Body::empty());
            router.clone().oneshot(request.unwrap()).await.unwrap();
            assert_eq!(log.take_lines().len(), lines, "{method}");
        }
    });
}
