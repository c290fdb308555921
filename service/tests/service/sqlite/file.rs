//! What holds for a store in a file.

use crate::binary::run_to_end;

use super::running::{Daypass, daypass, expect_error, send};

const PATH: &str = "/v2/revocation";

#[tokio::test]
async fn a_restored_file_has_another_epoch() {
    let mut daypass = Daypass::start();
    let epoch = async |daypass: &Daypass| daypass.read_page(&daypass.admin, 0).await.epoch;
    let (first, (_, id)) = (epoch(&daypass).await, daypass.create_secret().await);
    let backup = daypass.folder.path().join("backup.db");
    daypass.execute(&format!("VACUUM INTO '{}'", backup.display()));
    daypass.revoke(&id).await;
    assert_eq!(daypass.read_page(&daypass.admin, 0).await.latest, 1);

    daypass.kill();
    for suffix in ["-wal", "-shm"] {
        std::fs::remove_file(format!("{}{suffix}", daypass.store())).expect("a file");
    }
    std::fs::rename(backup, daypass.store()).expect("a file");
    daypass.restart();
    assert_eq!(daypass.read_page(&daypass.admin, 0).await.latest, 0);
    assert_ne!(epoch(&daypass).await, first);
    assert!(daypass.log().contains("was restored"), "the operator is told");
}

#[tokio::test]
async fn without_its_store_the_feed_sends_no_heartbeat() {
    let daypass = Daypass::start();
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    let poll = || daypass.get(PATH).bearer_auth(&daypass.admin);
    events.until_heartbeat().await;
    let rename =
        |from: &str, to: &str| std::fs::rename(daypass.folder.path().join(from), daypass.folder.path().join(to));

    // Another file takes its name: the service would not see what is written there.
    rename("daypass.db", "moved.db").expect("a file");
    std::fs::copy(daypass.folder.path().join("moved.db"), daypass.store()).expect("a file");
    events.expect_silence().await;
    expect_error(poll(), 503, "unavailable").await;
    assert_eq!(send(daypass.get("/ready")).await.0, 503);
    std::fs::remove_file(daypass.store()).expect("a file");
    expect_error(poll(), 503, "unavailable").await;
    events.expect_silence().await;
    rename("moved.db", "daypass.db").expect("a file");
    assert_eq!(events.until_heartbeat().await, (vec![], 0));
}

#[tokio::test]
async fn a_truncated_file_lets_nothing_pass_not_even_what_is_in_memory() {
    let daypass = Daypass::start();
    let (token, _) = daypass.create_secret().await;
    daypass.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    let introspect = || daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", &token)]);
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    events.until_heartbeat().await;
    for _ in 0..2 {
        assert_eq!(send(introspect()).await.1["active"], true);
    }
    let whole = std::fs::read(daypass.store()).expect("a file");
    let file = std::fs::OpenOptions::new().write(true).open(daypass.store()).expect("a file");
    for length in [whole.len() as u64 / 2, 4096, 0] {
        file.set_len(length).expect("a shorter file");
        // What was found in memory counts for some milliseconds more.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        expect_error(introspect(), 503, "unavailable").await;
        expect_error(daypass.get(PATH).bearer_auth(&daypass.admin), 503, "unavailable").await;
        assert_eq!(send(daypass.get("/ready")).await.0, 503);
    }
    events.expect_silence().await;
    assert!(daypass.log().contains("was truncated"), "the operator is told");
    std::fs::write(daypass.store(), whole).expect("a file");
    assert_eq!(send(introspect()).await.1["active"], true);
    events.until_heartbeat().await;
}

#[tokio::test]
async fn a_store_that_was_emptied_or_removed_is_not_created_again() {
    let mut daypass = Daypass::start();
    daypass.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    daypass.kill();
    let serve = || run_to_end(self::daypass().args(["serve", "--listen", "127.0.0.1:0", "--store", daypass.store()]));
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", daypass.store()));
    }
    let lose: [&dyn Fn() -> std::io::Result<()>; 2] =
        [&|| std::fs::write(daypass.store(), ""), &|| std::fs::remove_file(daypass.store())];
    for lose in lose {
        lose().expect("a file");
        let output = serve();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "no new token is shown");
        assert!(error.contains("restore a backup") && error.contains("-feed"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_store_is_refused_by_the_name_of_its_target() {
    let mut daypass = Daypass::start();
    daypass.kill();
    let link = daypass.folder.path().join("link.db");
    std::os::unix::fs::symlink("daypass.db", &link).expect("a link");
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["config", "check"], &["token", "list"]] {
        let output = run_to_end(self::daypass().args(command).arg("--store").arg(&link));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{command:?}");
        assert!(
            error.contains("link.db is a symbolic link: name its target, ") && error.contains("/daypass.db"),
            "{error}"
        );
    }
}

#[test]
fn a_backup_to_a_folder_that_is_missing_says_so() {
    let daypass = Daypass::start();
    let folder = daypass.folder.path().join("none");
    let file = folder.join("daypass.backup");
    let output = run_to_end(self::daypass().args(["backup", "--store", daypass.store()]).arg(file));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains(&format!("create the folder {} first", folder.display())), "{error}");
    assert!(!error.contains(".part"), "{error}");
}
