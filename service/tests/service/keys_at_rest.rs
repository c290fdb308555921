//! The signing keys in the store are sealed by the master key.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::backend::bytes;
use super::running::{Daypass, daypass, expect_error, send, to_text};
use crate::binary::{KNOWN_KID, KNOWN_PKCS8, MASTER_KEY, run_to_end};

const SELF: &str = "/v2/access-token/self";

/// Returns whether something stored has these bytes, as they are or in hexadecimal.
fn is_stored(daypass: &Daypass, hex: &str) -> bool {
    let raw: Vec<u8> = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect();
    let has = |contents: &[u8], wanted: &[u8]| contents.windows(wanted.len()).any(|part| part == wanted);
    daypass.contents().iter().any(|(_, contents)| has(contents, &raw) || has(contents, hex.as_bytes()))
}

/// Writes a new master key to a file of the test.
fn new_master_key(daypass: &Daypass, name: &str) -> PathBuf {
    let file = daypass.folder.path().join(name);
    let output = run_to_end(self::daypass().args(["key", "master"]).arg(&file));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    file
}

/// Runs a command on the store with a master key of its own.
fn command_with(daypass: &Daypass, arguments: &[&str], master_key: &Path) -> std::process::Output {
    let mut command = self::daypass();
    command.env_remove("DAYPASS_MASTER_KEY").args(arguments).args(["--store", daypass.store(), "--master-key-file"]);
    run_to_end(command.arg(master_key))
}

/// Expects that a command fails with these words, and shows no key.
fn expect_failure(command: &mut Command, says: &str) {
    let output = run_to_end(command);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{says}");
    assert!(error.contains(says) && !error.contains(MASTER_KEY), "{error} lacks {says}");
}

fn serve(daypass: &Daypass) -> Command {
    let mut serve = self::daypass();
    serve.env_remove("DAYPASS_MASTER_KEY");
    serve.args(["serve", "--listen", "127.0.0.1:0", "--store", daypass.store()]);
    serve
}

#[tokio::test]
async fn the_store_has_no_private_key_that_is_not_sealed() {
    let daypass = Daypass::start();
    daypass.json(&["key", "rotate"]);
    let temporary = daypass.create_temporary(&daypass.admin).await;
    let mut session = daypass.session();
    assert_eq!(session.number("SELECT count(*) FROM signing_key WHERE master_key IS NULL"), 0);
    assert_eq!(session.number("SELECT count(*) FROM signing_key"), 2);
    // How PKCS #8 names Ed25519.
    assert!(!is_stored(&daypass, "300506032b6570"));
    assert_eq!(send(daypass.get(SELF).bearer_auth(&temporary)).await.0, 200);
}

#[tokio::test]
async fn a_store_of_an_earlier_version_is_sealed_at_the_first_start_and_its_keys_stay() {
    let mut daypass = Daypass::start();
    daypass.json(&["key", "rotate"]);
    daypass.kill();
    let unsealed = bytes(KNOWN_PKCS8);
    daypass.execute(&format!(
        "DELETE FROM signing_key WHERE signs_from = (SELECT max(signs_from) FROM signing_key);
        UPDATE signing_key SET kid = '{KNOWN_KID}', private_key = {unsealed}, master_key = NULL"
    ));
    let mut session = daypass.session();
    session.number("SELECT count(*) FROM signing_key");
    assert!(is_stored(&daypass, KNOWN_PKCS8));
    drop(session);
    daypass.restart();
    let (_, jwks) = send(daypass.get("/.well-known/jwks.json")).await;
    assert_eq!(jwks["keys"][0]["kid"], KNOWN_KID);
    daypass.create_temporary(&daypass.admin).await;
    assert!(daypass.log().contains("sealed the signing keys of an earlier version"));
    assert!(!is_stored(&daypass, KNOWN_PKCS8), "the file, its log and the dump have it no longer");
    assert_eq!(daypass.session().number("SELECT count(*) FROM signing_key WHERE master_key IS NULL"), 0);
}

