//! The time: [`Clock`] for tokens, [`Moment`] for the age of knowledge.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::MAX_LEEWAY;

/// Unix time in seconds that never goes back, even if the clock that it is read from does.
///
/// SECURITY: a clock that is set back revives no expired token. Time stands still until it has
/// caught up.
#[derive(Clone, Default)]
pub(super) struct Clock {
    /// The clock to read; `None` for the system's.
    read: Option<Arc<dyn Fn() -> u64 + Send + Sync>>,
    latest: Arc<AtomicU64>,
    /// The latest time when it was last logged that the clock was set back.
    logged: Arc<AtomicU64>,
}

impl Clock {
    /// Makes a clock that reads Unix time from a function.
    pub(super) fn new(read: impl Fn() -> u64 + Send + Sync + 'static) -> Clock {
        Clock { read: Some(Arc::new(read)), ..Clock::default() }
    }

    #[inline]
    pub(super) fn now(&self) -> u64 {
        self.at(Moment::now())
    }

    /// Returns the time at `moment`, which must be just now: a clock that was handed in is read anyway.
    #[inline]
    pub(super) fn at(&self, moment: Moment) -> u64 {
        let now = self.read.as_ref().map_or(moment.wall / 1000, |read| read());
        let latest = self.latest.load(Ordering::Relaxed);
        if now >= latest {
            // Written once a second only, so that threads do not contend for it.
            if now > latest {
                self.latest.fetch_max(now, Ordering::Relaxed);
            }
            return now;
        }
        // The latest time stays the same until the clock has caught up.
        if now.saturating_add(MAX_LEEWAY) < latest && self.logged.swap(latest, Ordering::Relaxed) != latest {
            tracing::warn!(now, latest, "clock was set back, time stands still until it has caught up");
        }
        latest
    }
}

/// A moment, to within a few milliseconds, on two clocks: a monotonic one, which stops while the
/// machine is suspended, and the wall clock, which goes on but can be set.
///
/// SECURITY: the elapsed time is the longer of the two. Knowledge may seem older than it is, never
/// younger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Milliseconds since an arbitrary time.
    monotonic: u64,
    /// Milliseconds since 1970.
    wall: u64,
}

impl Moment {
    pub(super) fn now() -> Moment {
        Moment { monotonic: system::monotonic(), wall: system::wall() }
    }

    /// Returns the time elapsed since an earlier moment.
    pub(super) fn since(self, earlier: Moment) -> Duration {
        let monotonic = self.monotonic.saturating_sub(earlier.monotonic);
        Duration::from_millis(monotonic.max(self.wall.saturating_sub(earlier.wall)))
    }

    /// Returns the earlier of the two moments, on each clock by itself.
    #[cfg(feature = "remote")]
    pub(super) fn min(self, other: Moment) -> Moment {
        Moment { monotonic: self.monotonic.min(other.monotonic), wall: self.wall.min(other.wall) }
    }

    /// Returns whether either clock shows the time of `other`, or a later one.
    #[inline]
    pub(super) fn has_reached(self, other: Moment) -> bool {
        self.monotonic >= other.monotonic || self.wall >= other.wall
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, time: Duration) -> Moment {
        let time = milliseconds(time);
        Moment { monotonic: self.monotonic.saturating_add(time), wall: self.wall.saturating_add(time) }
    }
}

