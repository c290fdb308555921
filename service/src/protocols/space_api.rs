//! The Space API (seed 004).

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use daypass::{Error, TokenKind};

use crate::api::{Caller, JsonText, NO_STORE, Shared};
use crate::issue;

/// `POST /v2/temporary-access-token/create`
pub(crate) async fn create(
    State(service): State<Shared>,
    caller: Caller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_kind(&[TokenKind::Secret])?;
    Ok((NO_STORE, Json(issue::temporary(&service, &caller.parent(), body?.read()?).await?)))
}
