//! `/invitation` and `/applications`: the pages on which people accept an invitation and see what they allow.

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::super::page::ISOLATED;
use super::super::{SharedApp, etag};

/// SECURITY: a page runs the scripts of this service alone, sends nothing elsewhere, and is in no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = concat!(include_str!("../../../pages/colors.css"), include_str!("../../../pages/page.css"));

/// The media type of a page.
pub(in crate::http) const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Returns the routes of the pages. Their paths are relative, so that a proxy may put the service below a path.
pub(super) fn router() -> Router<SharedApp> {
    let page =
        |content_type, text: &'static str| get(async move |request: HeaderMap| respond(&request, content_type, text));
    Router::new()
        .route("/invitation", page(HTML, include_str!("../../../pages/invitation.html")))
        .route("/applications", page(HTML, include_str!("../../../pages/applications.html")))
        .route("/pages/applications.js", page(SCRIPT, include_str!("../../../pages/applications.js")))
        .route("/pages/invitation.js", page(SCRIPT, include_str!("../../../pages/invitation.js")))
        .route("/pages/service.js", page(SCRIPT, include_str!("../../../pages/service.js")))
        .route("/pages/page.css", page(CSS, STYLE))
        .route("/pages/api.css", page(CSS, include_str!("../../../pages/api.css")))
}

/// Returns a page, or a file of one.
pub(in crate::http) fn respond(
    request: &HeaderMap,
    content_type: &'static str,
    text: impl AsRef<[u8]> + IntoResponse,
) -> Response {
    let tag = etag::of(text.as_ref());
    let fields = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache"), (CONTENT_SECURITY_POLICY, POLICY)];
    etag::respond(request, tag, (fields, ISOLATED, text))
}
