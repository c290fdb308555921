//! `POST /introspect` (RFC 7662): a product's API asks what a token is that it received.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use daypass::{Error, Scope};

use super::super::extract::{FormFields, TokenForm};
use super::super::{Caller, NO_STORE, SharedApp};
use crate::usecase::introspect;

/// The scope that a product's API needs.
pub(super) const INTROSPECT: Scope = Scope::literal("token:introspect");

/// Returns the record of a stored token of the caller's organization. Anything else is not active.
pub(super) async fn introspect(
    State(app): State<SharedApp>,
    caller: Caller,
    form: Result<FormFields<TokenForm>, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_secret(&INTROSPECT)?;
    let FormFields(TokenForm { token }) = form?;
    let response = introspect::introspect(&*app.store, caller.access.organization(), &token).await?;
    Ok((NO_STORE, Json(response)))
}