#[tokio::test]
async fn a_key_that_the_master_key_has_not_sealed_is_never_used() {
    let mut daypass = Daypass::start();
    let temporary = daypass.create_temporary(&daypass.admin).await;
    let unsealed = bytes(KNOWN_PKCS8);
    // Who can write to the store cannot add a key to sign with.
    daypass.execute(&format!(
        "INSERT INTO signing_key (kid, private_key, created_at, signs_from) VALUES ('{KNOWN_KID}', {unsealed}, 1, 1)"
    ));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while send(daypass.get(SELF).bearer_auth(&temporary)).await.0 == 200 {
        assert!(std::time::Instant::now() < deadline, "the service goes on");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(send(daypass.get("/.well-known/jwks.json")).await.0, 503);
    daypass.kill();
    expect_failure(serve(&daypass).env("DAYPASS_MASTER_KEY", MASTER_KEY), "is not sealed, but others are");
    daypass.execute(&format!("DELETE FROM signing_key WHERE kid = '{KNOWN_KID}'"));
    daypass.restart();
    assert_eq!(send(daypass.get(SELF).bearer_auth(&temporary)).await.0, 401, "another address, another issuer");
}

#[test]
fn a_wrong_master_key_is_named_as_such_and_changes_nothing() {
    let mut daypass = Daypass::start();
    let file = new_master_key(&daypass, "other.key");
    let other = file.to_str().expect("UTF-8");
    let keys = daypass.json(&["key", "list"]);
    daypass.kill();
    let by = |name: &str, value: &str| {
        let mut serve = serve(&daypass);
        serve.env(name, value);
        serve
    };
    let wrong = "is sealed by the master key ";
    expect_failure(&mut by("DAYPASS_MASTER_KEY_FILE", other), wrong);
    expect_failure(&mut by("DAYPASS_MASTER_KEY_COMMAND", &format!("cat '{other}'")), wrong);
    expect_failure(&mut by("DAYPASS_MASTER_KEY", &std::fs::read_to_string(&file).expect("a key")), wrong);
    expect_failure(&mut by("DAYPASS_MASTER_KEY", "short"), "DAYPASS_MASTER_KEY: expected 32 bytes in base64url");
    expect_failure(&mut by("DAYPASS_MASTER_KEY_FILE", "no/such/file"), "cannot use the master key in no/such/file");
    expect_failure(
        by("DAYPASS_MASTER_KEY_FILE", other).env("DAYPASS_MASTER_KEY", MASTER_KEY),
        "several master keys are given",
    );
    for command in ["printf %s", "echo lost >&2; exit 3; echo"] {
        let command = format!("{command} '{MASTER_KEY}x'");
        let output = run_to_end(&mut by("DAYPASS_MASTER_KEY_COMMAND", &command));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let says = if command.starts_with("printf") { "its output is no key" } else { "it failed (exit status: 3): lost" };
        assert!(!output.status.success() && error.contains(says), "{error}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).expect("a file");
        expect_failure(&mut by("DAYPASS_MASTER_KEY_FILE", other), &format!("(mode 0640): run `chmod 600 {other}`"));
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o400)).expect("a file");
        expect_failure(&mut by("DAYPASS_MASTER_KEY_FILE", other), wrong);
    }
    for command in [&["key", "rotate"][..], &["key", "revoke", "x", "--yes"]] {
        let output = command_with(&daypass, command, &file);
        assert!(String::from_utf8_lossy(&output.stderr).contains(wrong) && !output.status.success());
    }
    assert_eq!(daypass.json(&["key", "list"]), keys);
    daypass.restart();
}

#[test]
fn a_master_key_is_written_once_and_readable_by_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("master.key");
    let write = || run_to_end(daypass().args(["key", "master"]).arg(&file));
    let output = write();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("--master-key-file"));
    let text = std::fs::read_to_string(&file).expect("a key");
    assert!(text.trim().len() == 43 && !String::from_utf8_lossy(&output.stdout).contains(text.trim()));
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&file.metadata().expect("a file").permissions()) & 0o777, 0o600);
    assert!(String::from_utf8_lossy(&write().stderr).contains("cannot create"));
    assert!(std::fs::read_to_string(&file).expect("a key") == text, "it is left as it is");
}

