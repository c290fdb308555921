//! What anyone may ask: health and the public keys.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use daypass::Error;
use serde::Serialize;

use super::{Shared, etag};
use crate::signing::JWKS_MAX_AGE;

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
}

/// `GET /health`: whether the store answers.
pub(super) async fn health(State(service): State<Shared>) -> Result<Json<Health>, Error> {
    service.store.organization().await?;
    Ok(Json(Health { status: "ok" }))
}

/// `GET /.well-known/jwks.json`: the keys of signed tokens and bundles (RFC 7517).
///
/// Security rule: no cache answers with keys that are older than that. A key that was revoked may be among them.
pub(super) async fn jwks(State(service): State<Shared>, headers: HeaderMap) -> Response {
    let keys = serde_json::to_vec(&service.keys.jwks()).expect("keys are JSON");
    let caching = format!("public, max-age={JWKS_MAX_AGE}, must-revalidate");
    let told = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, &*caching)];
    etag::tagged(&headers, etag::of(&keys), (told, keys))
}
