//! The HTTP surface of `docs/http.md`.

mod body;
mod bundle;
mod caller;
mod cors;
mod etag;
mod feed;
mod introspect;
mod log;
mod open;
mod own;
mod revoke;
mod sdk;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use daypass::Error;

pub(crate) use body::JsonText;
pub(crate) use bundle::BUNDLE_CREATE;
pub(crate) use caller::Caller;

use crate::protocols::{kudo, space_api};
use crate::sdk::FILES;
use crate::service::Service;

/// What handlers share.
pub(crate) type Shared = Arc<Service>;

/// For answers that are for the caller alone.
pub(crate) const NO_STORE: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// When what was answered ends, in Unix seconds, where the body is not the service's own. Pages may read it.
pub(crate) const EXPIRES_AT: HeaderName = HeaderName::from_static("daypass-expires-at");

/// Every path of the service.
pub(crate) fn router(service: Shared) -> Router {
    // Pages of any origin may read these: none of them gives a page more than the token that it holds already.
    let for_browsers = Router::new()
        .route("/.well-known/jwks.json", get(open::jwks))
        .route("/v2/access-token/self", get(own::describe))
        .route("/verify", get(kudo::verify))
        .merge(sdk::router(FILES, &service.issuer))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(cors::any_origin));
    let for_backends = Router::new()
        .route("/health", get(open::health))
        .route("/v2/access-token", get(tokens::list).post(tokens::create))
        .route("/v2/access-token/{id}", get(tokens::show).delete(tokens::revoke))
        .route("/v2/temporary-access-token/create", post(space_api::create))
        .route("/v2/bundle/create", post(bundle::create))
        .route("/generate", post(kudo::generate))
        .route("/introspect", post(introspect::introspect))
        .route("/revoke", post(revoke::credentials))
        .route("/v2/revocation", get(feed::revocations).post(revoke::issued_before))
        .method_not_allowed_fallback(method_not_allowed);
    for_browsers
        .merge(for_backends)
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(body::LIMIT))
        .layer(from_fn(log::request))
        .with_state(service)
}

async fn not_found() -> Error {
    Error::NotFound
}

async fn method_not_allowed() -> Error {
    Error::MethodNotAllowed
}
