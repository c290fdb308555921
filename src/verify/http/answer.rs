//! The answer to a refusal.

use axum_core::body::Body;
use axum_core::response::IntoResponse;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::Denied;

/// The nonce for the next proof (RFC 9449, section 8).
pub(super) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

impl Denied {
    /// The HTTP answer to the refused request.
    #[must_use]
    pub fn response<R: From<String>>(&self) -> Response<R> {
        let body = serde_json::to_string(&self.refusal()).expect("a refusal is JSON");
        let mut response = Response::new(R::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status()).expect("the table has valid statuses");
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let challenge = self.www_authenticate().and_then(|text| HeaderValue::try_from(text).ok());
        headers.extend(challenge.map(|challenge| (header::WWW_AUTHENTICATE, challenge)));
        if let Denied::UseDpopNonce(nonce) = self {
            headers.extend(HeaderValue::try_from(nonce).ok().map(|nonce| (DPOP_NONCE, nonce)));
        }
        response
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response<Body> {
        self.response()
    }
}
