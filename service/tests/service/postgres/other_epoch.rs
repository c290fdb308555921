//! The epoch of the feed changes while a subscriber reads.

use super::events::Event;
use super::running::Daypass;

#[tokio::test]
async fn a_stream_ends_with_its_epoch_and_the_next_one_is_of_the_other() {
    let daypass = Daypass::start();
    let page = daypass.read_page(&daypass.admin, 0).await;
    for entries in [0, 1] {
        let mut events = daypass.subscribe(&daypass.admin, 0).await;
        events.until_heartbeat().await;
        // As after a restore: with as many entries, and with more.
        daypass.execute(&format!(
            "BEGIN; INSERT INTO revocation SELECT 1, 1, id, 'jwt', 'j' FROM organization WHERE {entries} = 1 LIMIT 1;
            UPDATE feed SET epoch = 'epoch {entries}', seq = {entries}; COMMIT"
        ));
        while let Some(event) = events.next().await {
            assert!(matches!(event, Event::Heartbeat(_)), "an entry of the other epoch");
        }
        let other = daypass.read_page(&daypass.admin, 0).await;
        assert_ne!(other.epoch, page.epoch);
        let mut events = daypass.subscribe(&daypass.admin, 0).await;
        events.until_heartbeat().await;
        assert_eq!(events.epoch, Some(other.epoch));
    }
}
