//! A client's own tokens: what they are (RFC 7662), and their revocation (RFC 7009).

use daypass::api::IntrospectionResponse;
use daypass::jwt::Claims;
use daypass::verify::TokenHash;
use daypass::{Error, OpaqueToken, TokenKind};

use super::super::clock::now;
use super::super::fresh_keys::KeysOf;
use super::super::rates::Rates;
use super::super::revoke;
use super::Issuing;
use super::authentication::AuthenticatedClient;
use crate::domain::introspection::{self, Names};
use crate::domain::oauth::family::RefreshFacts;
use crate::domain::revocation::jwt_standing;

/// A token that was issued to a client.
enum OwnToken {
    /// A refresh token, also one that was used.
    Refresh(Box<RefreshFacts>),
    /// An access token.
    Access(Box<Claims>),
}

/// Finds a token that was issued to a client. To it, one of another client is like none.
async fn find(
    issuing: &Issuing<'_>,
    client: &AuthenticatedClient,
    of: KeysOf,
    text: &str,
) -> Result<Option<OwnToken>, Error> {
    let id = client.client.id();
    if let Ok(token) = text.parse::<OpaqueToken>() {
        let facts = issuing.store.refresh_token(TokenHash::of(&token)).await?;
        return Ok(facts.filter(|facts| facts.client.id() == id).map(|facts| OwnToken::Refresh(Box::new(facts))));
    }
    let claims = issuing.jwt_issuer.authenticate(of, text).await?;
    let own = claims.filter(|claims| claims.kind == TokenKind::OauthAccess && claims.client_id == id);
    Ok(own.map(|claims| OwnToken::Access(Box::new(claims))))
}

/// Tells a client what a token is that was issued to it. Anything else is not active.
///
/// # Errors
/// [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn tell(
    issuing: &Issuing<'_>,
    client: &AuthenticatedClient,
    text: &str,
) -> Result<IntrospectionResponse, Error> {
    let catalogs = &issuing.catalog.catalogs;
    Ok(match find(issuing, client, KeysOf::Now, text).await? {
        Some(OwnToken::Refresh(facts)) => {
            let names = Names { issuer: &issuing.jwt_issuer.issuer, audience: &issuing.jwt_issuer.audience };
            introspection::of_refresh_token(*facts, &names, catalogs, now())
        }
        Some(OwnToken::Access(claims)) => {
            let facts = issuing.store.jwt(claims.root_serial, &claims.jti).await?;
            let standing = jwt_standing(&claims, &facts);
            introspection::of_jwt(*claims, standing, catalogs, now())
        }
        None => IntrospectionResponse::default(),
    })
}

/// Revokes a token that was issued to a client: of a refresh token, also one that was used, its family.
///
/// SECURITY: anything else is ignored without an error, so that the result does not tell what is a token.
///
/// # Errors
/// [`Error::Unavailable`] if the store does not answer, [`Error::TooManyRequests`] for too many access tokens.
pub(crate) async fn revoke(
    issuing: &Issuing<'_>,
    rates: &Rates,
    client: &AuthenticatedClient,
    text: &str,
) -> Result<(), Error> {
    let organization = &client.client.principal.organization;
    match find(issuing, client, KeysOf::AnyTime, text).await? {
        Some(OwnToken::Refresh(facts)) => revoke::family(issuing.store, organization, facts.family.serial).await,
        Some(OwnToken::Access(_)) => {
            revoke::credential(issuing.store, issuing.jwt_issuer, Some(rates), &[], organization, text).await.map(drop)
        }
        None => Ok(()),
    }
}
