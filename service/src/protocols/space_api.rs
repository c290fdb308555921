//! The Space API: temporary tokens.

use axum::extract::State;
use axum::http::Method;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use daypass::ErrorCode::{DurationOutOfRange, InvalidRequest, InvalidScope};
use daypass::api::{CreateTemporaryTokenRequest, TemporaryTokenResponse};
use daypass::{Error, TokenKind};

use crate::http::openapi::{Callers, Operation, Tag};
use crate::http::{JsonText, NO_STORE, SharedApp, TokenCaller, browser_post_routes};
use crate::usecase::temporary_token;

/// Returns the routes of the Space API. Its client in a page must be able to read why a secret token is refused there.
pub(super) fn router() -> Router<SharedApp> {
    browser_post_routes(Router::new().route("/v2/temporary-access-token/create", post(create)))
}

/// `POST /v2/temporary-access-token/create`
async fn create(
    State(app): State<SharedApp>,
    caller: TokenCaller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_kind(&[TokenKind::Secret])?;
    let request: CreateTemporaryTokenRequest = body?.read()?;
    app.check_shared_suffix(request.accept_shared_suffix)?;
    let (parent, least) = (caller.parent(), app.temporary_min_seconds);
    let response =
        temporary_token::mint(&*app.store, &app.catalog.view().catalogs, &app.jwt_issuer, least, &parent, request)
            .await?;
    app.uses.note_refresh(caller.access.root_serial());
    Ok((NO_STORE, Json(response)))
}

/// Describes the operation of this module.
pub(super) fn operations() -> Vec<Operation> {
    let (path, summary) = ("/v2/temporary-access-token/create", "Create a temporary token");
    let operation = Operation::new(Method::POST, path, "createTemporaryToken", summary, Tag::Minting)
        .says("A short-lived JWT for one visitor's browser. It has scopes of the caller's token, and ends with it.")
        .by(Callers::Backends)
        .takes::<CreateTemporaryTokenRequest>()
        .answers::<TemporaryTokenResponse>(200, "The token.")
        .refuses(&[InvalidRequest, InvalidScope, DurationOutOfRange]);
    vec![operation]
}
