//! The organizations.

use rusqlite::Connection;

use super::Failure;
use crate::store::StoredOrganization;

pub(in crate::store) fn organizations(connection: &Connection) -> Result<Vec<StoredOrganization>, Failure> {
    let oldest_first = "SELECT id, created_at, issued_before, revoked_at FROM organization ORDER BY created_at, id";
    let mut organizations = connection.prepare_cached(oldest_first)?;
    let rows = organizations.query_map([], |row| {
        Ok(StoredOrganization {
            id: row.get(0)?,
            created_at: row.get(1)?,
            issued_before: row.get(2)?,
            revoked_at: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
