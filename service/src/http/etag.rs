//! Entity tags, by which a cache revalidates its copy (RFC 9110, section 8.8.3).

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding};

/// Returns the tag of a body. Other bytes have another tag.
pub(crate) fn of(body: &[u8]) -> HeaderValue {
    let hash = Base64UrlUnpadded::encode_string(digest(&SHA256, body).as_ref());
    HeaderValue::try_from(format!("\"{hash}\"")).expect("base64url is ASCII")
}

/// Returns the response with its tag, or 304 without the body if the client has that tag.
pub(crate) fn respond(request: &HeaderMap, tag: HeaderValue, response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    if has_tag(request, &tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        for header in [CONTENT_TYPE, CONTENT_ENCODING] {
            response.headers_mut().remove(header);
        }
    }
    response.headers_mut().insert(ETAG, tag);
    response
}

/// Returns whether `If-None-Match` has the tag.
///
/// The comparison is weak (RFC 9110, section 13.1.2), because a proxy that compresses a response weakens its
/// tag.
fn has_tag(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let listed = request.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    listed
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|listed| listed == "*" || listed.strip_prefix("W/").unwrap_or(listed).as_bytes() == tag.as_bytes())
}
