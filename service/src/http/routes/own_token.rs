//! `GET /v2/access-token/self`: what a token holder may know of its own token.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use daypass::Error;

use super::super::{NO_STORE, SharedApp, credentials};

/// Describes the token in the request, whatever its state and the request's origin.
pub(super) async fn describe(State(app): State<SharedApp>, request: Request) -> Result<impl IntoResponse, Error> {
    let (parts, _) = request.into_parts();
    let verifier = &app.catalog.view().verifier;
    let description = verifier.describe(&credentials(&app, verifier, &parts)).await?;
    Ok((NO_STORE, Json(description)))
}
