//! Temporary tokens: signed, short-lived, with some of their secret token's scopes.

use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::signed::DocumentType;
use daypass::wire::{Claims, Confirmation, TemporaryTokenAnswer, TemporaryTokenRequest, duration};
use daypass::{Denied, Grant, ScopeSet, TokenKind};

use super::{Parent, end, not_held};
use crate::service::Service;
use crate::unique;

/// Makes a temporary token from a secret one.
pub(crate) async fn temporary(
    service: &Service,
    parent: &Parent<'_>,
    asked: TemporaryTokenRequest,
) -> Result<TemporaryTokenAnswer, Denied> {
    let now = unique::now();
    let least = service.temporary_least;
    let grants = narrowed(parent.access.grants(), &service.catalogs.resolve(&asked.scopes, &[])?)?;
    let seconds = asked.duration_seconds.unwrap_or(duration::DEFAULT.max(least));
    let expires_at = end(now, seconds, least..=duration::MOST, parent.access)?;
    let cnf = asked.dpop_jkt.map(confirmation).transpose()?;
    // A token that is bound to a key is sent with a proof of it, under a name of its own (RFC 9449, section 7.1).
    let scheme = if cnf.is_some() { "DPoP" } else { "Bearer" };
    let claims = Claims { cnf, ..parent.claims(service, TokenKind::Temporary, grants, now, expires_at) };
    let token = service.keys.sign(DocumentType::AccessToken, &claims)?;
    service.store.must_live(parent.hash, now).await?;
    Ok(TemporaryTokenAnswer { authorization: format!("{scheme} {token}"), expires_at })
}

/// The key with this thumbprint. Security rule: one that is no SHA-256 would be a token that nobody can use, or a text of the
/// asker's choice in what we sign.
fn confirmation(jkt: String) -> Result<Confirmation, Denied> {
    match Base64UrlUnpadded::decode_vec(&jkt) {
        Ok(hash) if hash.len() == 32 => Ok(Confirmation { jkt }),
        _ => Err(Denied::InvalidRequest(
            "The `dpopJkt` must be the thumbprint of the key (RFC 7638): SHA-256 in base64url, 43 characters.".into(),
        )),
    }
}

/// Each grant with those of the scopes that it holds; every scope must be in one.
fn narrowed(grants: &[Grant], asked: &ScopeSet) -> Result<Vec<Grant>, Denied> {
    if let Some(scope) = asked.iter().find(|scope| !grants.iter().any(|grant| grant.scopes.covers(scope))) {
        return Err(not_held(scope));
    }
    let narrowed = grants.iter().map(|grant| Grant {
        scopes: asked.iter().filter(|scope| grant.scopes.covers(scope)).cloned().collect(),
        ..grant.clone()
    });
    Ok(narrowed.filter(|grant| !grant.scopes.is_empty()).collect())
}
