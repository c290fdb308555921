//! Errors as Crafter Profile words them: `{"errorCode", "message"}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use daypass::Error;
use serde_json::json;

/// Why a request is refused.
pub(crate) enum ApiError {
    /// What the verifier found.
    Access(Error),
    /// There is no such tenant.
    NoSuchTenant,
    /// There is no such profile.
    NoSuchProfile,
    /// The tenant exists.
    TenantExists,
    /// The tenant has a profile with this name.
    ProfileExists,
    /// A parameter is missing, or the body is too long.
    BadRequest(&'static str),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> ApiError {
        ApiError::Access(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code, message) = match self {
            ApiError::Access(error @ Error::InsufficientScope { .. }) => {
                (StatusCode::FORBIDDEN, "ACTION_DENIED", error.to_string())
            }
            // What a client can repeat keeps its status, and says when.
            ApiError::Access(error) if error.code().is_retryable() => return error.into_response(),
            ApiError::Access(error) => (StatusCode::FORBIDDEN, "ACCESS_DENIED", error.to_string()),
            ApiError::NoSuchTenant => (StatusCode::NOT_FOUND, "NO_SUCH_TENANT", "No such tenant.".into()),
            ApiError::NoSuchProfile => (StatusCode::NOT_FOUND, "NO_SUCH_PROFILE", "No such profile.".into()),
            ApiError::TenantExists => (StatusCode::CONFLICT, "TENANT_EXISTS", "The tenant exists.".into()),
            ApiError::ProfileExists => (StatusCode::CONFLICT, "PROFILE_EXISTS", "The profile exists.".into()),
            ApiError::BadRequest(why) => (StatusCode::BAD_REQUEST, "OTHER", why.into()),
        };
        (status, Json(json!({ "errorCode": code, "message": message }))).into_response()
    }
}
