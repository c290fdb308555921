//! Whether the clock goes evenly: [`EvenHour`].

use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3600);
/// By how many seconds the clock may be mended within an hour, and still go evenly.
const MENDED: u64 = 60;

/// An hour in which the clock that people set and the one that nobody sets have gone on by the same.
///
/// Security rule: what is forgotten because it is old, by the first alone, would be forgotten when that is set ahead by mistake,
/// and be missing when it is mended.
pub(crate) struct EvenHour {
    began: (Instant, u64),
}

impl EvenHour {
    /// One that begins at this moment, which is this Unix time.
    pub(crate) fn new(at: Instant, now: u64) -> EvenHour {
        EvenHour { began: (at, now) }
    }

    /// Whether it is over, and the next one begins. After a leap one begins too, and none is over.
    pub(crate) fn is_over(&mut self, at: Instant, now: u64) -> bool {
        let (began, then) = self.began;
        let passed = at.saturating_duration_since(began);
        let leapt = now.abs_diff(then.saturating_add(passed.as_secs())) > MENDED;
        if leapt || passed >= HOUR {
            self.began = (at, now);
        }
        !leapt && passed >= HOUR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_after_an_hour_in_which_the_clock_did_not_leap() {
        let start = Instant::now();
        let mut hour = EvenHour::new(start, 1_000_000);
        for (passed, clock, is_over) in [
            (0, 0, false),
            (3599, 3599, false),
            (3600, 3600, true),
            (3601, 3601, false),
            // Mended by a minute, and by more.
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
            // Ahead since it began, which is long ago.
            (25_400, 112_000, false),
            (29_000, 115_600, true),
        ] {
            let at = start + Duration::from_secs(passed);
            assert_eq!(hour.is_over(at, 1_000_000 + clock), is_over, "after {passed} s, at {clock} s");
        }
    }
}
