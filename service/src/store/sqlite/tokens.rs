//! Tokens, and the bundles that some of them stand for.

use daypass::TokenKind;
use daypass::api::TokenRecord;
use daypass::verify::TokenHash;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{Rule, TokenSelector};
use super::{Failure, organizations, unreadable};
use crate::domain::bundle::{NewBundle, StoredBundle};
use crate::domain::token::{AddFacts, NewToken, TokenState};

/// A token as a record. The view has revocations of every level.
const RECORD: &str = "
    SELECT id, kind, name, organization, grants, origins, created_at, expires_at, revoked_at, last_chars, number, parent
    FROM record";

pub(super) fn token(connection: &Connection, selector: &TokenSelector) -> Result<Option<TokenRecord>, Failure> {
    let find = |condition, parameters: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(&format!("{RECORD} {condition}"))?.query_row(parameters, record).optional()
    };
    Ok(match selector {
        TokenSelector::Hash(hash) => find("WHERE hash = ?1", &[hash.as_bytes()])?,
        TokenSelector::Serial(number) => find("WHERE number = ?1", &[number])?,
        TokenSelector::Id { organization, id } => {
            find("WHERE organization = ?1 AND id = ?2 ORDER BY number DESC LIMIT 1", &[organization, id])?
        }
    })
}

pub(super) fn tokens(
    connection: &Connection,
    organization: &str,
    kind: Option<TokenKind>,
) -> Result<Vec<TokenRecord>, Failure> {
    let newest_first = format!(
        "{RECORD} WHERE organization = ?1 AND iif(?2 IS NULL, kind <> 'bundle', kind = ?2) ORDER BY number DESC"
    );
    let mut tokens = connection.prepare_cached(&newest_first)?;
    let rows = tokens.query_map(params![organization, kind.map(TokenKind::as_str)], record)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn add(transaction: &Transaction<'_>, new: &NewToken, rule: &Rule<AddFacts>) -> Result<u64, Failure> {
    rule(&add_facts(transaction, &new.record)?)?;
    insert(transaction, new)
}

fn add_facts(transaction: &Transaction<'_>, new: &TokenRecord) -> Result<AddFacts, Failure> {
    let organization = organizations::find(transaction, &new.organization)?;
    let active = "SELECT count(*) FILTER (WHERE id = :id), count(*) FILTER (WHERE kind = :kind) FROM record
        WHERE organization = :organization AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)";
    let parameters = named_params! {
        ":id": new.id,
        ":kind": new.kind.as_str(),
        ":organization": new.organization,
        ":now": new.created_at,
    };
    Ok(transaction.prepare_cached(active)?.query_row(parameters, |row| {
        Ok(AddFacts { organization, active_of_id: row.get(0)?, active_of_kind: row.get(1)? })
    })?)
}

/// The number and the state of the token with this hash.
pub(super) fn state(transaction: &Transaction<'_>, hash: TokenHash) -> Result<Option<(u64, TokenState)>, Failure> {
    let state = "SELECT number, expires_at, revoked_at FROM record WHERE hash = ?1";
    let row = transaction.prepare_cached(state)?.query_row([hash.as_bytes()], |row| {
        Ok((row.get(0)?, TokenState { expires_at: row.get(1)?, revoked_at: row.get(2)? }))
    });
    Ok(row.optional()?)
}

pub(super) fn add_bundle(
    transaction: &Transaction<'_>,
    new: &NewBundle,
    delete_before: u64,
    rule: &Rule<Option<TokenState>>,
) -> Result<(), Failure> {
    let (parent, parent_state) = state(transaction, new.parent)?.unzip();
    rule(&parent_state)?;
    transaction
        .prepare_cached("DELETE FROM token WHERE kind = 'bundle' AND expires_at < ?1")?
        .execute([delete_before])?;
    let number = insert(transaction, &new.token)?;
    transaction
        .prepare_cached("INSERT INTO bundle (token, parent, parameters) VALUES (?1, ?2, ?3)")?
        .execute(params![number, parent, new.parameters])?;
    Ok(())
}

pub(super) fn bundle(connection: &Connection, reference: TokenHash) -> Result<Option<StoredBundle>, Failure> {
    let bundle = "SELECT parent.id, bundle.parameters FROM token JOIN bundle ON bundle.token = token.number
        JOIN token AS parent ON parent.number = bundle.parent WHERE token.hash = ?1";
    let row = connection
        .prepare_cached(bundle)?
        .query_row([reference.as_bytes()], |row| Ok(StoredBundle { parent: row.get(0)?, parameters: row.get(1)? }));
    Ok(row.optional()?)
}

/// Adds the row of a new token, and returns its number.
pub(super) fn insert(transaction: &Transaction<'_>, new: &NewToken) -> Result<u64, Failure> {
    let NewToken { record, hash } = new;
    let insert = "INSERT INTO token
        (hash, organization, id, kind, name, grants, origins, last_chars, created_at, expires_at, revoked_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    transaction.prepare_cached(insert)?.execute(params![
        hash.as_bytes(),
        record.organization,
        record.id,
        record.kind.as_str(),
        record.name,
        to_json(&record.grants)?,
        to_json(&record.origins)?,
        record.last_chars,
        record.created_at,
        record.expires_at,
        record.revoked_at,
    ])?;
    // SQLite numbers from 1.
    Ok(transaction.last_insert_rowid().unsigned_abs())
}

/// The record in a row of [`RECORD`].
fn record(row: &Row<'_>) -> rusqlite::Result<TokenRecord> {
    Ok(TokenRecord {
        id: row.get(0)?,
        serial: row.get(10)?,
        root_serial: row.get(11)?,
        kind: row.get::<_, String>(1)?.parse().map_err(|cause| unreadable(1, cause))?,
        name: row.get(2)?,
        organization: row.get(3)?,
        grants: from_json(row, 4)?,
        origins: from_json(row, 5)?,
        created_at: row.get(6)?,
        expires_at: row.get(7)?,
        revoked_at: row.get(8)?,
        last_chars: row.get(9)?,
    })
}

fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|cause| rusqlite::Error::ToSqlConversionFailure(cause.into()))
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|cause| unreadable(column, cause))
}
