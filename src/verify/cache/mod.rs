//! Tokens that were authenticated before: [`Cache`].

mod fingerprint;
mod weight;

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::{Cache as QuickCache, DefaultLifecycle, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, UnitWeighter};

use super::clock::Moment;
use super::token::AuthenticToken;
use crate::{ForeignFormat, Grant};
pub(super) use fingerprint::{Fingerprint, Fingerprinter, PassThrough};
use weight::Bytes;

/// The expected size of an entry, in bytes, by which tables are allocated.
const TYPICAL_ENTRY: usize = 512;
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
    /// Most tokens share their grants with others of the same issuer.
    grants: QuickCache<Arc<[Grant]>, Arc<[Grant]>, Bytes>,
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
    /// Makes a cache that takes at most this much memory, in bytes. A typical token takes some 400,
    /// less if others have the same grants, and counts as if none had: 16 MiB hold about thirty
    /// thousand.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    #[must_use]
    pub fn new(bytes: usize) -> Cache {
        // A sixteenth is for the grants that tokens share.
        let (shared, own) = (bytes / 16, bytes - bytes / 16);
        let moments = || QuickCache::with(MAX_UNKNOWN, MAX_UNKNOWN as u64, UnitWeighter, PassThrough, <_>::default());
        Cache {
            bytes,
            fingerprinter: Fingerprinter::new(),
            tokens: QuickCache::with(own / TYPICAL_ENTRY, own as u64, Bytes, PassThrough, <_>::default()),
            unknown: moments(),
            failed: moments(),
            grants: QuickCache::with(
                shared / TYPICAL_ENTRY,
                shared as u64,
                Bytes,
                DefaultHashBuilder::default(),
                <_>::default(),
            ),
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
        let token = self.share_grants(token);
        self.tokens.insert(fingerprint, Arc::clone(&token));
        token
    }

    pub(super) fn fill(&self, reservation: Reservation<'_>, token: AuthenticToken) -> Arc<AuthenticToken> {
        let token = self.share_grants(token);
        // Fails if the entry was removed meanwhile. Then it need not be filled.
        let _ = reservation.0.insert(Arc::clone(&token));
        token
    }

    /// Replaces the token's grants by equal ones of another token, if there are any.
    fn share_grants(&self, mut token: AuthenticToken) -> Arc<AuthenticToken> {
        match self.grants.get(&token.grants) {
            Some(grants) => token.grants = grants,
            None => self.grants.insert(Arc::clone(&token.grants), Arc::clone(&token.grants)),
        }
        Arc::new(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenKind;
    use crate::api::TokenRecord;

    #[test]
    fn an_entry_is_returned_until_its_time_has_passed_and_no_longer() {
        let (cache, start) = (Cache::new(1 << 20), Moment::now());
        let [known, unknown] = ["known", "unknown"].map(|text| cache.fingerprint(text.as_bytes()));
        let record = TokenRecord {
            id: "tok_1".into(),
            serial: 1,
            root_serial: None,
            kind: TokenKind::Secret,
            name: String::new(),
            organization: "org_1".into(),
            grants: vec![],
            origins: vec![],
            created_at: 0,
            expires_at: None,
            created_by: None,
            owner: None,
            revoked_at: None,
            suspended_at: None,
            last_used_at: None,
            version: 1,
            last_chars: String::new(),
        };
        cache.insert(known, AuthenticToken::from_record(record, start + Duration::from_secs(60)));
        cache.set_unknown(unknown, start);
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(cache.get(known, after(59)).is_some() && cache.get(known, after(60)).is_none());
        assert!(cache.is_unknown(unknown, after(9)) && !cache.is_unknown(unknown, after(10)));
        assert!(cache.get(unknown, start).is_none() && !cache.is_unknown(known, start));
        cache.set_failed(unknown);
        assert!(cache.has_failed(unknown, Moment::now()) && !cache.has_failed(known, start));
        assert!(!cache.has_failed(unknown, Moment::now() + FAILED_FRESH));
    }
}
