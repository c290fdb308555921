//! Callers of endpoints that clients of any make use: [`ClientCaller`] and [`ApiCaller`].

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use daypass::Error;
use daypass::verify::{Credential, TokenLocation, Verifier};

use super::super::SharedApp;
use super::super::rates::guard;
use super::basic::{Login, invalid_client};
use super::{TokenCaller, credentials};

/// A [`TokenCaller`] that authenticates with its token as Bearer, or with the token's id and the token as Basic
/// (RFC 6749, section 2.3.1; RFC 7009, section 2.1).
pub(in crate::http) struct ClientCaller(pub(in crate::http) TokenCaller);

/// Like [`ClientCaller`], but its organization may be suspended, as a [`Follower`](super::Follower)'s (RFC 7662,
/// section 2.1).
pub(in crate::http) struct ApiCaller(pub(in crate::http) TokenCaller);

/// The error of a caller that is not authenticated. Its response offers both schemes.
pub(in crate::http) struct Unauthenticated(Error);

impl FromRequestParts<SharedApp> for ClientCaller {
    type Rejection = Unauthenticated;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<ClientCaller, Unauthenticated> {
        authenticate(parts, app, guard(&app.catalog.view(), parts)).await.map(ClientCaller).map_err(Unauthenticated)
    }
}

impl FromRequestParts<SharedApp> for ApiCaller {
    type Rejection = Unauthenticated;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<ApiCaller, Unauthenticated> {
        authenticate(parts, app, &app.catalog.view().api_verifier).await.map(ApiCaller).map_err(Unauthenticated)
    }
}

async fn authenticate(parts: &Parts, app: &SharedApp, verifier: &Verifier) -> Result<TokenCaller, Error> {
    let Some(login) = Login::of(&parts.headers) else {
        return TokenCaller::authenticate(app, verifier, credentials(app, verifier, parts)).await;
    };
    let login = login?;
    // SECURITY: the token passes every check that it would pass as Bearer, and a request with a token
    // beside it, be it the same one, is refused: a client has one method (RFC 6749, section 2.3).
    let others = credentials(app, verifier, parts);
    if !matches!(others.credential(), Err(Error::MissingToken)) {
        return Err(Error::InvalidRequest("The request has a token beside Basic; send exactly one.".into()));
    }
    let credential = Credential { text: login.token.as_bytes(), location: TokenLocation::Bearer };
    let caller =
        TokenCaller::authenticate(app, verifier, others.with_credential(credential)).await.map_err(of_client)?;
    if caller.access.id() != login.id {
        return Err(invalid_client("The id is not that of the token."));
    }
    Ok(caller)
}

/// Turns the error of a token that is not accepted into that of its client (RFC 6749, section 5.2).
fn of_client(error: Error) -> Error {
    if error.status() == 401 { invalid_client(&error.to_string()) } else { error }
}

impl IntoResponse for Unauthenticated {
    fn into_response(self) -> Response {
        let Unauthenticated(error) = self;
        let other = match error {
            Error::InvalidClient(_) => Error::MissingToken,
            _ => invalid_client(""),
        };
        let mut response = error.into_response();
        if response.status() == 401 {
            let challenge = other.www_authenticate().and_then(|text| HeaderValue::try_from(text).ok());
            challenge.map(|challenge| response.headers_mut().append(WWW_AUTHENTICATE, challenge));
        }
        response
    }
}
