//! Tokens that were authenticated before: [`Cache`].

mod fingerprint;
mod shared_table;
mod weight;

use std::sync::Arc;
use std::time::Duration;

use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache as QuickCache, DefaultLifecycle, PlaceholderGuard};

use super::clock::Moment;
use super::token::AuthenticToken;
use crate::ForeignFormat;
pub(super) use fingerprint::{Fingerprint, Fingerprinter, PassThrough};
use shared_table::SharedTable;
use weight::Bytes;

/// What an entry that shares nothing weighs, in bytes. For every two of this weight, the hash of one that was evicted is kept.
const TYPICAL_ENTRY: usize = 768;
/// The most texts that are cached as unknown, and the most as failed.
const MAX_UNKNOWN: usize = 4096;
/// How long a text stays cached as unknown: well-formed, but no token, or with a signature that is not valid.
const UNKNOWN_FRESH: Duration = Duration::from_secs(10);
/// How long a failed introspection is not retried. The requests that waited for it fail with it.
const FAILED_FRESH: Duration = Duration::from_secs(1);

/// Tokens that were authenticated, so that the next request needs no signature check and no
/// introspection. Each request is still evaluated: by clock, origin, revocation feed and all else.
///
/// The cache is bounded in bytes and evicts what was not used lately. Unknown texts have tables of
/// their own, so that a flood of them evicts no active token.
pub struct Cache {
    /// The most memory that it takes.
    bytes: usize,
    fingerprinter: Fingerprinter,
    tokens: QuickCache<Fingerprint, Arc<AuthenticToken>, Bytes, PassThrough>,
    unknown: QuickCache<Fingerprint, Moment, UnitWeighter, PassThrough>,
    failed: QuickCache<Fingerprint, Moment, UnitWeighter, PassThrough>,
    /// Most tokens have all but their ids and times in common with others, such as those of the same parent.
    shared: SharedTable,
}

/// The right to introspect a token and cache it. Other requests for the token wait until it is
/// filled or dropped.
pub(super) struct Reservation<'a>(
    PlaceholderGuard<
        'a,
        Fingerprint,
        Arc<AuthenticToken>,
        Bytes,
        PassThrough,
        DefaultLifecycle<Fingerprint, Arc<AuthenticToken>>,
    >,
);

impl Cache {
    /// Makes a cache that takes at most this much memory, in bytes. A typical token takes some 250 where
    /// others have the same parent and grants, and 700 where none have: 16 MiB hold fifty thousand, or twenty.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    #[must_use]
    pub fn new(bytes: usize) -> Cache {
        // A sixteenth is for what tokens share, and one for the hashes of those that were evicted.
        let (shared, own) = (bytes / 16, bytes - bytes / 8);
        let moments = || QuickCache::with(MAX_UNKNOWN, MAX_UNKNOWN as u64, UnitWeighter, PassThrough, <_>::default());
        Cache {
            bytes,
            fingerprinter: Fingerprinter::new(),
            tokens: QuickCache::with(own / TYPICAL_ENTRY, own as u64, Bytes, PassThrough, <_>::default()),
            unknown: moments(),
            failed: moments(),
            shared: SharedTable::new(shared),
        }
    }

    /// Makes an empty cache of the same size.
    pub(super) fn to_empty(&self) -> Cache {
        Cache::new(self.bytes)
    }

    pub(super) fn fingerprint(&self, text: &[u8]) -> Fingerprint {
        self.fingerprinter.fingerprint(text)
    }

    /// Like [`fingerprint`](Cache::fingerprint), of a text that has the format of another system: in each, it is a
    /// different token.
    pub(super) fn fingerprint_of(&self, format: ForeignFormat, text: &[u8]) -> Fingerprint {
        self.fingerprint(&[format.tag().as_bytes(), b" ", text].concat())
    }

    /// Returns the token with this fingerprint, if it is cached and fresh.
    pub(super) fn get(&self, fingerprint: Fingerprint, now: Moment) -> Option<Arc<AuthenticToken>> {
        self.tokens.get(&fingerprint).filter(|token| !now.has_reached(token.fresh_until))
    }

    /// Returns whether it was found a moment ago that no such token exists, by introspection or its signature.
    pub(super) fn is_unknown(&self, fingerprint: Fingerprint, now: Moment) -> bool {
        self.unknown.get(&fingerprint).is_some_and(|until| !now.has_reached(until))
    }

    pub(super) fn set_unknown(&self, fingerprint: Fingerprint, now: Moment) {
        self.unknown.insert(fingerprint, now + UNKNOWN_FRESH);
    }

    /// Returns whether an introspection of this token failed a moment ago.
    pub(super) fn has_failed(&self, fingerprint: Fingerprint, now: Moment) -> bool {
        self.failed.get(&fingerprint).is_some_and(|until| !now.has_reached(until))
    }

