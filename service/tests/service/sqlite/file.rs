//! What holds for a store in a file.

use super::running::{Daypass, expect_error};

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
    expect_error(daypass.get("/health"), 503, "unavailable").await;
    std::fs::remove_file(daypass.store()).expect("a file");
    expect_error(poll(), 503, "unavailable").await;
    events.expect_silence().await;
    rename("moved.db", "daypass.db").expect("a file");
    assert_eq!(events.until_heartbeat().await, (vec![], 0));
}
