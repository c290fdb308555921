//! What anyone may ask: health, readiness and the public keys.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use daypass::Error;
use daypass::ErrorCode::Unavailable;
use daypass::jwt::Jwks;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::openapi::{Header, Operation, Tag};
use super::super::{NO_STORE, SharedApp, etag};
use crate::domain::key::JWKS_MAX_AGE;
use crate::usecase::readiness::Readiness;

#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    /// `ok`.
    status: &'static str,
}

/// `GET /health`: that the process answers. Whether it can do its work is `/ready`'s.
pub(super) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

#[derive(Serialize, JsonSchema)]
struct ReadyResponse {
    /// `ready` or `not ready`.
    status: &'static str,
    checks: ReadyChecks,
    /// The name of the feed's history, by which `daypass doctor` tells a store from its copies.
    epoch: String,
}

/// SECURITY: anyone may read it. It names what fails, and not why.
#[derive(Serialize, JsonSchema)]
struct ReadyChecks {
    /// `ok` if the store answers and revocations can be written, or `failed`.
    store: &'static str,
    /// `ok` if a key signs, or `failed`.
    keys: &'static str,
    /// `ok` if the feed was read within the last 3 seconds, or `failed`.
    feed: &'static str,
    /// `ok`, or `low` while only revocations may use the disk.
    space: &'static str,
}

/// `GET /ready`: whether the service can do its work.
pub(super) async fn ready(State(app): State<SharedApp>) -> Response {
    let readiness = Readiness::check(&*app.store, &app.feed, &app.jwt_issuer).await;
    let Readiness { is_store_writable, has_key, is_feed_fresh, has_space } = readiness;
    let check = |is_good| if is_good { "ok" } else { "failed" };
    let checks = ReadyChecks {
        store: check(is_store_writable),
        keys: check(has_key),
        feed: check(is_feed_fresh),
        space: if has_space { "ok" } else { "low" },
    };
    let epoch = app.feed.position.borrow().epoch.clone();
    if readiness.is_ready() {
        return (NO_STORE, Json(ReadyResponse { status: "ready", checks, epoch })).into_response();
    }
    let response = Json(ReadyResponse { status: "not ready", checks, epoch });
    (StatusCode::SERVICE_UNAVAILABLE, NO_STORE, [(RETRY_AFTER, "1")], response).into_response()
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

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    let of = |path, id, summary| Operation::new(Method::GET, path, id, summary, Tag::Service);
    vec![
        of("/health", "getHealth", "Check that the service runs").answers::<Health>(200, "The process answers."),
        of("/ready", "getReadiness", "Check that the service can do its work")
            .answers::<ReadyResponse>(200, "It can.")
            .answers::<ReadyResponse>(503, "A check has failed.")
            .with(Header::RetryAfter),
        of("/.well-known/jwks.json", "getKeys", "Get the public keys")
            .says("RFC 7517. Caches keep them for 300 seconds.")
            .answers::<Jwks>(200, "The keys with which JWTs are verified.")
            .revalidated()
            .refuses(&[Unavailable]),
    ]
}
