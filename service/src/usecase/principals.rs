//! Adds, lists, finds, edits and removes principals, to which tokens belong.

use daypass::api::{
    CreatePrincipalRequest, PrincipalKind, PrincipalPage, PrincipalRecord, Role, TokenRecord, UpdatePrincipalRequest,
};
use daypass::{Error, TokenKind};

use super::clock::now;
use crate::crypto::random;
use crate::domain::catalogs::Catalogs;
use crate::domain::page_limit::PageLimit;
use crate::domain::principal::{self, Actor};
use crate::domain::principal_edit::{self, MOST_REVOKED, OwnedToken, TokenRange};
use crate::domain::token::TokenStatus;
use crate::domain::token_list::{TokenFilter, TokenList};
use crate::domain::versions::Versions;
use crate::store::{Store, TokenSlice};

/// Adds a principal to an organization.
///
/// # Errors
/// When a field is wrong, and those of [`principal::may_add`].
pub(crate) async fn add(
    store: &dyn Store,
    actor: Actor,
    organization: &str,
    request: CreatePrincipalRequest,
) -> Result<PrincipalRecord, Error> {
    let new = principal::new(request, organization, &random::id(), &actor, now())?;
    let rule = {
        let new = new.clone();
        move |facts: &_| principal::may_add(&new, &actor, facts)
    };
    store.add_principal(new.clone(), Box::new(rule)).await?;
    tracing::info!(id = new.id, kind = %new.kind, organization, "principal added");
    Ok(new.into())
}

/// Returns a page of an organization's principals, oldest first. The cursor is the id of the last one before it.
///
/// # Errors
/// [`Error::NotFound`] if there is no such organization, [`Error::InvalidRequest`] if the cursor is not one of this list.
pub(crate) async fn list(
    store: &dyn Store,
    organization: &str,
    kind: Option<PrincipalKind>,
    limit: PageLimit,
    cursor: Option<&str>,
) -> Result<PrincipalPage, Error> {
    store.organization(organization).await?.ok_or(Error::NotFound)?;
    let after = match cursor {
        Some(id) => match store.principal(organization, id).await? {
            Some(last) => last.number,
            None => return Err(Error::InvalidRequest("The `cursor` is not one of this list.".into())),
        },
        None => 0,
    };
    let limit = limit.get();
    let mut principals = store.principals(organization, kind, after, limit + 1).await?;
    let has_more = principals.len() > limit;
    principals.truncate(limit);
    let next_cursor = principals.last().filter(|_| has_more).map(|last| last.id.clone());
    Ok(PrincipalPage { principals: principals.into_iter().map(PrincipalRecord::from).collect(), next_cursor })
}

/// Returns the principal with this id, also if it was removed.
///
/// # Errors
/// [`Error::NotFound`] if the organization has no such principal.
pub(crate) async fn find(store: &dyn Store, organization: &str, id: &str) -> Result<PrincipalRecord, Error> {
    Ok(store.principal(organization, id).await?.ok_or(Error::NotFound)?.into())
}

/// Edits a principal, if it has one of these versions.
///
/// A lower role of a user with very many tokens takes several transactions, of which the last one changes the role.
///
/// # Errors
/// Those of [`principal_edit::check`] and [`principal_edit::edit`].
pub(crate) async fn edit(
    store: &dyn Store,
    catalogs: &Catalogs,
    actor: Actor,
    organization: &str,
    id: &str,
    request: UpdatePrincipalRequest,
    versions: Versions,
) -> Result<PrincipalRecord, Error> {
    let change = principal_edit::check(request)?;
    let mut range = TokenRange { after: 0, most: MOST_REVOKED };
    loop {
        let rule = {
            let (change, versions) = (change.clone(), versions.clone());
            let (actor, catalogs) = (actor.clone(), catalogs.clone());
            move |facts: &_| principal_edit::edit(facts, &change, &versions, &actor, &catalogs, MOST_REVOKED)
        };
        let edited = store.edit_principal(organization, id, actor.user(), range, now(), Box::new(rule)).await?;
        match edited {
            (_, Some(looked_at)) => range.after = looked_at,
            (principal, None) => {
                tracing::info!(id, organization, version = principal.version, "principal edited");
                return Ok(principal.into());
            }
        }
    }
}

/// Removes a principal, and revokes its tokens. Permanent and idempotent.
///
/// A principal with very many tokens takes several transactions, of which the last one removes it: what failed before that
/// is completed by another call.
///
/// # Errors
/// Those of [`principal_edit::remove`].
pub(crate) async fn remove(
    store: &dyn Store,
    actor: Actor,
    organization: &str,
    id: &str,
) -> Result<PrincipalRecord, Error> {
    loop {
        let rule = {
            let actor = actor.clone();
            move |facts: &_| principal_edit::remove(facts, &actor, MOST_REVOKED)
        };
        let (acting, most) = (actor.user(), MOST_REVOKED);
        let principal = store.remove_principal(organization, id, acting, now(), most, Box::new(rule)).await?;
        if principal.removed_at.is_some() {
            tracing::info!(id, organization, "principal removed");
            return Ok(principal.into());
        }
    }
}

/// Counts the active tokens that end with a principal, by kind.
pub(crate) async fn count_owned(
    store: &dyn Store,
    organization: &str,
    id: &str,
) -> Result<Vec<(TokenKind, u64)>, Error> {
    store.count_owned(organization, id, now()).await
}

/// Counts the active tokens of a user that grant more than this role may keep.
pub(crate) async fn count_exceeding(
    store: &dyn Store,
    catalogs: &Catalogs,
    organization: &str,
    id: &str,
    role: Role,
) -> Result<usize, Error> {
    let filter =
        TokenFilter { status: Some(TokenStatus::Active), owner: Some(id.to_owned()), ..TokenFilter::default() };
    let list = TokenList { filter, limit: PageLimit::at_most(usize::MAX), cursor: None };
    let (mut query, mut count) = (list.query(now()), 0);
    loop {
        let TokenSlice { tokens, next } = store.token_page(organization, query.clone()).await?;
        let tokens = tokens.into_iter().map(|token| {
            let TokenRecord { serial, kind, grants, .. } = token;
            OwnedToken { serial, kind, grants }
        });
        count += principal_edit::exceeding(&tokens.collect::<Vec<_>>(), role, catalogs).len();
        query.before = next;
        if query.before.is_none() {
            return Ok(count);
        }
    }
}
