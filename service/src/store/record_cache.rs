//! The records of tokens that were looked up lately: [`RecordCache`].

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use daypass::api::{Revocation, RevocationPage, RevocationTarget, TokenRecord};
use daypass::verify::TokenHash;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// The most memory that records take, in bytes.
const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// The expected size of an entry, in bytes, by which tables are allocated.
const TYPICAL_ENTRY: usize = 1024;
/// The most tokens whose changes are known one by one.
const MOST_CHANGES: usize = 4096;
/// How old a record may be. The feed does not tell of the times of last use.
const MOST_AGE: Duration = Duration::from_secs(30);

/// Records as the store had them, with what its feed tells of them since.
///
/// SECURITY: a record is used only after the feed was read up to a moment after the request for it: the store calls
/// [`apply`](RecordCache::apply) or [`clear`](RecordCache::clear) first if the feed goes on from [`latest`](RecordCache::latest). The
/// feed tells of every revocation, suspension and edit of a record in the transaction that makes it, so that a record
/// that it does not mention since it was read is as the store has it.
pub(super) struct RecordCache {
    records: Cache<TokenHash, Arc<CachedRecord>, Bytes>,
    known: RwLock<Known>,
}

/// How far the feed was known when a record was about to be read.
#[derive(Clone, Copy)]
pub(super) struct Stamp {
    generation: u64,
    latest: u64,
}

struct CachedRecord {
    record: Arc<TokenRecord>,
    stamp: Stamp,
    read_at: Instant,
}

/// What the feed has told.
#[derive(Default)]
struct Known {
    /// Grows when every record becomes void.
    generation: u64,
    /// Grows when any record may have changed.
    version: u64,
    /// The number up to which the feed was read.
    latest: u64,
    /// The last entry for each serial number, in this generation.
    changed: HashMap<u64, u64>,
}

impl RecordCache {
    /// Makes an empty cache, of a feed that was read up to nothing.
    pub(super) fn new() -> RecordCache {
        let entries = MOST_BYTES as usize / TYPICAL_ENTRY;
        RecordCache { records: Cache::with_weighter(entries, MOST_BYTES, Bytes), known: RwLock::default() }
    }

    /// Returns the record of the token with this hash, if what the feed has told leaves it as it is.
    pub(super) fn get(&self, hash: &TokenHash) -> Option<Arc<TokenRecord>> {
        let CachedRecord { record, stamp, read_at } = &*self.records.get(hash)?;
        (self.known().is_current(record, *stamp) && read_at.elapsed() < MOST_AGE).then(|| Arc::clone(record))
    }

    /// Returns whether the cache has a record of the token with this hash, current or not.
    pub(super) fn contains(&self, hash: &TokenHash) -> bool {
        self.records.contains_key(hash)
    }

    /// Returns the stamp for a record that is read from the store after this call.
    pub(super) fn stamp(&self) -> Stamp {
        let known = self.known();
        Stamp { generation: known.generation, latest: known.latest }
    }

    /// Keeps a record that was read after its stamp was taken.
    pub(super) fn insert(&self, hash: TokenHash, record: Arc<TokenRecord>, stamp: Stamp) {
        self.records.insert(hash, Arc::new(CachedRecord { record, stamp, read_at: Instant::now() }));
    }

    /// Returns a number that grows with everything that the feed tells of records.
    pub(super) fn version(&self) -> u64 {
        self.known().version
    }

    /// Returns the number up to which the feed was read.
    pub(super) fn latest(&self) -> u64 {
        self.known().latest
    }

    /// Applies the page of the feed of all organizations after [`latest`](RecordCache::latest). `latest` is the feed's last number.
    pub(super) fn apply(&self, page: &[Revocation], latest: u64) {
        self.write().apply(page, latest);
    }

    /// Makes every record void. `latest` is the feed's last number.
    pub(super) fn clear(&self, latest: u64) {
        self.write().clear(latest);
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_current(&self, record: &TokenRecord, stamp: Stamp) -> bool {
        let has_changed = |serial: &u64| self.changed.get(serial).is_some_and(|seq| *seq > stamp.latest);
        stamp.generation == self.generation
            && !has_changed(&record.serial)
            && !record.root_serial.as_ref().is_some_and(has_changed)
    }

    fn apply(&mut self, page: &[Revocation], latest: u64) {
        self.version += 1;
        // A full page may not be the last one.
        let mut is_complete = page.len() < RevocationPage::MOST;
        for Revocation { seq, target, .. } in page {
            match target {
                RevocationTarget::Token { serial } | RevocationTarget::Changed { serial, .. } => {
                    self.changed.insert(*serial, *seq);
                }
                // No record depends on them.
                RevocationTarget::Jwt { .. } | RevocationTarget::Key { .. } => {}
                RevocationTarget::Organization { .. }
                | RevocationTarget::IssuedBefore { .. }
                | RevocationTarget::IssuedUpTo { .. }
                | RevocationTarget::Suspended { .. }
                | RevocationTarget::Resumed { .. } => is_complete = false,
            }
        }
        if is_complete && self.changed.len() <= MOST_CHANGES {
            self.latest = latest;
        } else {
            self.clear(latest);
        }
    }

    fn clear(&mut self, latest: u64) {
        self.version += 1;
        self.generation += 1;
        self.latest = latest;
        self.changed.clear();
    }
}

/// Weighs records in bytes.
#[derive(Clone)]
struct Bytes;

impl Weighter<TokenHash, Arc<CachedRecord>> for Bytes {
    fn weight(&self, hash: &TokenHash, entry: &Arc<CachedRecord>) -> u64 {
        let record = &*entry.record;
        let texts = [&record.id, &record.name, &record.organization, &record.last_chars];
        let texts: usize = texts.into_iter().chain(&record.created_by).map(String::len).sum();
        let grants: usize = record.grants.iter().map(grant_bytes).sum();
        let origins: usize = record.origins.iter().map(|origin| size_of_val(origin) + 2 * origin.host().len()).sum();
        // The table's own part is about as large as two keys.
        let own = 2 * size_of_val(hash) + size_of::<CachedRecord>() + size_of::<TokenRecord>();
        (own + texts + grants + origins) as u64
    }
}

fn grant_bytes(grant: &daypass::Grant) -> usize {
    let scopes: usize = grant.scopes.iter().map(|scope| size_of_val(scope) + scope.as_str().len()).sum();
    let limits = grant.resources.iter();
    let limits: usize = limits.map(|limit| size_of_val(limit) + limit.kind.len() + limit.id.len()).sum();
    size_of_val(grant) + grant.tenant.len() + scopes + limits
}

#[cfg(test)]
mod tests {
    use daypass::{OpaqueToken, TokenKind};

