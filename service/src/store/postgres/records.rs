//! Look-ups of tokens that are kept in memory: [`PostgresStore::find_record`].

use std::sync::Arc;
use std::time::Instant;

use daypass::Error;
use daypass::api::TokenRecord;
use daypass::verify::TokenHash;
use deadpool_postgres::GenericClient;
use futures_util::future::try_join;
use tokio::sync::Mutex;

use super::super::record_cache::RecordCache;
use super::super::{FeedPage, Store};
use super::sql::find;
use super::{Failure, PostgresStore, feed, tokens};

/// The records that were looked up lately, and how far they follow the feed.
pub(super) struct Records {
    cache: RecordCache,
    /// The last reading of the feed's position. Requests that wait for the next one share it.
    reading: Mutex<Reading>,
}

struct Reading {
    began: Option<Instant>,
    has_failed: bool,
    /// The name of the feed's history.
    epoch: String,
}

impl Records {
    pub(super) fn new() -> Records {
        let reading = Reading { began: None, has_failed: false, epoch: String::new() };
        Records { cache: RecordCache::new(), reading: Mutex::new(reading) }
    }
}

/// Reads where the feed ends, and fails as a look-up would if the tables of tokens are gone.
async fn position(client: &impl GenericClient) -> Result<feed::Position, Failure> {
    let tables = find(client, "SELECT number FROM record LIMIT 0", &[]);
    Ok(try_join(feed::position(client), tables).await?.0)
}

impl PostgresStore {
    /// Returns the record of the token with this hash, as of a moment after `since`.
    ///
    /// SECURITY: the cache answers only after the feed's position was read on the primary, by a statement that began
    /// after `since`, and the cache was told of what is new. The feed is in commit order, and an entry is visible before
    /// its revocation is acknowledged: so every revocation that any node acknowledged before `since` is seen.
    pub(super) async fn find_record(&self, hash: TokenHash, since: Instant) -> Result<Option<Arc<TokenRecord>>, Error> {
        let cache = &self.records.cache;
        if cache.contains(&hash) {
            self.follow(since).await?;
            if let Some(record) = cache.get(&hash) {
                return Ok(Some(record));
            }
        }
        let stamp = cache.stamp();
        let record = self.read(hash, |client, hash| Box::pin(tokens::of_hash(client, *hash))).await?.map(Arc::new);
        if let Some(record) = &record {
            cache.insert(hash, Arc::clone(record), stamp);
        }
        Ok(record)
    }

    /// Tells the cache what the feed had at a moment after `since`.
    async fn follow(&self, since: Instant) -> Result<(), Error> {
        // All that wait here share the next reading, or its failure.
        let mut reading = self.records.reading.lock().await;
        if reading.began.is_none_or(|began| began < since) {
            let began = Instant::now();
            let epoch = self.read_on(&reading.epoch).await;
            (reading.began, reading.has_failed) = (Some(began), epoch.is_err());
            reading.epoch = epoch?;
        }
        if reading.has_failed { Err(Error::Unavailable) } else { Ok(()) }
    }

    /// Tells the cache what the feed has now, and returns the name of its history.
    async fn read_on(&self, known_epoch: &str) -> Result<String, Error> {
        let cache = &self.records.cache;
        let known = cache.latest();
        let feed::Position { latest, epoch } = self.read((), |client, ()| Box::pin(position(client))).await?;
        if latest == known && epoch == known_epoch {
            return Ok(epoch);
        }
        let page = self.revocations(None, Box::new(move |_| Ok(known))).await?;
        let FeedPage { revocations, latest, deleted_up_to, epoch } = page;
        if epoch == known_epoch && latest >= known && deleted_up_to <= known {
            cache.apply(&revocations, latest);
        } else {
            cache.clear(latest);
        }
        Ok(epoch)
    }
}
