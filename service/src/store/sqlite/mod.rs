//! The operations of a [`Store`](super::Store) in SQL.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use daypass::wire::TokenRecord;
use daypass::{Denied, TokenHash, TokenKind};
use rusqlite::types::Type;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, named_params, params};
use rusqlite_migration::{M, Migrations};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Beginning, NewRecord, StoredBundle, StoredKey};

const MIGRATIONS: &[M<'static>] = &[M::up(include_str!("../../migrations/0001_begin.sql"))];

/// How long to wait for another process's transaction, such as the command line's.
const BUSY: Duration = Duration::from_secs(3);

/// How long bundle references are kept past their end, in seconds, so that their holders are told that they expired.
const KEEP: u64 = 86_400;

/// A token as a record. What was made from a revoked token is revoked.
const RECORD: &str = "
    SELECT token.id, token.kind, token.name, token.organization, token.grants, token.origins, token.created_at,
           token.expires_at, coalesce(token.revoked_at, parent.revoked_at), token.last_chars, token.number
    FROM token LEFT JOIN bundle ON bundle.token = token.number LEFT JOIN token AS parent ON parent.number = bundle.parent";

/// Why an operation did not succeed.
pub(super) enum Failure {
    /// It was refused.
    Refused(Denied),
    /// The database did not do its part.
    Database(rusqlite::Error),
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Failure {
        Failure::Refused(denied)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(cause: rusqlite::Error) -> Failure {
        Failure::Database(cause)
    }
}

/// Makes an empty file that only its owner can read, if there is none. SQLite gives the files beside it the same mode.
pub(super) fn create(path: &Path) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).with_context(|| format!("the store {} cannot be made", path.display()))
}

pub(super) fn open(path: &Path) -> anyhow::Result<Connection> {
    let open = || -> anyhow::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A write that was acknowledged survives a crash of the machine too.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // Whoever begins a transaction is the only writer until its end: what it checked stays true.
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
        Migrations::from_slice(MIGRATIONS).to_latest(&mut connection)?;
        Ok(connection)
    };
    // Of two processes that begin one store, one finds it locked or its tables just made: it then finds it ready.
    open().or_else(|_| open()).with_context(|| format!("the store {} cannot be opened", path.display()))
}

pub(super) fn organization(connection: &Connection) -> Result<Option<String>, Failure> {
    let first = "SELECT id FROM organization ORDER BY created_at, id LIMIT 1";
    Ok(connection.prepare_cached(first)?.query_row([], |row| row.get(0)).optional()?)
}

pub(super) fn begin(connection: &mut Connection, beginning: &Beginning) -> Result<String, Failure> {
    let transaction = connection.transaction()?;
    if let Some(earlier) = organization(&transaction)? {
        return Ok(earlier);
    }
    let Beginning { organization, admin, key, now } = beginning;
    transaction.execute("INSERT INTO organization (id, created_at) VALUES (?1, ?2)", params![organization, now])?;
    transaction.execute(
        "INSERT INTO signing_key (kid, pkcs8, created_at) VALUES (?1, ?2, ?3)",
        params![key.kid, key.pkcs8, now],
    )?;
    insert(&transaction, admin)?;
    transaction.commit()?;
    Ok(organization.clone())
}

