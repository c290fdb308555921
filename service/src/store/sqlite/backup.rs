//! Copies of a store's file: backup and restore.

use std::fs::File;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::super::backup::{Contents, OnProgress, Progress, require_absent, write_new};
use super::super::schema::Schema;
use super::connection;
use crate::private_files::beside;

/// How many pages are copied at once.
const STEP: i32 = 64;

/// How many of these are copied until the disk has them. Otherwise the writes of the service would wait for a large part of the
/// backup to be written.
const STEPS_UNTIL_SYNC: u64 = 32;

/// The least pause after a step, in which the service has the disk and the processor.
const PAUSE: Duration = Duration::from_millis(1);

/// Writes a copy of the store as of one moment. The service may be running.
pub(in crate::store) fn back_up(path: &Path, file: &Path, on_progress: &OnProgress) -> anyhow::Result<Contents> {
    // Not migrated: a store can be backed up before it is upgraded.
    let source = connection::open_reader(path)?;
    require_store(&source)
        .map_err(connection::explain)
        .with_context(|| format!("cannot back up {}", path.display()))?;
    // One moment for everything that is read: that of the first reading.
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
    let contents = write_new(file, |part| {
        copy(&source, part, true, on_progress)?;
        on_progress(Progress::Checking);
        let copied = Connection::open(part)?;
        // A file of its own, without a log beside it.
        copied.pragma_update(None, "journal_mode", "DELETE")?;
        check(&copied)?;
        let (is, was) = (counts(&copied)?, counts(&source)?);
        ensure!(is == was, "the backup has other rows than the store");
        contents(&copied)
    })?;
    source.execute_batch("COMMIT")?;
    // The log has grown since the service could not reuse it: otherwise one of its writes would empty it.
    let _ = source.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    Ok(contents)
}

/// Writes a backup to the file of a new store, whose feed begins another history.
pub(in crate::store) fn restore(file: &Path, path: &Path, on_progress: &OnProgress) -> anyhow::Result<Contents> {
    for ending in ["", "-wal", "-shm", "-journal"] {
        require_absent(&beside(path, ending)).context("a backup is not restored over a store")?;
    }
    let what = || format!("{} is no backup that can be restored", file.display());
    let source = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).with_context(what)?;
    require_store(&source).with_context(what)?;
    schema_of(&source)?.require_known(&file.display())?;
    on_progress(Progress::Checking);
    check(&source).with_context(what)?;
    write_new(path, |part| {
        copy(&source, part, false, on_progress)?;
        let mut copied = Connection::open(part)?;
        copied.pragma_update(None, "journal_mode", "DELETE")?;
        copied.pragma_update(None, "foreign_keys", true)?;
        // The commands that revoke in it before the service starts need the newest tables.
        connection::migrate(&mut copied)?;
        // SECURITY: verifiers must not take revocations that they heard of later for known.
        copied.execute("UPDATE feed SET epoch = lower(hex(randomblob(16)))", [])?;
        contents(&copied)
    })
}

/// Returns the version of the tables in a file.
pub(in crate::store) fn schema(path: &Path) -> anyhow::Result<Schema> {
    schema_of(&connection::open_reader(path)?).map_err(connection::explain).with_context(|| connection::context(path))
}

fn schema_of(connection: &Connection) -> anyhow::Result<Schema> {
    let found = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(Schema { found, known: connection::NEWEST })
}

/// Copies all pages. `is_slow` leaves the disk and the processor to others half of the time.
fn copy(source: &Connection, part: &Path, is_slow: bool, on_progress: &OnProgress) -> anyhow::Result<()> {
    // Opened before the database: closing it would end the locks of this process.
    let disk = File::open(part)?;
    let mut target = Connection::open(part)?;
    // Whatever is left of a copy that was interrupted is removed.
    target.pragma_update(None, "journal_mode", "OFF")?;
    target.pragma_update(None, "synchronous", "OFF")?;
    let backup = Backup::new(source, &mut target)?;
    let mut steps = 0_u64;
    loop {
        let begin = Instant::now();
        match backup.step(STEP)? {
            StepResult::Done => break,
            StepResult::More => {}
            StepResult::Busy | StepResult::Locked => sleep(Duration::from_millis(10)),
            _ => bail!("SQLite reports an unknown state of the copy"),
        }
        steps += 1;
        if steps.is_multiple_of(STEPS_UNTIL_SYNC) {
            disk.sync_data()?;
            let progress = backup.progress();
            let done = u64::try_from(progress.pagecount - progress.remaining)? * 100;
            on_progress(Progress::Copied(done / u64::try_from(progress.pagecount)?.max(1)));
        }
        if is_slow {
            sleep(begin.elapsed().max(PAUSE));
        }
    }
    drop(backup);
    drop(target);
    Ok(disk.sync_all()?)
}

/// Requires that the file is a store, of any version.
fn require_store(connection: &Connection) -> anyhow::Result<()> {
    ensure!(
        has_table(connection, "organization")? && has_table(connection, "signing_key")?,
        "it has no tables of Daypass"
    );
    Ok(())
}

fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let find = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    connection.query_row(find, [name], |row| row.get::<_, u64>(0)).map(|count| count > 0)
}

fn check(connection: &Connection) -> anyhow::Result<()> {
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    ensure!(verdict == "ok", "it is damaged: {verdict}");
    Ok(())
}

/// Returns each table with its count of rows.
fn counts(connection: &Connection) -> anyhow::Result<Vec<(String, u64)>> {
    let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    let names = names.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let count = |name: String| {
        let count = format!("SELECT count(*) FROM \"{name}\"");
        let count = connection.query_row(&count, [], |row| row.get(0))?;
        Ok((name, count))
    };
    names.into_iter().map(count).collect()
}

fn contents(connection: &Connection) -> anyhow::Result<Contents> {
    let number = |select: &str| connection.query_row(select, [], |row| row.get(0));
    let find = "SELECT count(*) FROM pragma_table_info('signing_key') WHERE name = 'master_key'";
    let unsealed = match number(find)? {
        0_u64 => "SELECT count(*) FROM signing_key",
        _ => "SELECT count(*) FROM signing_key WHERE master_key IS NULL",
    };
    Ok(Contents {
        organizations: number("SELECT count(*) FROM organization")?,
        tokens: number("SELECT count(*) FROM token")?,
        unsealed_keys: number(unsealed)?,
    })
}
