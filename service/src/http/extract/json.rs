//! JSON bodies: [`JsonText`].

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use daypass::Error;
use serde::de::DeserializeOwned;

use super::{MAX_BODY, in_time};

/// A body whose media type is JSON, before it is parsed.
pub(crate) struct JsonText(Bytes);

impl JsonText {
    /// Parses the body, an object. A list is not taken for the object's fields in their order.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if self.0.trim_ascii_start().starts_with(b"[") {
            return Err(Error::InvalidBody("expected an object, not a list".into()));
        }
        let mut json = serde_json::Deserializer::from_slice(&self.0);
        // The error names the field.
        let value =
            serde_path_to_error::deserialize(&mut json).map_err(|cause| Error::InvalidBody(cause.to_string()))?;
        json.end().map_err(|cause| Error::InvalidBody(cause.to_string()))?;
        Ok(value)
    }

    /// Returns the body's text.
    pub(crate) fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(&self.0).map_err(|cause| Error::InvalidBody(cause.to_string()))
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonText {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<JsonText, Error> {
        if !is_json(request.headers()) {
            return Err(Error::InvalidBody("its Content-Type is not application/json".into()));
        }
        match in_time(Bytes::from_request(request, state)).await? {
            Ok(bytes) => Ok(JsonText(bytes)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Error::BodyTooLarge(MAX_BODY)),
            Err(_) => Err(Error::InvalidBody("it did not arrive completely".into())),
        }
    }
}

/// SECURITY: a page can send most other media types to any origin without a preflight (a "simple"
/// request), so that those are refused.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}
