//! Publishable, secret and application tokens: random text of which the store keeps the hash.

use daypass::api::{CreateTokenRequest, TokenRecord};
use daypass::{Error, Grant, OpaqueToken, ScopeSet, TokenKind};
use serde::{Serialize, Serializer};

use super::clock::now;
use crate::crypto::random;
use crate::domain::catalogs::Catalogs;
use crate::domain::grantor::Grantor;
use crate::domain::token::{NewToken, may_add};
use crate::domain::token_fields;
use crate::store::{Store, TokenSelector};

/// The response to a [`CreateTokenRequest`]: the record, and beside it `token`, which is shown this once.
#[derive(Serialize)]
pub(crate) struct CreateTokenResponse {
    /// What is stored of it.
    #[serde(flatten)]
    pub(crate) record: TokenRecord,
    /// The token.
    #[serde(serialize_with = "expose")]
    pub(crate) token: OpaqueToken,
}

fn expose<S: Serializer>(token: &OpaqueToken, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose_secret())
}

/// Creates a token and stores it.
///
/// # Errors
/// When a field is wrong, the grantor lacks a scope, the id is taken or a limit is reached.
pub(crate) async fn create(
    store: &dyn Store,
    catalogs: &Catalogs,
    grantor: &Grantor<'_>,
    request: CreateTokenRequest,
) -> Result<CreateTokenResponse, Error> {
    let now = now();
    let origins = token_fields::check(&request, catalogs, now)?;
    let CreateTokenRequest { kind, name, scopes, resources, tenant, expires_at, id, .. } = request;
    let organization = grantor.organization().to_owned();
    let tenant = tenant.unwrap_or_else(|| organization.clone());
    let place = Grant { tenant, scopes: ScopeSet::default(), resources };
    // A verifier of the token will read the resources with these limits.
    let limits = [place.resources.clone(), catalogs.whole().canonical_limits(&place.resources)].concat();
    let limited = Grant { resources: limits, ..place.clone() };
    let scopes = grantor.scopes(kind, scopes.as_ref(), &limited, catalogs)?;

    let token = OpaqueToken::generate(kind, random::fill).expect("the kinds that are created here are opaque");
    let id = id.unwrap_or_else(|| format!("tok_{}", random::id()));
    let mut new = NewToken::new(&token, id, name, organization, vec![Grant { scopes, ..place }], now);
    new.record.origins = origins;
    new.record.expires_at = expires_at;
    let mut record = new.record.clone();
    record.serial = store.add_token(new, Box::new(move |facts| may_add(kind, facts))).await?;
    tracing::info!(id = record.id, kind = %record.kind, organization = record.organization, "token created");
    Ok(CreateTokenResponse { record, token })
}

/// Returns an organization's tokens, newest first: of one kind, or all but the bundle references.
pub(crate) async fn list(
    store: &dyn Store,
    organization: &str,
    kind: Option<TokenKind>,
) -> Result<Vec<TokenRecord>, Error> {
    store.tokens(organization, kind).await
}

/// Returns the most recent token with this id.
///
/// # Errors
/// [`Error::NotFound`] if the organization has no such token.
pub(crate) async fn find(store: &dyn Store, organization: &str, id: &str) -> Result<TokenRecord, Error> {
    let selector = TokenSelector::Id { organization: organization.to_owned(), id: id.to_owned() };
    store.token(selector).await?.ok_or(Error::NotFound)
}
