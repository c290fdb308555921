//! The Space API: temporary tokens.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use daypass::api::CreateTemporaryTokenRequest;
use daypass::{Error, TokenKind};

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
