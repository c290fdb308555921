//! Temporary tokens: JWTs with a short lifetime and some of their secret token's scopes.

use daypass::api::{CreateTemporaryTokenRequest, TemporaryTokenResponse, duration};
use daypass::jwt::{Claims, JwtType};
use daypass::{Error, TokenKind};

use super::clock::now;
use super::jwt_issuer::JwtIssuer;
use super::parent::Parent;
use super::shared_suffix;
use crate::domain::catalogs::Catalogs;
use crate::domain::lifetime::Lifetime;
use crate::domain::narrowing::{confirmation, narrow};
use crate::domain::visitor;
use crate::metrics;
use crate::store::Store;

/// Mints a temporary token. Its lifetime is at least `least` seconds.
///
/// # Errors
/// When the parent lacks a scope or is no longer active, or another field is wrong.
pub(crate) async fn mint(
    store: &dyn Store,
    catalogs: &Catalogs,
    jwt_issuer: &JwtIssuer,
    least: u64,
    parent: &Parent<'_>,
    request: CreateTemporaryTokenRequest,
) -> Result<TemporaryTokenResponse, Error> {
    let now = now();
    let grants = narrow(parent.access.grants(), &request.scopes, catalogs)?;
    let seconds = request.duration_seconds.unwrap_or(duration::DEFAULT.max(least));
    let lifetime = Lifetime { seconds, range: least..=duration::MOST };
    let expires_at = lifetime.end(now, parent.access.expires_at())?;
    let cnf = request.dpop_jkt.map(confirmation).transpose()?;
    // A token that is bound to a key is sent with a proof of it, by a scheme of its own (RFC 9449,
    // section 7.1).
    let scheme = if cnf.is_some() { "DPoP" } else { "Bearer" };
    let origins = visitor::origins(request.origins.as_deref(), request.accept_shared_suffix)?;
    let (subject, visitor_claims) = (visitor::subject(request.subject)?, visitor::claims(request.claims)?);
    let unbound = jwt_issuer.claims(&parent.root(), TokenKind::Temporary, grants, now, expires_at);
    let claims = Claims { cnf, origins, subject, claims: visitor_claims, ..unbound };
    let token = jwt_issuer.sign(JwtType::AccessToken, &claims)?;
    parent.require(store, now, lifetime).await?;
    metrics::count_created(TokenKind::Temporary);
    shared_suffix::log_minted(&claims.origins, &claims.jti, parent.access);
    Ok(TemporaryTokenResponse { authorization: format!("{scheme} {token}"), expires_at })
}
