//! `GET /v2/access-token/self`: what a token holder may know of its own token.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::IntoResponse;
use daypass::Error;
use daypass::api::TokenDescription;

use super::super::openapi::{Callers, Operation, Tag};
use super::super::{NO_STORE, SharedApp, credentials};

/// Describes the token in the request, whatever its state and the request's origin.
pub(super) async fn describe(State(app): State<SharedApp>, request: Request) -> Result<impl IntoResponse, Error> {
    let (parts, _) = request.into_parts();
    let verifier = &app.catalog.view().verifier;
    let description = verifier.describe(&credentials(&app, verifier, &parts)).await?;
    Ok((NO_STORE, Json(description)))
}

/// Describes the operation of this module.
pub(super) fn operations() -> Vec<Operation> {
    let (path, summary) = ("/v2/access-token/self", "Describe the caller's own token");
    let operation = Operation::new(Method::GET, path, "describeToken", summary, Tag::Tokens)
        .says("Also one that is expired, revoked or suspended, and from any origin.")
        .by(Callers::Holders)
        .answers::<TokenDescription>(200, "What the token is, and whether the request's origin may use it.");
    vec![operation]
}
