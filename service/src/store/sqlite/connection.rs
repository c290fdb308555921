//! Connections to a store's file, and the version of its tables.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("../../../migrations/0001_begin.sql")),
    M::up(include_str!("../../../migrations/0002_revocation.sql")),
    M::up(include_str!("../../../migrations/0003_level_jwt.sql")),
    M::up(include_str!("../../../migrations/0004_organizations.sql")),
    M::up(include_str!("../../../migrations/0005_token_lists.sql")),
    M::up(include_str!("../../../migrations/0006_retention.sql")),
    M::up(include_str!("../../../migrations/0007_life.sql")),
    M::up(include_str!("../../../migrations/0008_single_use.sql")),
    M::up(include_str!("../../../migrations/0009_catalog.sql")),
];

/// How long to wait for another process's transaction, such as the command line's.
const BUSY: Duration = Duration::from_secs(3);

/// Opens a connection that writes, and brings the tables to the newest version.
pub(super) fn open_writer(path: &Path) -> anyhow::Result<Connection> {
    let open = || -> anyhow::Result<Connection> {
        let mut connection = connect(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A write that was acknowledged survives a crash of the machine too.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // A transaction is the only writer from its beginning to its end: the facts that it read stay
        // true.
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
        Migrations::from_slice(MIGRATIONS).to_latest(&mut connection)?;
        Ok(connection)
    };
    // Of two processes that create one store, one finds it locked or its tables just made: at its
    // second try it is ready.
    open().or_else(|_| open()).with_context(|| context(path))
}

/// Opens a connection that only reads, and so waits for no writer. The tables have their newest version.
pub(super) fn open_reader(path: &Path) -> anyhow::Result<Connection> {
    let open = || -> anyhow::Result<Connection> {
        let connection = connect(path)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    open().with_context(|| context(path))
}

fn connect(path: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

fn context(path: &Path) -> String {
    format!("cannot open the store {}", path.display())
}
