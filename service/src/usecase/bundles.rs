//! Parameter bundles: references that the service redeems, and JWTs that a browser opens by itself.

use daypass::api::{BundleResponse, CreateBundleRequest, duration};
use daypass::jwt::{Claims, JwtType};
use daypass::verify::TokenHash;
use daypass::{Error, OpaqueToken, Parameters, TokenKind};
use serde::Serialize;

use super::clock::now;
use super::jwt_issuer::JwtIssuer;
use super::parent::Parent;
use crate::crypto::{random, seal};
use crate::domain::bundle::{self, NewBundle};
use crate::domain::catalogs::Catalogs;
use crate::domain::lifetime::expiry;
use crate::domain::token::{NewToken, require_active_parent};
use crate::domain::token_fields::normalize_origins;
use crate::store::Store;

/// A reference to parameters that the service stores.
pub(crate) struct BundleReference {
    /// The reference itself: an opaque token.
    pub(crate) token: OpaqueToken,
    /// When it expires.
    pub(crate) expires_at: u64,
}

/// Stores parameters and creates a reference to them.
///
/// # Errors
/// When the parent is no longer active.
pub(crate) async fn create_reference(
    store: &dyn Store,
    catalogs: &Catalogs,
    parent: &Parent<'_>,
    parameters: &Parameters,
) -> Result<BundleReference, Error> {
    let now = now();
    let token = OpaqueToken::generate(TokenKind::Bundle, random::fill).expect("bundle references are opaque");
    let expires_at = bundle::reference_expiry(now, parent.access.expires_at());
    let (id, name) = (format!("bun_{}", random::id()), format!("Bundle of {}", parent.access.id()));
    let grants = bundle::grants(parent.access.grants(), catalogs);
    let mut new = NewToken::new(&token, id, name, parent.access.organization().to_owned(), grants, now);
    new.record.root_serial = Some(parent.access.root_serial());
    new.record.expires_at = Some(expires_at);
    let new =
        NewBundle { token: new, parent: parent.hash, parameters: seal::seal(parameters, &token), single_use: None };
    let rule = move |state: &_| require_active_parent(*state, now);
    store.add_bundle(new, bundle::forget_before(now), Box::new(rule)).await?;
    Ok(BundleReference { token, expires_at })
}

/// What a reference stands for.
pub(crate) struct Redemption {
    /// The parameters, as they were posted.
    pub(crate) parameters: Parameters,
    /// The id of the application that posted them.
    pub(crate) application: String,
}

/// Redeems a verified reference.
///
/// # Errors
/// [`Error::InvalidToken`] if the reference was deleted since.
pub(crate) async fn redeem(store: &dyn Store, reference: &OpaqueToken) -> Result<Redemption, Error> {
    let stored = store.bundle(TokenHash::of(reference)).await?.ok_or(Error::InvalidToken)?;
    let Some(parameters) = seal::open(&stored.parameters, reference) else {
        tracing::error!("cannot decrypt the parameters of a bundle: its row was changed");
        return Err(Error::Unavailable);
    };
    Ok(Redemption { parameters, application: stored.parent })
}

/// Signs parameters for the browser.
///
/// # Errors
/// When the parent is no longer active, or the lifetime or an origin is wrong.
pub(crate) async fn sign(
    store: &dyn Store,
    catalogs: &Catalogs,
    jwt_issuer: &JwtIssuer,
    parent: &Parent<'_>,
    request: CreateBundleRequest,
) -> Result<BundleResponse, Error> {
    /// The parameters stand beside the claims.
    #[derive(Serialize)]
    struct Payload<'a> {
        #[serde(flatten)]
        claims: Claims,
        parameters: &'a Parameters,
    }

    let now = now();
    let seconds = request.duration_seconds.unwrap_or(bundle::DEFAULT);
    let expires_at = expiry(now, seconds, bundle::LEAST..=duration::MOST, parent.access.expires_at())?;
    let origins = normalize_origins(&request.origins)?;
    let grants = bundle::grants(parent.access.grants(), catalogs);
    let claims = Claims { origins, ..jwt_issuer.claims(parent, TokenKind::Bundle, grants, now, expires_at) };
    let bundle = jwt_issuer.sign(JwtType::Bundle, &Payload { claims, parameters: &request.parameters })?;
    parent.require_active(store, now).await?;
    Ok(BundleResponse { bundle, expires_at })
}
