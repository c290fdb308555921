//! Errors as Speckle words them.

use async_graphql::{ErrorExtensions, ServerError};
use axum::Json;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use daypass::Error;
use serde::Serialize;

/// The error of a request whose token is not active: the whole request fails.
pub(super) struct InvalidToken(pub(super) Error);

#[derive(Serialize)]
struct InvalidTokenBody {
    error: &'static str,
}

impl IntoResponse for InvalidToken {
    fn into_response(self) -> Response {
        let response: Response<Body> = self.0.response();
        match self.0 {
            // Speckle's clients try again.
            Error::Unavailable | Error::TooManyRequests(_) | Error::Misconfigured => response,
            // The header says why, to the token's holder.
            _ => {
                let mut body = Json(InvalidTokenBody { error: "Your token is not valid." }).into_response();
                *body.status_mut() = StatusCode::FORBIDDEN;
                body.extensions_mut().insert(self.0.code());
                let kept = response.headers().iter().filter(|(name, _)| !body.headers().contains_key(*name));
                let kept: Vec<_> = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
                body.headers_mut().extend(kept);
                body
            }
        }
    }
}

/// An error with a code in its `extensions`, where Apollo has it.
pub(super) fn coded(message: impl Into<String>, code: &'static str) -> async_graphql::Error {
    async_graphql::Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// The error for a caller that may not do something.
pub(super) fn forbidden(message: impl Into<String>) -> async_graphql::Error {
    coded(message, "FORBIDDEN")
}

/// The error of a field.
pub(super) fn of_field(error: Error) -> async_graphql::Error {
    match error {
        Error::InsufficientScope { scope, .. } => {
            forbidden(format!("Your auth token does not have the required scope: {scope}."))
        }
        error if error.is_retryable() => coded(error.to_string(), "INTERNAL_SERVER_ERROR"),
        error => coded(error.to_string(), "BAD_USER_INPUT"),
    }
}

/// The response to a request that is not executed.
pub(super) fn not_executed(status: StatusCode, message: impl Into<String>, code: &'static str) -> Response {
    let error = coded(message, code).into_server_error(async_graphql::Pos::default());
    let error = ServerError { locations: vec![], ..error };
    (status, Json(async_graphql::Response::from_errors(vec![error]))).into_response()
}
