//! Revocation beyond one token with an id: `POST /revoke` (RFC 7009), `POST /v2/revocation`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use daypass::Error;
use serde::Deserialize;

use super::super::extract::{ClientCaller, FormFields, TokenForm};
use super::super::{JsonText, NO_STORE, SharedApp, TOKEN_REVOKE, TokenCaller};
use crate::usecase::revoke;

/// Revokes the token in the form, opaque or a JWT, of the caller's organization.
///
/// SECURITY: the response is the same for any other text, so that it does not tell what is a token.
pub(super) async fn credential(
    State(app): State<SharedApp>,
    ClientCaller(caller): ClientCaller,
    form: Result<FormFields<TokenForm>, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_secret(&TOKEN_REVOKE)?;
    let FormFields(TokenForm { token }) = form?;
    revoke::credential(&*app.store, &app.jwt_issuer, &app.foreign_formats, caller.access.organization(), &token)
        .await?;
    Ok((NO_STORE, StatusCode::OK))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IssuedBefore {
    issued_before: u64,
}

/// Revokes all tokens of the caller's organization that were issued before a time.
pub(super) async fn issued_before(
    State(app): State<SharedApp>,
    caller: TokenCaller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_secret(&TOKEN_REVOKE)?;
    let IssuedBefore { issued_before } = body?.read()?;
    let revocation = revoke::issued_before(&*app.store, caller.access.organization(), issued_before).await?;
    Ok((NO_STORE, Json(revocation)))
}
