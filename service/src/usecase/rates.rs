//! How often callers may make the store keep something: [`Rates`].

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;

use daypass::Error;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use quick_cache::sync::Cache;

/// How many seconds' worth of bundle references a token may create at once.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(10).expect("a number above 0");
/// How many entries for single JWTs and for edits an organization may add to the feed at once.
const ENTRIES_AT_ONCE: NonZeroU32 = NonZeroU32::new(10_000).expect("a number above 0");

/// The rates at this node.
pub(crate) struct Rates {
    /// Of bundle references, by the serial number of the token that creates them.
    bundles: Limiter<u64>,
    /// Of entries in the feed for single JWTs and for edits, by organization. These have no other bound: revocations of
    /// stored tokens end with the tokens.
    entries: Limiter<String>,
}

impl Rates {
    /// Makes rates of so many bundle references a second for each token, and of one entry a second for each
    /// organization.
    pub(crate) fn new(bundles_per_second: NonZeroU32) -> Rates {
        let at_once = bundles_per_second.saturating_mul(BURST_SECONDS);
        Rates {
            bundles: Limiter::new(Quota::per_second(bundles_per_second).allow_burst(at_once)),
            entries: Limiter::new(Quota::per_second(NonZeroU32::MIN).allow_burst(ENTRIES_AT_ONCE)),
        }
    }

    /// Counts a bundle reference of the token with this serial number.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] with the seconds to wait.
    pub(super) fn count_bundle(&self, serial: u64) -> Result<(), Error> {
        self.bundles.count(&serial)
    }

    /// Counts an entry for a single JWT or an edit.
    ///
    /// SECURITY: never called for what revokes a stored token, an organization or a key: those can always be revoked,
    /// and with a token all JWTs that were minted from it.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] with the seconds to wait.
    pub(crate) fn count_entry(&self, organization: &str) -> Result<(), Error> {
        self.entries.count(organization)
    }
}

/// One limit for many keys.
struct Limiter<K> {
    quota: Quota,
    clock: DefaultClock,
    keys: Cache<K, Arc<DefaultDirectRateLimiter>>,
}

/// How many keys are counted at a time. One that is forgotten among more has its whole budget again.
const MOST_KEYS: usize = 16_384;

impl<K: Hash + Eq> Limiter<K> {
    fn new(quota: Quota) -> Limiter<K> {
        Limiter { quota, clock: DefaultClock::default(), keys: Cache::new(MOST_KEYS) }
    }

    fn count<Q>(&self, key: &Q) -> Result<(), Error>
    where
        Q: Hash + quick_cache::Equivalent<K> + ToOwned<Owned = K> + ?Sized,
    {
        let new = || Ok::<_, Error>(Arc::new(RateLimiter::direct(self.quota)));
        self.keys.get_or_insert_with(key, new)?.check().map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            Error::TooManyRequests(wait.as_secs_f64().ceil().max(1.0) as u64)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_and_each_organization_has_a_budget_of_its_own() {
        let rates = Rates::new(NonZeroU32::MIN);
        for serial in [1, 2] {
            assert!((0..10).all(|_| rates.count_bundle(serial).is_ok()));
            assert!((0..20).any(|_| rates.count_bundle(serial) == Err(Error::TooManyRequests(1))));
        }
        for organization in ["a", "b"] {
            assert!((0..10_000).all(|_| rates.count_entry(organization).is_ok()));
            assert!((0..100).any(|_| rates.count_entry(organization) == Err(Error::TooManyRequests(1))));
        }
    }
}
