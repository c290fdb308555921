//! A throw-away PostgreSQL cluster: [`Cluster`].

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const MISSING: &str = "the tests need PostgreSQL 15 or newer: `cargo xtask setup` installs it on Debian, or set \
    DAYPASS_TEST_POSTGRES to the URL of a server on which the tests may create databases";

/// Makes a cluster and serves it until the standard input ends: with the test process, however that ends. A line there
/// starts a server that was killed again.
const SERVE: &str = r#"
set -eu
folder=$(mktemp -d "${TMPDIR:-/tmp}/daypass-postgres.XXXXXX")
trap 'rm -rf "$folder"' EXIT
if [ -n "${PRIMARY:-}" ]; then
    make="pg_basebackup -D $folder/data -h $PRIMARY -U daypass -R -c fast"
else
    make="initdb -D $folder/data -U daypass -A trust -E UTF8 --locale=C --no-sync"
fi
if ! "$BIN/"$make >"$folder/log" 2>&1; then
    cat "$folder/log" >&2
    exit 1
fi
start() {
    "$BIN/postgres" -D "$folder/data" -k "$folder" -c max_connections=400 "$@" >>"$folder/log" 2>&1 &
    server=$!
    until psql -qX -h "$folder" -U daypass -c 'SELECT' postgres >/dev/null 2>&1; do
        if ! kill -0 "$server" 2>/dev/null; then
            cat "$folder/log" >&2
            exit 1
        fi
        sleep 0.05
    done
    echo "$folder"
}
start "$@"
while read -r _; do
    wait "$server" || true
    start "$@"
done
kill -QUIT "$server" 2>/dev/null || true
wait "$server" || true
"#;

/// What of a cluster is on the disk when a commit is acknowledged.
pub(crate) enum Durability {
    /// Nothing: fast.
    None,
    /// Everything.
    Full,
}

/// A cluster. The one that a test has started is removed when it is dropped, or when the test process ends.
pub(crate) struct Cluster {
    /// The URL without the name of the database.
    url: String,
    /// The folder of the socket and the data.
    folder: String,
    /// The database in which others are created.
    first: String,
    is_own: bool,
    guard: Option<Guard>,
    databases: AtomicUsize,
}

/// The script that serves a cluster, and what it prints.
struct Guard {
    script: Child,
    printed: BufReader<ChildStdout>,
}

impl Guard {
    /// Waits until the server answers, and returns the folder of its socket.
    fn wait_until_ready(&mut self) -> String {
        let mut folder = String::new();
        self.printed.read_line(&mut folder).expect("a line");
        assert!(!folder.is_empty(), "PostgreSQL does not start: the output above says why");
        folder.trim_end().to_owned()
    }
}

impl Cluster {
    /// Starts a cluster, unless the environment names a server.
    pub(crate) fn start_or_use(durability: Durability) -> Cluster {
        let Ok(url) = std::env::var("DAYPASS_TEST_POSTGRES") else { return Cluster::start(durability) };
        let (url, first) = url.rsplit_once('/').expect("DAYPASS_TEST_POSTGRES ends with /DATABASE");
        let (url, first) = (url.to_owned(), first.to_owned());
        Cluster { url, folder: String::new(), first, is_own: false, guard: None, databases: AtomicUsize::new(0) }
    }

    /// Starts a cluster on a socket in a folder of its own.
    pub(crate) fn start(durability: Durability) -> Cluster {
        Cluster::start_from(None, durability, "")
    }

    /// Starts a cluster that can be reached by this address too.
    pub(crate) fn start_at(address: &str) -> Cluster {
        Cluster::start_from(None, Durability::None, address)
    }

