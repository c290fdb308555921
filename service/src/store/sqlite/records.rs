//! Look-ups of tokens that are kept in memory: [`SqliteStore::find_record`].

use std::sync::Arc;
use std::time::Instant;

use daypass::Error;
use daypass::api::TokenRecord;
use daypass::verify::TokenHash;
use tokio::sync::{Mutex, MutexGuard};

use super::follower::Follower;
use super::{SqliteStore, tokens};
use crate::domain::token::TokenState;

/// How often a task tries to lock the follower, which others lock for microseconds, before it leaves that to a thread.
const ATTEMPTS: usize = 64;

impl SqliteStore {
    /// Returns the record of the token with this hash, as of a moment after `since`.
    ///
    /// SECURITY: the cache answers only if nothing was committed between its last reading of the feed and a moment after
    /// `since`, or after it has read on. So a revocation that was acknowledged before `since`, by this process or
    /// another, is seen; and one that is not seen is committed later and has a greater number in the feed than any
    /// that was read before `since`.
    pub(super) async fn find_record(&self, hash: TokenHash, since: Instant) -> Result<Option<Arc<TokenRecord>>, Error> {
        if self.is_level(since)
            && let Some(record) = self.records.get(&hash)
        {
            return Ok(Some(record));
        }
        let records = Arc::clone(&self.records);
        if records.contains(&hash) {
            let follow = move |follower: &mut Follower| {
                follower.follow(&records)?;
                Ok(records.get(&hash))
            };
            if let Some(record) = self.run(&self.follower, follow).await? {
                return Ok(Some(record));
            }
        }
        let stamp = self.records.stamp();
        let record = self.read(move |connection| tokens::of_hash(connection, hash)).await?.map(Arc::new);
        if let Some(record) = &record {
            self.records.insert(hash, Arc::clone(record), stamp);
        }
        Ok(record)
    }

    /// Returns the state of the token with this hash, if no revocation of it has begun and it is known without waiting.
    ///
    /// SECURITY: at one moment after the call nothing is being written, by this process or another, and everything that
    /// was committed before is known. So a revocation that begins later is committed later, as if it had waited for a
    /// lock of this check. While something is written the caller has to wait for it.
    pub(super) fn settled_state(&self, hash: &TokenHash) -> Option<TokenState> {
        let _no_writer = self.writer.try_lock().ok()?;
        let mut follower = try_lock(&self.follower)?;
        let is_settled = !follower.has_foreign_writer() && self.file.was_in_place() && follower.is_level();
        let record = is_settled.then(|| self.records.get(hash)).flatten()?;
        Some(TokenState::from(&*record))
    }

    /// Returns whether the cache knows what was committed before `since`, without waiting for the disk.
    pub(super) fn is_level(&self, since: Instant) -> bool {
        let Some(mut follower) = try_lock(&self.follower) else { return false };
        follower.was_level(since) || (self.file.was_in_place() && follower.is_level())
    }
}

fn try_lock(follower: &Mutex<Follower>) -> Option<MutexGuard<'_, Follower>> {
    for _ in 0..ATTEMPTS {
        match follower.try_lock() {
            Ok(follower) => return Some(follower),
            Err(_) => std::hint::spin_loop(),
        }
    }
    None
}
