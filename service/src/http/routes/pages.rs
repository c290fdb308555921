//! `/sign-in` and `/invitation`: the pages on which people sign in.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;
use axum::routing::get;

use super::super::{SharedApp, etag};

/// SECURITY: a page runs the scripts of this service alone, sends nothing elsewhere, and is in no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Returns the routes of the pages. Their paths are relative, so that a proxy may put the service below a path.
pub(super) fn router() -> Router<SharedApp> {
    let page =
        |content_type, text: &'static str| get(async move |request: HeaderMap| respond(&request, content_type, text));
    Router::new()
        .route("/sign-in", page(HTML, include_str!("../../../pages/sign-in.html")))
        .route("/invitation", page(HTML, include_str!("../../../pages/invitation.html")))
        .route("/pages/sign-in.js", page(SCRIPT, include_str!("../../../pages/sign-in.js")))
        .route("/pages/invitation.js", page(SCRIPT, include_str!("../../../pages/invitation.js")))
        .route("/pages/service.js", page(SCRIPT, include_str!("../../../pages/service.js")))
        .route("/pages/page.css", page("text/css; charset=utf-8", include_str!("../../../pages/page.css")))
}

fn respond(request: &HeaderMap, content_type: &'static str, text: &'static str) -> Response {
    let fields = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (OPENER_POLICY, "same-origin"),
        (RESOURCE_POLICY, "same-origin"),
    ];
    etag::respond(request, etag::of(text.as_bytes()), (fields, text))
}
