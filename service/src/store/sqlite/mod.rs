//! The operations of a [`Store`](super::Store) in SQL.

mod file;
mod key;
mod organization;
mod revocation;
mod token;

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use daypass::Error;
use rusqlite::types::Type;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use rusqlite_migration::{M, Migrations};

pub(super) use file::{File, create};
pub(super) use key::{add_key, add_key_unless_after, revoke_key, signing_keys};
pub(super) use organization::organizations;
pub(super) use revocation::{
    forget, is_revoked, latest, revocations, revoke, revoke_issued_before, revoke_organization, revoke_presented,
    revoke_signed,
};
pub(super) use token::{add, add_bundle, bundle, find, require_active, token, tokens};

use super::Bootstrap;

const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("../../../migrations/0001_begin.sql")),
    M::up(include_str!("../../../migrations/0002_revocation.sql")),
];

/// How long to wait for another process's transaction, such as the command line's.
const BUSY: Duration = Duration::from_secs(3);

/// Why an operation did not succeed.
pub(super) enum Failure {
    /// It was refused.
    Refused(Error),
    /// The database did not do its part.
    Database(rusqlite::Error),
    /// Its file is no longer where it was.
    Moved,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Refused(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(cause: rusqlite::Error) -> Failure {
        Failure::Database(cause)
    }
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

pub(super) fn begin(connection: &mut Connection, beginning: &Bootstrap) -> Result<String, Failure> {
    let transaction = connection.transaction()?;
    if let Some(earlier) = organization(&transaction)? {
        return Ok(earlier);
    }
    let Bootstrap { organization, admin, key, now } = beginning;
    transaction.execute("INSERT INTO organization (id, created_at) VALUES (?1, ?2)", params![organization, now])?;
    key::insert(&transaction, key)?;
    token::insert(&transaction, admin)?;
    transaction.commit()?;
    Ok(organization.clone())
}

fn unreadable(column: usize, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, cause.into())
}
