//! Entity tags, with which a cache asks whether what it has still stands (RFC 9110, section 8.8.3).

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding};

/// The tag of a body: other bytes, another tag.
pub(super) fn of(body: &[u8]) -> HeaderValue {
    let hash = Base64UrlUnpadded::encode_string(digest(&SHA256, body).as_ref());
    HeaderValue::try_from(format!("\"{hash}\"")).expect("base64url is ASCII")
}

/// The answer under its tag, and 304 without the body to a client that says that it has it.
pub(super) fn tagged(request: &HeaderMap, tag: HeaderValue, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if has(request, &tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        for of_the_body in [CONTENT_TYPE, CONTENT_ENCODING] {
            response.headers_mut().remove(of_the_body);
        }
    }
    response.headers_mut().insert(ETAG, tag);
    response
}

/// `If-None-Match`, by the weak comparison (RFC 9110, section 13.1.2): a proxy that compressed the answer has weakened its tag.
fn has(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let listed = request.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    listed
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|listed| listed == "*" || listed.strip_prefix("W/").unwrap_or(listed).as_bytes() == tag.as_bytes())
}
