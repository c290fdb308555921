//! Revoking more than the one token that has an id: `POST /revoke` (RFC 7009), `POST /v2/revocation`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use daypass::verify::{MAX_LEEWAY, TokenHash};
use daypass::{Error, OpaqueToken, TokenKind};
use serde::Deserialize;

use super::body::{FormFields, TokenForm};
use super::tokens::REVOKE;
use super::{Caller, JsonText, NO_STORE, Shared};
use crate::unique;

/// Revokes the token in the form, stored or signed, of the caller's organization. The answer is the same for any other: it
/// tells nobody what is a token.
pub(super) async fn credentials(
    State(service): State<Shared>,
    caller: Caller,
    form: Result<FormFields<TokenForm>, Error>,
) -> Result<impl IntoResponse, Error> {
    check(&caller)?;
    let FormFields(TokenForm { token }) = form?;
    let (organization, now) = (caller.access.organization(), unique::now());
    if let Ok(token) = token.parse::<OpaqueToken>() {
        service.store.revoke_presented(organization, TokenHash::of(&token), now).await?;
    } else if let Some(claims) = service.claims(&token).filter(|claims| claims.sub == organization) {
        // What has ended by every verifier's clock needs no entry in the feed.
        if now < claims.exp.saturating_add(MAX_LEEWAY) {
            service.store.revoke_signed(organization, &claims.jti, now).await?;
        }
    }
    tracing::info!(organization, "revoked what was credentials, if it was a token");
    Ok((NO_STORE, StatusCode::OK))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IssuedBefore {
    issued_before: u64,
}

/// Revokes all that was issued to the caller's organization before a time.
pub(super) async fn issued_before(
    State(service): State<Shared>,
    caller: Caller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    check(&caller)?;
    let IssuedBefore { issued_before } = body?.read()?;
    let organization = caller.access.organization();
    let revocation = service.store.revoke_issued_before(organization, issued_before, unique::now()).await?;
    tracing::info!(organization, issued_before, "revoked what was issued before");
    Ok((NO_STORE, Json(revocation)))
}

fn check(caller: &Caller) -> Result<(), Error> {
    caller.require_kind(&[TokenKind::Secret])?;
    caller.require_scope(&REVOKE)
}
