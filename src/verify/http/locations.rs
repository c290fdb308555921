//! A set of [`TokenLocation`]s.

use crate::verify::TokenLocation;

/// A set of locations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::verify) struct Locations(u16);

impl Locations {
    /// Every location.
    pub(in crate::verify) const ALL: Locations = Locations(u16::MAX);

    /// Makes a set of these locations.
    pub(super) fn of(locations: &[TokenLocation]) -> Locations {
        Locations(locations.iter().fold(0, |set, location| set | bit(*location)))
    }

    pub(super) const fn contains(self, location: TokenLocation) -> bool {
        self.0 & bit(location) != 0
    }
}

const fn bit(location: TokenLocation) -> u16 {
    1 << location as u16
}
