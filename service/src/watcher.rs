//! Looking at the store, in which other processes write too: [`StoreSync`].

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::even_hour::EvenHour;
use crate::signing::{self, SigningKeys};
use crate::store::{Store, StoredKey};
use crate::unique;

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
pub(crate) struct StoreSync {
    pub(crate) store: Store,
    pub(crate) keys: SigningKeys,
    pub(crate) seen: watch::Sender<Seen>,
    /// How old the newest key may be, in seconds; as old as may be without.
    pub(crate) rotate_every: Option<u64>,
}

impl StoreSync {
    /// Looks at the store again and again, and at once when this process has revoked something. While the store does not
    /// answer, nothing is seen.
    pub(crate) async fn watch(self) {
        let mut hour = EvenHour::new(Instant::now(), unique::now());
        loop {
            let (at, now) = (Instant::now(), unique::now());
            if hour.is_over(at, now) {
                // The store has logged why not; the next hour comes.
                let _ = self.store.forget_revocations(now).await;
            }
            let pause = match self.store.look().await {
                Ok(look) => {
                    // First of all, so that who hears of a key's revocation finds it no longer published.
                    self.keys.follow(&look.keys);
                    self.seen.send_replace(Seen { latest: look.latest, at });
                    self.rotate_if_due(&look.keys).await;
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

    async fn rotate_if_due(&self, keys: &[StoredKey]) {
        let (Some(every), now) = (self.rotate_every, unique::now()) else { return };
        let due_since = now.saturating_sub(every);
        if keys.iter().all(|key| key.created_at <= due_since) {
            let key = signing::generate(now, now + signing::PUBLISHED_BEFORE);
            // The store has logged why not; the next look comes soon.
            let _ = self.store.add_key_unless_after(key, due_since).await;
        }
    }
}
