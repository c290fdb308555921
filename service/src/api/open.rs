//! What anyone may ask: health and the public keys.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use daypass::Denied;
use serde::Serialize;

use super::Shared;
use crate::signing::JWKS_MAX_AGE;

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
}

/// `GET /health`: whether the store answers.
pub(super) async fn health(State(service): State<Shared>) -> Result<Json<Health>, Denied> {
    service.store.organization().await?;
    Ok(Json(Health { status: "ok" }))
}

/// `GET /.well-known/jwks.json`: the keys of signed tokens and bundles (RFC 7517).
pub(super) async fn jwks(State(service): State<Shared>) -> impl IntoResponse {
    ([(CACHE_CONTROL, format!("public, max-age={JWKS_MAX_AGE}"))], Json(service.keys.jwks()))
}
