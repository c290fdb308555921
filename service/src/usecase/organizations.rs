//! Creates, lists, finds, renames and suspends organizations, and sets their limits.

use daypass::api::{CreateOrganizationRequest, OrganizationPage, OrganizationRecord, UpdateLimitsRequest};
use daypass::{Error, Grant, OpaqueToken, ScopeSet, TokenKind};

use super::clock::now;
use super::tokens::CreateTokenResponse;
use crate::crypto::random;
use crate::domain::catalogs::Catalogs;
use crate::domain::organization::{self, Organization};
use crate::domain::page_limit::PageLimit;
use crate::domain::token::NewToken;
use crate::store::{NewOrganization, Store};

/// An organization that was just created, and the token that administers it.
pub(crate) struct Created {
    /// The organization.
    pub(crate) record: OrganizationRecord,
    /// Its owner token, which is shown this once.
    pub(crate) owner: CreateTokenResponse,
}

/// Creates an organization and its owner token.
///
/// # Errors
/// [`Error::InvalidRequest`] if a field is wrong, [`Error::AlreadyExists`] if the id is taken.
pub(crate) async fn create(
    store: &dyn Store,
    catalogs: &Catalogs,
    request: CreateOrganizationRequest,
) -> Result<Created, Error> {
    let CreateOrganizationRequest { name, id } = request;
    organization::check(&name, id.as_deref())?;
    let organization = Organization::new(id.unwrap_or_else(new_id), name, now());
    let (token, new) = with_owner(organization, catalogs);
    let mut record = new.token.record.clone();
    let rule = |existing: &Option<Organization>| organization::may_create(existing.as_ref());
    record.serial = store.add_organization(new.clone(), Box::new(rule)).await?;
    tracing::info!(id = record.organization, "organization created");
    Ok(Created { record: new.organization.into(), owner: CreateTokenResponse { record, token } })
}

/// Returns a new id for an organization.
pub(super) fn new_id() -> String {
    format!("org_{}", random::id())
}

/// Makes an organization's first token: it has these scopes on this tenant.
pub(super) fn with_token(
    organization: Organization,
    name: &str,
    tenant: &str,
    scopes: ScopeSet,
) -> (OpaqueToken, NewOrganization) {
    let token = OpaqueToken::generate(TokenKind::Secret, random::fill).expect("secret tokens are opaque");
    let id = format!("tok_{}", random::id());
    let grants = vec![Grant { tenant: tenant.into(), scopes, resources: vec![] }];
    let (own, now) = (organization.id.clone(), organization.created_at);
    let new = NewToken::new(&token, id, name.into(), own, grants, now);
    (token, NewOrganization { organization, token: new })
}

/// Makes an organization's owner token, which administers it.
pub(super) fn with_owner(organization: Organization, catalogs: &Catalogs) -> (OpaqueToken, NewOrganization) {
    let own = organization.id.clone();
    with_token(organization, "Owner", &own, catalogs.all())
}

/// Returns a page of the organizations, oldest first. The cursor is the id of the last one before it.
///
/// # Errors
/// [`Error::InvalidRequest`] if the cursor is not one of this list.
pub(crate) async fn list(store: &dyn Store, limit: PageLimit, cursor: Option<&str>) -> Result<OrganizationPage, Error> {
    let after = match cursor {
        Some(id) => match store.organization(id).await? {
            Some(last) => Some(last),
            None => return Err(Error::InvalidRequest("The `cursor` is not one of this list.".into())),
        },
        None => None,
    };
    let limit = limit.get();
    let mut organizations = store.organizations(after, limit + 1).await?;
    let has_more = organizations.len() > limit;
    organizations.truncate(limit);
    let next_cursor = organizations.last().filter(|_| has_more).map(|last| last.id.clone());
    Ok(OrganizationPage {
        organizations: organizations.into_iter().map(OrganizationRecord::from).collect(),
        next_cursor,
    })
}

/// Returns the organization with this id.
///
/// # Errors
/// [`Error::NotFound`] if there is no such organization.
pub(crate) async fn find(store: &dyn Store, id: &str) -> Result<OrganizationRecord, Error> {
    Ok(store.organization(id).await?.ok_or(Error::NotFound)?.into())
}

/// Renames an organization.
///
/// # Errors
/// [`Error::InvalidRequest`] if the name is wrong, [`Error::NotFound`] if there is no such organization.
pub(crate) async fn rename(store: &dyn Store, id: &str, name: &str) -> Result<OrganizationRecord, Error> {
    organization::check(name, None)?;
    let rule = |existing: &Option<Organization>| organization::may_change(existing.as_ref());
    store.rename_organization(id, name, Box::new(rule)).await?;
    tracing::info!(id, "organization renamed");
    find(store, id).await
}

/// Changes how many active tokens of each kind an organization may have. Tokens that it has stay active.
///
/// # Errors
/// [`Error::NotFound`] if there is no such organization.
pub(crate) async fn set_limits(
    store: &dyn Store,
    id: &str,
    change: UpdateLimitsRequest,
) -> Result<OrganizationRecord, Error> {
    let rule = move |existing: &Option<Organization>| {
        organization::may_change(existing.as_ref())?;
        let limits = existing.as_ref().map(|organization| organization.limits).unwrap_or_default();
        Ok(organization::changed_limits(limits, change))
    };
    store.set_limits(id, Box::new(rule)).await?;
    tracing::info!(id, "limits of an organization set");
    find(store, id).await
}

/// Suspends an organization: until it is resumed, its tokens and all that was made from them are refused. Idempotent.
///
/// # Errors
/// [`Error::NotFound`] if there is no such organization, [`Error::InvalidRequest`] if it was revoked or may administer
/// the service.
pub(crate) async fn suspend(store: &dyn Store, id: &str) -> Result<OrganizationRecord, Error> {
    let rule = |existing: &Option<Organization>| organization::suspension(existing.as_ref());
    store.change_suspension(id, now(), Box::new(rule)).await?;
    tracing::info!(id, "organization suspended");
    find(store, id).await
}

/// Ends the suspension of an organization. What was revoked meanwhile stays revoked. Idempotent.
///
/// # Errors
/// [`Error::NotFound`] if there is no such organization, [`Error::InvalidRequest`] if it was revoked.
pub(crate) async fn resume(store: &dyn Store, id: &str) -> Result<OrganizationRecord, Error> {
    let rule = |existing: &Option<Organization>| organization::resumption(existing.as_ref());
    store.change_suspension(id, now(), Box::new(rule)).await?;
    tracing::info!(id, "organization resumed");
    find(store, id).await
}
