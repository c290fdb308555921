//! The answer to a refusal.

use axum_core::body::Body;
use axum_core::response::IntoResponse;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::Error;
use crate::challenge::to_dpop;

/// The nonce for the next proof (RFC 9449, section 8).
pub(super) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

impl Error {
    /// The HTTP answer to the refused request.
    #[must_use]
    pub fn response<R: From<String>>(&self) -> Response<R> {
        let body = serde_json::to_string(&self.body()).expect("a refusal is JSON");
        let mut response = Response::new(R::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status()).expect("the table has valid statuses");
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

/// Whoever sends proofs is challenged in their scheme (RFC 9449, section 7.1).
pub(super) fn challenge_for_proofs(headers: &mut HeaderMap) {
    for (_, challenge) in headers.iter_mut().filter(|(name, _)| **name == header::WWW_AUTHENTICATE) {
        let ours = challenge.to_str().ok().and_then(to_dpop);
        if let Some(ours) = ours.and_then(|ours| HeaderValue::try_from(ours).ok()) {
            *challenge = ours;
        }
    }
}
