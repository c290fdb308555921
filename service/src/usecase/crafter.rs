//! Access tokens as Crafter Profile has them: application tokens that are named by the credential or by their id.

use std::time::Instant;

use daypass::api::{CreateTokenRequest, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Error, Grant, OpaqueToken, TokenKind};

use super::tokens::{self, CreateTokenResponse};
use crate::crypto::random;
use crate::domain::catalogs::Catalogs;
use crate::domain::crafter::{self, is_access_token};
use crate::domain::grantor::Grantor;
use crate::domain::token::TokenStatus;
use crate::domain::token_list::TokenFilter;
use crate::store::Store;

/// An access token to be created.
pub(crate) struct NewAccessToken {
    /// The credential that the caller chose; a random one without it.
    pub(crate) credential: Option<OpaqueToken>,
    /// The name of its application.
    pub(crate) application: String,
    /// Whether it manages the tokens of its organization.
    pub(crate) is_master: bool,
    /// What it may do on tenants.
    pub(crate) grants: Vec<Grant>,
    /// When it expires, if ever.
    pub(crate) expires_at: Option<u64>,
}

/// Creates an access token, whose id is random: at home it is the credential.
///
/// SECURITY: with a digest of the credential, a reader of lists or logs could test guesses.
///
/// # Errors
/// [`Error::AlreadyExists`] if an active token, or one of another organization, has this credential,
/// [`Error::InvalidScope`] if the grantor lacks a scope on a tenant, [`Error::InvalidRequest`] if a field is wrong.
pub(crate) async fn create(
    store: &dyn Store,
    catalogs: &Catalogs,
    grantor: &Grantor<'_>,
    new: NewAccessToken,
) -> Result<CreateTokenResponse, Error> {
    let NewAccessToken { credential, application, is_master, grants, expires_at } = new;
    let is_guessable = credential.as_ref().is_some_and(|text| crafter::is_guessable(text.expose_secret()));
    if let Some(chosen) = &credential {
        require_nameable(store, grantor.organization(), chosen.expose_secret()).await?;
    }
    let credential = credential.unwrap_or_else(random_credential);
    let id = format!("acc_{}", random::id());
    let request = request(id, application, with_master(grants, is_master, grantor.organization()), expires_at);
    let created = tokens::create_as(store, catalogs, grantor, request, credential).await?;
    if is_guessable {
        tracing::warn!(
            id = created.record.id,
            "the chosen id of an access token has fewer than 16 characters: it can be guessed, and it is the credential"
        );
    }
    Ok(created)
}

/// Requires that a chosen id names its token alone, in whatever state another one of the organization is.
async fn require_nameable(store: &dyn Store, organization: &str, chosen: &str) -> Result<(), Error> {
    crafter::require_nameable(chosen)?;
    match tokens::find(store, organization, chosen).await {
        Ok(_) => Err(Error::InvalidRequest("The `id` is that of another token in lists: choose another.".into())),
        Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Creates the tokens of the applications that have one at first, each with its application's name as id, and returns
/// those that did not exist yet.
///
/// # Errors
/// [`Error::InvalidScope`] if the catalogue lacks their scopes.
pub(crate) async fn bootstrap(
    store: &dyn Store,
    catalogs: &Catalogs,
    organization: &str,
    tenants: &[String],
) -> Result<Vec<CreateTokenResponse>, Error> {
    let mut created = Vec::new();
    for (application, is_master, scopes) in crafter::FIRST {
        let grant = |tenant: &String| Grant {
            tenant: tenant.clone(),
            scopes: scopes.iter().cloned().collect(),
            resources: vec![],
        };
        let grants = with_master(tenants.iter().map(grant).collect(), is_master, organization);
        let request = request(application.into(), application.into(), grants, None);
        match tokens::create(store, catalogs, &Grantor::operator(organization), request).await {
            Ok(token) => created.push(token),
            Err(Error::AlreadyExists) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(created)
}

fn random_credential() -> OpaqueToken {
    OpaqueToken::generate(TokenKind::Application, random::fill).expect("application tokens are opaque")
}

fn with_master(mut grants: Vec<Grant>, is_master: bool, organization: &str) -> Vec<Grant> {
    grants.extend(is_master.then(|| crafter::master_grant(organization)));
    grants
}

fn request(id: String, application: String, grants: Vec<Grant>, expires_at: Option<u64>) -> CreateTokenRequest {
    CreateTokenRequest {
        kind: TokenKind::Application,
        name: application,
        scopes: None,
        origins: vec![],
        resources: vec![],
        tenant: None,
        grants: Some(grants),
        expires_at,
        id: Some(id),
        owner: None,
        accept_shared_suffix: false,
    }
}

/// Returns the access token of an organization that a caller names by its credential or its id, also if it was revoked.
///
/// # Errors
/// [`Error::NotFound`] if the organization has no such access token.
pub(crate) async fn find(
    store: &dyn Store,
    organization: &str,
    credential: Option<&OpaqueToken>,
    id: &str,
) -> Result<TokenRecord, Error> {
    let by_credential = match credential {
        Some(credential) => store.record(TokenHash::of(credential), Instant::now()).await?,
        None => None,
    };
    // SECURITY: to another organization, a credential is like one that does not exist.
    let own = by_credential.filter(|record| record.organization == organization);
    let record = match own {
        Some(record) => TokenRecord::clone(&record),
        None => tokens::find(store, organization, id).await?,
    };
    if is_access_token(&record) { Ok(record) } else { Err(Error::NotFound) }
}

/// Returns the active access tokens of an organization, newest first.
///
/// # Errors
/// Those of [`tokens::all`].
pub(crate) async fn all(store: &dyn Store, organization: &str) -> Result<Vec<TokenRecord>, Error> {
    let (kind, status) = (Some(TokenKind::Application), Some(TokenStatus::Active));
    tokens::all(store, organization, TokenFilter { kind, status, ..TokenFilter::default() }, usize::MAX).await
}