pub(super) fn signing_keys(connection: &Connection) -> Result<Vec<StoredKey>, Failure> {
    let mut keys = connection.prepare_cached("SELECT kid, pkcs8 FROM signing_key ORDER BY created_at DESC, kid")?;
    let rows = keys.query_map([], |row| Ok(StoredKey { kid: row.get(0)?, pkcs8: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn add(connection: &mut Connection, new: &NewRecord, limit: Option<usize>) -> Result<u64, Failure> {
    let transaction = connection.transaction()?;
    let record = &new.record;
    let living = "SELECT count(*) FILTER (WHERE id = :id), count(*) FILTER (WHERE kind = :kind) FROM token
        WHERE organization = :organization AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)";
    let (same_id, same_kind): (usize, usize) = transaction.prepare_cached(living)?.query_row(
        named_params! {
            ":id": record.id,
            ":kind": record.kind.as_str(),
            ":organization": record.organization,
            ":now": record.created_at,
        },
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if same_id > 0 {
        return Err(Denied::AlreadyExists.into());
    }
    if let Some(limit) = limit.filter(|limit| same_kind >= *limit) {
        return Err(Denied::LimitReached(limit).into());
    }
    let serial = insert(&transaction, new)?;
    transaction.commit()?;
    Ok(serial)
}

pub(super) fn find(connection: &Connection, hash: TokenHash) -> Result<Option<TokenRecord>, Failure> {
    let mut find = connection.prepare_cached(&format!("{RECORD} WHERE token.hash = ?1"))?;
    Ok(find.query_row([hash.as_bytes()], record).optional()?)
}

pub(super) fn token(connection: &Connection, organization: &str, id: &str) -> Result<TokenRecord, Failure> {
    let newest = format!("{RECORD} WHERE token.organization = ?1 AND token.id = ?2 ORDER BY token.number DESC LIMIT 1");
    let found = connection.prepare_cached(&newest)?.query_row([organization, id], record).optional()?;
    Ok(found.ok_or(Denied::NotFound)?)
}

pub(super) fn tokens(
    connection: &Connection,
    organization: &str,
    kind: Option<TokenKind>,
) -> Result<Vec<TokenRecord>, Failure> {
    let newest_first = format!(
        "{RECORD} WHERE token.organization = ?1 AND iif(?2 IS NULL, token.kind <> 'bundle', token.kind = ?2)
         ORDER BY token.number DESC"
    );
    let mut tokens = connection.prepare_cached(&newest_first)?;
    let rows = tokens.query_map(params![organization, kind.map(TokenKind::as_str)], record)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn revoke(
    connection: &mut Connection,
    organization: &str,
    id: &str,
    now: u64,
) -> Result<TokenRecord, Failure> {
    let transaction = connection.transaction()?;
    // The first revocation counts: a second one changes nothing.
    let revoke = "UPDATE token SET revoked_at = ?3 WHERE revoked_at IS NULL
        AND number = (SELECT max(number) FROM token WHERE organization = ?1 AND id = ?2)";
    transaction.prepare_cached(revoke)?.execute(params![organization, id, now])?;
    let revoked = token(&transaction, organization, id)?;
    transaction.commit()?;
    Ok(revoked)
}

/// Whether a token with this id was revoked at this time or later. An id may be used again after a revocation: the earlier
/// token's is then no matter to what the later one minted.
pub(super) fn was_revoked(connection: &Connection, organization: &str, id: &str, since: u64) -> Result<bool, Failure> {
    let revoked = "SELECT EXISTS (SELECT 1 FROM token WHERE organization = ?1 AND id = ?2 AND revoked_at >= ?3)";
    Ok(connection.prepare_cached(revoked)?.query_row(params![organization, id, since], |row| row.get(0))?)
}

pub(super) fn must_live(connection: &mut Connection, hash: TokenHash, now: u64) -> Result<(), Failure> {
    let transaction = connection.transaction()?;
    living(&transaction, hash, now)?;
    Ok(transaction.commit()?)
}

pub(super) fn add_bundle(
    connection: &mut Connection,
    new: &NewRecord,
    parent: TokenHash,
    parameters: &[u8],
) -> Result<(), Failure> {
    let transaction = connection.transaction()?;
    let now = new.record.created_at;
    let parent = living(&transaction, parent, now)?;
    transaction
        .prepare_cached("DELETE FROM token WHERE kind = 'bundle' AND expires_at < ?1")?
        .execute([now.saturating_sub(KEEP)])?;
    let number = insert(&transaction, new)?;
    transaction
        .prepare_cached("INSERT INTO bundle (token, parent, parameters) VALUES (?1, ?2, ?3)")?
        .execute(params![number, parent, parameters])?;
    Ok(transaction.commit()?)
}

pub(super) fn bundle(connection: &Connection, reference: TokenHash) -> Result<StoredBundle, Failure> {
    let bundle = "SELECT parent.id, bundle.parameters FROM token JOIN bundle ON bundle.token = token.number
        JOIN token AS parent ON parent.number = bundle.parent WHERE token.hash = ?1";
    let found = connection
        .prepare_cached(bundle)?
        .query_row([reference.as_bytes()], |row| Ok(StoredBundle { parent: row.get(0)?, parameters: row.get(1)? }))
        .optional()?;
    Ok(found.ok_or(Denied::InvalidToken)?)
}

/// The number of a token that lives at this moment. Revoking it writes the same row, and transactions are one behind the
/// other: a child is either made before its parent's revocation, or not made.
fn living(transaction: &Transaction<'_>, hash: TokenHash, now: u64) -> Result<i64, Failure> {
    let parent = "SELECT number, revoked_at IS NOT NULL, coalesce(expires_at <= ?2, 0) FROM token WHERE hash = ?1";
    let found = transaction
        .prepare_cached(parent)?
        .query_row(params![hash.as_bytes(), now], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match found {
        None => Err(Denied::InvalidToken.into()),
        Some((_, true, _)) => Err(Denied::TokenRevoked.into()),
        Some((_, _, true)) => Err(Denied::TokenExpired.into()),
        Some((number, false, false)) => Ok(number),
    }
}

/// The row of a new token; its number is the answer.
fn insert(transaction: &Transaction<'_>, new: &NewRecord) -> Result<u64, Failure> {
    let NewRecord { record, hash } = new;
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

fn unreadable(column: usize, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, cause.into())
}
