//! The Space API (seed 004).

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use daypass::{Denied, TokenKind};

use crate::api::{Caller, JsonText, NO_STORE, Shared};
use crate::issue;

/// `POST /v2/temporary-access-token/create`
pub(crate) async fn create(
    State(service): State<Shared>,
    caller: Caller,
    body: Result<JsonText, Denied>,
) -> Result<impl IntoResponse, Denied> {
    caller.must_be(&[TokenKind::Secret])?;
    Ok((NO_STORE, Json(issue::temporary(&service, &caller.parent(), body?.read()?).await?)))
}
