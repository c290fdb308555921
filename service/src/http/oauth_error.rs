//! The response to an OAuth request that is refused: [`OAuthError`].

use axum::Json;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use daypass::Error;
use serde::Serialize;

use super::NO_STORE;
use crate::domain::oauth::refusal::{Refusal, RefusalCode};

/// A refusal, as RFC 6749, section 5.2 words it.
pub(crate) struct OAuthError(pub(crate) Refusal);

impl<E: Into<Refusal>> From<E> for OAuthError {
    fn from(refusal: E) -> OAuthError {
        OAuthError(refusal.into())
    }
}

#[derive(Serialize)]
struct OAuthErrorBody {
    error: &'static str,
    error_description: String,
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let (status, error, error_description, challenge) = match self.0 {
            Refusal::OAuth(code, why) => {
                // Every 401 has a challenge (RFC 9110, section 15.5.2).
                let challenge = (code == RefusalCode::InvalidClient)
                    .then(|| Error::InvalidClient(String::new()).www_authenticate())
                    .flatten();
                let status = if challenge.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
                (status, code.as_str(), why, challenge)
            }
            Refusal::Service(error) => {
                let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let code = if status.is_server_error() { "temporarily_unavailable" } else { "invalid_request" };
                (status, code, error.to_string(), None)
            }
        };
        let body = OAuthErrorBody { error, error_description: printable(&error_description) };
        let mut response = (status, NO_STORE, Json(body)).into_response();
        let challenge = challenge.and_then(|challenge| HeaderValue::try_from(challenge).ok());
        challenge.map(|challenge| response.headers_mut().insert(WWW_AUTHENTICATE, challenge));
        response
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

    #[test]
    fn a_description_has_no_other_characters_than_it_may_have() {
        assert_eq!(printable("The `scope` \"ä\\\u{0}\n☃\" is wrong."), "The `scope` ''''''' is wrong.");
    }
}
