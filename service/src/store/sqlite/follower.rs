//! Whether anything was committed to the file since the feed was last read: [`Follower`].

use std::io;
use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, TransactionBehavior};

use super::super::record_cache::RecordCache;
use super::commits::{Commits, LastCommit};
use super::{Failure, marks, revocations};

/// Reads the feed for the cache of records, and nothing else.
pub(super) struct Follower {
    connection: Connection,
    commits: Commits,
    /// What the last commit had left before the feed was read; none before the first time.
    last: Option<LastCommit>,
    /// The version of the tables then.
    schema: Option<i64>,
    /// Before the last time that there was no other commit.
    level_at: Option<Instant>,
}

impl Follower {
    /// Follows the feed with a connection that only reads.
    pub(super) fn new(connection: Connection, path: &Path) -> anyhow::Result<Follower> {
        // The connection's first question makes the file of the index.
        revocations::latest(&connection).map_err(|_| io::Error::other("the feed cannot be read"))?;
        Ok(Follower { connection, commits: Commits::open(path)?, last: None, schema: None, level_at: None })
    }

    /// Returns whether an earlier call found that the cache knows everything that was committed before `since`.
    pub(super) fn was_level(&self, since: Instant) -> bool {
        self.level_at.is_some_and(|at| at >= since)
    }

    /// Returns whether another process is in a transaction that writes.
    pub(super) fn has_foreign_writer(&self) -> bool {
        self.commits.has_foreign_writer()
    }

    /// Returns whether the cache knows everything that was committed before this call. It takes less than a microsecond.
    pub(super) fn is_level(&mut self) -> bool {
        let at = Instant::now();
        let is_level = self.last.is_some_and(|last| self.commits.last().is_ok_and(|now| now == last));
        if is_level {
            self.level_at = Some(at);
        }
        is_level
    }

    /// Tells the cache everything that was committed before this call.
    pub(super) fn follow(&mut self, records: &RecordCache) -> Result<(), Failure> {
        let at = Instant::now();
        // Read before the feed: a commit between the two is found by the next comparison.
        let last = self.commits.last().ok();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let schema = Some(transaction.pragma_query_value(None, "schema_version", |row| row.get(0))?);
        let (known, latest) = (records.latest(), revocations::latest(&transaction)?);
        // Other tables may have other facts.
        if self.schema != schema || latest < known || (latest > known && marks::oldest(&transaction)?.seq > known) {
            records.clear(latest);
        } else if latest > known {
            records.apply(&revocations::page(&transaction, None, known)?, latest);
        }
        drop(transaction);
        (self.last, self.schema, self.level_at) = (last, schema, Some(at));
        Ok(())
    }
}
