//! The store of a test: a database of its own in a cluster that the test process shares.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;

use super::cluster::{Cluster, Durability};

/// 32 random bytes, in SQL.
pub(crate) const RANDOM_BYTES: &str = "sha256(gen_random_uuid()::text::bytea)";
/// Bytes in hexadecimal, in SQL.
pub(crate) fn bytes(hex: &str) -> String {
    format!("decode('{hex}', 'hex')")
}
/// Locks what every writer needs, in a transaction.
pub(crate) const LOCK: &str = "BEGIN; LOCK TABLE token, feed IN EXCLUSIVE MODE";

/// Takes the tables away.
pub(crate) const LOSE_TABLES: &str = "ALTER VIEW record RENAME TO missing;
    ALTER TABLE organization RENAME TO gone; ALTER TABLE token RENAME TO lost";
/// Puts the tables back.
pub(crate) const FIND_TABLES: &str = "ALTER VIEW missing RENAME TO record;
    ALTER TABLE gone RENAME TO organization; ALTER TABLE lost RENAME TO token";
/// What follows when entries were written by hand: the feed's last number stands beside them.
pub(crate) const ENTRIES_ADDED: &str = "UPDATE feed SET seq = (SELECT max(seq) FROM revocation)";
/// Makes services read tokens again: the feed is another one.
pub(crate) const EDITED_BY_HAND: &str = "UPDATE feed SET epoch = gen_random_uuid()::text";
/// How often the soak kills a node, or the server.
pub(crate) const KILLS: usize = 200;
/// How the database says that a table is lost.
pub(crate) const LOST: &str = "does not exist";

static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start_or_use(Durability::None));

/// The store of a test.
pub(crate) struct Backend {
    location: String,
    /// Whether it is in the shared cluster.
    is_shared: bool,
}

impl Backend {
    /// Creates an empty database.
    pub(crate) fn new(_folder: &Path) -> Backend {
        Backend { location: CLUSTER.create_database(), is_shared: true }
    }

    /// Names a database of another cluster.
    pub(crate) fn at(location: String) -> Backend {
        Backend { location, is_shared: false }
    }

    /// Returns the value of `--store`.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// Returns what is stored, by name.
    pub(crate) fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let dump = Command::new("pg_dump").arg(&self.location).output().expect("pg_dump runs");
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        vec![("the database".into(), dump.stdout)]
    }

    /// Opens the store as another process would.
    pub(crate) fn session(&self) -> Session {
        Session::open(&self.location)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        if self.is_shared {
            CLUSTER.drop_database(&self.location);
        }
    }
}

/// A connection to a database, by `psql`.
pub(crate) struct Session {
    process: Child,
    statements: ChildStdin,
    results: BufReader<ChildStdout>,
}

impl Session {
    pub(crate) fn open(url: &str) -> Session {
        let mut psql = super::cluster::psql(url);
        let mut process = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("psql starts");
        let statements = process.stdin.take().expect("a pipe");
        let results = BufReader::new(process.stdout.take().expect("a pipe"));
        Session { process, statements, results }
    }

    /// Runs statements.
    pub(crate) fn execute(&mut self, sql: &str) {
        self.lines(sql);
    }

    /// Returns the number that a statement selects.
    pub(crate) fn number(&mut self, sql: &str) -> u64 {
        self.lines(sql).last().and_then(|line| line.parse().ok()).expect(sql)
    }

    fn lines(&mut self, sql: &str) -> Vec<String> {
        // SQLite's name of the time.
        let sql = sql.replace("unixepoch()", "extract(epoch FROM now())::bigint");
        writeln!(self.statements, "{sql};\n\\echo done").expect("psql reads");
        let mut lines = vec![];
        loop {
            let mut line = String::new();
            // It stops at the first error, which it has printed.
            assert!(self.results.read_line(&mut line).expect("psql writes") > 0, "psql has stopped: {sql}");
            match line.trim_end() {
                "done" => return lines,
                line => lines.push(line.to_owned()),
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // An open transaction is rolled back.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