#[tokio::test]
async fn another_master_key_seals_the_keys_while_services_run() {
    let issuer = "https://tokens.example";
    let mut daypass = Daypass::start_with(&["--issuer", issuer]);
    let temporary = daypass.create_temporary(&daypass.admin).await;
    let file = new_master_key(&daypass, "new.key");
    let new = file.to_str().expect("UTF-8");
    let reseal = ["key", "reseal", "--new-master-key-file", new];
    assert_eq!(daypass.json(&reseal)["keys"], 1);
    let id = to_text(&daypass.json(&["key", "reseal", "--new-master-key-file", new])["masterKey"]);
    assert_eq!(daypass.json(&reseal)["keys"], 0, "once is enough");
    // A running service has opened the keys, and adds none.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !daypass.log().contains("have another master key now") {
        assert!(std::time::Instant::now() < deadline, "it is told");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let again = daypass.create_temporary(&daypass.admin).await;
    let output = daypass.command(&["key", "rotate"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(&id), "{error}");
    assert!(command_with(&daypass, &["key", "rotate"], &file).status.success());
    // It cannot open the new key: what it knows stays valid, and it calls nothing forged that the new key may have signed.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while send(daypass.get("/.well-known/jwks.json")).await.0 != 503 {
        assert!(std::time::Instant::now() < deadline, "the keys of an incomplete set are published");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(send(daypass.get(SELF).bearer_auth(&temporary)).await.0, 200);
    let third = daypass.create_temporary(&daypass.admin).await;
    daypass.restart_with(&["--issuer", issuer, "--master-key-file", new]);
    for token in [&temporary, &again, &third] {
        assert_eq!(send(daypass.get(SELF).bearer_auth(token)).await.0, 200);
    }
    daypass.create_temporary(&daypass.admin).await;
    expect_error(daypass.get(SELF).bearer_auth("x"), 401, "invalid_token").await;
    let list: Value = daypass.json(&["key", "list"]);
    assert_eq!(list["keys"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_key_ends_without_the_master_key_that_is_lost() {
    let mut daypass = Daypass::start();
    let temporary = daypass.create_temporary(&daypass.admin).await;
    let kid = to_text(&daypass.json(&["key", "list"])["keys"][0]["kid"]);
    let lost = new_master_key(&daypass, "lost.key");
    let refused = command_with(&daypass, &["key", "revoke", &kid, "--yes"], &lost);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--without-successor"));
    let revoke = ["key", "revoke", &kid, "--yes", "--without-successor", "--json"];
    let revoked = command_with(&daypass, &revoke, &lost);
    let done: Value = serde_json::from_slice(&revoked.stdout).expect("JSON");
    assert_eq!((&done["successor"], &done["revocation"]["kid"]), (&Value::Null, &json!(kid)));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while send(daypass.get(SELF).bearer_auth(&temporary)).await.0 == 200 {
        assert!(std::time::Instant::now() < deadline, "what it signed ends");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // A start says that nothing signs, before anybody asks.
    daypass.restart();
    while !daypass.log().contains("no active signing key") {
        assert!(std::time::Instant::now() < deadline, "{}", daypass.log());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(send(daypass.get("/ready")).await.0, 503);
    // As the guide says.
    daypass.kill();
    daypass.execute("DELETE FROM signing_key");
    let rotated = command_with(&daypass, &["key", "rotate", "--now"], &lost);
    assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
    daypass.restart_with(&["--master-key-file", lost.to_str().expect("UTF-8")]);
    daypass.create_temporary(&daypass.admin).await;
    assert_eq!(send(daypass.get(SELF).bearer_auth(&temporary)).await.0, 401);
}

#[tokio::test]
async fn a_reader_in_the_way_fails_no_resealing_and_is_told_of() {
    let daypass = Daypass::start();
    let temporary = daypass.create_temporary(&daypass.admin).await;
    let file = new_master_key(&daypass, "new.key");
    let mut reader = daypass.session();
    reader.execute("BEGIN");
    assert_eq!(reader.number("SELECT count(*) FROM signing_key"), 1);
    let reseal = ["key", "reseal", "--new-master-key-file", file.to_str().expect("UTF-8")];
    let output = daypass.command(&reseal);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(error.contains("can still have them as they were before"), "{error}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("Sealed 1 signing keys"));
    drop(reader);
    assert_eq!(daypass.json(&reseal)["keys"], 0);
    assert_eq!(send(daypass.get(SELF).bearer_auth(&temporary)).await.0, 200);
}