    pub(super) fn set_failed(&self, fingerprint: Fingerprint) {
        self.failed.insert(fingerprint, Moment::now() + FAILED_FRESH);
    }

    /// Returns the token if it is usable, or the right to introspect it. Waits while another request
    /// has that right.
    pub(super) async fn get_or_reserve(
        &self,
        fingerprint: Fingerprint,
        is_usable: impl Fn(&AuthenticToken) -> bool,
    ) -> Result<Arc<AuthenticToken>, Reservation<'_>> {
        self.tokens.remove_if(&fingerprint, |token| !is_usable(token));
        self.tokens.get_value_or_guard_async(&fingerprint).await.map_err(Reservation)
    }

    pub(super) fn insert(&self, fingerprint: Fingerprint, token: AuthenticToken) -> Arc<AuthenticToken> {
        let token = self.share(token);
        self.tokens.insert(fingerprint, Arc::clone(&token));
        token
    }

    pub(super) fn fill(&self, reservation: Reservation<'_>, token: AuthenticToken) -> Arc<AuthenticToken> {
        let token = self.share(token);
        // Fails if the entry was removed meanwhile. Then it need not be filled.
        let _ = reservation.0.insert(Arc::clone(&token));
        token
    }

    /// Replaces what the token shares by the same of other tokens, as far as the table has room.
    fn share(&self, mut token: AuthenticToken) -> Arc<AuthenticToken> {
        let shared = self.shared.share(&token.shared);
        token.is_apart = shared.is_none();
        token.shared = shared.unwrap_or(token.shared);
        Arc::new(token)
    }
}

#[cfg(test)]
mod tests {
    use quick_cache::Weighter;

    use super::*;
    use crate::TokenKind;
    use crate::verify::Generation;
    use crate::verify::token::tests::record;

    fn token(id: &str, organization: &str, fresh_until: Moment) -> AuthenticToken {
        AuthenticToken::from_record(record(TokenKind::Secret, id, organization), Generation::Untracked, fresh_until)
    }

    #[test]
    fn an_entry_is_returned_until_its_time_has_passed_and_no_longer() {
        let (cache, start) = (Cache::new(1 << 20), Moment::now());
        let [known, unknown] = ["known", "unknown"].map(|text| cache.fingerprint(text.as_bytes()));
        cache.insert(known, token("tok_1", "org_1", start + Duration::from_secs(60)));
        cache.set_unknown(unknown, start);
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(cache.get(known, after(59)).is_some() && cache.get(known, after(60)).is_none());
        assert!(cache.is_unknown(unknown, after(9)) && !cache.is_unknown(unknown, after(10)));
        assert!(cache.get(unknown, start).is_none() && !cache.is_unknown(known, start));
        cache.set_failed(unknown);
        assert!(cache.has_failed(unknown, Moment::now()) && !cache.has_failed(known, start));
        assert!(!cache.has_failed(unknown, Moment::now() + FAILED_FRESH));
    }

    #[test]
    fn tokens_share_what_is_the_same_and_nothing_else() {
        let (cache, now) = (Cache::new(1 << 20), Moment::now());
        let insert =
            |id: &str, organization| cache.insert(cache.fingerprint(id.as_bytes()), token(id, organization, now));
        let (first, same, other) = (insert("tok_1", "org_1"), insert("tok_2", "org_1"), insert("tok_3", "org_2"));
        assert!(Arc::ptr_eq(&first.shared, &same.shared) && !Arc::ptr_eq(&first.shared, &other.shared));
        assert_eq!((&*same.id, &*other.organization), ("tok_2", "org_2"));
    }

    #[test]
    fn what_is_shared_weighs_nothing_in_the_tokens_that_share_it() {
        // The table of the small one has no room.
        let (cache, small, now) = (Cache::new(1 << 20), Cache::new(1 << 11), Moment::now());
        let organization = "o".repeat(1000);
        let text = |n: usize| cache.fingerprint(&n.to_ne_bytes());
        let weight = |token: &Arc<AuthenticToken>| Bytes.weight(&text(0), token);
        let [shared, apart] = [&cache, &small].map(|cache| cache.insert(text(0), token("tok_1", &organization, now)));
        assert!(weight(&apart) > weight(&shared) + 1000);
        assert!(!Arc::ptr_eq(&apart.shared, &small.insert(text(1), token("tok_2", &organization, now)).shared));
        for n in 0..10_000 {
            cache.insert(text(n), token("tok_1", &organization, now));
        }
        let held = (0..10_000).filter(|n| cache.tokens.get(&text(*n)).is_some()).count();
        assert!((3000..4000).contains(&held), "{held} tokens in a MiB");
    }
}
