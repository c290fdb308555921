//! Introspection: what a token is, and whether a JWT was revoked.

use daypass::api::{IntrospectionResponse, TokenRecord};
use daypass::jwt::Claims;
use daypass::verify::{Introspector, ResponseFuture, Standing, TokenHash, Unavailable};
use daypass::{Error, OpaqueToken};

use super::clock::now;
use super::fresh_keys::KeysOf;
use super::jwt_issuer::JwtIssuer;
use super::token_uses::TokenUses;
use crate::domain::catalogs::Catalogs;
use crate::domain::introspection::{self, Names};
use crate::domain::revocation::jwt_standing;
use crate::domain::token::is_active;
use crate::store::{SharedStore, Store, TokenSelector};

/// Tells what a token of the organization is, or of any without one: opaque or a JWT of this service. Anything else is
/// not active.
pub(crate) async fn introspect(
    store: &dyn Store,
    catalogs: &Catalogs,
    jwt_issuer: &JwtIssuer,
    uses: &TokenUses,
    organization: Option<&str>,
    token: &str,
) -> Result<IntrospectionResponse, Error> {
    let claims = jwt_issuer.authenticate(KeysOf::Now, token).await?;
    if let Some(claims) = claims.filter(|claims| reaches(organization, &claims.sub)) {
        let facts = store.jwt(claims.root_serial, &claims.jti).await?;
        let standing = jwt_standing(&claims, &facts);
        return Ok(introspection::of_jwt(claims, standing, catalogs, now()));
    }
    let Some(record) = find(store, uses, organization, token).await? else {
        return Ok(IntrospectionResponse::default());
    };
    let client = match record.root_serial {
        None => Some(record.id.clone()),
        Some(root) => store.token(TokenSelector::Serial(root)).await?.map(|root| root.id),
    };
    let names = Names { issuer: &jwt_issuer.issuer, audience: &jwt_issuer.audience };
    Ok(introspection::of_record(record, client, &names, catalogs, now()))
}

/// Returns the record of a stored token of the organization, or of any, active or not, and nothing else.
pub(crate) async fn record(
    store: &dyn Store,
    uses: &TokenUses,
    organization: Option<&str>,
    token: &str,
) -> Result<IntrospectionResponse, Error> {
    let record = find(store, uses, organization, token).await?;
    let active = record.as_ref().is_some_and(|record| is_active(record, now()));
    Ok(IntrospectionResponse { active, record, ..IntrospectionResponse::default() })
}

fn reaches(organization: Option<&str>, other: &str) -> bool {
    organization.is_none_or(|organization| organization == other)
}

/// Finds the record of a token that an API has received, so that it is in use if it is active.
async fn find(
    store: &dyn Store,
    uses: &TokenUses,
    organization: Option<&str>,
    token: &str,
) -> Result<Option<TokenRecord>, Error> {
    let Ok(token) = token.parse::<OpaqueToken>() else { return Ok(None) };
    let record = store.token(TokenSelector::Hash(TokenHash::of(&token))).await?;
    let record = record.filter(|record| reaches(organization, &record.organization));
    if let Some(record) = record.as_ref().filter(|record| is_active(record, now())) {
        uses.note(record.serial);
    }
    Ok(record)
}

/// Answers the verifiers that guard the service's own paths from the store.
pub(crate) struct StoreIntrospector {
    pub(crate) store: SharedStore,
    /// Whether the tokens of a suspended organization are as good as before: for APIs that ask which tokens to refuse.
    pub(crate) overlooks_suspension: bool,
}

impl Introspector for StoreIntrospector {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        let record = self.store.token(TokenSelector::Hash(TokenHash::of(token)));
        Box::pin(async {
            let record = record.await.map_err(|error| Unavailable(error.to_string()))?;
            Ok(record.map(|record| TokenRecord {
                suspended_at: record.suspended_at.filter(|_| !self.overlooks_suspension),
                ..record
            }))
        })
    }

    fn standing<'a>(&'a self, claims: &'a Claims) -> ResponseFuture<'a, Standing> {
        Box::pin(async {
            let facts = self.store.jwt(claims.root_serial, &claims.jti).await;
            facts.map(|facts| jwt_standing(claims, &facts)).map_err(|error| Unavailable(error.to_string()))
        })
    }
}
