//! When tokens were last used: [`TokenUses`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::clock::now;
use crate::domain::last_use::{INTERVAL, LastUses, TokenUse};
use crate::store::SharedStore;

/// The most tokens of one transaction. Other writers wait no longer than it takes.
const BATCH: usize = 1000;

/// Remembers which tokens are used, and writes it once a minute, so that no request waits for the store.
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
        self.uses.lock().unwrap_or_else(PoisonError::into_inner).note(serial, now());
    }

    /// Writes once a minute, for ever.
    pub(crate) async fn run(&self) {
        loop {
            tokio::time::sleep(Duration::from_secs(INTERVAL)).await;
            self.write().await;
        }
    }

    /// Writes what was noted. What the store does not take is lost: it is of no importance for any decision.
    pub(crate) async fn write(&self) {
        let uses: Vec<TokenUse> = self.uses.lock().unwrap_or_else(PoisonError::into_inner).take();
        for batch in uses.chunks(BATCH) {
            // The store logs a failure.
            let _ = self.store.record_uses(batch.to_vec()).await;
        }
    }
}
