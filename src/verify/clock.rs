//! What time it is: [`Clock`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

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
        if now + MAX_LEEWAY < latest {
            tracing::warn!(now, latest, "the clock was set back: time stands still until it has caught up");
        }
        latest
    }
}

/// The system's clock.
impl Default for Clock {
    fn default() -> Clock {
        // A clock before 1970 is no clock: at time 0 nothing that has a beginning is valid yet.
        Clock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("latest", &self.latest).finish_non_exhaustive()
    }
}
