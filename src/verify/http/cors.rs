//! Which responses pages may read (CORS).

use http::header::{self, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};

pub(super) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(header::ORIGIN)
        && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers a preflight. It carries no token, so it allows any request, which is then verified itself.
pub(super) fn preflight<R: From<String>>(parts: &Parts) -> Response<R> {
    let mut response = Response::new(R::from(String::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    for name in [header::ORIGIN, header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_REQUEST_HEADERS] {
        headers.append(header::VARY, name.into());
    }
    let allow = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, parts.headers.get(header::ORIGIN).cloned()),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, parts.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned()),
        (header::ACCESS_CONTROL_ALLOW_METHODS, Some(HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"))),
        (header::ACCESS_CONTROL_MAX_AGE, Some(HeaderValue::from_static("600"))),
    ];
    headers.extend(allow.into_iter().filter_map(|(name, value)| Some((name, value?))));
    response
}

/// Lets pages of one origin read a response, or pages of none. `vary` names what the decision looked at.
pub(super) fn allow_origin(headers: &mut HeaderMap, origin: Option<HeaderValue>, vary: &'static str) {
    headers.append(header::VARY, HeaderValue::from_static(vary));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("WWW-Authenticate, Retry-After, Date, DPoP-Nonce");
        headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}