    /// Starts a cluster that is empty, or a standby of this one.
    fn start_from(primary: Option<&Cluster>, durability: Durability, address: &str) -> Cluster {
        let options: &[&str] = match durability {
            Durability::None => &["-c", "fsync=off", "-c", "full_page_writes=off"],
            Durability::Full => &[],
        };
        let mut serve = Command::new("sh");
        serve.args(["-c", SERVE, "sh", "-c", &format!("listen_addresses={address}")]).args(options);
        serve.env("BIN", programs()).current_dir("/");
        serve.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(primary) = primary {
            serve.env("PRIMARY", &primary.folder);
        }
        if let Some([user, group]) = unprivileged() {
            serve.uid(user).gid(group);
        }
        let mut script = serve.spawn().expect("sh starts");
        let printed = BufReader::new(script.stdout.take().expect("a pipe"));
        let mut guard = Guard { script, printed };
        let folder = guard.wait_until_ready();
        let url = format!("postgres://daypass@{}", folder.replace('/', "%2F"));
        Cluster {
            url,
            folder,
            first: "postgres".into(),
            is_own: true,
            guard: Some(guard),
            databases: AtomicUsize::new(0),
        }
    }

    /// Starts a standby that follows this cluster.
    pub(crate) fn start_standby(&self) -> Cluster {
        Cluster::start_from(Some(self), Durability::Full, "")
    }

    /// Returns the folder of the socket and the data.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    /// Kills the server with all its processes, and waits until they are gone.
    pub(crate) fn kill(&self) {
        let file = format!("{}/data/postmaster.pid", self.folder);
        let text = std::fs::read_to_string(file).expect("it runs");
        let postmaster = text.lines().next().expect("its number");
        // A process that it starts meanwhile would outlive it.
        Command::new("kill").args(["-STOP", postmaster]).status().expect("kill runs");
        let children = Command::new("pgrep").args(["-P", postmaster]).output().expect("pgrep runs");
        let children = String::from_utf8(children.stdout).expect("numbers");
        let killed = Command::new("kill").args(["-9", postmaster]).args(children.lines()).output().expect("kill runs");
        assert!(killed.status.success() || !children.is_empty(), "{}", String::from_utf8_lossy(&killed.stderr));
        let deadline = Instant::now() + Duration::from_secs(10);
        let is_alive = |process: &str| {
            let status = std::fs::read_to_string(format!("/proc/{process}/stat"));
            status.is_ok_and(|status| !status.contains(") Z "))
        };
        while std::iter::once(postmaster).chain(children.lines()).any(is_alive) {
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts the server again after it was killed, and waits until it answers.
    pub(crate) fn start_again(&mut self) {
        let guard = self.guard.as_mut().expect("a cluster of the test");
        guard.script.stdin.as_mut().expect("a pipe").write_all(b"\n").expect("it reads");
        guard.wait_until_ready();
    }

    /// Creates an empty database, and returns its URL.
    pub(crate) fn create_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("daypass_test_{}_{number}", std::process::id());
        self.administer(&format!("CREATE DATABASE {name}"));
        format!("{}/{name}", self.url)
    }

    /// Drops a database on a server that stays.
    pub(crate) fn drop_database(&self, url: &str) {
        if let (false, Some((_, name))) = (self.is_own, url.rsplit_once('/')) {
            self.administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }

    /// Runs a statement as the administrator.
    pub(crate) fn administer(&self, sql: &str) {
        self.query(sql);
    }

    /// Returns what a statement selects.
    pub(crate) fn query(&self, sql: &str) -> String {
        let output = psql(&format!("{}/{}", self.url, self.first)).args(["-c", sql]).output().expect("psql runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.script.stdin.take());
            let _ = guard.script.wait();
        }
    }
}

/// Returns `psql` on a database: quiet, values only, and stopping at the first error.
pub(crate) fn psql(url: &str) -> Command {
    let mut psql = Command::new("psql");
    psql.args(["-qtAX", "-v", "ON_ERROR_STOP=1", url]);
    psql
}

/// Returns the folder of `initdb` and `postgres`: Debian's newest, or the one on the path.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let debian = versions.max().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = debian.into_iter().chain(std::env::split_paths(&path));
    folders.find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file()).expect(MISSING)
}

/// PostgreSQL refuses to run as root: returns the user and the group of Debian's package then.
fn unprivileged() -> Option<[u32; 2]> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    (id(&["-u"]) == Some(0)).then(|| [id(&["-u", "postgres"]), id(&["-g", "postgres"])].map(|id| id.expect(MISSING)))
}
