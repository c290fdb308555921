//! Codes: a client gets tokens for what a user lets it have (RFC 6749, section 4.1.3).

use daypass::api::TokenRecord;
use daypass::{Error, OpaqueToken, TokenKind};

use super::super::clock::now;
use super::super::revoke;
use super::Issuing;
use super::access_token::{AccessToken, TokenResponse};
use super::authentication::AuthenticatedClient;
use crate::crypto::{pkce, random, secret};
use crate::domain::oauth::client::GrantType;
use crate::domain::oauth::code::{self, CodeUse, NewTokens, Presented};
use crate::domain::oauth::family::{MOST, MOST_ENDED, access_end};
use crate::domain::oauth::pkce::check_verifier;
use crate::domain::oauth::refusal::{Refusal, RefusalCode};
use crate::store::Store;

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
/// [`Error::Unavailable`] without an active key, and those of the grant type, of the verifier and of the code.
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
        move |code: &Option<_>| -> Result<_, Error> {
            Ok(code::exchange(code.as_ref(), &presented, &tokens, &catalog.catalogs, now))
        }
    };
    // SECURITY: guesses, which anyone can send, do not wait for the store's one writer. The use decides again.
    let hash = secret::hash(&code);
    if let CodeUse::Refused(why) = rule(&store.oauth_code(hash).await?)? {
        return Err(Refusal::new(RefusalCode::InvalidGrant, why));
    }
    // What is used up cannot be tried again.
    jwt_issuer.require_active_key()?;
    match store.use_oauth_code(hash, Box::new(rule)).await? {
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
            let response = access_token.sign(issuing, family.refresh, now)?;
            if let Err(error) = end_oldest(*store, record, now).await {
                tracing::warn!(%error, client = client.client.id(), "old families of refresh tokens stay");
            }
            Ok(response)
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

/// Ends the oldest families of a user with a client, if there are too many with the one that has begun.
async fn end_oldest(store: &dyn Store, begun: &TokenRecord, now: u64) -> Result<(), Error> {
    let oldest = store.surplus_oauth_families(begun.serial, now, MOST, MOST_ENDED).await?;
    for serial in oldest {
        revoke::family(store, &begun.organization, serial).await?;
    }
    Ok(())
}

/// Makes a refresh token.
pub(super) fn new_token() -> OpaqueToken {
    OpaqueToken::generate(TokenKind::OauthRefresh, random::fill).expect("refresh tokens are opaque")
}
