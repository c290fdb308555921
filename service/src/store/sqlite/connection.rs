//! Connections to a store's file, and the version of its tables.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use rusqlite::ffi::SQLITE_READONLY_DIRECTORY;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use super::{Failure, backup};

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
    M::up(include_str!("../../../migrations/0010_principals.sql")),
    M::up(include_str!("../../../migrations/0011_accounts.sql")),
    M::up(include_str!("../../../migrations/0012_epoch.sql")),
    M::up(include_str!("../../../migrations/0013_key_mark.sql")),
    M::up(include_str!("../../../migrations/0014_bundle_marks.sql")),
    M::up(include_str!("../../../migrations/0015_indexes.sql")),
    M::up(include_str!("../../../migrations/0016_issued_up_to.sql")),
    M::up(include_str!("../../../migrations/0017_inviter.sql")),
    M::up(include_str!("../../../migrations/0018_oauth.sql")),
    M::up(include_str!("../../../migrations/0019_audit.sql")),
    M::up(include_str!("../../../migrations/0020_quotas.sql")),
    M::up(include_str!("../../../migrations/0021_master_key.sql")),
    M::up(include_str!("../../../migrations/0022_use.sql")),
];

/// The newest version of the tables.
pub(super) const NEWEST: usize = MIGRATIONS.len();

/// How long to wait for another process's transaction, such as the command line's.
const BUSY: Duration = Duration::from_secs(3);

/// How many statements a connection keeps prepared: all that the store has.
const STATEMENTS: usize = 256;

/// Opens a connection that writes, and brings the tables to the newest version.
pub(super) fn open_writer(path: &Path) -> anyhow::Result<Connection> {
    // Before anything is written.
    backup::schema(path)?.require_known(&path.display())?;
    let open = || -> anyhow::Result<Connection> {
        let mut connection = connect(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A write that was acknowledged survives a crash of the machine too.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // SECURITY: what is replaced, such as a signing key that was not sealed yet, is overwritten in the pages that are
        // written anyway.
        connection.pragma_update(None, "secure_delete", "FAST")?;
        // A transaction is the only writer from its beginning to its end: the facts that it read stay
        // true.
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
        migrate(&mut connection)?;
        Ok(connection)
    };
    // Of two processes that create one store, one finds it locked or its tables just made: at its
    // second try it is ready.
    open().or_else(|_| open()).map_err(explain).with_context(|| context(path))
}

/// Brings the tables to the newest version.
pub(super) fn migrate(connection: &mut Connection) -> anyhow::Result<()> {
    Ok(Migrations::from_slice(MIGRATIONS).to_latest(connection)?)
}

/// Opens a connection that only reads, and so waits for no writer. The tables have their newest version.
pub(super) fn open_reader(path: &Path) -> anyhow::Result<Connection> {
    let open = || -> anyhow::Result<Connection> {
        let connection = connect(path)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    open().map_err(explain).with_context(|| context(path))
}

/// Moves what the log has to the file and truncates it, if no other process reads from it. Returns whether it did.
pub(super) fn empty_log(connection: &Connection) -> Result<bool, Failure> {
    let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(!is_busy)
}

fn connect(path: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

pub(super) fn context(path: &Path) -> String {
    format!("cannot open the store {}", path.display())
}

/// Says what to do about errors for which SQLite has a number or a few words.
pub(super) fn explain(cause: anyhow::Error) -> anyhow::Error {
    let of_sqlite = cause.chain().find_map(|cause| cause.downcast_ref::<rusqlite::Error>());
    let Some(failure) = of_sqlite.and_then(rusqlite::Error::sqlite_error) else { return cause };
    let advice = match (failure.code, failure.extended_code) {
        (_, SQLITE_READONLY_DIRECTORY) => {
            "this user may not write to its folder, where SQLite has files beside it: run this as the \
             user of the service"
        }
        (ErrorCode::ReadOnly, _) => "this user may not write to its file: run this as the user of the service",
        (ErrorCode::CannotOpen, _) => {
            "its file, one beside it or its folder cannot be read or written by this user: run this as \
             the user of the service"
        }
        (ErrorCode::NotADatabase, _) => "its file is no SQLite database: name the store, or restore a backup",
        _ => return cause,
    };
    anyhow!(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_version_revoked_by_time_stays_revoked_and_nothing_else() {
        let mut connection = Connection::open_in_memory().expect("a store");
        let migrations = Migrations::from_slice(MIGRATIONS);
        let index = MIGRATIONS
            .iter()
            .position(|step| *step == M::up(include_str!("../../../migrations/0016_issued_up_to.sql")));
        migrations.to_version(&mut connection, index.expect("the step")).expect("the version before");
        let rows = "
            INSERT INTO organization (id, created_at, issued_before) VALUES ('o', 1, 50), ('p', 1, NULL);
            INSERT INTO token (hash, organization, id, kind, name, grants, origins, last_chars, created_at, revoked_at)
            SELECT randomblob(32), value ->> 0, 't', 'secret', 'n', '[]', '[]', 'abcd', value ->> 1, value ->> 2
            FROM json_each('[[\"o\",40,9],[\"o\",49,null],[\"o\",50,null],[\"p\",40,null]]')";
        connection.execute_batch(rows).expect("rows");
        let revoked = |connection: &Connection| {
            let revoked =
                "SELECT group_concat(coalesce(revoked_at, '-') , ' ') FROM (SELECT * FROM record ORDER BY number)";
            connection.query_row(revoked, [], |row| row.get::<_, String>(0)).expect("rows")
        };
        assert_eq!(revoked(&connection), "9 50 - -");
        migrations.to_latest(&mut connection).expect("the newest version");
        assert_eq!(revoked(&connection), "9 50 - -");
    }
}
