//! `POST /oauth/par`: a client pushes an authorization request, and sends the person with its name alone (RFC 9126).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use daypass::Error;
use serde::Serialize;

use crate::http::{NO_STORE, OAuthError, Parameters, SharedApp, authenticate_client};
use crate::usecase::oauth::authorize::Authorizer;
use crate::usecase::oauth::kept_requests;

#[derive(Serialize)]
struct PushedResponse {
    request_uri: String,
    expires_in: u64,
}

/// `POST /oauth/par`
pub(super) async fn push(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    parameters: Result<Parameters, Error>,
) -> Result<impl IntoResponse, OAuthError> {
    let parameters = parameters?;
    let client = authenticate_client(&app, &headers, &parameters).await?.client;
    let parameters = parameters.without("client_secret");
    let view = app.catalog.view();
    let authorizer = Authorizer { store: &*app.store, catalogs: &view.catalogs, audience: &app.jwt_issuer.audience };
    authorizer.check(&parameters, &client)?;
    let request_uri = kept_requests::keep(&*app.store, client.id(), &parameters).await?;
    let body = PushedResponse { request_uri, expires_in: kept_requests::LIFETIME };
    Ok((StatusCode::CREATED, NO_STORE, Json(body)))
}
