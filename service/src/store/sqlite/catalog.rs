//! The product's scopes, and the tokens that hold them.

use daypass::Catalog;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::Rule;
use super::{Failure, tokens, unreadable};
use crate::domain::catalog_change::{self, StoredCatalog, TokenGrants};

const ACTIVE_GRANTS: &str = "
    SELECT number, grants FROM record
    WHERE number > ?1 AND kind <> 'bundle' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)
    ORDER BY number LIMIT ?3";

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
    Ok(true)
}

pub(super) fn active_grants(
    connection: &Connection,
    after: u64,
    most: usize,
    now: u64,
) -> Result<Vec<TokenGrants>, Failure> {
    let mut grants = connection.prepare_cached(ACTIVE_GRANTS)?;
    let rows = grants.query_map(params![after, now, most], token_grants)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredCatalog> {
    let catalog = serde_json::from_str(row.get_ref(1)?.as_str()?).map_err(|cause| unreadable(1, cause))?;
    Ok(StoredCatalog { version: row.get(0)?, catalog })
}

fn token_grants(row: &Row<'_>) -> rusqlite::Result<TokenGrants> {
    let grants = serde_json::from_str(row.get_ref(1)?.as_str()?).map_err(|cause| unreadable(1, cause))?;
    Ok(TokenGrants { serial: row.get(0)?, grants })
}
