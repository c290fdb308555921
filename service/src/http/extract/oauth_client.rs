//! The OAuth client that makes a request: [`authenticate_client`] and [`TokenForm`].

use std::time::Instant;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::ORIGIN;
use axum::response::{IntoResponse, Response};
use daypass::verify::Attempt;
use daypass::{Error, OpaqueToken, TokenKind};

use super::super::{OAuthError, SharedApp, rates};
use super::ClientAddress;
use super::basic::Login;
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::refusal::{Refusal, RefusalCode};
use crate::usecase::oauth::authentication::{self, AuthenticatedClient};

/// Authenticates the client of a request: by Basic, or by `client_id` and `client_secret` in the form (RFC 6749, section
/// 2.3.1). A public client has its `client_id` alone. A failure counts as the attempt, if there is one.
///
/// # Errors
/// `invalid_request` for two ways at once, and those of [`authentication::authenticate`].
pub(crate) async fn authenticate_client(
    app: &SharedApp,
    attempt: Option<Attempt<'_>>,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<AuthenticatedClient, Refusal> {
    let (id, secret) = (parameters.find("client_id"), parameters.find("client_secret"));
    let login = Login::of(headers).transpose()?;
    let (id, secret) = match &login {
        Some(login) if secret.is_some() || id.is_some_and(|id| id != login.id) => {
            let why = "The request names two clients, or one with two secrets.";
            return Err(Error::InvalidRequest(why.into()).into());
        }
        // A public client may send its id as Basic, with an empty secret.
        Some(login) => (&*login.id, Some(&*login.token).filter(|token| !token.is_empty())),
        None => (id.ok_or_else(|| Error::InvalidClient("The request names no client.".into()))?, secret),
    };
    authenticate_by(app, attempt, id, secret, headers.contains_key(ORIGIN)).await
}

/// Authenticates the client of a request by its id and its secret. A failure counts as the attempt, if there is one.
///
/// # Errors
/// Those of [`authentication::authenticate`].
pub(crate) async fn authenticate_by(
    app: &SharedApp,
    attempt: Option<Attempt<'_>>,
    id: &str,
    secret: Option<&str>,
    is_from_browser: bool,
) -> Result<AuthenticatedClient, Refusal> {
    let since = Instant::now();
    let client = authentication::authenticate(&*app.store, &app.uses, id, secret, is_from_browser, since).await;
    if let Some(attempt) = attempt
        && !matches!(client, Err(Refusal::OAuth(RefusalCode::InvalidClient, _)))
    {
        attempt.discard();
    }
    client
}

/// A form about a token, from one who authenticates as `C` does, or as an OAuth client.
pub(in crate::http) enum TokenForm<C> {
    /// From an OAuth client, about a token that was issued to it.
    OfClient(Box<AuthenticatedClient>, Parameters),
    /// From the holder of another token. A holder is refused for what it lacks before the form is.
    OfHolder(C, Result<Parameters, Error>),
}

impl<C: FromRequestParts<SharedApp, Rejection: IntoResponse + Send> + Send> FromRequest<SharedApp> for TokenForm<C> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &SharedApp) -> Result<TokenForm<C>, Response> {
        let (mut parts, body) = request.into_parts();
        let headers = parts.headers.clone();
        let ClientAddress(address) = ClientAddress::of(&parts, app).map_err(IntoResponse::into_response)?;
        let is_revocation = rates::is_revocation(&parts);
        // Before the body, which an unauthenticated caller can hold back.
        let holder = C::from_request_parts(&mut parts, app).await;
        let parameters = Parameters::from_request(Request::from_parts(parts, body), app).await;
        match parameters {
            Ok(parameters) if is_of_client(&headers, &parameters) => {
                let attempt = app.rates.authentication.attempt(address);
                // SECURITY: a client that has to wait may revoke meanwhile.
                let attempt =
                    if is_revocation { attempt.ok() } else { Some(attempt.map_err(IntoResponse::into_response)?) };
                let client = authenticate_client(app, attempt, &headers, &parameters).await;
                let client = client.map_err(|refusal| OAuthError(refusal).into_response())?;
                Ok(TokenForm::OfClient(Box::new(client), parameters))
            }
            parameters => Ok(TokenForm::OfHolder(holder.map_err(IntoResponse::into_response)?, parameters)),
        }
    }
}

/// Returns whether a request is one of an OAuth client, and not of the holder of a secret token.
fn is_of_client(headers: &HeaderMap, parameters: &Parameters) -> bool {
    let has_secret =
        |login: Login| login.token.parse::<OpaqueToken>().is_ok_and(|token| token.kind() == TokenKind::Application);
    parameters.find("client_id").is_some() || Login::of(headers).is_some_and(|login| login.is_ok_and(has_secret))
}
