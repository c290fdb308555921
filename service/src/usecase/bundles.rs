//! Parameter bundles: references that the service redeems, and JWTs that a browser opens by itself.

use daypass::api::{BundleResponse, CreateBundleRequest, duration};
use daypass::jwt::{Claims, JwtType};
use daypass::verify::{Access, SealingKey, TokenHash};
use daypass::{Error, ForeignFormat, Grant, OpaqueToken, OriginPattern, Parameters, TokenKind};
use serde::Serialize;

use super::clock::now;
use super::jwt_issuer::JwtIssuer;
use super::parent::{Parent, Root};
use super::rates::Rates;
use super::shared_suffix;
use crate::crypto::{random, redeemer, seal};
use crate::domain::bundle::{self, ActiveBundles, BundleAddition, BundleFacts, NewBundle, Redeemer, SingleUse};
use crate::domain::catalogs::Catalogs;
use crate::domain::lifetime::Lifetime;
use crate::domain::token::{NewToken, require_active_parent};
use crate::domain::token_fields::normalize_origins;
use crate::metrics;
use crate::store::Store;

/// A reference to parameters that the service stores.
pub(crate) struct BundleReference {
    /// The reference itself: an opaque token.
    pub(crate) token: OpaqueToken,
    /// When it expires.
    pub(crate) expires_at: u64,
}

/// Stores parameters and creates a reference to them, which has a format of another system if there is one.
///
/// # Errors
/// When the parent is no longer active, creates references too often, or its organization has as many as it may.
pub(crate) async fn create_reference(
    store: &dyn Store,
    catalogs: &Catalogs,
    rates: &Rates,
    parent: &Parent<'_>,
    parameters: &Parameters,
    format: Option<ForeignFormat>,
) -> Result<BundleReference, Error> {
    let now = now();
    let grants = bundle::grants(parent.access.grants(), catalogs);
    let reference = NewReference { grants, origins: vec![], lifetime: None, single_use: None, format };
    add_reference(store, rates, parent, parameters, reference, now).await
}

/// Counts the references of the token with this serial number that can be used now.
///
/// # Errors
/// [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn count_active(store: &dyn Store, parent: u64) -> Result<ActiveBundles, Error> {
    store.count_bundles(parent, now()).await
}

/// What a reference stands for.
pub(crate) struct Redeemed {
    /// The parameters, as they were posted.
    pub(crate) parameters: Parameters,
    /// The id of the token that posted them.
    pub(crate) application: String,
    /// Of a single-use reference: the signed bundle that is the page's token from then on.
    pub(crate) bundle: Option<String>,
}

/// Redeems a verified reference. The nonce tells clients apart: one without a nonce cannot repeat the redemption of a
/// single-use reference.
///
/// # Errors
/// [`Error::InvalidToken`] if the reference was deleted since, and [`Error::BundleUsed`] if another client redeemed it or the
/// time to repeat that is over.
pub(crate) async fn redeem(
    store: &dyn Store,
    jwt_issuer: &JwtIssuer,
    access: &Access,
    reference: &OpaqueToken,
    nonce: Option<&[u8]>,
) -> Result<Redeemed, Error> {
    let hash = TokenHash::of(reference);
    let stored = store.bundle(hash).await?.ok_or(Error::InvalidToken)?;
    let Some(parameters) = seal::open(&stored.parameters, reference) else {
        tracing::error!("cannot decrypt the parameters of a bundle: its row was changed");
        return Err(Error::Unavailable);
    };
    let Some(single_use) = stored.single_use else {
        return Ok(Redeemed { parameters, application: stored.parent, bundle: None });
    };
    let now = now();
    let root = Root { organization: access.organization(), id: &stored.parent, serial: access.root_serial() };
    let expires_at = access.expires_at().unwrap_or(now);
    let jti = access.id().to_owned();
    let bundle = sign_single_use(jwt_issuer, &root, jti, single_use, access.origins().to_vec(), now, expires_at)?;
    let redeemer = Redeemer(redeemer::hash(reference, nonce));
    // SECURITY: after signing, as for everything that is minted.
    store.redeem_bundle(hash, Box::new(move |facts| bundle::redeem(facts.as_ref(), redeemer, now))).await?;
    Ok(Redeemed { parameters, application: stored.parent, bundle: Some(bundle) })
}

/// Signs what the redemption of a single-use reference gives. The parameters are not in it: the page has them.
///
/// SECURITY: its `jti` is the reference's id, by which the reference's revocation ends it too.
fn sign_single_use(
    jwt_issuer: &JwtIssuer,
    root: &Root<'_>,
    jti: String,
    single_use: SingleUse,
    origins: Vec<OriginPattern>,
    now: u64,
    expires_at: u64,
) -> Result<String, Error> {
    let SingleUse { grants, sealed } = single_use;
    let claims = jwt_issuer.claims(root, TokenKind::Bundle, grants, now, expires_at);
    jwt_issuer.sign(JwtType::Bundle, &Claims { jti, origins, sealed, ..claims })
}

