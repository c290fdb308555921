//! The organizations, and what a store gets at its first start.

use daypass::api::{OrganizationLimits, RevocationTarget};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::notes::note;
use super::super::{Bootstrap, Bootstrapped, NewOrganization, Rule};
use super::{Failure, keys, revocations, tokens, unreadable};
use crate::domain::audit::change;
use crate::domain::organization::Organization;

const ORGANIZATION: &str = "
    SELECT id, name, is_operator, created_at, issued_before, suspended_at, revoked_at, limits,
        revoked_up_to
    FROM organization";

pub(super) fn page(
    connection: &Connection,
    after: Option<&Organization>,
    most: usize,
) -> Result<Vec<Organization>, Failure> {
    let page = format!("{ORGANIZATION} WHERE (created_at, id) > (?1, ?2) ORDER BY created_at, id LIMIT ?3");
    let mut page = connection.prepare_cached(&page)?;
    let (created_at, id) = after.map_or((None, ""), |last| (Some(last.created_at), &*last.id));
    // Every number is greater than -1.
    let created_at = created_at.map_or(-1, u64::cast_signed);
    let rows = page.query_map(params![created_at, id, most], organization)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn find(connection: &Connection, id: &str) -> Result<Option<Organization>, Failure> {
    let mut find = connection.prepare_cached(&format!("{ORGANIZATION} WHERE id = ?1"))?;
    Ok(find.query_row([id], organization).optional()?)
}

pub(super) fn first(connection: &Connection) -> Result<Option<String>, Failure> {
    let first = "SELECT id FROM organization WHERE NOT is_operator ORDER BY created_at, id LIMIT 1";
    Ok(connection.prepare_cached(first)?.query_row([], |row| row.get(0)).optional()?)
}

/// Whether this organization may administer the service, and no other one that is not revoked.
pub(super) fn is_last_operator(connection: &Connection, id: &str) -> Result<bool, Failure> {
    let operators = "SELECT count(*) FILTER (WHERE id = ?1) = 1 AND count(*) = 1
        FROM organization WHERE is_operator AND revoked_at IS NULL";
    Ok(connection.prepare_cached(operators)?.query_row([id], |row| row.get(0))?)
}

pub(super) fn bootstrap(transaction: &Transaction<'_>, bootstrap: &Bootstrap) -> Result<Bootstrapped, Failure> {
    let Bootstrap { first, operator, key } = bootstrap;
    let earlier = self::first(transaction)?;
    if earlier.is_none() {
        insert(transaction, first)?;
        keys::insert(transaction, key)?;
    }
    let has_operator = "SELECT EXISTS (SELECT 1 FROM organization WHERE is_operator)";
    let has_operator: bool = transaction.query_row(has_operator, [], |row| row.get(0))?;
    if !has_operator {
        insert(transaction, operator)?;
    }
    Ok(Bootstrapped {
        is_first_new: earlier.is_none(),
        is_operator_new: !has_operator,
        organization: earlier.unwrap_or_else(|| first.organization.id.clone()),
    })
}

pub(super) fn add(
    transaction: &Transaction<'_>,
    new: &NewOrganization,
    rule: &Rule<Option<Organization>>,
) -> Result<u64, Failure> {
    rule(&find(transaction, &new.organization.id)?)?;
    insert(transaction, new)
}

pub(super) fn rename(
    transaction: &Transaction<'_>,
    id: &str,
    name: &str,
    rule: &Rule<Option<Organization>>,
) -> Result<(), Failure> {
    let before = find(transaction, id)?;
    rule(&before)?;
    transaction.prepare_cached("UPDATE organization SET name = ?2 WHERE id = ?1")?.execute([id, name])?;
    before.iter().for_each(|before| note(change::organization_renamed(before, name)));
    Ok(())
}

pub(super) fn set_limits(
    transaction: &Transaction<'_>,
    id: &str,
    rule: &Rule<Option<Organization>, OrganizationLimits>,
) -> Result<(), Failure> {
    let before = find(transaction, id)?;
    let limits = rule(&before)?;
    let json = tokens::to_json(&limits)?;
    transaction.prepare_cached("UPDATE organization SET limits = ?2 WHERE id = ?1")?.execute([id, &json])?;
    before.iter().for_each(|before| note(change::limits_set(before, &limits)));
    Ok(())
}

pub(super) fn change_suspension(
    transaction: &Transaction<'_>,
    id: &str,
    at: u64,
    rule: &Rule<Option<Organization>, Option<RevocationTarget>>,
) -> Result<(), Failure> {
    let Some(entry) = rule(&find(transaction, id)?)? else { return Ok(()) };
    transaction
        .prepare_cached("DELETE FROM revocation WHERE level IN ('suspended', 'resumed') AND name = ?1")?
        .execute([id])?;
    revocations::enter(transaction, Some(id), &entry, at)
}

/// Adds an organization and its token, and returns the token's number.
fn insert(transaction: &Transaction<'_>, new: &NewOrganization) -> Result<u64, Failure> {
    let Organization { id, name, is_operator, created_at, .. } = &new.organization;
    transaction
        .prepare_cached("INSERT INTO organization (id, name, is_operator, created_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, name, is_operator, created_at])?;
    note(change::organization_added(&new.organization));
    tokens::insert(transaction, &new.token, None)
}

/// The organization in a row of [`ORGANIZATION`].
fn organization(row: &Row<'_>) -> rusqlite::Result<Organization> {
    Ok(Organization {
        id: row.get(0)?,
        name: row.get(1)?,
        is_operator: row.get(2)?,
        created_at: row.get(3)?,
        issued_before: row.get(4)?,
        revoked_up_to: row.get(8)?,
        suspended_at: row.get(5)?,
        revoked_at: row.get(6)?,
        limits: match row.get_ref(7)?.as_str_or_null()? {
            Some(json) => serde_json::from_str(json).map_err(|cause| unreadable(7, cause))?,
            None => OrganizationLimits::default(),
        },
    })
}
