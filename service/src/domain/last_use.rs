//! When tokens were last used, to within two minutes: [`LastUses`].

use std::collections::HashMap;

/// The least time between two writes for one token, in seconds.
pub(crate) const INTERVAL: u64 = 60;
/// The most tokens whose use is remembered until the next write. The use of others is not seen.
const MOST: usize = 100_000;

/// That a token was used, for a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenUse {
    /// Its serial number.
    pub(crate) serial: u64,
    /// When.
    pub(crate) at: u64,
    /// It is written only over a time that is not later than this one: another node may have written it meanwhile.
    pub(crate) replaces: u64,
}

/// The uses of tokens since the last write.
#[derive(Default)]
pub(crate) struct LastUses {
    /// The time of the last use, by the token's serial number.
    times: HashMap<u64, u64>,
    /// How many temporary tokens were made, by the serial number of the token to which their chain goes back.
    refreshes: HashMap<u64, u64>,
}

impl LastUses {
    /// Notes that the token with this serial number was used at a time.
    pub(crate) fn note(&mut self, serial: u64, at: u64) {
        if let Some(last) = find_or_add(&mut self.times, serial) {
            *last = at.max(*last);
        }
    }

    /// Notes that a temporary token was made whose chain goes back to the token with this serial number.
    pub(crate) fn note_refresh(&mut self, serial: u64) {
        if let Some(number) = find_or_add(&mut self.refreshes, serial) {
            *number += 1;
        }
    }

    /// Takes the times that are to be written.
    pub(crate) fn take(&mut self) -> Vec<TokenUse> {
        let uses = std::mem::take(&mut self.times).into_iter();
        uses.map(|(serial, at)| TokenUse { serial, at, replaces: at.saturating_sub(INTERVAL) }).collect()
    }

    /// Takes the numbers of temporary tokens that are to be written, by the serial numbers of their parents.
    pub(crate) fn take_refreshes(&mut self) -> Vec<(u64, u64)> {
        std::mem::take(&mut self.refreshes).into_iter().collect()
    }
}

/// Returns the value of a token, if there is room for it.
fn find_or_add(tokens: &mut HashMap<u64, u64>, serial: u64) -> Option<&mut u64> {
    let has_room = tokens.len() < MOST || tokens.contains_key(&serial);
    has_room.then(|| tokens.entry(serial).or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_written_once_with_its_last_use() {
        let mut uses = LastUses::default();
        for (serial, now) in [(1, 100), (2, 101), (1, 130)] {
            uses.note(serial, now);
        }
        let mut taken = uses.take();
        taken.sort_by_key(|one| one.serial);
        let written = |serial, at, replaces| TokenUse { serial, at, replaces };
        assert_eq!(taken, [written(1, 130, 70), written(2, 101, 41)]);
        assert_eq!(uses.take(), []);
        for (serial, at, last) in [(1, 100, 100), (1, 90, 100), (1, 110, 110)] {
            uses.note(serial, at);
            assert_eq!(uses.times[&serial], last, "a report may tell of an earlier use");
        }
    }

    #[test]
    fn the_temporary_tokens_of_each_parent_are_counted() {
        let mut uses = LastUses::default();
        [1, 2, 1].into_iter().for_each(|serial| uses.note_refresh(serial));
        let mut taken = uses.take_refreshes();
        taken.sort_unstable();
        assert_eq!(taken, [(1, 2), (2, 1)]);
        assert_eq!(uses.take_refreshes(), []);
    }

    #[test]
    fn a_bounded_number_of_tokens_is_remembered() {
        let mut uses = LastUses::default();
        for serial in 0..=MOST as u64 {
            uses.note(serial, 100);
        }
        uses.note(0, 101);
        let taken = uses.take();
        assert_eq!((taken.len(), taken.iter().filter(|one| one.at == 101).count()), (MOST, 1));
    }
}
