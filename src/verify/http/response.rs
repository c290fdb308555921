//! The response to a refused request.

use axum::body::Body;
use axum::response::IntoResponse;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::Error;
use crate::challenge::dpop_algorithms;

/// The header with the nonce for the next proof (RFC 9449, section 8).
pub(super) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// When to send a request again that could not be checked, in seconds. A key that was too new to be
/// known is known by then.
const RETRY_AFTER_UNAVAILABLE: u16 = 1;

impl Error {
    /// Returns the HTTP response to the refused request. Its extensions have the [`ErrorCode`](crate::ErrorCode).
    #[must_use]
    pub fn response<R: From<String>>(&self) -> Response<R> {
        let body = serde_json::to_string(&self.body()).expect("an error's body is JSON");
        let mut response = Response::new(R::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status()).expect("the table has valid statuses");
        response.extensions_mut().insert(self.code());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let challenge = self.www_authenticate().and_then(|text| HeaderValue::try_from(text).ok());
        headers.extend(challenge.map(|challenge| (header::WWW_AUTHENTICATE, challenge)));
        match self {
            Error::UseDpopNonce(nonce) => {
                headers.extend(HeaderValue::try_from(nonce).ok().map(|nonce| (DPOP_NONCE, nonce)));
            }
            Error::TooManyRequests(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Error::Unavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_UNAVAILABLE));
            }
            _ => {}
        }
        response
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response<Body> {
        self.response()
    }
}

/// Turns `Bearer` challenges into `DPoP` challenges, for a client that sends proofs (RFC 9449,
/// section 7.1).
pub(super) fn challenge_with_dpop(headers: &mut HeaderMap) {
    for (_, challenge) in headers.iter_mut().filter(|(name, _)| **name == header::WWW_AUTHENTICATE) {
        let parameters = challenge.to_str().ok().and_then(|challenge| challenge.strip_prefix("Bearer "));
        let dpop = parameters.map(|parameters| format!("DPoP {parameters}, {}", dpop_algorithms()));
        if let Some(dpop) = dpop.and_then(|dpop| HeaderValue::try_from(dpop).ok()) {
            *challenge = dpop;
        }
    }
}
