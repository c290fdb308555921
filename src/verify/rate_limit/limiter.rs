//! One limit, for many keys in bounded memory: [`Limiter`].

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

use super::status::WINDOW;
use crate::verify::clock::uptime;

/// How many entries of the table a key may stand in.
const WAYS: usize = 8;
/// The number of groups of so many entries: 16,384 entries in all.
const BUCKETS: usize = 2048;

/// Limits how often each of many keys may be counted.
pub(super) struct Limiter<C: Clock<Instant = Nanos>> {
    per_second: NonZeroU32,
    hasher: RandomState,
    limiter: RateLimiter<u64, Table, C, StateInformationMiddleware>,
}

impl<C: Clock<Instant = Nanos>> Limiter<C> {
    /// Makes a limit of so many a second, and of twice that at once.
    pub(super) fn new(per_second: NonZeroU32, clock: C) -> Limiter<C> {
        Limiter::with_burst(per_second, per_second.saturating_mul(WINDOW), clock)
    }

    /// Makes a limit of so many a second, and of so many at once.
    pub(super) fn with_burst(per_second: NonZeroU32, burst: NonZeroU32, clock: C) -> Limiter<C> {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter = RateLimiter::new(quota, Table::new(), clock);
        Limiter { per_second, hasher: RandomState::new(), limiter }
    }

    pub(super) fn per_second(&self) -> NonZeroU32 {
        self.per_second
    }

    /// Counts one for this key. Returns how many more may come at once.
    ///
    /// # Errors
    /// How long to wait. What is refused is not counted.
    pub(super) fn count(&self, key: impl Hash) -> Result<u32, Duration> {
        match self.limiter.check_key(&self.hasher.hash_one(key)) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(until) => Err(until.wait_time_from(self.limiter.clock().now())),
        }
    }
}

/// The time of the kernel's coarse clock, which is read in a tenth of the time of an exact one.
#[derive(Debug, Clone, Copy)]
pub(super) struct CoarseClock;

impl Clock for CoarseClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        uptime().into()
    }
}

/// The state of the keys that were counted lately, by the hash of each, in fixed memory.
///
/// SECURITY: it never grows, however many keys there are. A key that finds its bucket full takes the
/// place of the one that has used the least, and so gains the least by being forgotten.
struct Table(Box<[Mutex<[Entry; WAYS]>]>);

#[derive(Clone, Copy, Default)]
struct Entry {
    key: u64,
    /// When the key will have its whole budget again, as governor counts.
    whole_at: Nanos,
}

impl Table {
    fn new() -> Table {
        Table(std::iter::repeat_with(Mutex::default).take(BUCKETS).collect())
    }
}

impl StateStore for Table {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut bucket = self.0[*key as usize % BUCKETS].lock().unwrap_or_else(PoisonError::into_inner);
        let found = bucket.iter().position(|entry| entry.key == *key);
        let (outcome, whole_at) = measure(found.map(|at| bucket[at].whole_at))?;
        let replaced = match found {
            Some(at) => Some(&mut bucket[at]),
            None => bucket.iter_mut().min_by_key(|entry| entry.whole_at),
        };
        *replaced.expect("a bucket has entries") = Entry { key: *key, whole_at };
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limiter(per_second: u32) -> (Limiter<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limiter::new(NonZeroU32::new(per_second).expect("a number above 0"), clock.clone()), clock)
    }

    #[test]
    fn twice_the_rate_may_come_at_once_and_the_rate_in_the_long_run() {
        let (limiter, clock) = limiter(2);
        let second = Duration::from_secs(1);
        let remaining = [(); 4].map(|()| limiter.count("key"));
        assert_eq!(remaining, [3, 2, 1, 0].map(Ok));
        assert_eq!(limiter.count("key"), Err(second / 2));
        assert_eq!(limiter.count("other"), Ok(3));
        clock.advance(second / 4);
        assert_eq!(limiter.count("key"), Err(second / 4));
        clock.advance(second / 4);
        assert_eq!(limiter.count("key"), Ok(0));
        for _ in 0..100 {
            clock.advance(second);
            assert_eq!([(); 3].map(|()| limiter.count("key").is_ok()), [true, true, false]);
        }
        clock.advance(2 * second);
        assert_eq!(limiter.count("key"), Ok(3));
    }

    #[test]
    fn a_flood_of_other_keys_gives_no_key_its_budget_back_and_is_not_refused() {
        let (limiter, _) = limiter(2);
        let used_up = 0..64;
        for key in used_up.clone().cycle().take(4 * 64) {
            assert!(limiter.count(key).is_ok());
        }
        for key in 1000..40_000 {
            assert!(limiter.count(key).is_ok(), "{key}");
        }
        assert_eq!(used_up.filter(|key| limiter.count(key).is_ok()).count(), 0);
    }

    #[test]
    fn attempts_at_the_same_time_get_no_more_than_the_budget() {
        let (limiter, _) = limiter(100);
        let accepted: usize = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(|| (0..200).filter(|_| limiter.count("key").is_ok()).count()));
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        assert_eq!(accepted, 200);
    }

    #[test]
    fn the_highest_rate_overflows_nothing() {
        let (limiter, clock) = limiter(u32::MAX);
        clock.advance(Duration::from_secs(3600));
        assert!(limiter.count("key").is_ok_and(|remaining| remaining > 1_000_000_000));
    }
}
