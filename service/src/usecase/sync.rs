//! Polling of the store, in which other processes write too: [`StoreSync`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::clock::ClockWatch;
use super::current_catalog::CurrentCatalog;
use super::keys;
use super::signing_keys::SigningKeys;
use crate::domain::retention::{MarkWatch, next_mark};
use crate::store::{SharedStore, Snapshot};

/// The time between two polls.
const PAUSE: Duration = Duration::from_millis(250);
/// The least time between two polls, however many questions wait for one.
const SHORT_PAUSE: Duration = Duration::from_millis(20);
/// The time after a poll that failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Where the feed ended when the store was polled.
#[derive(Clone)]
pub(crate) struct FeedPosition {
    /// The feed's last number.
    pub(crate) latest: u64,
    /// The number up to which entries of stored tokens and JWTs are no longer kept.
    pub(crate) deleted_up_to: u64,
    /// The name of the history of the feed that this number is of.
    pub(crate) epoch: String,
    /// The moment before the poll. Later entries may be missing.
    pub(crate) at: Instant,
}

/// Polls the store for the whole process.
pub(crate) struct StoreSync {
    pub(crate) store: SharedStore,
    pub(crate) keys: SigningKeys,
    pub(crate) catalog: CurrentCatalog,
    pub(crate) position: watch::Sender<FeedPosition>,
    /// Told when a question waits for a poll.
    pub(crate) wanted: Arc<Notify>,
    /// Rotate the signing key every so many seconds; never without it.
    pub(crate) rotate_every: Option<u64>,
}

impl StoreSync {
    /// Polls the store for ever, and at once when this process has revoked something. While the store
    /// does not answer, the position stays as it is.
    pub(crate) async fn run(self) {
        let start = Instant::now();
        let mut watch = MarkWatch::default();
        let mut clock = ClockWatch::new(start);
        loop {
            clock.check(start);
            let at = Instant::now();
            let (pause, least) = match self.store.snapshot().await {
                Ok(Snapshot { latest, deleted_up_to, newest_mark, epoch, keys, catalog_version }) => {
                    // First of all, so that a subscriber that hears of a key's revocation finds it no
                    // longer published.
                    self.keys.update(&keys, newest_mark);
                    self.position.send_replace(FeedPosition { latest, deleted_up_to, epoch, at });
                    // The store logs a failure; the next poll tries again.
                    let _ = self.catalog.update(&*self.store, catalog_version).await;
                    if watch.is_hour_complete(newest_mark, start.elapsed()) {
                        // The store logs a failure; the next poll tries again.
                        let _ = self.store.add_mark(Box::new(move |facts| Ok(next_mark(newest_mark, facts)))).await;
                    }
                    if let Some(every) = self.rotate_every {
                        // The store logs a failure; the next poll tries again.
                        let _ =
                            keys::rotate_if_due(&*self.store, &self.keys.master_key(), &keys, newest_mark, every).await;
                    }
                    (PAUSE, SHORT_PAUSE)
                }
                // The store logs the cause.
                Err(_) => (PAUSE_AFTER_FAILURE, PAUSE_AFTER_FAILURE),
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.store.changed() => {}
                () = async {
                    tokio::time::sleep(least).await;
                    self.wanted.notified().await;
                } => {}
            }
        }
    }
}