/// Returns the time since an arbitrary one, to within a few milliseconds, by the clock that is never set.
pub(super) fn uptime() -> Duration {
    Duration::from_millis(system::monotonic())
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A moment that one thread writes and many read.
#[derive(Debug, Default)]
pub(super) struct SharedMoment {
    monotonic: AtomicU64,
    wall: AtomicU64,
}

impl SharedMoment {
    /// A thread that reads at the same time may see an older reading of one clock, and takes it for
    /// an older moment.
    pub(super) fn set(&self, moment: Option<Moment>) {
        let Moment { monotonic, wall } = moment.unwrap_or(Moment { monotonic: 0, wall: 0 });
        self.monotonic.store(monotonic, Ordering::Release);
        self.wall.store(wall, Ordering::Release);
    }

    pub(super) fn get(&self) -> Option<Moment> {
        let moment =
            Moment { monotonic: self.monotonic.load(Ordering::Acquire), wall: self.wall.load(Ordering::Acquire) };
        (moment.monotonic > 0 && moment.wall > 0).then_some(moment)
    }
}

/// The kernel's coarse clocks: reading one takes a tenth of the time of an exact clock, which would
/// be half of the time that a cached token takes.
#[cfg(target_os = "linux")]
mod system {
    use rustix::time::{ClockId, clock_gettime};

    /// Fails closed: if this is no time, all knowledge is old.
    pub(super) fn monotonic() -> u64 {
        milliseconds(ClockId::MonotonicCoarse).unwrap_or(u64::MAX)
    }

    /// Returns the time since 1970. Fails closed before that: at time 0 no token is valid yet.
    pub(super) fn wall() -> u64 {
        milliseconds(ClockId::RealtimeCoarse).unwrap_or_default()
    }

    fn milliseconds(clock: ClockId) -> Option<u64> {
        let time = clock_gettime(clock);
        let (seconds, rest) = (u64::try_from(time.tv_sec).ok()?, u64::try_from(time.tv_nsec).ok()?);
        seconds.checked_mul(1000)?.checked_add(rest / 1_000_000)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::sync::LazyLock;
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    pub(super) fn monotonic() -> u64 {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        super::milliseconds(START.elapsed())
    }

    pub(super) fn wall() -> u64 {
        super::milliseconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_elapsed_time_is_the_longer_of_two_clocks() {
        let at = |monotonic: u64, wall: u64| Moment { monotonic: monotonic * 1000, wall: wall * 1000 };
        let (before, seconds) = (at(100, 1000), |now: Moment| now.since(at(100, 1000)).as_secs());
        assert_eq!(seconds(at(105, 1005)), 5);
        assert_eq!(seconds(at(100, 4600)), 3600, "the machine was suspended");
        assert_eq!(seconds(at(105, 200)), 5, "the wall clock was set back");
        let fresh_until = before + Duration::from_secs(10);
        for (now, has_reached) in
            [(at(109, 1009), false), (at(110, 1009), true), (at(109, 1010), true), (at(110, 5), true)]
        {
            assert_eq!(now.has_reached(fresh_until), has_reached, "{now:?}");
        }
    }

    #[test]
    fn a_shared_moment_is_unset_until_both_of_its_clocks_are_set() {
        let shared = SharedMoment::default();
        assert_eq!(shared.get(), None);
        // What another thread may see between the two stores of `set`.
        shared.monotonic.store(1, Ordering::SeqCst);
        assert_eq!(shared.get(), None);
        let moment = Moment { monotonic: 1, wall: 1 };
        shared.set(Some(moment));
        assert_eq!(shared.get(), Some(moment));
        shared.monotonic.store(0, Ordering::SeqCst);
        assert_eq!(shared.get(), None);
        shared.set(None);
        assert_eq!(shared.get(), None);
    }

    #[test]
    fn the_default_clock_is_the_systems_in_seconds() {
        let systems = || std::time::UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
        let before = systems();
        let now = Clock::default().now();
        // The kernel's coarse clock may lag by a few milliseconds.
        assert!((before - 1..=systems()).contains(&now), "{now} is not within a second of {before}");
    }

    #[test]
    fn time_never_goes_back() {
        let read = Arc::new(AtomicU64::new(1000));
        let clock = Clock::new({
            let read = Arc::clone(&read);
            move || read.load(Ordering::SeqCst)
        });
        for (reading, now) in [(1000, 1000), (1001, 1001), (900, 1001), (1001, 1001), (1002, 1002), (0, 1002)] {
            read.store(reading, Ordering::SeqCst);
            assert_eq!(clock.now(), now);
        }
    }
}
