//! The product's scopes, and the tokens that hold them.

use daypass::Catalog;
use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;

use super::super::Rule;
use super::sql::{execute, find as find_row, number, row, rows, signed};
use super::{Failure, listener, tokens};
use crate::domain::catalog_change::{self, StoredCatalog, TokenGrants};

const ACTIVE_GRANTS: &str = "
    SELECT number, grants FROM record
    WHERE number > $1 AND kind <> 'bundle' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
    ORDER BY number LIMIT $3";

pub(super) async fn find(client: &impl GenericClient) -> Result<Option<StoredCatalog>, Failure> {
    find_row(client, "SELECT version, json FROM catalog", &[]).await?.map(|row| stored(&row)).transpose()
}

/// Returns the catalogue's version; 0 without one.
pub(super) async fn version(client: &impl GenericClient) -> Result<u64, Failure> {
    number(&row(client, "SELECT coalesce(max(version), 0) AS version FROM catalog", &[]).await?, "version")
}

/// Sets the catalogue. Of two transactions that add the first one, the later finds the other's at its next attempt.
pub(super) async fn set(
    transaction: &Transaction<'_>,
    rule: &Rule<Option<StoredCatalog>, Option<Catalog>>,
) -> Result<bool, Failure> {
    let before = find_row(transaction, "SELECT version, json FROM catalog FOR UPDATE", &[]).await?;
    let before = before.map(|row| stored(&row)).transpose()?;
    let Some(new) = rule(&before)? else { return Ok(false) };
    let write = match before {
        Some(_) => "UPDATE catalog SET version = $1, json = $2",
        None => "INSERT INTO catalog (version, json) VALUES ($1, $2)",
    };
    let version = signed(catalog_change::version(before.as_ref()) + 1)?;
    let json = serde_json::to_string(&new).map_err(Failure::value)?;
    execute(transaction, write, &[&version, &json]).await?;
    listener::notify(transaction).await?;
    Ok(true)
}

pub(super) async fn active_grants(
    client: &impl GenericClient,
    after: u64,
    most: usize,
    now: u64,
) -> Result<Vec<TokenGrants>, Failure> {
    let most = i64::try_from(most).map_err(Failure::value)?;
    let rows = rows(client, ACTIVE_GRANTS, &[&signed(after)?, &signed(now)?, &most]).await?;
    rows.iter()
        .map(|row| Ok(TokenGrants { serial: number(row, "number")?, grants: tokens::from_json(row, "grants")? }))
        .collect()
}

fn stored(row: &Row) -> Result<StoredCatalog, Failure> {
    Ok(StoredCatalog { version: number(row, "version")?, catalog: tokens::from_json(row, "json")? })
}
