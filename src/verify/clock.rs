//! What time it is: [`Clock`], [`Moment`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::MAX_LEEWAY;

/// Unix time in seconds that never goes back, whatever the clock that it is read from does.
///
/// Security rule: a clock that is set back revives no token. Until it has caught up, time stands still.
#[derive(Clone, Default)]
pub(super) struct Clock {
    /// A clock that was handed in; else it is the system's.
    read: Option<Arc<dyn Fn() -> u64 + Send + Sync>>,
    latest: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that is handed in.
    pub(super) fn new(read: impl Fn() -> u64 + Send + Sync + 'static) -> Clock {
        Clock { read: Some(Arc::new(read)), latest: Arc::default() }
    }

    pub(super) fn now(&self) -> u64 {
        self.at(Moment::now())
    }

    /// The time at a moment that was just now.
    pub(super) fn at(&self, moment: Moment) -> u64 {
        let now = self.read.as_ref().map_or(moment.wall / 1000, |read| read());
        let latest = self.latest.load(Ordering::Relaxed);
        if now >= latest {
            // Written once a second, so that threads do not fight for it.
            if now > latest {
                self.latest.fetch_max(now, Ordering::Relaxed);
            }
            return now;
        }
        if now.saturating_add(MAX_LEEWAY) < latest {
            tracing::warn!(now, latest, "the clock was set back: time stands still until it has caught up");
        }
        latest
    }
}

/// A moment, to within a few milliseconds, on two clocks: one that nobody sets, but that stands still while the machine sleeps,
/// and one that goes on then, but that is set.
///
/// Security rule: what has passed is what has passed on either. Knowledge may seem older than it is, never younger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Milliseconds, each since a time of its own.
    steady: u64,
    wall: u64,
}

impl Moment {
    pub(super) fn now() -> Moment {
        Moment { steady: milliseconds(system::steady()), wall: milliseconds(system::wall()) }
    }

    /// What has passed since an earlier one.
    pub(super) fn since(self, earlier: Moment) -> Duration {
        let steady = self.steady.saturating_sub(earlier.steady);
        Duration::from_millis(steady.max(self.wall.saturating_sub(earlier.wall)))
    }

    /// This one, or the other if that is earlier: on each clock by itself.
    #[cfg(feature = "remote")]
    pub(super) fn no_later_than(self, other: Moment) -> Moment {
        Moment { steady: self.steady.min(other.steady), wall: self.wall.min(other.wall) }
    }

    /// Whether it is this one or a later one.
    pub(super) fn has_come_to(self, other: Moment) -> bool {
        self.steady >= other.steady || self.wall >= other.wall
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, time: Duration) -> Moment {
        let time = milliseconds(time);
        Moment { steady: self.steady.saturating_add(time), wall: self.wall.saturating_add(time) }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A moment that many read and one writes.
#[derive(Debug, Default)]
pub(super) struct SharedMoment {
    steady: AtomicU64,
    wall: AtomicU64,
}

impl SharedMoment {
    /// Whoever reads meanwhile may get an older reading of one of the clocks, and then takes it for an older moment.
    pub(super) fn set(&self, moment: Option<Moment>) {
        let Moment { steady, wall } = moment.unwrap_or(Moment { steady: 0, wall: 0 });
        self.steady.store(steady, Ordering::Release);
        self.wall.store(wall, Ordering::Release);
    }

    pub(super) fn get(&self) -> Option<Moment> {
        let moment = Moment { steady: self.steady.load(Ordering::Acquire), wall: self.wall.load(Ordering::Acquire) };
        (moment.steady > 0 && moment.wall > 0).then_some(moment)
    }
}

/// The clocks that the kernel keeps anyway: to read one takes a tenth of what an exact one takes, which is half of what a
/// remembered token takes.
#[cfg(target_os = "linux")]
mod system {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    /// Should it ever be no time, everything is old.
    pub(super) fn steady() -> Duration {
        clock_gettime(ClockId::MonotonicCoarse).try_into().unwrap_or(Duration::MAX)
    }

    /// Since 1970. A clock before that is no clock: at time 0 nothing that has a beginning is valid yet.
    pub(super) fn wall() -> Duration {
        clock_gettime(ClockId::RealtimeCoarse).try_into().unwrap_or_default()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

    pub(super) fn steady() -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }

    pub(super) fn wall() -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_passed_is_what_has_passed_on_either_clock() {
        let at = |steady: u64, wall: u64| Moment { steady: steady * 1000, wall: wall * 1000 };
        let (before, seconds) = (at(100, 1000), |now: Moment| now.since(at(100, 1000)).as_secs());
        assert_eq!(seconds(at(105, 1005)), 5);
        assert_eq!(seconds(at(100, 4600)), 3600, "the machine slept");
        assert_eq!(seconds(at(105, 200)), 5, "the wall's clock was set back");
        let fresh_until = before + Duration::from_secs(10);
        for (now, has_come) in
            [(at(109, 1009), false), (at(110, 1009), true), (at(109, 1010), true), (at(110, 5), true)]
        {
            assert_eq!(now.has_come_to(fresh_until), has_come, "{now:?}");
        }
    }

    #[test]
    fn a_shared_moment_is_none_until_both_of_its_clocks_are_set() {
        let shared = SharedMoment::default();
        assert_eq!(shared.get(), None);
        // What another thread sees of `set`, between its two stores.
        shared.steady.store(1, Ordering::SeqCst);
        assert_eq!(shared.get(), None);
        let moment = Moment { steady: 1, wall: 1 };
        shared.set(Some(moment));
        assert_eq!(shared.get(), Some(moment));
        shared.steady.store(0, Ordering::SeqCst);
        assert_eq!(shared.get(), None);
        shared.set(None);
        assert_eq!(shared.get(), None);
    }

    #[test]
    fn without_a_clock_that_is_handed_in_it_is_the_systems_in_seconds() {
        let systems = || std::time::UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
        let before = systems();
        let now = Clock::default().now();
        // The kernel's coarse clock may be behind by a few milliseconds.
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
