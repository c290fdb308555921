//! The organizations, and what a store gets at its first start.

use daypass::api::{OrganizationLimits, RevocationTarget};
use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;

use super::super::notes::note;
use super::super::{Bootstrap, Bootstrapped, NewOrganization, Rule};
use super::sql::{execute, find as find_row, number, number_option, row, rows, signed};
use super::{Failure, feed, keys, tokens};
use crate::domain::audit::change;
use crate::domain::organization::Organization;

const ORGANIZATION: &str = "
    SELECT id, name, is_operator, created_at, issued_before, suspended_at, revoked_at, limits,
        revoked_up_to
    FROM organization";

pub(super) async fn page(
    client: &impl GenericClient,
    after: Option<&Organization>,
    most: usize,
) -> Result<Vec<Organization>, Failure> {
    let page = format!("{ORGANIZATION} WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3");
    // Every time is later than -1.
    let (created_at, id) = match after {
        Some(last) => (signed(last.created_at)?, &*last.id),
        None => (-1, ""),
    };
    let most = i64::try_from(most).map_err(Failure::value)?;
    rows(client, &page, &[&created_at, &id, &most]).await?.iter().map(organization).collect()
}

pub(super) async fn find(client: &impl GenericClient, id: &str) -> Result<Option<Organization>, Failure> {
    let find = format!("{ORGANIZATION} WHERE id = $1");
    find_row(client, &find, &[&id]).await?.map(|row| organization(&row)).transpose()
}

/// Finds an organization, and excludes other changes of it, and additions of its tokens.
pub(super) async fn find_locked(transaction: &impl GenericClient, id: &str) -> Result<Option<Organization>, Failure> {
    let find = format!("{ORGANIZATION} WHERE id = $1 FOR NO KEY UPDATE");
    find_row(transaction, &find, &[&id]).await?.map(|row| organization(&row)).transpose()
}

pub(super) async fn first(client: &impl GenericClient) -> Result<Option<String>, Failure> {
    let first = "SELECT id FROM organization WHERE NOT is_operator ORDER BY created_at, id LIMIT 1";
    Ok(find_row(client, first, &[]).await?.map(|row| row.try_get("id")).transpose()?)
}

/// Whether this organization may administer the service, and no other one that is not revoked. The lock of the feed
/// excludes other revocations.
pub(super) async fn is_last_operator(transaction: &impl GenericClient, id: &str) -> Result<bool, Failure> {
    let operators = "SELECT count(*) FILTER (WHERE id = $1) = 1 AND count(*) = 1 AS is_last
        FROM organization WHERE is_operator AND revoked_at IS NULL";
    Ok(row(transaction, operators, &[&id]).await?.try_get("is_last")?)
}

pub(super) async fn bootstrap(transaction: &Transaction<'_>, bootstrap: &Bootstrap) -> Result<Bootstrapped, Failure> {
    let Bootstrap { first, operator, key } = bootstrap;
    // Of several nodes that start on an empty store, one writes.
    feed::lock(transaction).await?;
    let earlier = self::first(transaction).await?;
    if earlier.is_none() {
        insert(transaction, first).await?;
        keys::insert(transaction, key).await?;
    }
    let has_operator = "SELECT EXISTS (SELECT 1 FROM organization WHERE is_operator) AS has_operator";
    let has_operator: bool = row(transaction, has_operator, &[]).await?.try_get("has_operator")?;
    if !has_operator {
        insert(transaction, operator).await?;
    }
    Ok(Bootstrapped {
        is_first_new: earlier.is_none(),
        is_operator_new: !has_operator,
        organization: earlier.unwrap_or_else(|| first.organization.id.clone()),
    })
}

/// Adds an organization. If another transaction adds one with its id first, the next attempt finds that.
pub(super) async fn add(
    transaction: &impl GenericClient,
    new: &NewOrganization,
    rule: &Rule<Option<Organization>>,
) -> Result<u64, Failure> {
    rule(&find(transaction, &new.organization.id).await?)?;
    insert(transaction, new).await
}

pub(super) async fn rename(
    transaction: &impl GenericClient,
    id: &str,
    name: &str,
    rule: &Rule<Option<Organization>>,
) -> Result<(), Failure> {
    let before = find_locked(transaction, id).await?;
    rule(&before)?;
    execute(transaction, "UPDATE organization SET name = $2 WHERE id = $1", &[&id, &name]).await?;
    before.iter().for_each(|before| note(change::organization_renamed(before, name)));
    Ok(())
}

pub(super) async fn set_limits(
    transaction: &Transaction<'_>,
    id: &str,
    rule: &Rule<Option<Organization>, OrganizationLimits>,
) -> Result<(), Failure> {
    let before = find_locked(transaction, id).await?;
    let limits = rule(&before)?;
    let json = serde_json::to_string(&limits).map_err(Failure::value)?;
    execute(transaction, "UPDATE organization SET limits = $2 WHERE id = $1", &[&id, &json]).await?;
    before.iter().for_each(|before| note(change::limits_set(before, &limits)));
    Ok(())
}

pub(super) async fn change_suspension(
    transaction: &Transaction<'_>,
    id: &str,
    at: u64,
    rule: &Rule<Option<Organization>, Option<RevocationTarget>>,
) -> Result<(), Failure> {
    feed::lock(transaction).await?;
    let Some(entry) = rule(&find_locked(transaction, id).await?)? else { return Ok(()) };
    let delete = "DELETE FROM revocation WHERE level IN ('suspended', 'resumed') AND name = $1";
    execute(transaction, delete, &[&id]).await?;
    feed::enter(transaction, Some(id), &[entry], at).await
}

/// Adds an organization and its token, and returns the token's number.
async fn insert(transaction: &impl GenericClient, new: &NewOrganization) -> Result<u64, Failure> {
    let Organization { id, name, is_operator, created_at, .. } = &new.organization;
    let insert = "INSERT INTO organization (id, name, is_operator, created_at) VALUES ($1, $2, $3, $4)";
    execute(transaction, insert, &[id, name, is_operator, &signed(*created_at)?]).await?;
    note(change::organization_added(&new.organization));
    tokens::insert(transaction, &new.token, None).await
}

/// The organization in a row of [`ORGANIZATION`].
fn organization(row: &Row) -> Result<Organization, Failure> {
    Ok(Organization {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        is_operator: row.try_get("is_operator")?,
        created_at: number(row, "created_at")?,
        issued_before: number_option(row, "issued_before")?,
        revoked_up_to: number_option(row, "revoked_up_to")?,
        suspended_at: number_option(row, "suspended_at")?,
        revoked_at: number_option(row, "revoked_at")?,
        limits: match row.try_get::<_, Option<&str>>("limits")? {
            Some(json) => serde_json::from_str(json).map_err(Failure::value)?,
            None => OrganizationLimits::default(),
        },
    })
}
