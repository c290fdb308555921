//! The response to an OAuth request that is refused: [`OAuthError`].

use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use daypass::Error;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::domain::oauth::refusal::{Refusal, RefusalCode};

/// A refusal, as RFC 6749, section 5.2 words it.
pub(crate) struct OAuthError(pub(crate) Refusal);

impl<E: Into<Refusal>> From<E> for OAuthError {
    fn from(refusal: E) -> OAuthError {
        OAuthError(refusal.into())
    }
}

/// An error as OAuth words it (RFC 6749, section 5.2).
#[derive(Serialize, JsonSchema)]
pub(super) struct OAuthErrorBody {
    /// The code.
    #[schemars(schema_with = "codes")]
    error: &'static str,
    /// What happened, in printable ASCII.
    error_description: String,
}

fn codes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": RefusalCode::ALL.map(RefusalCode::as_str) })
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let (code, error_description, like) = match self.0 {
            Refusal::OAuth(code, why) => {
                let is_unauthorized = code == RefusalCode::InvalidClient;
                let like = if is_unauthorized { Error::InvalidClient } else { Error::InvalidRequest };
                (code, why, like(String::new()))
            }
            Refusal::Service(error) => {
                let is_passing = error.status() >= 500 || matches!(error, Error::TooManyRequests(_));
                let code = if is_passing { RefusalCode::TemporarilyUnavailable } else { RefusalCode::InvalidRequest };
                (code, error.to_string(), error)
            }
        };
        // The status, and what belongs to it: `Retry-After`, and a challenge of every 401 (RFC 9110, section 15.5.2).
        let (mut parts, _) = like.response::<String>().into_parts();
        if parts.status != StatusCode::UNAUTHORIZED {
            parts.headers.remove(WWW_AUTHENTICATE);
        }
        let body = OAuthErrorBody { error: code.as_str(), error_description: printable(&error_description) };
        (parts.status, parts.headers, Extension(like.code()), Json(body)).into_response()
    }
}

/// Returns a text with the characters alone that a description may have (RFC 6749, section 5.2).
fn printable(text: &str) -> String {
    let allowed = |c: char| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~');
    text.chars().map(|c| if allowed(c) { c } else { '\'' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refusal_that_passes_says_when_to_try_again() {
        for (refusal, status, retry_after, code) in [
            (Refusal::Service(Error::TooManyRequests(7)), 429, Some("7"), "temporarily_unavailable"),
            (Refusal::Service(Error::Unavailable), 503, Some("1"), "temporarily_unavailable"),
            (Refusal::Service(Error::TooSlow), 408, None, "invalid_request"),
            (Refusal::new(RefusalCode::InvalidGrant, "x"), 400, None, "invalid_grant"),
            (Refusal::new(RefusalCode::InvalidClient, "x"), 401, None, "invalid_client"),
        ] {
            let (parts, body) = OAuthError(refusal).into_response().into_parts();
            let header = |name| parts.headers.get(name).map(|value| value.to_str().expect("a text"));
            assert_eq!((parts.status.as_u16(), header("retry-after")), (status, retry_after));
            assert_eq!(
                (header("cache-control"), header("www-authenticate").is_some()),
                (Some("no-store"), status == 401)
            );
            let body = axum::body::to_bytes(body, 1000).await.expect("a body");
            let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            assert_eq!(body["error"], code);
        }
    }

    #[test]
    fn a_description_has_no_other_characters_than_it_may_have() {
        assert_eq!(printable("The `scope` \"ä\\\u{0}\n☃\" is wrong."), "The `scope` ''''''' is wrong.");
    }
}