/// Creates a bundle for a page: a signed one, or a reference that is redeemed once.
///
/// # Errors
/// When the parent is no longer active, a field is wrong, or the service has no key to seal with.
pub(crate) async fn create(
    store: &dyn Store,
    catalogs: &Catalogs,
    jwt_issuer: &JwtIssuer,
    rates: &Rates,
    sealing_key: Option<&SealingKey>,
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
    let lifetime = Lifetime { seconds, range: bundle::LEAST..=duration::MOST };
    let expires_at = lifetime.end(now, parent.access.expires_at())?;
    let origins = normalize_origins(&request.origins, request.accept_shared_suffix, &[])?;
    let seal = |sealed| sealing_key.map(|key| key.seal(&sealed)).ok_or_else(no_sealing_key);
    let sealed = request.sealed.map(seal).transpose()?;
    let grants = bundle::grants(parent.access.grants(), catalogs);
    if request.single_use {
        let single_use = SingleUse { grants, sealed };
        // Now rather than at its redemption, it is told that it is too long.
        let (root, signed) = (parent.root(), single_use.clone());
        sign_single_use(jwt_issuer, &root, new_id(), signed, origins.clone(), now, expires_at)?;
        let (lifetime, single_use) = (Some(lifetime), Some(single_use));
        let new = NewReference { grants: vec![], origins, lifetime, single_use, format: None };
        let added = add_reference(store, rates, parent, &request.parameters, new, now);
        let BundleReference { token, expires_at } = added.await?;
        return Ok(BundleResponse { bundle: token.expose_secret().to_owned(), expires_at });
    }
    let claims = jwt_issuer.claims(&parent.root(), TokenKind::Bundle, grants, now, expires_at);
    let id = claims.jti.clone();
    let claims = Claims { origins: origins.clone(), sealed, ..claims };
    let bundle = jwt_issuer.sign(JwtType::Bundle, &Payload { claims, parameters: &request.parameters })?;
    parent.require(store, now, lifetime).await?;
    metrics::count_created(TokenKind::Bundle);
    shared_suffix::log_minted(&origins, &id, parent.access);
    Ok(BundleResponse { bundle, expires_at })
}

/// Returns an id for a reference.
fn new_id() -> String {
    format!("bun_{}", random::id())
}

fn no_sealing_key() -> Error {
    let why = "The service has no key for `sealed`: ask its operator to start it with --sealing-key-file.";
    Error::InvalidRequest(why.into())
}

/// What differs between references.
struct NewReference {
    /// What the reference itself may do: nothing if it is redeemed once.
    grants: Vec<Grant>,
    origins: Vec<OriginPattern>,
    /// Its lifetime, if its request names one.
    lifetime: Option<Lifetime>,
    single_use: Option<SingleUse>,
    /// The format of another system that its text has.
    format: Option<ForeignFormat>,
}

/// Stores a reference.
///
/// SECURITY: when it expires is decided by the parent's state in the transaction, since the parent may have
/// been edited after it was authenticated.
async fn add_reference(
    store: &dyn Store,
    rates: &Rates,
    parent: &Parent<'_>,
    parameters: &Parameters,
    reference: NewReference,
    now: u64,
) -> Result<BundleReference, Error> {
    rates.count_bundle(parent.access.root_serial())?;
    let NewReference { grants, origins, lifetime, single_use, format } = reference;
    let token = match format {
        None => OpaqueToken::generate(TokenKind::Bundle, random::fill),
        Some(format) => OpaqueToken::generate_foreign(format, random::fill),
    };
    let token = token.expect("bundle references are opaque");
    let (id, name) = (new_id(), format!("Bundle of {}", parent.access.id()));
    let mut new = NewToken::new(&token, id, name, parent.access.organization().to_owned(), grants, now);
    new.record.root_serial = Some(parent.access.root_serial());
    let id = new.record.id.clone();
    new.record.origins.clone_from(&origins);
    let parameters = seal::seal(parameters, &token);
    let new = NewBundle { token: new, parent: parent.hash, parameters, single_use };
    let bytes = new.stored_bytes();
    let rule = move |facts: &BundleFacts| {
        let parent_end = require_active_parent(facts.parent, now)?.expires_at;
        let end = match &lifetime {
            Some(lifetime) => lifetime.end(now, parent_end)?,
            None => bundle::reference_expiry(now, parent_end),
        };
        bundle::require_room(facts, bytes)?;
        Ok(BundleAddition::new(end, facts.newest_mark, bytes))
    };
    let expires_at = store.add_bundle(new, Box::new(rule)).await?;
    metrics::count_created(TokenKind::Bundle);
    shared_suffix::log_minted(&origins, &id, parent.access);
    Ok(BundleReference { token, expires_at })
}
