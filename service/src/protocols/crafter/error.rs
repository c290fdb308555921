//! Errors as Crafter Profile words them.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use daypass::{Error, TokenKind};
use serde::Serialize;

use crate::http::NO_STORE;

/// An error with the status and the code that Crafter Profile has for it.
pub(super) struct CrafterError(Error);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    error_code: &'static str,
    message: String,
}

impl From<Error> for CrafterError {
    fn from(error: Error) -> CrafterError {
        CrafterError(error)
    }
}

impl CrafterError {
    /// Returns the status and the code. Whatever is wrong with the caller's token, access is denied.
    fn status_and_code(&self) -> (StatusCode, &'static str) {
        let error = &self.0;
        match error {
            Error::InsufficientScope { .. }
            | Error::InvalidScope(_)
            | Error::KindNotAccepted(TokenKind::Application) => (StatusCode::FORBIDDEN, "ACTION_DENIED"),
            Error::NotFound => (StatusCode::NOT_FOUND, "NO_SUCH_ACCESS_TOKEN_ID"),
            Error::AlreadyExists => (StatusCode::CONFLICT, "ACCESS_TOKEN_EXISTS"),
            Error::KindNotAccepted(_)
            | Error::SecretInQuery(_)
            | Error::SecretInBrowser(_)
            | Error::OriginRequired(_)
            | Error::OriginNotAllowed(_)
            | Error::OrganizationSuspended => (StatusCode::FORBIDDEN, "ACCESS_DENIED"),
            _ if error.status() == 401 => (StatusCode::FORBIDDEN, "ACCESS_DENIED"),
            _ => (StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), "OTHER"),
        }
    }
}

impl IntoResponse for CrafterError {
    fn into_response(self) -> Response {
        let (status, error_code) = self.status_and_code();
        let body = Body { error_code, message: self.0.to_string() };
        let mut response = (status, NO_STORE, Json(body)).into_response();
        response.extensions_mut().insert(self.0.code());
        // When to ask again, for the statuses that say it.
        let retry_after: Option<HeaderValue> = self.0.into_response().headers_mut().remove(RETRY_AFTER);
        response.headers_mut().extend(retry_after.map(|value| (RETRY_AFTER, value)));
        response
    }
}
