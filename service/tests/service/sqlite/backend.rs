//! The store of a test: an SQLite file in the test's folder.

use std::path::Path;

use rusqlite::Connection;

/// 32 random bytes, in SQL.
pub(crate) const RANDOM_BYTES: &str = "randomblob(32)";
/// Bytes in hexadecimal, in SQL.
pub(crate) fn bytes(hex: &str) -> String {
    format!("X'{hex}'")
}
/// Locks what every writer needs, in a transaction.
pub(crate) const LOCK: &str = "BEGIN IMMEDIATE";

/// Takes the tables away. The names in other tables and views stay.
pub(crate) const LOSE_TABLES: &str = "PRAGMA legacy_alter_table = ON;
    ALTER TABLE organization RENAME TO gone; ALTER TABLE token RENAME TO lost";
/// Puts the tables back.
pub(crate) const FIND_TABLES: &str = "PRAGMA legacy_alter_table = ON;
    ALTER TABLE gone RENAME TO organization; ALTER TABLE lost RENAME TO token";
/// What follows when entries were written by hand: nothing.
pub(crate) const ENTRIES_ADDED: &str = "";
/// Makes services read tokens again: the tables are others than before.
pub(crate) const EDITED_BY_HAND: &str = "CREATE TABLE by_hand (number INTEGER); DROP TABLE by_hand";
/// How often the soak kills a node.
pub(crate) const KILLS: usize = 1000;
/// How the database says that a table is lost.
pub(crate) const LOST: &str = "no such table";

/// The store of a test.
pub(crate) struct Backend {
    location: String,
}

impl Backend {
    /// Names a store that does not exist yet.
    pub(crate) fn new(folder: &Path) -> Backend {
        Backend { location: folder.join("daypass.db").to_str().expect("UTF-8").to_owned() }
    }

    /// Returns the value of `--store`.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// Returns what is stored, by name: the file, its WAL and its index.
    pub(crate) fn contents(&self) -> Vec<(String, Vec<u8>)> {
        ["", "-wal", "-shm"]
            .map(|suffix| format!("{}{suffix}", self.location))
            .map(|name| (name.clone(), std::fs::read(name).expect("a file")))
            .into()
    }

    /// Opens the store as another process would.
    pub(crate) fn session(&self) -> Session {
        Session(Connection::open(&self.location).expect("the store"))
    }
}

/// A connection to the store.
pub(crate) struct Session(Connection);

impl Session {
    /// Runs statements.
    pub(crate) fn execute(&mut self, sql: &str) {
        self.0.execute_batch(sql).expect(sql);
    }

    /// Returns the number that a statement selects.
    pub(crate) fn number(&mut self, sql: &str) -> u64 {
        self.0.query_row(sql, [], |row| row.get(0)).expect(sql)
    }
}
