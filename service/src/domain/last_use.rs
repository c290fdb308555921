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
pub(crate) struct LastUses(HashMap<u64, u64>);

impl LastUses {
    /// Notes that the token with this serial number is used now.
    pub(crate) fn note(&mut self, serial: u64, now: u64) {
        if self.0.len() < MOST || self.0.contains_key(&serial) {
            self.0.insert(serial, now);
        }
    }

    /// Takes what is to be written.
    pub(crate) fn take(&mut self) -> Vec<TokenUse> {
        let uses = std::mem::take(&mut self.0).into_iter();
        uses.map(|(serial, at)| TokenUse { serial, at, replaces: at.saturating_sub(INTERVAL) }).collect()
    }
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
