//! The URL of a database, and a database that cannot be used.

use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use super::backend::{Backend, Session};
use super::running::{Daypass, daypass};
use crate::binary::run_to_end;

/// A password, which nothing may show.
const CANARY: &str = "canary-5c1e";

fn new_database() -> (tempfile::TempDir, Backend) {
    let folder = tempfile::tempdir().expect("a folder");
    let backend = Backend::new(folder.path());
    (folder, backend)
}

/// Returns the URL with the password, which a cluster of the tests does not ask for.
fn with_password(url: &str) -> String {
    url.replacen('@', &format!(":{CANARY}@"), 1)
}

/// Expects that the program fails with these words, and shows no password.
fn expect_failure(output: &Output, says: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty(), "{error}");
    assert!(error.contains(says), "{error} lacks {says}");
    assert!(!error.contains(CANARY), "the password is shown");
}

#[test]
fn a_database_that_cannot_be_used_is_an_error_in_words() {
    let (_folder, backend) = new_database();
    let url = with_password(backend.location());
    let elsewhere = url.rsplit_once('/').expect("a database").0;
    for (store, says) in [
        (format!("postgres://u:{CANARY}@127.0.0.1:1/d"), "cannot reach the store postgres://u@127.0.0.1:1/d"),
        (format!("postgres://u:{CANARY}@127.0.0.1:1,127.0.0.1:2/d"), "postgres://u@127.0.0.1:1,127.0.0.1:2/d: "),
        (format!("{elsewhere}/missing"), "database \"missing\" does not exist"),
        (format!("postgres://u:{CANARY}@127.0.0.1:port/d"), "`port`"),
        (format!("postgres://u:{CANARY}@h/d?sslmode=verify-full"), "add `sslrootcert=FILE`"),
        (format!("postgres://u:{CANARY}@{CANARY}@h/d"), "an `@` too many"),
        (format!("mysql://u:{CANARY}@h/d"), "no store has a URL with this scheme"),
    ] {
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["token", "list"], &["key", "rotate"]] {
            expect_failure(&run_to_end(daypass().args(command).args(["--store", &store])), says);
            expect_failure(&run_to_end(daypass().args(command).env("DAYPASS_STORE", &store)), says);
        }
    }
    let list = || run_to_end(daypass().args(["token", "list", "--store", &url]));
    expect_failure(&list(), "there is no store at postgres://");
    expect_failure(&list(), "serve --store \"$DAYPASS_STORE\"` first");
    let help = daypass().args(["serve", "--help"]).env("DAYPASS_STORE", &url).output().expect("it runs");
    assert!(!String::from_utf8_lossy(&help.stdout).contains(CANARY), "the password is shown");
}

#[test]
fn a_server_that_is_too_old_and_tables_that_are_too_new_are_refused() {
    let (_folder, backend) = new_database();
    let serve = || run_to_end(daypass().args(["serve", "--listen", "127.0.0.1:0", "--store", backend.location()]));
    let mut session = Session::open(backend.location());
    session.execute(
        "CREATE SCHEMA fake;
        CREATE FUNCTION fake.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT '140012' $$;
        DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = fake, pg_catalog, public', current_database());
        END $$",
    );
    expect_failure(&serve(), "is PostgreSQL 14: this version of Daypass needs 15 or newer");

    let daypass = Daypass::start();
    daypass.execute("INSERT INTO daypass_migration (step) VALUES (99)");
    expect_failure(
        &daypass.command(&["token", "list"]),
        "of a newer version of Daypass (its tables have version 99, and this one knows",
    );
    daypass.execute(
        "DELETE FROM daypass_migration WHERE step = 99;
        DELETE FROM daypass_migration WHERE step = (SELECT max(step) FROM daypass_migration)",
    );
    for command in [&["token", "list"][..], &["key", "rotate"]] {
        expect_failure(&daypass.command(command), "start `daypass serve` of this version, which upgrades them");
    }
}

#[test]
fn a_password_is_neither_printed_nor_logged_and_printed_commands_work_without_it() {
    let (folder, backend) = new_database();
    let url = with_password(backend.location());
    let log = folder.path().join("log");
    let mut serve = daypass();
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env("DAYPASS_STORE", &url).env("RUST_LOG", "trace");
    let log_file = std::fs::File::create(&log).expect("a file");
    let mut process = serve.stdout(Stdio::piped()).stderr(log_file).spawn().expect("it starts");
    let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines().map(|line| line.expect("a line"));
    let lines: Vec<String> = lines.take_while(|line| !line.contains("--scope token:introspect")).collect();
    let command = lines.iter().find(|line| line.contains(" token create ")).expect("a command").trim().to_owned();
    let made = run_to_end(std::process::Command::new("sh").args(["-c", &command]).env("DAYPASS_STORE", &url));
    process.kill().expect("it runs");
    process.wait().expect("it ended");
    assert!(made.status.success(), "{command}: {}", String::from_utf8_lossy(&made.stderr));
    let log = std::fs::read_to_string(log).expect("a log");
    for text in [&log, &lines.join("\n"), &command, &String::from_utf8_lossy(&made.stderr).into_owned()] {
        assert!(!text.contains(CANARY), "the password is shown");
    }
}
