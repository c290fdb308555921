//! The organizations, and what a new store gets first.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::Bootstrap;
use super::{Failure, keys, tokens};
use crate::domain::organization::Organization;

const ORGANIZATION: &str = "SELECT id, created_at, issued_before, revoked_at FROM organization";

pub(super) fn organizations(connection: &Connection) -> Result<Vec<Organization>, Failure> {
    let mut organizations = connection.prepare_cached(&format!("{ORGANIZATION} ORDER BY created_at, id"))?;
    let rows = organizations.query_map([], organization)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn find(connection: &Connection, id: &str) -> Result<Option<Organization>, Failure> {
    let mut find = connection.prepare_cached(&format!("{ORGANIZATION} WHERE id = ?1"))?;
    Ok(find.query_row([id], organization).optional()?)
}

pub(super) fn first(connection: &Connection) -> Result<Option<String>, Failure> {
    let first = "SELECT id FROM organization ORDER BY created_at, id LIMIT 1";
    Ok(connection.prepare_cached(first)?.query_row([], |row| row.get(0)).optional()?)
}

pub(super) fn bootstrap(transaction: &Transaction<'_>, bootstrap: &Bootstrap) -> Result<String, Failure> {
    if let Some(earlier) = first(transaction)? {
        return Ok(earlier);
    }
    let Bootstrap { organization, admin, key, now } = bootstrap;
    transaction.execute("INSERT INTO organization (id, created_at) VALUES (?1, ?2)", params![organization, now])?;
    keys::insert(transaction, key)?;
    tokens::insert(transaction, admin)?;
    Ok(organization.clone())
}

/// The organization in a row of [`ORGANIZATION`].
fn organization(row: &Row<'_>) -> rusqlite::Result<Organization> {
    Ok(Organization { id: row.get(0)?, created_at: row.get(1)?, issued_before: row.get(2)?, revoked_at: row.get(3)? })
}
