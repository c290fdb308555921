//! A clock that never runs backwards.

use super::js::{steady_now, wall_now};

/// Milliseconds by which the two clocks may differ, beside a thousandth of the time, before it counts as a step.
const DRIFT: f64 = 1_000.0;

/// Unix milliseconds with steps back removed: all tabs of a device agree on them.
///
/// The steady clock may stand still while a device sleeps, so this one follows the wall clock, forward always: a token
/// can seem older than it is, never younger.
pub(super) struct Clock {
    wall: f64,
    steady: f64,
    /// By how much the wall clock was set back.
    back: f64,
    last: f64,
}

impl Clock {
    pub(super) fn new() -> Clock {
        Clock { wall: wall_now(), steady: steady_now(), back: 0.0, last: 0.0 }
    }

    #[inline(never)]
    pub(super) fn now(&mut self) -> u64 {
        let (wall, steady) = (wall_now(), steady_now());
        let passed = steady - self.steady;
        let step = wall - self.wall - passed;
        if step < -DRIFT - passed / 1000.0 {
            self.back -= step;
        }
        (self.wall, self.steady) = (wall, steady);
        self.last = self.last.max(wall + self.back);
        self.last as u64
    }
}
