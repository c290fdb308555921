//! Entity tags, by which a cache revalidates its copy, and an edit names the version that it is meant for (RFC 9110,
//! sections 8.8.3 and 13.1).

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::Error;

use crate::domain::token_edit::{self, Versions};

/// Returns the tag of a body. Other bytes have another tag.
pub(super) fn of(body: &[u8]) -> HeaderValue {
    let hash = Base64UrlUnpadded::encode_string(digest(&SHA256, body).as_ref());
    HeaderValue::try_from(format!("\"{hash}\"")).expect("base64url is ASCII")
}

/// Returns the response with its tag, or 304 without the body if the client has that tag.
pub(super) fn respond(request: &HeaderMap, tag: HeaderValue, response: impl IntoResponse) -> Response {
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

/// Returns the tag of what has versions: its version.
pub(super) fn of_version(version: u64) -> [(HeaderName, String); 1] {
    [(ETAG, format!("\"{version}\""))]
}

/// Returns the versions that an edit is meant for.
///
/// # Errors
/// [`Error::InvalidRequest`] if the header is not a list of tags.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Versions, Error> {
    let mut lines = headers.get_all(IF_MATCH).into_iter().peekable();
    if lines.peek().is_none() {
        return Ok(None);
    }
    let lines: Vec<_> = lines.map(|line| line.to_str().unwrap_or_default()).collect();
    token_edit::parse_versions(&lines.join(","))
}