    use super::*;
    use crate::crypto::random;
    use crate::domain::token::NewToken;

    fn token(serial: u64, root_serial: Option<u64>) -> (TokenHash, Arc<TokenRecord>) {
        let token = OpaqueToken::generate(TokenKind::Secret, random::fill).expect("an opaque kind");
        let mut new = NewToken::new(&token, "tok".into(), "n".into(), "org".into(), vec![], 1);
        (new.record.serial, new.record.root_serial) = (serial, root_serial);
        (new.hash, Arc::new(new.record))
    }

    fn entry(seq: u64, target: RevocationTarget) -> Revocation {
        Revocation { seq, at: 1, target }
    }

    fn organization() -> String {
        "another".into()
    }

    #[test]
    fn a_record_is_void_once_the_feed_mentions_it_its_root_or_an_organization() {
        for (target, is_void) in [
            (RevocationTarget::Token { serial: 7 }, true),
            (RevocationTarget::Token { serial: 3 }, true),
            (RevocationTarget::Token { serial: 8 }, false),
            (RevocationTarget::Changed { serial: 7, version: 2 }, true),
            (RevocationTarget::Changed { serial: 8, version: 2 }, false),
            (RevocationTarget::Jwt { jti: "7".into() }, false),
            (RevocationTarget::Key { kid: "7".into() }, false),
            (RevocationTarget::Organization { organization: organization() }, true),
            (RevocationTarget::IssuedBefore { organization: organization(), time: 0 }, true),
            (RevocationTarget::IssuedUpTo { organization: organization(), time: 0, root_serial: 0 }, true),
            (RevocationTarget::Suspended { organization: organization() }, true),
            (RevocationTarget::Resumed { organization: organization() }, true),
        ] {
            let (cache, (hash, record)) = (RecordCache::new(), token(7, Some(3)));
            cache.clear(5);
            cache.insert(hash, Arc::clone(&record), cache.stamp());
            cache.apply(&[entry(6, target.clone())], 6);
            assert_eq!(cache.get(&hash).is_none(), is_void, "{target}");
            assert_eq!(cache.latest(), 6);
            // What is read from now on has the change.
            cache.insert(hash, record, cache.stamp());
            assert!(cache.get(&hash).is_some(), "{target}");
        }
    }

    #[test]
    fn a_record_that_was_read_before_an_entry_is_void_also_if_it_is_inserted_after_it() {
        let (cache, (hash, record)) = (RecordCache::new(), token(7, None));
        cache.clear(5);
        let before = cache.stamp();
        cache.apply(&[entry(6, RevocationTarget::Token { serial: 7 })], 6);
        cache.insert(hash, Arc::clone(&record), before);
        assert!(cache.get(&hash).is_none());
        let before = cache.stamp();
        cache.clear(6);
        cache.insert(hash, record, before);
        assert!(cache.get(&hash).is_none());
    }

    #[test]
    fn more_changes_than_are_remembered_make_every_record_void() {
        let (cache, (hash, record)) = (RecordCache::new(), token(1, None));
        cache.insert(hash, Arc::clone(&record), cache.stamp());
        let page = |count: u64| -> Vec<_> {
            (1..=count).map(|seq| entry(seq, RevocationTarget::Token { serial: 10 + seq })).collect()
        };
        cache.apply(&page(RevocationPage::MOST as u64 - 1), 5);
        assert!(cache.get(&hash).is_some());
        // Another page may follow.
        cache.apply(&page(RevocationPage::MOST as u64), 9);
        assert!(cache.get(&hash).is_none());
        cache.insert(hash, record, cache.stamp());
        for first in 0..=MOST_CHANGES as u64 {
            cache.apply(&[entry(10 + first, RevocationTarget::Token { serial: 10 + first })], 10 + first);
        }
        assert!(cache.get(&hash).is_none() && cache.known().changed.is_empty());
    }

    #[test]
    fn records_take_no_more_than_their_share_of_memory() {
        let cache = RecordCache::new();
        for serial in 0..20_000 {
            let (hash, record) = token(serial, None);
            cache.insert(hash, record, cache.stamp());
        }
        assert!(cache.records.weight() <= MOST_BYTES, "{}", cache.records.weight());
        assert!(cache.records.len() > 5_000, "{}", cache.records.len());
    }
}
