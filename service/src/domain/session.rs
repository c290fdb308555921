//! Sessions of signed-in people: when one has ended.

/// How long sessions last, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionLimits {
    /// Without a request.
    pub(crate) idle: u64,
    /// In all.
    pub(crate) total: u64,
}

/// How old the time of the last request may be in the store, in seconds: a session is read far more often than written.
const SEEN_INTERVAL: u64 = 60;

/// How many sessions an account has at once: a new one ends the oldest.
pub(crate) const MOST: usize = 100;

/// A session to be stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewSession {
    /// The hash of the text in the cookie.
    pub(crate) hash: [u8; 32],
    /// The number of its account.
    pub(crate) account: u64,
    /// When it begins.
    pub(crate) created_at: u64,
    /// When it ends at the latest.
    pub(crate) expires_at: u64,
}

/// When a session was used, and when it ends at the latest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionTimes {
    /// When the last request with it was seen, up to a minute late.
    pub(crate) last_seen_at: u64,
    /// When it ends at the latest.
    pub(crate) expires_at: u64,
}

impl SessionTimes {
    /// Returns whether the session can be used at this time.
    pub(crate) fn is_active(self, limits: SessionLimits, now: u64) -> bool {
        now < self.expires_at && now < self.last_seen_at.saturating_add(limits.idle)
    }

    /// Returns whether the store should get the time of a request that is made now.
    pub(crate) fn needs_update(self, now: u64) -> bool {
        now >= self.last_seen_at.saturating_add(SEEN_INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_it_is_idle_or_old() {
        let limits = SessionLimits { idle: 100, total: 1000 };
        for (last_seen_at, expires_at, is_active) in [
            (1000, 2000, true),
            (901, 2000, true),
            (900, 2000, false),
            (1000, 1001, true),
            (1000, 1000, false),
            (1500, 2000, true),
            (u64::MAX, 2000, true),
        ] {
            let session = SessionTimes { last_seen_at, expires_at };
            assert_eq!(session.is_active(limits, 1000), is_active, "{session:?}");
        }
        let session = SessionTimes { last_seen_at: 1000, expires_at: 2000 };
        assert!(!session.needs_update(1059) && session.needs_update(1060) && !session.needs_update(0));
    }
}
