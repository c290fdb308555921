//! The wall clock of a node or a follower: it leaps by days.

use super::dice::Dice;

pub(super) const HOUR: u64 = 3600;
pub(super) const DAY: u64 = 24 * HOUR;
/// The true time at which a simulation begins.
pub(super) const MORNING: u64 = 1_800_000_000;

/// A wall clock: how far it is ahead of the true time, plus a year.
#[derive(Clone, Copy)]
pub(super) struct WallClock(u64);

impl WallClock {
    const YEAR: u64 = 365 * DAY;

    pub(super) fn right() -> WallClock {
        WallClock(WallClock::YEAR)
    }

    pub(super) fn leap(&mut self, dice: &mut Dice) {
        self.0 = match dice.roll(4) {
            0 => WallClock::YEAR,
            1 => WallClock::YEAR + dice.roll(10 * DAY),
            _ => WallClock::YEAR - dice.roll(10 * DAY),
        };
    }

    pub(super) fn read(&self, now: u64) -> u64 {
        MORNING + now + self.0 - WallClock::YEAR
    }
}
