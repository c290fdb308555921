//! What is known of tokens that were seen before: [`Cache`].

mod fingerprint;

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::{Cache as QuickCache, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, UnitWeighter, Weighter};

use super::clock::Moment;
use super::token::Token;
use crate::{Grant, OriginPattern, Resource, Scope};
pub(super) use fingerprint::{AsItIs, Fingerprint, Fingerprints};

/// What a cached token is taken to need, in bytes, where that must be guessed beforehand.
const TYPICAL: usize = 512;
/// How many texts are remembered that are well-formed and belong to no token.
const UNKNOWN: usize = 4096;
/// How long.
const UNKNOWN_FRESH: Duration = Duration::from_secs(10);
/// How long a look-up that failed is not tried again: whoever waited for it gets the same answer.
const FAILED_FRESH: Duration = Duration::from_secs(1);

/// Tokens that were verified or looked up, so that the next request with one costs no signature and no look-up. What it
/// answers is still judged each time: by the clock, the origin, the feed of revocations.
///
/// It is bounded in bytes. What nobody has asked for lately makes room, and texts that belong to no token are kept apart:
/// a flood of them pushes no living token out.
pub struct Cache {
    /// Most that it takes.
    bytes: usize,
    fingerprints: Fingerprints,
    living: QuickCache<Fingerprint, Arc<Token>, Bytes, AsItIs>,
    unknown: QuickCache<Fingerprint, Moment, UnitWeighter, AsItIs>,
    failed: QuickCache<Fingerprint, Moment, UnitWeighter, AsItIs>,
    /// Most tokens share their grants with others of the same maker.
    grants: QuickCache<Arc<[Grant]>, Arc<[Grant]>, Bytes>,
}

/// The place of a token that is being looked up. Whoever else asks for it waits until it is filled or given up.
pub(super) struct Place<'a>(PlaceholderGuard<'a, Fingerprint, Arc<Token>, Bytes, AsItIs, Unwatched>);

/// Nothing is done when an entry goes.
type Unwatched = quick_cache::sync::DefaultLifecycle<Fingerprint, Arc<Token>>;

impl Cache {
    /// A cache that takes no more memory than this, in bytes. A token of the usual size takes some 400, less where others
    /// have the same grants, and counts as if none had: 16 MiB hold about thirty thousand.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    #[must_use]
    pub fn new(bytes: usize) -> Cache {
        // A sixteenth for what the tokens share.
        let (shared, own) = (bytes / 16, bytes - bytes / 16);
        let cache =
            |capacity: usize| QuickCache::with(capacity / TYPICAL, capacity as u64, Bytes, AsItIs, <_>::default());
        Cache {
            bytes,
            fingerprints: Fingerprints::new(),
            living: cache(own),
            unknown: QuickCache::with(UNKNOWN, UNKNOWN as u64, UnitWeighter, AsItIs, <_>::default()),
            failed: QuickCache::with(UNKNOWN, UNKNOWN as u64, UnitWeighter, AsItIs, <_>::default()),
            grants: QuickCache::with(
                shared / TYPICAL,
                shared as u64,
                Bytes,
                DefaultHashBuilder::default(),
                <_>::default(),
            ),
        }
    }

    /// One of the same size with nothing in it.
    pub(super) fn empty(&self) -> Cache {
        Cache::new(self.bytes)
    }

    pub(super) fn fingerprint(&self, text: &[u8]) -> Fingerprint {
        self.fingerprints.of(text)
    }

    /// The token with this fingerprint, if it is known and fresh.
    pub(super) fn get(&self, fingerprint: Fingerprint, now: Moment) -> Option<Arc<Token>> {
        self.living.get(&fingerprint).filter(|token| !now.has_come_to(token.fresh_until))
    }

    /// Whether it was found a moment ago that there is no such token.
    pub(super) fn is_unknown(&self, fingerprint: Fingerprint, now: Moment) -> bool {
        self.unknown.get(&fingerprint).is_some_and(|until| !now.has_come_to(until))
    }

