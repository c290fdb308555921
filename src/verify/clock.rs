//! What time it is: [`Clock`], [`Moment`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::MAX_LEEWAY;

/// Unix time in seconds that never goes back, whatever the clock that it is read from does.
///
/// Security rule: a clock that is set back revives no token. Until it has caught up, time stands still.
#[derive(Clone)]
pub(super) struct Clock {
    read: Arc<dyn Fn() -> u64 + Send + Sync>,
    latest: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that is handed in.
    pub(super) fn new(read: impl Fn() -> u64 + Send + Sync + 'static) -> Clock {
        Clock { read: Arc::new(read), latest: Arc::default() }
    }

    pub(super) fn now(&self) -> u64 {
        let now = (self.read)();
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

/// The system's clock.
impl Default for Clock {
    fn default() -> Clock {
        Clock::new(system::unix_time)
    }
}

/// A moment on a clock that nobody sets, to within a few milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(Duration);

impl Moment {
    pub(super) fn now() -> Moment {
        Moment(system::since_start())
    }

    /// What has passed since an earlier one; nothing if that one is later.
    pub(super) fn since(self, earlier: Moment) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, time: Duration) -> Moment {
        Moment(self.0.saturating_add(time))
    }
}

/// The clocks that the kernel keeps anyway: to read one takes a tenth of what an exact one takes, which is half of what a
/// remembered token takes.
#[cfg(target_os = "linux")]
mod system {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn unix_time() -> u64 {
        // A clock before 1970 is no clock: at time 0 nothing that has a beginning is valid yet.
        u64::try_from(clock_gettime(ClockId::RealtimeCoarse).tv_sec).unwrap_or(0)
    }

    pub(super) fn since_start() -> Duration {
        // Should it ever be no time, everything is old.
        clock_gettime(ClockId::MonotonicCoarse).try_into().unwrap_or(Duration::MAX)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

    pub(super) fn unix_time() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    pub(super) fn since_start() -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
}
