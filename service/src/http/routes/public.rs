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
    let keys = app.jwt_issuer.keys.jwks().await?;
    Ok(cacheable(&headers, serde_json::to_vec(&keys).expect("keys are JSON")))
}

/// Responds with JSON that caches keep for `JWKS_MAX_AGE`.
pub(super) fn cacheable(request: &HeaderMap, json: Vec<u8>) -> Response {
    let caching = format!("public, max-age={JWKS_MAX_AGE}, must-revalidate");
    let fields = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, &*caching)];
    etag::respond(request, etag::of(&json), (fields, json))
}
