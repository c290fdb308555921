//! The wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the Unix time in seconds.
pub(crate) fn now() -> u64 {
    // A clock before 1970 is wrong. At time 0 a service mints tokens that have long expired, rather
    // than ones that never do.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
