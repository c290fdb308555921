//! `POST /oauth/par`: a client pushes an authorization request, and sends the person with its name alone (RFC 9126).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use daypass::Error;
use serde::Serialize;

use super::proof;
use crate::http::{ClientAddress, NO_STORE, OAuthError, Parameters, SharedApp, authenticate_client};
use crate::usecase::oauth::authorize::Authorizer;
use crate::usecase::oauth::kept_requests;

/// The path of the endpoint.
pub(super) const PATH: &str = "/oauth/par";

#[derive(Serialize)]
struct PushedResponse {
    request_uri: String,
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
