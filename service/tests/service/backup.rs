//! Back-up while services write, and restore to another place.

use std::path::Path;
use std::process::Output;

use reqwest::Client;
use serde_json::Value;

use super::backend::Backend;
use super::crash::{Writers, expect_kept};
use super::running::{Daypass, daypass, send};
use crate::binary::run_to_end;

fn back_up(daypass: &Daypass, file: &Path) -> Output {
    run_to_end(self::daypass().args(["backup", "--json", "--store", daypass.store()]).arg(file))
}

fn restore(file: &Path, store: &str) -> Output {
    run_to_end(daypass().args(["restore", "--store", store]).arg(file))
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_while_clients_write_has_everything_that_was_acknowledged_before() {
    let daypass = Daypass::start();
    let client = Client::new();
    let writers = Writers::start(&[&daypass.url], &daypass.admin, "before");
    writers.wait_for(20).await;
    let before = writers.stop().await;
    let (later, id) = daypass.create_secret().await;
    let subscriber = daypass.read_page(&daypass.admin, 0).await;

    let writers = Writers::start(&[&daypass.url], &daypass.admin, "during");
    writers.wait_for(4).await;
    let file = daypass.folder.path().join("store.backup");
    let copied = json(&back_up(&daypass, &file));
    writers.wait_for(4).await;
    drop(writers.stop().await);
    daypass.revoke(&id).await;
    assert_eq!(copied["organizations"], 2);
    assert_eq!(copied["unsealedKeys"], 0);
    assert!(copied["tokens"].as_u64().is_some_and(|count| count > 40), "{copied}");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&file.metadata().expect("a file").permissions()) & 0o777, 0o600);

    let folder = tempfile::tempdir().expect("a folder");
    let place = Backend::new(folder.path());
    let output = restore(&file, place.location());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("active again"), "{}", String::from_utf8_lossy(&output.stderr));
    let restored = Daypass::start_in(folder, place, &[]);
    assert!(restored.line["ownerToken"].is_null(), "it is no first start");
    expect_kept(&client, &restored.url, &before).await;
    // What was revoked after the back-up is not known to it, so that verifiers must read everything again.
    let (status, described) = send(restored.get("/v2/access-token/self").bearer_auth(&later)).await;
    assert_eq!((status, described["revoked"] == true), (200, false));
    let page = restored.read_page(&daypass.admin, 0).await;
    assert_ne!(page.epoch, subscriber.epoch, "followers begin again");
    assert!(page.revocations.len() >= subscriber.revocations.len());
    assert!(page.revocations.starts_with(&subscriber.revocations));
    restored.create_temporary(&daypass.admin).await;
    let trail = restored.json(&["audit", "list", "--action", "store.restore"]);
    assert_eq!(trail["entries"][0]["facts"]["backup"], "store.backup", "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_backup_nor_a_store_is_overwritten() {
    let daypass = Daypass::start();
    let file = daypass.folder.path().join("store.backup");
    json(&back_up(&daypass, &file));
    let expect_failure = |output: Output, says: &str| {
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(says), "{error} lacks {says}");
    };
    let (bytes, tokens) = (std::fs::read(&file).expect("a file"), daypass.json(&["token", "list"]));
    expect_failure(back_up(&daypass, &file), "exists already");
    assert!(std::fs::read(&file).expect("a file") == bytes);
    expect_failure(restore(&file, daypass.store()), "is not restored over");
    assert_eq!(daypass.json(&["token", "list"]), tokens);

    let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let place = Backend::new(folder.path());
    std::fs::write(other.path().join("text"), "no back-up at all, and longer than a header of SQLite: ".repeat(40)).expect("a file");
    expect_failure(restore(&other.path().join("text"), place.location()), "text");
    expect_failure(restore(&other.path().join("missing"), place.location()), "missing");
    // Something of it is lost.
    std::fs::write(other.path().join("cut"), &bytes[..bytes.len() / 2]).expect("a file");
    expect_failure(restore(&other.path().join("cut"), place.location()), "cut");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left");
    expect_failure(run_to_end(self::daypass().args(["token", "list", "--store", place.location()])), "there is no store");
    expect_failure(
        run_to_end(self::daypass().args(["backup", "x", "--store", place.location()]).current_dir(&folder)),
        "there is no store",
    );
}
