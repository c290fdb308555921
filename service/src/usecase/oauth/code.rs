//! Codes: a client gets tokens for what a user lets it have (RFC 6749, section 4.1.3).

use daypass::{OpaqueToken, TokenKind};

use super::super::clock::now;
use super::super::revoke;
use super::Issuing;
use super::access_token::{AccessToken, TokenResponse};
use super::authentication::AuthenticatedClient;
use crate::crypto::{pkce, random, secret};
use crate::domain::oauth::client::GrantType;
use crate::domain::oauth::code::{self, CodeUse, NewTokens, Presented};
use crate::domain::oauth::family::access_end;
use crate::domain::oauth::pkce::check_verifier;
use crate::domain::oauth::refusal::{Refusal, RefusalCode};

/// What a client sends with a code.
pub(crate) struct CodeRequest {
    /// The code.
    pub(crate) code: String,
    /// The redirect URI of its authorization request.
    pub(crate) redirect_uri: Option<String>,
    /// The verifier of PKCE.
    pub(crate) code_verifier: String,
    /// The thumbprint of the key that it proves, if it does.
    pub(crate) jkt: Option<String>,
}

/// Gives a client the first tokens of a new family.
///
/// SECURITY: a second use of a code revokes what the first one gave. The caller runs this to its end, also if the client
/// hangs up meanwhile.
///
/// # Errors
/// Those of the grant type, of the verifier and of the code.
pub(crate) async fn redeem(
    issuing: &Issuing<'_>,
    client: &AuthenticatedClient,
    request: CodeRequest,
) -> Result<TokenResponse, Refusal> {
    let Issuing { store, catalog, jwt_issuer } = issuing;
    client.client.require_grant_type(GrantType::AuthorizationCode)?;
    let CodeRequest { code, redirect_uri, code_verifier, jkt } = request;
    check_verifier(&code_verifier)?;
    let (now, feed_seq) = (now(), jwt_issuer.feed_seq());
    let challenge = pkce::challenge(&code_verifier);
    let presented = Presented { client: client.client.id().to_owned(), redirect_uri, challenge, jkt: jkt.clone() };
    let [family, refresh] = [(); 2].map(|()| new_token());
    let tokens = NewTokens { id: format!("tok_{}", random::id()), family, refresh };
    let rule = {
        let catalog = catalog.clone();
        move |code: &Option<_>| Ok(code::exchange(code.as_ref(), &presented, &tokens, &catalog.catalogs, now))
    };
    match store.use_oauth_code(secret::hash(&code), now, Box::new(rule)).await? {
        CodeUse::Exchange(family) => {
            let record = &family.token.record;
            let access_token = AccessToken {
                root_serial: record.serial,
                organization: &record.organization,
                client: client.client.id(),
                user: Some(&family.owner.id),
                grants: record.grants.clone(),
                expires_at: access_end(now, record.expires_at),
                jkt,
                feed_seq,
            };
            tracing::info!(
                id = record.id,
                client = client.client.id(),
                organization = record.organization,
                "family of refresh tokens begun"
            );
            Ok(access_token.sign(issuing, family.refresh, now)?)
        }
        CodeUse::Reused { organization, serial } => {
            tracing::warn!(client = client.client.id(), organization, serial, "authorization code used twice");
            revoke::family(*store, &organization, serial).await?;
            let why = "The code was used before. The tokens that it gave were revoked.";
            Err(Refusal::new(RefusalCode::InvalidGrant, why))
        }
        CodeUse::Refused(why) => Err(Refusal::new(RefusalCode::InvalidGrant, why)),
    }
}

/// Makes a refresh token.
pub(super) fn new_token() -> OpaqueToken {
    OpaqueToken::generate(TokenKind::OauthRefresh, random::fill).expect("refresh tokens are opaque")
}
