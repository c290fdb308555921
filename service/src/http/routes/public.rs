//! What anyone may ask: health and the public keys.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use daypass::Error;
use serde::Serialize;

use super::super::{SharedApp, etag};
use crate::domain::key::JWKS_MAX_AGE;

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
}

/// `GET /health`: whether the store answers.
pub(super) async fn health(State(app): State<SharedApp>) -> Result<Json<Health>, Error> {
    app.store.first_organization().await?;
    Ok(Json(Health { status: "ok" }))
}

/// `GET /.well-known/jwks.json`: the keys of JWTs (RFC 7517).
///
/// SECURITY: no cache answers with keys that are older than `JWKS_MAX_AGE`. A revoked key may be among
/// them.
pub(super) async fn jwks(State(app): State<SharedApp>, headers: HeaderMap) -> Result<Response, Error> {
    let keys = serde_json::to_vec(&app.jwt_issuer.keys.jwks().await?).expect("keys are JSON");
    let caching = format!("public, max-age={JWKS_MAX_AGE}, must-revalidate");
    let fields = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, &*caching)];
    Ok(etag::respond(&headers, etag::of(&keys), (fields, keys)))
}
