//! `POST /oauth/token`: tokens for a client (RFC 6749, section 3.2).
//!
//! | module | grant type |
//! | --- | --- |
//! | `authorization_code` | a code that a user let the client have |
//! | `client_credentials` | the client itself |
//! | `refresh_token` | a refresh token |
//! | `token_exchange` | a token that the client holds |

mod authorization_code;
mod client_credentials;
mod refresh_token;
mod token_exchange;

use axum::Json;
use axum::extract::State;
use axum::http::header::{ORIGIN, PRAGMA};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use daypass::Error;

use super::proof;
use crate::domain::oauth::client::GrantType;
use crate::domain::oauth::exchange;
use crate::domain::oauth::refusal::{Refusal, RefusalCode};
use crate::http::openapi::{Callers, Field, Header, Operation, Tag};
use crate::http::{ClientAddress, NO_STORE, OAuthError, Parameters, SharedApp, authenticate_client};
use crate::store::acting;
use crate::usecase::oauth::authentication::AuthenticatedClient;
use crate::usecase::oauth::{Issuing, TokenResponse};

/// The path of the token endpoint.
pub(super) const PATH: &str = "/oauth/token";

/// A request of an authenticated client.
struct TokenRequest<'a> {
    client: &'a AuthenticatedClient,
    parameters: &'a Parameters,
    /// The thumbprint of the key that the request proves, if it does (RFC 9449).
    jkt: Option<String>,
    /// Whether a page sent it.
    is_from_browser: bool,
}

impl TokenRequest<'_> {
    /// Returns a parameter that the request may have.
    fn find(&self, name: &str) -> Option<String> {
        self.parameters.find(name).map(str::to_owned)
    }

    /// Returns a parameter that the request must have.
    fn require(&self, name: &str) -> Result<String, Error> {
        self.parameters.require(name).map(str::to_owned)
    }
}

/// `POST /oauth/token`
///
/// SECURITY: a task of its own answers, which goes on if the client hangs up: a second use of a code or of a refresh token is
/// noticed in one transaction, and what it ends is revoked in the next.
pub(super) async fn token(
    State(app): State<SharedApp>,
    address: ClientAddress,
    headers: HeaderMap,
    parameters: Result<Parameters, Error>,
) -> Response {
    let nonce = proof::next_nonce(&app, &headers);
    let answer = acting::spawn(async move { respond(&app, address, &headers, &parameters?).await });
    match answer.await.unwrap_or(Err(OAuthError(Refusal::Service(Error::Unavailable)))) {
        Ok(response) => (nonce, NO_STORE, Json(response)).into_response(),
        Err(error) => (nonce, error).into_response(),
    }
}

async fn respond(
    app: &SharedApp,
    address: ClientAddress,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<TokenResponse, OAuthError> {
    let name = parameters.require("grant_type")?;
    let grant_type = GrantType::named(name).ok_or_else(|| unsupported(name))?;
    let ClientAddress(address) = address;
    let attempt = app.rates.authentication.attempt(address)?;
    let client = authenticate_client(app, Some(attempt), headers, parameters).await?;
    let issuing = Issuing { store: &*app.store, catalog: app.catalog.view(), jwt_issuer: &app.jwt_issuer };
    exchange::require_own(parameters.all("resource"), &app.jwt_issuer.audience)?;
    let jkt = proof::jkt(app, headers, PATH)?;
    let is_from_browser = headers.contains_key(ORIGIN);
    let request = TokenRequest { client: &client, parameters, jkt, is_from_browser };
    let response = match grant_type {
        GrantType::AuthorizationCode => authorization_code::respond(&issuing, &request).await?,
        GrantType::RefreshToken => refresh_token::respond(&issuing, &request).await?,
        GrantType::ClientCredentials => client_credentials::respond(&issuing, &request).await?,
        GrantType::TokenExchange => token_exchange::respond(&issuing, &request, &app.uses).await?,
    };
    Ok(response)
}

/// Adds to every response what RFC 6749, section 5.1 wants beside `Cache-Control`, for caches that do not know that.
pub(super) async fn without_old_caches(mut response: Response) -> Response {
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

fn unsupported(name: &str) -> Refusal {
    Refusal::new(RefusalCode::UnsupportedGrantType, format!("There is no grant type {name}."))
}

/// Describes the operation of this module.
pub(super) fn operations() -> Vec<Operation> {
    let exchange = "Token exchange (RFC 8693).";
    let operation = Operation::new(Method::POST, PATH, "getTokens", "Get tokens", Tag::OAuth)
        .says("RFC 6749, section 3.2. Pages of any origin may send it, without cookies.")
        .by(Callers::Clients)
        .header(proof::HEADER, proof::WHAT)
        .takes_form(&[
            Field::required("grant_type", "One of `grant_types_supported` in the metadata."),
            Field::optional("client_id", "The client."),
            Field::optional("client_secret", "Its secret, if it is confidential and does not authenticate as Basic."),
            Field::optional("code", "An authorization code."),
            Field::optional("code_verifier", "What the code was asked for with (RFC 7636)."),
            Field::optional("redirect_uri", "That of the authorization request."),
            Field::optional("refresh_token", "A refresh token, which is used once."),
            Field::optional("scope", "Fewer scopes, separated by spaces."),
            Field::optional("resource", "The service's audience (RFC 8707)."),
            Field::optional("subject_token", exchange),
            Field::optional("subject_token_type", exchange),
            Field::optional("requested_token_type", exchange),
            Field::optional("audience", exchange),
        ])
        .answers::<TokenResponse>(200, "The tokens.")
        .with(Header::Nonce)
        .with_oauth_errors();
    vec![operation]
}
