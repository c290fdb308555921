//! `POST /oauth/par`: a client pushes an authorization request, and sends the person with its name alone (RFC 9126).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::IntoResponse;
use daypass::Error;
use schemars::JsonSchema;
use serde::Serialize;

use super::proof;
use crate::http::openapi::{Callers, Field, Header, Operation, Tag};
use crate::http::{ClientAddress, NO_STORE, OAuthError, Parameters, SharedApp, authenticate_client};
use crate::usecase::oauth::authorize::Authorizer;
use crate::usecase::oauth::kept_requests;

/// The path of the endpoint.
pub(super) const PATH: &str = "/oauth/par";

/// The response to a request that was pushed (RFC 9126, section 2.2).
#[derive(Serialize, JsonSchema)]
struct PushedResponse {
    /// Its name.
    request_uri: String,
    /// In seconds.
    expires_in: u64,
}

/// `POST /oauth/par`
pub(super) async fn push(
    State(app): State<SharedApp>,
    address: ClientAddress,
    headers: HeaderMap,
    parameters: Result<Parameters, Error>,
) -> impl IntoResponse {
    let nonce = proof::next_nonce(&app, &headers);
    let response = match parameters {
        Ok(parameters) => respond(&app, address, &headers, parameters).await,
        Err(error) => Err(error.into()),
    };
    (nonce, response)
}

async fn respond(
    app: &SharedApp,
    address: ClientAddress,
    headers: &HeaderMap,
    parameters: Parameters,
) -> Result<impl IntoResponse + use<>, OAuthError> {
    let ClientAddress(address) = address;
    let attempt = app.rates.authentication.attempt(address)?;
    let client = authenticate_client(app, Some(attempt), headers, &parameters).await?.client;
    let jkt = proof::jkt(app, headers, PATH)?;
    let parameters = parameters.without("client_secret").bound_to(jkt)?;
    let view = app.catalog.view();
    let authorizer = Authorizer { store: &*app.store, catalogs: &view.catalogs, audience: &app.jwt_issuer.audience };
    authorizer.check(&parameters, &client)?;
    let request_uri = kept_requests::keep(&*app.store, client.id(), &parameters).await?;
    let body = PushedResponse { request_uri, expires_in: kept_requests::LIFETIME };
    Ok((StatusCode::CREATED, NO_STORE, Json(body)))
}

/// Describes the operation of this module.
pub(super) fn operations() -> Vec<Operation> {
    let operation = Operation::new(Method::POST, PATH, "pushRequest", "Push an authorization request", Tag::OAuth)
        .says("RFC 9126. The form has the parameters of the authorization request beside these.")
        .by(Callers::Clients)
        .header(proof::HEADER, proof::WHAT)
        .takes_form(&[
            Field::optional("client_id", "The client."),
            Field::optional("client_secret", "Its secret, if it is confidential and does not authenticate as Basic."),
        ])
        .answers::<PushedResponse>(201, "The name of the request.")
        .with(Header::Nonce)
        .with_oauth_errors();
    vec![operation]
}
