//! The product's scopes, and the tokens that hold them.

use daypass::Catalog;
use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;

use super::super::notes::note;
use super::super::{GrantsSlice, Rule};
use super::sql::{execute, find as find_row, number, row, rows, signed};
use super::{Failure, listener, tokens};
use crate::domain::audit::change;
use crate::domain::catalog_change::{self, StoredCatalog, TokenGrants};

/// Returns the statement that reads a page of so many tokens at most.
///
/// The page is taken from an index that has no bundle references, and tokens that are not active count for it. The number
/// is in the text, so that the planner knows that the page is small.
pub(super) fn active_grants_statement(most: usize) -> String {
    format!(
        "SELECT record.number,
            CASE WHEN revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) THEN grants END AS grants
        FROM (
            SELECT number FROM token WHERE number > $1 AND kind <> 'bundle' ORDER BY number LIMIT {most}
        ) AS page
        JOIN record ON record.number = page.number
        ORDER BY record.number"
    )
}

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
    let version = catalog_change::version(before.as_ref()) + 1;
    let json = serde_json::to_string(&new).map_err(Failure::value)?;
    execute(transaction, write, &[&signed(version)?, &json]).await?;
    note(change::catalog_set(before.map(|before| before.catalog).as_ref(), &new, version));
    listener::notify(transaction).await?;
    Ok(true)
}

pub(super) async fn active_grants(
    client: &impl GenericClient,
    after: u64,
    most: usize,
    now: u64,
) -> Result<GrantsSlice, Failure> {
    let rows = rows(client, &active_grants_statement(most), &[&signed(after)?, &signed(now)?]).await?;
    let next = match rows.last() {
        Some(last) if rows.len() == most => Some(number(last, "number")?),
        _ => None,
    };
    let active = rows.iter().filter_map(|row| match row.try_get::<_, Option<&str>>("grants") {
        Ok(None) => None,
        _ => Some(token_grants(row)),
    });
    Ok(GrantsSlice { grants: active.collect::<Result<_, _>>()?, next })
}

fn token_grants(row: &Row) -> Result<TokenGrants, Failure> {
    Ok(TokenGrants { serial: number(row, "number")?, grants: tokens::from_json(row, "grants")? })
}

fn stored(row: &Row) -> Result<StoredCatalog, Failure> {
    Ok(StoredCatalog { version: number(row, "version")?, catalog: tokens::from_json(row, "json")? })
}
