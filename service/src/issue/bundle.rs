//! Parameter bundles: references that the service redeems, and signed documents that a browser unpacks by itself.

use daypass::api::{BundleResponse, CreateBundleRequest, TokenRecord, duration};
use daypass::jwt::{Claims, JwtType};
use daypass::verify::TokenHash;
use daypass::{Error, OpaqueToken, Parameters, TokenKind};
use serde::Serialize;

use super::{Parent, end, normalized};
use crate::service::Service;
use crate::store::NewRecord;
use crate::{seal, unique};

/// The shortest life of a signed bundle, in seconds: opening a page takes no longer.
const LEAST: u64 = 60;
/// The life of a reference, in seconds, and of a signed bundle unless another is asked for.
const DEFAULT: u64 = 3600;

/// A reference to parameters that the service keeps.
pub(crate) struct Reference {
    /// The reference itself: an opaque token.
    pub(crate) token: OpaqueToken,
    /// When it ends.
    pub(crate) expires_at: u64,
}

/// Keeps parameters and makes a reference to them.
pub(crate) async fn reference(
    service: &Service,
    parent: &Parent<'_>,
    parameters: &Parameters,
) -> Result<Reference, Error> {
    let now = unique::now();
    let token = OpaqueToken::generate(TokenKind::Bundle, unique::fill).expect("bundle references are stored");
    // Nobody asks for a duration here, so that a parent's earlier end is taken without a word.
    let expires_at = parent.access.expires_at().map_or(now + DEFAULT, |end| end.min(now + DEFAULT));
    let record = TokenRecord {
        id: format!("bun_{}", unique::id()),
        serial: 0,
        root_serial: Some(parent.access.root_serial()),
        kind: TokenKind::Bundle,
        name: format!("Bundle of {}", parent.access.id()),
        organization: parent.access.organization().to_owned(),
        grants: service.catalogs.for_bundle(parent.access.grants()),
        origins: vec![],
        created_at: now,
        expires_at: Some(expires_at),
        revoked_at: None,
        last_chars: token.last_chars().to_owned(),
    };
    let new = NewRecord { record, hash: TokenHash::of(&token) };
    service.store.add_bundle(new, parent.hash, seal::seal(parameters, &token)).await?;
    Ok(Reference { token, expires_at })
}

/// What a reference stands for.
pub(crate) struct Redeemed {
    /// The parameters, as they were posted.
    pub(crate) parameters: Parameters,
    /// The id of the application that posted them.
    pub(crate) application: String,
}

/// Redeems a reference that was verified.
pub(crate) async fn redeem(service: &Service, reference: &OpaqueToken) -> Result<Redeemed, Error> {
    let stored = service.store.bundle(TokenHash::of(&reference)).await?;
    let Some(parameters) = seal::open(&stored.parameters, reference) else {
        tracing::error!("the parameters of a bundle do not open: its row was changed");
        return Err(Error::Unavailable);
    };
    Ok(Redeemed { parameters, application: stored.parent })
}

/// Signs parameters.
pub(crate) async fn signed(
    service: &Service,
    parent: &Parent<'_>,
    asked: CreateBundleRequest,
) -> Result<BundleResponse, Error> {
    /// The parameters stand beside the claims.
    #[derive(Serialize)]
    struct Payload<'a> {
        #[serde(flatten)]
        claims: Claims,
        parameters: &'a Parameters,
    }

    let now = unique::now();
    let seconds = asked.duration_seconds.unwrap_or(DEFAULT);
    let expires_at = end(now, seconds, LEAST..=duration::MOST, parent.access)?;
    let origins = normalized(&asked.origins)?;
    let grants = service.catalogs.for_bundle(parent.access.grants());
    let claims = Claims { origins, ..parent.claims(service, TokenKind::Bundle, grants, now, expires_at) };
    let bundle = service.keys.sign(JwtType::Bundle, &Payload { claims, parameters: &asked.parameters })?;
    service.store.require_active(parent.hash, now).await?;
    Ok(BundleResponse { bundle, expires_at })
}
