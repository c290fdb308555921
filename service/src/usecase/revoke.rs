//! Revocation of tokens, JWTs and organizations. Permanent and idempotent.

use std::time::Instant;

use daypass::api::{Revocation, RevocationTarget, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Error, ForeignFormat, TokenKind};

use super::clock::now;
use super::fresh_keys::KeysOf;
use super::jwt_issuer::JwtIssuer;
use super::rates::Rates;
use super::tokens;
use crate::domain::protocol;
use crate::domain::revocation::{self, redeemed_bundle};
use crate::metrics;
use crate::store::{Store, TokenSelector};

/// Revokes the most recent token with this id, and everything minted from it.
///
/// # Errors
/// [`Error::NotFound`] if the organization has no such token.
pub(crate) async fn token(store: &dyn Store, organization: &str, id: &str) -> Result<TokenRecord, Error> {
    let record = tokens::find(store, organization, id).await?;
    stored(store, &record).await
}

/// Like [`token`], but of the token with this very record, whichever has its id since.
pub(crate) async fn stored(store: &dyn Store, record: &TokenRecord) -> Result<TokenRecord, Error> {
    let TokenRecord { id, organization, serial, .. } = record;
    let target = RevocationTarget::Token { serial: *serial };
    revoke_with(store, organization, target, redeemed_bundle(record), now()).await?;
    let record = store.token(TokenSelector::Serial(*serial)).await?.ok_or(Error::NotFound)?;
    tracing::info!(id, organization, "token revoked");
    Ok(record)
}

/// Revokes a token of the organization that is given in full: an opaque token, or a JWT of this service. Of a refresh
/// token, also one that was used, that is its family. Returns whether it is one.
///
/// SECURITY: anything else is ignored without an error, so that the result does not tell what is a token.
///
/// The command line has no rates.
///
/// # Errors
/// [`Error::TooManyRequests`] if the organization revokes JWTs one by one too often. The token that they were minted
/// from can be revoked instead.
pub(crate) async fn credential(
    store: &dyn Store,
    jwt_issuer: &JwtIssuer,
    rates: Option<&Rates>,
    formats: &[ForeignFormat],
    organization: &str,
    text: &str,
) -> Result<bool, Error> {
    let now = now();
    let mut own = None;
    for token in protocol::readings(text, formats) {
        if token.kind() == TokenKind::OauthRefresh {
            let facts = store.refresh_token(TokenHash::of(&token)).await?;
            if let Some(facts) = facts.filter(|facts| facts.family.organization == organization) {
                return family(store, organization, facts.family.serial).await.map(|()| true);
            }
        }
        let record = store.record(TokenHash::of(&token), Instant::now()).await?;
        own = own.or(record.filter(|record| record.organization == organization));
    }
    let (target, also) = if let Some(record) = own {
        (Some(RevocationTarget::Token { serial: record.serial }), redeemed_bundle(&record))
    } else {
        let claims = jwt_issuer.authenticate(KeysOf::AnyTime, text).await?.filter(|claims| claims.sub == organization);
        // SECURITY: a JWT that has expired by the clock gets an entry too, since the clock may be ahead. One
        // that is older than the entries is refused everywhere already.
        let claims = claims.filter(|claims| !jwt_issuer.is_older_than_entries(claims));
        (claims.map(|claims| RevocationTarget::Jwt { jti: claims.jti }), None)
    };
    let Some(target) = target else { return Ok(false) };
    if matches!(target, RevocationTarget::Jwt { .. }) {
        rates.map_or(Ok(()), |rates| rates.count_jwt(organization))?;
    }
    revoke_with(store, organization, target.clone(), also, now).await?;
    tracing::info!(organization, %target, "credential revoked");
    Ok(true)
}

/// Revokes a family of refresh tokens, and its access tokens.
///
/// # Errors
/// [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn family(store: &dyn Store, organization: &str, serial: u64) -> Result<(), Error> {
    revoke(store, organization, RevocationTarget::Token { serial }, now()).await?;
    tracing::info!(organization, serial, "family of refresh tokens revoked");
    Ok(())
}

/// Revokes all tokens of an organization, present and future.
///
/// # Errors
/// [`Error::NotFound`] if there is no such organization.
pub(crate) async fn organization(store: &dyn Store, organization: &str) -> Result<Revocation, Error> {
    let target = RevocationTarget::Organization { organization: organization.to_owned() };
    revoke(store, organization, target.clone(), now()).await?;
    let revocation = store.entry(target).await?.ok_or(Error::NotFound)?;
    tracing::info!(organization, "organization revoked");
    Ok(revocation)
}

/// Revokes all tokens of an organization that were issued before a time.
///
/// Returns the revocation that is in force: an earlier one of a later time stays.
///
/// # Errors
/// [`Error::InvalidRequest`] if the time is in the future, [`Error::NotFound`] if there is no such
/// organization.
pub(crate) async fn issued_before(store: &dyn Store, organization: &str, time: u64) -> Result<Revocation, Error> {
    let now = now();
    revocation::check_issued_before(time, now)?;
    let target = RevocationTarget::IssuedBefore { organization: organization.to_owned(), time };
    revoke(store, organization, target.clone(), now).await?;
    let revocation = store.entry(target).await?.ok_or(Error::NotFound)?;
    tracing::info!(organization, time, "tokens revoked that were issued before a time");
    Ok(revocation)
}

async fn revoke(store: &dyn Store, organization: &str, target: RevocationTarget, now: u64) -> Result<(), Error> {
    revoke_with(store, organization, target, None, now).await
}

/// Revokes a target, and what ends with it without an entry of its own.
async fn revoke_with(
    store: &dyn Store,
    organization: &str,
    target: RevocationTarget,
    also: Option<RevocationTarget>,
    now: u64,
) -> Result<(), Error> {
    let rule = {
        let target = target.clone();
        move |facts: &_| {
            let mut entries = revocation::entries(&target, facts)?;
            if !entries.is_empty() {
                entries.extend(also.clone());
            }
            Ok(entries)
        }
    };
    store.revoke(organization, target.clone(), now, Box::new(rule)).await?;
    metrics::count_revocation(&target);
    Ok(())
}
