//! Whether anything was committed to the file since the feed was last read: [`Follower`].

use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};

use super::super::record_cache::RecordCache;
use super::connection::BUSY;
use super::{Failure, marks, revocations};

/// Reads the feed for the cache of records, and nothing else.
///
/// SECURITY: it has a connection of its own, on which nothing is written. `PRAGMA data_version` tells of what other
/// connections have committed, whether of this process or of another, before it returns.
pub(super) struct Follower {
    connection: Connection,
    /// The version of the data up to which the feed was read; none before the first time.
    version: Option<i64>,
    /// The version of the tables then.
    schema: Option<i64>,
    /// Before the last time that the data had this version.
    level_at: Option<Instant>,
}

impl Follower {
    /// Follows the feed with a connection that only reads.
    pub(super) fn new(connection: Connection) -> rusqlite::Result<Follower> {
        // A task that asks does not wait.
        connection.busy_timeout(Duration::ZERO)?;
        Ok(Follower { connection, version: None, schema: None, level_at: None })
    }

    /// Returns whether an earlier call found that the cache knows everything that was committed before `since`.
    pub(super) fn was_level(&self, since: Instant) -> bool {
        self.level_at.is_some_and(|at| at >= since)
    }

    /// Returns whether the cache knows everything that was committed before this call. It takes microseconds.
    pub(super) fn is_level(&mut self) -> bool {
        let at = Instant::now();
        let is_level = self.version.is_some_and(|version| data_version(&self.connection).is_ok_and(|now| now == version));
        if is_level {
            self.level_at = Some(at);
        }
        is_level
    }

    /// Tells the cache everything that was committed before this call.
    pub(super) fn follow(&mut self, records: &RecordCache) -> Result<(), Failure> {
        let at = Instant::now();
        self.connection.busy_timeout(BUSY)?;
        let done = self.read(records);
        self.connection.busy_timeout(Duration::ZERO)?;
        (self.version, self.level_at) = (Some(done?), Some(at));
        Ok(())
    }

    fn read(&mut self, records: &RecordCache) -> Result<i64, Failure> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        // All as of one moment: the first statement's.
        let version = data_version(&transaction)?;
        let schema = Some(transaction.pragma_query_value(None, "schema_version", |row| row.get(0))?);
        let (known, latest) = (records.latest(), revocations::latest(&transaction)?);
        // Other tables may have other facts.
        if self.schema != schema || latest < known || (latest > known && marks::oldest(&transaction)?.seq > known) {
            records.clear(latest);
        } else if latest > known {
            records.apply(&revocations::page(&transaction, None, known)?, latest);
        }
        drop(transaction);
        self.schema = schema;
        Ok(version)
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}
