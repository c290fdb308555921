//! Whether revocations can be written, and what may still be added: [`WriteState`].

use daypass::Error;

/// What a probe found out about a store that answered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probe {
    /// How many bytes are free for the store, if it knows its disk.
    pub(crate) free_bytes: Option<u64>,
    /// Whether the space that is reserved for revocations is still unused.
    pub(crate) has_reserve: bool,
}

/// What a store can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteState {
    /// Everything.
    Open,
    /// Everything but additions: what is free is kept for revocations.
    Low,
    /// Perhaps no revocation: the disk is full, or the store cannot be written.
    ///
    /// SECURITY: nothing is minted that could not be revoked.
    AtRisk,
}

impl WriteState {
    /// Returns the state after a probe, `None` if it failed, for so many bytes that are kept free.
    pub(crate) fn after(probe: Option<Probe>, reserve_bytes: u64) -> WriteState {
        match probe {
            Some(Probe { has_reserve: true, free_bytes }) if is_free(free_bytes, reserve_bytes) => WriteState::Open,
            Some(Probe { has_reserve: true, .. }) => WriteState::Low,
            Some(Probe { has_reserve: false, .. }) | None => WriteState::AtRisk,
        }
    }

    /// Requires that something may be added, with so many bytes free now.
    ///
    /// SECURITY: the last probe is too old for this alone. A flood fills a disk between two probes.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub(crate) fn may_add(self, free_bytes: Option<u64>, reserve_bytes: u64) -> Result<(), Error> {
        if self == WriteState::Open && is_free(free_bytes, reserve_bytes) { Ok(()) } else { Err(Error::Unavailable) }
    }

    /// Requires that revocations can be written.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub(crate) fn require_revocable(self) -> Result<(), Error> {
        if self == WriteState::AtRisk { Err(Error::Unavailable) } else { Ok(()) }
    }
}

/// A store that does not know its disk learns by its writes that it is full.
fn is_free(free_bytes: Option<u64>, reserve_bytes: u64) -> bool {
    free_bytes.is_none_or(|free| free >= reserve_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn additions_stop_first_and_minting_stops_when_revocations_are_at_risk() {
        let probe = |free_bytes, has_reserve| Some(Probe { free_bytes, has_reserve });
        for (probe, state, may_add, is_revocable) in [
            (probe(Some(100), true), WriteState::Open, true, true),
            (probe(None, true), WriteState::Open, true, true),
            (probe(Some(99), true), WriteState::Low, false, true),
            (probe(Some(100), false), WriteState::AtRisk, false, false),
            (probe(None, false), WriteState::AtRisk, false, false),
            (None, WriteState::AtRisk, false, false),
        ] {
            assert_eq!(WriteState::after(probe, 100), state, "{probe:?}");
            assert_eq!(state.may_add(None, 100).is_ok(), may_add, "{probe:?}");
            assert_eq!(state.require_revocable().is_ok(), is_revocable, "{probe:?}");
        }
        assert!(WriteState::Open.may_add(Some(100), 100).is_ok());
        assert_eq!(WriteState::Open.may_add(Some(99), 100), Err(Error::Unavailable));
    }
}
