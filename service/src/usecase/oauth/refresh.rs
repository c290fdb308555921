//! Refresh tokens: a client gets the next tokens of a family (RFC 6749, section 6).

use daypass::verify::TokenHash;
use daypass::{Error, OpaqueToken};

use super::super::clock::now;
use super::super::revoke;
use super::Issuing;
use super::access_token::{AccessToken, TokenResponse};
use super::authentication::AuthenticatedClient;
use super::code::new_token;
use crate::domain::oauth::client::GrantType;
use crate::domain::oauth::family::{self, Presented, RefreshUse, access_end};
use crate::domain::oauth::refusal::{Refusal, RefusalCode};
use crate::domain::oauth::scope;

/// What a client sends with a refresh token.
pub(crate) struct RefreshRequest {
    /// The refresh token.
    pub(crate) refresh_token: String,
    /// The scopes that it asks for, if it names some.
    pub(crate) scope: Option<String>,
    /// The thumbprint of the key that it proves, if it does.
    pub(crate) jkt: Option<String>,
}

/// Gives a client an access token, and the next refresh token in the place of this one.
///
/// SECURITY: each refresh token is used once, by public and confidential clients alike, and nobody may repeat a use: a second
/// one revokes the family. The caller runs this to its end, also if the client hangs up meanwhile.
///
/// # Errors
/// [`Error::Unavailable`](daypass::Error::Unavailable) without an active key, and those of the grant type, of the refresh token and of the scopes.
pub(crate) async fn refresh(
    issuing: &Issuing<'_>,
    client: &AuthenticatedClient,
    request: RefreshRequest,
) -> Result<TokenResponse, Refusal> {
    let Issuing { store, catalog, jwt_issuer } = issuing;
    client.client.require_grant_type(GrantType::RefreshToken)?;
    let RefreshRequest { refresh_token, scope, jkt } = request;
    let hash = match refresh_token.parse::<OpaqueToken>() {
        Ok(token) => TokenHash::of(&token),
        Err(_) => return Err(Refusal::new(RefusalCode::InvalidGrant, "The refresh token is not one of this service.")),
    };
    let (now, feed_seq, next) = (now(), jwt_issuer.feed_seq(), new_token());
    let presented = Presented { client: client.client.id().to_owned(), scope, jkt: jkt.clone() };
    let rule = {
        let catalog = catalog.clone();
        move |facts: &Option<_>| -> Result<_, Error> {
            Ok(family::refresh(facts.as_ref(), &presented, &catalog.catalogs, now))
        }
    };
    // SECURITY: guesses, which anyone can send, do not wait for the store's one writer. The use decides again.
    if let RefreshUse::Refused(refusal) = rule(&store.refresh_token(hash).await?)? {
        return Err(refusal);
    }
    // What is used up cannot be tried again.
    jwt_issuer.require_active_key()?;
    match store.use_refresh_token(hash, TokenHash::of(&next), now, Box::new(rule)).await? {
        RefreshUse::Rotate { family, scopes } => {
            let access_token = AccessToken {
                root_serial: family.serial,
                organization: &family.organization,
                client: client.client.id(),
                user: family.owner.as_deref(),
                grants: scope::grants(&family.organization, scopes),
                expires_at: access_end(now, family.expires_at),
                jkt,
                feed_seq,
            };
            Ok(access_token.sign(issuing, Some(next), now)?)
        }
        RefreshUse::Reused { organization, serial } => {
            tracing::warn!(client = client.client.id(), organization, serial, "refresh token used twice");
            revoke::family(*store, &organization, serial).await?;
            let why = "The refresh token was used before. All tokens that descend from the same sign-in were revoked.";
            Err(Refusal::new(RefusalCode::InvalidGrant, why))
        }
        RefreshUse::Refused(refusal) => Err(refusal),
    }
}
