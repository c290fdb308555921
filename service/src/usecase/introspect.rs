//! Introspection: what a stored token is, and whether a JWT was revoked.

use daypass::api::{IntrospectionResponse, TokenRecord};
use daypass::jwt::Claims;
use daypass::verify::{Introspector, ResponseFuture, TokenHash, Unavailable};
use daypass::{Error, OpaqueToken};

use super::clock::now;
use crate::domain::revocation::is_jwt_revoked;
use crate::domain::token::is_active;
use crate::store::{SharedStore, Store, TokenSelector};

/// Returns the record of a stored token of the organization. Anything else is not active: JWTs are
/// verified with the keys.
pub(crate) async fn introspect(
    store: &dyn Store,
    organization: &str,
    token: &str,
) -> Result<IntrospectionResponse, Error> {
    let record = match token.parse::<OpaqueToken>() {
        Ok(token) => store.token(TokenSelector::Hash(TokenHash::of(&token))).await?,
        Err(_) => None,
    };
    let record = record.filter(|record| record.organization == organization);
    let active = record.as_ref().is_some_and(|record| is_active(record, now()));
    Ok(IntrospectionResponse { active, record })
}

/// Answers the verifier that guards the service's own paths from the store.
pub(crate) struct StoreIntrospector(pub(crate) SharedStore);

impl Introspector for StoreIntrospector {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        let record = self.0.token(TokenSelector::Hash(TokenHash::of(token)));
        Box::pin(async { record.await.map_err(|error| Unavailable(error.to_string())) })
    }

    fn is_revoked<'a>(&'a self, claims: &'a Claims) -> ResponseFuture<'a, bool> {
        Box::pin(async {
            let facts = self.0.jwt(claims.root_serial, &claims.jti).await;
            facts.map(|facts| is_jwt_revoked(claims, &facts)).map_err(|error| Unavailable(error.to_string()))
        })
    }
}
