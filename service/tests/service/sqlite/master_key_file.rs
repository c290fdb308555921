//! The master key beside an SQLite file, and who may read what is there.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::running::{Daypass, daypass};
use crate::binary::run_to_end;

fn serve(store: &Path) -> Command {
    let mut serve = daypass();
    serve.env_remove("DAYPASS_MASTER_KEY").args(["serve", "--json", "--listen", "127.0.0.1:0", "--store"]).arg(store);
    serve
}

/// Starts a service, and returns the line that it prints.
fn start(store: &Path) -> (Child, Value) {
    let mut process = serve(store).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    (process, serde_json::from_str(&line).expect("a line of JSON"))
}

fn stop((mut process, line): (Child, Value)) -> Value {
    process.kill().expect("it runs");
    process.wait().expect("it ended");
    line
}

fn mode(file: &Path) -> u32 {
    file.metadata().expect("a file").permissions().mode() & 0o7777
}

fn set_mode(file: &Path, mode: u32) {
    fs::set_permissions(file, PermissionsExt::from_mode(mode)).expect("a file");
}

/// Expects that a service does not start, and says why.
fn expect_failure(store: &Path, says: &str) {
    let output = run_to_end(&mut serve(store));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty() && error.contains(says), "{error} lacks {says}");
}

#[test]
fn the_first_start_writes_a_master_key_and_later_ones_need_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, key) = (folder.path().join("daypass.db"), folder.path().join("daypass.db.master-key"));
    let line = stop(start(&store));
    assert_eq!(line["masterKeyFile"], key.to_str().expect("UTF-8"));
    assert_eq!(mode(&key), 0o600);
    let text = fs::read(&key).expect("a key");
    assert!(stop(start(&store))["masterKeyFile"].is_null(), "it is said once");
    assert!(fs::read(&key).expect("a key") == text);

    set_mode(&key, 0o644);
    expect_failure(&store, "chmod 600");
    set_mode(&key, 0o600);
    let moved = folder.path().join("moved");
    fs::rename(&key, &moved).expect("a file");
    expect_failure(&store, "daypass.db.master-key is missing: put it back");
    assert!(!key.exists(), "no other key is written");
    fs::write(&key, "").expect("a file");
    set_mode(&key, 0o600);
    expect_failure(&store, "daypass.db.master-key is missing: put it back");
    fs::remove_file(&key).expect("a file");
    stop(start(&folder.path().join("other.db")));
    fs::copy(folder.path().join("other.db.master-key"), &key).expect("a file");
    expect_failure(&store, "is sealed by the master key");
    fs::rename(&moved, &key).expect("a file");
    stop(start(&store));
    // In production it is elsewhere.
    fs::rename(&key, &moved).expect("a file");
    let mut process =
        serve(&store).arg("--master-key-file").arg(&moved).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert!(line.contains("listening"));
    process.kill().expect("it runs");
    process.wait().expect("it ended");
}

#[test]
fn services_that_start_together_have_one_master_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("daypass.db");
    let processes: Vec<_> = (0..4)
        .map(|_| serve(&store).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts"))
        .collect();
    let lines = processes.into_iter().map(|mut process| {
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        stop((process, serde_json::from_str(&line).expect("a line of JSON")))
    });
    let lines: Vec<Value> = lines.collect();
    assert_eq!(lines.iter().filter(|line| line["masterKeyFile"].is_string()).count(), 1);
    assert!(stop(start(&store))["masterKeyFile"].is_null());
}

#[test]
fn what_others_can_read_is_narrowed_and_said() {
    let mut daypass = Daypass::start();
    daypass.kill();
    let files = ["", "-wal", "-shm", "-feed"].map(|ending| format!("{}{ending}", daypass.store()));
    for file in &files {
        set_mode(Path::new(file), 0o664);
    }
    daypass.restart();
    for file in &files {
        assert_eq!(mode(Path::new(file)), 0o600, "{file}");
        let log = daypass.log();
        let line = log.lines().find(|line| line.contains("others could read") && line.contains(&format!("{file} ")));
        assert!(line.is_some_and(|line| line.contains("0664")), "{file} is named");
    }
}

#[test]
fn a_folder_in_which_everybody_can_replace_the_store_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("daypass.db");
    set_mode(folder.path(), 0o777);
    expect_failure(&store, "run `chmod o-w ");
    assert!(!store.exists());
    // As /tmp: nobody can replace the files of others.
    set_mode(folder.path(), 0o1777);
    stop(start(&store));
    set_mode(folder.path(), 0o777);
    expect_failure(&store, "run `chmod o-w ");
    set_mode(folder.path(), 0o700);
    stop(start(&store));
}

#[test]
fn a_sealing_key_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, key) = (folder.path().join("daypass.db"), folder.path().join("sealing.key"));
    assert!(run_to_end(daypass().args(["key", "sealing"]).arg(&key)).status.success());
    set_mode(&key, 0o644);
    let output = run_to_end(serve(&store).arg("--sealing-key-file").arg(&key));
    assert!(String::from_utf8_lossy(&output.stderr).contains("chmod 600") && !output.status.success());
    assert!(!store.exists());
}

#[test]
fn an_older_version_says_that_a_store_is_newer_and_leaves_it_as_it_is() {
    let mut daypass = Daypass::start();
    daypass.kill();
    daypass.execute("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)");
    let store = Path::new(daypass.store());
    let before = fs::read(store).expect("a store");
    expect_failure(store, "is of a newer version of Daypass (its tables have version 99, and this one knows ");
    for command in [&["token", "list"][..], &["key", "rotate"]] {
        let output = daypass.command(command);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("there is no way back to this one") && error.trim().lines().count() == 1, "{error}");
        assert_eq!(output.status.code(), Some(1));
    }
    assert!(fs::read(store).expect("a store") == before);
}

#[test]
fn the_doctor_tells_a_copy_from_the_store_and_says_what_it_narrowed() {
    let daypass = Daypass::start();
    let examine = |store: &str| {
        let mut doctor = self::daypass();
        doctor.args(["doctor", "--json", "--store", store, "--issuer", &daypass.url]);
        let report: Value = serde_json::from_slice(&run_to_end(&mut doctor).stdout).expect("JSON");
        let named = |name: &str| {
            let checks = report["checks"].as_array().expect("a list");
            checks.iter().find(|check| check["name"] == name).expect(name).to_string()
        };
        (named("permissions"), named("feed"))
    };
    let (backup, copy) = (daypass.folder.path().join("backup"), daypass.folder.path().join("copy.db"));
    let backup = backup.to_str().expect("UTF-8");
    assert!(daypass.command(&["backup", backup]).status.success());
    assert!(run_to_end(self::daypass().args(["restore", backup, "--store"]).arg(&copy)).status.success());
    let (_, feed) = examine(copy.to_str().expect("UTF-8"));
    assert!(feed.contains("fail") && feed.contains("another store with the same keys"), "{feed}");
    set_mode(Path::new(daypass.store()), 0o644);
    let (permissions, feed) = examine(daypass.store());
    assert!(!feed.contains("another store"), "{feed}");
    assert!(
        permissions.contains("warn") && permissions.contains("(mode 0644), only its owner can now"),
        "{permissions}"
    );
    assert_eq!(mode(Path::new(daypass.store())), 0o600);
}
