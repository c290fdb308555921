//! Temporary tokens: signed, short-lived, with some of their secret token's scopes.

use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::api::{TemporaryTokenRequest, TemporaryTokenResponse, duration};
use daypass::jwt::{Claims, Confirmation, JwtType};
use daypass::{Error, Grant, Scope, ScopeSet, TokenKind};

use super::{Parent, end, not_held};
use crate::catalogs::Catalogs;
use crate::service::Service;
use crate::unique;

/// Makes a temporary token from a secret one.
pub(crate) async fn temporary(
    service: &Service,
    parent: &Parent<'_>,
    asked: TemporaryTokenRequest,
) -> Result<TemporaryTokenResponse, Error> {
    let now = unique::now();
    let least = service.temporary_least;
    let grants = narrowed(parent.access.grants(), &asked.scopes, &service.catalogs)?;
    let seconds = asked.duration_seconds.unwrap_or(duration::DEFAULT.max(least));
    let expires_at = end(now, seconds, least..=duration::MOST, parent.access)?;
    let cnf = asked.dpop_jkt.map(confirmation).transpose()?;
    // A token that is bound to a key is sent with a proof of it, under a name of its own (RFC 9449, section 7.1).
    let scheme = if cnf.is_some() { "DPoP" } else { "Bearer" };
    let claims = Claims { cnf, ..parent.claims(service, TokenKind::Temporary, grants, now, expires_at) };
    let token = service.keys.sign(JwtType::AccessToken, &claims)?;
    service.store.require_active(parent.hash, now).await?;
    Ok(TemporaryTokenResponse { authorization: format!("{scheme} {token}"), expires_at })
}

/// The key with this thumbprint. Security rule: one that is no SHA-256 would be a token that nobody can use, or a text of the
/// asker's choice in what we sign.
fn confirmation(jkt: String) -> Result<Confirmation, Error> {
    match Base64UrlUnpadded::decode_vec(&jkt) {
        Ok(hash) if hash.len() == 32 => Ok(Confirmation { jkt }),
        _ => Err(Error::InvalidRequest(
            "The `dpopJkt` must be the thumbprint of the key (RFC 7638): SHA-256 in base64url, 43 characters.".into(),
        )),
    }
}

/// Each grant with what it holds of the scopes, by today's names; each of those must be held.
fn narrowed(grants: &[Grant], asked: &ScopeSet, catalogs: &Catalogs) -> Result<Vec<Grant>, Error> {
    // First of all, so that one that there is not is told from one that is not held.
    catalogs.resolve(asked, &[])?;
    for scope in asked.iter() {
        let held: Vec<Scope> = grants.iter().flat_map(|grant| held_of(grant, scope, catalogs)).collect();
        let todays = catalogs.resolve(&alone(scope), &[])?;
        if let Some(missing) = todays.iter().find(|today| !held.iter().any(|held| today.covers(held))) {
            return Err(not_held(missing));
        }
    }
    let narrowed = grants.iter().map(|grant| Grant {
        scopes: asked.iter().flat_map(|scope| held_of(grant, scope, catalogs)).collect(),
        ..grant.clone()
    });
    Ok(narrowed.filter(|grant| !grant.scopes.is_empty()).collect())
}

/// What a grant holds of a scope. What is asked for by an older name is limited as that name was.
fn held_of(grant: &Grant, scope: &Scope, catalogs: &Catalogs) -> Vec<Scope> {
    let todays = catalogs.whole().resolve(&alone(scope), &grant.resources).unwrap_or_default();
    todays.into_iter().filter(|today| grant.scopes.covers(today)).collect()
}

fn alone(scope: &Scope) -> ScopeSet {
    [scope.clone()].into_iter().collect()
}
