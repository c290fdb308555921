//! The name of the feed's history.

use super::running::Daypass;

#[tokio::test]
async fn after_a_restart_the_feed_has_the_same_epoch_and_subscribers_go_on() {
    let mut daypass = Daypass::start();
    let (_, id) = daypass.create_secret().await;
    daypass.revoke(&id).await;
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    let (entries, latest) = events.until_heartbeat().await;
    assert_eq!((entries.len(), latest), (1, 1));
    let epoch = events.epoch.clone();
    assert_eq!(Some(daypass.read_page(&daypass.admin, 0).await.epoch), epoch);

    for _ in 0..2 {
        daypass.restart();
        let mut again = daypass.subscribe(&daypass.admin, latest).await;
        assert_eq!(again.until_heartbeat().await, (vec![], latest), "nothing is told twice");
        assert_eq!(again.epoch, epoch);
    }
}
