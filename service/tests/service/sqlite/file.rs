//! What holds for a store in a file.

use super::running::{Daypass, expect_error};

const PATH: &str = "/v2/revocation";

#[tokio::test]
async fn each_run_of_the_service_has_its_own_epoch() {
    let mut daypass = Daypass::start();
    let epoch = async |daypass: &Daypass| {
        let mut events = daypass.subscribe(&daypass.admin, 0).await;
        events.until_heartbeat().await;
        let page = daypass.read_page(&daypass.admin, 0).await;
        assert_eq!(events.epoch.as_ref(), Some(&page.epoch));
        page.epoch
    };
    let first = epoch(&daypass).await;
    assert_eq!(epoch(&daypass).await, first);
    daypass.restart();
    assert_ne!(epoch(&daypass).await, first);
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
