//! Looking at the store, in which other processes write too: [`Watcher`].

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::signing::SigningKeys;
use crate::store::Store;

/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(250);
/// How long after a look that failed.
const LONGER_PAUSE: Duration = Duration::from_secs(1);

/// What the store showed.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    /// The feed's last number.
    pub(crate) latest: u64,
    /// When the store was asked. Whatever came later may not be seen.
    pub(crate) at: Instant,
}

/// The one who looks, for the whole process.
pub(crate) struct Watcher {
    pub(crate) store: Store,
    pub(crate) keys: SigningKeys,
    pub(crate) seen: watch::Sender<Seen>,
}

impl Watcher {
    /// Looks at the store again and again, and at once when this process has revoked something. While the store does not
    /// answer, nothing is seen.
    pub(crate) async fn watch(self) {
        loop {
            let at = Instant::now();
            let pause = match self.store.look().await {
                Ok(look) => {
                    self.keys.follow(look.keys);
                    self.seen.send_replace(Seen { latest: look.latest, at });
                    PAUSE
                }
                // The store has logged why.
                Err(_) => LONGER_PAUSE,
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.store.changed() => {}
            }
        }
    }
}
