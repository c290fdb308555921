//! The product's scopes, and the tokens that hold them.

use daypass::Catalog;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::notes::note;
use super::super::{GrantsSlice, Rule};
use super::{Failure, tokens, unreadable};
use crate::domain::audit::change;
use crate::domain::catalog_change::{self, StoredCatalog, TokenGrants};

/// The page is taken from an index that has no bundle references, and tokens that are not active count for it.
const ACTIVE_GRANTS: &str = "
    SELECT record.number,
        iif(revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2), grants, NULL)
    FROM (
        SELECT number FROM token INDEXED BY token_by_number
        WHERE number > ?1 AND kind <> 'bundle' ORDER BY number LIMIT ?3
    ) AS page
    JOIN record ON record.number = page.number
    ORDER BY record.number";

pub(super) fn find(connection: &Connection) -> Result<Option<StoredCatalog>, Failure> {
    let mut find = connection.prepare_cached("SELECT version, json FROM catalog")?;
    Ok(find.query_row([], stored).optional()?)
}

/// Returns the catalogue's version; 0 without one.
pub(super) fn version(connection: &Connection) -> Result<u64, Failure> {
    let version = "SELECT coalesce(max(version), 0) FROM catalog";
    Ok(connection.prepare_cached(version)?.query_row([], |row| row.get(0))?)
}

pub(super) fn set(
    transaction: &Transaction<'_>,
    rule: &Rule<Option<StoredCatalog>, Option<Catalog>>,
) -> Result<bool, Failure> {
    let before = find(transaction)?;
    let Some(new) = rule(&before)? else { return Ok(false) };
    let replace = "INSERT OR REPLACE INTO catalog (is_only, version, json) VALUES (1, ?1, ?2)";
    let version = catalog_change::version(before.as_ref()) + 1;
    transaction.execute(replace, params![version, tokens::to_json(&new)?])?;
    note(change::catalog_set(before.map(|before| before.catalog).as_ref(), &new, version));
    Ok(true)
}

pub(super) fn active_grants(
    connection: &Connection,
    after: u64,
    most: usize,
    now: u64,
) -> Result<GrantsSlice, Failure> {
    let mut active = connection.prepare_cached(ACTIVE_GRANTS)?;
    let mut rows = active.query(params![after, now, most])?;
    let (mut grants, mut last, mut count) = (vec![], after, 0);
    while let Some(row) = rows.next()? {
        (last, count) = (row.get(0)?, count + 1);
        if let Some(json) = row.get_ref(1)?.as_str_or_null().map_err(rusqlite::Error::from)? {
            let grants_of_token = serde_json::from_str(json).map_err(|cause| unreadable(1, cause))?;
            grants.push(TokenGrants { serial: last, grants: grants_of_token });
        }
    }
    Ok(GrantsSlice { grants, next: (count == most).then_some(last) })
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredCatalog> {
    let catalog = serde_json::from_str(row.get_ref(1)?.as_str()?).map_err(|cause| unreadable(1, cause))?;
    Ok(StoredCatalog { version: row.get(0)?, catalog })
}
