//! Client credentials: a client gets tokens of its own (RFC 6749, section 4.4).

use super::super::clock::now;
use super::Issuing;
use super::access_token::{AccessToken, TokenResponse};
use super::authentication::{AuthenticatedClient, ClientSecret};
use crate::domain::oauth::client::{GrantType, unknown};
use crate::domain::oauth::credentials;
use crate::domain::oauth::family::access_end;
use crate::domain::oauth::refusal::Refusal;
use crate::store::Store;

/// Gives a client an access token whose root is the token that is its secret, with what that token grants.
///
/// # Errors
/// Those of the grant type and of the scopes; `invalid_client` if the secret is revoked meanwhile.
pub(crate) async fn issue(
    issuing: &Issuing<'_>,
    client: &AuthenticatedClient,
    scope: Option<&str>,
    jkt: Option<String>,
) -> Result<TokenResponse, Refusal> {
    let Issuing { store, catalog, jwt_issuer } = issuing;
    client.client.require_grant_type(GrantType::ClientCredentials)?;
    let secret = client.secret.as_ref().ok_or_else(unknown)?;
    let ClientSecret { record, .. } = secret;
    let (now, feed_seq) = (now(), jwt_issuer.feed_seq());
    let grants = credentials::grants(scope, &client.client, &record.grants, &catalog.catalogs)?;
    let expires_at = access_end(now, record.expires_at);
    let access_token = AccessToken {
        root_serial: record.serial,
        organization: &record.organization,
        client: client.client.id(),
        user: None,
        grants,
        expires_at,
        jkt,
        feed_seq,
    };
    let response = access_token.sign(issuing, None, now)?;
    require(*store, secret, now, expires_at).await?;
    Ok(response)
}

/// Requires that the secret is active, in a transaction that excludes its revocation.
///
/// SECURITY: called after signing and before the access token is handed out, so that it was minted before any revocation.
async fn require(store: &dyn Store, secret: &ClientSecret, now: u64, expires_at: u64) -> Result<(), Refusal> {
    let rule = move |state: &_| credentials::may_mint(*state, now, expires_at);
    store.check_token(secret.hash, Box::new(rule)).await.map_err(|error| match error.status() {
        503 => error.into(),
        _ => unknown(),
    })
}
