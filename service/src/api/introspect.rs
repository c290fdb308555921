//! `POST /introspect` (RFC 7662): a product's API asks what a token is that was credentials to it.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use daypass::api::IntrospectionResponse;
use daypass::verify::TokenHash;
use daypass::{Error, OpaqueToken, Scope, TokenKind};

use super::body::{FormFields, TokenForm};
use super::{Caller, NO_STORE, Shared};
use crate::{issue, unique};

/// What a product's API must hold.
pub(super) const INTROSPECT: Scope = Scope::literal("token:introspect");

/// Tells the record of a stored token of the caller's own organization. Of anything else it says that it is not active:
/// signed tokens are verified with the keys.
pub(super) async fn introspect(
    State(service): State<Shared>,
    caller: Caller,
    form: Result<FormFields<TokenForm>, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_kind(&[TokenKind::Secret])?;
    caller.require_scope(&INTROSPECT)?;
    let FormFields(TokenForm { token }) = form?;
    let record = match token.parse::<OpaqueToken>() {
        Ok(token) => service.store.found(TokenHash::of(&token)).await?,
        Err(_) => None,
    };
    let record = record.filter(|record| record.organization == caller.access.organization());
    let active = record.as_ref().is_some_and(|record| issue::is_living(record, unique::now()));
    Ok((NO_STORE, Json(IntrospectionResponse { active, record })))
}
