//! When tokens were last used, and how many temporary tokens were minted from them: [`TokenUses`].

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::now;
use super::token_use;
use crate::domain::last_use::{INTERVAL, LastUses, TokenUse};
use crate::store::SharedStore;

/// The most tokens of one transaction. Other writers wait no longer than it takes.
const BATCH: usize = 1000;

/// Remembers which tokens are used and minted from, and writes it once a minute, so that no request waits for the store.
pub(crate) struct TokenUses {
    store: SharedStore,
    uses: Mutex<LastUses>,
}

impl TokenUses {
    /// Tokens of this store, none of which was used yet.
    pub(crate) fn new(store: SharedStore) -> TokenUses {
        TokenUses { store, uses: Mutex::default() }
    }

    /// Notes that the token with this serial number is used now.
    pub(crate) fn note(&self, serial: u64) {
        self.note_at(serial, now());
    }

    /// Notes that the token with this serial number was used at a time, as a verifier reports it.
    pub(super) fn note_at(&self, serial: u64, at: u64) {
        self.lock().note(serial, at);
    }

    /// Notes that a temporary token was made whose chain goes back to the token with this serial number.
    pub(crate) fn note_refresh(&self, serial: u64) {
        self.lock().note_refresh(serial);
    }

    fn lock(&self) -> MutexGuard<'_, LastUses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes once a minute, for ever.
    pub(crate) async fn run(&self) {
        loop {
            tokio::time::sleep(Duration::from_secs(INTERVAL)).await;
            self.write().await;
        }
    }

    /// Writes what was noted. What the store does not take is lost: nothing is decided by it alone.
    pub(crate) async fn write(&self) {
        let (uses, refreshes): (Vec<TokenUse>, _) = {
            let mut noted = self.lock();
            (noted.take(), noted.take_refreshes())
        };
        for batch in uses.chunks(BATCH) {
            // The store logs a failure.
            let _ = self.store.record_uses(batch.to_vec()).await;
        }
        for batch in refreshes.chunks(BATCH) {
            let _ = token_use::add_refreshes(&*self.store, batch).await;
        }
    }
}
