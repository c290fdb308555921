//! Bodies: [`JsonText`] and [`FormFields`].

use std::time::Duration;

use axum::Form;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use daypass::Error;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Longest body, in bytes.
pub(super) const LIMIT: usize = 64 * 1024;

/// A body that has not arrived by then is not waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// A body that says that it is JSON, as yet unread.
pub(crate) struct JsonText(Bytes);

impl JsonText {
    /// The body, an object, read as a `T`. A list is not taken for the object's fields in their order.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if self.0.trim_ascii_start().starts_with(b"[") {
            return Err(Error::InvalidBody("expected an object, not a list".into()));
        }
        serde_json::from_slice(&self.0).map_err(|cause| Error::InvalidBody(cause.to_string()))
    }

    /// The body's text.
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
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Error::BodyTooLarge(LIMIT)),
            Err(_) => Err(Error::InvalidBody("it did not arrive in whole".into())),
        }
    }
}

/// A form, read as a `T` (RFC 7662 and RFC 7009 ask so).
pub(super) struct FormFields<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for FormFields<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<FormFields<T>, Error> {
        match in_time(Form::from_request(request, state)).await? {
            Ok(Form(fields)) => Ok(FormFields(fields)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Error::BodyTooLarge(LIMIT)),
            Err(rejection) => Err(Error::InvalidRequest(format!("{}.", rejection.body_text()))),
        }
    }
}

/// The form that asks about a token or revokes it.
#[derive(Deserialize)]
pub(super) struct TokenForm {
    pub(super) token: String,
}

async fn in_time<T>(arrival: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(PATIENCE, arrival).await.map_err(|_| Error::TooSlow)
}

/// Any other type is one that a page can send without asking (a "simple" request), and never meant for this service.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}
