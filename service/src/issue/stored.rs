//! Publishable, secret and application tokens: random text of which the store keeps the hash.

use daypass::api::{CreateTokenRequest, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Error, Grant, OpaqueToken, ScopeSet, TokenKind};
use serde::{Serialize, Serializer};

use super::{Grantor, fields};
use crate::catalogs::Catalogs;
use crate::store::{NewRecord, Store};
use crate::unique;

/// As many living publishable tokens, and as many secret ones, may an organization have (seed 004).
const LIMIT: usize = 100;

/// A new token, to be shown this once: the record, and beside it `token`.
#[derive(Serialize)]
pub(crate) struct Created {
    /// What is stored of it.
    #[serde(flatten)]
    pub(crate) record: TokenRecord,
    /// The token.
    #[serde(serialize_with = "exposed")]
    pub(crate) token: OpaqueToken,
}

fn exposed<S: Serializer>(token: &OpaqueToken, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose_secret())
}

/// Makes a token and stores it.
pub(crate) async fn create(
    store: &Store,
    catalogs: &Catalogs,
    creator: &Grantor<'_>,
    new: CreateTokenRequest,
) -> Result<Created, Error> {
    let now = unique::now();
    fields::check_kind(new.kind)?;
    fields::check_name(&new.name)?;
    fields::check_end(new.expires_at, now)?;
    fields::check_resources(&new.resources, catalogs)?;
    let origins = fields::origins(new.kind, &new.origins)?;
    let id = fields::id(new.kind, new.id)?;
    let organization = creator.organization().to_owned();
    let place = Grant { tenant: organization.clone(), scopes: ScopeSet::default(), resources: new.resources };
    // As whoever verifies the token will read it.
    let limits = [place.resources.clone(), catalogs.whole().canonical_limits(&place.resources)].concat();
    let limited = Grant { resources: limits, ..place.clone() };
    let scopes = creator.scopes(new.kind, new.scopes.as_ref(), &limited, catalogs)?;

    let token = OpaqueToken::generate(new.kind, unique::fill).expect("the kinds that are made here are stored");
    let mut record = TokenRecord {
        id,
        serial: 0,
        root_serial: None,
        kind: new.kind,
        name: new.name,
        organization,
        grants: vec![Grant { scopes, ..place }],
        origins,
        created_at: now,
        expires_at: new.expires_at,
        revoked_at: None,
        last_chars: token.last_chars().to_owned(),
    };
    let limit = matches!(new.kind, TokenKind::Publishable | TokenKind::Secret).then_some(LIMIT);
    record.serial = store.add(NewRecord { record: record.clone(), hash: TokenHash::of(&token) }, limit).await?;
    tracing::info!(id = record.id, kind = %record.kind, organization = record.organization, "made a token");
    Ok(Created { record, token })
}
