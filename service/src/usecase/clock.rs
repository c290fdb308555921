//! The wall clock, and whether it jumps.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use daypass::verify::MAX_LEEWAY;

/// Returns the Unix time in seconds.
pub(crate) fn now() -> u64 {
    // A clock before 1970 is wrong. At time 0 a service mints tokens that have long expired, rather
    // than ones that never do.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Compares the wall clock with the monotonic one, which nobody sets.
pub(super) struct ClockWatch {
    wall: u64,
    monotonic: Duration,
}

impl ClockWatch {
    pub(super) fn new(start: Instant) -> ClockWatch {
        ClockWatch { wall: now(), monotonic: start.elapsed() }
    }

    /// Logs that the clock was set, by more than verifiers allow it to differ.
    pub(super) fn check(&mut self, start: Instant) {
        let seconds = self.jump(now(), start.elapsed());
        if seconds.unsigned_abs() > MAX_LEEWAY {
            tracing::warn!(seconds, "the clock was set, or the machine slept: tokens expire by the new time");
        }
    }

    /// Returns by how many seconds the wall clock went further than the monotonic one since the last time.
    fn jump(&mut self, wall: u64, monotonic: Duration) -> i64 {
        let elapsed = monotonic.saturating_sub(self.monotonic).as_secs();
        let jump = wall.wrapping_sub(self.wall).wrapping_sub(elapsed).cast_signed();
        (self.wall, self.monotonic) = (wall, monotonic);
        jump
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_went_further_than_time_or_less_far() {
        let mut watch = ClockWatch { wall: 1000, monotonic: Duration::from_secs(5) };
        for (wall, monotonic, jump) in
            [(1001, 6, 0), (1061, 66, 0), (865_061, 66, 864_000), (1062, 67, -864_000), (0, 68, -1063)]
        {
            assert_eq!(watch.jump(wall, Duration::from_secs(monotonic)), jump, "{wall}");
        }
    }
}