    /// Remembers for a moment that there is no such token.
    pub(super) fn set_unknown(&self, fingerprint: Fingerprint, now: Moment) {
        self.unknown.insert(fingerprint, now + UNKNOWN_FRESH);
    }

    /// Whether its look-up failed a moment ago.
    pub(super) fn has_failed(&self, fingerprint: Fingerprint, now: Moment) -> bool {
        self.failed.get(&fingerprint).is_some_and(|until| !now.has_come_to(until))
    }

    /// Remembers for a moment that its look-up failed.
    pub(super) fn set_failed(&self, fingerprint: Fingerprint) {
        self.failed.insert(fingerprint, Moment::now() + FAILED_FRESH);
    }

    /// The token if somebody else has looked it up meanwhile, or its place, to be filled.
    pub(super) async fn get_or_place(&self, fingerprint: Fingerprint, now: Moment) -> Result<Arc<Token>, Place<'_>> {
        self.living.remove_if(&fingerprint, |token| now.has_come_to(token.fresh_until));
        self.living.get_value_or_guard_async(&fingerprint).await.map_err(Place)
    }

    pub(super) fn insert(&self, fingerprint: Fingerprint, token: Token) -> Arc<Token> {
        let token = self.shared(token);
        self.living.insert(fingerprint, Arc::clone(&token));
        token
    }

    pub(super) fn fill(&self, place: Place<'_>, token: Token) -> Arc<Token> {
        let token = self.shared(token);
        // It cannot be filled if it was removed meanwhile, and then need not be.
        let _ = place.0.insert(Arc::clone(&token));
        token
    }

    /// The token, with the grants of one that has the same.
    fn shared(&self, mut token: Token) -> Arc<Token> {
        match self.grants.get(&token.grants) {
            Some(grants) => token.grants = grants,
            None => self.grants.insert(Arc::clone(&token.grants), Arc::clone(&token.grants)),
        }
        Arc::new(token)
    }
}

/// What an entry weighs, in bytes.
#[derive(Clone)]
struct Bytes;

/// What the cache itself needs for an entry, the key and counters of references included.
const ENTRY: usize = 88;

impl Weighter<Fingerprint, Arc<Token>> for Bytes {
    /// Its grants count in full, also while others share them: the bound holds when none does.
    fn weight(&self, _: &Fingerprint, token: &Arc<Token>) -> u64 {
        let texts = [Some(&token.id), token.parent.as_ref(), Some(&token.organization), token.bound_to.as_ref()];
        let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        let origins: usize = token.origins.iter().map(bytes).sum();
        (ENTRY + size_of::<Token>() + texts + origins + grants(&token.grants)) as u64
    }
}

impl Weighter<Arc<[Grant]>, Arc<[Grant]>> for Bytes {
    fn weight(&self, shared: &Arc<[Grant]>, _: &Arc<[Grant]>) -> u64 {
        (ENTRY + grants(shared)) as u64
    }
}

fn bytes(pattern: &OriginPattern) -> usize {
    size_of::<OriginPattern>() + pattern.host().len() + pattern.scheme().map_or(0, str::len)
}

fn grants(grants: &[Grant]) -> usize {
    let one = |grant: &Grant| {
        let scopes: usize = grant.scopes.iter().map(|scope| size_of::<Scope>() + scope.as_str().len()).sum();
        let limits = grant.resources.iter();
        let limits: usize = limits.map(|limit| size_of::<Resource>() + limit.kind.len() + limit.id.len()).sum();
        size_of::<Grant>() + grant.tenant.len() + scopes + limits
    };
    grants.iter().map(one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenKind;
    use crate::api::TokenRecord;

    #[test]
    fn what_is_remembered_is_remembered_for_its_time_and_no_longer() {
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
            revoked_at: None,
            last_chars: String::new(),
        };
        cache.insert(known, Token::stored(record, start + Duration::from_secs(60)));
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
