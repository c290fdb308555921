//! How often a token may create bundle references: [`BundleRate`].

use std::num::NonZeroU32;
use std::sync::Arc;

use daypass::Error;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use quick_cache::sync::Cache;

/// How many tokens are counted at a time. One that is forgotten among more has its whole budget again.
const MOST_TOKENS: usize = 16_384;
/// How many seconds' worth a token may create at once.
const BURST_SECONDS: u32 = 10;

/// Limits how many references each token creates, at this node.
pub(crate) struct BundleRate {
    quota: Quota,
    clock: DefaultClock,
    /// By the token's serial number.
    tokens: Cache<u64, Arc<DefaultDirectRateLimiter>>,
}

impl BundleRate {
    /// Makes a limit of so many references a second for each token.
    pub(crate) fn new(per_second: NonZeroU32) -> BundleRate {
        let quota = Quota::per_second(per_second).allow_burst(per_second.saturating_mul(
            const { NonZeroU32::new(BURST_SECONDS).expect("a number above 0") },
        ));
        BundleRate { quota, clock: DefaultClock::default(), tokens: Cache::new(MOST_TOKENS) }
    }

    /// Counts a reference of the token with this serial number.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] with the seconds to wait.
    pub(super) fn count(&self, serial: u64) -> Result<(), Error> {
        let new = || Ok::<_, Error>(Arc::new(RateLimiter::direct(self.quota)));
        let limiter = self.tokens.get_or_insert_with(&serial, new)?;
        limiter.check().map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            Error::TooManyRequests(wait.as_secs_f64().ceil().max(1.0) as u64)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_a_budget_of_its_own() {
        let rate = BundleRate::new(NonZeroU32::MIN);
        for serial in [1, 2] {
            assert_eq!((0..20).filter(|_| rate.count(serial).is_ok()).count(), 10);
            assert_eq!(rate.count(serial), Err(Error::TooManyRequests(1)));
        }
    }
}
