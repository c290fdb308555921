//! Whether the wall clock can be trusted: [`ClockCheck`].

use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
/// The most seconds by which the wall clock may be corrected in a steady hour.
const CORRECTION: u64 = 60;

/// Compares the wall clock with the monotonic clock, hour by hour.
///
/// SECURITY: old entries are forgotten by the wall clock, and only after an hour in which it was
/// steady. Otherwise a clock that is set ahead by mistake would make the service forget entries that
/// are still needed once the clock is corrected.
pub(crate) struct ClockCheck {
    /// When the hour began, by the monotonic clock and by the wall clock.
    start: (Duration, u64),
}

impl ClockCheck {
    /// Begins an hour at zero of the monotonic clock, which is this Unix time.
    pub(crate) fn new(now: u64) -> ClockCheck {
        ClockCheck { start: (Duration::ZERO, now) }
    }

    /// Returns whether a steady hour is complete, and then begins the next one. A leap of the clock
    /// begins a new hour too.
    pub(crate) fn is_hour_complete(&mut self, at: Duration, now: u64) -> bool {
        let (start, start_time) = self.start;
        let elapsed = at.saturating_sub(start);
        let has_leapt = now.abs_diff(start_time.saturating_add(elapsed.as_secs())) > CORRECTION;
        if has_leapt || elapsed >= HOUR {
            self.start = (at, now);
        }
        !has_leapt && elapsed >= HOUR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_complete_if_the_clock_did_not_leap() {
        let mut check = ClockCheck::new(1_000_000);
        for (elapsed, clock, is_complete) in [
            (0, 0, false),
            (3599, 3599, false),
            (3600, 3600, true),
            (3601, 3601, false),
            // Corrected by a minute, and by more.
            (7200, 7260, true),
            (9000, 9121, false),
            (10_800, 10_921, false),
            (12_600, 12_721, true),
            // A day ahead, and back after half an hour.
            (12_700, 99_221, false),
            (14_500, 101_021, false),
            (14_501, 14_622, false),
            (16_200, 16_321, false),
            (18_101, 18_222, true),
            // Ahead since the hour began, which is long ago.
            (25_400, 112_000, false),
            (29_000, 115_600, true),
        ] {
            let at = Duration::from_secs(elapsed);
            assert_eq!(check.is_hour_complete(at, 1_000_000 + clock), is_complete, "after {elapsed} s, at {clock} s");
        }
    }
}
